/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The asking half of book.h: explain, list, count.
 */
#include "enforce/book.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "enforce/book_parts.h"

static const char *const cause_names[] = {
	[VG_CAUSE_EXPIRED] = "expired",
	[VG_CAUSE_REVOKED] = "revoked",
	[VG_CAUSE_CHANGED] = "changed",
	[VG_CAUSE_REMOVED] = "removed",
};

const char *vg_cause_name(enum vg_book_cause cause)
{
	return cause <= VG_CAUSE_REMOVED ? cause_names[cause] : "?";
}

void vg_book_set_ready(struct vg_book *b, uint32_t service, bool ready)
{
	if (service < VG_SERVICES_MAX)
		b->ready[service] = ready;
}

/* ---- explaining ------------------------------------------------------------ */

/* Preference of an explanation: the higher one wins. */
static int weight(enum vg_reason reason)
{
	static const int weights[VG_REASON_COUNT] = {
		[VG_REASON_NONE] = 6,	     [VG_REASON_EXPIRED] = 5,
		[VG_REASON_REVOKED] = 4,     [VG_REASON_WRONG_PORT] = 3,
		[VG_REASON_WRONG_PROTO] = 2, [VG_REASON_NOT_READY] = 1,
		[VG_REASON_NO_LEASE] = 1,
	};

	return weights[reason];
}

static void answer_claim(struct vg_book_answer *a, enum vg_reason reason,
			 const struct vg_table_claim *c)
{
	a->reason = reason;
	a->endpoint = c->endpoint->number;
	a->until = c->until;
	a->verified = c->verified;
	a->cause[0] = '\0';
	snprintf(a->name, sizeof(a->name), "%s", c->endpoint->name);
}

static enum vg_reason reason_of_lease(const struct vg_table_lease *l,
				      const struct vg_permission *what,
				      uint64_t until, uint64_t now)
{
	if (l->what.proto != what->proto)
		return VG_REASON_WRONG_PROTO;
	if (l->what.port && l->what.port != what->port)
		return VG_REASON_WRONG_PORT;
	return until > now ? VG_REASON_NONE : VG_REASON_EXPIRED;
}

/* A lease without a claim says nothing of itself: departed.h knows. */
static void explain_place(const struct vg_table_place *place, uint64_t now,
			  const struct vg_permission *what,
			  struct vg_book_answer *a)
{
	const struct vg_table_lease *l;
	const struct vg_table_claim *c;
	enum vg_reason reason;

	LIST_FOREACH(l, &place->leases, of_place)
	{
		c = vg_table_longest(l);
		if (!c)
			continue;
		reason = reason_of_lease(l, what, c->until, now);
		if (weight(reason) > weight(a->reason) ||
		    (reason == a->reason && c->until > a->until))
			answer_claim(a, reason, c);
	}
}

static enum vg_reason reason_of_departed(const struct vg_departed_entry *e,
					 const struct vg_permission *what)
{
	if (!vg_departed_covers(e, what->proto, what->port))
		return VG_REASON_NO_LEASE;
	if (e->cause == VG_CAUSE_EXPIRED)
		return VG_REASON_EXPIRED;
	if (e->cause == VG_CAUSE_REVOKED)
		return VG_REASON_REVOKED;
	return VG_REASON_NO_LEASE;
}

/* Whose it was is worth telling also where the reason stays no_lease. */
static void explain_departed(const struct vg_departed_entry *e,
			     const struct vg_permission *what,
			     struct vg_book_answer *a)
{
	enum vg_reason reason = reason_of_departed(e, what);
	bool stronger = weight(reason) > weight(a->reason);

	if (!stronger && a->name[0])
		return;
	if (stronger)
		a->reason = reason;
	a->endpoint = e->endpoint;
	a->until = e->until;
	a->verified = e->verified;
	snprintf(a->name, sizeof(a->name), "%s", e->name);
	snprintf(a->cause, sizeof(a->cause), "%s%s%s", vg_cause_name(e->cause),
		 e->text[0] ? ": " : "", e->text);
}

static struct vg_prefix cut(const struct vg_prefix *p, unsigned int bits)
{
	struct vg_prefix ret = {.bits = (uint8_t)bits};
	size_t whole = bits / 8;

	memcpy(ret.address.octets, p->address.octets, whole);
	if (bits % 8)
		ret.address.octets[whole] = (uint8_t)(p->address.octets[whole] &
						      0xff << (8 - bits % 8));
	return ret;
}

void vg_book_explain(const struct vg_book *b, uint64_t now,
		     const struct vg_permission *what,
		     struct vg_book_answer *ret)
{
	const struct vg_departed_entry *e;
	const struct vg_table_place *place;
	struct vg_prefix p;
	unsigned int bits;

	memset(ret, 0, sizeof(*ret));
	ret->reason = VG_REASON_NO_LEASE;
	if (what->service >= VG_SERVICES_MAX)
		return;
	for (bits = 129; bits-- > 0;) {
		p = cut(&what->prefix, bits);
		place = b->table.bits[bits]
				? vg_table_find_place(&b->table, what->service,
						      &p)
				: NULL;
		if (place)
			explain_place(place, now, what, ret);
		e = vg_departed_find(b->departed, what->service, &p);
		if (e && ret->reason != VG_REASON_NONE)
			explain_departed(e, what, ret);
	}
	if (ret->reason == VG_REASON_NO_LEASE && !ret->name[0] &&
	    !b->ready[what->service])
		ret->reason = VG_REASON_NOT_READY;
}

/* ---- listing and counting -------------------------------------------------- */

static int give(const struct vg_table_claim *c, vg_book_fn fn, void *ctx)
{
	const struct vg_book_entry e = {
		.what = c->lease->what,
		.endpoint = c->endpoint->number,
		.name = c->endpoint->name,
		.class = c->class,
		.until = c->until,
		.verified = c->verified,
	};

	return fn(ctx, &e);
}

int vg_book_each(const struct vg_book *b, uint32_t service, vg_book_fn fn,
		 void *ctx)
{
	const struct vg_table_lease *l;
	const struct vg_table_claim *c;
	int r;

	TAILQ_FOREACH(l, &b->table.live, in_list)
	{
		if (service && l->what.service != service)
			continue;
		LIST_FOREACH(c, &l->claims, of_lease)
		{
			r = give(c, fn, ctx);
			if (r < 0)
				return r;
		}
	}
	return 0;
}

int vg_book_each_of(const struct vg_book *b, uint32_t endpoint, vg_book_fn fn,
		    void *ctx)
{
	const struct vg_table_endpoint *e =
		vg_table_find_endpoint(&b->table, endpoint);
	const struct vg_table_claim *c;
	int r;

	if (!e)
		return 0;
	LIST_FOREACH(c, &e->claims, of_endpoint)
	{
		r = give(c, fn, ctx);
		if (r < 0)
			return r;
	}
	return 0;
}

uint32_t vg_book_used(const struct vg_book *b)
{
	return b->table.n_live;
}

uint32_t vg_book_max(const struct vg_book *b)
{
	return b->max;
}

uint32_t vg_book_used_by(const struct vg_book *b, uint32_t service)
{
	return service < VG_SERVICES_MAX ? b->table.live_of[service] : 0;
}

uint32_t vg_book_claimed_by(const struct vg_book *b, uint32_t endpoint)
{
	const struct vg_table_endpoint *e =
		vg_table_find_endpoint(&b->table, endpoint);

	return e ? e->n : 0;
}
