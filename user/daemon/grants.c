/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Leases: what a proof, a literal or an earlier keeper gives a right to.  The
 * verifier is not believed: every address is judged once more by the same
 * rules, on the keeper's own copy of the policy.
 */
#include <errno.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/clock.h"
#include "base/log.h"
#include "daemon/cut.h"
#include "daemon/schedule.h"
#include "daemon/state.h"

/* A resolver's lease is renewed by the tick long before it ends. */
#define RESOLVER_HOLD_S 900

static const struct vg_ports resolver_ports[] = {
	{IPPROTO_UDP, 53, 53},
	{IPPROTO_TCP, 53, 53},
};

/* ---- rules --------------------------------------------------------------- */

struct vg_service_rules vg_grants_rules(const struct vg_service *s)
{
	struct vg_service_rules rules = {
		.audit = s->audit,
		.expiry_kills = s->destroy_on_expiry,
	};

	for (size_t i = 0; i < s->n_endpoints; i++) {
		const struct vg_endpoint *e = &s->endpoints[i];

		if (!e->host && !vg_prefix_is_single(&e->address))
			rules.has_cidrs = true;
		for (size_t j = 0; j < e->n_ports; j++)
			if (e->ports[j].first == 0)
				rules.any_port = true;
	}
	return rules;
}

void vg_grants_class_rules(const struct vg_keeper *k,
			   const struct vg_endpoint *e,
			   struct vg_class_rules *ret)
{
	*ret = (struct vg_class_rules){
		.internal = e->scope == VG_SCOPE_INTERNAL,
		.ranges = e->ranges,
		.n_ranges = e->n_ranges,
		.has_nat64 = e->has_nat64,
		.nat64 = e->nat64,
		.self = k->self,
		.n_self = k->n_self,
	};
}

static struct vg_prefix single(const struct vg_address *a)
{
	return (struct vg_prefix){.address = *a, .bits = 128};
}

/* ---- claiming ------------------------------------------------------------ */

static void tell_set(struct vg_unit *u, const struct vg_claim *c)
{
	struct vg_record r = {
		.kind = VG_RECORD_LEASE_SET,
		.has = VG_HAS_DST,
		.endpoint = c->name,
		.dst = c->prefix.address,
		.dst_port =
			c->n_ports == 1 && c->ports[0].first == c->ports[0].last
				? c->ports[0].first
				: 0,
		.proto = c->n_ports == 1 ? c->ports[0].proto : 0,
		.memory = {.name = c->name},
	};
	char end[VG_CLOCK_TEXT];

	vg_clock_text(c->until, end);
	r.lease_end = end;
	vg_incident(u->keeper, u, &r);
}

static const char *full_because(int error)
{
	if (error == -E2BIG)
		return "the endpoint has as many leases as it may";
	if (error == -ENOSPC)
		return "the map holds as many leases as it may";
	return strerror(-error);
}

/* The map is full: loud, and once for as long as it lasts. */
static void tell_full(struct vg_unit *u, const struct vg_claim *c, int error)
{
	const struct vg_finding_kind *kind =
		vg_finding_kind(VG_FINDING_LEASES_FULL);
	struct vg_record r = {
		.kind = VG_RECORD_FINDING,
		.has = VG_HAS_DST,
		.endpoint = c->name,
		.dst = c->prefix.address,
		.finding_id = kind->name,
		.severity = vg_severity_name(kind->severity),
		.action = vg_action_name(kind->action),
		.evidence = full_because(error),
		.remedy = kind->remedy,
	};

	u->keeper->full_ns = vg_clock_now();
	if (u->keeper->n_leases_refused++ == 0)
		vg_err("%s: no room for a lease to %s (%s)", u->service->name,
		       c->name, full_because(error));
	u->keeper->n_findings[VG_FINDING_LEASES_FULL]++;
	vg_incident(u->keeper, u, &r);
}

static int claim(struct vg_unit *u, const struct vg_claim *c)
{
	size_t new = 0;
	int r;

	r = vg_book_claim(u->keeper->book, vg_clock_now(), c, &new);
	if (new > 0)
		tell_set(u, c);
	if (r < 0)
		tell_full(u, c, r);
	return r;
}

