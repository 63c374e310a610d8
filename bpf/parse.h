/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * parse -- from a hook's context to a path: where to, from where, by what.
 *
 * Nothing is decided here.  A parser returns VG_REASON_NONE, or why this can
 * not be judged; what was understood until then is in the path, for the event.
 */
#pragma once

#include "maps.h"

#include <bpf/bpf_endian.h>

struct vg_path {
	struct vg_lease_key dst; /* service is filled in by judge.h */
	__u8 src[16]; /* zeros when not known */
	__u16 src_port; /* host order; 0 when not known */
	__u8 family; /* as on the wire */
	__u8 zero;
};

static __always_inline void count_fault(enum vg_fault fault)
{
	__u32 key = fault;
	__u64 *value = bpf_map_lookup_elem(&faults, &key);

	if (value)
		__sync_fetch_and_add(value, 1);
}

/* Every address here lies at a multiple of 4; bytewise access is slow. */
static __always_inline void put_word(__u8 *addr, int i, __u32 word)
{
	__builtin_memcpy(__builtin_assume_aligned(addr + 4 * i, 4), &word, 4);
}

static __always_inline __u32 get_word(const __u8 *addr, int i)
{
	__u32 word;

	__builtin_memcpy(&word, __builtin_assume_aligned(addr + 4 * i, 4), 4);
	return word;
}

static __always_inline bool same_address(const __u8 *a, const __u8 *b)
{
	return get_word(a, 0) == get_word(b, 0) &&
	       get_word(a, 1) == get_word(b, 1) &&
	       get_word(a, 2) == get_word(b, 2) &&
	       get_word(a, 3) == get_word(b, 3);
}

static __always_inline void put_ip4(__u8 *addr, __u32 ip4)
{
	put_word(addr, 2, bpf_htonl(0xffff));
	put_word(addr, 3, ip4);
}

static __always_inline bool is_mapped(const __u8 *addr)
{
	return !get_word(addr, 0) && !get_word(addr, 1) &&
	       get_word(addr, 2) == bpf_htonl(0xffff);
}

/* An MPTCP socket speaks TCP; its subflows come here one by one as well. */
static __always_inline enum vg_reason path_protocol(struct vg_path *path,
						    __u32 protocol)
{
	if (protocol == IPPROTO_MPTCP)
		protocol = IPPROTO_TCP;
	path->dst.proto = protocol;
	if (protocol != IPPROTO_TCP && protocol != IPPROTO_UDP)
		return VG_REASON_SOCKET_KIND;
	return VG_REASON_NONE;
}

/*
 * The kernel sends what is addressed to 0.0.0.0 to the socket's own source
 * address, or to 127.0.0.1: judge what it will use.
 */
static __always_inline void path_dst4(struct vg_path *path, __u32 ip4,
				      __u32 src4)
{
	if (!ip4)
		ip4 = src4 ? src4 : bpf_htonl(0x7f000001);
	put_ip4(path->dst.addr, ip4);
	path->family = AF_INET;
}

/* The four address hooks share the socket's side. */
static __always_inline void path_source(struct vg_path *path,
					struct bpf_sock_addr *ctx, bool ip4)
{
	struct bpf_sock *sk = ctx->sk;

	if (!sk)
		return;
	path->src_port = sk->src_port;
	if (ip4) {
		if (sk->src_ip4)
			put_ip4(path->src, sk->src_ip4);
		return;
	}
	put_word(path->src, 0, sk->src_ip6[0]);
	put_word(path->src, 1, sk->src_ip6[1]);
	put_word(path->src, 2, sk->src_ip6[2]);
	put_word(path->src, 3, sk->src_ip6[3]);
}

/* user_family may be AF_UNSPEC here: the hook itself says it is IPv4. */
static __always_inline enum vg_reason parse_addr4(struct bpf_sock_addr *ctx,
						  struct vg_path *path)
{
	path_source(path, ctx, true);
	path_dst4(path, ctx->user_ip4, get_word(path->src, 3));
	path->dst.port = ctx->user_port;
	return path_protocol(path, ctx->protocol);
}

/* :: is loopback too: ::1, or 127.0.0.1 for a socket bound to IPv4. */
static __always_inline void path_dst6_any(struct vg_path *path)
{
	if (is_mapped(path->src)) {
		path_dst4(path, 0, 0);
		return;
	}
	put_word(path->dst.addr, 3, bpf_htonl(1));
}

static __always_inline enum vg_reason parse_addr6(struct bpf_sock_addr *ctx,
						  struct vg_path *path)
{
	__u32 w0 = ctx->user_ip6[0], w1 = ctx->user_ip6[1];
	__u32 w2 = ctx->user_ip6[2], w3 = ctx->user_ip6[3];

	path_source(path, ctx, false);
	path->family = AF_INET6;
	put_word(path->dst.addr, 0, w0);
	put_word(path->dst.addr, 1, w1);
	put_word(path->dst.addr, 2, w2);
	put_word(path->dst.addr, 3, w3);
	if (!w0 && !w1 && !w2 && !w3)
		path_dst6_any(path);
	else if (is_mapped(path->dst.addr))
		path_dst4(path, w3,
			  is_mapped(path->src) ? get_word(path->src, 3) : 0);
	path->dst.port = ctx->user_port;
	return path_protocol(path, ctx->protocol);
}

