/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A policy takes the place of another.  The new units are built beside the old
 * ones, take over what stays, and only then the rest is let go: what was
 * granted and still is by the new policy has no gap.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/log.h"
#include "daemon/lastgood.h"
#include "daemon/state.h"
#include "policy/load.h"

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
static struct vg_target *ancestor(struct vg_unit *old,
				  const struct vg_target *t)
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
	vg_target_free(fresh);
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

/* OLD keeps its paths: connections of what it loses are looked for there. */
static void take_over_tags(struct vg_unit *old, struct vg_unit *new)
{
	for (size_t i = 0; i < new->n_tags; i++)
		for (size_t j = 0; j < old->n_tags; j++) {
			struct vg_tag *n = &new->tags[i], *o = &old->tags[j];

			if (o->taken || strcmp(n->path, o->path) != 0)
				continue;
			n->id = o->id;
			n->late = o->late;
			n->populated_ns = o->populated_ns;
			n->error = o->error;
			o->taken = true;
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
	int r, unfinished;

	if (old) {
		struct vg_service_rules before = vg_grants_rules(old->service);

		rules.has_cidrs |= before.has_cidrs;
		rules.any_port |= before.any_port;
	}
	unfinished = vg_services_ending(k->services, u->id);
	r = set_listen(u);
	if (r < 0)
		vg_err("%s: `listen` could not be put in force: %s",
		       u->service->name, strerror(-r));
	/* Whom a port that went has answered is judged again. */
	(void)vg_services_ended(k->services, u->id, r != 0 || unfinished != 0);
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
		if (!old->tags[i].taken)
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

static void drop_service(struct vg_keeper *k, uint32_t id)
{
	vg_info("%s: left by an earlier run, no longer in the policy: released",
		vg_services_name(k->services, id));
	(void)vg_attach_remove_service(k->attach, id);
	(void)vg_leases_listen(k->leases, id, NULL, 0);
	if (vg_services_remove(k->services, id) < 0)
		vg_err("service %u could not be removed", id);
}

static int is_it(void *ctx, int fd, uint64_t id, const char *path)
{
	const uint64_t *wanted = ctx;

	(void)fd;
	(void)path;
	return id == *wanted ? -ECANCELED : 0;
}

/* True also when that cannot be told. */
static bool is_there(const struct vg_keeper *k, uint64_t cgroup_id)
{
	return vg_cgroup_each(k->cgroup_root, is_it, &cgroup_id) < 0;
}

/*
 * Cgroups that their service does not name any more.  Known before others are
 * confined, let go after: one that changes its service is never open.
 */
static void mark_leaving(struct vg_keeper *k)
{
	for (size_t i = 0; i < vg_attach_count(k->attach); i++) {
		const struct vg_attachment *a = vg_attach_get(k->attach, i);
		const struct vg_unit *u = vg_unit_by_id(k, a->service);

		if (a->dead || (u && vg_tags_claim(u, a->cgroup_id)))
			continue;
		if (is_there(k, a->cgroup_id))
			vg_attach_leave(k->attach, a->cgroup_id);
		else
			vg_attach_bury(k->attach, a->cgroup_id);
	}
}

static void drop_leaving(struct vg_keeper *k)
{
	for (size_t i = vg_attach_count(k->attach); i-- > 0;) {
		const struct vg_attachment *a = vg_attach_get(k->attach, i);

		if (a->leaving && vg_attach_remove(k->attach, a->cgroup_id) < 0)
			vg_err("cgroup %llu could not be released",
			       (unsigned long long)a->cgroup_id);
	}
}

static void drop_strangers(struct vg_keeper *k)
{
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

	r = vg_unit_list_new(k, policy, &new);
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
	mark_leaving(k);
	for (size_t i = 0; i < k->n_units; i++)
		start_unit(new[i]);
	for (size_t i = 0; i < n_old; i++)
		release_unit(old[i], !successor(new, k->n_units, old[i]));
	for (size_t i = 0; i < k->n_units; i++)
		narrow_unit(new[i]);
	drop_leaving(k);
	vg_unit_list_free(old, n_old);
	vg_policy_freep(&old_policy);
	if (!k->inherited)
		drop_strangers(k);
	k->inherited = true;
	vg_units_check_ready(k);
	return 0;
}

/* ---- reading ------------------------------------------------------------- */

int vg_units_read(struct vg_keeper *k, struct vg_policy **ret,
		  struct vg_diags *diags)
{
	return vg_policy_load_dir(k->options->policy_dir, true, ret, diags);
}

static void tell_error(struct vg_keeper *k, const struct vg_diags *diags)
{
	vg_cleanup(vg_buf_freep) struct vg_buf line = {0};
	struct vg_record r = {.kind = VG_RECORD_POLICY_ERROR};

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
	struct vg_record loaded = {.kind = VG_RECORD_POLICY_LOAD};
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
