/* SPDX-License-Identifier: Apache-2.0 */
/* The keeper's side of the channel, against a supervisor made of a thread. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/fd.h"
#include "daemon/parent.h"

/* What the fake does with a request. */
enum manner {
	ANSWER,
	ANSWER_AFTER_UNASKED, /* a RELOAD comes between */
	ANSWER_LATE, /* after the keeper gave up */
	WRONG_SERIAL,
	WRONG_VERSION,
	SHORT,
	SILENT,
	HANG_UP,
};

struct fixture {
	struct vg_parent *parent;
	int fake;
	enum manner manner;
	int32_t error;
	bool give_fd;
	struct vg_power_message asked; /* what the keeper sent */
	int said; /* unasked messages that reached the callback */
	enum vg_power last_said;
	bool said_fd;
};

static void on_said(void *ctx, enum vg_power op, int fd)
{
	struct fixture *f = ctx;

	f->said++;
	f->last_said = op;
	f->said_fd = fd >= 0;
	vg_fd_closep(&fd);
}

static int setup(void **state)
{
	static struct fixture f;
	int both[2];

	f = (struct fixture){.fake = -1};
	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, both) < 0)
		return -1;
	f.fake = both[1];
	if (vg_parent_new(both[0], on_said, &f, &f.parent) < 0)
		return -1;
	*state = &f;
	return 0;
}

static int teardown(void **state)
{
	struct fixture *f = *state;

	vg_parent_freep(&f->parent);
	vg_fd_closep(&f->fake);
	return 0;
}

static void say(struct fixture *f, enum vg_power op, int fd)
{
	const struct vg_power_message m = {.version = VG_POWER_VERSION,
					   .op = (uint16_t)op};

	vg_fd_send(f->fake, &m, sizeof(m), fd);
}

static void answer(struct fixture *f, struct vg_power_message *m)
{
	vg_cleanup(vg_fd_closep) int fd = -1;
	size_t size = sizeof(*m);

	if (f->manner == ANSWER_AFTER_UNASKED)
		say(f, VG_POWER_RELOAD, -1);
	if (f->manner == WRONG_SERIAL)
		m->serial++;
	if (f->manner == WRONG_VERSION)
		m->version++;
	if (f->manner == SHORT)
		size--;
	if (f->give_fd)
		fd = open("/dev/null", O_RDONLY | O_CLOEXEC);
	m->error = f->error;
	snprintf(m->text, sizeof(m->text), "/usr/bin/thing");
	vg_fd_send(f->fake, m, size, fd);
}

static void *serve_one(void *arg)
{
	struct fixture *f = arg;
	struct pollfd request = {.fd = f->fake, .events = POLLIN};
	struct vg_power_message m;
	int fd = -1;

	/* Reading never waits: the request may not be on its way yet. */
	if (poll(&request, 1, -1) != 1)
		return NULL;
	if (vg_fd_recv(f->fake, &m, sizeof(m), &fd) != (ssize_t)sizeof(m))
		return NULL;
	f->asked = m;
	if (f->manner == ANSWER_LATE)
		usleep((VG_PARENT_WAIT_MS + 100) * 1000);
	if (f->manner == HANG_UP)
		shutdown(f->fake, SHUT_RDWR);
	else if (f->manner != SILENT)
		answer(f, &m);
	return NULL;
}

/* Ask for the executable of pid 7 while the fake serves one request. */
static int ask(struct fixture *f, char text[static VG_POWER_TEXT])
{
	pthread_t thread;
	int r;

	assert_int_equal(pthread_create(&thread, NULL, serve_one, f), 0);
	r = vg_parent_exe(f->parent, 7, text);
	pthread_join(thread, NULL);
	return r;
}

static void request_is_answered(void **state)
{
	struct fixture *f = *state;
	char text[VG_POWER_TEXT] = "";

	assert_int_equal(ask(f, text), 0);
	assert_string_equal(text, "/usr/bin/thing");
	assert_int_equal(f->asked.version, VG_POWER_VERSION);
	assert_int_equal(f->asked.op, VG_POWER_EXE);
	assert_int_equal(f->asked.pid, 7);
	assert_int_not_equal(f->asked.serial, 0);
}

static void error_is_handed_on(void **state)
{
	struct fixture *f = *state;
	char text[VG_POWER_TEXT] = "untouched";

	f->error = -ENOENT;
	assert_int_equal(ask(f, text), -ENOENT);
	assert_string_equal(text, "untouched");
}

