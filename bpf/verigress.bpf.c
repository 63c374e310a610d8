/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The hooks.  Each parses, judges, reports, and answers; what is not
 * understood is refused and counted.
 *
 * Address hooks: 1 goes on, 0 is EPERM for the caller.  Egress: 1 lets the
 * packet leave, 0 drops it.  sock_ops can refuse nothing: it marks.
 */
#include "report.h"

/* ---- address hooks --------------------------------------------------------- */

static __always_inline bool is_connect(enum vg_layer layer)
{
	return layer == VG_LAYER_CONNECT4 || layer == VG_LAYER_CONNECT6;
}

static __always_inline int answer_task(struct bpf_sock_addr *ctx,
				       enum vg_layer layer,
				       enum vg_reason parsed,
				       struct vg_path *path)
{
	struct vg_judgement j = {};

	judge_service(&j);
	if (j.reason == VG_REASON_NONE)
		j.reason = parsed;
	if (j.reason == VG_REASON_NONE) {
		judge_address(&j, path);
		if (j.reason != VG_REASON_NONE && is_connect(layer) &&
		    is_route_probe(&j, path))
			return 1;
	}
	count_verdict(&j);
	if (j.reason == VG_REASON_NONE)
		return 1;
	report_task(ctx, layer, &j, path);
	if (!j.audit)
		return 0;
	hear(bpf_get_socket_cookie(ctx), path);
	return 1;
}

SEC("cgroup/connect4")
int vg_connect4(struct bpf_sock_addr *ctx)
{
	struct vg_path path = {};
	enum vg_reason parsed = parse_addr4(ctx, &path);

	return answer_task(ctx, VG_LAYER_CONNECT4, parsed, &path);
}

SEC("cgroup/connect6")
int vg_connect6(struct bpf_sock_addr *ctx)
{
	struct vg_path path = {};
	enum vg_reason parsed = parse_addr6(ctx, &path);

	return answer_task(ctx, VG_LAYER_CONNECT6, parsed, &path);
}

SEC("cgroup/sendmsg4")
int vg_sendmsg4(struct bpf_sock_addr *ctx)
{
	struct vg_path path = {};
	enum vg_reason parsed = parse_addr4(ctx, &path);

	return answer_task(ctx, VG_LAYER_SENDMSG4, parsed, &path);
}

SEC("cgroup/sendmsg6")
int vg_sendmsg6(struct bpf_sock_addr *ctx)
{
	struct vg_path path = {};
	enum vg_reason parsed = parse_addr6(ctx, &path);

	return answer_task(ctx, VG_LAYER_SENDMSG6, parsed, &path);
}

/* ---- egress ---------------------------------------------------------------- */

/* TCP and UDP from sockets of that kind: a raw socket can write any header. */
static __always_inline bool socket_fits(struct bpf_sock *sk,
					const struct vg_path *path)
{
	if (path->dst.proto == IPPROTO_TCP)
		return sk->type == SOCK_STREAM && sk->protocol == IPPROTO_TCP;
	return sk->type == SOCK_DGRAM && sk->protocol == IPPROTO_UDP;
}

/*
 * The lease ended, but is not revoked (then it would not be in the map), and
 * the connection was granted under it: it may go on.
 */
static __always_inline bool may_finish(const struct vg_flow *flow,
				       const struct vg_judgement *j,
				       const struct vg_path *path, __u32 state)
{
	return flow && j->reason == VG_REASON_EXPIRED && !j->expiry_kills &&
	       flow->proto == IPPROTO_TCP && state != BPF_TCP_SYN_SENT &&
	       flow->kind == VG_FLOW_GRANTED && flow_is_of(flow, j, path);
}

/*
 * A socket that sends to many addresses keeps the mark of the first as long
 * as it is good; the others are judged each time.
 */
static __always_inline bool worth_marking(const struct vg_flow *flow,
					  const struct vg_judgement *j,
					  const struct vg_path *path)
{
	return path->dst.proto == IPPROTO_TCP || !flow ||
	       flow_is_of(flow, j, path) || !flow_grants(flow, j);
}

