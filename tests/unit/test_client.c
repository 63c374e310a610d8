/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/fd.h"
#include "cli/cli.h"
#include "cli/client.h"
#include "cli/pins.h"
#include "cli/since.h"

/* ---- client -------------------------------------------------------------- */

static char dir[64];

static int make_dir(void **state)
{
	(void)state;
	(void)strcpy(dir, "/tmp/verigress-client.XXXXXX");
	return mkdtemp(dir) ? 0 : -1;
}

static int remove_dir(void **state)
{
	char command[128];

	(void)state;
	(void)snprintf(command, sizeof(command), "rm -rf '%s'", dir);
	return system(command);
}

static int listen_in_dir(void)
{
	struct sockaddr_un at = {.sun_family = AF_UNIX};
	int fd;

	(void)snprintf(at.sun_path, sizeof(at.sun_path), "%s/%s", dir,
		       VG_CONTROL_SOCKET);
	(void)unlink(at.sun_path);
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	assert_int_equal(bind(fd, (struct sockaddr *)&at, sizeof(at)), 0);
	assert_int_equal(listen(fd, 1), 0);
	return fd;
}

/* A daemon that says ANSWER, octet by octet if SLOW, and goes. */
static pid_t daemon_says(const struct vg_buf *answer, bool slow)
{
	const int fd = listen_in_dir();
	const pid_t pid = fork();
	char request[4096];
	int client;

	assert_true(pid >= 0);
	if (pid > 0) {
		(void)close(fd);
		return pid;
	}
	client = accept(fd, NULL, NULL);
	(void)!recv(client, request, sizeof(request), 0);
	for (size_t i = 0; i < answer->size; i += slow ? 1 : answer->size)
		(void)!send(client, answer->data + i, slow ? 1 : answer->size,
			    MSG_NOSIGNAL);
	_exit(0); /* not through cmocka's end */
}

struct said {
	int r;
	char out[256];
	char err[256];
};

static void read_back(int fd, char *ret, size_t size)
{
	const ssize_t n = pread(fd, ret, size - 1, 0);

	assert_true(n >= 0);
	ret[n] = '\0';
}

static struct said ask(const struct vg_buf *answer, bool slow)
{
	vg_cleanup(vg_fd_closep) int out = memfd_create("out", MFD_CLOEXEC);
	vg_cleanup(vg_fd_closep) int err = memfd_create("err", MFD_CLOEXEC);
	const struct vg_request q = {.verb = VG_VERB_STATUS};
	const pid_t pid = daemon_says(answer, slow);
	struct said s = {0};

	s.r = vg_client_ask(dir, &q, out, err);
	read_back(out, s.out, sizeof(s.out));
	read_back(err, s.err, sizeof(s.err));
	assert_int_equal(waitpid(pid, NULL, 0), pid);
	return s;
}

static void prints_the_answer(void **state)
{
	vg_cleanup(vg_buf_freep) struct vg_buf b = {0};
	struct said s;

	(void)state;
	vg_frame_text(&b, VG_FRAME_OUT, "one\n", 4);
	vg_frame_text(&b, VG_FRAME_ERR, "hm\n", 3);
	vg_frame_text(&b, VG_FRAME_OUT, "two\n", 4);
	vg_frame_end(&b, 1);
	for (int slow = 0; slow < 2; slow++) {
		s = ask(&b, slow);
		assert_int_equal(s.r, 1);
		assert_string_equal(s.out, "one\ntwo\n");
		assert_string_equal(s.err, "hm\n");
	}
}

/* Half an answer is no success. */
static void a_broken_answer_is_told(void **state)
{
	vg_cleanup(vg_buf_freep) struct vg_buf b = {0};

	(void)state;
	assert_int_equal(ask(&b, false).r, -ECONNRESET);
	vg_frame_text(&b, VG_FRAME_OUT, "one\n", 4);
	assert_int_equal(ask(&b, false).r, -ECONNRESET);
	vg_frame_end(&b, 0);
	b.size--;
	assert_int_equal(ask(&b, false).r, -ECONNRESET);
	vg_buf_clear(&b);
	vg_buf_puts(&b, "HTTP/1.1 400 Bad Request\r\n");
	assert_int_equal(ask(&b, false).r, -EBADMSG);
	vg_buf_clear(&b);
	vg_buf_add(&b, "VGC\002abcdefgh", 12);
	assert_int_equal(ask(&b, false).r, -EPROTO);
	vg_buf_clear(&b);
	vg_buf_add(&b, "VGC\001\001\0\0\0\0\0\0\0", 12); /* a request */
	assert_int_equal(ask(&b, false).r, -EBADMSG);
}

static void nobody_is_there(void **state)
{
	const struct vg_request q = {.verb = VG_VERB_STATUS};
	char longer[200];

	(void)state;
	assert_int_equal(vg_client_ask(dir, &q, 1, 2), -ENOENT);
	(void)close(listen_in_dir());
	assert_int_equal(vg_client_ask(dir, &q, 1, 2), -ECONNREFUSED);
	memset(longer, 'x', sizeof(longer));
	longer[sizeof(longer) - 1] = '\0';
	assert_int_equal(vg_client_ask(longer, &q, 1, 2), -ENAMETOOLONG);
}

