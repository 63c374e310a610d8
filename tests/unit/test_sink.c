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
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/fd.h"
#include "events/backlog.h"
#include "events/file.h"
#include "events/journal.h"
#include "events/ring.h"
#include "events/sink.h"

/* ---- ring ---------------------------------------------------------------- */

static void ring_is_polled_while_data_flows(void **state)
{
	(void)state;
	/* More is there: at once. */
	assert_int_equal(vg_ring_delay_ms(64, 64, true), 0);
	assert_int_equal(vg_ring_delay_ms(64, 64, false), 0);
	assert_int_equal(vg_ring_delay_ms(1, 64, true), VG_RING_FLOW_MS);
	assert_int_equal(vg_ring_delay_ms(63, 64, false), VG_RING_FLOW_MS);
	/* Empty after a wake: a record may be on its way without one. */
	assert_int_equal(vg_ring_delay_ms(0, 64, false), VG_RING_FLOW_MS);
	assert_int_equal(vg_ring_delay_ms(0, 64, true), VG_RING_IDLE_MS);
	assert_int_equal(vg_ring_delay_ms(-5, 64, false), VG_RING_IDLE_MS);
}

/* ---- backlog ------------------------------------------------------------- */

struct walk {
	uint32_t n;
	uint32_t stop_after;
	char last[64];
};

static bool on_line(void *ctx, const struct vg_line *line)
{
	struct walk *w = ctx;

	w->n++;
	(void)snprintf(w->last, sizeof(w->last), "%s", line->json);
	return w->n != w->stop_after;
}

static uint32_t walk(const struct vg_backlog *b, uint64_t since,
		     const char *service)
{
	struct walk w = {0};

	vg_backlog_walk(b, since, service, on_line, &w);
	return w.n;
}

static void backlog_filters(void **state)
{
	vg_cleanup(vg_backlog_freep) struct vg_backlog *b = NULL;
	struct vg_line line = {.at = 1, .json = "a", .plain = "b"};
	struct walk w = {.stop_after = 2};

	(void)state;
	assert_int_equal(vg_backlog_new(&b), 0);
	assert_int_equal(vg_backlog_put(b, &line), 0);
	line.service = "billing";
	line.at = 2;
	assert_int_equal(vg_backlog_put(b, &line), 0);
	line.service = "billing2";
	line.at = 3;
	assert_int_equal(vg_backlog_put(b, &line), 0);

	assert_int_equal(walk(b, 0, NULL), 3);
	assert_int_equal(walk(b, 2, NULL), 2);
	assert_int_equal(walk(b, 4, NULL), 0);
	assert_int_equal(walk(b, 0, "billing"), 1);
	assert_int_equal(walk(b, 3, "billing"), 0);
	vg_backlog_walk(b, 0, NULL, on_line, &w);
	assert_int_equal(w.n, 2);
}

static void backlog_drops_the_oldest(void **state)
{
	vg_cleanup(vg_backlog_freep) struct vg_backlog *b = NULL;
	vg_cleanup(vg_freep) char *big = NULL;
	struct walk w = {.stop_after = 1};
	char text[16];

	(void)state;
	assert_int_equal(vg_backlog_new(&b), 0);
	for (int i = 0; i < VG_BACKLOG_LINES + 5; i++) {
		const struct vg_line line = {.at = 1, .json = text};

		(void)snprintf(text, sizeof(text), "%d", i);
		assert_int_equal(vg_backlog_put(b, &line), 0);
	}
	vg_backlog_walk(b, 0, NULL, on_line, &w);
	assert_string_equal(w.last, "5");
	assert_int_equal(walk(b, 0, NULL), VG_BACKLOG_LINES);

	big = malloc(VG_BACKLOG_BYTES + 1);
	assert_non_null(big);
	memset(big, 'x', VG_BACKLOG_BYTES);
	big[VG_BACKLOG_BYTES] = '\0';
	assert_int_equal(vg_backlog_put(b, &(struct vg_line){.json = big}),
			 -EMSGSIZE);
	assert_int_equal(walk(b, 0, NULL), VG_BACKLOG_LINES);
	big[VG_BACKLOG_BYTES / 2] = '\0';
	for (int i = 0; i < 3; i++)
		assert_int_equal(
			vg_backlog_put(b, &(struct vg_line){.json = big}), 0);
	assert_int_equal(walk(b, 0, NULL), 1);
}

/* ---- journal ------------------------------------------------------------- */

static char dir[64];

static const char *path_of(const char *name)
{
	static char path[2][100];
	static int turn;

	turn = !turn;
	(void)snprintf(path[turn], sizeof(path[turn]), "%s/%s", dir, name);
	return path[turn];
}

static int make_dir(void **state)
{
	(void)state;
	(void)strcpy(dir, "/tmp/verigress-sink.XXXXXX");
	return mkdtemp(dir) ? 0 : -1;
}

