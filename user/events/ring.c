/* SPDX-License-Identifier: Apache-2.0 */
#include "events/ring.h"

#include <errno.h>
#include <stdlib.h>

#include <bpf/libbpf.h>

#include "base/cleanup.h"

struct vg_ring {
	struct ring_buffer *buffer;
	vg_ring_event on_event;
	void *ctx;
	uint32_t drained;
	uint32_t max;
};

/*
 * libbpf goes on until the ring is empty, which under a flood is never.  A
 * negative return stops it; the record is consumed all the same.
 */
static int on_record(void *ctx, void *data, size_t size)
{
	struct vg_ring *r = ctx;

	r->on_event(r->ctx, data, size);
	r->drained++;
	return r->drained >= r->max ? -ECANCELED : 0;
}

int vg_ring_new(int map_fd, vg_ring_event on_event, void *ctx,
		struct vg_ring **ret)
{
	vg_cleanup(vg_ring_freep) struct vg_ring *r = NULL;

	r = calloc(1, sizeof(*r));
	if (!r)
		return -ENOMEM;

	r->on_event = on_event;
	r->ctx = ctx;
	r->buffer = ring_buffer__new(map_fd, on_record, r, NULL);
	if (!r->buffer)
		return -errno;

	*ret = VG_TAKE_PTR(r);
	return 0;
}

void vg_ring_freep(struct vg_ring **r)
{
	if (!*r)
		return;
	ring_buffer__free((*r)->buffer);
	free(*r);
	*r = NULL;
}

int vg_ring_fd(const struct vg_ring *r)
{
	return ring_buffer__epoll_fd(r->buffer);
}

int vg_ring_drain(struct vg_ring *r, uint32_t max)
{
	int n;

	r->drained = 0;
	r->max = max;
	n = ring_buffer__consume(r->buffer);
	if (n < 0 && n != -ECANCELED)
		return n;
	return (int)r->drained;
}
