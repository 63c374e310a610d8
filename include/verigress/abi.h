/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The contract between bpf/ and user/.  Every byte of every struct is named:
 * the kernel compares map keys byte by byte, and events go to disk.  Changing
 * a layout means bumping VG_ABI_VERSION; tests/bpf compares every struct here
 * with the BTF of the built object.
 *
 * Addresses are 16 octets in network order; IPv4 is ::ffff:a.b.c.d, so that
 * a plain and a mapped address are one key.
 */
#pragma once

#ifdef __bpf__
#include "vmlinux.h"
#define vg_static_assert _Static_assert
#else
#include <assert.h>
#include <linux/types.h>
#define vg_static_assert static_assert
#endif

#define VG_ABI_VERSION 1

#define VG_SERVICES_MAX 1024 /* ids 1..1023; 0 is "nobody", and refuses */
#define VG_LEASES_MAX	65536 /* default of limits.leases */
#define VG_CIDRS_MAX	16384 /* CIDR leases of all services */
#define VG_LISTENS_MAX	16384 /* `listen` entries of all services */
#define VG_RING_BYTES	(4 << 20) /* default of limits.ring */
#define VG_SERVICE_NAME 64 /* 63 octets (a DNS label) and a NUL */
#define VG_HOST_NAME	256 /* RFC 1035 2.3.4: 255 octets and a NUL */
#define VG_COMM		16 /* TASK_COMM_LEN */

/* ---- identity ---------------------------------------------------------- */

/*
 * CGROUP_STORAGE of the cgroup to which a program is attached.  Zero (as after
 * an attach, before user space wrote it) refuses.  This layout never changes:
 * a link update keeps the storage of the old program.
 */
struct vg_identity {
	__u32 service;
	__u32 zero;
};
vg_static_assert(sizeof(struct vg_identity) == 8, "vg_identity has a hole");

/* ---- services ---------------------------------------------------------- */

enum vg_mode { VG_MODE_ENFORCE = 0, VG_MODE_AUDIT = 1 };

/* Array `services`, indexed by service id. */
struct vg_service_state {
	__u32 epoch; /* bumped when a granted flow must be judged again */
	__u8 present; /* 0: no such service, everything is refused */
	__u8 mode; /* enum vg_mode */
	__u8 lockdown; /* 1: refuse everything, accepted connections too */
	__u8 has_cidrs; /* 1: consult `cidrs` after `leases` */
	__u8 any_port; /* 1: some lease has port 0, which is every port */
	__u8 expiry_kills; /* 1: on_expiry: destroy */
	__u8 ending; /* 1: leases were being ended; the epoch is not bumped yet */
	__u8 zero[5];
	char name[VG_SERVICE_NAME];
};
vg_static_assert(sizeof(struct vg_service_state) == 80,
		 "vg_service_state has a hole");

/* ---- leases ------------------------------------------------------------ */

/* Hash `leases`: one exact permission.  Port 0 is every port (`any/tcp`). */
struct vg_lease_key {
	__u32 service;
	__u8 proto; /* IPPROTO_TCP or IPPROTO_UDP */
	__u8 zero;
	__be16 port; /* as the hooks hand it over; vg_lease.port is for people */
	__u8 addr[16];
};
vg_static_assert(sizeof(struct vg_lease_key) == 24, "vg_lease_key has a hole");

/* LPM trie `cidrs` (value vg_lease) and `listens` (value vg_listen). */
struct vg_prefix_key {
	__u32 prefixlen; /* VG_PREFIX_FIXED + bits of addr that count */
	struct vg_lease_key dst;
};
#define VG_PREFIX_FIXED 64 /* service, proto, zero and port always count */
vg_static_assert(sizeof(struct vg_prefix_key) == 28,
		 "vg_prefix_key has a hole");

struct vg_lease {
	__u64 until_ns; /* CLOCK_BOOTTIME; at or after it the lease has ended */
	__u32 endpoint; /* the keeper's number of the endpoint, for people */
	__u16 port; /* host order; 0 is every port */
	__u16 bits; /* of the address that count; 128: exactly one */
	char name[VG_HOST_NAME]; /* host name, or the literal as text */
};
vg_static_assert(sizeof(struct vg_lease) == 272, "vg_lease has a hole");

/*
 * `listens`: key is {service, proto, LOCAL port, REMOTE prefix}.  TCP entries
 * have prefix ::/0 (anybody may be answered); UDP entries the `from` CIDRs.
 */
struct vg_listen {
	__u32 zero;
};

/* ---- flows ------------------------------------------------------------- */

enum vg_flow_kind {
	VG_FLOW_REFUSED = 1,
	VG_FLOW_GRANTED,
	VG_FLOW_ACCEPTED, /* the peer connected to one of our `listen` ports */
};

/*
 * SK_STORAGE `flows`: the verdict that a socket got, and all that it was made
 * for.  It holds for that service, epoch, protocol and remote address only.
 */
struct vg_flow {
	__u64 until_ns; /* of the lease; 0 when refused or accepted */
	__u64 established_ns; /* CLOCK_BOOTTIME; 0 before */
	__u32 service;
	__u32 epoch;
	__u8 remote[16];
	__be16 remote_port;
	__u16 local_port; /* host order */
	__u8 kind; /* enum vg_flow_kind */
	__u8 proto;
	__u8 zero[2];
};
vg_static_assert(sizeof(struct vg_flow) == 48, "vg_flow has a hole");

/* ---- the pins as a whole ------------------------------------------------ */

