/* SPDX-License-Identifier: Apache-2.0 */
#include "resolve/answer.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

#include <ldns/ldns.h>

#include "base/cleanup.h"

#define HEADER_SIZE  12
#define RCODE_FAILED 2

static_assert(VG_PROOF_LINKS >= 2 * (VG_ANSWER_CHAIN + 1),
	      "a proof holds both chains");
static_assert(VG_PROOF_ADDRESSES >= 2 * VG_ANSWER_ADDRESSES,
	      "a proof holds both address sets");
static_assert(VG_TYPE_A == LDNS_RR_TYPE_A &&
		      VG_TYPE_CNAME == LDNS_RR_TYPE_CNAME &&
		      VG_TYPE_AAAA == LDNS_RR_TYPE_AAAA &&
		      VG_TYPE_DNSKEY == LDNS_RR_TYPE_DNSKEY,
	      "types are those of the wire");

static void packet_freep(ldns_pkt **p)
{
	if (*p)
		ldns_pkt_free(*p);
	*p = NULL;
}

static void name_freep(ldns_rdf **n)
{
	if (*n)
		ldns_rdf_deep_free(*n);
	*n = NULL;
}

/* Printable ASCII, cut to the array; why-texts hold strangers' names. */
static void set_why(struct vg_answer *a, const char *text)
{
	size_t i;

	for (i = 0; text && text[i] && i + 1 < sizeof(a->why); i++)
		a->why[i] = text[i] >= ' ' && text[i] <= '~' ? text[i] : '?';
	a->why[i] = '\0';
}

static void set_outcome(struct vg_answer *a, enum vg_outcome outcome,
			const char *why)
{
	a->outcome = outcome;
	set_why(a, why);
}

void vg_answer_fail(struct vg_answer *ret, uint16_t type,
		    enum vg_outcome outcome, const char *why)
{
	*ret = (struct vg_answer){.type = type, .rcode = RCODE_FAILED};
	set_outcome(ret, outcome, why);
}

/* NAME as we write it: lower case, no trailing dot, \DDD for odd octets. */
static bool name_text(const ldns_rdf *name, char ret[static VG_PROOF_HOST])
{
	vg_cleanup(vg_freep) char *text = ldns_rdf2str(name);
	size_t i, n;

	if (!text)
		return false;
	n = strlen(text);
	if (n > 1 && text[n - 1] == '.')
		n--;
	if (n == 0 || n >= VG_PROOF_HOST)
		return false;
	for (i = 0; i < n; i++)
		ret[i] = text[i] >= 'A' && text[i] <= 'Z'
				 ? (char)(text[i] - 'A' + 'a')
				 : text[i];
	ret[n] = '\0';
	return true;
}

/* The reply repeats the question: a leftover of another query does not. */
static bool question_matches(const ldns_pkt *packet, const ldns_rdf *name,
			     uint16_t type)
{
	const ldns_rr_list *questions = ldns_pkt_question(packet);
	const ldns_rr *q;

	if (!questions || ldns_rr_list_rr_count(questions) != 1)
		return false;
	q = ldns_rr_list_rr(questions, 0);
	return ldns_rr_get_type(q) == (ldns_rr_type)type &&
	       ldns_rr_get_class(q) == LDNS_RR_CLASS_IN &&
	       ldns_dname_compare(ldns_rr_owner(q), name) == 0;
}

static bool record_is(const ldns_rr *rr, const ldns_rdf *owner, uint16_t type)
{
	return ldns_rr_get_type(rr) == (ldns_rr_type)type &&
	       ldns_rr_get_class(rr) == LDNS_RR_CLASS_IN &&
	       ldns_dname_compare(ldns_rr_owner(rr), owner) == 0;
}

static void lower_ttl(struct vg_answer *a, uint32_t ttl)
{
	if (a->n_links == 0 || ttl < a->ttl)
		a->ttl = ttl;
}

/* RFC 2181 8: a TTL with the top bit set is zero. */
static uint32_t record_ttl(const ldns_rr *rr)
{
	uint32_t ttl = ldns_rr_ttl(rr);

	return ttl > INT32_MAX ? 0 : ttl;
}

