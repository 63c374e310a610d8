/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/cleanup.h"
#include "verify/ladder.h"

#define HOST "api.vendor.com"

/*
 * One look-up as text: "STATE [CNAME...] ADDRESS..." or an outcome.  STATE is
 * s, i or b; CNAME is ">name".
 *   "s 8.8.8.8"   "i >x.net 8.8.8.8 9.9.9.9"   "s >x.net nxdomain"
 *   "s nodata"    "timeout"   "servfail"   "bogus"   "bad"   "s loop"
 */
static void set_address(struct vg_answer *a, const char *word)
{
	struct vg_address *slot = &a->addresses[a->n_addresses++];

	assert_true(a->n_addresses <= VG_ANSWER_ADDRESSES);
	a->outcome = VG_OUTCOME_ADDRESSES;
	/* A mapped address in AAAA is not what vg_address_parse() makes. */
	assert_int_equal(vg_address_parse(word, slot), 0);
}

static bool set_outcome(struct vg_answer *a, const char *word)
{
	static const char *const names[VG_OUTCOME_ADDRESSES] = {
		[VG_OUTCOME_TIMEOUT] = "timeout",
		[VG_OUTCOME_SERVFAIL] = "servfail",
		[VG_OUTCOME_BOGUS] = "bogus",
		[VG_OUTCOME_BAD] = "bad",
		[VG_OUTCOME_LOOP] = "loop",
		[VG_OUTCOME_NXDOMAIN] = "nxdomain",
		[VG_OUTCOME_NODATA] = "nodata",
	};

	for (unsigned int i = 0; i < VG_ARRAY_LEN(names); i++) {
		if (strcmp(word, names[i]) != 0)
			continue;
		a->outcome = i;
		if (i == VG_OUTCOME_BOGUS)
			a->state = VG_DNSSEC_BOGUS;
		snprintf(a->why, sizeof(a->why), "because of %s", word);
		return true;
	}
	return false;
}

static void add_link(struct vg_answer *a, uint16_t type, const char *target)
{
	struct vg_link *link = &a->links[a->n_links++];

	link->type = type;
	link->ttl = a->ttl = 300;
	snprintf(link->name, sizeof(link->name), "%s", a->end);
	snprintf(link->target, sizeof(link->target), "%s", target);
	if (target[0])
		snprintf(a->end, sizeof(a->end), "%s", target);
}

static void read_answer(const char *text, uint16_t type, struct vg_answer *a)
{
	static const char states[] = "-sib";
	char copy[4096], *at = copy, *word;

	memset(a, 0, sizeof(*a));
	a->type = type;
	snprintf(a->end, sizeof(a->end), "%s", HOST);
	snprintf(copy, sizeof(copy), "%s", text);
	while ((word = strsep(&at, " "))) {
		if (strlen(word) == 1 && strchr(states, *word))
			a->state = (enum vg_dnssec_state)(
				strchr(states, *word) - states);
		else if (word[0] == '>')
			add_link(a, VG_TYPE_CNAME, word + 1);
		else if (!set_outcome(a, word))
			set_address(a, word);
	}
	if (a->n_addresses > 0)
		add_link(a, type, "");
}

/* What is judged; zero is the default. */
struct rules {
	enum vg_dnssec_rule dnssec;
	bool strict, internal, tls, stripped;
	const char *range;
	const char *self;
};

static struct vg_proof judged(const char *a, const char *aaaa,
			      struct rules rules)
{
	struct vg_answer a_answer, aaaa_answer;
	struct vg_prefix range = {};
	struct vg_address self = {};
	struct vg_proof proof;
	struct vg_ladder_input in = {
		.host = HOST,
		.dnssec = rules.dnssec,
		.strict = rules.strict,
		.has_tls = rules.tls,
		.rules = {.internal = rules.internal,
			  .ranges = &range,
			  .n_ranges = rules.range != NULL,
			  .self = &self,
			  .n_self = rules.self != NULL},
		.a = &a_answer,
		.aaaa = &aaaa_answer,
		.health =
			rules.stripped ? VG_HEALTH_STRIPPED : VG_HEALTH_SECURE,
		.health_why = "no signatures",
	};

