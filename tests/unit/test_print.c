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
#include "verify/print.h"

static char name[] = "billing", host[] = "api.vendor.com";
static struct vg_ports ports[] = {{6, 443, 443}, {6, 8000, 8015}};
static struct vg_endpoint endpoint;
static struct vg_service service;
static struct vg_proof proof;
static const char *lease_end, *const *lease_ends;
static struct vg_buf out;

static int setup(void **state)
{
	(void)state;
	service = (struct vg_service){.name = name};
	endpoint = (struct vg_endpoint){
		.host = host, .ports = ports, .n_ports = 2};
	memset(&proof, 0, sizeof(proof));
	strcpy(proof.host, host);
	lease_ends = NULL;
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	vg_buf_freep(&out);
	return 0;
}

static void add_link(const char *from, uint16_t type, const char *to)
{
	struct vg_link *link = &proof.links[proof.n_links++];

	snprintf(link->name, sizeof(link->name), "%s", from);
	snprintf(link->target, sizeof(link->target), "%s", to);
	link->type = type;
	link->ttl = 60;
}

static void add_address(const char *text, enum vg_class class, bool granted)
{
	struct vg_proof_address *a = &proof.addresses[proof.n_addresses++];

	assert_int_equal(vg_address_parse(text, &a->address), 0);
	a->class = class;
	a->granted = granted;
}

static void make_granted(void)
{
	proof.granted = true;
	proof.dnssec = VG_DNSSEC_SECURE;
	proof.ttl = 60;
	add_link(host, VG_TYPE_CNAME, "edge.net");
	add_link("edge.net", VG_TYPE_A, "");
	add_address("9.9.9.9", VG_CLASS_PUBLIC, true);
}

static void print(bool colour)
{
	vg_buf_freep(&out);
	vg_print_proof(&service, &endpoint, &proof, colour, &out);
	assert_int_equal(vg_buf_error(&out), 0);
}

static void json(void)
{
	struct vg_json j;

	vg_buf_freep(&out);
	vg_json_begin(&j, &out);
	vg_json_object(&j, NULL);
	vg_print_proof_fields(&service, &endpoint, &proof, lease_ends, &j);
	vg_json_object_end(&j);
}

/* ---- tests -------------------------------------------------------------- */

static void granted_for_people(void **state)
{
	(void)state;
	make_granted();
	print(false);
	assert_string_equal(
		vg_buf_text(&out),
		"billing: api.vendor.com 443/tcp, 8000-8015/tcp: granted\n"
		"  ok     name       api.vendor.com\n"
		"  ok     anchors    usable\n"
		"  ok     answers    DNSSEC secure, TTL 60 s\n"
		"  ok     chain      api.vendor.com CNAME edge.net, 60 s\n"
		"                    edge.net A 60 s\n"
		"  ok     addresses  9.9.9.9 public, granted\n"
		"  ok     identity   DNSSEC\n");
}

static void granted_for_programs(void **state)
{
	(void)state;
	make_granted();
	json();
	assert_string_equal(
		vg_buf_text(&out),
		"{\"service\":\"billing\",\"host\":\"api.vendor.com\","
		"\"ports\":[\"443/tcp\",\"8000-8015/tcp\"],"
		"\"verdict\":\"granted\",\"dnssec\":\"secure\",\"ttl\":60,"
		"\"chain\":[{\"name\":\"api.vendor.com\",\"type\":\"CNAME\","
		"\"target\":\"edge.net\",\"ttl\":60},{\"name\":\"edge.net\","
		"\"type\":\"A\",\"target\":\"\",\"ttl\":60}],"
		"\"addresses\":[{\"address\":\"9.9.9.9\","
		"\"class\":\"public\",\"verdict\":\"granted\","
		"\"spki\":[]}],\"findings\":[]}");
}

static void lease_ends_where_there_is_one(void **state)
{
	(void)state;
	make_granted();
	lease_ends = &lease_end;
	lease_end = "2026-11-21T02:43:39.123456Z";
	json();
	assert_non_null(strstr(vg_buf_text(&out),
			       "\"spki\":[],\"lease_end\":"
			       "\"2026-11-21T02:43:39.123456Z\"}"));
	lease_end = NULL;
	json();
	assert_null(strstr(vg_buf_text(&out), "lease_end"));
}

