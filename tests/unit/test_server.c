/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <event2/event.h>

#include "base/cleanup.h"
#include "base/fd.h"
#include "control/server.h"
#include "control/watch.h"
#include "control_client.h"

/* ---- a daemon ------------------------------------------------------------ */

static struct event_base *base;
static struct vg_server *server;
static struct vg_watch *watch;
static char path[64];
static struct vg_peer who; /* what identify() says */
static int who_error;
static struct vg_session *waiting; /* of `hold` */
static uint32_t gone;
static char *huge;

static int identify(int sock, gid_t group, struct vg_peer *ret)
{
	(void)sock;
	(void)group;
	if (who_error < 0)
		return who_error;
	*ret = who;
	return 0;
}

static bool confined(void *ctx, const char *cgroup)
{
	(void)ctx;
	return vg_cgroup_inside(cgroup, "/confined");
}

static void on_status(void *ctx, struct vg_session *s,
		      const struct vg_request *req)
{
	(void)ctx;
	vg_session_out(s, "fine\n");
	vg_session_errf(s, "flags %u\n", req->flags);
	vg_session_end(s, 3);
}

static void on_show(void *ctx, struct vg_session *s,
		    const struct vg_request *req)
{
	(void)ctx;
	vg_session_out(s, vg_request_arg(req, 0));
	vg_session_end(s, 0);
}

static void on_reload(void *ctx, struct vg_session *s,
		      const struct vg_request *req)
{
	(void)ctx;
	(void)req;
	vg_session_out(s, "reloaded\n");
	vg_session_end(s, 0);
}

/* More than a client may be owed. */
static void on_list(void *ctx, struct vg_session *s,
		    const struct vg_request *req)
{
	(void)ctx;
	(void)req;
	for (int i = 0; i < 3; i++)
		vg_session_out(s, huge);
	vg_session_end(s, 0);
}

/* A long answer, then lines: as `watch --since` with -f does. */
static void on_version(void *ctx, struct vg_session *s,
		       const struct vg_request *req)
{
	(void)ctx;
	huge[VG_SERVER_LINES] = '\0';
	vg_session_out(s, huge);
	vg_session_out(s, huge);
	assert_int_equal(vg_watch_add(watch, s, req), 0);
	vg_watch_publish(watch, NULL, "json", "plain", "colour");
}

static void on_gone(void *arg, struct vg_session *s)
{
	assert_ptr_equal(arg, &gone);
	assert_ptr_equal(s, waiting);
	waiting = NULL;
	gone++;
}

static void on_hold(void *ctx, struct vg_session *s,
		    const struct vg_request *req)
{
	(void)ctx;
	(void)req;
	waiting = s;
	vg_session_keep(s, on_gone, &gone);
}

static void on_watch(void *ctx, struct vg_session *s,
		     const struct vg_request *req)
{
	(void)ctx;
	assert_int_equal(vg_watch_add(watch, s, req), 0);
}

static const vg_handler handlers[VG_VERB_COUNT] = {
	[VG_VERB_STATUS] = on_status,	[VG_VERB_LIST] = on_list,
	[VG_VERB_SHOW] = on_show,	[VG_VERB_HOLD] = on_hold,
	[VG_VERB_WATCH] = on_watch,	[VG_VERB_RELOAD] = on_reload,
	[VG_VERB_VERSION] = on_version,
};

static int start(void **state)
{
	struct sockaddr_un at = {.sun_family = AF_UNIX};
	struct vg_server_setup setup = {
		.group = (gid_t)-1,
		.handlers = handlers,
		.confined = confined,
		.identify = identify,
	};

	(void)state;
	(void)signal(SIGPIPE, SIG_IGN);
	(void)snprintf(path, sizeof(path), "/tmp/verigress-server.%d",
		       getpid());
	(void)unlink(path);
	(void)strcpy(at.sun_path, path);
	base = event_base_new();
	setup.base = base;
	setup.listen_fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	assert_int_equal(
		bind(setup.listen_fd, (struct sockaddr *)&at, sizeof(at)), 0);
	assert_int_equal(listen(setup.listen_fd, VG_CONTROL_BACKLOG), 0);
	assert_int_equal(vg_server_new(&setup, &server), 0);
	assert_int_equal(vg_watch_new(&watch), 0);
	who = (struct vg_peer){.pid = 1, .cgroup = "/user.slice"};
	who_error = 0;
	gone = 0;
	return 0;
}