/* Is it an answer to somebody who came to a `listen` port? */
static __always_inline bool is_answer(const struct vg_flow *flow,
				      const struct vg_judgement *j,
				      const struct vg_path *path, __u32 state)
{
	bool accepted = flow && flow->kind == VG_FLOW_ACCEPTED &&
			flow_is_of(flow, j, path);

	if (path->dst.proto == IPPROTO_TCP && !accepted &&
	    state != BPF_TCP_LISTEN && state != BPF_TCP_SYN_RECV)
		return false;
	return may_answer(j->service, path);
}

/* No mark grants it: judge, and mark.  A listening socket carries no mark. */
static __always_inline void judge_anew(struct bpf_sock *sk,
				       struct vg_flow *flow,
				       struct vg_judgement *j,
				       struct vg_path *path)
{
	enum vg_flow_kind kind = VG_FLOW_ACCEPTED;
	__u32 state = sk->state; /* read once: sk is no plain memory */

	if (!is_answer(flow, j, path, state)) {
		if (state == BPF_TCP_LISTEN) {
			j->reason = VG_REASON_NO_LEASE;
			return;
		}
		judge_lease(j, path);
		if (may_finish(flow, j, path, state)) {
			j->reason = VG_REASON_NONE;
			j->until_ns = flow->until_ns;
		}
		kind = VG_FLOW_GRANTED;
	}
	if (state == BPF_TCP_LISTEN || !worth_marking(flow, j, path))
		return;
	if (j->reason == VG_REASON_NONE)
		flow_mark(sk, flow, j, path, kind);
	else if (j->audit)
		flow_mark(sk, flow, j, path, VG_FLOW_REFUSED);
}

/* True when the packet was told about before: audit mode, same verdict. */
static __always_inline bool
judge_packet(struct bpf_sock *sk, struct vg_judgement *j, struct vg_path *path)
{
	struct vg_flow *flow = bpf_sk_storage_get(&flows, sk, 0, 0);

	if (flow && flow_is_of(flow, j, path)) {
		if (flow_grants(flow, j))
			return false;
		if (j->audit && flow->kind == VG_FLOW_REFUSED &&
		    flow->epoch == j->epoch)
			return true;
	}
	judge_anew(sk, flow, j, path);
	return false;
}

static __always_inline bool
judge_skb(struct __sk_buff *skb, struct vg_judgement *j, struct vg_path *path)
{
	struct bpf_sock *sk = skb->sk;

	if (sk)
		sk = bpf_sk_fullsock(sk);
	if (!sk) {
		count_fault(VG_FAULT_SOCKET);
		j->reason = VG_REASON_SOCKET_KIND;
		return false;
	}
	if (!socket_fits(sk, path)) {
		j->reason = VG_REASON_SOCKET_KIND;
		return false;
	}
	return judge_packet(sk, j, path);
}

SEC("cgroup_skb/egress")
int vg_egress(struct __sk_buff *skb)
{
	struct vg_path path = {};
	struct vg_judgement j = {};
	enum vg_reason parsed = parse_packet(skb, &path);

	judge_service(&j);
	if (j.reason == VG_REASON_NONE)
		j.reason = parsed;
	if (j.reason == VG_REASON_NONE && judge_skb(skb, &j, &path))
		return 1;
	if (j.reason == VG_REASON_NONE)
		return 1;
	if (j.audit && was_heard(bpf_get_socket_cookie(skb), &path))
		return 1;
	count_verdict(&j);
	report_packet(skb, &j, &path);
	return j.audit ? 1 : 0;
}

/* ---- sock_ops -------------------------------------------------------------- */

/* Nobody shall wait for minutes for a SYN that egress drops. */
static __always_inline void hurry(struct bpf_sock_ops *ctx)
{
	int ms = VG_REFUSED_TIMEOUT_MS;

	if (bpf_setsockopt(ctx, SOL_TCP, TCP_USER_TIMEOUT, &ms, sizeof(ms)))
		count_fault(VG_FAULT_TIMEOUT);
}

