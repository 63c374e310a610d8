/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>

#include "base/cleanup.h"
#include "events/decode.h"

static struct vg_event denial(void)
{
	return (struct vg_event){
		.version = VG_ABI_VERSION,
		.type = VG_EVENT_DENIAL,
		.layer = VG_LAYER_EGRESS,
		.reason = VG_REASON_NO_LEASE,
		.flags = VG_EVENT_TASK,
		.proto = IPPROTO_TCP,
		.family = AF_INET,
		.service = VG_SERVICES_MAX - 1,
		.pid = 812,
		.comm = "python3",
	};
}

static struct vg_event flow(void)
{
	return (struct vg_event){
		.version = VG_ABI_VERSION,
		.type = VG_EVENT_FLOW_END,
		.flags = VG_EVENT_ACCEPTED | VG_EVENT_AUDIT,
		.sent = 1,
		.received = 2,
		.duration_ns = 3,
	};
}

static int decode(const struct vg_event *e)
{
	struct vg_event ret;

	return vg_event_decode(e, sizeof(*e), &ret);
}

static void takes_what_the_kernel_writes(void **state)
{
	const struct vg_event a = denial(), b = flow();
	struct vg_event ret;

	(void)state;
	assert_int_equal(vg_event_decode(&a, sizeof(a), &ret), 0);
	assert_memory_equal(&a, &ret, sizeof(a));
	assert_int_equal(vg_event_decode(&b, sizeof(b), &ret), 0);
	assert_memory_equal(&b, &ret, sizeof(b));
}

static void takes_no_other_size(void **state)
{
	const struct vg_event e = denial();
	uint8_t longer[sizeof(e) + 1] = {0};
	struct vg_event ret = {.pid = 7};

	(void)state;
	memcpy(longer, &e, sizeof(e));
	assert_int_equal(vg_event_decode(&e, sizeof(e) - 1, &ret), -EBADMSG);
	assert_int_equal(vg_event_decode(longer, sizeof(longer), &ret),
			 -EBADMSG);
	assert_int_equal(vg_event_decode(&e, 0, &ret), -EBADMSG);
	assert_int_equal(ret.pid, 7);
}

/* Each field out of its list, one at a time. */
static void refuses_what_is_outside(void **state)
{
	struct vg_event e;

	(void)state;
#define REFUSES(start, field, value, error)                                    \
	do {                                                                   \
		e = start();                                                   \
		e.field = value;                                               \
		assert_int_equal(decode(&e), error);                           \
	} while (0)
	REFUSES(denial, version, VG_ABI_VERSION + 1, -EPROTO);
	REFUSES(denial, version, 0, -EPROTO);
	REFUSES(denial, type, 0, -EBADMSG);
	REFUSES(denial, type, VG_EVENT_FLOW_END + 1, -EBADMSG);
	REFUSES(denial, layer, VG_LAYER_COUNT, -EBADMSG);
	REFUSES(denial, reason, VG_REASON_KERNEL_COUNT, -EBADMSG);
	REFUSES(denial, reason, VG_REASON_NONE, -EBADMSG);
	REFUSES(denial, flags, 0x10 | VG_EVENT_TASK, -EBADMSG);
	REFUSES(denial, flags, 0, -EBADMSG); /* a pid of no task */
	REFUSES(denial, family, AF_UNIX, -EBADMSG);
	REFUSES(denial, service, VG_SERVICES_MAX, -EBADMSG);
	REFUSES(denial, zero, 1, -EBADMSG);
	REFUSES(denial, sent, 1, -EBADMSG);
	REFUSES(denial, received, 1, -EBADMSG);
	REFUSES(denial, duration_ns, 1, -EBADMSG);
	REFUSES(flow, reason, VG_REASON_NO_LEASE, -EBADMSG);
	REFUSES(flow, flags, VG_EVENT_DESTROY, -EBADMSG);
	REFUSES(flow, uid, 1, -EBADMSG);
	REFUSES(flow, comm[15], 'x', -EBADMSG);
#undef REFUSES
}

static void ends_comm(void **state)
{
	struct vg_event e = denial(), ret;

	(void)state;
	memcpy(e.comm, "ab\0defghijklmnop", sizeof(e.comm));
	assert_int_equal(vg_event_decode(&e, sizeof(e), &ret), 0);
	assert_memory_equal(ret.comm, "ab\0\0\0\0\0\0\0\0\0\0\0\0\0\0", 16);

	memset(e.comm, 'x', sizeof(e.comm));
	assert_int_equal(vg_event_decode(&e, sizeof(e), &ret), 0);
	assert_string_equal(ret.comm, "xxxxxxxxxxxxxxx");
}

static uint64_t put(struct vg_track *t, uint32_t cpu, uint64_t lost)
{
	const struct vg_event e = {.cpu = cpu, .lost = lost};
	uint64_t more = 99;

	assert_int_equal(vg_track_put(t, &e, &more), 0);
	return more;
}

static void counts_losses_by_cpu(void **state)
{
	vg_cleanup(vg_track_freep) struct vg_track *t = NULL;

	(void)state;
	assert_int_equal(vg_track_new(true, &t), 0);
	assert_int_equal(put(t, 0, 0), 0);
	assert_int_equal(put(t, 1, 5), 5); /* new maps: they were lost */
	assert_int_equal(put(t, 0, 2), 2);
	assert_int_equal(put(t, 1, 5), 0);
	assert_int_equal(put(t, 0, 9), 7);
	assert_int_equal(put(t, VG_TRACK_CPUS - 1, 1), 1);
	assert_int_equal(vg_track_lost(t), 15);
}

/* An interrupted task brings an older number later. */
static void out_of_order_is_no_loss(void **state)
{
	vg_cleanup(vg_track_freep) struct vg_track *t = NULL;

	(void)state;
	assert_int_equal(vg_track_new(true, &t), 0);
	assert_int_equal(put(t, 0, 4), 4);
	assert_int_equal(put(t, 0, 3), 0);
	assert_int_equal(put(t, 0, 4), 0);
	assert_int_equal(put(t, 0, 5), 1);
	assert_int_equal(vg_track_lost(t), 5);
}

static void adopted_maps_begin_where_they_are(void **state)
{
	vg_cleanup(vg_track_freep) struct vg_track *t = NULL;

	(void)state;
	assert_int_equal(vg_track_new(false, &t), 0);
	assert_int_equal(put(t, 3, 1000), 0);
	assert_int_equal(put(t, 3, 1001), 1);
	assert_int_equal(vg_track_lost(t), 1);
}

static void refuses_strange_cpus(void **state)
{
	vg_cleanup(vg_track_freep) struct vg_track *t = NULL;
	const struct vg_event e = {.cpu = VG_TRACK_CPUS, .lost = 1};
	uint64_t more = 99;

	(void)state;
	assert_int_equal(vg_track_new(true, &t), 0);
	assert_int_equal(vg_track_put(t, &e, &more), -ERANGE);
	assert_int_equal(more, 99);
	assert_int_equal(vg_track_lost(t), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(takes_what_the_kernel_writes),
		cmocka_unit_test(takes_no_other_size),
		cmocka_unit_test(refuses_what_is_outside),
		cmocka_unit_test(ends_comm),
		cmocka_unit_test(counts_losses_by_cpu),
		cmocka_unit_test(out_of_order_is_no_loss),
		cmocka_unit_test(adopted_maps_begin_where_they_are),
		cmocka_unit_test(refuses_strange_cpus),
	};

	return cmocka_run_group_tests_name("decode", tests, NULL, NULL);
}