/* The link under way; it counts once n_links is raised. */
static struct vg_link *next_link(struct vg_answer *a, const ldns_rdf *owner,
				 const ldns_rr *rr, uint16_t type)
{
	struct vg_link *link = &a->links[a->n_links];

	*link = (struct vg_link){.type = type, .ttl = record_ttl(rr)};
	if (!name_text(owner, link->name)) {
		set_outcome(a, VG_OUTCOME_BAD, "a name cannot be written");
		return NULL;
	}
	return link;
}

static bool seen_before(const struct vg_answer *a, const char *name)
{
	for (uint32_t i = 0; i < a->n_links; i++)
		if (strcmp(a->links[i].name, name) == 0)
			return true;
	return false;
}

/* The one CNAME at OWNER, NULL when none; two that differ are an error. */
static const ldns_rr *find_cname(const ldns_rr_list *records,
				 const ldns_rdf *owner, bool *ret_ambiguous)
{
	const ldns_rr *found = NULL, *rr;

	*ret_ambiguous = false;
	for (size_t i = 0; i < ldns_rr_list_rr_count(records); i++) {
		rr = ldns_rr_list_rr(records, i);
		if (!record_is(rr, owner, VG_TYPE_CNAME))
			continue;
		if (ldns_rr_rd_count(rr) != 1)
			*ret_ambiguous = true;
		else if (!found)
			found = rr;
		else if (ldns_dname_compare(ldns_rr_rdf(rr, 0),
					    ldns_rr_rdf(found, 0)))
			*ret_ambiguous = true;
	}
	return found;
}

/* Follow RR from *NAME, which then is its target; false ends the walk. */
static bool follow(struct vg_answer *a, const ldns_rr *rr, ldns_rdf **name)
{
	struct vg_link *link;
	ldns_rdf *target;

	if (a->n_links == VG_ANSWER_CHAIN) {
		set_outcome(a, VG_OUTCOME_LOOP, "more than 8 aliases in a row");
		return false;
	}
	link = next_link(a, *name, rr, VG_TYPE_CNAME);
	if (!link)
		return false;
	target = ldns_rdf_clone(ldns_rr_rdf(rr, 0));
	if (!target || !name_text(target, link->target)) {
		name_freep(&target);
		set_outcome(a, VG_OUTCOME_BAD, "an alias cannot be written");
		return false;
	}
	lower_ttl(a, link->ttl);
	a->n_links++;
	name_freep(name);
	*name = target;
	if (seen_before(a, link->target)) {
		set_outcome(a, VG_OUTCOME_LOOP, "the aliases form a loop");
		return false;
	}
	return true;
}

/* From *NAME along the CNAMEs; leaves the end of the chain in *NAME. */
static bool walk_chain(struct vg_answer *a, const ldns_rr_list *records,
		       ldns_rdf **name)
{
	const ldns_rr *rr;
	bool ambiguous;

	for (;;) {
		rr = find_cname(records, *name, &ambiguous);
		if (ambiguous) {
			set_outcome(a, VG_OUTCOME_BAD,
				    "two aliases at one name");
			return false;
		}
		if (!rr)
			return true;
		if (!follow(a, rr, name))
			return false;
	}
}

/* The address in RR as 16 octets; false when it has another length. */
static bool read_address(const ldns_rr *rr, struct vg_address *ret)
{
	static const struct vg_address mapped = {{[10] = 0xff, [11] = 0xff}};
	bool ipv4 = ldns_rr_get_type(rr) == LDNS_RR_TYPE_A;
	size_t size = ipv4 ? 4 : 16;
	const ldns_rdf *data;

	data = ldns_rr_rd_count(rr) == 1 ? ldns_rr_rdf(rr, 0) : NULL;
	if (!data || ldns_rdf_size(data) != size)
		return false;
	*ret = mapped;
	memcpy(ret->octets + 16 - size, ldns_rdf_data(data), size);
	return true;
}

static void add_address(struct vg_answer *a, const struct vg_address *address)
{
	for (uint32_t i = 0; i < a->n_addresses; i++)
		if (memcmp(&a->addresses[i], address, sizeof(*address)) == 0)
			return;
	if (a->n_addresses == VG_ANSWER_ADDRESSES)
		a->cut = true;
	else
		a->addresses[a->n_addresses++] = *address;
}

