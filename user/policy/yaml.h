/* SPDX-License-Identifier: Apache-2.0 */
/*
 * yaml -- a YAML text as a bounded tree that knows where everything stands.
 *
 * The only user of libyaml.  Accepts less than YAML: no anchors, aliases, tags
 * or merge keys, what vg_source_check() lets through, at most VG_YAML_DEPTH
 * levels and VG_YAML_NODES nodes.
 * Internal to policy/.  Pure.  Does not log.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "policy/diag.h"
#include "policy/parse.h"

#define VG_YAML_DEPTH 16
#define VG_YAML_NODES 200000

enum vg_yaml_kind { VG_YAML_SCALAR = 0, VG_YAML_SEQUENCE, VG_YAML_MAPPING };

struct vg_mark {
	uint32_t line, column; /* from 1; columns are characters */
};

struct vg_yaml_node {
	enum vg_yaml_kind kind;
	bool plain; /* a scalar without quotes */
	bool broken; /* stands for something refused; already reported */
	struct vg_mark mark;
	struct vg_yaml_node *next; /* sibling */
	struct vg_yaml_node
		*first; /* child; of a mapping key, value, key ... */
	struct vg_yaml_node *last;
	struct vg_yaml_node *made_before; /* for freeing */
	size_t size;
	char text[]; /* scalar: SIZE octets, none of them NUL, and a NUL */
};

struct vg_yaml {
	struct vg_yaml_node *documents; /* siblings */
	struct vg_yaml_node *made; /* the last one made */
	size_t n_nodes;
};

/*
 * -EINVAL: what is wrong with the YAML is in DIAGS.  On success DIAGS may hold
 * errors as well (an alias, a tag), in whose place stands a `broken` node.
 */
int vg_yaml_parse(const struct vg_source *source, struct vg_yaml **ret,
		  struct vg_diags *diags);
void vg_yaml_freep(struct vg_yaml **y);
