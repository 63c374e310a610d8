/* SPDX-License-Identifier: Apache-2.0 */
/* What the table of test_ladder_table.c does not show. */
#include "ladder_text.h"

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
