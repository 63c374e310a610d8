/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/fd.h"
#include "events/file.h"

static char dir[64];

static const char *path_of(const char *name)
{
	static char path[2][PATH_MAX];
	static int turn;

	turn = !turn;
	(void)snprintf(path[turn], sizeof(path[turn]), "%s/%s", dir, name);
	return path[turn];
}

static int make_dir(void **state)
{
	(void)state;
	(void)strcpy(dir, "/tmp/verigress-file.XXXXXX");
	return mkdtemp(dir) ? 0 : -1;
}

static int remove_dir(void **state)
{
	static const char *const names[] = {"e",   "e.1", "e.2",   "e.3",
					    "e.4", "e.5", "moved", "fifo"};

	(void)state;
	for (size_t i = 0; i < VG_ARRAY_LEN(names); i++)
		(void)unlink(path_of(names[i]));
	(void)rmdir(path_of("e.4"));
	(void)rmdir(path_of("d"));
	return rmdir(dir);
}

static int put(struct vg_event_file *f, const char *line)
{
	return vg_event_file_put(f, line, strlen(line));
}

static void file_is(const char *name, const char *text)
{
	vg_cleanup(vg_freep) char *got = NULL;
	size_t size;

	assert_int_equal(
		vg_file_read(AT_FDCWD, path_of(name), 1 << 20, &got, &size), 0);
	assert_string_equal(got, text);
}

static void appends_lines(void **state)
{
	vg_cleanup(vg_event_file_freep) struct vg_event_file *f = NULL;
	struct stat st;

	(void)state;
	(void)umask(077); /* as the keeper has it */
	assert_int_equal(vg_event_file_new(path_of("e"), 0, &f), 0);
	assert_int_equal(put(f, "one"), 0);
	assert_int_equal(put(f, "two"), 0);
	file_is("e", "one\ntwo\n");
	assert_int_equal(stat(path_of("e"), &st), 0);
	assert_int_equal(st.st_mode & 0777, 0640);
	assert_int_equal(vg_event_file_stats(f).written, 2);
	assert_int_equal(vg_event_file_stats(f).lost, 0);

	/* A second keeper goes on where the first ended. */
	assert_int_equal(chmod(path_of("e"), 0600), 0);
	vg_event_file_freep(&f);
	assert_int_equal(vg_event_file_new(path_of("e"), 0, &f), 0);
	assert_int_equal(put(f, "three"), 0);
	file_is("e", "one\ntwo\nthree\n");
	assert_int_equal(stat(path_of("e"), &st), 0);
	assert_int_equal(st.st_mode & 0777, 0600);
}

static void rotates_by_size(void **state)
{
	vg_cleanup(vg_event_file_freep) struct vg_event_file *f = NULL;
	char line[32];

	(void)state;
	assert_int_equal(vg_event_file_new(path_of("e"), 20, &f), 0);
	for (int i = 0; i < 14; i++) {
		(void)snprintf(line, sizeof(line), "line %03d", i);
		assert_int_equal(put(f, line), 0);
	}
	file_is("e", "line 012\nline 013\n");
	file_is("e.1", "line 010\nline 011\n");
	file_is("e.4", "line 004\nline 005\n");
	assert_int_equal(access(path_of("e.5"), F_OK), -1);
	assert_int_equal(vg_event_file_stats(f).written, 14);
}

static void a_long_line_gets_its_own_file(void **state)
{
	vg_cleanup(vg_event_file_freep) struct vg_event_file *f = NULL;

	(void)state;
	assert_int_equal(vg_event_file_new(path_of("e"), 8, &f), 0);
	assert_int_equal(put(f, "longer than eight"), 0);
	assert_int_equal(put(f, "x"), 0);
	file_is("e", "x\n");
	file_is("e.1", "longer than eight\n");
}

/* Rotation that fails must not let the file grow without end. */
static void no_rotation_no_growth(void **state)
{
	vg_cleanup(vg_event_file_freep) struct vg_event_file *f = NULL;

	(void)state;
	assert_int_equal(vg_event_file_new(path_of("e"), 10, &f), 0);
	assert_int_equal(put(f, "12345678"), 0);
	assert_int_equal(link(path_of("e"), path_of("e.3")), 0);
	assert_int_equal(mkdir(path_of("e.4"), 0700), 0);
	assert_int_equal(put(f, "12345678"), -EISDIR);
	file_is("e", "12345678\n");
	assert_int_equal(vg_event_file_stats(f).lost, 1);
	assert_int_equal(vg_event_file_stats(f).error, -EISDIR);

	assert_int_equal(rmdir(path_of("e.4")), 0);
	assert_int_equal(put(f, "again"), 0);
	file_is("e", "again\n");
	file_is("e.1", "12345678\n");
	assert_int_equal(vg_event_file_stats(f).error, 0);
}

