/* SPDX-License-Identifier: Apache-2.0 */
#include "base/log.h"

#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <cmocka.h>

static int ends[2] = {-1, -1};
static int saved = -1;

/* stderr is a pipe that we read. */
static int catch_stderr(void **state)
{
	(void)state;
	saved = dup(STDERR_FILENO);
	if (saved < 0 || pipe2(ends, O_NONBLOCK | O_CLOEXEC) < 0)
		return -1;
	return dup2(ends[1], STDERR_FILENO) < 0 ? -1 : 0;
}

static int release_stderr(void **state)
{
	(void)state;
	(void)dup2(saved, STDERR_FILENO);
	(void)close(saved);
	(void)close(ends[0]);
	(void)close(ends[1]);
	return unsetenv("JOURNAL_STREAM");
}

/* What was written since the last call. */
static const char *written(void)
{
	static char text[4096];
	ssize_t n = read(ends[0], text, sizeof(text) - 1);

	text[n < 0 ? 0 : n] = '\0';
	return text;
}

static void lines_say_who(void **state)
{
	(void)state;
	vg_log_setup("keeper", VG_LOG_INFO);
	errno = ENOTTY;
	vg_err("a %d", 1);
	assert_int_equal(errno, ENOTTY);
	assert_string_equal(written(), "verigressd[keeper]: a 1\n");
	vg_info("b");
	assert_string_equal(written(), "verigressd[keeper]: b\n");
	vg_debug("c");
	assert_string_equal(written(), "");
	vg_log_setup("keeper", VG_LOG_ERR);
	vg_warn("d");
	assert_string_equal(written(), "");
}

static void one_line_whatever_it_holds(void **state)
{
	char text[3000];

	(void)state;
	vg_log_setup("verifier", VG_LOG_DEBUG);
	vg_debug("libbpf: x\ny\n");
	assert_string_equal(written(),
			    "verigressd[verifier]: libbpf: x\\x0Ay\n");
	vg_warn("a\x1b[2J\tb");
	assert_string_equal(written(),
			    "verigressd[verifier]: a\\x1B[2J\\x09b\n");

	memset(text, '\x01', sizeof(text) - 1);
	text[sizeof(text) - 1] = '\0';
	vg_warn("%s", text);
	assert_int_equal(strlen(written()), 1001);
}

static void the_journal_gets_priorities(void **state)
{
	char stream[64];
	struct stat st;

	(void)state;
	assert_int_equal(fstat(STDERR_FILENO, &st), 0);
	(void)snprintf(stream, sizeof(stream), "%ju:%ju", (uintmax_t)st.st_dev,
		       (uintmax_t)st.st_ino);
	assert_int_equal(setenv("JOURNAL_STREAM", stream, 1), 0);
	vg_log_setup("keeper", VG_LOG_DEBUG);
	vg_err("a");
	vg_warn("b");
	vg_info("c");
	vg_debug("d");
	assert_string_equal(written(), "<3>keeper: a\n<4>keeper: b\n"
				       "<6>keeper: c\n<7>keeper: d\n");

	/* Inherited from a service whose stderr was another one. */
	assert_int_equal(setenv("JOURNAL_STREAM", "1:2", 1), 0);
	vg_log_setup("keeper", VG_LOG_DEBUG);
	vg_err("a");
	assert_string_equal(written(), "verigressd[keeper]: a\n");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(lines_say_who, catch_stderr,
						release_stderr),
		cmocka_unit_test_setup_teardown(one_line_whatever_it_holds,
						catch_stderr, release_stderr),
		cmocka_unit_test_setup_teardown(the_journal_gets_priorities,
						catch_stderr, release_stderr),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