	read_answer(a, VG_TYPE_A, &a_answer);
	read_answer(aaaa, VG_TYPE_AAAA, &aaaa_answer);
	if (rules.range)
		assert_int_equal(vg_prefix_parse(rules.range, &range), 0);
	if (rules.self)
		assert_int_equal(vg_address_parse(rules.self, &self), 0);
	memset(&proof, 0xa5, sizeof(proof));
	vg_ladder_judge(&in, &proof);
	return proof;
}

/* "DNS_BOGUS:block REBIND_MIXED:block" */
static const char *findings_text(const struct vg_proof *p)
{
	static char text[4096];
	size_t used = 0;

	text[0] = '\0';
	for (uint32_t i = 0; i < p->n_findings; i++)
		used += (size_t)snprintf(
			text + used, sizeof(text) - used, "%s%s:%s",
			i ? " " : "", vg_finding_kind(p->findings[i].id)->name,
			vg_action_name(p->findings[i].action));
	return text;
}

static const char *verdict_text(const struct vg_proof *p)
{
	static const char *const effects[] = {"none", "run-out", "revoke"};
	static char text[64];
	unsigned int granted = 0;

	for (uint32_t i = 0; i < p->n_addresses; i++)
		granted += p->addresses[i].granted;
	assert_int_equal(p->granted, granted > 0);
	snprintf(text, sizeof(text), "%u/%u %s %s", granted, p->n_addresses,
		 vg_dnssec_name(p->dnssec), effects[p->effect]);
	return text;
}

/* ---- the table ---------------------------------------------------------- */

