/* SPDX-License-Identifier: Apache-2.0 */
#include "verify/print.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

#include "base/cleanup.h"
#include "policy/ports.h"
#include "resolve/answer.h"
#include "verify/ladder.h"

#define INDENT "                    "

enum tone { TONE_OK, TONE_WARN, TONE_BLOCK, TONE_DIM, TONE_STRONG };

static void paint(struct vg_buf *out, bool colour, enum tone tone,
		  const char *text)
{
	static const char *const codes[] = {
		[TONE_OK] = "\033[32m",	   [TONE_WARN] = "\033[33m",
		[TONE_BLOCK] = "\033[31m", [TONE_DIM] = "\033[2m",
		[TONE_STRONG] = "\033[1m",
	};

	if (colour)
		vg_buf_puts(out, codes[tone]);
	vg_buf_escaped(out, text);
	if (colour)
		vg_buf_puts(out, "\033[0m");
}

void vg_print_count(const struct vg_proof *proof, struct vg_print_summary *s)
{
	s->endpoints++;
	if (proof->granted)
		s->granted++;
	else
		s->refused++;
	for (uint32_t i = 0; i < proof->n_addresses; i++)
		s->addresses += proof->addresses[i].granted;
	for (uint32_t i = 0; i < proof->n_findings; i++)
		s->warnings += proof->findings[i].action == VG_ACTION_WARN;
}

static const char *type_name(uint16_t type)
{
	switch (type) {
	case VG_TYPE_CNAME:
		return "CNAME";
	case VG_TYPE_A:
		return "A";
	case VG_TYPE_AAAA:
		return "AAAA";
	default:
		return "?";
	}
}

/* A literal may be a CIDR, of which the proof holds the first address. */
static void address_text(const struct vg_endpoint *e,
			 const struct vg_proof_address *a,
			 char ret[static VG_ADDRESS_TEXT])
{
	if (e->host)
		vg_address_text(&a->address, ret);
	else
		vg_prefix_text(&e->address, ret);
}

/* ---- for people --------------------------------------------------------- */

/* What a rung came to, as a word and its colour. */
struct result {
	const char *word;
	enum tone tone;
};

static bool rung_blocked(const struct vg_proof *p, enum vg_rung rung)
{
	for (uint32_t i = 0; i < p->n_findings; i++)
		if (p->findings[i].action == VG_ACTION_BLOCK &&
		    vg_finding_rung(p->findings[i].id) == rung)
			return true;
	return false;
}

/* A rung below blocked, so this one was not reached. */
static bool reached(const struct vg_proof *p, enum vg_rung rung)
{
	for (unsigned int below = 0; below < rung; below++)
		if (rung_blocked(p, below))
			return false;
	return true;
}

static struct result rung_result(const struct vg_proof *p, enum vg_rung rung)
{
	struct result result = {"ok", TONE_OK};

	if (!reached(p, rung))
		return (struct result){"-", TONE_DIM};
	if (rung_blocked(p, rung))
		return (struct result){"BLOCK", TONE_BLOCK};
	for (uint32_t i = 0; i < p->n_findings; i++)
		if (p->findings[i].action == VG_ACTION_WARN &&
		    vg_finding_rung(p->findings[i].id) == rung)
			result = (struct result){"warn", TONE_WARN};
	return result;
}

static void print_finding(const struct vg_finding *f, bool colour,
			  struct vg_buf *out)
{
	const struct vg_finding_kind *kind = vg_finding_kind(f->id);
	enum tone tone = f->action == VG_ACTION_BLOCK  ? TONE_BLOCK
			 : f->action == VG_ACTION_WARN ? TONE_WARN
						       : TONE_DIM;

	vg_buf_puts(out, INDENT);
	paint(out, colour, tone, kind->name);
	vg_buf_printf(out, " (%s): ", vg_severity_name(f->severity));
	vg_buf_escaped(out, f->evidence);
	vg_buf_printf(out, "\n" INDENT "  %s\n" INDENT "  %s\n", kind->title,
		      kind->remedy);
}

static void print_chain(const struct vg_endpoint *e, const struct vg_proof *p,
			bool colour, struct vg_buf *out)
{
	(void)e;
	(void)colour;
	for (uint32_t i = 0; i < p->n_links; i++) {
		const struct vg_link *link = &p->links[i];

		vg_buf_puts(out, i ? INDENT : "");
		vg_buf_escaped(out, link->name);
		vg_buf_printf(out, " %s ", type_name(link->type));
		vg_buf_escaped(out, link->target);
		vg_buf_printf(out, "%s%u s\n", link->target[0] ? ", " : "",
			      link->ttl);
	}
	if (p->n_links == 0)
		vg_buf_puts(out, "no records\n");
}

