/* SPDX-License-Identifier: Apache-2.0 */
/*
 * prover -- drives one endpoint after another up the ladder.
 *
 * Looks A and AAAA up, judges, and looks again in a fresh cache before it
 * believes evidence of attack that came without DNSSEC (an off-path sender
 * could otherwise switch a service off with one forged answer).
 * Runs in the verifier and in `verigress verify`.  Knows no resolver: look-ups
 * are callbacks, connected in daemon/lookup.c.  Does not log.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "resolve/answer.h"
#include "verify/message.h"
#include "verify/proof.h"

#define VG_PROVER_ACTIVE 32 /* endpoints being looked up */
#define VG_PROVER_QUEUE	 2048 /* endpoints waiting for that */

struct vg_prover;

/*
 * Look HOST up; FLAGS as VG_PROVER_*.  FN is called later, once, never from
 * inside ask() or cancel().  *RET is given back to cancel().
 */
#define VG_PROVER_FRESH	    1U
#define VG_PROVER_UNCHECKED 2U
typedef void vg_prover_answer_fn(void *arg, const struct vg_answer *answer);
struct vg_prover_lookups {
	int (*ask)(void *context, const char *host, uint16_t type,
		   unsigned int flags, vg_prover_answer_fn *fn, void *arg,
		   void **ret);
	void (*cancel)(void *context, void *lookup);
	void *context;
};

/*
 * Once for each vg_prover_start(), usually later; from inside a function of
 * this module when look-ups cannot even be started.  It may call any of them
 * but vg_prover_freep().  PROOF is borrowed for the call.
 */
typedef void vg_prover_done_fn(void *arg, uint64_t id,
			       const struct vg_proof *proof);

/* LOOKUPS is copied. */
int vg_prover_new(const struct vg_prover_lookups *lookups,
		  vg_prover_done_fn *done, void *arg, struct vg_prover **ret);
/* Cancels everything; DONE is not called. */
void vg_prover_freep(struct vg_prover **p);

/* Used from the next judgement on.  -E2BIG above VG_MSG_SELF. */
int vg_prover_set_self(struct vg_prover *p, const struct vg_address *self,
		       size_t n);
/* Nothing is looked up before the health is known. */
void vg_prover_set_health(struct vg_prover *p, enum vg_health health,
			  const char *why);

/*
 * Copies PROVE.  Its id may be any number; two with one id are two.
 * -EBUSY: VG_PROVER_QUEUE wait already.
 */
int vg_prover_start(struct vg_prover *p, const struct vg_prove *prove);

/* Every proof of this id is dropped.  None is success. */
void vg_prover_cancel(struct vg_prover *p, uint64_t id);

/* Started and not done. */
size_t vg_prover_pending(const struct vg_prover *p);