/* Array `meta` of one element: what the pinned maps were made by. */
struct vg_meta {
	__u32 abi; /* VG_ABI_VERSION; 0: the maps are not complete */
	__u32 zero;
};
vg_static_assert(sizeof(struct vg_meta) == 8, "vg_meta has a hole");

/* ---- events ------------------------------------------------------------ */

enum vg_event_type {
	VG_EVENT_DENIAL = 1, /* refused, or in audit mode would have been */
	VG_EVENT_FLOW_END = 2, /* a granted TCP connection ended */
};

enum vg_layer {
	VG_LAYER_CONNECT4 = 0,
	VG_LAYER_CONNECT6,
	VG_LAYER_SENDMSG4,
	VG_LAYER_SENDMSG6,
	VG_LAYER_SOCK_OPS,
	VG_LAYER_EGRESS,
	VG_LAYER_COUNT,
};

/*
 * Why.  The kernel knows the first group; user space refines no_lease into
 * the second from what it remembers.  The names are those of design.md.
 */
enum vg_reason {
	VG_REASON_NONE = 0, /* granted */
	VG_REASON_NO_LEASE,
	VG_REASON_EXPIRED,
	VG_REASON_NOT_READY, /* service id 0, or an absent service */
	VG_REASON_FAMILY, /* not IPv4 or IPv6, or not parsable */
	VG_REASON_SOCKET_KIND, /* neither TCP nor UDP */
	VG_REASON_LOCKDOWN,
	VG_REASON_FOREIGN_SOCKET,
	VG_REASON_KERNEL_COUNT,
	/* refined in user space */
	VG_REASON_WRONG_PORT = VG_REASON_KERNEL_COUNT,
	VG_REASON_WRONG_PROTO,
	VG_REASON_REVOKED,
	VG_REASON_COUNT,
};

/* Flags of an event. */
#define VG_EVENT_AUDIT	  0x01 /* let through: mode audit */
#define VG_EVENT_DESTROY  0x02 /* sock_ops asks the keeper to destroy it */
#define VG_EVENT_TASK	  0x04 /* pid, uid and comm are those of the caller */
#define VG_EVENT_ACCEPTED 0x08 /* flow_end: the peer connected to us */

/*
 * One record of the ring `events`.  seq and lost are of the CPU named in cpu
 * and count from 1: a gap in seq is what was lost there.
 */
struct vg_event {
	__u16 version; /* VG_ABI_VERSION */
	__u8 type; /* enum vg_event_type */
	__u8 layer; /* enum vg_layer */
	__u8 reason; /* enum vg_reason, of the first group */
	__u8 flags;
	__u8 proto; /* IPPROTO_*; 0 when not known */
	__u8 family; /* AF_INET or AF_INET6; 0 when not known */
	__u32 service;
	__u32 cpu;
	__u64 seq;
	__u64 lost; /* records lost on this CPU before this one */
	__u64 boot_ns; /* CLOCK_BOOTTIME */
	__u64 cgroup_id; /* of the task (VG_EVENT_TASK) or of the packet */
	__u64 cookie; /* socket cookie; 0 when not known */
	__u64 netns; /* netns cookie; 0 when not known */
	__u8 dst[16];
	__u8 src[16]; /* zeros when not known */
	__u16 dst_port; /* host order */
	__u16 src_port; /* host order; 0 when not known */
	__u32 pid; /* thread group id; 0 when not known */
	__u32 uid;
	char comm[VG_COMM];
	__u32 zero;
	__u64 sent; /* flow_end: octets acknowledged by the peer */
	__u64 received; /* flow_end: octets received */
	__u64 duration_ns; /* flow_end: since establishment */
};
vg_static_assert(sizeof(struct vg_event) == 152, "vg_event has a hole");

/* ---- counters ---------------------------------------------------------- */

/*
 * Array `cpus`, one element a CPU, each under its own spin lock: exact even
 * where a program is preempted (per-CPU maps are not).
 */
struct vg_cpu_head { /* what follows the lock; mirrored in bpf/maps.h */
	__u64 seq;
	__u64 lost; /* denials that found no room in the ring */
	__u64 lost_flows; /* flow ends that found none */
	__u64 woken_ns; /* when the reader was last woken from this CPU */
};

/*
 * Per-CPU array `counters`, index service * VG_COUNTERS + enum vg_counter.
 * In audit mode the refusals count under VG_COUNTER_WOULD as well.
 */
enum vg_counter {
	VG_COUNTER_REASON = 0, /* + enum vg_reason; [0] counts what was granted
				  by an address hook */
	VG_COUNTER_WOULD = VG_REASON_KERNEL_COUNT, /* + reason: audit mode */
	VG_COUNTERS = 16,
};
vg_static_assert(2 * VG_REASON_KERNEL_COUNT <= VG_COUNTERS, "counters overlap");

/* Per-CPU array `faults`: helpers that failed, each at its place. */
enum vg_fault {
	VG_FAULT_IDENTITY = 0, /* no cgroup storage */
	VG_FAULT_SERVICE, /* service id out of range */
	VG_FAULT_STORAGE, /* sk_storage could not be made */
	VG_FAULT_PARSE, /* bpf_skb_load_bytes failed */
	VG_FAULT_SOCKET, /* a packet without a full socket */
	VG_FAULT_CALLBACKS, /* bpf_sock_ops_cb_flags_set failed */
	VG_FAULT_TIMEOUT, /* TCP_USER_TIMEOUT could not be set */
	VG_FAULT_CPU, /* CPU number out of range */
	VG_FAULT_COUNT,
};
