/* SPDX-License-Identifier: Apache-2.0 */
/*
 * anchors -- trust anchors as text -> records, one a line, and their zones.
 *
 * Takes what root.key, *.key and dsset files hold: DS and DNSKEY records with
 * comments, optional TTL and class, and parentheses over lines.  What the
 * record's fields mean is libunbound's business.  Pure.  Does not log.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#define VG_ANCHORS_RECORDS 128
#define VG_ANCHORS_LINE	   8192 /* octets of one record: an RSA-4096 key has 800 */

struct vg_anchor {
	char *zone; /* lower case, no trailing dot; "." is the root */
	char *record; /* "ZONE IN DS ..." on one line */
};

struct vg_anchors {
	size_t n;
	struct vg_anchor items[VG_ANCHORS_RECORDS];
};

/* -EINVAL: something that is no DS or DNSKEY; -E2BIG: too many, or too long. */
int vg_anchors_parse(const char *text, struct vg_anchors **ret);
void vg_anchors_freep(struct vg_anchors **a);

/* The zone whose key shows that validation works: the root's if it is there. */
const char *vg_anchors_canary(const struct vg_anchors *a);

/* An anchor other than the root's is at or above ZONE. */
bool vg_anchors_cover(const struct vg_anchors *a, const char *zone);

/* NAME is ZONE or lies below it; both as in struct vg_anchor. */
bool vg_zone_contains(const char *zone, const char *name);
