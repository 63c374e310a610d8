/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <netinet/in.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

#include "base/cleanup.h"
#include "events/limit.h"

#define SECOND VG_LIMIT_WINDOW_NS

/* What came out. */
struct seen {
	uint64_t lines;
	uint64_t events;
	uint64_t octets;
	struct vg_limited last;
	struct vg_limited most; /* with the highest count */
};

static void on_emit(void *ctx, const struct vg_limited *l)
{
	struct seen *seen = ctx;

	assert_true(l->count > 0);
	seen->lines++;
	seen->events += l->count;
	seen->octets += l->event.sent;
	seen->last = *l;
	if (l->count > seen->most.count)
		seen->most = *l;
}

static struct vg_event denial(uint32_t service, uint8_t last_octet)
{
	return (struct vg_event){
		.version = VG_ABI_VERSION,
		.type = VG_EVENT_DENIAL,
		.layer = VG_LAYER_CONNECT4,
		.reason = VG_REASON_NO_LEASE,
		.flags = VG_EVENT_TASK,
		.proto = IPPROTO_TCP,
		.family = AF_INET,
		.service = service,
		.dst = {[10] = 0xff, [11] = 0xff, 192, 0, 2, last_octet},
		.dst_port = 443,
		.src_port = 40000,
		.pid = 812,
		.comm = "python3",
	};
}

static void start(struct seen *seen, struct vg_limit **l)
{
	*seen = (struct seen){0};
	assert_int_equal(vg_limit_new(0x1234, on_emit, seen, l), 0);
}

static void first_at_once_then_one_a_window(void **state)
{
	vg_cleanup(vg_limit_freep) struct vg_limit *l = NULL;
	const struct vg_event e = denial(1, 1);
	struct seen seen;

	(void)state;
	start(&seen, &l);
	vg_limit_put(l, &e, 10 * SECOND);
	assert_int_equal(seen.lines, 1);
	assert_int_equal(seen.last.count, 1);
	assert_int_equal(vg_limit_deadline(l), UINT64_MAX);

	for (int i = 0; i < 5; i++)
		vg_limit_put(l, &e, 10 * SECOND + 1);
	assert_int_equal(seen.lines, 1);
	assert_int_equal(vg_limit_deadline(l), 11 * SECOND);
	vg_limit_tick(l, 11 * SECOND - 1);
	assert_int_equal(seen.lines, 1);
	vg_limit_tick(l, 11 * SECOND);
	assert_int_equal(seen.lines, 2);
	assert_int_equal(seen.last.count, 5);
	assert_int_equal(seen.last.mixed, 0);

	/* It goes on: no second "first", one line a window. */
	vg_limit_put(l, &e, 11 * SECOND + 1);
	assert_int_equal(seen.lines, 2);
	vg_limit_tick(l, 12 * SECOND);
	assert_int_equal(seen.lines, 3);
	assert_int_equal(seen.last.count, 1);

	/* After a silent window it is new again. */
	vg_limit_tick(l, 13 * SECOND);
	vg_limit_put(l, &e, 14 * SECOND);
	assert_int_equal(seen.lines, 4);
	assert_int_equal(seen.events, 8);
}

/* Two events that differ in one field must not be counted together. */
static void every_field_of_the_key_counts(void **state)
{
	struct vg_event others[13];
	struct seen seen;
	size_t n = 0;

	(void)state;
	for (size_t i = 0; i < VG_ARRAY_LEN(others); i++)
		others[i] = denial(1, 1);
	others[n++].service = 2;
	others[n++].layer = VG_LAYER_EGRESS;
	others[n++].reason = VG_REASON_EXPIRED;
	others[n++].proto = IPPROTO_UDP;
	others[n++].dst[0] = 0x20;
	others[n++].dst_port = 80;
	others[n++].flags |= VG_EVENT_AUDIT;
	others[n++].pid = 813;
	others[n++].uid = 1;
	others[n++].comm[0] = 'P';
	others[n++].family = AF_INET6;
	others[n++].cgroup_id = 1;
	others[n++].netns = 1;
	assert_int_equal(n, VG_ARRAY_LEN(others));

	for (size_t i = 0; i < n; i++) {
		vg_cleanup(vg_limit_freep) struct vg_limit *l = NULL;
		const struct vg_event e = denial(1, 1);

		start(&seen, &l);
		vg_limit_put(l, &e, SECOND);
		vg_limit_put(l, &others[i], SECOND);
		assert_int_equal(seen.lines, 2);
	}
}

