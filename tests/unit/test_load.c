/* SPDX-License-Identifier: Apache-2.0 */
#include "policy/load.h"

#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <cmocka.h>

#include "base/cleanup.h"
#include "base/fd.h"
#include "policy/parse.h"

static char dir[] = "/tmp/verigress-load.XXXXXX";
static int at = -1;

static int make_dir(void **state)
{
	(void)state;
	if (!mkdtemp(dir))
		return -1;
	at = open(dir, O_DIRECTORY | O_CLOEXEC);
	return at < 0 ? -1 : 0;
}

static const char *const names[] = {"a.yaml",	       "b.yaml", "c.yaml",
				    ".h.yaml",	       "d.yml",	 ".yaml",
				    "e.yaml.dpkg-old", "target"};

static int clean_dir(void **state)
{
	(void)state;
	for (size_t i = 0; i < VG_ARRAY_LEN(names); i++)
		(void)unlinkat(at, names[i], 0);
	(void)unlinkat(at, "b.yaml", AT_REMOVEDIR);
	return fchmod(at, 0700);
}

static int remove_dir(void **state)
{
	(void)clean_dir(state);
	vg_fd_closep(&at);
	return rmdir(dir);
}

static void write_file(const char *name, const char *text, mode_t mode)
{
	vg_cleanup(vg_fd_closep) int fd = openat(
		at, name, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);

	assert_true(fd >= 0);
	assert_int_equal(write(fd, text, strlen(text)), strlen(text));
	assert_int_equal(fchmod(fd, mode), 0);
}

/* The only error, behind the directory. */
static void assert_error(const struct vg_diags *diags, const char *wanted)
{
	vg_cleanup(vg_buf_freep) struct vg_buf line = {0};

	assert_int_equal(diags->errors, 1);
	vg_diag_line(&diags->items[0], &line);
	assert_memory_equal(vg_buf_text(&line), dir, strlen(dir));
	assert_string_equal(vg_buf_text(&line) + strlen(dir), wanted);
}

static void assert_refused(const char *wanted)
{
	vg_cleanup(vg_diags_freep) struct vg_diags diags = {0};
	struct vg_policy *policy = NULL;

	assert_int_equal(vg_policy_load_dir(dir, true, &policy, &diags),
			 -EINVAL);
	assert_null(policy);
	assert_error(&diags, wanted);
}

static void assert_services(bool strict, size_t n)
{
	vg_cleanup(vg_policy_freep) struct vg_policy *policy = NULL;
	vg_cleanup(vg_diags_freep) struct vg_diags diags = {0};

	assert_int_equal(vg_policy_load_dir(dir, strict, &policy, &diags), 0);
	assert_int_equal(policy->n_services, n);
	for (size_t i = 0; i < n; i++)
		assert_int_equal(policy->services[i].name[0], 'a' + (int)i);
}

static void only_yaml_sorted_by_name(void **state)
{
	(void)state;
	assert_services(true, 0);
	write_file("b.yaml", "service: b\ncgroup: b\n", 0644);
	write_file("a.yaml", "service: a\ncgroup: a\n", 0600);
	write_file("c.yaml", "service: c\ncgroup: c\n", 0400);
	write_file(".h.yaml", "nonsense", 0644);
	write_file("d.yml", "nonsense", 0644);
	write_file(".yaml", "nonsense", 0644);
	write_file("e.yaml.dpkg-old", "nonsense", 0644);
	assert_services(true, 3);
}

static void what_others_may_write_is_not_trusted(void **state)
{
	(void)state;
	write_file("a.yaml", "service: a\ncgroup: a\n", 0664);
	assert_refused("/a.yaml: error: is writable by others (mode 0664)");
	assert_services(false, 1);
	write_file("a.yaml", "service: a\ncgroup: a\n", 0602);
	assert_refused("/a.yaml: error: is writable by others (mode 0602)");
	write_file("a.yaml", "service: a\ncgroup: a\n", 0644);
	assert_services(true, 1);

	assert_int_equal(fchmod(at, 0770), 0);
	assert_refused(": error: is writable by others (mode 0770)");
	assert_int_equal(fchmod(at, 01777), 0);
	assert_refused(": error: is writable by others (mode 1777)");
	assert_services(false, 1);
}

static void what_others_own_is_not_trusted(void **state)
{
	(void)state;
	if (geteuid() != 0)
		skip();
	write_file("a.yaml", "service: a\ncgroup: a\n", 0644);
	assert_int_equal(fchownat(at, "a.yaml", 12345, 0, 0), 0);
	assert_refused("/a.yaml: error: belongs to user 12345, not to root");
	assert_services(false, 1);
	assert_int_equal(fchownat(at, "a.yaml", 0, 0, 0), 0);
	assert_services(true, 1);
	assert_int_equal(fchown(at, 12345, 0), 0);
	assert_refused(": error: belongs to user 12345, not to root");
	assert_int_equal(fchown(at, 0, 0), 0);
}

static void links_are_followed_and_judged(void **state)
{
	(void)state;
	write_file("target", "service: a\ncgroup: a\n", 0644);
	assert_int_equal(symlinkat("target", at, "a.yaml"), 0);
	assert_services(true, 1);
	write_file("target", "service: a\ncgroup: a\n", 0666);
	assert_refused("/a.yaml: error: is writable by others (mode 0666)");
	assert_int_equal(unlinkat(at, "target", 0), 0);
	assert_refused("/a.yaml: error: No such file or directory");
}

