/* SPDX-License-Identifier: Apache-2.0 */
/*
 * diff -- what applying one policy in the place of another would change.
 *
 * The keeper applies the changes in order, `verigress diff` prints them.
 * A service is known by its name; an endpoint by its service and its host or
 * literal (the first with the first where one host is listed several times,
 * with ports of its own).  Everything else is content.  Pure.  Does not log.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/json.h"
#include "policy/model.h"

enum vg_change_kind {
	VG_CHANGE_ADDED = 0,
	VG_CHANGE_REMOVED,
	VG_CHANGE_CHANGED
};

/* What of a service (endpoints apart), and what of an endpoint. */
#define VG_CHANGE_MODE	    0x0001U
#define VG_CHANGE_STRICT    0x0002U
#define VG_CHANGE_CGROUPS   0x0004U
#define VG_CHANGE_LISTEN    0x0008U
#define VG_CHANGE_RESOLVERS 0x0010U
#define VG_CHANGE_ON_CHANGE 0x0020U
#define VG_CHANGE_ON_EXPIRY 0x0040U
#define VG_CHANGE_PORTS	    0x0100U
#define VG_CHANGE_SCOPE	    0x0200U
#define VG_CHANGE_DNSSEC    0x0400U
#define VG_CHANGE_RANGES    0x0800U
#define VG_CHANGE_NAT64	    0x1000U
#define VG_CHANGE_HOLD	    0x2000U

struct vg_change {
	enum vg_change_kind kind;
	const struct vg_service *old; /* NULL: the service is new */
	const struct vg_service *new; /* NULL: the service is gone */
	/* Both NULL: the change is of the service itself. */
	const struct vg_endpoint *old_endpoint;
	const struct vg_endpoint *new_endpoint;
	uint32_t fields; /* VG_CHANGE_*; 0 unless kind is CHANGED */
};

/* Borrows both policies, which must outlive it. */
struct vg_diff {
	struct vg_change *items;
	size_t n;
};

/*
 * Removed services first, then the rest in the order of NEW; the change of a
 * service stands before those of its endpoints, and of these what is removed
 * stands first.  The endpoints of an added or removed service are not listed.
 * Either policy may be NULL, which is one without services.
 */
int vg_diff_make(const struct vg_policy *old, const struct vg_policy *new,
		 struct vg_diff **ret);
void vg_diff_freep(struct vg_diff **d);

/* A line a change, with + - ~ and, for ~, what was and what will be. */
void vg_diff_print(const struct vg_diff *d, bool colour, struct vg_buf *out);

/* An array of {change,service,endpoint,fields:[{field,old,new}]}. */
void vg_diff_json(const struct vg_diff *d, struct vg_json *j, const char *key);