static void finds_the_run_dir(void **state)
{
	(void)state;
	(void)unsetenv("VERIGRESS_RUN_DIR");
	assert_string_equal(vg_client_run_dir(NULL), VG_RUN_DIR);
	(void)setenv("VERIGRESS_RUN_DIR", "", 1);
	assert_string_equal(vg_client_run_dir(NULL), VG_RUN_DIR);
	(void)setenv("VERIGRESS_RUN_DIR", "/a", 1);
	assert_string_equal(vg_client_run_dir(NULL), "/a");
	assert_string_equal(vg_client_run_dir("/b"), "/b");
}

/* ---- pins ---------------------------------------------------------------- */

static void touch(const char *name, bool is_dir)
{
	char path[256];
	int fd;

	(void)snprintf(path, sizeof(path), "%s/%s", dir, name);
	if (is_dir) {
		assert_int_equal(mkdir(path, 0700), 0);
		return;
	}
	fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
	assert_true(fd >= 0);
	(void)close(fd);
}

static void reads_pins(void **state)
{
	struct vg_pins p = {0};

	(void)state;
	assert_int_equal(vg_pins_read(dir, &p), -ENOENT);
	touch("links", true);
	assert_int_equal(vg_pins_read(dir, &p), 0);
	assert_int_equal(p.n, 0);
	free(p.services);

	touch("links/web", true);
	touch("links/billing", true);
	touch("links/billing/12_connect4", false);
	touch("links/billing/12_egress", false);
	touch("links/stray", false);
	assert_int_equal(vg_pins_read(dir, &p), 0);
	assert_int_equal(p.n, 2);
	assert_string_equal(p.services[0].name, "billing");
	assert_int_equal(p.services[0].links, 2);
	assert_string_equal(p.services[1].name, "web");
	assert_int_equal(p.services[1].links, 0);
	free(p.services);
}

/* ---- since --------------------------------------------------------------- */

#define NOON 1795262400 /* 2026-11-21T12:00:00Z */

static void since_is(const char *text, uint32_t seconds)
{
	uint32_t got = 0;

	if (vg_since_parse(text, NOON, &got) < 0)
		fail_msg("refused: %s", text);
	assert_int_equal(got, seconds);
}

static void times_to_look_back_to(void **state)
{
	static const char *const bad[] = {
		"",
		"10",
		"0s",
		"-5m",
		"10 m",
		"10m ",
		"yesterday",
		"12:00",
		"2026-11-21",
		"2026-11-21T10:02:11",
		"2026-11-21T10:02:11Zx",
		"2026-13-21T10:02:11Z",
		"25:00Z",
		"10:61Z",
		"2026-11-21T10:02:11.1x2Z",
	};
	uint32_t got = 7;

	(void)state;
	since_is("90s", 90);
	since_is("10m", 600);
	since_is("2h", 7200);
	since_is("2026-11-21T11:59:59Z", 1);
	since_is("2026-11-21T10:00:00.123456Z", 7200);
	since_is("2026-11-20T12:00:00Z", 86400);
	since_is("12:00Z", 0);
	since_is("11:59:30Z", 30);
	since_is("00:00Z", 43200);
	since_is("1999-01-01T00:00:00Z", 365U * 86400);
	assert_int_equal(vg_since_parse("12:01Z", NOON, &got), -ERANGE);
	assert_int_equal(vg_since_parse("2027-01-01T00:00:00Z", NOON, &got),
			 -ERANGE);
	for (size_t i = 0; i < VG_ARRAY_LEN(bad); i++)
		if (vg_since_parse(bad[i], NOON, &got) != -EINVAL)
			fail_msg("taken: %s", bad[i]);
	assert_int_equal(got, 7);
}

/* ---- colour -------------------------------------------------------------- */

static void colour_is_for_terminals(void **state)
{
	vg_cleanup(vg_fd_closep) int master = -1;
	vg_cleanup(vg_fd_closep) int terminal = -1;
	vg_cleanup(vg_fd_closep) int file = memfd_create("x", MFD_CLOEXEC);

	(void)state;
	master = posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC);
	if (master < 0 || grantpt(master) < 0 || unlockpt(master) < 0)
		skip(); /* no /dev/pts in this sandbox */
	terminal = open(ptsname(master), O_RDWR | O_NOCTTY | O_CLOEXEC);
	assert_true(terminal >= 0);

	(void)setenv("TERM", "xterm", 1);
	(void)unsetenv("NO_COLOR");
	assert_true(vg_cli_colour(terminal));
	assert_false(vg_cli_colour(file));
	(void)setenv("NO_COLOR", "", 1);
	assert_true(vg_cli_colour(terminal));
	(void)setenv("NO_COLOR", "1", 1);
	assert_false(vg_cli_colour(terminal));
	(void)unsetenv("NO_COLOR");
	(void)setenv("TERM", "dumb", 1);
	assert_false(vg_cli_colour(terminal));
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, make_dir, remove_dir)
	const struct CMUnitTest tests[] = {
		TEST(prints_the_answer),
		TEST(a_broken_answer_is_told),
		TEST(nobody_is_there),
		TEST(reads_pins),
		cmocka_unit_test(finds_the_run_dir),
		cmocka_unit_test(times_to_look_back_to),
		cmocka_unit_test(colour_is_for_terminals),
	};

	return cmocka_run_group_tests_name("client", tests, NULL, NULL);
}