static int remove_dir(void **state)
{
	(void)state;
	(void)unlink(path_of("journal"));
	(void)unlink(path_of("e"));
	(void)unlink(path_of("e.1"));
	return rmdir(dir);
}

static int listen_as_journald(void)
{
	struct sockaddr_un at = {.sun_family = AF_UNIX};
	int fd;

	(void)snprintf(at.sun_path, sizeof(at.sun_path), "%s",
		       path_of("journal"));
	fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	assert_true(fd >= 0);
	assert_int_equal(bind(fd, (struct sockaddr *)&at, sizeof(at)), 0);
	return fd;
}

/* The value of field NAME, as journald reads it. */
static bool journal_field(const char *m, size_t size, const char *name,
			  char *ret, size_t ret_size)
{
	size_t at = 0;

	while (at < size) {
		const char *end = memchr(m + at, '\n', size - at);
		const size_t length = (size_t)(end - (m + at));
		uint64_t value_size;

		assert_non_null(end);
		memcpy(&value_size, end + 1, sizeof(value_size));
		if (length == strlen(name) && !memcmp(m + at, name, length)) {
			assert_true(value_size < ret_size);
			memcpy(ret, end + 9, value_size);
			ret[value_size] = '\0';
			return true;
		}
		at += length + 9 + value_size;
		assert_true(at < size && m[at] == '\n');
		at++;
	}
	return false;
}

static void journal_speaks_its_protocol(void **state)
{
	vg_cleanup(vg_journal_freep) struct vg_journal *j = NULL;
	vg_cleanup(vg_fd_closep) int fd = listen_as_journald();
	const struct vg_journal_field fields[VG_JOURNAL_FIELDS] = {
		{"VERIGRESS_SERVICE", "a\nPRIORITY=0"},
		{"VERIGRESS_REASON", NULL},
	};
	char m[4096], value[256];
	ssize_t n;

	(void)state;
	assert_int_equal(vg_journal_new(path_of("journal"), &j), 0);
	assert_int_equal(vg_journal_put(j, 4, "hello", fields), 0);
	n = recv(fd, m, sizeof(m), 0);
	assert_true(n > 0);
	assert_true(journal_field(m, (size_t)n, "MESSAGE", value, 256));
	assert_string_equal(value, "hello");
	assert_true(journal_field(m, (size_t)n, "PRIORITY", value, 256));
	assert_string_equal(value, "4");
	assert_true(
		journal_field(m, (size_t)n, "VERIGRESS_SERVICE", value, 256));
	assert_string_equal(value, "a\nPRIORITY=0");
	assert_false(
		journal_field(m, (size_t)n, "VERIGRESS_REASON", value, 256));
	assert_int_equal(vg_journal_lost(j), 0);
}

static void journal_never_waits(void **state)
{
	vg_cleanup(vg_journal_freep) struct vg_journal *j = NULL;
	int fd = listen_as_journald();
	const struct vg_journal_field none[VG_JOURNAL_FIELDS] = {0};
	int r = 0;

	(void)state;
	assert_int_equal(vg_journal_new(path_of("journal"), &j), 0);
	for (int i = 0; i < 100000 && r == 0; i++)
		r = vg_journal_put(j, 6, "filling up", none);
	assert_int_equal(r, -EAGAIN);
	assert_int_equal(vg_journal_lost(j), 1);

	/* journald restarts: lost while it is away, found again after. */
	vg_fd_closep(&fd);
	assert_true(vg_journal_put(j, 6, "nobody", none) < 0);
	assert_int_equal(vg_journal_lost(j), 2);
	(void)unlink(path_of("journal"));
	fd = listen_as_journald();
	assert_int_equal(vg_journal_put(j, 6, "back", none), 0);
	vg_fd_closep(&fd);
}

static void no_journal_is_said(void **state)
{
	struct vg_journal *j = NULL;

	(void)state;
	assert_int_equal(vg_journal_new(path_of("journal"), &j), -ENOENT);
	assert_null(j);
}

/* ---- sink ---------------------------------------------------------------- */

struct watched {
	uint32_t n;
	char json[8192];
	char service[64];
};

static void on_watch(void *ctx, const struct vg_line *line)
{
	struct watched *w = ctx;

	w->n++;
	(void)snprintf(w->json, sizeof(w->json), "%s", line->json);
	(void)snprintf(w->service, sizeof(w->service), "%s",
		       line->service ? line->service : "");
}

