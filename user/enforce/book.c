/* SPDX-License-Identifier: Apache-2.0 */
#include "enforce/book.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/clock.h"
#include "enforce/book_parts.h"

/* How long an ended entry stays, so that "ran out" differs from "revoked". */
#define ENDED_STAYS (24 * 3600 * VG_NS_PER_S)

int vg_book_new(uint32_t max, const struct vg_book_kernel *kernel,
		struct vg_book **ret)
{
	vg_cleanup(vg_book_freep) struct vg_book *b = NULL;
	int r;

	b = calloc(1, sizeof(*b));
	if (!b)
		return -ENOMEM;
	b->kernel = *kernel;
	b->max = max;
	b->earliest = UINT64_MAX;
	r = vg_table_init(&b->table, max);
	if (r < 0)
		return r;
	r = vg_departed_new(VG_BOOK_DEPARTED, &b->departed);
	if (r < 0)
		return r;

	*ret = VG_TAKE_PTR(b);
	return 0;
}

void vg_book_freep(struct vg_book **b)
{
	if (!*b)
		return;
	vg_table_done(&(*b)->table);
	vg_departed_freep(&(*b)->departed);
	free(*b);
	*b = NULL;
}

static void expect_end(struct vg_book *b, uint64_t until)
{
	if (until < b->earliest)
		b->earliest = until;
}

/* ---- the kernel ------------------------------------------------------------ */

/* Make room by giving up what ended longest ago, of the same map. */
static int drop_ended(struct vg_book *b, const struct vg_table_lease *wanted)
{
	bool single = vg_prefix_is_single(&wanted->what.prefix);
	struct vg_table_lease *l;
	int r;

	TAILQ_FOREACH(l, &b->table.ended[single ? 0 : 1], in_list)
	if (l != wanted)
		break;
	if (!l)
		return -ENOSPC;
	r = b->kernel.end(b->kernel.ctx, &l->what);
	if (r < 0)
		return r;
	vg_table_remove(&b->table, l);
	return 0;
}

int vg_book_set_lease(struct vg_book *b, struct vg_table_lease *l)
{
	const struct vg_table_claim *c = vg_table_longest(l);
	const struct vg_lease_info info = {
		.until = c->until,
		.endpoint = c->endpoint->number,
		.name = c->endpoint->name,
	};
	int r;

	for (;;) {
		r = b->kernel.set(b->kernel.ctx, &l->what, &info);
		if (r != -ENOSPC)
			break;
		r = drop_ended(b, l);
		if (r < 0)
			return r;
	}
	if (r == 0)
		l->until = info.until;
	return r;
}

int vg_book_end_lease(struct vg_book *b, struct vg_table_lease *l)
{
	int r;

	r = b->kernel.end(b->kernel.ctx, &l->what);
	if (r < 0) {
		l->doomed = true;
		b->earliest = 0;
		return r;
	}
	vg_table_remove(&b->table, l);
	return 0;
}

/* ---- claiming -------------------------------------------------------------- */

/* The claim of this endpoint on P, made if it has none. */
static int get_claim(struct vg_book *b, const struct vg_permission *p,
		     uint32_t endpoint, const char *name,
		     struct vg_table_claim **ret)
{
	struct vg_table_lease *l = vg_table_find(&b->table, p);
	struct vg_table_claim *c = l ? vg_table_claim_of(l, endpoint) : NULL;
	bool fresh = !l;

	if (c) {
		*ret = c;
		return 0;
	}
	if ((!l || !l->live) && b->table.n_live >= b->max)
		return -ENOSPC;
	if (vg_book_claimed_by(b, endpoint) >= VG_ENDPOINT_LEASES_MAX)
		return -E2BIG;
	if (!l)
		l = vg_table_add(&b->table, p);
	if (!l)
		return -ENOMEM;
	c = vg_table_claim_add(&b->table, l, endpoint, name);
	if (!c) {
		if (fresh)
			vg_table_remove(&b->table, l);
		return -ENOMEM;
	}

	*ret = c;
	return 0;
}

/* A claim that the kernel did not take: as if it had never been made. */
static void undo_claim(struct vg_book *b, struct vg_table_claim *c)
{
	struct vg_table_lease *l = c->lease;
	bool known = l->until != 0;

	vg_table_claim_remove(&b->table, c);
	if (!l->live && !known)
		vg_table_remove(&b->table, l);
}

static int claim_one(struct vg_book *b, uint64_t now,
		     const struct vg_permission *p, const struct vg_claim *c,
		     size_t *new)
{
	struct vg_table_claim *claim, old;
	struct vg_table_lease *l;
	bool made, was_open;
	int r;

	r = get_claim(b, p, c->endpoint, c->name, &claim);
	if (r < 0)
		return r;
	made = claim->until == 0;
	old = *claim;
	l = claim->lease;
	was_open = l->until > now;
	claim->until = c->until;
	claim->verified = c->verified;
	claim->class = c->class;
	r = vg_book_set_lease(b, l);
	if (r < 0) {
		claim->until = old.until;
		claim->verified = old.verified;
		if (made)
			undo_claim(b, claim);
		return r;
	}
	expect_end(b, c->until);
	*new += !was_open;
	return 0;
}

static int claim_ports(struct vg_book *b, uint64_t now,
		       const struct vg_claim *c, const struct vg_ports *ports,
		       size_t *new)
{
	struct vg_permission p = {
		.service = c->service,
		.proto = ports->proto,
		.prefix = c->prefix,
	};
	uint32_t port;
	int r;

	for (port = ports->first; port <= ports->last; port++) {
		p.port = (uint16_t)port;
		r = claim_one(b, now, &p, c, new);
		if (r < 0)
			return r;
	}
	return 0;
}