void vg_grants_address(struct vg_target *t, const struct vg_address *a,
		       uint64_t until, uint64_t verified)
{
	struct vg_prefix prefix = single(a);
	const struct vg_claim c = {
		.service = t->unit->id,
		.endpoint = t->number,
		.name = t->endpoint->host,
		.class = vg_class_name(vg_class_of(a)),
		.prefix = prefix,
		.ports = t->endpoint->ports,
		.n_ports = t->endpoint->n_ports,
		.until = until,
		.verified = verified,
	};

	(void)claim(t->unit, &c);
}

void vg_grants_literal(struct vg_target *t)
{
	const struct vg_endpoint *e = t->endpoint;
	char name[VG_ENDPOINT_TEXT];
	const struct vg_claim c = {
		.service = t->unit->id,
		.endpoint = t->number,
		.name = name,
		.class = vg_class_name(vg_class_of(&e->address.address)),
		.prefix = e->address,
		.ports = e->ports,
		.n_ports = e->n_ports,
		.until = vg_clock_now() +
			 vg_schedule_lease(VG_LITERAL_TTL_S, e->hold_s),
		.verified = vg_clock_now(),
	};

	vg_endpoint_text(e, name);
	(void)claim(t->unit, &c);
}

void vg_grants_resolvers(struct vg_unit *u)
{
	for (size_t i = 0; i < u->service->n_resolvers; i++) {
		char name[VG_ADDRESS_TEXT];
		const struct vg_claim c = {
			.service = u->id,
			.endpoint = u->resolvers,
			.name = name,
			.class = "resolver",
			.prefix = u->service->resolvers[i],
			.ports = resolver_ports,
			.n_ports = VG_ARRAY_LEN(resolver_ports),
			.until = vg_clock_now() +
				 vg_schedule_lease(VG_LITERAL_TTL_S,
						   RESOLVER_HOLD_S),
			.verified = vg_clock_now(),
		};

		vg_prefix_text(&u->service->resolvers[i], name);
		(void)claim(u, &c);
	}
}

/* ---- releasing ----------------------------------------------------------- */

static void tell_end(struct vg_unit *u, const struct vg_permission *p,
		     const char *name, const char *why)
{
	struct vg_record r = {
		.kind = VG_RECORD_LEASE_END,
		.has = VG_HAS_DST,
		.endpoint = name,
		.dst = p->prefix.address,
		.dst_port = p->port,
		.proto = p->proto,
		.memory = {.name = name},
		.detail = why,
	};

	vg_incident(u->keeper, u, &r);
}

static void tell_claim_lost(struct vg_unit *u, const struct vg_book_loss *loss,
			    const char *name)
{
	const struct vg_finding_kind *kind =
		vg_finding_kind(VG_FINDING_CLAIM_LOST);
	const struct vg_target *by =
		vg_target_by_number(u->keeper, loss->kept_by);
	char evidence[VG_PROOF_EVIDENCE], keeper[VG_ENDPOINT_TEXT] = "?";
	struct vg_record r = {
		.kind = VG_RECORD_FINDING,
		.has = VG_HAS_DST,
		.endpoint = name,
		.dst = loss->what.prefix.address,
		.dst_port = loss->what.port,
		.proto = loss->what.proto,
		.finding_id = kind->name,
		.severity = vg_severity_name(kind->severity),
		.action = vg_action_name(kind->action),
		.evidence = evidence,
		.remedy = kind->remedy,
	};

	if (by)
		vg_endpoint_text(by->endpoint, keeper);
	snprintf(evidence, sizeof(evidence),
		 "no longer claimed by %s, still by %s", name, keeper);
	u->keeper->n_findings[VG_FINDING_CLAIM_LOST]++;
	vg_incident(u->keeper, u, &r);
}

/*
 * After claims went: flows are judged again, connections that lost their right
 * are destroyed, and it is said.  The kernel refuses from before this on.
 */
static void after_loss(struct vg_unit *u, const struct vg_book_losses *losses,
		       const char *name, const char *why)
{
	bool lost = false;

	for (size_t i = 0; i < losses->n; i++)
		if (!losses->items[i].kept)
			lost = true;
	if (vg_services_ended(u->keeper->services, u->id, lost) < 0)
		vg_err("%s: the epoch could not be raised", u->service->name);
	if (lost)
		vg_cut_losses(u, losses);
	for (size_t i = 0; i < losses->n; i++) {
		const struct vg_book_loss *loss = &losses->items[i];

		if (loss->kept)
			tell_claim_lost(u, loss, name);
		else
			tell_end(u, &loss->what, name, why);
	}
}