static const struct row {
	const char *a, *aaaa;
	struct rules rules;
	const char *verdict; /* granted/all DNSSEC effect */
	const char *findings;
} rows[] = {
	/* what is well */
	{"s 8.8.8.8", "s nodata", {}, "1/1 secure none", ""},
	{"s nodata", "s 2600::1", {}, "1/1 secure none", ""},
	{"s 8.8.8.8 8.8.4.4", "s 2600::1", {}, "3/3 secure none", ""},
	{"s >x.net 8.8.8.8", "s >x.net nodata", {}, "1/1 secure none", ""},
	{"i 8.8.8.8",
	 "i nodata",
	 {.range = "8.8.8.0/24"},
	 "1/1 insecure none",
	 ""},
	{"i 8.8.8.8", "i nodata", {.tls = true}, "1/1 insecure none", ""},
	{"s 8.8.8.8",
	 "s nodata",
	 {.dnssec = VG_DNSSEC_REQUIRE},
	 "1/1 secure none",
	 ""},
	/* what AAAA says without addresses does not weaken A */
	{"s 8.8.8.8",
	 "i nodata",
	 {.dnssec = VG_DNSSEC_REQUIRE},
	 "1/1 secure none",
	 ""},
	{"s 8.8.8.8", "s nxdomain", {}, "1/1 secure none", ""},

	/* nothing but an unsigned answer */
	{"i 8.8.8.8", "i nodata", {}, "1/1 insecure none", "DNS_INSECURE:warn"},
	{"s 8.8.8.8",
	 "i 2600::1",
	 {},
	 "2/2 insecure none",
	 "DNS_INSECURE:warn"},
	{"i 8.8.8.8",
	 "i nodata",
	 {.strict = true},
	 "0/1 insecure run-out",
	 "DNS_INSECURE:block"},
	{"i 8.8.8.8",
	 "i nodata",
	 {.strict = true, .range = "8.8.8.0/24"},
	 "1/1 insecure none",
	 ""},
	{"i 8.8.8.8",
	 "i nodata",
	 {.dnssec = VG_DNSSEC_OFF},
	 "1/1 insecure none",
	 "DNS_INSECURE:warn"},
	{"i 8.8.8.8",
	 "i nodata",
	 {.dnssec = VG_DNSSEC_REQUIRE},
	 "0/0 insecure run-out",
	 "DNSSEC_REQUIRED:block"},
	{"s 8.8.8.8",
	 "i 2600::1",
	 {.dnssec = VG_DNSSEC_REQUIRE},
	 "0/0 insecure run-out",
	 "DNSSEC_REQUIRED:block"},
	{"i 8.8.8.8",
	 "i nodata",
	 {.dnssec = VG_DNSSEC_REQUIRE, .range = "8.8.8.0/24"},
	 "0/0 insecure run-out",
	 "DNSSEC_REQUIRED:block"},

	/* bogus in either type adds nothing, and takes nothing away (G19) */
	{"bogus",
	 "bogus",
	 {},
	 "0/0 bogus none",
	 "DNS_BOGUS:block DNS_BOGUS:block"},
	{"bogus", "s nodata", {}, "0/0 bogus none", "DNS_BOGUS:block"},
	{"bogus", "s 2600::1", {}, "0/0 bogus none", "DNS_BOGUS:block"},
	{"s 8.8.8.8", "bogus", {}, "0/0 bogus none", "DNS_BOGUS:block"},
	{"bogus",
	 "i ::ffff:127.0.0.1",
	 {},
	 "0/0 bogus none",
	 "DNS_BOGUS:block"},
	{"bogus",
	 "bogus",
	 {.range = "8.8.8.0/24"},
	 "0/0 bogus none",
	 "DNS_BOGUS:block DNS_BOGUS:block"},

	/* anchors */
	{"bogus",
	 "bogus",
	 {.stripped = true},
	 "0/0 bogus none",
	 "DNSSEC_STRIPPED:warn DNS_BOGUS:block DNS_BOGUS:block"},
	{"bogus",
	 "bogus",
	 {.stripped = true, .dnssec = VG_DNSSEC_REQUIRE},
	 "0/0 bogus none",
	 "DNSSEC_STRIPPED:block"},
	{"i 8.8.8.8",
	 "i nodata",
	 {.stripped = true, .dnssec = VG_DNSSEC_REQUIRE},
	 "0/0 insecure none",
	 "DNSSEC_STRIPPED:block"},
	{"i 8.8.8.8",
	 "i nodata",
	 {.stripped = true, .range = "8.8.8.0/24"},
	 "1/1 insecure none",
	 "DNSSEC_STRIPPED:warn"},
	{"i 8.8.8.8",
	 "i nodata",
	 {.stripped = true, .range = "8.8.8.0/24", .dnssec = VG_DNSSEC_OFF},
	 "1/1 insecure none",
	 ""},
	{"s 8.8.8.8",
	 "s nodata",
	 {.stripped = true, .dnssec = VG_DNSSEC_REQUIRE},
	 "1/1 secure none",
	 ""},
	{"i 8.8.8.8",
	 "i nodata",
	 {.stripped = true, .strict = true, .range = "8.8.8.0/24"},
	 "0/0 insecure none",
	 "DNSSEC_STRIPPED:block"},

	/* silence is not evidence */
	{"timeout",
	 "timeout",
	 {},
	 "0/0 none none",
	 "RESOLVER_TIMEOUT:block RESOLVER_TIMEOUT:block"},
	{"servfail",
	 "servfail",
	 {},
	 "0/0 none none",
	 "SERVFAIL:block SERVFAIL:block"},
	{"timeout",
	 "s 2600::1",
	 {},
	 "1/1 secure none",
	 "RESOLVER_TIMEOUT:warn"},
	{"s 8.8.8.8", "servfail", {}, "1/1 secure none", "SERVFAIL:warn"},
	{"s 8.8.8.8",
	 "timeout",
	 {.strict = true},
	 "1/1 secure none",
	 "RESOLVER_TIMEOUT:warn"},
	{"timeout",
	 "s nodata",
	 {},
	 "0/0 secure none",
	 "RESOLVER_TIMEOUT:block"},
	{"s nodata", "servfail", {}, "0/0 secure none", "SERVFAIL:block"},
	{"bad", "s 2600::1", {}, "0/0 secure none", "BAD_ANSWER:block"},
	{"s 8.8.8.8", "bad", {}, "0/0 secure none", "BAD_ANSWER:block"},

	/* the chain */
	{"s nxdomain",
	 "s nxdomain",
	 {},
	 "0/0 secure run-out",
	 "NXDOMAIN:block"},
	{"i nxdomain",
	 "timeout",
	 {},
	 "0/0 insecure run-out",
	 "RESOLVER_TIMEOUT:warn NXDOMAIN:block"},
	{"s nodata", "s nodata", {}, "0/0 secure run-out", "NODATA:block"},
	{"s >x.net nxdomain",
	 "s >x.net nxdomain",
	 {},
	 "0/0 secure run-out",
	 "DANGLING_CNAME_NX:block"},
	{"i >x.net nodata",
	 "i >x.net nodata",
	 {},
	 "0/0 insecure run-out",
	 "DANGLING_NODATA:block"},
	{"s loop",
	 "s loop",
	 {},
	 "0/0 secure run-out",
	 "CNAME_LOOP_OR_DEPTH:block"},
	{"s 8.8.8.8",
	 "s loop",
	 {},
	 "0/0 secure run-out",
	 "CNAME_LOOP_OR_DEPTH:block"},

	/* every class */
	{"s 10.0.0.1",
	 "s nodata",
	 {},
	 "0/1 secure revoke",
	 "REBIND_PRIVATE:block"},
	{"s 100.64.0.1",
	 "s nodata",
	 {},
	 "0/1 secure revoke",
	 "REBIND_PRIVATE:block"},
	{"s nodata",
	 "s fd00::1",
	 {},
	 "0/1 secure revoke",
	 "REBIND_PRIVATE:block"},
	{"s 127.0.0.1",
	 "s nodata",
	 {},
	 "0/1 secure revoke",
	 "REBIND_LOOPBACK:block"},
	{"s 0.0.0.0",
	 "s ::1",
	 {},
	 "0/2 secure revoke",
	 "REBIND_LOOPBACK:block REBIND_LOOPBACK:block"},
	{"s 169.254.1.1",
	 "s fe80::1",
	 {},
	 "0/2 secure revoke",
	 "REBIND_LINKLOCAL:block REBIND_LINKLOCAL:block"},
	{"s 169.254.169.254",
	 "s nodata",
	 {},
	 "0/1 secure revoke",
	 "REBIND_METADATA:block"},
	{"s nodata",
	 "s ::ffff:8.8.8.8",
	 {},
	 "0/1 secure revoke",
	 "REBIND_EMBEDDED:block"},
	{"s nodata",
	 "s 64:ff9b::a00:1",
	 {},
	 "0/1 secure revoke",
	 "REBIND_EMBEDDED:block"},
	{"s nodata",
	 "s 2002:a00:1::",
	 {},
	 "0/1 secure revoke",
	 "REBIND_EMBEDDED:block"},
	{"s 192.0.0.8",
	 "s nodata",
	 {},
	 "0/1 secure revoke",
	 "REBIND_RESERVED:block"},
	{"s 192.0.2.1",
	 "s 2001:db8::1",
	 {},
	 "0/2 secure revoke",
	 "REBIND_RESERVED:block REBIND_RESERVED:block"},
	{"s 224.0.0.1",
	 "s nodata",
	 {},
	 "0/1 secure revoke",
	 "REBIND_RESERVED:block"},
	{"s 20.0.0.7",
	 "s nodata",
	 {.self = "20.0.0.7"},
	 "0/1 secure revoke",
	 "REBIND_SELF:block"},

	/* one forbidden address blocks the whole answer, across the types */
	{"s 8.8.8.8 10.0.0.1",
	 "s nodata",
	 {},
	 "0/2 secure revoke",
	 "REBIND_MIXED:block REBIND_PRIVATE:block"},
	{"i 8.8.8.8",
	 "i fd00::1",
	 {},
	 "0/2 insecure revoke",
	 "REBIND_MIXED:block REBIND_PRIVATE:block"},
	{"s 127.0.0.1",
	 "s 2600::1",
	 {},
	 "0/2 secure revoke",
	 "REBIND_MIXED:block REBIND_LOOPBACK:block"},
	{"s 10.0.0.1",
	 "timeout",
	 {},
	 "0/1 secure revoke",
	 "RESOLVER_TIMEOUT:warn REBIND_PRIVATE:block"},

	/* ranges */
	{"s 8.8.8.8",
	 "s nodata",
	 {.range = "9.0.0.0/8"},
	 "0/1 secure revoke",
	 "ADDR_OUT_OF_RANGE:block"},
	{"s 9.9.9.9 8.8.8.8",
	 "s nodata",
	 {.range = "9.0.0.0/8"},
	 "0/2 secure revoke",
	 "ADDR_OUT_OF_RANGE:block"},
	{"s 9.9.9.9 10.0.0.1",
	 "s nodata",
	 {.range = "9.0.0.0/8"},
	 "0/2 secure revoke",
	 "REBIND_MIXED:block REBIND_PRIVATE:block"},

	/* internal */
	{"i 10.1.2.3",
	 "i nodata",
	 {.internal = true, .range = "10.1.0.0/16"},
	 "1/1 insecure none",
	 ""},
	{"i 10.2.2.3",
	 "i nodata",
	 {.internal = true, .range = "10.1.0.0/16"},
	 "0/1 insecure revoke",
	 "ADDR_OUT_OF_RANGE:block"},
	{"i 8.8.8.8",
	 "i nodata",
	 {.internal = true, .range = "10.1.0.0/16"},
	 "0/1 insecure revoke",
	 "SCOPE_PUBLIC_FOR_INTERNAL:block"},
	{"i 10.1.2.3 8.8.8.8",
	 "i nodata",
	 {.internal = true, .range = "10.1.0.0/16"},
	 "0/2 insecure revoke",
	 "REBIND_MIXED:block SCOPE_PUBLIC_FOR_INTERNAL:block"},
	{"i 169.254.169.254",
	 "i nodata",
	 {.internal = true, .range = "169.254.0.0/16"},
	 "0/1 insecure revoke",
	 "REBIND_METADATA:block"},
};

