/* SPDX-License-Identifier: Apache-2.0 */
#include "verify/ladder.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

#include "base/cleanup.h"
#include "policy/host.h"

/* A and AAAA in turn, then NULL; both are always judged alike. */
static const struct vg_answer *answer_at(const struct vg_ladder_input *in,
					 size_t i)
{
	return i == 0 ? in->a : i == 1 ? in->aaaa : NULL;
}

static const char *type_name(const struct vg_answer *a)
{
	return a->type == VG_TYPE_AAAA ? "AAAA" : "A";
}

static bool has(const struct vg_ladder_input *in, enum vg_outcome outcome)
{
	return in->a->outcome == outcome || in->aaaa->outcome == outcome;
}

/* Nothing was learnt from it. */
static bool failed(const struct vg_answer *a)
{
	return a->outcome < VG_OUTCOME_LOOP;
}

static bool is_blocked(const struct vg_proof *p)
{
	for (uint32_t i = 0; i < p->n_findings; i++)
		if (p->findings[i].action == VG_ACTION_BLOCK)
			return true;
	return false;
}

/* ---- 0: name ------------------------------------------------------------ */

static void rung_name(const struct vg_ladder_input *in, struct vg_proof *p)
{
	char canonical[VG_ENDPOINT_TEXT];
	const struct vg_host_error *error;

	error = vg_host_parse(in->host, strlen(in->host), canonical);
	if (error)
		vg_proof_add(p, VG_FINDING_NAME_REFUSED, NULL, "%s",
			     error->message);
	else if (strcmp(canonical, in->host) != 0)
		vg_proof_add(p, VG_FINDING_NAME_REFUSED, NULL,
			     "the canonical form is %s", canonical);
}

/* ---- 1: anchors --------------------------------------------------------- */

static void rung_anchors(const struct vg_ladder_input *in, struct vg_proof *p)
{
	struct vg_finding *f;

	if (in->dnssec == VG_DNSSEC_OFF || in->health != VG_HEALTH_STRIPPED)
		return;
	/* What did validate shows that the anchors work for this name. */
	if (p->dnssec == VG_DNSSEC_SECURE)
		return;

	f = vg_proof_add(p, VG_FINDING_DNSSEC_STRIPPED, NULL, "%s",
			 in->health_why ? in->health_why : "");
	if (in->dnssec == VG_DNSSEC_REQUIRE)
		vg_proof_block(p, f);
}

/* ---- 2: answers --------------------------------------------------------- */

static void add_failure(const struct vg_ladder_input *in, size_t i,
			struct vg_proof *p)
{
	static const enum vg_finding_id ids[] = {
		[VG_OUTCOME_TIMEOUT] = VG_FINDING_RESOLVER_TIMEOUT,
		[VG_OUTCOME_SERVFAIL] = VG_FINDING_SERVFAIL,
		[VG_OUTCOME_BOGUS] = VG_FINDING_DNS_BOGUS,
		[VG_OUTCOME_BAD] = VG_FINDING_BAD_ANSWER,
	};
	const struct vg_answer *a = answer_at(in, i);
	const struct vg_answer *other = answer_at(in, !i);
	struct vg_finding *f;

	static_assert(VG_ARRAY_LEN(ids) == VG_OUTCOME_LOOP, "one each");
	f = vg_proof_add(p, ids[a->outcome], NULL, "%s: %s", type_name(a),
			 a->why);
	/* One type may fail when the other is fine; then it has to be fine. */
	if (failed(other) || other->outcome == VG_OUTCOME_NODATA)
		vg_proof_block(p, f);
}

static void rung_answers(const struct vg_ladder_input *in, struct vg_proof *p)
{
	const struct vg_answer *a;

	for (size_t i = 0; (a = answer_at(in, i)); i++)
		if (failed(a))
			add_failure(in, i, p);

	for (size_t i = 0; (a = answer_at(in, i)); i++)
		if (in->dnssec == VG_DNSSEC_REQUIRE && a->n_addresses > 0 &&
		    a->state != VG_DNSSEC_SECURE)
			vg_proof_add(p, VG_FINDING_DNSSEC_REQUIRED, NULL,
				     "%s: the answer is %s", type_name(a),
				     vg_dnssec_name(a->state));
}

