/* SPDX-License-Identifier: Apache-2.0 */
/*
 * table -- what the book is made of: leases, the claims on them, the
 * endpoints that claim, and how they are found.
 *
 * For book.c, ask.c and departed.c only.  Chained hash tables of fixed size:
 * the book is made for a number of leases that does not change.  Pure.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/queue.h>

#include "enforce/book.h"

struct vg_table_lease;
struct vg_table_place;
struct vg_table_endpoint;

struct vg_table_claim {
	LIST_ENTRY(vg_table_claim) of_lease;
	LIST_ENTRY(vg_table_claim) of_endpoint;
	struct vg_table_lease *lease;
	struct vg_table_endpoint *endpoint;
	uint64_t until;
	uint64_t verified;
	const char *class;
};
LIST_HEAD(vg_table_claims, vg_table_claim);

/*
 * One entry of the kernel map.  Invariants:
 * 1. It is in exactly one of the lists live and ended (of its kind).
 * 2. live: it has a claim.  ended: it has none.
 * 3. `until` is what the kernel was told.
 */
struct vg_table_lease {
	LIST_ENTRY(vg_table_lease) in_bucket;
	LIST_ENTRY(vg_table_lease) of_place;
	TAILQ_ENTRY(vg_table_lease) in_list;
	struct vg_permission what;
	struct vg_table_place *place;
	struct vg_table_claims claims;
	uint64_t until;
	uint32_t last; /* ended: the endpoint whose claim was the last */
	bool live;
	bool doomed; /* ended, but the kernel did not let it go: try again */
};
LIST_HEAD(vg_table_leases, vg_table_lease);
TAILQ_HEAD(vg_table_list, vg_table_lease);

/* All leases of one service for one prefix. */
struct vg_table_place {
	LIST_ENTRY(vg_table_place) in_bucket;
	uint32_t service;
	struct vg_prefix prefix;
	struct vg_table_leases leases;
};
LIST_HEAD(vg_table_places, vg_table_place);

struct vg_table_endpoint {
	LIST_ENTRY(vg_table_endpoint) in_bucket;
	uint32_t number;
	uint32_t n;
	struct vg_table_claims claims;
	char name[]; /* NUL-terminated */
};
LIST_HEAD(vg_table_endpoints, vg_table_endpoint);

struct vg_table {
	uint32_t mask;
	struct vg_table_leases *leases;
	struct vg_table_places *places;
	struct vg_table_endpoints *endpoints;
	struct vg_table_list live;
	struct vg_table_list ended[2]; /* oldest first; [1]: CIDRs */
	uint32_t n_live;
	uint32_t live_of[VG_SERVICES_MAX];
	uint32_t bits[129]; /* places with prefixes of that length */
};

/* Buckets - 1 for MAX entries: a power of two, 64 at least. */
uint32_t vg_table_mask(uint32_t max);
uint32_t vg_table_hash_place(uint32_t service, const struct vg_prefix *p);
bool vg_table_prefix_equal(const struct vg_prefix *a,
			   const struct vg_prefix *b);

int vg_table_init(struct vg_table *t, uint32_t max);
void vg_table_done(struct vg_table *t);

struct vg_table_lease *vg_table_find(const struct vg_table *t,
				     const struct vg_permission *p);
struct vg_table_place *vg_table_find_place(const struct vg_table *t,
					   uint32_t service,
					   const struct vg_prefix *p);
struct vg_table_endpoint *vg_table_find_endpoint(const struct vg_table *t,
						 uint32_t number);

/* A new lease, ended and without a claim.  NULL: no memory. */
struct vg_table_lease *vg_table_add(struct vg_table *t,
				    const struct vg_permission *p);
/* It must have no claim. */
void vg_table_remove(struct vg_table *t, struct vg_table_lease *l);

struct vg_table_claim *vg_table_claim_of(const struct vg_table_lease *l,
					 uint32_t endpoint);
/* A new claim; the lease is live now.  NULL: no memory. */
struct vg_table_claim *vg_table_claim_add(struct vg_table *t,
					  struct vg_table_lease *l,
					  uint32_t endpoint, const char *name);
/* The last claim of a lease ends it (invariant 2); it stays in the table. */
void vg_table_claim_remove(struct vg_table *t, struct vg_table_claim *c);

/* The claim that ends last; NULL without a claim. */
struct vg_table_claim *vg_table_longest(const struct vg_table_lease *l);