static void other_source_is_the_same_kind(void **state)
{
	vg_cleanup(vg_limit_freep) struct vg_limit *l = NULL;
	struct vg_event e = denial(1, 1);
	struct seen seen;

	(void)state;
	start(&seen, &l);
	vg_limit_put(l, &e, SECOND);
	vg_limit_put(l, &e, SECOND);
	e.flags |= VG_EVENT_DESTROY;
	e.src_port++;
	vg_limit_put(l, &e, SECOND);
	vg_limit_flush(l);
	assert_int_equal(seen.lines, 2);
	assert_int_equal(seen.last.count, 2);
	assert_int_equal(seen.last.mixed, VG_MIXED_SRC);
	assert_int_equal(seen.last.event.src_port, 0);
	assert_int_equal(seen.last.event.dst_port, 443);
}

/* A scan: lines are bounded, nothing is lost, nothing is invented. */
static void too_many_kinds_are_merged(void **state)
{
	vg_cleanup(vg_limit_freep) struct vg_limit *l = NULL;
	struct seen seen;

	(void)state;
	start(&seen, &l);
	for (uint32_t i = 0; i < 100000; i++) {
		struct vg_event e = denial(7, (uint8_t)i);

		e.dst_port = (uint16_t)(i >> 8);
		e.layer = (uint8_t)(i % 2);
		vg_limit_put(l, &e, SECOND);
	}
	assert_int_equal(seen.lines, VG_LIMIT_KEYS);
	vg_limit_tick(l, 2 * SECOND);
	assert_int_equal(seen.lines, VG_LIMIT_KEYS + 1);
	assert_int_equal(seen.events, 100000);
	assert_int_equal(seen.last.count, 100000 - VG_LIMIT_KEYS);
	assert_int_equal(seen.last.mixed, VG_MIXED_DST | VG_MIXED_LAYER);
	assert_int_equal(seen.last.event.service, 7);
	assert_int_equal(seen.last.event.reason, VG_REASON_NO_LEASE);
	assert_int_equal(seen.last.event.dst_port, 0);
	assert_int_equal(seen.last.event.dst[15], 0);
	assert_int_equal(seen.last.event.pid, 812);
}

/* The merged rest keeps services, reasons and modes apart. */
static void the_rest_keeps_what_matters(void **state)
{
	vg_cleanup(vg_limit_freep) struct vg_limit *l = NULL;
	struct seen seen;
	uint64_t lines;

	(void)state;
	start(&seen, &l);
	for (uint32_t i = 0; i < VG_LIMIT_KEYS; i++) {
		struct vg_event e = denial(1, 1);

		e.pid = 1000 + i;
		vg_limit_put(l, &e, SECOND);
	}
	lines = seen.lines;
	for (uint32_t i = 0; i < 8; i++) {
		struct vg_event e = denial(i & 1 ? 2 : VG_SERVICES_MAX - 1, 1);

		e.flags |= i & 2 ? VG_EVENT_AUDIT : 0;
		e.reason = i & 4 ? VG_REASON_LOCKDOWN : VG_REASON_EXPIRED;
		e.pid = 5;
		vg_limit_put(l, &e, SECOND);
		e.pid = 6;
		vg_limit_put(l, &e, SECOND);
	}
	assert_int_equal(seen.lines, lines);
	vg_limit_flush(l);
	assert_int_equal(seen.lines, lines + 8);
	assert_int_equal(seen.events, VG_LIMIT_KEYS + 16);
	assert_int_equal(seen.last.count, 2);
	assert_int_equal(seen.last.mixed, VG_MIXED_PROCESS);
	assert_int_equal(seen.last.event.pid, 0);
	assert_int_equal(seen.last.event.comm[0], 0);
	assert_int_equal(seen.last.event.dst_port, 443);
}