/* ---- 3: chain ----------------------------------------------------------- */

static void add_link(struct vg_proof *p, const struct vg_link *link)
{
	for (uint32_t i = 0; i < p->n_links; i++)
		if (p->links[i].type == link->type &&
		    strcmp(p->links[i].name, link->name) == 0 &&
		    strcmp(p->links[i].target, link->target) == 0)
			return;
	assert(p->n_links < VG_PROOF_LINKS);
	p->links[p->n_links++] = *link;
}

/* What the name leads to is gone, or has no address: says which it is. */
static void add_dangling(const struct vg_answer *a, struct vg_proof *p)
{
	bool gone = a->outcome == VG_OUTCOME_NXDOMAIN;
	bool alias = a->n_links > 0;
	enum vg_finding_id id;

	if (alias)
		id = gone ? VG_FINDING_DANGLING_CNAME_NX
			  : VG_FINDING_DANGLING_NODATA;
	else
		id = gone ? VG_FINDING_NXDOMAIN : VG_FINDING_NODATA;
	vg_proof_add(p, id, NULL, "%s %s%s%s", a->end,
		     gone ? "does not exist" : "has no address",
		     alias ? "; it is the end of the aliases of " : "",
		     alias ? p->host : "");
}

static const struct vg_answer *with_outcome(const struct vg_ladder_input *in,
					    enum vg_outcome outcome)
{
	return in->a->outcome == outcome ? in->a : in->aaaa;
}

static void rung_chain(const struct vg_ladder_input *in, struct vg_proof *p)
{
	const struct vg_answer *a;

	for (size_t i = 0; (a = answer_at(in, i)); i++)
		for (uint32_t k = 0; k < a->n_links; k++)
			add_link(p, &a->links[k]);

	if (has(in, VG_OUTCOME_LOOP))
		vg_proof_add(p, VG_FINDING_CNAME_LOOP_OR_DEPTH, NULL, "%s",
			     with_outcome(in, VG_OUTCOME_LOOP)->why);
	else if (has(in, VG_OUTCOME_ADDRESSES))
		;
	else if (has(in, VG_OUTCOME_NXDOMAIN))
		add_dangling(with_outcome(in, VG_OUTCOME_NXDOMAIN), p);
	else if (has(in, VG_OUTCOME_NODATA))
		add_dangling(with_outcome(in, VG_OUTCOME_NODATA), p);

	if (has(in, VG_OUTCOME_ADDRESSES) && p->ttl < VG_LADDER_SHORT_TTL)
		vg_proof_add(p, VG_FINDING_SHORT_TTL, NULL,
			     "the TTL is %u s, the shortest refresh %u s",
			     p->ttl, VG_LADDER_SHORT_TTL);
}

/* ---- 4: addresses ------------------------------------------------------- */

static const enum vg_finding_id class_findings[] = {
	/* Forbidden by its class, yet public: no rule of ours says so. */
	[VG_CLASS_PUBLIC] = VG_FINDING_ADDR_OUT_OF_RANGE,
	[VG_CLASS_METADATA] = VG_FINDING_REBIND_METADATA,
	[VG_CLASS_LOOPBACK] = VG_FINDING_REBIND_LOOPBACK,
	[VG_CLASS_LINK_LOCAL] = VG_FINDING_REBIND_LINKLOCAL,
	[VG_CLASS_PRIVATE] = VG_FINDING_REBIND_PRIVATE,
	[VG_CLASS_CGNAT] = VG_FINDING_REBIND_PRIVATE,
	[VG_CLASS_V4_IN_V6] = VG_FINDING_REBIND_EMBEDDED,
	[VG_CLASS_NAT64] = VG_FINDING_REBIND_EMBEDDED,
	[VG_CLASS_TRANSITION] = VG_FINDING_REBIND_EMBEDDED,
	[VG_CLASS_IETF] = VG_FINDING_REBIND_RESERVED,
	[VG_CLASS_DOCUMENTATION] = VG_FINDING_REBIND_RESERVED,
	[VG_CLASS_RESERVED] = VG_FINDING_REBIND_RESERVED,
	[VG_CLASS_SELF] = VG_FINDING_REBIND_SELF,
};
static_assert(VG_ARRAY_LEN(class_findings) == VG_CLASS_COUNT, "one each");

