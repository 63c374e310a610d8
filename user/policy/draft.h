/* SPDX-License-Identifier: Apache-2.0 */
/*
 * draft -- services while they are read: the model, and where each part stood.
 *
 * Internal to policy/.  Pure.  Does not log.
 */
#pragma once

#include <stddef.h>

#include "policy/model.h"
#include "policy/walk.h"

struct vg_draft {
	const struct vg_source *source;
	struct vg_service service; /* moved out at the end; name may be NULL */
	struct vg_mark name;
	struct vg_mark *cgroups; /* of service.cgroups */
	size_t n_cgroups;
	struct vg_mark *endpoints; /* of service.endpoints */
	size_t n_endpoints;
};

struct vg_drafts {
	struct vg_draft *items;
	size_t n;
};

void vg_drafts_freep(struct vg_drafts *d);

/* Read one endpoint (INTO is a vg_draft) and append it if it has a name. */
void vg_draft_endpoint(struct vg_walk *w, const struct vg_yaml_node *node,
		       void *into);

/* Read `verify.tls`, for which there is no model yet. */
void vg_draft_tls(struct vg_walk *w, const struct vg_yaml_node *node,
		  void *into);

/*
 * What only all services together show: names, cgroups and endpoints that are
 * there twice or overlap, and limits.  Needs memory; sets W->no_memory.
 */
void vg_drafts_check(struct vg_walk *w, const struct vg_drafts *d);