static void flow_ends_add_up(void **state)
{
	vg_cleanup(vg_limit_freep) struct vg_limit *l = NULL;
	struct vg_event e = {
		.version = VG_ABI_VERSION,
		.type = VG_EVENT_FLOW_END,
		.layer = VG_LAYER_SOCK_OPS,
		.service = 3,
		.sent = 10,
		.duration_ns = 5,
	};
	struct seen seen;

	(void)state;
	start(&seen, &l);
	for (uint32_t i = 0; i < 3 * VG_LIMIT_KEYS; i++) {
		e.flags = i % 2 ? VG_EVENT_ACCEPTED : 0;
		vg_limit_put(l, &e, SECOND);
	}
	assert_int_equal(seen.lines, VG_LIMIT_KEYS);
	vg_limit_flush(l);
	assert_int_equal(seen.lines, VG_LIMIT_KEYS + 2);
	assert_int_equal(seen.events, 3 * VG_LIMIT_KEYS);
	assert_int_equal(seen.octets, 30 * VG_LIMIT_KEYS);
	assert_int_equal(seen.last.event.duration_ns, 5 * VG_LIMIT_KEYS);
	assert_int_equal(seen.last.event.flags, VG_EVENT_ACCEPTED);
}

/* Pseudo-random events over a long time: in equals out. */
static void sum_is_exact(void **state)
{
	vg_cleanup(vg_limit_freep) struct vg_limit *l = NULL;
	uint64_t now = SECOND, x = 88172645463325252ULL;
	struct seen seen;

	(void)state;
	start(&seen, &l);
	for (uint32_t i = 0; i < 300000; i++) {
		struct vg_event e;

		x ^= x << 13;
		x ^= x >> 7;
		x ^= x << 17;
		e = denial((uint32_t)(x % 5), (uint8_t)(x >> 8));
		e.pid = (uint32_t)(x >> 16) % (i % 1000 + 1);
		e.flags = (uint8_t)(VG_EVENT_TASK | (x >> 63));
		e.reason = (uint8_t)(1 + (x >> 40) % 6);
		now += (x >> 50) % 200000;
		vg_limit_put(l, &e, now);
		if (i % 5000 == 0)
			vg_limit_flush(l);
	}
	vg_limit_flush(l);
	assert_int_equal(seen.events, 300000);
	assert_true(seen.lines < 100000);
	assert_int_equal(vg_limit_deadline(l), UINT64_MAX);
}

static void no_line_twice_after_flush(void **state)
{
	vg_cleanup(vg_limit_freep) struct vg_limit *l = NULL;
	const struct vg_event e = denial(1, 1);
	struct seen seen;

	(void)state;
	start(&seen, &l);
	vg_limit_put(l, &e, SECOND);
	vg_limit_put(l, &e, SECOND);
	vg_limit_flush(l);
	vg_limit_flush(l);
	vg_limit_tick(l, 5 * SECOND);
	assert_int_equal(seen.lines, 2);
	assert_int_equal(seen.events, 2);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(first_at_once_then_one_a_window),
		cmocka_unit_test(every_field_of_the_key_counts),
		cmocka_unit_test(other_source_is_the_same_kind),
		cmocka_unit_test(too_many_kinds_are_merged),
		cmocka_unit_test(the_rest_keeps_what_matters),
		cmocka_unit_test(flow_ends_add_up),
		cmocka_unit_test(sum_is_exact),
		cmocka_unit_test(no_line_twice_after_flush),
	};

	return cmocka_run_group_tests_name("limit", tests, NULL, NULL);
}
