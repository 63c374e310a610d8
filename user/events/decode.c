/* SPDX-License-Identifier: Apache-2.0 */
#include "events/decode.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#define FLAGS_KNOWN                                                            \
	(VG_EVENT_AUDIT | VG_EVENT_DESTROY | VG_EVENT_TASK | VG_EVENT_ACCEPTED)

struct vg_track {
	bool fresh;
	uint64_t total;
	struct {
		bool seen;
		uint64_t lost; /* the kernel's count, as far as we saw it */
	} cpus[VG_TRACK_CPUS];
};

static bool family_known(uint8_t family)
{
	return family == 0 || family == AF_INET || family == AF_INET6;
}

static bool lists_hold(const struct vg_event *e)
{
	return e->layer < VG_LAYER_COUNT &&
	       e->reason < VG_REASON_KERNEL_COUNT &&
	       !(e->flags & ~FLAGS_KNOWN) && family_known(e->family) &&
	       e->service < VG_SERVICES_MAX && e->zero == 0;
}

/* What a record of its type cannot say. */
static bool type_holds(const struct vg_event *e)
{
	switch (e->type) {
	case VG_EVENT_DENIAL:
		return e->reason != VG_REASON_NONE && e->sent == 0 &&
		       e->received == 0 && e->duration_ns == 0;
	case VG_EVENT_FLOW_END:
		return e->reason == VG_REASON_NONE &&
		       !(e->flags & VG_EVENT_DESTROY);
	default:
		return false;
	}
}

static bool task_holds(const struct vg_event *e)
{
	static const char none[VG_COMM];

	return (e->flags & VG_EVENT_TASK) ||
	       (e->pid == 0 && e->uid == 0 &&
		memcmp(e->comm, none, sizeof(none)) == 0);
}

/* Nothing after the NUL, which there is in any case. */
static void end_comm(struct vg_event *e)
{
	const size_t length = strnlen(e->comm, sizeof(e->comm) - 1);

	memset(e->comm + length, 0, sizeof(e->comm) - length);
}

int vg_event_decode(const void *data, size_t size, struct vg_event *ret)
{
	struct vg_event e;

	if (size != sizeof(e))
		return -EBADMSG;

	memcpy(&e, data, sizeof(e));
	if (e.version != VG_ABI_VERSION)
		return -EPROTO;
	if (!lists_hold(&e) || !type_holds(&e) || !task_holds(&e))
		return -EBADMSG;

	end_comm(&e);
	*ret = e;
	return 0;
}

int vg_track_new(bool fresh, struct vg_track **ret)
{
	struct vg_track *t;

	t = calloc(1, sizeof(*t));
	if (!t)
		return -ENOMEM;

	t->fresh = fresh;
	*ret = t;
	return 0;
}

void vg_track_freep(struct vg_track **t)
{
	free(*t);
	*t = NULL;
}

int vg_track_put(struct vg_track *t, const struct vg_event *e, uint64_t *ret)
{
	uint64_t before, more;

	if (e->cpu >= VG_TRACK_CPUS)
		return -ERANGE;

	before = t->cpus[e->cpu].lost;
	if (!t->cpus[e->cpu].seen && !t->fresh)
		before = e->lost;

	more = e->lost > before ? e->lost - before : 0;
	t->cpus[e->cpu].seen = true;
	t->cpus[e->cpu].lost = before + more;
	t->total += more;
	*ret = more;
	return 0;
}

uint64_t vg_track_lost(const struct vg_track *t)
{
	return t->total;
}
