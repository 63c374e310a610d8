/* SPDX-License-Identifier: Apache-2.0 */
/*
 * ring -- the reader of the kernel's ring buffer `events`.
 *
 * Borrowed by the keeper's loop: it waits on vg_ring_fd() and drains when the
 * kernel wakes it or when vg_ring_delay_ms() is over.  The kernel wakes at most
 * once a millisecond and CPU, so a record may lie in the ring without a wake.
 * Not thread-safe.  Does not log.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct vg_ring;

/* One raw record, valid during the call; give it to vg_event_decode(). */
typedef void (*vg_ring_event)(void *ctx, const void *data, size_t size);

/* Borrows MAP_FD only during the call.  -errno of libbpf. */
int vg_ring_new(int map_fd, vg_ring_event on_event, void *ctx,
		struct vg_ring **ret);
void vg_ring_freep(struct vg_ring **r);

/* Readable when the kernel woke us; owned by the ring. */
int vg_ring_fd(const struct vg_ring *r);

/*
 * Hand over at most MAX records (at least 1) and return how many, or -errno.
 * It returns after MAX even while a flood goes on; nothing is lost by that.
 */
int vg_ring_drain(struct vg_ring *r, uint32_t max);

/*
 * How long to wait for a wake before the next drain, after one of MAX gave
 * DRAINED.  WAITED: that one came at the end of such a wait, not by a wake and
 * not after 0.  Only then does an empty ring mean that no record is on its way
 * without a wake.
 */
#define VG_RING_FLOW_MS 2 /* more than the 1 ms between two wakes */
#define VG_RING_IDLE_MS 1000 /* the safety net */
static inline uint32_t vg_ring_delay_ms(int drained, uint32_t max, bool waited)
{
	if (drained > 0)
		return (uint32_t)drained < max ? VG_RING_FLOW_MS : 0;
	return drained == 0 && !waited ? VG_RING_FLOW_MS : VG_RING_IDLE_MS;
}
