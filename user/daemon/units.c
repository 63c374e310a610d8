/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The policy in force, at run time: one unit a service, one target an
 * endpoint.  A reload builds the new units beside the old ones, takes over
 * what stays, and only then lets go of the rest: what was granted and still is
 * by the new policy has no gap.
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

static void target_free(struct vg_target *t)
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
		target_free((*u)->targets[i]);
	for (size_t i = 0; i < (*u)->n_tags; i++)
		free((*u)->tags[i].path);
	free((*u)->targets);
	free((*u)->tags);
	free(*u);
	*u = NULL;
}

static void units_free(struct vg_unit **units, size_t n)
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

static int units_new(struct vg_keeper *k, const struct vg_policy *policy,
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
		units_free(units, policy->n_services);
		return r;
	}
	*ret = units;
	return 0;
}

/* ---- taking over --------------------------------------------------------- */

static bool same_name(const struct vg_endpoint *a, const struct vg_endpoint *b)
{
	if (!a->host != !b->host)
		return false;
	if (a->host)
		return strcmp(a->host, b->host) == 0;
	return memcmp(&a->address, &b->address, sizeof(a->address)) == 0;
}

/* The target of OLD that T continues: the very same, else one of its name. */
static struct vg_target *ancestor(struct vg_unit *old, const struct vg_target *t)
{
	struct vg_target *by_name = NULL;

	for (size_t i = 0; i < old->n_targets; i++) {
		struct vg_target *o = old->targets[i];

		if (!o)
			continue;
		if (vg_endpoint_equal(o->endpoint, t->endpoint))
			return o;
		if (!by_name && same_name(o->endpoint, t->endpoint))
			by_name = o;
	}
	return by_name;
}

/*
 * The same endpoint goes on as it is: number, proof and timer.  The old object
 * is used, so that timers and requests under way need not know.
 */
static void keep_target(struct vg_unit *old, struct vg_unit *new, size_t at,
			struct vg_target *o)
{
	struct vg_target *fresh = new->targets[at];

	for (size_t i = 0; i < old->n_targets; i++)
		if (old->targets[i] == o)
			old->targets[i] = NULL;
	o->unit = new;
	o->endpoint = fresh->endpoint;
	new->targets[at] = o;
	target_free(fresh);
}

static void take_over_targets(struct vg_unit *old, struct vg_unit *new)
{
	bool strict = old->service->strict == new->service->strict;

	for (size_t i = 0; i < new->n_targets; i++) {
		struct vg_target *t = new->targets[i];
		struct vg_target *o = ancestor(old, t);

		if (!o)
			continue;
		if (strict && vg_endpoint_equal(o->endpoint, t->endpoint))
			keep_target(old, new, i, o);
		else
			vg_grants_move(o, t);
	}
}

static void take_over_tags(struct vg_unit *old, struct vg_unit *new)
{
	for (size_t i = 0; i < new->n_tags; i++)
		for (size_t j = 0; j < old->n_tags; j++) {
			struct vg_tag *n = &new->tags[i], *o = &old->tags[j];

			if (!o->path || strcmp(n->path, o->path) != 0)
				continue;
			free(n->path);
			*n = *o;
			*o = (struct vg_tag){ 0 };
			break;
		}
	new->tagged_late = old->tagged_late;
}

/* ---- the kernel ---------------------------------------------------------- */

static int add_listen(struct vg_listen_entry *entries, size_t *n, size_t max,
		      const struct vg_listen_rule *rule, uint16_t port)
{
	static const struct vg_prefix anybody;
	size_t froms = rule->n_from ? rule->n_from : 1;

	for (size_t i = 0; i < froms; i++) {
		if (*n >= max)
			return -E2BIG;
		entries[(*n)++] = (struct vg_listen_entry){
			.proto = rule->ports.proto,
			.port = port,
			.from = rule->n_from ? rule->from[i] : anybody,
		};
	}
	return 0;
}

static int set_listen(struct vg_unit *u)
{
	vg_cleanup(vg_freep) struct vg_listen_entry *entries = NULL;
	const struct vg_service *s = u->service;
	size_t n = 0;
	int r;

	entries = calloc(VG_LISTENS_MAX, sizeof(*entries));
	if (!entries)
		return -ENOMEM;
	for (size_t i = 0; i < s->n_listen; i++)
		for (uint32_t port = s->listen[i].ports.first;
		     port <= s->listen[i].ports.last; port++) {
			r = add_listen(entries, &n, VG_LISTENS_MAX,
				       &s->listen[i], (uint16_t)port);
			if (r < 0)
				return r;
		}
	return vg_leases_listen(u->keeper->leases, u->id, entries, n);
}

