/* SPDX-License-Identifier: Apache-2.0 */
/*
 * walk -- a YAML tree against tables of keys.
 *
 * A table says which keys a mapping may have and which function reads the
 * value of each.  Readers report what is wrong and go on, so that one pass
 * finds all errors; whoever started asks vg_walk_result() at the end.
 * A `broken` node was reported before and is skipped in silence.
 * Internal to policy/.  Pure.  Does not log.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "policy/diag.h"
#include "policy/nearest.h"
#include "policy/yaml.h"

struct vg_walk {
	const struct vg_source *source;
	struct vg_diags *diags;
	bool no_memory;
};

struct vg_key {
	const char *name;
	void (*read)(struct vg_walk *w, const struct vg_yaml_node *value,
		     void *into);
	bool required;
};

/* 0; -EINVAL when DIAGS holds errors; -ENOMEM. */
int vg_walk_result(const struct vg_walk *w);

__attribute__((format(printf, 4, 5))) void
vg_walk_error(struct vg_walk *w, const struct vg_mark *at, const char *hint,
	      const char *format, ...);
__attribute__((format(printf, 4, 5))) void
vg_walk_warning(struct vg_walk *w, const struct vg_mark *at, const char *hint,
		const char *format, ...);

/* "WHAT is not supported yet", at AT. */
void vg_walk_unsupported(struct vg_walk *w, const struct vg_mark *at,
			 const char *what);

/*
 * Read every key of NODE into INTO.  WHAT names the mapping in messages.
 * Unknown, repeated and missing keys are errors.  False when NODE is no
 * mapping, which is then reported.
 */
bool vg_walk_mapping(struct vg_walk *w, const struct vg_yaml_node *node,
		     const char *what, const struct vg_key *keys, size_t n,
		     void *into);

/* NODE is a mapping and has the key NAME, whatever its value. */
bool vg_walk_has(const struct vg_yaml_node *node, const char *name);

/*
 * READ each item of the sequence NODE, at most MAX of them; with ONE_OR_MANY
 * a value alone stands for a list of it.
 */
void vg_walk_items(struct vg_walk *w, const struct vg_yaml_node *node,
		   size_t max,
		   void (*read)(struct vg_walk *w,
				const struct vg_yaml_node *item, void *into),
		   void *into);
void vg_walk_one_or_many(struct vg_walk *w, const struct vg_yaml_node *node,
			 size_t max,
			 void (*read)(struct vg_walk *w,
				      const struct vg_yaml_node *item,
				      void *into),
			 void *into);

/* The text of a scalar that is not empty; NULL, reported, when it is not. */
const char *vg_walk_text(struct vg_walk *w, const struct vg_yaml_node *node);

/* A copy of TEXT; NULL sets no_memory. */
char *vg_walk_strdup(struct vg_walk *w, const char *text);

/* `true` or `false` without quotes, nothing else. */
void vg_walk_bool(struct vg_walk *w, const struct vg_yaml_node *node,
		  bool *ret);

/* The index of the text in WORDS; false, reported, when it is none of them. */
bool vg_walk_choice(struct vg_walk *w, const struct vg_yaml_node *node,
		    const char *const *words, size_t n, size_t *ret);

/*
 * One more element of SIZE octets, zeroed, at the end of the array at ARRAY (a
 * pointer to a pointer), which has *N.  NULL sets no_memory.
 */
void *vg_walk_append(struct vg_walk *w, void *array, size_t *n, size_t size);