static void every_row_of_the_table(void **state)
{
	(void)state;
	for (size_t i = 0; i < VG_ARRAY_LEN(rows); i++) {
		const struct row *row = &rows[i];
		struct vg_proof p = judged(row->a, row->aaaa, row->rules);

		print_message("# %zu: A %s, AAAA %s\n", i, row->a, row->aaaa);
		assert_string_equal(verdict_text(&p), row->verdict);
		assert_string_equal(findings_text(&p), row->findings);
		assert_string_equal(p.host, HOST);
	}
}

/* ---- what the table does not show --------------------------------------- */

static void name_is_checked_before_anything_is_believed(void **state)
{
	static const char *const refused[] = {
		"localhost",
		"a.localhost",
		"printer.local",
		"single",
		"",
		".a.com",
		"a..com",
		"127.1",
		"0177.0.0.1",
		"a.com.",
		"API.vendor.com",
		"metadata.google.internal",
		"a b.com",
	};
	struct vg_answer a, aaaa;
	struct vg_proof p;

	(void)state;
	read_answer("s 8.8.8.8", VG_TYPE_A, &a);
	read_answer("s nodata", VG_TYPE_AAAA, &aaaa);
	for (size_t i = 0; i < VG_ARRAY_LEN(refused); i++) {
		const struct vg_ladder_input in = {
			.host = refused[i], .a = &a, .aaaa = &aaaa};

		print_message("# '%s'\n", refused[i]);
		vg_ladder_judge(&in, &p);
		assert_string_equal(findings_text(&p), "NAME_REFUSED:block");
		assert_false(p.granted);
		assert_int_equal(p.n_addresses, 0);
	}
}