/* Verdicts of the addresses, before any finding is made of them. */
struct tally {
	enum vg_class_verdict verdicts[VG_PROOF_ADDRESSES];
	bool has_public, has_other, has_forbidden;
};

static void add_address(const struct vg_ladder_input *in,
			const struct vg_address *address, bool from_aaaa,
			struct vg_proof *p, struct tally *t)
{
	struct vg_proof_address *entry = &p->addresses[p->n_addresses];
	enum vg_class_verdict v;

	assert(p->n_addresses < VG_PROOF_ADDRESSES);
	entry->address = *address;
	entry->from_aaaa = from_aaaa;
	v = vg_class_judge(&in->rules, address, from_aaaa, &entry->class);
	entry->granted = v == VG_CLASS_OK;
	t->verdicts[p->n_addresses++] = v;
	if (entry->class == VG_CLASS_PUBLIC)
		t->has_public = true;
	else
		t->has_other = true;
	if (v == VG_CLASS_FORBIDDEN || v == VG_CLASS_PUBLIC_FOR_INTERNAL)
		t->has_forbidden = true;
}

/* "203.0.113.0/24, 198.51.100.0/24 and 7 more" */
static void ranges_text(const struct vg_class_rules *rules, char *ret,
			size_t size)
{
	const size_t shown = rules->n_ranges < 3 ? rules->n_ranges : 3;
	char text[VG_ADDRESS_TEXT];
	size_t used = 0;

	ret[0] = '\0';
	for (size_t i = 0; i < shown && used < size; i++) {
		vg_prefix_text(&rules->ranges[i], text);
		used += (size_t)snprintf(ret + used, size - used, "%s%s",
					 i ? ", " : "", text);
	}
	if (rules->n_ranges > shown && used < size)
		snprintf(ret + used, size - used, " and %zu more",
			 rules->n_ranges - shown);
}

static void add_address_finding(const struct vg_ladder_input *in,
				const struct vg_proof_address *entry,
				enum vg_class_verdict verdict,
				struct vg_proof *p)
{
	const char *record = entry->from_aaaa ? "AAAA" : "A";
	const char *class = vg_class_name(entry->class);
	char ranges[4 * VG_ADDRESS_TEXT], text[VG_ADDRESS_TEXT];

	vg_address_text(&entry->address, text);
	switch (verdict) {
	case VG_CLASS_OK:
		break;
	case VG_CLASS_FORBIDDEN:
		vg_proof_add(p, class_findings[entry->class], &entry->address,
			     "%s %s is of class %s", record, text, class);
		break;
	case VG_CLASS_OUT_OF_RANGE:
		ranges_text(&in->rules, ranges, sizeof(ranges));
		vg_proof_add(p, VG_FINDING_ADDR_OUT_OF_RANGE, &entry->address,
			     "%s %s is not in %s", record, text, ranges);
		break;
	case VG_CLASS_PUBLIC_FOR_INTERNAL:
		vg_proof_add(p, VG_FINDING_SCOPE_PUBLIC_FOR_INTERNAL,
			     &entry->address, "%s %s is of class %s", record,
			     text, class);
		break;
	}
}

static void rung_addresses(const struct vg_ladder_input *in, struct vg_proof *p)
{
	struct tally t = {};
	const struct vg_answer *a;

	for (size_t i = 0; (a = answer_at(in, i)); i++) {
		for (uint32_t k = 0; k < a->n_addresses; k++)
			add_address(in, &a->addresses[k],
				    a->type == VG_TYPE_AAAA, p, &t);
		if (a->cut)
			vg_proof_add(p, VG_FINDING_ADDR_CHURN, NULL,
				     "%s: %u addresses were kept", type_name(a),
				     a->n_addresses);
	}
	/* First, so that a flood of addresses cannot crowd it out. */
	if (t.has_public && t.has_other && t.has_forbidden)
		vg_proof_add(p, VG_FINDING_REBIND_MIXED, NULL,
			     "%u addresses, some public and some not",
			     p->n_addresses);
	for (uint32_t i = 0; i < p->n_addresses; i++)
		add_address_finding(in, &p->addresses[i], t.verdicts[i], p);
}

