/* SPDX-License-Identifier: Apache-2.0 */
/*
 * kept -- a proof as it is kept: its arrays as long as they are used.
 *
 * A struct vg_proof has room for the worst answer, 31 KiB; thousands of them
 * are kept, and nearly all are small.  The fields have the same names.  Pure.
 * Does not log.
 */
#pragma once

#include "verify/proof.h"

struct vg_kept {
	bool granted, confirmed;
	enum vg_effect effect;
	enum vg_dnssec_state dnssec;
	uint32_t ttl;
	uint32_t n_links, n_addresses, n_findings;
	char *host;
	struct vg_link *links;
	struct vg_proof_address *addresses;
	struct vg_finding *findings;
};

/* A copy of P in one allocation, freed with free().  -ENOMEM. */
int vg_kept_new(const struct vg_proof *p, struct vg_kept **ret);

/* What vg_kept_new() was given. */
void vg_kept_proof(const struct vg_kept *k, struct vg_proof *ret);