/* The addresses at the end of the chain; only that owner's count. */
static void collect(struct vg_answer *a, const ldns_rr_list *records,
		    const ldns_rdf *owner)
{
	struct vg_link *link = NULL;
	struct vg_address address;
	const ldns_rr *rr;

	for (size_t i = 0; i < ldns_rr_list_rr_count(records); i++) {
		rr = ldns_rr_list_rr(records, i);
		if (!record_is(rr, owner, a->type))
			continue;
		if (!read_address(rr, &address)) {
			set_outcome(a, VG_OUTCOME_BAD, "a malformed address");
			return;
		}
		if (!link)
			link = next_link(a, owner, rr, a->type);
		if (!link)
			return;
		if (record_ttl(rr) < link->ttl)
			link->ttl = record_ttl(rr);
		add_address(a, &address);
	}
	if (!link)
		return;
	lower_ttl(a, link->ttl);
	a->n_links++;
	a->outcome = VG_OUTCOME_ADDRESSES;
}

static void parse_records(const struct vg_reply *reply, const ldns_pkt *packet,
			  struct vg_answer *a)
{
	vg_cleanup(name_freep) ldns_rdf *name =
		ldns_dname_new_frm_str(reply->host);
	const ldns_rr_list *records = ldns_pkt_answer(packet);

	if (!name || !question_matches(packet, name, reply->type)) {
		set_outcome(a, VG_OUTCOME_BAD,
			    "the reply is to another question");
		return;
	}
	if (!walk_chain(a, records, &name))
		return;
	if (!name_text(name, a->end)) {
		set_outcome(a, VG_OUTCOME_BAD, "a name cannot be written");
		return;
	}
	a->outcome = a->rcode == LDNS_RCODE_NXDOMAIN ? VG_OUTCOME_NXDOMAIN
						     : VG_OUTCOME_NODATA;
	if (a->rcode == LDNS_RCODE_NOERROR)
		collect(a, records, name);
}

static void parse_packet(const struct vg_reply *reply, struct vg_answer *a)
{
	vg_cleanup(packet_freep) ldns_pkt *packet = NULL;
	char why[64];

	if (!reply->packet || reply->size < HEADER_SIZE ||
	    reply->size > VG_ANSWER_PACKET) {
		set_outcome(a, VG_OUTCOME_BAD, "no packet, or a cut one");
		return;
	}
	a->rcode = reply->packet[3] & 0x0f;
	if (a->rcode != LDNS_RCODE_NOERROR && a->rcode != LDNS_RCODE_NXDOMAIN) {
		snprintf(why, sizeof(why), "the server answered with code %u",
			 a->rcode);
		set_outcome(a, VG_OUTCOME_SERVFAIL, why);
		return;
	}
	if (ldns_wire2pkt(&packet, reply->packet, reply->size) !=
	    LDNS_STATUS_OK) {
		set_outcome(a, VG_OUTCOME_BAD, "the packet is malformed");
		return;
	}
	parse_records(reply, packet, a);
}

/* Nothing of an answer that is not believed stays in it but the chain. */
static void drop_addresses(struct vg_answer *a)
{
	a->n_addresses = 0;
	a->cut = false;
}

void vg_answer_parse(const struct vg_reply *reply, struct vg_answer *ret)
{
	assert(reply->type == VG_TYPE_A || reply->type == VG_TYPE_AAAA);

	*ret = (struct vg_answer){.type = reply->type, .rcode = RCODE_FAILED};
	if (reply->state == VG_DNSSEC_BOGUS) {
		ret->state = VG_DNSSEC_BOGUS;
		set_outcome(ret, VG_OUTCOME_BOGUS, reply->why);
		return;
	}
	if (reply->rcode != 0) {
		set_outcome(ret, VG_OUTCOME_SERVFAIL,
			    "no server gave a usable answer");
		return;
	}
	ret->state = reply->state;
	parse_packet(reply, ret);
	if (ret->outcome != VG_OUTCOME_ADDRESSES)
		drop_addresses(ret);
	if (ret->outcome < VG_OUTCOME_LOOP)
		ret->state = VG_DNSSEC_NONE;
}

const char *vg_health_name(enum vg_health h)
{
	static const char *const names[] = {
		[VG_HEALTH_UNKNOWN] = "unknown",
		[VG_HEALTH_SECURE] = "secure",
		[VG_HEALTH_STRIPPED] = "stripped",
		[VG_HEALTH_UNREACHABLE] = "unreachable",
	};
	static_assert(VG_ARRAY_LEN(names) == VG_HEALTH_COUNT, "a name each");

	assert((unsigned int)h < VG_HEALTH_COUNT);
	return names[h];
}
