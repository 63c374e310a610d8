/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * judge -- from a path to a judgement: granted, or refused with a reason.
 *
 * Order: identity, service, lockdown, exact lease, lease of every port, CIDR.
 * Reads maps only.  The epoch is read before the leases: the keeper ends a
 * lease first and bumps the epoch then, so that a verdict that was formed from
 * the old lease carries the old epoch and is worth nothing afterwards.
 */
#pragma once

#include "parse.h"

struct vg_judgement {
	__u64 until_ns; /* of the lease that grants; 0 when none does */
	__u32 service;
	__u32 epoch;
	__u8 reason; /* enum vg_reason; VG_REASON_NONE grants */
	__u8 audit;
	__u8 any_port;
	__u8 has_cidrs;
	__u8 expiry_kills;
	__u8 zero[3];
};

/* Who asks, and whether that service may send anything at all. */
static __always_inline void judge_service(struct vg_judgement *j)
{
	const struct vg_identity *who = bpf_get_local_storage(&identity, 0);
	const struct vg_service_state *state;

	j->reason = VG_REASON_NOT_READY;
	j->service = who->service;
	if (!j->service)
		return;
	state = bpf_map_lookup_elem(&services, &j->service);
	if (!state) {
		count_fault(VG_FAULT_SERVICE);
		return;
	}
	if (!state->present)
		return;
	j->epoch = *(const volatile __u32 *)&state->epoch;
	if (state->lockdown) {
		j->reason = VG_REASON_LOCKDOWN;
		return;
	}
	j->audit = state->mode == VG_MODE_AUDIT;
	j->any_port = state->any_port;
	j->has_cidrs = state->has_cidrs;
	j->expiry_kills = state->expiry_kills;
	j->reason = VG_REASON_NONE;
}

/* An ended lease is a better reason than none, and never undoes a grant. */
static __always_inline bool weigh(struct vg_judgement *j,
				  const struct vg_lease *lease, __u64 now)
{
	if (!lease)
		return false;
	if (lease->until_ns > now) {
		j->until_ns = lease->until_ns;
		j->reason = VG_REASON_NONE;
		return true;
	}
	j->reason = VG_REASON_EXPIRED;
	return false;
}

/* The most specific CIDR that lives; see VG_CIDR_TRIES. */
static __noinline bool judge_cidr(struct vg_judgement *j,
				  const struct vg_lease_key *dst, __u64 now)
{
	struct vg_prefix_key key;
	const struct vg_lease *lease;
	int i;

	key.prefixlen = VG_PREFIX_FIXED + 128;
	__builtin_memcpy(&key.dst, dst, sizeof(key.dst));
#pragma unroll
	for (i = 0; i < VG_CIDR_TRIES; i++) {
		lease = bpf_map_lookup_elem(&cidrs, &key);
		if (!lease)
			return false;
		if (weigh(j, lease, now))
			return true;
		if (!lease->bits || lease->bits > 128)
			return false;
		key.prefixlen = VG_PREFIX_FIXED + lease->bits - 1;
	}
	return false;
}

static __always_inline bool
judge_port(struct vg_judgement *j, const struct vg_lease_key *dst, __u64 now)
{
	if (weigh(j, bpf_map_lookup_elem(&leases, dst), now))
		return true;
	return j->has_cidrs && judge_cidr(j, dst, now);
}

/* Is there a lease for this path?  Sets reason and until_ns. */
static __always_inline void judge_lease(struct vg_judgement *j,
					struct vg_path *path)
{
	__be16 port = path->dst.port;
	__u64 now = bpf_ktime_get_boot_ns();

	path->dst.service = j->service;
	j->reason = VG_REASON_NO_LEASE;
	if (judge_port(j, &path->dst, now))
		return;
	if (!j->any_port)
		return;
	path->dst.port = 0;
	judge_port(j, &path->dst, now);
	path->dst.port = port;
}

/* May this local port answer that remote address?  See struct vg_listen. */
static __noinline bool may_answer(__u32 service, const struct vg_path *path)
{
	struct vg_prefix_key key;

	if (!path->src_port)
		return false;
	key.prefixlen = VG_PREFIX_FIXED + 128;
	key.dst.service = service;
	key.dst.proto = path->dst.proto;
	key.dst.zero = 0;
	key.dst.port = bpf_htons(path->src_port);
	__builtin_memcpy(key.dst.addr, path->dst.addr, sizeof(key.dst.addr));
	return bpf_map_lookup_elem(&listens, &key);
}

/* The verdict of an address hook: a lease, or a UDP server that answers. */
static __always_inline void judge_address(struct vg_judgement *j,
					  struct vg_path *path)
{
	judge_lease(j, path);
	if (j->reason != VG_REASON_NONE && path->dst.proto == IPPROTO_UDP &&
	    may_answer(j->service, path))
		j->reason = VG_REASON_NONE;
}

/*
 * connect() of a UDP socket sends nothing; the C library's getaddrinfo() does
 * it for every address that it found, to sort them by how they would be routed
 * (RFC 6724), with the port of the TCP connection to come or with none.  That
 * is no attempt to go there: what would really be sent on such a socket is
 * judged, as UDP, by egress.
 */
static __noinline bool is_route_probe(const struct vg_judgement *j,
				      struct vg_path *path)
{
	struct vg_judgement tcp = *j;

	if (path->dst.proto != IPPROTO_UDP)
		return false;
	if (!path->dst.port)
		return true;
	path->dst.proto = IPPROTO_TCP;
	judge_lease(&tcp, path);
	path->dst.proto = IPPROTO_UDP;
	return tcp.reason == VG_REASON_NONE;
}