static void evidence_is_confirmed_by_dnssec_alone(void **state)
{
	(void)state;
	assert_true(
		judged("s 10.0.0.1", "s nodata", (struct rules){}).confirmed);
	assert_false(
		judged("i 10.0.0.1", "i nodata", (struct rules){}).confirmed);
	/* Half of it could be forged. */
	assert_false(
		judged("s 8.8.8.8", "i fd00::1", (struct rules){}).confirmed);
}

static void chain_and_ttl_are_those_of_both_types(void **state)
{
	struct vg_answer a, aaaa;
	struct vg_proof p;
	const struct vg_ladder_input in = {
		.host = HOST, .a = &a, .aaaa = &aaaa};

	(void)state;
	read_answer("s >x.net 8.8.8.8", VG_TYPE_A, &a);
	read_answer("s >x.net 2600::1", VG_TYPE_AAAA, &aaaa);
	a.ttl = 200;
	aaaa.ttl = 100;
	vg_ladder_judge(&in, &p);
	assert_int_equal(p.ttl, 100);
	assert_int_equal(p.n_links, 3); /* the CNAME once */
	assert_string_equal(p.links[0].target, "x.net");
	assert_int_equal(p.links[1].type, VG_TYPE_A);
	assert_int_equal(p.links[2].type, VG_TYPE_AAAA);

	/* Without addresses its TTL is that of no lease. */
	read_answer("s >x.net nodata", VG_TYPE_AAAA, &aaaa);
	aaaa.ttl = 1;
	vg_ladder_judge(&in, &p);
	assert_int_equal(p.ttl, 200);
}

