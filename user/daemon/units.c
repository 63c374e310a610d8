/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The policy in force, at run time: one unit a service, one target an
 * endpoint.
 */
#include <errno.h>
#include <event2/event.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/clock.h"
#include "base/log.h"
#include "daemon/lastgood.h"
#include "daemon/state.h"
#include "policy/load.h"

/* ---- finding ------------------------------------------------------------- */

struct vg_unit *vg_unit_find(struct vg_keeper *k, const char *name)
{
	for (size_t i = 0; i < k->n_units; i++)
		if (strcmp(k->units[i]->service->name, name) == 0)
			return k->units[i];
	return NULL;
}

struct vg_unit *vg_unit_by_id(struct vg_keeper *k, uint32_t id)
{
	for (size_t i = 0; i < k->n_units; i++)
		if (k->units[i]->id == id)
			return k->units[i];
	return NULL;
}

struct vg_target *vg_target_by_number(struct vg_keeper *k, uint32_t number)
{
	for (size_t i = 0; i < k->n_units; i++)
		for (size_t j = 0; j < k->units[i]->n_targets; j++)
			if (k->units[i]->targets[j]->number == number)
				return k->units[i]->targets[j];
	return NULL;
}

/* ---- making and freeing -------------------------------------------------- */

void vg_target_free(struct vg_target *t)
{
	if (!t)
		return;
	vg_proving_forget(t);
	free(t->proof);
	free(t);
}

static void unit_freep(struct vg_unit **u)
{
	if (!*u)
		return;
	for (size_t i = 0; i < (*u)->n_targets; i++)
		vg_target_free((*u)->targets[i]);
	for (size_t i = 0; i < (*u)->n_tags; i++)
		free((*u)->tags[i].path);
	free((*u)->targets);
	free((*u)->tags);
	free(*u);
	*u = NULL;
}

void vg_unit_list_free(struct vg_unit **units, size_t n)
{
	for (size_t i = 0; units && i < n; i++)
		unit_freep(&units[i]);
	free(units);
}

static struct vg_target *target_new(struct vg_unit *u,
				    const struct vg_endpoint *e)
{
	struct vg_target *t = calloc(1, sizeof(*t));

	if (!t)
		return NULL;
	t->keeper = u->keeper;
	t->unit = u;
	t->endpoint = e;
	t->number = ++u->keeper->next_number;
	return t;
}

/* `run` has a cgroup of its own for whatever the policy names. */
static int unit_tags(struct vg_unit *u)
{
	const char *own = u->keeper->options->ephemeral;
	size_t n = own ? 1 : u->service->n_cgroups;

	u->tags = calloc(n ? n : 1, sizeof(*u->tags));
	if (!u->tags)
		return -ENOMEM;
	for (size_t i = 0; i < n; i++) {
		u->tags[i].path = strdup(own ? own : u->service->cgroups[i]);
		if (!u->tags[i].path)
			return -ENOMEM;
		u->n_tags++;
	}
	return 0;
}

/* Not in the kernel yet, but for a name that has an id (and is closed). */
static int unit_new(struct vg_keeper *k, const struct vg_service *s,
		    struct vg_unit **ret)
{
	vg_cleanup(unit_freep) struct vg_unit *u = NULL;
	int r;

	u = calloc(1, sizeof(*u));
	if (!u)
		return -ENOMEM;
	u->keeper = k;
	u->service = s;
	u->since_ns = vg_clock_now();
	u->resolvers = ++k->next_number;
	u->targets = calloc(s->n_endpoints ? s->n_endpoints : 1,
			    sizeof(struct vg_target *));
	if (!u->targets)
		return -ENOMEM;
	for (size_t i = 0; i < s->n_endpoints; i++) {
		u->targets[i] = target_new(u, &s->endpoints[i]);
		if (!u->targets[i])
			return -ENOMEM;
		u->n_targets++;
	}
	r = unit_tags(u);
	if (r < 0)
		return r;
	r = vg_services_add(k->services, s->name, &u->id);
	if (r < 0)
		return r;

	*ret = VG_TAKE_PTR(u);
	return 0;
}

int vg_unit_list_new(struct vg_keeper *k, const struct vg_policy *policy,
		     struct vg_unit ***ret)
{
	struct vg_unit **units;
	int r = 0;

	units = calloc(policy->n_services ? policy->n_services : 1,
		       sizeof(struct vg_unit *));
	if (!units)
		return -ENOMEM;
	for (size_t i = 0; i < policy->n_services && r == 0; i++)
		r = unit_new(k, &policy->services[i], &units[i]);
	if (r < 0) {
		vg_unit_list_free(units, policy->n_services);
		return r;
	}
	*ret = units;
	return 0;
}

void vg_units_free(struct vg_keeper *k)
{
	vg_unit_list_free(k->units, k->n_units);
	k->units = NULL;
	k->n_units = 0;
	vg_policy_freep(&k->policy);
}

/* ---- candidates ---------------------------------------------------------- */

static const struct vg_finding *blocked_by(const struct vg_kept *p,
					   const struct vg_address *a)
{
	const struct vg_finding *any = NULL;

	for (uint32_t i = 0; i < p->n_findings; i++) {
		const struct vg_finding *f = &p->findings[i];

		if (f->action != VG_ACTION_BLOCK)
			continue;
		if (f->has_address && memcmp(&f->address, a, sizeof(*a)) == 0)
			return f;
		any = f;
	}
	for (uint32_t i = 0; i < p->n_addresses; i++)
		if (memcmp(&p->addresses[i].address, a, sizeof(*a)) == 0)
			return any;
	return NULL;
}

const struct vg_target *vg_units_candidate(const struct vg_unit *u,
					   const struct vg_address *a,
					   const struct vg_finding **ret)
{
	for (size_t i = 0; i < u->n_targets; i++) {
		const struct vg_kept *p = u->targets[i]->proof;

		if (!p || p->granted)
			continue;
		*ret = blocked_by(p, a);
		if (*ret)
			return u->targets[i];
	}
	return NULL;
}

/* ---- readiness ----------------------------------------------------------- */

static bool all_judged(const struct vg_unit *u)
{
	for (size_t i = 0; i < u->n_targets; i++)
		if (!u->targets[i]->judged)
			return false;
	return true;
}

void vg_units_check_ready(struct vg_keeper *k)
{
	const uint64_t patience = VG_READY_DEADLINE_S * VG_NS_PER_S;
	bool all = k->policy != NULL, changed = false;

	for (size_t i = 0; i < k->n_units; i++) {
		struct vg_unit *u = k->units[i];

		if (!u->ready && (vg_clock_now() - u->since_ns > patience ||
				  all_judged(u))) {
			u->ready = changed = true;
			vg_book_set_ready(k->book, u->id, true);
		}
		all &= u->ready;
	}
	if (all && k->layers_tested)
		k->ready = true;
	if (changed || k->ready)
		vg_answers_ready(k);
}