static int stop(void **state)
{
	(void)state;
	vg_watch_freep(&watch);
	vg_server_freep(&server);
	event_base_free(base);
	return unlink(path);
}

static void turn(void)
{
	for (int i = 0; i < 20; i++)
		assert_true(event_base_loop(base, EVLOOP_NONBLOCK) >= 0);
}

/* ---- a client ------------------------------------------------------------ */

static void ask(struct client *c, enum vg_verb verb, const char *arg)
{
	client_open(path, c);
	client_send(c, verb, 0, arg);
	client_read(turn, c);
}

static void is_refused(struct client *c, const char *part)
{
	assert_int_equal(c->status, VG_EXIT_REFUSED);
	assert_true(c->closed);
	assert_int_equal(c->out.size, 0);
	if (!strstr(vg_buf_text(&c->err), part))
		fail_msg("no \"%s\" in %s", part, vg_buf_text(&c->err));
	client_close(c);
}

/* ---- tests --------------------------------------------------------------- */

static void answers(void **state)
{
	struct client c;

	(void)state;
	client_open(path, &c);
	client_send(&c, VG_VERB_STATUS, VG_REQUEST_JSON, NULL);
	client_read(turn, &c);
	assert_string_equal(vg_buf_text(&c.out), "fine\n");
	assert_string_equal(vg_buf_text(&c.err), "flags 1\n");
	assert_int_equal(c.status, 3);
	assert_true(c.closed);
	assert_int_equal(vg_server_clients(server), 0);
	client_close(&c);
}

static void takes_a_request_in_pieces(void **state)
{
	vg_cleanup(vg_buf_freep) struct vg_buf b = {0};
	const struct vg_request q = {
		.verb = VG_VERB_SHOW, .n_args = 1, .args = {"billing"}};
	struct client c;

	(void)state;
	client_open(path, &c);
	assert_int_equal(vg_request_encode(&q, &b), 0);
	for (size_t i = 0; i < b.size; i++) {
		assert_int_equal(c.status, -1);
		assert_int_equal(send(c.fd, b.data + i, 1, MSG_NOSIGNAL), 1);
		client_read(turn, &c);
	}
	assert_int_equal(c.status, 0);
	assert_string_equal(vg_buf_text(&c.out), "billing");
	client_close(&c);
}

static void nonsense_is_refused(void **state)
{
	static const uint8_t verb[] = {'V', 'G', 'C', 1, 1,  0, 0, 0,
				       0,   0,	 0,   4, 99, 0, 0, 0};
	vg_cleanup(vg_buf_freep) struct vg_buf answer = {0};
	struct client c;

	(void)state;
	client_open(path, &c);
	assert_int_equal(send(c.fd, "GET / HTTP/1.0\r\n", 16, 0), 16);
	client_read(turn, &c);
	is_refused(&c, "not understood");

	client_open(path, &c);
	assert_int_equal(send(c.fd, verb, sizeof(verb), 0), sizeof(verb));
	client_read(turn, &c);
	is_refused(&c, "not understood");

	vg_frame_end(&answer, 0);
	client_open(path, &c);
	assert_int_equal(send(c.fd, answer.data, answer.size, 0), answer.size);
	client_read(turn, &c);
	is_refused(&c, "not understood");

	ask(&c, VG_VERB_DIFF, NULL);
	is_refused(&c, "does not know that command");
	assert_int_equal(vg_server_clients(server), 0);
}

