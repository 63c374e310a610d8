/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <arpa/inet.h>
#include <ctype.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <event2/event.h>

#include "base/cleanup.h"
#include "base/fd.h"
#include "metrics/counters.h"
#include "metrics/http.h"

/* One sample of every metric, with labels that need escaping. */
static void fill(void *ctx, struct vg_samples *s)
{
	(void)ctx;
	for (int id = VG_METRIC_COUNT - 1; id >= 0; id--) {
		const char *const a[] = {"one", "two", "three"};
		const char *const b[] = {"\"quo\\ted\"\n", "\xff\x01", ""};

		vg_samples_add(s, (enum vg_metric_id)id, 18446744073709551615U,
			       a);
		if (vg_metric_info((enum vg_metric_id)id)->labels[0])
			vg_samples_add_ns(s, (enum vg_metric_id)id, 1203456789,
					  b);
	}
}

/* ---- counters ------------------------------------------------------------ */

static bool ends(const char *text, const char *end)
{
	const size_t n = strlen(text), m = strlen(end);

	return n >= m && strcmp(text + n - m, end) == 0;
}

/* The naming rules of Prometheus, and ours: no label that strangers choose. */
static void the_table_keeps_the_conventions(void **state)
{
	static const char *const labels[] = {
		"version", "layer",    "service", "mode",  "reason",
		"event",   "place",    "fault",	  "state", "result",
		"finding", "severity", "process"};

	(void)state;
	for (int id = 0; id < VG_METRIC_COUNT; id++) {
		const struct vg_metric *m =
			vg_metric_info((enum vg_metric_id)id);

		assert_non_null(m->name);
		assert_int_equal(strncmp(m->name, "verigress_", 10), 0);
		for (const char *c = m->name; *c; c++)
			assert_true(islower(*c) || *c == '_');
		assert_true(ends(m->help, "."));
		if (strcmp(m->type, "counter") == 0)
			assert_true(ends(m->name, "_total"));
		else
			assert_string_equal(m->type, "gauge");
		for (int i = 0; i < VG_METRIC_LABELS && m->labels[i]; i++) {
			bool known = false;

			for (size_t k = 0; k < VG_ARRAY_LEN(labels); k++)
				known = known ||
					!strcmp(m->labels[i], labels[k]);
			assert_true(known);
		}
		for (int k = 0; k < id; k++)
			assert_string_not_equal(
				m->name,
				vg_metric_info((enum vg_metric_id)k)->name);
	}
}

static void samples_come_in_the_order_of_the_table(void **state)
{
	vg_cleanup(vg_samples_freep) struct vg_samples s = {0};
	vg_cleanup(vg_buf_freep) struct vg_buf b = {0};

	(void)state;
	vg_samples_add(&s, VG_METRIC_LEASES, 2, VG_LABELS("web"));
	vg_samples_add(&s, VG_METRIC_DENIALS, 7,
		       VG_LABELS("billing", "enforce", "no_lease"));
	vg_samples_add(&s, VG_METRIC_LEASES, 1, VG_LABELS("bil\"l\\\ning"));
	vg_samples_add_ns(&s, VG_METRIC_START_TIME, 1500000000, NULL);
	vg_samples_text(&s, &b);
	assert_string_equal(
		vg_buf_text(&b),
		"# HELP verigress_denials_total Refusals by the kernel; in "
		"mode audit those that would be.\n"
		"# TYPE verigress_denials_total counter\n"
		"verigress_denials_total{service=\"billing\",mode=\"enforce\","
		"reason=\"no_lease\"} 7\n"
		"# HELP verigress_leases Leases in the kernel.\n"
		"# TYPE verigress_leases gauge\n"
		"verigress_leases{service=\"web\"} 2\n"
		"verigress_leases{service=\"bil\\\"l\\\\\\ning\"} 1\n"
		"# HELP verigress_start_time_seconds When the keeper started, "
		"in seconds since 1970.\n"
		"# TYPE verigress_start_time_seconds gauge\n"
		"verigress_start_time_seconds 1.500\n");
}

/* Prometheus's own judge, where it is installed. */
static void promtool_has_nothing_to_say(void **state)
{
	vg_cleanup(vg_samples_freep) struct vg_samples s = {0};
	vg_cleanup(vg_buf_freep) struct vg_buf b = {0};
	FILE *lint;

	(void)state;
	if (system("command -v promtool >/dev/null") != 0)
		skip();
	fill(NULL, &s);
	vg_samples_text(&s, &b);
	lint = popen("promtool check metrics", "w");
	assert_non_null(lint);
	assert_int_equal(fwrite(b.data, 1, b.size, lint), b.size);
	assert_int_equal(pclose(lint), 0);
}

/* ---- http ---------------------------------------------------------------- */

static struct event_base *base;
static struct vg_http *http;
static struct sockaddr_in at;

static int start(void **state)
{
	socklen_t size = sizeof(at);
	int fd;

	(void)state;
	(void)signal(SIGPIPE, SIG_IGN);
	base = event_base_new();
	fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	at = (struct sockaddr_in){
		.sin_family = AF_INET,
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK),
	};
	assert_int_equal(bind(fd, (struct sockaddr *)&at, size), 0);
	assert_int_equal(listen(fd, 64), 0);
	assert_int_equal(getsockname(fd, (struct sockaddr *)&at, &size), 0);
	return vg_http_new(base, fd, fill, NULL, &http);
}

