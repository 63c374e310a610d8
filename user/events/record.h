/* SPDX-License-Identifier: Apache-2.0 */
/*
 * record -- what an event of design.md section 9 is in user space.
 *
 * Filled by the keeper (from a kernel event by vg_record_from_event(), or by
 * hand), read by format.  All pointers are borrowed for the time of a call.
 * What is not known stays NULL or 0, or without its bit in HAS where 0 means
 * something: format leaves it out, nothing is ever guessed.  Start from {}.
 * Pure.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/clock.h"
#include "events/limit.h"
#include "policy/address.h"
#include "verigress/abi.h"

enum vg_record_kind {
	VG_RECORD_DENY = 0,
	VG_RECORD_WOULD_DENY,
	VG_RECORD_FLOW_END,
	VG_RECORD_LEASE_SET,
	VG_RECORD_LEASE_END,
	VG_RECORD_FINDING,
	VG_RECORD_POLICY_LOAD,
	VG_RECORD_POLICY_ERROR,
	VG_RECORD_DEGRADED,
	VG_RECORD_RECOVERED,
	VG_RECORD_LOST,
	VG_RECORD_TAGGED_LATE,
	VG_RECORD_COUNT,
};

#define VG_HAS_VERDICT	   0x0001
#define VG_HAS_MODE	   0x0002
#define VG_HAS_REASON	   0x0004
#define VG_HAS_LAYER	   0x0008
#define VG_HAS_UID	   0x0010
#define VG_HAS_SRC	   0x0020
#define VG_HAS_DST	   0x0040
#define VG_HAS_FLOW	   0x0080 /* sent, received, duration_ns */
#define VG_HAS_LOST_BEFORE 0x0100

/* What is remembered of the destination; the times as vg_clock_text(). */
struct vg_memory {
	const char *name; /* the host that it belongs or belonged to */
	const char *verified; /* when it was last found to belong there */
	const char *until; /* when that ended; NULL: it has not */
	const char *finding; /* id of the check that failed since */
	bool candidate; /* it never was granted: the name leads there, and
			   verification refused it with the finding */
};

struct vg_record {
	enum vg_record_kind kind;
	uint32_t has;
	char ts[VG_CLOCK_TEXT]; /* "": absent */
	uint64_t seq; /* number of the line, given by the sink */
	const char *host;
	const char *boot_id;
	bool granted; /* the verdict; an audit denial is refused, mode audit */
	enum vg_mode mode;
	enum vg_reason reason;
	enum vg_layer layer;
	uint64_t count; /* how many it stands for; 0: absent */
	uint64_t lost_before; /* events lost before it, since the start */
	const char *service;
	uint64_t policy_rev;
	const char *endpoint; /* the policy's, when one is concerned */
	const char *cgroup_path;
	uint64_t cgroup_id;
	uint32_t pid;
	uint32_t uid;
	const char *comm;
	const char *exe;
	struct vg_address src;
	uint16_t src_port;
	struct vg_address dst;
	uint16_t dst_port;
	uint8_t proto; /* IPPROTO_* */
	uint8_t family; /* AF_INET or AF_INET6 */
	uint64_t cookie;
	uint64_t netns;
	struct vg_memory memory; /* its name is dst.name, too */
	uint64_t sent;
	uint64_t received;
	uint64_t duration_ns;
	bool accepted; /* flow_end: the peer had connected to us */
	const char *lease_end; /* lease_set: the time it will end */
	/* finding */
	const char *finding_id; /* "DNS_BOGUS" */
	const char *severity;
	const char *action;
	const char *evidence;
	const char *remedy;
	/*
	 * What it is about, for kinds that concern no packet: the layer or
	 * process that degraded or recovered, the place that lost ("ring",
	 * "file", "journal"), the policy file in error; and one sentence more.
	 */
	const char *subject;
	const char *detail;
};

/*
 * Fill *RET (all of it) from what the limiter emitted, as far as the kernel
 * knows it: kind, verdict, mode, reason, layer, count, process, addresses.
 * Fields that differ between the merged events stay absent.  COMM points
 * into L.  The caller adds ts, service, names, memory.
 */
void vg_record_from_event(const struct vg_limited *l, struct vg_record *ret);