static void print_addresses(const struct vg_endpoint *e,
			    const struct vg_proof *p, bool colour,
			    struct vg_buf *out)
{
	char text[VG_ADDRESS_TEXT];

	for (uint32_t i = 0; i < p->n_addresses; i++) {
		const struct vg_proof_address *a = &p->addresses[i];

		address_text(e, a, text);
		vg_buf_puts(out, i ? INDENT : "");
		paint(out, colour, a->granted ? TONE_OK : TONE_BLOCK, text);
		vg_buf_printf(out, " %s, %s\n", vg_class_name(a->class),
			      a->granted ? "granted" : "refused");
	}
	if (p->n_addresses == 0)
		vg_buf_puts(out, "none\n");
}

static void print_name(const struct vg_endpoint *e, const struct vg_proof *p,
		       bool colour, struct vg_buf *out)
{
	(void)e;
	(void)colour;
	vg_buf_escaped(out, p->host);
	vg_buf_puts(out, "\n");
}

static void print_answers(const struct vg_endpoint *e, const struct vg_proof *p,
			  bool colour, struct vg_buf *out)
{
	(void)e;
	(void)colour;
	vg_buf_printf(out, "DNSSEC %s", vg_dnssec_name(p->dnssec));
	if (p->n_links > 0)
		vg_buf_printf(out, ", TTL %u s", p->ttl);
	vg_buf_puts(out, "\n");
}

static void print_anchors(const struct vg_endpoint *e, const struct vg_proof *p,
			  bool colour, struct vg_buf *out)
{
	const char *text = "usable\n";

	(void)e;
	(void)colour;
	if (rung_result(p, VG_RUNG_ANCHORS).tone != TONE_OK)
		text = "not usable\n";
	else if (p->dnssec == VG_DNSSEC_NONE)
		text = "not needed yet\n";
	vg_buf_puts(out, text);
}

static void print_identity(const struct vg_endpoint *e,
			   const struct vg_proof *p, bool colour,
			   struct vg_buf *out)
{
	bool proven = rung_result(p, VG_RUNG_IDENTITY).tone == TONE_OK;

	(void)e;
	(void)colour;
	if (!proven)
		vg_buf_puts(out, "none\n");
	else if (p->dnssec == VG_DNSSEC_SECURE)
		vg_buf_puts(out, "DNSSEC\n");
	else
		vg_buf_puts(out, "declared ranges\n");
}

typedef void evidence_fn(const struct vg_endpoint *e, const struct vg_proof *p,
			 bool colour, struct vg_buf *out);

static evidence_fn *const evidence[] = {
	[VG_RUNG_NAME] = print_name,
	[VG_RUNG_ANCHORS] = print_anchors,
	[VG_RUNG_ANSWERS] = print_answers,
	[VG_RUNG_CHAIN] = print_chain,
	[VG_RUNG_ADDRESSES] = print_addresses,
	[VG_RUNG_IDENTITY] = print_identity,
};
static_assert(VG_ARRAY_LEN(evidence) == VG_RUNG_COUNT, "one each");

static void print_rung(const struct vg_endpoint *e, const struct vg_proof *p,
		       enum vg_rung rung, bool colour, struct vg_buf *out)
{
	struct result result = rung_result(p, rung);

	vg_buf_puts(out, "  ");
	paint(out, colour, result.tone, result.word);
	vg_buf_printf(out, "%*s %-10s ", 6 - (int)strlen(result.word), "",
		      vg_rung_name(rung));
	if (reached(p, rung))
		evidence[rung](e, p, colour, out);
	else
		vg_buf_puts(out, "not reached\n");
	for (uint32_t i = 0; i < p->n_findings; i++)
		if (vg_finding_rung(p->findings[i].id) == rung)
			print_finding(&p->findings[i], colour, out);
}

static void print_headline(const struct vg_service *service,
			   const struct vg_endpoint *endpoint,
			   const struct vg_proof *proof, bool colour,
			   struct vg_buf *out)
{
	char name[VG_ENDPOINT_TEXT];

	vg_endpoint_text(endpoint, name);
	vg_buf_escaped(out, service->name);
	vg_buf_puts(out, ": ");
	paint(out, colour, TONE_STRONG, name);
	vg_buf_puts(out, " ");
	vg_ports_list(endpoint->ports, endpoint->n_ports, out);
	vg_buf_puts(out, ": ");
	paint(out, colour, proof->granted ? TONE_OK : TONE_BLOCK,
	      proof->granted ? "granted" : "REFUSED");
	vg_buf_puts(out, "\n");
}

void vg_print_proof(const struct vg_service *service,
		    const struct vg_endpoint *endpoint,
		    const struct vg_proof *proof, bool colour,
		    struct vg_buf *out)
{
	print_headline(service, endpoint, proof, colour, out);
	for (unsigned int rung = 0; rung < VG_RUNG_COUNT; rung++) {
		/* Nothing is looked up for a literal. */
		if (!endpoint->host && rung != VG_RUNG_NAME &&
		    rung != VG_RUNG_ADDRESSES)
			continue;
		print_rung(endpoint, proof, rung, colour, out);
	}
}