int vg_book_claim(struct vg_book *b, uint64_t now, const struct vg_claim *c,
		  size_t *ret_new)
{
	size_t i, new = 0;
	int r = 0;

	if (c->service == 0 || c->service >= VG_SERVICES_MAX || !c->endpoint ||
	    c->until <= now)
		return -EINVAL;
	for (i = 0; i < c->n_ports && r == 0; i++)
		r = claim_ports(b, now, c, &c->ports[i], &new);
	if (new)
		vg_departed_drop(b->departed, c->service, &c->prefix);
	if (ret_new)
		*ret_new = new;
	return r;
}

void vg_book_remember(struct vg_book *b, const struct vg_table_claim *c,
		      enum vg_book_cause cause, const char *text)
{
	const struct vg_departed_entry e = {
		.what = c->lease->what,
		.endpoint = c->endpoint->number,
		.cause = cause,
		.until = c->until,
		.verified = c->verified,
		.name = c->endpoint->name,
		.text = text ? text : "",
	};

	vg_departed_put(b->departed, &e);
}

/* ---- time ------------------------------------------------------------------ */

/*
 * C is the only claim left.  Where the kernel has a later end (a write failed),
 * it has to be told.
 */
static void tell_ended(struct vg_book *b, uint64_t now,
		       const struct vg_table_claim *c, vg_book_ended_fn fn,
		       void *ctx)
{
	vg_book_remember(b, c, VG_CAUSE_EXPIRED, NULL);
	fn(ctx, &c->lease->what, c->endpoint->number, c->endpoint->name);
	if (c->lease->until > now)
		c->lease->doomed = true;
}

/* Returns the lease's earliest end, or UINT64_MAX when it has just ended. */
static uint64_t sweep_lease(struct vg_book *b, uint64_t now,
			    struct vg_table_lease *l, vg_book_ended_fn fn,
			    void *ctx)
{
	struct vg_table_claim *c = LIST_FIRST(&l->claims), *next;
	uint64_t earliest = UINT64_MAX;

	for (; c; c = next) {
		next = LIST_NEXT(c, of_lease);
		if (c->until > now) {
			if (c->until < earliest)
				earliest = c->until;
			continue;
		}
		if (!next && LIST_FIRST(&l->claims) == c)
			tell_ended(b, now, c, fn, ctx);
		vg_table_claim_remove(&b->table, c);
	}
	return earliest;
}

static void sweep_live(struct vg_book *b, uint64_t now, vg_book_ended_fn fn,
		       void *ctx)
{
	struct vg_table_lease *l = TAILQ_FIRST(&b->table.live), *next;

	b->earliest = UINT64_MAX;
	for (; l; l = next) {
		next = TAILQ_NEXT(l, in_list);
		expect_end(b, sweep_lease(b, now, l, fn, ctx));
	}
}

static int sweep_ended(struct vg_book *b, uint64_t now,
		       struct vg_table_list *list)
{
	struct vg_table_lease *l = TAILQ_FIRST(list), *next;
	int first = 0, r;

	for (; l; l = next) {
		next = TAILQ_NEXT(l, in_list);
		if (!l->doomed && now < l->until + ENDED_STAYS)
			continue;
		r = vg_book_end_lease(b, l);
		if (r < 0 && first == 0)
			first = r;
	}
	return first;
}

int vg_book_sweep(struct vg_book *b, uint64_t now, vg_book_ended_fn fn,
		  void *ctx)
{
	int exact, cidrs;

	sweep_live(b, now, fn, ctx);
	exact = sweep_ended(b, now, &b->table.ended[0]);
	cidrs = sweep_ended(b, now, &b->table.ended[1]);
	return exact < 0 ? exact : cidrs;
}

uint64_t vg_book_earliest(const struct vg_book *b)
{
	return b->earliest;
}

/* ---- after a restart ------------------------------------------------------- */

/* It ended while nobody looked: it may stay for its day. */
static int adopt_ended(struct vg_book *b, const struct vg_permission *p,
		       const struct vg_claim *claim)
{
	struct vg_table_lease *l;
	struct vg_departed_entry e = {
		.what = *p,
		.endpoint = claim->endpoint,
		.cause = VG_CAUSE_EXPIRED,
		.until = claim->until,
		.verified = claim->verified,
		.name = claim->name,
		.text = "",
	};

	if (vg_table_find(&b->table, p))
		return 0;
	l = vg_table_add(&b->table, p);
	if (!l)
		return -ENOMEM;
	l->until = claim->until;
	l->last = claim->endpoint;
	vg_departed_put(b->departed, &e);
	return 0;
}

/* What the kernel does not let go stays known, and is tried again. */
static int adopt_nobodys(struct vg_book *b, const struct vg_permission *p)
{
	struct vg_table_lease *l;
	int r;

	r = b->kernel.end(b->kernel.ctx, p);
	if (r == 0 || vg_table_find(&b->table, p))
		return r;
	l = vg_table_add(&b->table, p);
	if (!l)
		return r;
	l->doomed = true;
	b->earliest = 0;
	return r;
}

int vg_book_adopt(struct vg_book *b, uint64_t now,
		  const struct vg_permission *p, const struct vg_claim *claim)
{
	struct vg_table_claim *c;
	int r;

	if (!claim)
		return adopt_nobodys(b, p);
	if (claim->until <= now)
		return adopt_ended(b, p, claim);
	r = get_claim(b, p, claim->endpoint, claim->name, &c);
	if (r < 0)
		return r;
	c->until = claim->until;
	c->verified = claim->verified;
	c->class = claim->class;
	if (c->lease->until < claim->until)
		c->lease->until = claim->until;
	expect_end(b, claim->until);
	return 0;
}
