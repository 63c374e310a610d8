/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * report -- counters and events.
 *
 * A failure here never changes a verdict: it is counted, and the packet is
 * treated as judged.
 */
#pragma once

#include "flow.h"

static __always_inline void count(__u32 service, __u32 counter)
{
	__u32 key = service * VG_COUNTERS + counter;
	__u64 *value = bpf_map_lookup_elem(&counters, &key);

	/* The result is not used: exact under preemption, and runs on 5.10. */
	if (value)
		__sync_fetch_and_add(value, 1);
}

static __always_inline void count_verdict(const struct vg_judgement *j)
{
	__u32 reason = j->reason & 7;

	count(j->service, VG_COUNTER_REASON + reason);
	if (reason != VG_REASON_NONE && j->audit)
		count(j->service, VG_COUNTER_WOULD + reason);
}

/* ---- audit mode: one attempt is one event ----------------------------------- */

static __always_inline void hear(__u64 cookie, const struct vg_path *path)
{
	__u32 key = 0;
	struct vg_heard *last = bpf_map_lookup_elem(&heard, &key);

	if (!last)
		return;
	last->cookie = cookie;
	__builtin_memcpy(&last->dst, &path->dst, sizeof(last->dst));
}

static __always_inline bool was_heard(__u64 cookie, const struct vg_path *path)
{
	__u32 key = 0;
	const struct vg_heard *last = bpf_map_lookup_elem(&heard, &key);

	return last && cookie && last->cookie == cookie &&
	       last->dst.service == path->dst.service &&
	       last->dst.proto == path->dst.proto &&
	       last->dst.port == path->dst.port &&
	       same_address(last->dst.addr, path->dst.addr);
}

/* ---- numbering ------------------------------------------------------------- */

struct vg_ticket {
	__u64 seq;
	__u64 lost;
	__u64 now;
	__u64 wake; /* flags for bpf_ringbuf_submit() */
	__u32 cpu;
	__u32 zero;
};

static __always_inline struct vg_cpu *this_cpu(__u32 *cpu)
{
	struct vg_cpu *head;

	*cpu = bpf_get_smp_processor_id();
	head = bpf_map_lookup_elem(&cpus, cpu);
	if (!head)
		count_fault(VG_FAULT_CPU);
	return head;
}

static __always_inline void ticket_take(struct vg_cpu *head,
					struct vg_ticket *t)
{
	t->wake = BPF_RB_NO_WAKEUP;
	t->now = bpf_ktime_get_boot_ns();
	bpf_spin_lock(&head->lock);
	t->seq = ++head->head.seq;
	t->lost = head->head.lost;
	if (t->now - head->head.woken_ns > VG_WAKE_NS) {
		head->head.woken_ns = t->now;
		t->wake = BPF_RB_FORCE_WAKEUP;
	}
	bpf_spin_unlock(&head->lock);
}

static __always_inline void count_lost(struct vg_cpu *head, bool denial)
{
	bpf_spin_lock(&head->lock);
	if (denial)
		head->head.lost++;
	else
		head->head.lost_flows++;
	bpf_spin_unlock(&head->lock);
}

/* ---- events ---------------------------------------------------------------- */

/* What every layer knows.  Not inlined: it is long, and all layers share it. */
static __noinline void event_fill(struct vg_event *e,
				  const struct vg_judgement *j,
				  const struct vg_path *path,
				  const struct vg_ticket *t)
{
	__builtin_memset(e, 0, sizeof(*e));
	e->version = VG_ABI_VERSION;
	e->reason = j->reason;
	e->flags = j->audit ? VG_EVENT_AUDIT : 0;
	e->proto = path->dst.proto;
	e->family = path->family;
	e->service = j->service;
	e->cpu = t->cpu;
	e->seq = t->seq;
	e->lost = t->lost;
	e->boot_ns = t->now;
	__builtin_memcpy(e->dst, path->dst.addr, sizeof(e->dst));
	__builtin_memcpy(e->src, path->src, sizeof(e->src));
	e->dst_port = bpf_ntohs(path->dst.port);
	e->src_port = path->src_port;
}