/* remote_port has the port in network order in 32 bits, local_port is plain. */
static __always_inline enum vg_reason parse_ops(struct bpf_sock_ops *ctx,
						struct vg_path *path)
{
	path->dst.port = bpf_htons(bpf_ntohl(ctx->remote_port));
	path->dst.proto = IPPROTO_TCP;
	path->src_port = ctx->local_port;
	path->family = ctx->family;
	if (ctx->family == AF_INET) {
		put_ip4(path->dst.addr, ctx->remote_ip4);
		put_ip4(path->src, ctx->local_ip4);
		return VG_REASON_NONE;
	}
	if (ctx->family != AF_INET6)
		return VG_REASON_FAMILY;
	put_word(path->dst.addr, 0, ctx->remote_ip6[0]);
	put_word(path->dst.addr, 1, ctx->remote_ip6[1]);
	put_word(path->dst.addr, 2, ctx->remote_ip6[2]);
	put_word(path->dst.addr, 3, ctx->remote_ip6[3]);
	put_word(path->src, 0, ctx->local_ip6[0]);
	put_word(path->src, 1, ctx->local_ip6[1]);
	put_word(path->src, 2, ctx->local_ip6[2]);
	put_word(path->src, 3, ctx->local_ip6[3]);
	if (is_mapped(path->dst.addr))
		path->family = AF_INET;
	return VG_REASON_NONE;
}

/* ---- packets ------------------------------------------------------------- */

/* Headers as egress takes them: nothing between address and ports. */
struct packet4 {
	__u8 version_words;
	__u8 tos;
	__be16 length;
	__be16 id;
	__be16 fragment;
	__u8 ttl;
	__u8 protocol;
	__be16 checksum;
	__be32 src;
	__be32 dst;
	__be16 src_port;
	__be16 dst_port;
};

struct packet6 {
	__be32 version_flow;
	__be16 length;
	__u8 protocol;
	__u8 hops;
	__u8 src[16];
	__u8 dst[16];
	__be16 src_port;
	__be16 dst_port;
};

static __always_inline void path_ports(struct vg_path *path, __be16 src,
				       __be16 dst)
{
	path->src_port = bpf_ntohs(src);
	path->dst.port = dst;
}

/* The ports may not be there: ICMP and others end before them. */
static __always_inline enum vg_reason parse_short4(struct __sk_buff *skb,
						   struct vg_path *path)
{
	struct packet4 p;

	if (bpf_skb_load_bytes(skb, 0, &p, 20)) {
		count_fault(VG_FAULT_PARSE);
		return VG_REASON_FAMILY;
	}
	put_ip4(path->dst.addr, p.dst);
	put_ip4(path->src, p.src);
	path_protocol(path, p.protocol);
	return VG_REASON_SOCKET_KIND;
}

static __always_inline enum vg_reason parse_packet4(struct __sk_buff *skb,
						    struct vg_path *path)
{
	struct packet4 p;
	enum vg_reason reason;

	path->family = AF_INET;
	if (bpf_skb_load_bytes(skb, 0, &p, sizeof(p)))
		return parse_short4(skb, path);
	put_ip4(path->dst.addr, p.dst);
	put_ip4(path->src, p.src);
	reason = path_protocol(path, p.protocol);
	if (reason != VG_REASON_NONE)
		return reason;
	if (p.version_words != VG_IP4_PLAIN)
		return VG_REASON_FAMILY;
	if (p.fragment & bpf_htons(VG_IP4_OFFSET))
		return VG_REASON_FAMILY;
	path_ports(path, p.src_port, p.dst_port);
	return VG_REASON_NONE;
}

/*
 * A header between address and TCP or UDP is a protocol that we refuse.  On
 * the wire a mapped address is not the IPv4 address: no lease may match it.
 */
static __always_inline enum vg_reason parse_packet6(struct __sk_buff *skb,
						    struct vg_path *path)
{
	struct packet6 p;
	enum vg_reason reason;

	path->family = AF_INET6;
	if (bpf_skb_load_bytes(skb, 0, &p, sizeof(p))) {
		count_fault(VG_FAULT_PARSE);
		return VG_REASON_FAMILY;
	}
	__builtin_memcpy(path->dst.addr, p.dst, 16);
	__builtin_memcpy(path->src, p.src, 16);
	reason = path_protocol(path, p.protocol);
	if (reason != VG_REASON_NONE)
		return reason;
	if (is_mapped(path->dst.addr))
		return VG_REASON_FAMILY;
	path_ports(path, p.src_port, p.dst_port);
	return VG_REASON_NONE;
}

static __always_inline enum vg_reason parse_packet(struct __sk_buff *skb,
						   struct vg_path *path)
{
	if (skb->protocol == bpf_htons(ETH_P_IP))
		return parse_packet4(skb, path);
	if (skb->protocol == bpf_htons(ETH_P_IPV6))
		return parse_packet6(skb, path);
	return VG_REASON_FAMILY;
}