static __always_inline void refuse_connection(struct bpf_sock_ops *ctx,
					      struct bpf_sock *sk,
					      struct vg_flow *flow,
					      struct vg_judgement *j,
					      struct vg_path *path)
{
	flow_mark(sk, flow, j, path, VG_FLOW_REFUSED);
	if (j->audit && was_heard(bpf_get_socket_cookie(ctx), path))
		return;
	count_verdict(j);
	report_connection(ctx, j, path);
	if (!j->audit)
		hurry(ctx);
}

/*
 * Another program may have rewritten the address after connect4 and connect6
 * judged it; this is the one that the connection will have.
 */
static __always_inline struct vg_flow *
judge_connection(struct bpf_sock_ops *ctx, struct bpf_sock *sk)
{
	struct vg_flow *flow = bpf_sk_storage_get(&flows, sk, 0, 0);
	struct vg_path path = {};
	struct vg_judgement j = {};
	enum vg_reason parsed = parse_ops(ctx, &path);

	judge_service(&j);
	if (j.reason == VG_REASON_NONE)
		j.reason = parsed;
	if (j.reason == VG_REASON_NONE) {
		if (flow && flow_is_of(flow, &j, &path) &&
		    flow->epoch == j.epoch)
			return flow;
		judge_lease(&j, &path);
	}
	if (j.reason == VG_REASON_NONE)
		return flow_mark(sk, flow, &j, &path, VG_FLOW_GRANTED);
	refuse_connection(ctx, sk, flow, &j, &path);
	return 0;
}

/* From now on we are told of its end. */
static __always_inline void follow(struct bpf_sock_ops *ctx,
				   struct vg_flow *flow)
{
	flow->established_ns = bpf_ktime_get_boot_ns();
	if (bpf_sock_ops_cb_flags_set(ctx, ctx->bpf_sock_ops_cb_flags |
						   BPF_SOCK_OPS_STATE_CB_FLAG))
		count_fault(VG_FAULT_CALLBACKS);
}

static __always_inline void accept_connection(struct bpf_sock_ops *ctx,
					      struct bpf_sock *sk)
{
	struct vg_path path = {};
	struct vg_judgement j = {};
	struct vg_flow *flow;

	judge_service(&j);
	if (j.reason != VG_REASON_NONE)
		return;
	if (parse_ops(ctx, &path) != VG_REASON_NONE)
		return;
	if (!may_answer(j.service, &path))
		return;
	flow = flow_mark(sk, bpf_sk_storage_get(&flows, sk, 0, 0), &j, &path,
			 VG_FLOW_ACCEPTED);
	if (flow)
		follow(ctx, flow);
}

static __always_inline void end_connection(struct bpf_sock_ops *ctx,
					   struct bpf_sock *sk)
{
	struct vg_flow *flow = bpf_sk_storage_get(&flows, sk, 0, 0);
	struct vg_path path = {};

	if (!flow || !flow->established_ns || flow->kind == VG_FLOW_REFUSED)
		return;
	parse_ops(ctx, &path);
	report_flow_end(ctx, flow, &path);
	flow->established_ns = 0;
}

SEC("sockops")
int vg_sock_ops(struct bpf_sock_ops *ctx)
{
	struct bpf_sock *sk = ctx->sk;
	struct vg_flow *flow;

	if (!sk)
		return 1;
	switch (ctx->op) {
	case BPF_SOCK_OPS_TCP_CONNECT_CB:
		judge_connection(ctx, sk);
		break;
	case BPF_SOCK_OPS_ACTIVE_ESTABLISHED_CB:
		flow = judge_connection(ctx, sk);
		if (flow)
			follow(ctx, flow);
		break;
	case BPF_SOCK_OPS_PASSIVE_ESTABLISHED_CB:
		accept_connection(ctx, sk);
		break;
	case BPF_SOCK_OPS_STATE_CB:
		if (ctx->args[1] == BPF_TCP_CLOSE)
			end_connection(ctx, sk);
		break;
	}
	return 1;
}

char _license[] SEC("license") = "Dual BSD/GPL";
