/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What leases are inherited: by an endpoint that a reload changed, and by a
 * keeper from an earlier one.  Nothing is inherited that today's policy, and
 * today's addresses of the host, would not grant.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/clock.h"
#include "base/log.h"
#include "daemon/cut.h"
#include "daemon/lookup.h"
#include "daemon/state.h"
#include "policy/ports.h"

static bool tolerates(const struct vg_target *t, const struct vg_address *a)
{
	struct vg_class_rules rules;
	enum vg_class class;

	vg_grants_class_rules(t->keeper, t->endpoint, &rules);
	return vg_class_judge(&rules, a, !vg_address_is_ipv4(a), &class) ==
	       VG_CLASS_OK;
}

static bool allows(const struct vg_endpoint *e, const struct vg_permission *p)
{
	for (size_t i = 0; i < e->n_ports; i++)
		if (p->port ? vg_ports_contain(&e->ports[i], p->proto, p->port)
			    : e->ports[i].proto == p->proto &&
				      e->ports[i].first == 0)
			return true;
	return false;
}

/* ---- reload -------------------------------------------------------------- */

struct moved {
	struct vg_target *to;
	struct vg_prefix *prefixes;
	uint64_t *until;
	size_t n;
};

static int collect_moved(void *ctx, const struct vg_book_entry *e)
{
	struct moved *m = ctx;
	struct vg_prefix *prefixes;
	uint64_t *times;

	if (m->n && memcmp(&m->prefixes[m->n - 1], &e->what.prefix,
			   sizeof(e->what.prefix)) == 0)
		return 0; /* another port of the same address */
	if (e->until <= vg_clock_now() ||
	    !tolerates(m->to, &e->what.prefix.address))
		return 0;
	prefixes = reallocarray(m->prefixes, m->n + 1, sizeof(*prefixes));
	if (!prefixes)
		return -ENOMEM;
	m->prefixes = prefixes;
	times = reallocarray(m->until, m->n + 1, sizeof(*times));
	if (!times)
		return -ENOMEM;
	m->until = times;
	m->prefixes[m->n] = e->what.prefix;
	m->until[m->n++] = e->until;
	return 0;
}

static bool may_outlive(void *ctx, const struct vg_permission *p)
{
	const struct vg_target *t = ctx;

	return allows(t->endpoint, p) && tolerates(t, &p->prefix.address);
}

void vg_grants_move(struct vg_target *old, struct vg_target *t)
{
	struct moved m = {.to = t};
	int r;

	if (!t->endpoint->host) {
		vg_grants_literal(t);
		return;
	}
	/* A stricter rule on DNSSEC is proven anew before anything is open. */
	if (t->endpoint->dnssec == VG_DNSSEC_REQUIRE &&
	    old->endpoint->dnssec != VG_DNSSEC_REQUIRE)
		return;
	r = vg_book_each_of(t->keeper->book, old->number, collect_moved, &m);
	if (r < 0)
		vg_err("%s: leases of %s wait for their proof: %s",
		       t->unit->service->name, t->endpoint->host, strerror(-r));
	for (size_t i = 0; i < m.n; i++)
		vg_grants_address(t, &m.prefixes[i].address, m.until[i],
				  old->verified_ns);
	vg_book_hand_over(t->keeper->book, old->number, t->number, may_outlive,
			  t);
	free(m.prefixes);
	free(m.until);
}

/* ---- after a restart ----------------------------------------------------- */

struct found {
	struct vg_permission what;
	uint64_t until;
	bool dropped; /* the policy has it no longer */
	char name[VG_HOST_NAME];
};
struct findings {
	struct found *items;
	size_t n, capacity;
};

static int collect_found(void *ctx, const struct vg_permission *p,
			 const struct vg_lease_info *info)
{
	struct findings *f = ctx;
	struct found *item;

	if (f->n == f->capacity) {
		size_t wanted = f->capacity ? 2 * f->capacity : 256;
		struct found *grown =
			reallocarray(f->items, wanted, sizeof(*grown));

		if (!grown)
			return -ENOMEM;
		f->items = grown;
		f->capacity = wanted;
	}
	item = &f->items[f->n++];
	item->what = *p;
	item->until = info->until;
	item->dropped = false;
	snprintf(item->name, sizeof(item->name), "%s", info->name);
	return 0;
}