static void short_ttl_is_said(void **state)
{
	struct vg_answer a, aaaa;
	struct vg_proof p;
	const struct vg_ladder_input in = {
		.host = HOST, .a = &a, .aaaa = &aaaa};

	(void)state;
	read_answer("s 8.8.8.8", VG_TYPE_A, &a);
	read_answer("s nodata", VG_TYPE_AAAA, &aaaa);
	a.ttl = VG_LADDER_SHORT_TTL;
	vg_ladder_judge(&in, &p);
	assert_string_equal(findings_text(&p), "");
	a.ttl--;
	vg_ladder_judge(&in, &p);
	assert_string_equal(findings_text(&p), "SHORT_TTL:report");
	assert_true(p.granted);
}

static void more_than_64_addresses_are_cut_and_said(void **state)
{
	struct vg_answer a, aaaa;
	struct vg_proof p;
	const struct vg_ladder_input in = {
		.host = HOST, .a = &a, .aaaa = &aaaa};

	(void)state;
	read_answer("s 8.8.8.8", VG_TYPE_A, &a);
	read_answer("s nodata", VG_TYPE_AAAA, &aaaa);
	a.cut = true;
	vg_ladder_judge(&in, &p);
	assert_string_equal(findings_text(&p), "ADDR_CHURN:warn");
	assert_true(p.granted);
}

/* 128 addresses and 32 findings: none is written beyond, none is lost that
 * matters more. */
static void flood_of_forbidden_addresses(void **state)
{
	struct vg_answer a, aaaa;
	struct vg_proof p;
	const struct vg_ladder_input in = {
		.host = HOST, .a = &a, .aaaa = &aaaa};

	(void)state;
	read_answer("i 8.8.8.8", VG_TYPE_A, &a);
	read_answer("i fd00::1", VG_TYPE_AAAA, &aaaa);
	for (uint8_t i = 0; i < VG_ANSWER_ADDRESSES; i++) {
		a.addresses[i] = a.addresses[0];
		a.addresses[i].octets[15] = i;
		aaaa.addresses[i] = aaaa.addresses[0];
		aaaa.addresses[i].octets[15] = i;
	}
	a.n_addresses = aaaa.n_addresses = VG_ANSWER_ADDRESSES;
	vg_ladder_judge(&in, &p);
	assert_int_equal(p.n_addresses, 128);
	assert_int_equal(p.n_findings, VG_PROOF_FINDINGS);
	assert_int_equal(p.findings[0].id, VG_FINDING_REBIND_MIXED);
	assert_int_equal(p.effect, VG_EFFECT_REVOKE);
	assert_false(p.granted);
}