/* ---- 5: identity -------------------------------------------------------- */

static void rung_identity(const struct vg_ladder_input *in, struct vg_proof *p)
{
	if (in->has_tls || in->rules.n_ranges > 0 ||
	    p->dnssec == VG_DNSSEC_SECURE)
		return;
	vg_proof_add(p, VG_FINDING_DNS_INSECURE, NULL,
		     "the answer is %s and no ranges are declared",
		     vg_dnssec_name(p->dnssec));
}

/* ---- all ---------------------------------------------------------------- */

typedef void rung_fn(const struct vg_ladder_input *in, struct vg_proof *p);

static const struct {
	const char *name;
	rung_fn *judge;
} rungs[] = {
	[VG_RUNG_NAME] = {"name", rung_name},
	[VG_RUNG_ANCHORS] = {"anchors", rung_anchors},
	[VG_RUNG_ANSWERS] = {"answers", rung_answers},
	[VG_RUNG_CHAIN] = {"chain", rung_chain},
	[VG_RUNG_ADDRESSES] = {"addresses", rung_addresses},
	[VG_RUNG_IDENTITY] = {"identity", rung_identity},
};
static_assert(VG_ARRAY_LEN(rungs) == VG_RUNG_COUNT, "a function each");

const char *vg_rung_name(enum vg_rung rung)
{
	assert((unsigned int)rung < VG_RUNG_COUNT);
	return rungs[rung].name;
}

enum vg_rung vg_finding_rung(enum vg_finding_id id)
{
	static const enum vg_rung table[] = {
		[VG_FINDING_DNS_BOGUS] = VG_RUNG_ANSWERS,
		[VG_FINDING_DNSSEC_STRIPPED] = VG_RUNG_ANCHORS,
		[VG_FINDING_DNS_INSECURE] = VG_RUNG_IDENTITY,
		[VG_FINDING_DNSSEC_REQUIRED] = VG_RUNG_ANSWERS,
		[VG_FINDING_RESOLVER_TIMEOUT] = VG_RUNG_ANSWERS,
		[VG_FINDING_SERVFAIL] = VG_RUNG_ANSWERS,
		[VG_FINDING_NXDOMAIN] = VG_RUNG_CHAIN,
		[VG_FINDING_NODATA] = VG_RUNG_CHAIN,
		[VG_FINDING_DANGLING_CNAME_NX] = VG_RUNG_CHAIN,
		[VG_FINDING_DANGLING_NODATA] = VG_RUNG_CHAIN,
		[VG_FINDING_CNAME_LOOP_OR_DEPTH] = VG_RUNG_CHAIN,
		[VG_FINDING_REBIND_PRIVATE] = VG_RUNG_ADDRESSES,
		[VG_FINDING_REBIND_LOOPBACK] = VG_RUNG_ADDRESSES,
		[VG_FINDING_REBIND_LINKLOCAL] = VG_RUNG_ADDRESSES,
		[VG_FINDING_REBIND_METADATA] = VG_RUNG_ADDRESSES,
		[VG_FINDING_REBIND_EMBEDDED] = VG_RUNG_ADDRESSES,
		[VG_FINDING_REBIND_RESERVED] = VG_RUNG_ADDRESSES,
		[VG_FINDING_REBIND_SELF] = VG_RUNG_ADDRESSES,
		[VG_FINDING_REBIND_MIXED] = VG_RUNG_ADDRESSES,
		[VG_FINDING_SCOPE_PUBLIC_FOR_INTERNAL] = VG_RUNG_ADDRESSES,
		[VG_FINDING_ADDR_OUT_OF_RANGE] = VG_RUNG_ADDRESSES,
		[VG_FINDING_ADDR_CHURN] = VG_RUNG_ADDRESSES,
		[VG_FINDING_SHORT_TTL] = VG_RUNG_CHAIN,
		[VG_FINDING_NAME_REFUSED] = VG_RUNG_NAME,
		[VG_FINDING_UNCONFIRMED] = VG_RUNG_ADDRESSES,
		[VG_FINDING_BAD_ANSWER] = VG_RUNG_ANSWERS,
		/* The keeper's own, after the ladder. */
		[VG_FINDING_CLAIM_LOST] = VG_RUNG_IDENTITY,
		[VG_FINDING_LEASES_FULL] = VG_RUNG_IDENTITY,
	};
	static_assert(VG_ARRAY_LEN(table) == VG_FINDING_COUNT, "one each");

