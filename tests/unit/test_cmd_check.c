/* SPDX-License-Identifier: Apache-2.0 */
/* `verigress check`: what it prints, and how it ends. */
#include "cli/cli.h"

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

static char dir[] = "/tmp/verigress-check.XXXXXX";
static int at = -1;

static const struct {
	const char *name, *text;
} files[] = {
	{"good.yaml", "service: a\ncgroup: a\nendpoints:\n"
		      "- {host: a.example.com, ports: 443/tcp}\n"},
	{"warned.yaml", "service: a\ncgroup: a\nendpoints:\n"
			"- {host: a.example.com, ports: 443/tcp, "
			"verify: {ranges: [10.0.0.0/8]}}\n"},
	{"bad.yaml", "service: a\ncgroup: a\nmodes: audit\n"},
	{"config.yaml", "limits: {ring: 4MiB}\n"},
	{"bad-config.yaml", "limits: {ring: 3MiB}\n"},
};

static int make_files(void **state)
{
	(void)state;
	if (!mkdtemp(dir) || chdir(dir) < 0)
		return -1;
	at = open(".", O_DIRECTORY | O_CLOEXEC);
	if (mkdirat(at, "empty", 0700) < 0)
		return -1;
	for (size_t i = 0; i < VG_ARRAY_LEN(files); i++) {
		/* Others may write it: a work tree is not /etc. */
		vg_cleanup(vg_fd_closep) int fd =
			openat(at, files[i].name,
			       O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
		const size_t size = strlen(files[i].text);

		if (fd < 0 || fchmod(fd, 0666) < 0 ||
		    write(fd, files[i].text, size) != (ssize_t)size)
			return -1;
	}
	return 0;
}

static int remove_files(void **state)
{
	(void)state;
	for (size_t i = 0; i < VG_ARRAY_LEN(files); i++)
		(void)unlinkat(at, files[i].name, 0);
	(void)unlinkat(at, "out", 0);
	(void)unlinkat(at, "empty", AT_REMOVEDIR);
	vg_fd_closep(&at);
	return rmdir(dir);
}

/* Run it with stdout in the file `out`, whose text is *RET. */
static int run(const char *const *words, char **ret)
{
	char *argv[8] = {NULL};
	int argc = 0, status, saved, fd;
	size_t size;

	while (words[argc]) {
		argv[argc] = strdup(words[argc]);
		argc++;
	}
	fflush(stdout);
	saved = dup(STDOUT_FILENO);
	fd = openat(at, "out", O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	assert_true(fd >= 0 && dup2(fd, STDOUT_FILENO) >= 0);
	status = vg_cmd_check(argc, argv);
	fflush(stdout);
	assert_true(dup2(saved, STDOUT_FILENO) >= 0);
	(void)close(saved);
	(void)close(fd);

	assert_int_equal(vg_file_read(at, "out", 65536, ret, &size), 0);
	for (int i = 0; i < argc; i++)
		free(argv[i]);
	return status;
}

static const struct {
	const char *words[6];
	int status;
	const char *out; /* NULL: whatever */
} cases[] = {
	{{"check", "good.yaml"}, 0, "ok: 1 service, 1 endpoint\n"},
	{{"check", "empty"}, 0, "ok: 0 services, 0 endpoints\n"},
	{{"check", "empty", "good.yaml"}, 0, "ok: 1 service, 1 endpoint\n"},
	{{"check", "warned.yaml"},
	 0,
	 "warned.yaml:4:58: warning: the range 10.0.0.0/8 never matches "
	 "(private addresses need 'scope: internal')\n"
	 "- {host: a.example.com, ports: 443/tcp, "
	 "verify: {ranges: [10.0.0.0/8]}}\n"
	 "                                                         ^\n"
	 "ok: 1 service, 1 endpoint, 1 warning\n"},
	{{"check", "bad.yaml"},
	 1,
	 "bad.yaml:3:1: error: unknown key 'modes' (did you mean 'mode'?)\n"
	 "modes: audit\n^\n1 error\n"},
	{{"check", "good.yaml", "bad.yaml"}, 1, NULL},
	{{"check", "none.yaml"},
	 1,
	 "none.yaml: error: No such file or directory\n1 error\n"},
	{{"check", "--config", "config.yaml", "good.yaml"},
	 0,
	 "ok: 1 service, 1 endpoint\n"},
	{{"check", "--config", "bad-config.yaml", "good.yaml"}, 1, NULL},
	{{"check", "--config", "none.yaml", "good.yaml"}, 1, NULL},
	{{"check", "-j", "good.yaml"},
	 0,
	 "{\"v\":1,\"diagnostics\":[],\"summary\":"
	 "{\"errors\":0,\"warnings\":0,\"services\":1}}\n"},
	{{"check", "bad.yaml", "--json"},
	 1,
	 "{\"v\":1,\"diagnostics\":[{\"file\":\"bad.yaml\",\"line\":3,"
	 "\"column\":1,\"severity\":\"error\","
	 "\"message\":\"unknown key 'modes'\","
	 "\"hint\":\"did you mean 'mode'?\"}],"
	 "\"summary\":{\"errors\":1,\"warnings\":0,\"services\":0}}\n"},
	{{"check", "--nonsense"}, 2, ""},
	{{"check", "--config"}, 2, ""},
	{{"check", "-x", "good.yaml"}, 2, ""},
	{{"check", "--help"}, 0, NULL},
};

static void status_and_text(void **state)
{
	(void)state;
	for (size_t i = 0; i < VG_ARRAY_LEN(cases); i++) {
		vg_cleanup(vg_freep) char *out = NULL;

		assert_int_equal(run(cases[i].words, &out), cases[i].status);
		if (cases[i].out)
			assert_string_equal(out, cases[i].out);
		else
			assert_true(strlen(out) > 0);
	}
}

static void a_full_disk_is_no_success(void **state)
{
	char verb[] = "check", file[] = "good.yaml";
	char *argv[] = {verb, file, NULL};
	vg_cleanup(vg_fd_closep) int full =
		open("/dev/full", O_WRONLY | O_CLOEXEC);
	vg_cleanup(vg_fd_closep) int saved = dup(STDOUT_FILENO);
	int status;

	(void)state;
	fflush(stdout);
	assert_true(full >= 0 && dup2(full, STDOUT_FILENO) >= 0);
	status = vg_cmd_check(2, argv);
	clearerr(stdout);
	assert_true(dup2(saved, STDOUT_FILENO) >= 0);
	assert_int_equal(status, 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(status_and_text),
		cmocka_unit_test(a_full_disk_is_no_success),
	};

	return cmocka_run_group_tests(tests, make_files, remove_files);
}