static void sink_numbers_and_distributes(void **state)
{
	vg_cleanup(vg_sink_freep) struct vg_sink *s = NULL;
	vg_cleanup(vg_fd_closep) int journal = listen_as_journald();
	struct watched w = {0};
	struct vg_sink_setup setup = {
		.host = "h", .boot_id = "b", .on_line = on_watch, .ctx = &w};
	struct vg_record r = {.kind = VG_RECORD_DENY, .service = "billing"};
	char m[8192], value[4096];
	ssize_t n;

	(void)state;
	assert_int_equal(vg_event_file_new(path_of("e"), 0, &setup.file), 0);
	assert_int_equal(vg_journal_new(path_of("journal"), &setup.journal), 0);
	assert_int_equal(vg_sink_new(&setup, &s), 0);
	assert_int_equal(vg_sink_put(s, &r, vg_clock_now()), 0);
	assert_int_equal(vg_sink_put(s, &r, vg_clock_now()), 0);

	assert_int_equal(w.n, 2);
	assert_string_equal(w.service, "billing");
	assert_non_null(strstr(w.json, "\"seq\":2,\"host\":\"h\","
				       "\"boot_id\":\"b\",\"event\":\"deny\""));
	assert_int_equal(vg_sink_seq(s), 2);
	assert_int_equal(vg_sink_count(s, VG_RECORD_DENY), 2);
	assert_int_equal(vg_sink_count(s, VG_RECORD_LOST), 0);
	assert_int_equal(walk(vg_sink_backlog(s), 0, "billing"), 2);
	n = recv(journal, m, sizeof(m), 0);
	assert_true(n > 0);
	assert_true(journal_field(m, (size_t)n, "VERIGRESS_EVENT", value,
				  sizeof(value)));
	assert_string_equal(value, "deny");
	assert_true(journal_field(m, (size_t)n, "VERIGRESS_JSON", value,
				  sizeof(value)));
	assert_non_null(strstr(value, "\"seq\":1,"));
	vg_sink_tick(s, vg_clock_now());
	assert_int_equal(w.n, 2); /* nothing was lost */
}

/* A full disk is told once, and the rest of it when there is room again. */
static void sink_tells_of_losses(void **state)
{
	vg_cleanup(vg_sink_freep) struct vg_sink *s = NULL;
	struct watched w = {0};
	struct vg_sink_setup setup = {.on_line = on_watch, .ctx = &w};
	struct vg_record r = {.kind = VG_RECORD_DENY};
	struct rlimit before, none;

	(void)state;
	(void)signal(SIGXFSZ, SIG_IGN);
	assert_int_equal(getrlimit(RLIMIT_FSIZE, &before), 0);
	none = before;
	none.rlim_cur = 0;
	assert_int_equal(vg_event_file_new(path_of("e"), 0, &setup.file), 0);
	assert_int_equal(vg_sink_new(&setup, &s), 0);

	assert_int_equal(setrlimit(RLIMIT_FSIZE, &none), 0);
	for (int i = 0; i < 3; i++)
		assert_int_equal(vg_sink_put(s, &r, 1), 0);
	assert_int_equal(vg_sink_lost(s, VG_SINK_FILE), 3);
	assert_int_equal(vg_sink_file_error(s), -EFBIG);
	for (int i = 0; i < 5; i++)
		vg_sink_tick(s, 2);
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &before), 0);
	assert_int_equal(w.n, 4);
	assert_non_null(strstr(w.json, "\"event\":\"lost\",\"count\":3,"));
	assert_non_null(strstr(w.json, "\"subject\":\"file\""));

	assert_int_equal(vg_sink_put(s, &r, 3), 0);
	assert_int_equal(vg_sink_file_error(s), 0);
	vg_sink_tick(s, 4);
	assert_int_equal(w.n, 6);
	assert_non_null(strstr(w.json, "\"event\":\"lost\",\"count\":1,"));
	vg_sink_tick(s, 5);
	assert_int_equal(w.n, 6);
}

static void sink_counts_what_is_too_long(void **state)
{
	vg_cleanup(vg_sink_freep) struct vg_sink *s = NULL;
	vg_cleanup(vg_freep) char *big = NULL;
	struct watched w = {0};
	const struct vg_sink_setup setup = {.on_line = on_watch, .ctx = &w};
	struct vg_record r = {.kind = VG_RECORD_POLICY_ERROR};

	(void)state;
	big = malloc(100001);
	assert_non_null(big);
	memset(big, 'x', 100000);
	big[100000] = '\0';
	r.detail = big;
	assert_int_equal(vg_sink_new(&setup, &s), 0);
	assert_int_equal(vg_sink_put(s, &r, 1), -EMSGSIZE);
	assert_int_equal(vg_sink_lost(s, VG_SINK_MEMORY), 1);
	vg_sink_tick(s, 2);
	assert_int_equal(w.n, 1);
	assert_non_null(strstr(w.json, "\"subject\":\"memory\""));
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, make_dir, remove_dir)
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(ring_is_polled_while_data_flows),
		cmocka_unit_test(backlog_filters),
		cmocka_unit_test(backlog_drops_the_oldest),
		TEST(journal_speaks_its_protocol),
		TEST(journal_never_waits),
		TEST(no_journal_is_said),
		TEST(sink_numbers_and_distributes),
		TEST(sink_tells_of_losses),
		TEST(sink_counts_what_is_too_long),
	};

	return cmocka_run_group_tests_name("sink", tests, NULL, NULL);
}