void vg_print_summary(const struct vg_print_summary *s, bool colour,
		      struct vg_buf *out)
{
	char refused[32];

	snprintf(refused, sizeof(refused), "%u refused", s->refused);
	vg_buf_printf(out, "%u endpoints: %u granted (%u addresses), ",
		      s->endpoints, s->granted, s->addresses);
	paint(out, colour, s->refused ? TONE_BLOCK : TONE_OK, refused);
	vg_buf_printf(out, ", %u warnings\n", s->warnings);
}

/* ---- for programs ------------------------------------------------------- */

static void link_json(const struct vg_link *link, struct vg_json *j)
{
	vg_json_object(j, NULL);
	vg_json_string(j, "name", link->name);
	vg_json_string(j, "type", type_name(link->type));
	vg_json_string(j, "target", link->target);
	vg_json_uint(j, "ttl", link->ttl);
	vg_json_object_end(j);
}

static void address_json(const struct vg_endpoint *endpoint,
			 const struct vg_proof_address *a,
			 const char *lease_end, struct vg_json *j)
{
	char text[VG_ADDRESS_TEXT];

	address_text(endpoint, a, text);
	vg_json_object(j, NULL);
	vg_json_string(j, "address", text);
	vg_json_string(j, "class", vg_class_name(a->class));
	vg_json_string(j, "verdict", a->granted ? "granted" : "refused");
	vg_json_array(j, "spki"); /* filled by the TLS rungs, later */
	vg_json_array_end(j);
	if (lease_end)
		vg_json_string(j, "lease_end", lease_end);
	vg_json_object_end(j);
}

static void finding_json(const struct vg_finding *f, struct vg_json *j)
{
	const struct vg_finding_kind *kind = vg_finding_kind(f->id);
	char text[VG_ADDRESS_TEXT];

	vg_json_object(j, NULL);
	vg_json_string(j, "id", kind->name);
	vg_json_string(j, "severity", vg_severity_name(f->severity));
	vg_json_string(j, "action", vg_action_name(f->action));
	if (f->has_address) {
		vg_address_text(&f->address, text);
		vg_json_string(j, "address", text);
	}
	vg_json_string(j, "title", kind->title);
	vg_json_string(j, "evidence", f->evidence);
	vg_json_string(j, "remedy", kind->remedy);
	vg_json_object_end(j);
}

static void ports_json(const struct vg_endpoint *endpoint, struct vg_json *j)
{
	vg_json_array(j, "ports");
	for (size_t i = 0; i < endpoint->n_ports; i++) {
		vg_cleanup(vg_buf_freep) struct vg_buf text = {};

		vg_ports_text(&endpoint->ports[i], &text);
		vg_json_string(j, NULL, vg_buf_text(&text));
	}
	vg_json_array_end(j);
}

void vg_print_proof_fields(const struct vg_service *service,
			   const struct vg_endpoint *endpoint,
			   const struct vg_proof *proof,
			   const char *const *lease_ends, struct vg_json *j)
{
	char name[VG_ENDPOINT_TEXT];

	vg_endpoint_text(endpoint, name);
	vg_json_string(j, "service", service->name);
	vg_json_string(j, "host", name);
	ports_json(endpoint, j);
	vg_json_string(j, "verdict", proof->granted ? "granted" : "refused");
	vg_json_string(j, "dnssec", vg_dnssec_name(proof->dnssec));
	vg_json_uint(j, "ttl", proof->ttl);
	vg_json_array(j, "chain");
	for (uint32_t i = 0; i < proof->n_links; i++)
		link_json(&proof->links[i], j);
	vg_json_array_end(j);
	vg_json_array(j, "addresses");
	for (uint32_t i = 0; i < proof->n_addresses; i++)
		address_json(endpoint, &proof->addresses[i],
			     lease_ends ? lease_ends[i] : NULL, j);
	vg_json_array_end(j);
	vg_json_array(j, "findings");
	for (uint32_t i = 0; i < proof->n_findings; i++)
		finding_json(&proof->findings[i], j);
	vg_json_array_end(j);
}

void vg_print_summary_json(const struct vg_print_summary *s, struct vg_json *j,
			   const char *key)
{
	vg_json_object(j, key);
	vg_json_uint(j, "endpoints", s->endpoints);
	vg_json_uint(j, "granted", s->granted);
	vg_json_uint(j, "refused", s->refused);
	vg_json_uint(j, "addresses", s->addresses);
	vg_json_uint(j, "warnings", s->warnings);
	vg_json_object_end(j);
}