static int stop(void **state)
{
	(void)state;
	vg_http_freep(&http);
	event_base_free(base);
	return 0;
}

static int client_open(void)
{
	const int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	assert_int_equal(connect(fd, (struct sockaddr *)&at, sizeof(at)), 0);
	return fd;
}

static void turn(void)
{
	for (int i = 0; i < 20; i++)
		assert_true(event_base_loop(base, EVLOOP_NONBLOCK) >= 0);
}

/* All that comes until the end, or until nothing comes. */
static bool read_all(int fd, struct vg_buf *ret)
{
	char data[4096];
	ssize_t n;

	for (int idle = 0; idle < 50;) {
		turn();
		n = recv(fd, data, sizeof(data), MSG_DONTWAIT);
		if (n == 0)
			return true;
		idle = n > 0 ? 0 : idle + 1;
		if (n > 0)
			vg_buf_add(ret, data, (size_t)n);
		else
			(void)usleep(200);
	}
	return false;
}

static void get(const char *request, const char *answer)
{
	vg_cleanup(vg_buf_freep) struct vg_buf b = {0};
	vg_cleanup(vg_fd_closep) int fd = client_open();

	assert_int_equal(send(fd, request, strlen(request), MSG_NOSIGNAL),
			 strlen(request));
	assert_true(read_all(fd, &b));
	if (strncmp(vg_buf_text(&b), answer, strlen(answer)) != 0)
		fail_msg("%s answered %s", request, vg_buf_text(&b));
}

static void serves_metrics(void **state)
{
	vg_cleanup(vg_samples_freep) struct vg_samples s = {0};
	vg_cleanup(vg_buf_freep) struct vg_buf text = {0};
	vg_cleanup(vg_buf_freep) struct vg_buf b = {0};
	vg_cleanup(vg_fd_closep) int fd = client_open();
	static const char request[] =
		"GET /metrics HTTP/1.1\r\nHost: x\r\nAccept: */*\r\n\r\n";
	char length[64];

	(void)state;
	for (size_t i = 0; i + 1 < sizeof(request); i++) {
		assert_int_equal(send(fd, request + i, 1, 0), 1);
		turn();
	}
	assert_true(read_all(fd, &b));
	fill(NULL, &s);
	vg_samples_text(&s, &text);
	(void)snprintf(length, sizeof(length), "\r\nContent-Length: %zu\r\n",
		       text.size);
	assert_int_equal(strncmp(b.data, "HTTP/1.1 200 OK\r\n", 17), 0);
	assert_non_null(strstr(b.data, length));
	assert_non_null(strstr(b.data, "text/plain; version=0.0.4"));
	assert_true(ends(b.data, vg_buf_text(&text)));
}

static void refuses_all_else(void **state)
{
	(void)state;
	get("GET / HTTP/1.1\r\n\r\n", "HTTP/1.1 404 ");
	get("GET /metrics2 HTTP/1.1\r\n\r\n", "HTTP/1.1 404 ");
	get("GET /metrics?x=1 HTTP/1.0\r\n\r\n", "HTTP/1.1 200 ");
	get("POST /metrics HTTP/1.1\r\n\r\n", "HTTP/1.1 405 ");
	get("GETS /metrics HTTP/1.1\r\n\r\n", "HTTP/1.1 405 ");
	get("GET /metrics\r\n\r\n", "HTTP/1.1 400 ");
	get("GET /metrics SPDY\r\n\r\n", "HTTP/1.1 400 ");
	get("GET\r\n\r\n", "HTTP/1.1 400 ");
	get("\r\n\r\n", "HTTP/1.1 400 ");
	get(" \r\n\r\n", "HTTP/1.1 400 ");
}

static void bounds_request_and_clients(void **state)
{
	vg_cleanup(vg_buf_freep) struct vg_buf b = {0};
	static char flood[2 * VG_HTTP_REQUEST];
	int fds[VG_HTTP_CLIENTS], fd = client_open();

	(void)state;
	memset(flood, 'x', sizeof(flood));
	(void)send(fd, flood, sizeof(flood), MSG_NOSIGNAL | MSG_DONTWAIT);
	(void)read_all(fd, &b);
	assert_int_equal(strncmp(vg_buf_text(&b), "HTTP/1.1 400 ", 13), 0);
	vg_fd_closep(&fd);
	turn();

	for (int i = 0; i < VG_HTTP_CLIENTS; i++)
		fds[i] = client_open();
	turn();
	fd = client_open();
	vg_buf_clear(&b);
	assert_true(read_all(fd, &b)); /* closed at once */
	assert_int_equal(b.size, 0);
	vg_fd_closep(&fd);
	for (int i = 0; i < VG_HTTP_CLIENTS; i++)
		vg_fd_closep(&fds[i]);
	turn();
	get("GET /metrics HTTP/1.1\r\n\r\n", "HTTP/1.1 200 ");
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, start, stop)
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_table_keeps_the_conventions),
		cmocka_unit_test(samples_come_in_the_order_of_the_table),
		cmocka_unit_test(promtool_has_nothing_to_say),
		TEST(serves_metrics),
		TEST(refuses_all_else),
		TEST(bounds_request_and_clients),
	};

	return cmocka_run_group_tests_name("metrics", tests, NULL, NULL);
}
