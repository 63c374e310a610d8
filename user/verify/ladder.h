/* SPDX-License-Identifier: Apache-2.0 */
/*
 * ladder -- the order in which an endpoint is judged (verification.md E).
 *
 *   0 name      is it a host name that DNS may be asked about?
 *   1 anchors   can the trust anchors be proven at all?
 *   2 answers   did both look-ups give an answer that may be believed?
 *   3 chain     where does the name lead, and is something there?
 *   4 addresses is each one of a class, and in the ranges, that is allowed?
 *   5 identity  is anything proven beyond the unsigned word of DNS?
 *
 * A rung that blocks is the last one; within a rung everything is reported.
 * Called by the prover.  Pure: no clock, TTLs are data.  Does not log.
 */
#pragma once

#include <stdbool.h>

#include "policy/address.h"
#include "policy/model.h"
#include "resolve/answer.h"
#include "verify/proof.h"

#define VG_LADDER_SHORT_TTL 15 /* s: the shortest refresh */

enum vg_rung {
	VG_RUNG_NAME = 0,
	VG_RUNG_ANCHORS,
	VG_RUNG_ANSWERS,
	VG_RUNG_CHAIN,
	VG_RUNG_ADDRESSES,
	VG_RUNG_IDENTITY,
	VG_RUNG_COUNT,
};
const char *vg_rung_name(enum vg_rung rung);
/* The rung on which findings of this kind are made. */
enum vg_rung vg_finding_rung(enum vg_finding_id id);

/* Everything is borrowed. */
struct vg_ladder_input {
	const char *host;
	enum vg_dnssec_rule dnssec;
	bool strict; /* medium findings block */
	bool has_tls; /* identity is proven by TLS; a later issue sets it */
	struct vg_class_rules rules;
	const struct vg_answer *a;
	const struct vg_answer *aaaa;
	enum vg_health health;
	const char *health_why;
};

/*
 * *RET is made anew.  ret->confirmed says whether what speaks against the
 * endpoint came with DNSSEC; the prover sets it after repeating the look-up.
 */
void vg_ladder_judge(const struct vg_ladder_input *in, struct vg_proof *ret);

/* A literal address or CIDR: rungs 0 and 4 without DNS; TEXT is its name. */
void vg_ladder_literal(const char *text, const struct vg_prefix *literal,
		       struct vg_proof *ret);
