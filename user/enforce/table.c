/* SPDX-License-Identifier: Apache-2.0 */
#include "enforce/table.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"

uint32_t vg_table_mask(uint32_t max)
{
	uint32_t n = 64;

	while (n < max && n < (1u << 20))
		n *= 2;
	return n - 1;
}

static uint64_t mix(uint64_t hash, uint64_t word)
{
	hash = (hash ^ word) * 0x9e3779b97f4a7c15ULL;
	return hash ^ hash >> 32;
}

uint32_t vg_table_hash_place(uint32_t service, const struct vg_prefix *p)
{
	uint64_t words[2];
	uint64_t hash;

	memcpy(words, p->address.octets, sizeof(words));
	hash = mix(service, words[0]);
	hash = mix(hash, words[1]);
	return (uint32_t)mix(hash, p->bits);
}

static uint32_t hash_permission(const struct vg_permission *p)
{
	uint64_t hash = vg_table_hash_place(p->service, &p->prefix);

	return (uint32_t)mix(hash, (uint64_t)p->proto << 16 | p->port);
}

bool vg_table_prefix_equal(const struct vg_prefix *a, const struct vg_prefix *b)
{
	return a->bits == b->bits &&
	       memcmp(a->address.octets, b->address.octets,
		      sizeof(a->address.octets)) == 0;
}

static bool is_equal(const struct vg_permission *a,
		     const struct vg_permission *b)
{
	return a->service == b->service && a->proto == b->proto &&
	       a->port == b->port &&
	       vg_table_prefix_equal(&a->prefix, &b->prefix);
}

int vg_table_init(struct vg_table *t, uint32_t max)
{
	size_t n;

	t->mask = vg_table_mask(max);
	n = (size_t)t->mask + 1;
	TAILQ_INIT(&t->live);
	TAILQ_INIT(&t->ended[0]);
	TAILQ_INIT(&t->ended[1]);
	t->leases = calloc(n, sizeof(*t->leases));
	t->places = calloc(n, sizeof(*t->places));
	t->endpoints = calloc(n, sizeof(*t->endpoints));
	return t->leases && t->places && t->endpoints ? 0 : -ENOMEM;
}

static void empty_list(struct vg_table *t, struct vg_table_list *list)
{
	struct vg_table_claim *c;
	struct vg_table_lease *l;

	while ((l = TAILQ_FIRST(list))) {
		while ((c = LIST_FIRST(&l->claims)))
			vg_table_claim_remove(t, c);
		vg_table_remove(t, l);
	}
}

void vg_table_done(struct vg_table *t)
{
	if (t->leases && t->places && t->endpoints) {
		empty_list(t, &t->live);
		empty_list(t, &t->ended[0]);
		empty_list(t, &t->ended[1]);
	}
	free(t->leases);
	free(t->places);
	free(t->endpoints);
}

/* ---- finding --------------------------------------------------------------- */

struct vg_table_lease *vg_table_find(const struct vg_table *t,
				     const struct vg_permission *p)
{
	struct vg_table_lease *l;

	LIST_FOREACH(l, &t->leases[hash_permission(p) & t->mask], in_bucket)
	if (is_equal(&l->what, p))
		return l;
	return NULL;
}

struct vg_table_place *vg_table_find_place(const struct vg_table *t,
					   uint32_t service,
					   const struct vg_prefix *p)
{
	uint32_t i = vg_table_hash_place(service, p) & t->mask;
	struct vg_table_place *place;

	LIST_FOREACH(place, &t->places[i], in_bucket)
	if (place->service == service &&
	    vg_table_prefix_equal(&place->prefix, p))
		return place;
	return NULL;
}

struct vg_table_endpoint *vg_table_find_endpoint(const struct vg_table *t,
						 uint32_t number)
{
	struct vg_table_endpoint *e;

	LIST_FOREACH(e, &t->endpoints[number & t->mask], in_bucket)
	if (e->number == number)
		return e;
	return NULL;
}

struct vg_table_claim *vg_table_claim_of(const struct vg_table_lease *l,
					 uint32_t endpoint)
{
	struct vg_table_claim *c;

	LIST_FOREACH(c, &l->claims, of_lease)
	if (c->endpoint->number == endpoint)
		return c;
	return NULL;
}

struct vg_table_claim *vg_table_longest(const struct vg_table_lease *l)
{
	struct vg_table_claim *c, *longest = NULL;

	LIST_FOREACH(c, &l->claims, of_lease)
	if (!longest || c->until > longest->until)
		longest = c;
	return longest;
}