static void unasked_word_between_reaches_the_callback(void **state)
{
	struct fixture *f = *state;
	char text[VG_POWER_TEXT];

	f->manner = ANSWER_AFTER_UNASKED;
	assert_int_equal(ask(f, text), 0);
	assert_int_equal(f->said, 1);
	assert_int_equal(f->last_said, VG_POWER_RELOAD);
}

static void diag_needs_an_fd(void **state)
{
	struct fixture *f = *state;
	vg_cleanup(vg_fd_closep) int fd = -1;
	pthread_t thread;

	assert_int_equal(pthread_create(&thread, NULL, serve_one, f), 0);
	assert_int_equal(vg_parent_diag(f->parent, 7, &fd), -EPROTO);
	pthread_join(thread, NULL);
	assert_int_equal(fd, -1);

	f->give_fd = true;
	assert_int_equal(pthread_create(&thread, NULL, serve_one, f), 0);
	assert_int_equal(vg_parent_diag(f->parent, 7, &fd), 0);
	pthread_join(thread, NULL);
	assert_true(fd >= 0);
	assert_int_equal(f->asked.op, VG_POWER_DIAG);
}

static void channel_comes_with_its_fd(void **state)
{
	struct fixture *f = *state;
	vg_cleanup(vg_fd_closep) int fd = open("/dev/null", O_RDONLY);

	say(f, VG_POWER_CHANNEL, fd);
	say(f, VG_POWER_STOP, -1);
	assert_int_equal(vg_parent_read(f->parent), 0);
	assert_int_equal(f->said, 2);
	assert_int_equal(f->last_said, VG_POWER_STOP);
	assert_false(f->said_fd);
}

static int64_t ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

/* A stopped supervisor costs one pause, and not one for each question. */
static void silence_costs_one_pause(void **state)
{
	struct fixture *f = *state;
	char text[VG_POWER_TEXT];
	int64_t start = ms();

	f->manner = SILENT;
	assert_int_equal(ask(f, text), -ETIMEDOUT);
	assert_true(ms() - start >= VG_PARENT_WAIT_MS - 10);
	start = ms();
	for (int i = 0; i < 100; i++)
		assert_int_equal(vg_parent_exe(f->parent, 7, text), -ETIMEDOUT);
	assert_true(ms() - start < VG_PARENT_WAIT_MS);

	say(f, VG_POWER_RELOAD, -1);
	assert_int_equal(vg_parent_read(f->parent), 0);
	f->manner = ANSWER;
	assert_int_equal(ask(f, text), 0);
}

static void late_answer_is_for_nobody(void **state)
{
	struct fixture *f = *state;
	char text[VG_POWER_TEXT];

	f->manner = ANSWER_LATE;
	f->give_fd = true;
	assert_int_equal(ask(f, text), -ETIMEDOUT);
	assert_int_equal(vg_parent_read(f->parent), 0);
	assert_int_equal(f->said, 0);
}

static void other_serial_is_not_the_answer(void **state)
{
	struct fixture *f = *state;
	char text[VG_POWER_TEXT];

	f->manner = WRONG_SERIAL;
	assert_int_equal(ask(f, text), -ETIMEDOUT);
	assert_int_equal(f->said, 0);
}

static void another_build_ends_the_connection(void **state)
{
	struct fixture *f = *state;
	char text[VG_POWER_TEXT];

	f->manner = WRONG_VERSION;
	assert_int_equal(ask(f, text), -ECONNRESET);
	f->manner = SHORT;
	assert_int_equal(ask(f, text), -ECONNRESET);
}

static void hanging_up_is_seen(void **state)
{
	struct fixture *f = *state;
	char text[VG_POWER_TEXT];

	f->manner = HANG_UP;
	assert_int_equal(ask(f, text), -ECONNRESET);
	assert_int_equal(vg_parent_read(f->parent), -ECONNRESET);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
	const struct CMUnitTest tests[] = {
		TEST(request_is_answered),
		TEST(error_is_handed_on),
		TEST(unasked_word_between_reaches_the_callback),
		TEST(diag_needs_an_fd),
		TEST(channel_comes_with_its_fd),
		TEST(silence_costs_one_pause),
		TEST(late_answer_is_for_nobody),
		TEST(other_serial_is_not_the_answer),
		TEST(another_build_ends_the_connection),
		TEST(hanging_up_is_seen),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