static void follows_a_moved_file(void **state)
{
	vg_cleanup(vg_event_file_freep) struct vg_event_file *f = NULL;

	(void)state;
	assert_int_equal(vg_event_file_new(path_of("e"), 0, &f), 0);
	assert_int_equal(put(f, "one"), 0);
	assert_int_equal(rename(path_of("e"), path_of("moved")), 0);
	assert_int_equal(put(f, "two"), 0);
	file_is("moved", "one\n");
	file_is("e", "two\n");
	assert_int_equal(unlink(path_of("e")), 0);
	assert_int_equal(put(f, "three"), 0);
	file_is("e", "three\n");
	assert_int_equal(rename(path_of("e"), path_of("moved")), 0);
	(void)close(open(path_of("e"), O_WRONLY | O_CREAT | O_CLOEXEC, 0640));
	assert_int_equal(put(f, "into the new one"), 0);
	file_is("moved", "three\n");
	file_is("e", "into the new one\n");
	assert_int_equal(truncate(path_of("e"), 0), 0);
	assert_int_equal(put(f, "four"), 0);
	file_is("e", "four\n");
}

/* A disk that is full in the middle of a line, by RLIMIT_FSIZE. */
static void a_torn_line_is_cut_off(void **state)
{
	vg_cleanup(vg_event_file_freep) struct vg_event_file *f = NULL;
	struct rlimit before, small;

	(void)state;
	(void)signal(SIGXFSZ, SIG_IGN);
	assert_int_equal(getrlimit(RLIMIT_FSIZE, &before), 0);
	small = before;
	small.rlim_cur = 10;
	assert_int_equal(vg_event_file_new(path_of("e"), 0, &f), 0);
	assert_int_equal(put(f, "first"), 0);

	assert_int_equal(setrlimit(RLIMIT_FSIZE, &small), 0);
	assert_true(put(f, "second") < 0); /* four octets would have fit */
	assert_true(put(f, "third, longer") < 0);
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &before), 0);
	file_is("e", "first\n");
	assert_int_equal(vg_event_file_stats(f).lost, 2);

	assert_int_equal(put(f, "fourth"), 0);
	file_is("e", "first\nfourth\n");
	assert_int_equal(vg_event_file_stats(f).written, 2);
}

static void a_torn_end_is_ended(void **state)
{
	vg_cleanup(vg_event_file_freep) struct vg_event_file *f = NULL;
	vg_cleanup(vg_fd_closep) int fd = -1;

	(void)state;
	fd = open(path_of("e"), O_WRONLY | O_CREAT | O_CLOEXEC, 0640);
	assert_int_equal(write(fd, "{\"torn\":", 8), 8);
	assert_int_equal(vg_event_file_new(path_of("e"), 0, &f), 0);
	assert_int_equal(put(f, "whole"), 0);
	assert_int_equal(put(f, "whole"), 0);
	file_is("e", "{\"torn\":\nwhole\nwhole\n");
}

static void opens_with(const char *path, int error)
{
	vg_cleanup(vg_event_file_freep) struct vg_event_file *f = NULL;

	assert_int_equal(vg_event_file_new(path, 0, &f), 0);
	assert_int_equal(vg_event_file_stats(f).error, error);
	assert_int_equal(put(f, "line"), error);
	assert_int_equal(vg_event_file_stats(f).lost, 1);
}

/* Neither waits for a reader nor follows a link to elsewhere. */
static void only_regular_files(void **state)
{
	(void)state;
	assert_int_equal(mkfifo(path_of("fifo"), 0600), 0);
	opens_with(path_of("fifo"), -EINVAL);
	assert_int_equal(symlink("/dev/null", path_of("e")), 0);
	opens_with(path_of("e"), -ELOOP);
	opens_with(dir, -EISDIR);
	opens_with(path_of("no/such"), -ENOENT);
}

static void a_late_directory_is_found(void **state)
{
	vg_cleanup(vg_event_file_freep) struct vg_event_file *f = NULL;

	(void)state;
	assert_int_equal(vg_event_file_new(path_of("d/e"), 0, &f), 0);
	assert_int_equal(put(f, "lost"), -ENOENT);
	assert_int_equal(mkdir(path_of("d"), 0700), 0);
	assert_int_equal(put(f, "kept"), 0);
	file_is("d/e", "kept\n");
	assert_int_equal(vg_event_file_stats(f).lost, 1);
	assert_int_equal(vg_event_file_stats(f).error, 0);
	assert_int_equal(unlink(path_of("d/e")), 0);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, make_dir, remove_dir)
	const struct CMUnitTest tests[] = {
		TEST(appends_lines),
		TEST(rotates_by_size),
		TEST(a_long_line_gets_its_own_file),
		TEST(no_rotation_no_growth),
		TEST(follows_a_moved_file),
		TEST(a_torn_line_is_cut_off),
		TEST(a_torn_end_is_ended),
		TEST(only_regular_files),
		TEST(a_late_directory_is_found),
	};

	return cmocka_run_group_tests_name("event file", tests, NULL, NULL);
}