/* ---- leases ---------------------------------------------------------------- */

static struct vg_table_place *get_place(struct vg_table *t, uint32_t service,
					const struct vg_prefix *p)
{
	struct vg_table_place *place = vg_table_find_place(t, service, p);
	uint32_t i = vg_table_hash_place(service, p) & t->mask;

	if (place)
		return place;
	place = calloc(1, sizeof(*place));
	if (!place)
		return NULL;
	place->service = service;
	place->prefix = *p;
	LIST_INSERT_HEAD(&t->places[i], place, in_bucket);
	t->bits[p->bits]++;
	return place;
}

static struct vg_table_list *ended_list(struct vg_table *t,
					const struct vg_table_lease *l)
{
	return &t->ended[vg_prefix_is_single(&l->what.prefix) ? 0 : 1];
}

struct vg_table_lease *vg_table_add(struct vg_table *t,
				    const struct vg_permission *p)
{
	struct vg_table_lease *l = calloc(1, sizeof(*l));

	if (!l)
		return NULL;
	l->what = *p;
	l->place = get_place(t, p->service, &p->prefix);
	if (!l->place) {
		free(l);
		return NULL;
	}
	LIST_INSERT_HEAD(&l->place->leases, l, of_place);
	LIST_INSERT_HEAD(&t->leases[hash_permission(p) & t->mask], l,
			 in_bucket);
	TAILQ_INSERT_TAIL(ended_list(t, l), l, in_list);
	return l;
}

void vg_table_remove(struct vg_table *t, struct vg_table_lease *l)
{
	struct vg_table_place *place = l->place;

	LIST_REMOVE(l, in_bucket);
	LIST_REMOVE(l, of_place);
	TAILQ_REMOVE(ended_list(t, l), l, in_list);
	free(l);
	if (!LIST_EMPTY(&place->leases))
		return;
	t->bits[place->prefix.bits]--;
	LIST_REMOVE(place, in_bucket);
	free(place);
}

static void set_live(struct vg_table *t, struct vg_table_lease *l)
{
	if (l->live)
		return;
	TAILQ_REMOVE(ended_list(t, l), l, in_list);
	TAILQ_INSERT_TAIL(&t->live, l, in_list);
	l->live = true;
	l->doomed = false;
	t->n_live++;
	t->live_of[l->what.service]++;
}

static void set_ended(struct vg_table *t, struct vg_table_lease *l)
{
	TAILQ_REMOVE(&t->live, l, in_list);
	TAILQ_INSERT_TAIL(ended_list(t, l), l, in_list);
	l->live = false;
	t->n_live--;
	t->live_of[l->what.service]--;
}

/* ---- claims ---------------------------------------------------------------- */

static struct vg_table_endpoint *get_endpoint(struct vg_table *t,
					      uint32_t number, const char *name)
{
	struct vg_table_endpoint *e = vg_table_find_endpoint(t, number);
	size_t size = strlen(name) + 1;

	if (e)
		return e;
	e = calloc(1, sizeof(*e) + size);
	if (!e)
		return NULL;
	e->number = number;
	memcpy(e->name, name, size);
	LIST_INSERT_HEAD(&t->endpoints[number & t->mask], e, in_bucket);
	return e;
}

static void put_endpoint(struct vg_table_endpoint *e)
{
	if (e->n)
		return;
	LIST_REMOVE(e, in_bucket);
	free(e);
}

struct vg_table_claim *vg_table_claim_add(struct vg_table *t,
					  struct vg_table_lease *l,
					  uint32_t endpoint, const char *name)
{
	struct vg_table_endpoint *e = get_endpoint(t, endpoint, name);
	struct vg_table_claim *c;

	if (!e)
		return NULL;
	c = calloc(1, sizeof(*c));
	if (!c) {
		put_endpoint(e);
		return NULL;
	}
	c->lease = l;
	c->endpoint = e;
	e->n++;
	LIST_INSERT_HEAD(&l->claims, c, of_lease);
	LIST_INSERT_HEAD(&e->claims, c, of_endpoint);
	set_live(t, l);
	return c;
}

void vg_table_claim_remove(struct vg_table *t, struct vg_table_claim *c)
{
	struct vg_table_lease *l = c->lease;

	LIST_REMOVE(c, of_lease);
	LIST_REMOVE(c, of_endpoint);
	c->endpoint->n--;
	l->last = c->endpoint->number;
	put_endpoint(c->endpoint);
	free(c);
	if (LIST_EMPTY(&l->claims))
		set_ended(t, l);
}
