/* SPDX-License-Identifier: Apache-2.0 */
#include "enforce/cgroup.h"

#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "base/cleanup.h"
#include "base/fd.h"

static void finds_the_mount(void **state)
{
	static const char *const text =
		"22 28 0:21 / /sys rw shared:7 - sysfs sysfs rw\n"
		"30 22 0:26 / /sys/fs/cgroup/cpu rw - cgroup cgroup rw,cpu\n"
		"31 22 0:27 / /sys/fs/my\\040cg\\134x rw,nosuid shared:9 "
		"master:1 - cgroup2 cgroup2 rw\n"
		"32 22 0:27 / /other rw - cgroup2 cgroup2 rw\n";
	vg_cleanup(vg_freep) char *path = NULL;

	(void)state;
	assert_int_equal(vg_cgroup_find_mount(text, &path), 0);
	assert_string_equal(path, "/sys/fs/my cg\\x");
}

static void knows_when_there_is_none(void **state)
{
	static const char *const texts[] = {
		"",
		"\n\n",
		"cgroup2",
		" - cgroup2 x",
		"1 2 3 / - cgroup2 x",
		"30 22 0:26 / /x rw - cgroup cgroup2 rw\n",
		"30 22 0:26 / /cgroup2 rw - cgroup2x cgroup2 rw\n",
	};
	char *path = NULL;
	size_t i;

	(void)state;
	for (i = 0; i < VG_ARRAY_LEN(texts); i++)
		assert_int_equal(vg_cgroup_find_mount(texts[i], &path),
				 -ENOENT);
	assert_null(path);
}

static void overlap(void **state)
{
	(void)state;
	assert_true(vg_cgroup_overlap("a/b", "a/b"));
	assert_true(vg_cgroup_overlap("a", "a/b"));
	assert_true(vg_cgroup_overlap("a/b", "a"));
	assert_true(vg_cgroup_overlap("", "a"));
	assert_false(vg_cgroup_overlap("a/b", "a/bc"));
	assert_false(vg_cgroup_overlap("a/bc", "a/b"));
	assert_false(vg_cgroup_overlap("a", "b"));
	assert_false(vg_cgroup_overlap("a.service", "a"));
}

/* Any directory will do for what must not be opened. */
static void stays_beneath(void **state)
{
	vg_cleanup(vg_fd_closep) int root = -1;
	int fd = -7;

	(void)state;
	root = open("/proc", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	assert_true(root >= 0);
	assert_int_equal(vg_cgroup_open(root, "../etc", &fd), -EXDEV);
	assert_int_equal(vg_cgroup_open(root, "/etc", &fd), -EXDEV);
	assert_int_equal(vg_cgroup_open(root, "self", &fd), -ELOOP);
	assert_int_equal(vg_cgroup_open(root, "self/fd", &fd), -ELOOP);
	assert_int_equal(vg_cgroup_open(root, "no-such", &fd), -ENOENT);
	assert_int_equal(vg_cgroup_open(root, "version", &fd), -ENOTDIR);
	assert_int_equal(fd, -7);
}

static void other_file_systems_are_refused(void **state)
{
	vg_cleanup(vg_fd_closep) int fd = -1;
	uint64_t id = 5;
	int root = -7;

	(void)state;
	assert_int_equal(vg_cgroup_root_open("/proc", &root, NULL), -ENOTSUP);
	assert_int_equal(vg_cgroup_root_open("/no/such", &root, NULL), -ENOENT);
	assert_int_equal(root, -7);
	fd = open("/proc", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	assert_int_equal(vg_cgroup_id(fd, &id), -ENOTSUP);
	assert_int_equal(id, 5);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(finds_the_mount),
		cmocka_unit_test(knows_when_there_is_none),
		cmocka_unit_test(overlap),
		cmocka_unit_test(stays_beneath),
		cmocka_unit_test(other_file_systems_are_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