static void what_is_no_file_is_an_error(void **state)
{
	(void)state;
	assert_int_equal(mkdirat(at, "b.yaml", 0700), 0);
	assert_refused("/b.yaml: error: is not a regular file");
	assert_int_equal(unlinkat(at, "b.yaml", AT_REMOVEDIR), 0);
	assert_int_equal(mkfifoat(at, "b.yaml", 0600), 0);
	assert_refused("/b.yaml: error: is not a regular file");
}

static void large_files_are_refused(void **state)
{
	vg_cleanup(vg_freep) char *text = malloc(VG_SOURCE_MAX + 2);

	(void)state;
	memset(text, '#', VG_SOURCE_MAX + 1);
	text[VG_SOURCE_MAX + 1] = '\0';
	write_file("a.yaml", text, 0600);
	assert_refused("/a.yaml: error: larger than 1048576 octets");
}

static void one_broken_file_hides_no_other_error(void **state)
{
	vg_cleanup(vg_diags_freep) struct vg_diags diags = {0};
	struct vg_policy *policy = NULL;

	(void)state;
	write_file("a.yaml", "service: a\n", 0644);
	write_file("b.yaml", "service: a\n", 0666);
	write_file("c.yaml", "service: C\ncgroup: c\n", 0644);
	assert_int_equal(vg_policy_load_dir(dir, true, &policy, &diags),
			 -EINVAL);
	assert_int_equal(diags.errors, 3);
	assert_null(policy);
}

static void a_directory_that_is_not_there(void **state)
{
	vg_cleanup(vg_diags_freep) struct vg_diags diags = {0};
	struct vg_policy *policy = NULL;
	char path[64];

	(void)state;
	(void)snprintf(path, sizeof(path), "%s/none", dir);
	assert_int_equal(vg_policy_load_dir(path, true, &policy, &diags),
			 -EINVAL);
	assert_error(&diags, "/none: error: No such file or directory");
}

static void files_and_directories_together(void **state)
{
	vg_cleanup(vg_policy_freep) struct vg_policy *policy = NULL;
	vg_cleanup(vg_diags_freep) struct vg_diags diags = {0};
	char slash[64], path[64];
	const char *const paths[] = {path, slash};

	(void)state;
	write_file("a.yaml", "service: b\ncgroup: b\n", 0644);
	write_file("d.yml", "service: a\ncgroup: a\n", 0644);
	(void)snprintf(path, sizeof(path), "%s/d.yml", dir);
	(void)snprintf(slash, sizeof(slash), "%s/", dir);
	assert_int_equal(vg_policy_load_paths(paths, 2, true, &policy, &diags),
			 0);
	assert_int_equal(policy->n_services, 2);
	assert_string_equal(policy->services[0].file, path);
	assert_string_equal(policy->services[1].name, "b");
	assert_non_null(strstr(policy->services[1].file, "/a.yaml"));
	assert_null(strstr(policy->services[1].file, "//"));
	vg_policy_freep(&policy);
	assert_int_equal(vg_policy_load_file(path, true, &policy, &diags), 0);
	assert_int_equal(policy->n_services, 1);
}

static void the_daemons_file_may_be_missing(void **state)
{
	vg_cleanup(vg_config_freep) struct vg_config *config = NULL;
	vg_cleanup(vg_diags_freep) struct vg_diags diags = {0};
	char path[64];

	(void)state;
	(void)snprintf(path, sizeof(path), "%s/a.yaml", dir);
	assert_int_equal(vg_config_load(path, false, true, &config, &diags), 0);
	assert_int_equal(config->leases_max, 65536);
	vg_config_freep(&config);

	assert_int_equal(vg_config_load(path, true, true, &config, &diags),
			 -EINVAL);
	assert_error(&diags, "/a.yaml: error: No such file or directory");
	vg_diags_freep(&diags);

	assert_int_equal(symlinkat("none", at, "a.yaml"), 0);
	assert_int_equal(vg_config_load(path, false, true, &config, &diags),
			 -EINVAL);
	vg_diags_freep(&diags);
	assert_int_equal(unlinkat(at, "a.yaml", 0), 0);

	write_file("a.yaml", "limits: {leases: 7}\n", 0644);
	assert_int_equal(vg_config_load(path, false, true, &config, &diags), 0);
	assert_int_equal(config->leases_max, 7);
	vg_config_freep(&config);
	write_file("a.yaml", "limits: {leases: 7}\n", 0666);
	assert_int_equal(vg_config_load(path, false, true, &config, &diags),
			 -EINVAL);
	assert_null(config);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_teardown(only_yaml_sorted_by_name, clean_dir),
		cmocka_unit_test_teardown(what_others_may_write_is_not_trusted,
					  clean_dir),
		cmocka_unit_test_teardown(what_others_own_is_not_trusted,
					  clean_dir),
		cmocka_unit_test_teardown(links_are_followed_and_judged,
					  clean_dir),
		cmocka_unit_test_teardown(what_is_no_file_is_an_error,
					  clean_dir),
		cmocka_unit_test_teardown(large_files_are_refused, clean_dir),
		cmocka_unit_test_teardown(one_broken_file_hides_no_other_error,
					  clean_dir),
		cmocka_unit_test(a_directory_that_is_not_there),
		cmocka_unit_test_teardown(files_and_directories_together,
					  clean_dir),
		cmocka_unit_test_teardown(the_daemons_file_may_be_missing,
					  clean_dir),
	};

	return cmocka_run_group_tests(tests, make_dir, remove_dir);
}
