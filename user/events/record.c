/* SPDX-License-Identifier: Apache-2.0 */
#include "events/record.h"

#include <string.h>

static bool octets_set(const __u8 octets[16])
{
	static const __u8 none[16];

	return memcmp(octets, none, sizeof(none)) != 0;
}

static enum vg_record_kind kind_of(const struct vg_event *e)
{
	if (e->type == VG_EVENT_FLOW_END)
		return VG_RECORD_FLOW_END;
	return e->flags & VG_EVENT_AUDIT ? VG_RECORD_WOULD_DENY
					 : VG_RECORD_DENY;
}

static void fill_verdict(const struct vg_limited *l, struct vg_record *r)
{
	const struct vg_event *e = &l->event;

	r->has |= VG_HAS_VERDICT;
	r->granted = e->type == VG_EVENT_FLOW_END;
	if (!r->granted) {
		r->has |= VG_HAS_REASON | VG_HAS_MODE;
		r->reason = (enum vg_reason)e->reason;
		r->mode = e->flags & VG_EVENT_AUDIT ? VG_MODE_AUDIT
						    : VG_MODE_ENFORCE;
	}
	if (!(l->mixed & VG_MIXED_LAYER)) {
		r->has |= VG_HAS_LAYER;
		r->layer = (enum vg_layer)e->layer;
	}
}

static void fill_process(const struct vg_limited *l, struct vg_record *r)
{
	const struct vg_event *e = &l->event;

	if (l->mixed & VG_MIXED_PROCESS)
		return;
	r->cgroup_id = e->cgroup_id;
	r->netns = e->netns;
	if (!(e->flags & VG_EVENT_TASK))
		return;
	r->has |= VG_HAS_UID;
	r->pid = e->pid;
	r->uid = e->uid;
	r->comm = e->comm;
}

static void fill_addresses(const struct vg_limited *l, struct vg_record *r)
{
	const struct vg_event *e = &l->event;

	if (!(l->mixed & VG_MIXED_DST)) {
		r->proto = e->proto;
		r->family = e->family;
		r->dst_port = e->dst_port;
	}
	/* "::" is an address; without a family nothing was parsed. */
	if (!(l->mixed & VG_MIXED_DST) && e->family != 0) {
		r->has |= VG_HAS_DST;
		memcpy(r->dst.octets, e->dst, sizeof(r->dst.octets));
	}
	if (l->mixed & VG_MIXED_SRC)
		return;
	r->cookie = e->cookie;
	r->src_port = e->src_port;
	if (octets_set(e->src)) {
		r->has |= VG_HAS_SRC;
		memcpy(r->src.octets, e->src, sizeof(r->src.octets));
	}
}

void vg_record_from_event(const struct vg_limited *l, struct vg_record *ret)
{
	const struct vg_event *e = &l->event;
	struct vg_record r = {.kind = kind_of(e), .count = l->count};

	fill_verdict(l, &r);
	fill_process(l, &r);
	fill_addresses(l, &r);
	if (e->type == VG_EVENT_FLOW_END) {
		r.has |= VG_HAS_FLOW;
		r.sent = e->sent;
		r.received = e->received;
		r.duration_ns = e->duration_ns;
		r.accepted = e->flags & VG_EVENT_ACCEPTED;
	}
	*ret = r;
}
