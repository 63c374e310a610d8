/* SPDX-License-Identifier: Apache-2.0 */
/*
 * lookup -- resolver and prover, connected.
 *
 * Used by the verifier and by `verigress verify`.  Does not log.
 */
#pragma once

#include "resolve/resolver.h"
#include "verify/prover.h"

struct vg_lookup;

/* HEALTH, already passed on to the prover; may be NULL. */
struct vg_lookup_calls {
	vg_prover_done_fn *done;
	vg_resolver_health_fn *health;
	void *arg;
};

/*
 * Borrows BASE; NULL: a loop of its own, for vg_lookup_run().  Errors as
 * vg_resolver_new().
 */
int vg_lookup_new(struct event_base *base, const struct vg_msg_config *config,
		  const struct vg_lookup_calls *calls, struct vg_lookup **ret);
void vg_lookup_freep(struct vg_lookup **l);

/*
 * Only with a loop of its own: serve it until nothing is pending, at most MS.
 */
void vg_lookup_run(struct vg_lookup *l, uint32_t ms);

/* Borrowed; for start, cancel and set_self. */
struct vg_prover *vg_lookup_prover(struct vg_lookup *l);

/*
 * The addresses of this host's interfaces in its network namespace, loopback
 * and link-local ones left out (their class refuses them), at most MAX of
 * them; returns how many, or -errno.
 */
int vg_lookup_self(struct vg_address *ret, size_t max);