static const char *name_of(struct vg_unit *u, uint32_t number,
			   char text[static VG_ENDPOINT_TEXT])
{
	const struct vg_target *t = vg_target_by_number(u->keeper, number);

	/* One that a reload took away is in its old unit only. */
	for (size_t i = 0; !t && i < u->n_targets; i++)
		if (u->targets[i] && u->targets[i]->number == number)
			t = u->targets[i];
	if (t)
		vg_endpoint_text(t->endpoint, text);
	else
		snprintf(text, VG_ENDPOINT_TEXT, "%s", "resolvers");
	return text;
}

void vg_grants_release(struct vg_unit *u, uint32_t number,
		       enum vg_book_cause cause, const char *text)
{
	vg_cleanup(vg_book_losses_freep) struct vg_book_losses losses = {0};
	const struct vg_release q = {
		.endpoint = number,
		.cause = cause,
		.text = text,
	};
	char name[VG_ENDPOINT_TEXT];
	int r;

	(void)vg_services_ending(u->keeper->services, u->id);
	r = vg_book_release(u->keeper->book, vg_clock_now(), &q, &losses);
	if (r < 0)
		vg_err("%s: a lease could not be ended (%s); it will be tried "
		       "again",
		       u->service->name, strerror(-r));
	after_loss(u, &losses, name_of(u, number, name),
		   text ? text : vg_cause_name(cause));
}

/* `on_change: destroy`: what the name no longer has goes at once. */
static void release_changed(struct vg_target *t, const struct vg_proof *p)
{
	vg_cleanup(vg_book_losses_freep) struct vg_book_losses losses = {0};
	struct vg_prefix keep[VG_PROOF_ADDRESSES];
	const struct vg_release q = {
		.endpoint = t->number,
		.cause = VG_CAUSE_CHANGED,
		.text = "the name no longer leads there (on_change: destroy)",
	};
	size_t n = 0;
	int r;

	for (uint32_t i = 0; i < p->n_addresses; i++)
		keep[n++] = single(&p->addresses[i].address);
	(void)vg_services_ending(t->keeper->services, t->unit->id);
	r = vg_book_release_others(t->keeper->book, vg_clock_now(), &q, keep, n,
				   &losses);
	if (r < 0)
		vg_err("%s: a lease could not be ended: %s",
		       t->unit->service->name, strerror(-r));
	after_loss(t->unit, &losses, t->endpoint->host, q.text);
}

/* ---- proofs -------------------------------------------------------------- */

/* NULL when the policy tolerates all that P grants, else what it does not. */
static const char *recheck(const struct vg_target *t, const struct vg_proof *p,
			   struct vg_address *ret_culprit)
{
	const struct vg_endpoint *e = t->endpoint;
	struct vg_class_rules rules;
	enum vg_class class;

	vg_grants_class_rules(t->keeper, e, &rules);
	if (e->dnssec == VG_DNSSEC_REQUIRE && p->dnssec != VG_DNSSEC_SECURE)
		return "granted without DNSSEC, which the policy requires";
	for (uint32_t i = 0; i < p->n_addresses; i++) {
		const struct vg_proof_address *a = &p->addresses[i];

		*ret_culprit = a->address;
		if (!a->granted)
			return "granted, but not with all its addresses";
		if (vg_class_judge(&rules, &a->address, a->from_aaaa, &class) !=
		    VG_CLASS_OK)
			return "granted an address that the policy refuses";
	}
	return NULL;
}

static void refuse_proof(struct vg_proof *p, const char *why,
			 const struct vg_address *culprit)
{
	char text[VG_ADDRESS_TEXT];

	vg_address_text(culprit, text);
	vg_proof_add(p, VG_FINDING_BAD_ANSWER, culprit, "the verifier %s (%s)",
		     why, text);
	vg_err("%s: the verifier %s (%s); nothing of it is used", p->host, why,
	       text);
	p->granted = false;
	p->effect = VG_EFFECT_NONE; /* its word is no evidence */
	for (uint32_t i = 0; i < p->n_addresses; i++)
		p->addresses[i].granted = false;
}