/* A record, filled, the rest zeroed; or NULL when the ring is full. */
static __always_inline struct vg_event *
event_begin(enum vg_event_type type, enum vg_layer layer,
	    const struct vg_judgement *j, const struct vg_path *path,
	    struct vg_ticket *t)
{
	struct vg_cpu *head = this_cpu(&t->cpu);
	struct vg_event *e;

	if (!head)
		return 0;
	ticket_take(head, t);
	e = bpf_ringbuf_reserve(&events, sizeof(*e), 0);
	if (!e) {
		count_lost(head, type == VG_EVENT_DENIAL);
		return 0;
	}
	event_fill(e, j, path, t);
	e->type = type;
	e->layer = layer;
	return e;
}

/* A task asked, and waits for the answer. */
static __always_inline void report_task(struct bpf_sock_addr *ctx,
					enum vg_layer layer,
					const struct vg_judgement *j,
					const struct vg_path *path)
{
	struct vg_ticket t = {};
	struct vg_event *e;

	e = event_begin(VG_EVENT_DENIAL, layer, j, path, &t);
	if (!e)
		return;
	e->flags |= VG_EVENT_TASK;
	e->cgroup_id = bpf_get_current_cgroup_id();
	e->cookie = bpf_get_socket_cookie(ctx);
	e->netns = bpf_get_netns_cookie(ctx);
	e->pid = bpf_get_current_pid_tgid() >> 32;
	e->uid = bpf_get_current_uid_gid();
	bpf_get_current_comm(e->comm, sizeof(e->comm));
	bpf_ringbuf_submit(e, t.wake);
}

/* A packet: whoever runs now need not be whoever sent it. */
static __always_inline void report_packet(struct __sk_buff *skb,
					  const struct vg_judgement *j,
					  const struct vg_path *path)
{
	struct vg_ticket t = {};
	struct vg_event *e;

	e = event_begin(VG_EVENT_DENIAL, VG_LAYER_EGRESS, j, path, &t);
	if (!e)
		return;
	e->cgroup_id = bpf_skb_cgroup_id(skb);
	e->cookie = bpf_get_socket_cookie(skb);
	bpf_ringbuf_submit(e, t.wake);
}

/* A connection that reached an address without a lease after all. */
static __always_inline void report_connection(struct bpf_sock_ops *ctx,
					      const struct vg_judgement *j,
					      const struct vg_path *path)
{
	struct vg_ticket t = {};
	struct vg_event *e;

	e = event_begin(VG_EVENT_DENIAL, VG_LAYER_SOCK_OPS, j, path, &t);
	if (!e)
		return;
	if (!j->audit)
		e->flags |= VG_EVENT_DESTROY;
	e->cookie = bpf_get_socket_cookie(ctx);
	bpf_ringbuf_submit(e, t.wake);
}

/* Flow ends never take the last half of the ring: that is for denials. */
static __always_inline bool flow_end_has_room(void)
{
	struct vg_cpu *head;
	__u32 cpu;

	if (bpf_ringbuf_query(&events, BPF_RB_AVAIL_DATA) <=
	    bpf_ringbuf_query(&events, BPF_RB_RING_SIZE) / 2)
		return true;
	head = this_cpu(&cpu);
	if (head)
		count_lost(head, false);
	return false;
}

static __always_inline void report_flow_end(struct bpf_sock_ops *ctx,
					    const struct vg_flow *flow,
					    const struct vg_path *path)
{
	struct vg_judgement j = {.service = flow->service};
	struct vg_ticket t = {};
	struct vg_event *e;

	if (!flow_end_has_room())
		return;
	e = event_begin(VG_EVENT_FLOW_END, VG_LAYER_SOCK_OPS, &j, path, &t);
	if (!e)
		return;
	if (flow->kind == VG_FLOW_ACCEPTED)
		e->flags |= VG_EVENT_ACCEPTED;
	e->cookie = bpf_get_socket_cookie(ctx);
	e->sent = ctx->bytes_acked;
	e->received = ctx->bytes_received;
	e->duration_ns = t.now - flow->established_ns;
	bpf_ringbuf_submit(e, t.wake);
}
