/* SPDX-License-Identifier: Apache-2.0 */
/*
 * values -- readers of the kinds of value that policy and daemon file share.
 *
 * Each reports what is wrong at its place; what a function returns or appends
 * is then valid.  bool: false means reported.  char *: owned by the caller,
 * NULL means reported.
 * Internal to policy/.  Pure.  Does not log.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "policy/model.h"
#include "policy/walk.h"

bool vg_value_prefix(struct vg_walk *w, const struct vg_yaml_node *node,
		     struct vg_prefix *ret);
/* A list of prefixes, none of them twice. */
void vg_value_prefixes(struct vg_walk *w, const struct vg_yaml_node *node,
		       struct vg_prefix **items, size_t *n);
/* A list of addresses, none of them twice. */
void vg_value_addresses(struct vg_walk *w, const struct vg_yaml_node *node,
			struct vg_prefix **items, size_t *n);
/* One or many, none of them overlapping. */
void vg_value_ports(struct vg_walk *w, const struct vg_yaml_node *node,
		    struct vg_ports **items, size_t *n);

bool vg_value_duration(struct vg_walk *w, const struct vg_yaml_node *node,
		       uint32_t min_s, uint32_t max_s, uint32_t *ret);

/* A name to look up; a zone. */
char *vg_value_host(struct vg_walk *w, const struct vg_yaml_node *node);
char *vg_value_zone(struct vg_walk *w, const struct vg_yaml_node *node);

/* An absolute path without "." and "..". */
char *vg_value_path(struct vg_walk *w, const struct vg_yaml_node *node);

/* A cgroup below the mount: no leading or trailing '/', never the root. */
char *vg_value_cgroup(struct vg_walk *w, const struct vg_yaml_node *node);