	assert((unsigned int)id < VG_FINDING_COUNT);
	return table[id];
}

/*
 * The weakest state of what gave addresses or, when nothing did, of what was
 * learnt at all.  Bogus in either type outweighs the other.
 */
static enum vg_dnssec_state weakest(const struct vg_ladder_input *in)
{
	bool wanted = has(in, VG_OUTCOME_ADDRESSES);
	enum vg_dnssec_state state = VG_DNSSEC_NONE;
	const struct vg_answer *a;

	if (has(in, VG_OUTCOME_BOGUS))
		return VG_DNSSEC_BOGUS;
	for (size_t i = 0; (a = answer_at(in, i)); i++)
		if (!failed(a) && (!wanted || a->n_addresses > 0) &&
		    (state == VG_DNSSEC_NONE || a->state == VG_DNSSEC_INSECURE))
			state = a->state;
	return state;
}

/* Minimum over the chains that gave addresses or, if none, over all. */
static uint32_t shortest(const struct vg_ladder_input *in)
{
	bool wanted = has(in, VG_OUTCOME_ADDRESSES), found = false;
	const struct vg_answer *a;
	uint32_t ttl = 0;

	for (size_t i = 0; (a = answer_at(in, i)); i++) {
		if (a->n_links == 0 || (wanted && a->n_addresses == 0))
			continue;
		if (!found || a->ttl < ttl)
			ttl = a->ttl;
		found = true;
	}
	return ttl;
}

static void apply_strict(struct vg_proof *p)
{
	for (uint32_t i = 0; i < p->n_findings; i++)
		if (p->findings[i].action == VG_ACTION_WARN &&
		    p->findings[i].severity >= VG_SEVERITY_MEDIUM)
			vg_proof_block(p, &p->findings[i]);
}

/* One forbidden address blocks the whole answer. */
static void conclude(struct vg_proof *p)
{
	bool blocked = is_blocked(p);

	for (uint32_t i = 0; i < p->n_addresses; i++) {
		if (blocked)
			p->addresses[i].granted = false;
		if (p->addresses[i].granted)
			p->granted = true;
	}
}

void vg_ladder_judge(const struct vg_ladder_input *in, struct vg_proof *ret)
{
	memset(ret, 0, sizeof(*ret));
	snprintf(ret->host, sizeof(ret->host), "%s", in->host);
	ret->dnssec = weakest(in);
	ret->confirmed = ret->dnssec == VG_DNSSEC_SECURE;
	ret->ttl = shortest(in);

	for (size_t i = 0; i < VG_RUNG_COUNT; i++) {
		rungs[i].judge(in, ret);
		if (in->strict)
			apply_strict(ret);
		if (is_blocked(ret))
			break;
	}
	conclude(ret);
}

void vg_ladder_literal(const char *text, const struct vg_prefix *literal,
		       struct vg_proof *ret)
{
	const char *error = vg_class_literal_error(literal);

	memset(ret, 0, sizeof(*ret));
	snprintf(ret->host, sizeof(ret->host), "%s", text);
	ret->confirmed = true;
	ret->addresses[0] = (struct vg_proof_address){
		.address = literal->address,
		.class = vg_class_of(&literal->address),
		.granted = true,
	};
	ret->n_addresses = 1;
	if (error)
		vg_proof_add(ret, VG_FINDING_NAME_REFUSED, &literal->address,
			     "%s %s", text, error);
	conclude(ret);
}
