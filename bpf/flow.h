/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * flow -- the verdict that is remembered at a socket.
 *
 * Invariants:
 * 1. A mark holds only for the service, epoch, protocol, remote address and
 *    remote port in it.
 * 2. A mark never changes its tuple: it is taken off and a new one is made,
 *    whole, so that two threads on one socket never see half of each.
 */
#pragma once

#include "judge.h"

/* Invariant 1, all but the epoch. */
static __always_inline bool flow_is_of(const struct vg_flow *flow,
				       const struct vg_judgement *j,
				       const struct vg_path *path)
{
	return flow->service == j->service && flow->proto == path->dst.proto &&
	       flow->remote_port == path->dst.port &&
	       same_address(flow->remote, path->dst.addr);
}

/*
 * Does the mark still grant?  A TCP connection may outlive its lease (on_expiry:
 * keep); a datagram may not.
 */
static __always_inline bool flow_grants(const struct vg_flow *flow,
					const struct vg_judgement *j)
{
	if (flow->epoch != j->epoch)
		return false;
	if (flow->kind == VG_FLOW_ACCEPTED)
		return true;
	if (flow->kind != VG_FLOW_GRANTED)
		return false;
	if (flow->proto == IPPROTO_TCP && !j->expiry_kills)
		return true;
	return flow->until_ns > bpf_ktime_get_boot_ns();
}

/* Remember J for PATH.  OLD is the socket's mark, or NULL. */
static __always_inline struct vg_flow *flow_mark(struct bpf_sock *sk,
						 struct vg_flow *old,
						 const struct vg_judgement *j,
						 const struct vg_path *path,
						 enum vg_flow_kind kind)
{
	struct vg_flow made = {};

	if (old && flow_is_of(old, j, path) && old->kind == kind) {
		old->until_ns = j->until_ns;
		old->epoch = j->epoch;
		return old;
	}
	if (old)
		bpf_sk_storage_delete(&flows, sk);
	made.until_ns = j->until_ns;
	made.service = j->service;
	made.epoch = j->epoch;
	__builtin_memcpy(made.remote, path->dst.addr, sizeof(made.remote));
	made.remote_port = path->dst.port;
	made.local_port = path->src_port;
	made.kind = kind;
	made.proto = path->dst.proto;
	old = bpf_sk_storage_get(&flows, sk, &made,
				 BPF_SK_STORAGE_GET_F_CREATE);
	if (!old)
		count_fault(VG_FAULT_STORAGE);
	return old;
}