static void full_list_gives_way_to_what_is_worse(void **state)
{
	struct vg_proof p = {};
	struct vg_finding *f;

	(void)state;
	for (int i = 0; i < 2 * VG_PROOF_FINDINGS; i++)
		vg_proof_add(&p, VG_FINDING_SHORT_TTL, NULL, "%d", i);
	assert_int_equal(p.n_findings, VG_PROOF_FINDINGS);
	assert_string_equal(p.findings[VG_PROOF_FINDINGS - 1].evidence, "31");

	f = vg_proof_add(&p, VG_FINDING_DNS_INSECURE, NULL, "w\033orse");
	assert_ptr_equal(f, &p.findings[VG_PROOF_FINDINGS - 1]);
	assert_string_equal(f->evidence, "w?orse");
	assert_int_equal(p.effect, VG_EFFECT_NONE);
	vg_proof_add(&p, VG_FINDING_REBIND_MIXED, NULL, "worst");
	assert_int_equal(f->id, VG_FINDING_REBIND_MIXED);
	vg_proof_add(&p, VG_FINDING_REBIND_PRIVATE, NULL, "milder");
	assert_string_equal(f->evidence, "worst");
	assert_int_equal(p.effect, VG_EFFECT_REVOKE);
}

static void every_kind_is_complete(void **state)
{
	(void)state;
	for (unsigned int id = 0; id < VG_FINDING_COUNT; id++) {
		const struct vg_finding_kind *kind = vg_finding_kind(id);

		assert_non_null(kind->name);
		print_message("# %s\n", kind->name);
		/* Sentences, for people. */
		assert_int_equal(kind->title[strlen(kind->title) - 1], '.');
		assert_int_equal(kind->remedy[strlen(kind->remedy) - 1], '.');
		/* What does not block takes nothing away by itself. */
		if (kind->effect == VG_EFFECT_REVOKE)
			assert_int_equal(kind->action, VG_ACTION_BLOCK);
		assert_true(vg_finding_rung(id) < VG_RUNG_COUNT);
	}
	for (unsigned int i = 0; i < VG_RUNG_COUNT; i++)
		assert_non_null(vg_rung_name(i));
}

static void literals_are_judged_without_dns(void **state)
{
	static const struct {
		const char *text;
		bool granted;
	} literals[] = {
		{"9.9.9.9", true},	   {"10.20.0.0/16", true},
		{"127.0.0.1", true},	   {"169.254.169.254", true},
		{"169.254.0.0/16", false}, {"224.0.0.1", false},
		{"::/0", false},	   {"2600::/32", true},
	};
	struct vg_prefix prefix;
	struct vg_proof p;

	(void)state;
	for (size_t i = 0; i < VG_ARRAY_LEN(literals); i++) {
		print_message("# %s\n", literals[i].text);
		assert_int_equal(vg_prefix_parse(literals[i].text, &prefix), 0);
		vg_ladder_literal(literals[i].text, &prefix, &p);
		assert_string_equal(p.host, literals[i].text);
		assert_int_equal(p.granted, literals[i].granted);
		assert_int_equal(p.addresses[0].granted, literals[i].granted);
		assert_string_equal(findings_text(&p),
				    literals[i].granted ? ""
							: "NAME_REFUSED:block");
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_row_of_the_table),
		cmocka_unit_test(name_is_checked_before_anything_is_believed),
		cmocka_unit_test(evidence_is_confirmed_by_dnssec_alone),
		cmocka_unit_test(chain_and_ttl_are_those_of_both_types),
		cmocka_unit_test(short_ttl_is_said),
		cmocka_unit_test(more_than_64_addresses_are_cut_and_said),
		cmocka_unit_test(flood_of_forbidden_addresses),
		cmocka_unit_test(full_list_gives_way_to_what_is_worse),
		cmocka_unit_test(every_kind_is_complete),
		cmocka_unit_test(literals_are_judged_without_dns),
	};

	return cmocka_run_group_tests_name("ladder", tests, NULL, NULL);
}
