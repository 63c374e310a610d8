/* SPDX-License-Identifier: Apache-2.0 */
/*
 * limit -- a million denials a second become a few lines, and none is
 * forgotten: the counts that come out add up to the events that went in.
 *
 * The first event of a kind (service, layer, reason, process, destination)
 * goes out at once; those that follow in the same window of a second are
 * counted and go out as one at its end.  Beyond VG_LIMIT_KEYS new kinds a
 * window (a scan over random addresses) they are merged per service, reason
 * and mode, and what differs between them is said to be mixed, not guessed.
 * Flow ends are not counted together but for the same overflow, with their
 * octets added up.
 * Pure: the time (ns, never going back) is given.  Does not log.
 */
#pragma once

#include <stdint.h>

#include "verigress/abi.h"

#define VG_LIMIT_WINDOW_NS 1000000000ULL
#define VG_LIMIT_KEYS	   512 /* new kinds a window */

/* Fields of the event that differ between those merged: they are zero. */
#define VG_MIXED_LAYER	 0x01
#define VG_MIXED_PROCESS 0x02 /* pid, uid, comm, cgroup_id, netns */
#define VG_MIXED_DST	 0x04 /* dst, dst_port, proto, family */
#define VG_MIXED_SRC	 0x08 /* src, src_port, cookie */

struct vg_limited {
	struct vg_event event; /* the first of those merged; checked before */
	uint64_t count; /* at least 1 */
	uint32_t mixed;
};

struct vg_limit;

/* L is valid during the call; it must not call back into the limiter. */
typedef void (*vg_limit_emit)(void *ctx, const struct vg_limited *l);

/* SEED: random, so that nobody can aim at one bucket. */
int vg_limit_new(uint64_t seed, vg_limit_emit emit, void *ctx,
		 struct vg_limit **ret);
void vg_limit_freep(struct vg_limit **l); /* what was held back is dropped */

/* E came out of vg_event_decode(). */
void vg_limit_put(struct vg_limit *l, const struct vg_event *e, uint64_t now);
/* Emit what is due at NOW. */
void vg_limit_tick(struct vg_limit *l, uint64_t now);
/* Emit all that is held back (shutdown, `watch`, end of a run). */
void vg_limit_flush(struct vg_limit *l);
/* When the next tick is due; UINT64_MAX: nothing is held back. */
uint64_t vg_limit_deadline(const struct vg_limit *l);
