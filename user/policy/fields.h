/* SPDX-License-Identifier: Apache-2.0 */
/*
 * fields -- what a service and an endpoint say, field by field: for comparing
 * and for printing what changed.
 *
 * Lists are compared as sets: their order means nothing.
 * Internal to policy/.  Pure.  Does not log.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "policy/model.h"

/* A and B, and X, are services or endpoints, as the table is for. */
struct vg_field {
	uint32_t bit; /* VG_CHANGE_* */
	const char *name; /* as in the policy file */
	bool (*equal)(const struct vg_field *f, const void *a, const void *b);
	void (*text)(const struct vg_field *f, const void *x,
		     struct vg_buf *out);
	/* For fields that are one of a few words. */
	size_t offset;
	const char *const *words;
};

struct vg_fields {
	const struct vg_field *items;
	size_t n;
};

extern const struct vg_fields vg_service_fields;
extern const struct vg_fields vg_endpoint_fields;

/* The bits of the fields in which A and B differ. */
uint32_t vg_fields_differ(const struct vg_fields *fields, const void *a,
			  const void *b);