/* The endpoint of U that may still hold F, by today's policy. */
static struct vg_target *heir(struct vg_unit *u, const struct found *f)
{
	for (size_t i = 0; i < u->n_targets; i++) {
		struct vg_target *t = u->targets[i];
		const struct vg_endpoint *e = t->endpoint;
		char name[VG_ENDPOINT_TEXT];

		vg_endpoint_text(e, name);
		if (strcmp(name, f->name) != 0 || !allows(e, &f->what))
			continue;
		if (!e->host || tolerates(t, &f->what.prefix.address))
			return t;
	}
	return NULL;
}

static bool is_resolver(const struct vg_unit *u, const struct found *f)
{
	for (size_t i = 0; i < u->service->n_resolvers; i++)
		if (memcmp(&u->service->resolvers[i], &f->what.prefix,
			   sizeof(f->what.prefix)) == 0 &&
		    f->what.port == 53)
			return true;
	return false;
}

static int adopt_one(struct vg_keeper *k, struct found *f)
{
	struct vg_unit *u = vg_unit_by_id(k, f->what.service);
	const struct vg_ports port = {f->what.proto, f->what.port,
				      f->what.port};
	struct vg_target *t = u ? heir(u, f) : NULL;
	struct vg_claim c = {
		.service = f->what.service,
		.name = f->name,
		.class = vg_class_name(vg_class_of(&f->what.prefix.address)),
		.prefix = f->what.prefix,
		.ports = &port,
		.n_ports = 1,
		.until = f->until,
	};

	if (t)
		c.endpoint = t->number;
	else if (u && is_resolver(u, f))
		c.endpoint = u->resolvers;
	f->dropped = !c.endpoint;
	if (u && f->dropped)
		(void)vg_services_ending(k->services, u->id);
	return vg_book_adopt(k->book, vg_clock_now(), &f->what,
			     c.endpoint ? &c : NULL);
}

/* Connections of U under leases that were not adopted end like revoked ones. */
static void drop_flows(struct vg_unit *u, const struct findings *f)
{
	vg_cleanup(vg_book_losses_freep) struct vg_book_losses losses = {0};

	if (vg_services_ended(u->keeper->services, u->id, true) < 0)
		vg_err("%s: the epoch could not be raised", u->service->name);
	losses.items = calloc(f->n, sizeof(*losses.items));
	for (size_t i = 0; losses.items && i < f->n; i++)
		if (f->items[i].dropped && f->items[i].what.service == u->id)
			losses.items[losses.n++].what = f->items[i].what;
	vg_cut_losses(u, &losses);
}

int vg_grants_adopt(struct vg_keeper *k)
{
	struct findings f = {0};
	int first, r;

	first = vg_leases_each(k->leases, collect_found, &f);
	for (size_t i = 0; i < f.n; i++) {
		r = adopt_one(k, &f.items[i]);
		if (r < 0 && first >= 0)
			first = r;
	}
	for (size_t i = 0; i < k->n_units; i++)
		if (vg_services_state(k->services, k->units[i]->id).ending)
			drop_flows(k->units[i], &f);
	if (f.n)
		vg_info("found %zu leases of an earlier run", f.n);
	free(f.items);
	return first;
}

/* ---- the host's own addresses -------------------------------------------- */

bool vg_grants_read_self(struct vg_keeper *k)
{
	vg_cleanup(vg_freep) struct vg_address *self = NULL;
	int n;

	self = calloc(VG_MSG_SELF, sizeof(*self));
	if (!self)
		return false; /* what is known stays */
	n = vg_lookup_self(self, VG_MSG_SELF);
	if (n < 0 ||
	    ((size_t)n == k->n_self &&
	     (n == 0 || memcmp(self, k->self, (size_t)n * sizeof(*self)) == 0)))
		return false;
	free(k->self);
	k->self = VG_TAKE_PTR(self);
	k->n_self = (size_t)n;
	return true;
}