/*
 * Wide rules first (a CIDR is granted before it is looked for), leases next,
 * then what narrows.
 */
static void enforce_unit(struct vg_unit *u, const struct vg_unit *old)
{
	struct vg_keeper *k = u->keeper;
	struct vg_service_rules rules = vg_grants_rules(u->service);
	int r;

	if (old) {
		struct vg_service_rules before = vg_grants_rules(old->service);

		rules.has_cidrs |= before.has_cidrs;
		rules.any_port |= before.any_port;
	}
	r = set_listen(u);
	if (r < 0)
		vg_err("%s: `listen` could not be put in force: %s",
		       u->service->name, strerror(-r));
	r = vg_services_set(k->services, u->id, &rules);
	if (r < 0)
		vg_err("%s: could not be put in force, it stays closed: %s",
		       u->service->name, strerror(-r));
	vg_book_set_ready(k->book, u->id, u->ready);
}

static void narrow_unit(struct vg_unit *u)
{
	const struct vg_service_rules rules = vg_grants_rules(u->service);
	int r;

	r = vg_services_set(u->keeper->services, u->id, &rules);
	if (r < 0)
		vg_err("%s: could not be put in force: %s", u->service->name,
		       strerror(-r));
}

/* What is left in OLD after the take-over is the policy's no longer. */
static void release_unit(struct vg_unit *old, bool gone)
{
	struct vg_keeper *k = old->keeper;

	for (size_t i = 0; i < old->n_targets; i++)
		if (old->targets[i])
			vg_grants_release(old, old->targets[i]->number,
					  VG_CAUSE_REMOVED,
					  "the policy no longer has it");
	vg_grants_release(old, old->resolvers, VG_CAUSE_REMOVED,
			  "the policy no longer has it");
	for (size_t i = 0; i < old->n_tags; i++)
		if (old->tags[i].path)
			vg_tags_drop(k, &old->tags[i]);
	if (!gone)
		return;
	(void)vg_leases_listen(k->leases, old->id, NULL, 0);
	(void)vg_attach_remove_service(k->attach, old->id);
	if (vg_services_remove(k->services, old->id) < 0)
		vg_err("%s: could not be removed", old->service->name);
}

static struct vg_unit *successor(struct vg_unit **units, size_t n,
				 const struct vg_unit *old)
{
	for (size_t i = 0; i < n; i++)
		if (units[i]->id == old->id)
			return units[i];
	return NULL;
}

/* Old leases of the resolvers go only after the new ones stand. */
static void start_unit(struct vg_unit *u)
{
	vg_grants_resolvers(u);
	for (size_t i = 0; i < u->n_targets; i++) {
		struct vg_target *t = u->targets[i];

		if (!t->judged && !t->queued && !t->in_flight)
			vg_proving_now(t);
	}
	vg_tags_sync(u);
}

static bool is_tagged(const struct vg_unit *u, uint64_t cgroup_id)
{
	for (size_t i = 0; i < u->n_tags; i++)
		if (u->tags[i].id == cgroup_id)
			return true;
	return false;
}

static void drop_service(struct vg_keeper *k, uint32_t id)
{
	vg_info("%s: left by an earlier run, no longer in the policy: released",
		vg_services_name(k->services, id));
	(void)vg_attach_remove_service(k->attach, id);
	(void)vg_leases_listen(k->leases, id, NULL, 0);
	if (vg_services_remove(k->services, id) < 0)
		vg_err("service %u could not be removed", id);
}

static void drop_strangers(struct vg_keeper *k)
{
	for (size_t i = vg_attach_count(k->attach); i-- > 0;) {
		const struct vg_attachment *a = vg_attach_get(k->attach, i);
		const struct vg_unit *u = vg_unit_by_id(k, a->service);

		if (u && !is_tagged(u, a->cgroup_id))
			(void)vg_attach_remove(k->attach, a->cgroup_id);
	}
	for (uint32_t id = 1; id < VG_SERVICE_SELFTEST; id++)
		if (vg_services_name(k->services, id) && !vg_unit_by_id(k, id))
			drop_service(k, id);
}

