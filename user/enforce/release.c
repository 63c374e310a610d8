/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The half of book.h that takes away: releasing, and handing over.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "enforce/book_parts.h"

void vg_book_losses_freep(struct vg_book_losses *l)
{
	free(l->items);
	*l = (struct vg_book_losses){0};
}

static int add_loss(struct vg_book_losses *losses,
		    const struct vg_book_loss *loss)
{
	size_t capacity;
	struct vg_book_loss *items;

	if (!losses)
		return 0;
	if (losses->n == losses->capacity) {
		capacity = losses->capacity ? 2 * losses->capacity : 16;
		items = reallocarray(losses->items, capacity, sizeof(*items));
		if (!items)
			return -ENOMEM;
		losses->items = items;
		losses->capacity = capacity;
	}
	losses->items[losses->n++] = *loss;
	return 0;
}

/* Claims on L, other than C, whose time is over. */
static void drop_stale(struct vg_book *b, struct vg_table_lease *l,
		       const struct vg_table_claim *c, uint64_t now)
{
	struct vg_table_claim *other = LIST_FIRST(&l->claims), *next;

	while (other) {
		next = LIST_NEXT(other, of_lease);
		if (other != c && other->until <= now)
			vg_table_claim_remove(&b->table, other);
		other = next;
	}
}

/* The rest of the claims decides: move the end, or end it. */
static int settle(struct vg_book *b, struct vg_table_lease *l,
		  struct vg_book_loss *loss)
{
	const struct vg_table_claim *left = vg_table_longest(l);

	if (!left)
		return vg_book_end_lease(b, l);
	loss->kept = true;
	loss->kept_by = left->endpoint->number;
	return left->until == l->until ? 0 : vg_book_set_lease(b, l);
}

static int release_claim(struct vg_book *b, uint64_t now,
			 struct vg_table_claim *c, const struct vg_release *q,
			 struct vg_book_losses *losses)
{
	struct vg_table_lease *l = c->lease;
	struct vg_book_loss loss = {.what = l->what, .until = c->until};
	int r, added;

	drop_stale(b, l, c, now);
	vg_book_remember(b, c, q->cause, q->text);
	vg_table_claim_remove(&b->table, c);
	r = settle(b, l, &loss);
	if (loss.kept)
		vg_departed_drop(b->departed, loss.what.service,
				 &loss.what.prefix);
	added = add_loss(losses, &loss);
	return r < 0 ? r : added;
}

static bool is_kept(const struct vg_prefix *p, const struct vg_prefix *keep,
		    size_t n_keep)
{
	size_t i;

	for (i = 0; i < n_keep; i++)
		if (vg_table_prefix_equal(p, &keep[i]))
			return true;
	return false;
}

/* It had run out, which a connection may outlive; now it may not. */
static int release_ended(struct vg_book *b, struct vg_table_lease *l,
			 const struct vg_release *q,
			 struct vg_book_losses *losses)
{
	const struct vg_departed_entry *known =
		vg_departed_find(b->departed, l->what.service, &l->what.prefix);
	const struct vg_book_loss loss = {.what = l->what, .until = l->until};
	char name[VG_HOST_NAME];
	struct vg_departed_entry e;
	int r, added;

	if (known && known->endpoint == q->endpoint) {
		snprintf(name, sizeof(name), "%s", known->name);
		e = *known;
		e.what = l->what;
		e.cause = q->cause;
		e.name = name;
		e.text = q->text ? q->text : "";
		vg_departed_put(b->departed, &e);
	}
	r = vg_book_end_lease(b, l);
	added = add_loss(losses, &loss);
	return r < 0 ? r : added;
}

static int release_all_ended(struct vg_book *b, struct vg_table_list *list,
			     const struct vg_release *q,
			     const struct vg_prefix *keep, size_t n_keep,
			     struct vg_book_losses *losses)
{
	struct vg_table_lease *l = TAILQ_FIRST(list), *next;
	int first = 0, r;

	for (; l; l = next) {
		next = TAILQ_NEXT(l, in_list);
		if (l->last != q->endpoint || l->doomed)
			continue;
		if (q->prefix &&
		    !vg_table_prefix_equal(&l->what.prefix, q->prefix))
			continue;
		if (is_kept(&l->what.prefix, keep, n_keep))
			continue;
		r = release_ended(b, l, q, losses);
		if (r < 0 && first == 0)
			first = r;
	}
	return first;
}

void vg_book_hand_over(struct vg_book *b, uint32_t from, uint32_t to,
		       vg_book_may_fn may, void *ctx)
{
	struct vg_table_lease *l;

	for (size_t i = 0; i < VG_ARRAY_LEN(b->table.ended); i++)
		TAILQ_FOREACH(l, &b->table.ended[i], in_list)
	if (l->last == from && may(ctx, &l->what))
		l->last = to;
}

int vg_book_release_others(struct vg_book *b, uint64_t now,
			   const struct vg_release *q,
			   const struct vg_prefix *keep, size_t n_keep,
			   struct vg_book_losses *losses)
{
	struct vg_table_endpoint *e =
		vg_table_find_endpoint(&b->table, q->endpoint);
	struct vg_table_claim *c = e ? LIST_FIRST(&e->claims) : NULL, *next;
	const struct vg_prefix *p;
	int first = 0, r;

	/* E is freed with its last claim, so only NEXT is carried along. */
	for (; c; c = next) {
		next = LIST_NEXT(c, of_endpoint);
		p = &c->lease->what.prefix;
		if (q->prefix && !vg_table_prefix_equal(p, q->prefix))
			continue;
		if (is_kept(p, keep, n_keep))
			continue;
		r = release_claim(b, now, c, q, losses);
		if (r < 0 && first == 0)
			first = r;
	}
	for (size_t i = 0; i < VG_ARRAY_LEN(b->table.ended); i++) {
		r = release_all_ended(b, &b->table.ended[i], q, keep, n_keep,
				      losses);
		if (r < 0 && first == 0)
			first = r;
	}
	return first;
}

int vg_book_release(struct vg_book *b, uint64_t now, const struct vg_release *q,
		    struct vg_book_losses *losses)
{
	return vg_book_release_others(b, now, q, NULL, 0, losses);
}