static bool same_finding(const struct vg_finding *a, const struct vg_finding *b)
{
	return a->id == b->id && a->has_address == b->has_address &&
	       (!a->has_address ||
		memcmp(&a->address, &b->address, sizeof(a->address)) == 0);
}

static bool known(const struct vg_kept *old, const struct vg_finding *f)
{
	for (uint32_t i = 0; old && i < old->n_findings; i++)
		if (same_finding(&old->findings[i], f))
			return true;
	return false;
}

/* A finding is an event when it appears, not at each refresh that repeats it. */
static void tell_findings(struct vg_target *t, const struct vg_proof *p)
{
	for (uint32_t i = 0; i < p->n_findings; i++)
		if (!known(t->proof, &p->findings[i]))
			vg_incident_finding(t, &p->findings[i]);
}

static void revoke(struct vg_target *t, const struct vg_proof *p)
{
	char text[VG_BOOK_TEXT] = "evidence of attack";

	for (uint32_t i = 0; i < p->n_findings; i++) {
		const struct vg_finding *f = &p->findings[i];
		const struct vg_finding_kind *kind = vg_finding_kind(f->id);

		if (f->action != VG_ACTION_BLOCK ||
		    kind->effect != VG_EFFECT_REVOKE)
			continue;
		snprintf(text, sizeof(text), "%s: %s", kind->name, f->evidence);
		break;
	}
	vg_grants_release(t->unit, t->number, VG_CAUSE_REVOKED, text);
}

static void remember(struct vg_target *t, const struct vg_proof *p)
{
	free(t->proof);
	if (vg_kept_new(p, &t->proof) < 0)
		t->proof = NULL;
	t->judged = true;
	t->judged_ns = vg_clock_now();
	if (p->granted)
		t->verified_ns = t->judged_ns;
}

void vg_grants_proof(struct vg_target *t, struct vg_proof *p)
{
	struct vg_keeper *k = t->keeper;
	struct vg_address culprit = {0};
	const char *why;
	uint64_t until;

	why = p->granted ? recheck(t, p, &culprit) : NULL;
	if (why)
		refuse_proof(p, why, &culprit);
	tell_findings(t, p);
	if (p->granted) {
		k->n_proofs[0]++;
		until = vg_clock_now() +
			vg_schedule_lease(p->ttl, t->endpoint->hold_s);
		for (uint32_t i = 0; i < p->n_addresses; i++)
			vg_grants_address(t, &p->addresses[i].address, until,
					  vg_clock_now());
		if (t->unit->service->destroy_on_change)
			release_changed(t, p);
	} else if (p->effect == VG_EFFECT_REVOKE && p->confirmed) {
		k->n_proofs[1]++;
		revoke(t, p);
	} else {
		k->n_proofs[p->effect == VG_EFFECT_NONE ? 2 : 1]++;
	}
	remember(t, p);
}

/* ---- time ---------------------------------------------------------------- */

static void on_ended(void *ctx, const struct vg_permission *p,
		     uint32_t endpoint, const char *name)
{
	struct vg_keeper *k = ctx;
	struct vg_unit *u = vg_unit_by_id(k, p->service);
	const struct vg_destroy_target target = {
		.prefix = p->prefix,
		.ports = {p->proto, p->port, p->port},
	};

	(void)endpoint;
	if (!u)
		return;
	tell_end(u, p, name, "nobody could renew it");
	if (u->service->destroy_on_expiry)
		vg_cut(u, &target, 1);
}

void vg_grants_tick(struct vg_keeper *k, uint64_t now)
{
	int r;

	if (vg_book_earliest(k->book) <= now) {
		r = vg_book_sweep(k->book, now, on_ended, k);
		if (r < 0)
			vg_err("old leases could not be removed: %s",
			       strerror(-r));
	}
}

uint32_t vg_grants_flush(struct vg_unit *u)
{
	if (vg_services_bump(u->keeper->services, u->id) < 0)
		vg_err("%s: the epoch could not be raised", u->service->name);
	return vg_cut(u, NULL, 0);
}