/* Before anything new is claimed: leases of an earlier run stay or go. */
static void inherit(struct vg_keeper *k)
{
	int r;

	r = vg_grants_adopt(k);
	if (r < 0)
		vg_err("leases of an earlier run: %s; they run out",
		       strerror(-r));
}

int vg_units_apply(struct vg_keeper *k, struct vg_policy *policy)
{
	struct vg_unit **old = k->units, **new = NULL;
	struct vg_policy *old_policy = k->policy;
	size_t n_old = k->n_units;
	int r;

	r = units_new(k, policy, &new);
	if (r < 0)
		return r;

	/* From here on nothing is undone. */
	k->units = new;
	k->n_units = policy->n_services;
	k->policy = policy;
	k->policy_rev++;
	for (size_t i = 0; i < n_old; i++) {
		struct vg_unit *next = successor(new, k->n_units, old[i]);

		if (next) {
			take_over_tags(old[i], next);
			enforce_unit(next, old[i]);
			take_over_targets(old[i], next);
		}
	}
	for (size_t i = 0; i < k->n_units; i++)
		if (!successor(old, n_old, new[i]))
			enforce_unit(new[i], NULL);
	if (!k->inherited)
		inherit(k);
	for (size_t i = 0; i < k->n_units; i++)
		start_unit(new[i]);
	for (size_t i = 0; i < n_old; i++)
		release_unit(old[i], !successor(new, k->n_units, old[i]));
	for (size_t i = 0; i < k->n_units; i++)
		narrow_unit(new[i]);
	units_free(old, n_old);
	vg_policy_freep(&old_policy);
	if (!k->inherited)
		drop_strangers(k);
	k->inherited = true;
	vg_units_check_ready(k);
	return 0;
}

void vg_units_free(struct vg_keeper *k)
{
	units_free(k->units, k->n_units);
	k->units = NULL;
	k->n_units = 0;
	vg_policy_freep(&k->policy);
}

/* ---- reading ------------------------------------------------------------- */

int vg_units_read(struct vg_keeper *k, struct vg_policy **ret,
		  struct vg_diags *diags)
{
	return vg_policy_load_dir(k->options->policy_dir, true, ret,
				  diags);
}

static void tell_error(struct vg_keeper *k, const struct vg_diags *diags)
{
	vg_cleanup(vg_buf_freep) struct vg_buf line = { 0 };
	struct vg_record r = { .kind = VG_RECORD_POLICY_ERROR };

	if (diags->n)
		vg_diag_line(&diags->items[0], &line);
	free(k->policy_error);
	k->policy_error = strdup(vg_buf_text(&line));
	r.subject = diags->n ? diags->items[0].file : k->options->policy_dir;
	r.detail = vg_buf_text(&line);
	vg_incident(k, NULL, &r);
	for (size_t i = 0; i < diags->n; i++) {
		vg_buf_clear(&line);
		vg_diag_line(&diags->items[i], &line);
		vg_err("%s", vg_buf_text(&line));
	}
}

int vg_units_reload(struct vg_keeper *k, struct vg_diags *diags)
{
	vg_cleanup(vg_policy_freep) struct vg_policy *policy = NULL;
	struct vg_record loaded = { .kind = VG_RECORD_POLICY_LOAD };
	int r;

	r = vg_units_read(k, &policy, diags);
	if (r == 0)
		r = vg_units_apply(k, policy);
	if (r < 0) {
		k->loads_failed++;
		if (diags->errors == 0) {
			const struct vg_place place = {
				.file = k->options->policy_dir,
			};

			vg_diag_add(diags, VG_DIAG_ERROR, &place, NULL,
				    "the policy could not be applied: %s",
				    strerror(-r));
		}
		tell_error(k, diags);
		return r;
	}
	policy = NULL; /* taken */
	k->loads_ok++;
	free(k->policy_error);
	k->policy_error = NULL;
	r = vg_lastgood_save(k->options->state_dir, k->options->policy_dir);
	if (r < 0)
		vg_warn("no copy of the policy could be kept: %s",
			strerror(-r));
	loaded.subject = k->options->policy_dir;
	loaded.policy_rev = k->policy_rev;
	vg_incident(k, NULL, &loaded);
	vg_info("policy %llu: %zu services", (unsigned long long)k->policy_rev,
		k->n_units);
	return 0;
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