static void refusal_names_rung_evidence_and_remedy(void **state)
{
	struct vg_address bad;

	(void)state;
	assert_int_equal(vg_address_parse("10.0.0.1", &bad), 0);
	proof.dnssec = VG_DNSSEC_INSECURE;
	add_address("10.0.0.1", VG_CLASS_PRIVATE, false);
	vg_proof_add(&proof, VG_FINDING_REBIND_PRIVATE, &bad, "A 10.0.0.1");
	vg_proof_add(&proof, VG_FINDING_RESOLVER_TIMEOUT, NULL, "AAAA: late");
	print(false);
	assert_non_null(strstr(vg_buf_text(&out), ": REFUSED\n"));
	assert_non_null(strstr(vg_buf_text(&out), "  warn   answers "));
	assert_non_null(strstr(vg_buf_text(&out),
			       "  BLOCK  addresses  10.0.0.1 private, refused\n"
			       "                    REBIND_PRIVATE (high): "
			       "A 10.0.0.1\n"));
	assert_non_null(
		strstr(vg_buf_text(&out), "  -      identity   not reached\n"));

	json();
	assert_non_null(strstr(vg_buf_text(&out), "\"verdict\":\"refused\""));
	assert_non_null(strstr(vg_buf_text(&out),
			       "{\"id\":\"REBIND_PRIVATE\",\"severity\":"
			       "\"high\",\"action\":\"block\",\"address\":"
			       "\"10.0.0.1\",\"title\":\""));
	assert_non_null(strstr(vg_buf_text(&out),
			       "{\"id\":\"RESOLVER_TIMEOUT\",\"severity\":"
			       "\"low\",\"action\":\"warn\",\"title\":\""));
}

static void cidr_keeps_its_length(void **state)
{
	(void)state;
	endpoint.host = NULL;
	assert_int_equal(vg_prefix_parse("10.20.0.0/16", &endpoint.address), 0);
	vg_ladder_literal("10.20.0.0/16", &endpoint.address, &proof);
	print(false);
	assert_string_equal(
		vg_buf_text(&out),
		"billing: 10.20.0.0/16 443/tcp, 8000-8015/tcp: granted\n"
		"  ok     name       10.20.0.0/16\n"
		"  ok     addresses  10.20.0.0/16 private, granted\n");
	json();
	assert_non_null(
		strstr(vg_buf_text(&out), "\"address\":\"10.20.0.0/16\""));
}

/* A terminal must not obey a stranger, wherever he got his octets in. */
static void strangers_cannot_move_the_cursor(void **state)
{
	struct vg_finding *f;

	(void)state;
	add_link("a\033[2J.com", VG_TYPE_CNAME, "b\r\x9b.com");
	f = vg_proof_add(&proof, VG_FINDING_DNS_BOGUS, NULL, "-");
	strcpy(f->evidence, "x\033]0;title\007");
	strcpy(proof.host, "h\033c");
	print(false);
	for (const char *c = vg_buf_text(&out); *c; c++)
		assert_true(*c == '\n' || (*c >= ' ' && *c <= '~'));
	json();
	for (const char *c = vg_buf_text(&out); *c; c++)
		assert_true((unsigned char)*c >= ' ' && *c != 0x7f);
}

static void colour_is_balanced(void **state)
{
	unsigned int on = 0, off = 0;

	(void)state;
	make_granted();
	print(true);
	for (const char *c = vg_buf_text(&out); (c = strchr(c, '\033')); c++) {
		if (strncmp(c, "\033[0m", 4) == 0)
			off++;
		else
			on++;
	}
	assert_true(on > 0);
	assert_int_equal(on, off);
}

static void summary_counts(void **state)
{
	struct vg_print_summary s = {};
	struct vg_json j;

	(void)state;
	make_granted();
	vg_proof_add(&proof, VG_FINDING_DNS_INSECURE, NULL, "-");
	vg_print_count(&proof, &s);
	proof.granted = proof.addresses[0].granted = false;
	vg_print_count(&proof, &s);
	vg_print_summary(&s, false, &out);
	assert_string_equal(vg_buf_text(&out),
			    "2 endpoints: 1 granted (1 addresses), 1 refused, "
			    "2 warnings\n");
	vg_buf_freep(&out);
	vg_json_begin(&j, &out);
	vg_print_summary_json(&s, &j, NULL);
	assert_string_equal(vg_buf_text(&out),
			    "{\"endpoints\":2,\"granted\":1,\"refused\":1,"
			    "\"addresses\":1,\"warnings\":2}");
}

#define TEST(fn) cmocka_unit_test_setup_teardown(fn, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(granted_for_people),
		TEST(granted_for_programs),
		TEST(lease_ends_where_there_is_one),
		TEST(refusal_names_rung_evidence_and_remedy),
		TEST(cidr_keeps_its_length),
		TEST(strangers_cannot_move_the_cursor),
		TEST(colour_is_balanced),
		TEST(summary_counts),
	};

	return cmocka_run_group_tests_name("print", tests, NULL, NULL);
}