static void who_may_do_what(void **state)
{
	struct client c;

	(void)state;
	who.uid = 1000;
	ask(&c, VG_VERB_STATUS, NULL);
	is_refused(&c, "permission denied");

	who.in_group = true;
	ask(&c, VG_VERB_STATUS, NULL);
	assert_string_equal(vg_buf_text(&c.out), "fine\n");
	client_close(&c);
	ask(&c, VG_VERB_RELOAD, NULL);
	is_refused(&c, "only root");

	who.uid = 0;
	ask(&c, VG_VERB_RELOAD, NULL);
	assert_string_equal(vg_buf_text(&c.out), "reloaded\n");
	client_close(&c);

	/* Root in a confined cgroup is refused too, and who is not known. */
	(void)strcpy(who.cgroup, "/confined/child");
	ask(&c, VG_VERB_STATUS, NULL);
	is_refused(&c, "a confined process");
	who_error = -ESRCH;
	ask(&c, VG_VERB_STATUS, NULL);
	is_refused(&c, "could not be told");
}

static void hold_comes_from_inside(void **state)
{
	struct client c;

	(void)state;
	(void)strcpy(who.cgroup, "/confined/child");
	ask(&c, VG_VERB_HOLD, "billing");
	assert_non_null(waiting);
	vg_session_end(waiting, VG_EXIT_OK);
	client_read(turn, &c);
	assert_int_equal(c.status, VG_EXIT_OK);
	client_close(&c);

	/* Of root alone: others may not even open a session from there. */
	who.uid = 1000;
	who.in_group = true;
	ask(&c, VG_VERB_HOLD, "billing");
	is_refused(&c, "a confined process");
}

static void root_always_finds_a_place(void **state)
{
	struct client many[VG_SERVER_CLIENTS], c;

	(void)state;
	who.uid = 1000;
	who.in_group = true;
	for (int i = 0; i < VG_SERVER_CLIENTS - VG_SERVER_ROOT; i++) {
		client_open(path, &many[i]);
		turn();
	}
	ask(&c, VG_VERB_STATUS, NULL);
	is_refused(&c, "too many clients");
	who.uid = 0;
	for (int i = VG_SERVER_CLIENTS - VG_SERVER_ROOT; i < VG_SERVER_CLIENTS;
	     i++) {
		ask(&c, VG_VERB_STATUS, NULL);
		assert_int_equal(c.status, 3);
		client_close(&c);
		client_open(path, &many[i]);
		turn();
	}
	assert_int_equal(vg_server_clients(server), VG_SERVER_CLIENTS);
	ask(&c, VG_VERB_STATUS, NULL);
	is_refused(&c, "too many clients");

	for (int i = 0; i < VG_SERVER_CLIENTS; i++)
		client_close(&many[i]);
	turn();
	assert_int_equal(vg_server_clients(server), 0);
}

static void an_answer_may_come_later(void **state)
{
	struct client c;

	(void)state;
	ask(&c, VG_VERB_HOLD, "billing");
	assert_int_equal(c.status, -1);
	assert_non_null(waiting);
	vg_session_out(waiting, "held\n");
	vg_session_end(waiting, 0);
	waiting = NULL;
	client_read(turn, &c);
	assert_int_equal(c.status, 0);
	assert_string_equal(vg_buf_text(&c.out), "held\n");
	assert_int_equal(gone, 0);
	client_close(&c);
}

static void who_waits_may_go(void **state)
{
	struct client c;

	(void)state;
	ask(&c, VG_VERB_HOLD, "billing");
	assert_non_null(waiting);
	client_close(&c);
	turn();
	assert_null(waiting);
	assert_int_equal(gone, 1);
	assert_int_equal(vg_server_clients(server), 0);

	ask(&c, VG_VERB_HOLD, "billing");
	vg_server_freep(&server);
	assert_int_equal(gone, 2);
	client_read(turn, &c);
	assert_true(c.closed);
	client_close(&c);
}

static void an_answer_has_a_bound(void **state)
{
	struct client c;

	(void)state;
	huge = malloc(VG_SERVER_OUTPUT / 2 + 1);
	assert_non_null(huge);
	memset(huge, 'x', VG_SERVER_OUTPUT / 2);
	huge[VG_SERVER_OUTPUT / 2] = '\0';
	ask(&c, VG_VERB_LIST, NULL);
	free(huge);
	assert_int_equal(c.status, VG_EXIT_REFUSED);
	assert_true(c.out.size <= VG_SERVER_OUTPUT &&
		    c.out.size >= VG_SERVER_OUTPUT / 2);
	assert_non_null(strstr(vg_buf_text(&c.err), "too long"));
	client_close(&c);
}

