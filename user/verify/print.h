/* SPDX-License-Identifier: Apache-2.0 */
/*
 * print -- a proof for people and for programs.
 *
 * What strangers named is escaped for the terminal.  Pure.  Does not log.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/json.h"
#include "policy/model.h"
#include "verify/proof.h"

/* Counts for the last line. */
struct vg_print_summary {
	uint32_t endpoints, granted, refused, addresses, warnings;
};

void vg_print_count(const struct vg_proof *proof, struct vg_print_summary *s);

/*
 * The ladder of one endpoint: a headline, each rung with ok, warn or BLOCK,
 * its evidence, the findings and what to do.
 */
void vg_print_proof(const struct vg_service *service,
		    const struct vg_endpoint *endpoint,
		    const struct vg_proof *proof, bool colour,
		    struct vg_buf *out);
void vg_print_summary(const struct vg_print_summary *s, bool colour,
		      struct vg_buf *out);

/*
 * The fields of an object of `endpoints` (design.md 8): for `verify -j` and,
 * with more fields after them, for `show -j`.  LEASE_ENDS: for each address of
 * the proof the time its lease ends, NULL for none; may itself be NULL.
 */
void vg_print_proof_fields(const struct vg_service *service,
			   const struct vg_endpoint *endpoint,
			   const struct vg_proof *proof,
			   const char *const *lease_ends, struct vg_json *j);
void vg_print_summary_json(const struct vg_print_summary *s, struct vg_json *j,
			   const char *key);