/* What was remembered comes whole, and is not held against what is new. */
static void a_backlog_costs_no_lines(void **state)
{
	struct client c;

	(void)state;
	huge = malloc(VG_SERVER_LINES + 1);
	assert_non_null(huge);
	memset(huge, 'x', VG_SERVER_LINES);
	ask(&c, VG_VERB_VERSION, NULL);
	free(huge);
	assert_int_equal(vg_watch_lost(watch), 0);
	assert_int_equal(c.out.size, 2 * VG_SERVER_LINES + 6);
	client_close(&c);
	turn();
}

static void publish(const char *service)
{
	vg_watch_publish(watch, service, "{json}", "plain", "colour");
}

static void watchers_see_what_they_asked_for(void **state)
{
	struct client all, one, json;

	(void)state;
	ask(&all, VG_VERB_WATCH, NULL);
	ask(&one, VG_VERB_WATCH, "billing");
	client_open(path, &json);
	client_send(&json, VG_VERB_WATCH, VG_REQUEST_JSON | VG_REQUEST_COLOUR,
		    "");
	client_read(turn, &json);
	assert_int_equal(vg_watch_count(watch), 3);

	publish("billing");
	publish("billing2");
	publish(NULL);
	client_read(turn, &all);
	client_read(turn, &one);
	client_read(turn, &json);
	assert_string_equal(vg_buf_text(&all.out), "plain\nplain\nplain\n");
	assert_string_equal(vg_buf_text(&one.out), "plain\n");
	assert_string_equal(vg_buf_text(&json.out), "{json}\n{json}\n{json}\n");

	client_close(&one);
	turn();
	assert_int_equal(vg_watch_count(watch), 2);
	vg_watch_freep(&watch);
	client_read(turn, &all);
	assert_int_equal(all.status, 0);
	client_close(&all);
	client_close(&json);
	turn();
}

/* It loses lines, is told how many, and holds up nobody. */
static void slow_watchers_lose_lines(void **state)
{
	vg_cleanup(vg_freep) char *line = malloc(1001);
	struct client slow;
	uint64_t sent = 0, lost;
	size_t lines = 0;

	(void)state;
	assert_non_null(line);
	memset(line, 'x', 1000);
	line[1000] = '\0';
	ask(&slow, VG_VERB_WATCH, NULL);
	for (; sent < 5000; sent++) {
		vg_watch_publish(watch, NULL, line, line, line);
		if (sent % 100 == 0)
			turn();
	}
	lost = vg_watch_lost(watch);
	assert_true(lost > 1000 && lost < 5000);

	client_read(turn, &slow);
	publish(NULL);
	client_read(turn, &slow);
	for (const char *at = vg_buf_text(&slow.out); (at = strchr(at, '\n'));
	     at++)
		lines++;
	assert_int_equal(lines, sent - lost + 1);
	(void)snprintf(line, 1000, "%llu lines were lost",
		       (unsigned long long)lost);
	assert_non_null(strstr(vg_buf_text(&slow.err), line));
	lines = slow.err.size;
	publish(NULL);
	client_read(turn, &slow);
	assert_int_equal(slow.err.size, lines); /* told once */
	client_close(&slow);
	turn();
	assert_int_equal(vg_watch_count(watch), 0);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, start, stop)
	const struct CMUnitTest tests[] = {
		TEST(answers),
		TEST(takes_a_request_in_pieces),
		TEST(nonsense_is_refused),
		TEST(who_may_do_what),
		TEST(hold_comes_from_inside),
		TEST(root_always_finds_a_place),
		TEST(an_answer_may_come_later),
		TEST(who_waits_may_go),
		TEST(an_answer_has_a_bound),
		TEST(a_backlog_costs_no_lines),
		TEST(watchers_see_what_they_asked_for),
		TEST(slow_watchers_lose_lines),
	};

	return cmocka_run_group_tests_name("server", tests, NULL, NULL);
}
