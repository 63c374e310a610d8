/* SPDX-License-Identifier: Apache-2.0 */
/* What policies mean. */
#include <netinet/in.h>
#include <stdlib.h>

#include "policy_cases.h"

static struct vg_policy *accepted(const char *text, size_t warnings)
{
	vg_cleanup(vg_diags_freep) struct vg_diags diags = {0};
	vg_cleanup(vg_buf_freep) struct vg_buf out = {0};
	const struct vg_source source = policy_source(text);
	struct vg_policy *policy = NULL;
	int r;

	r = vg_policy_parse(&source, 1, &policy, &diags);
	vg_diags_print(&diags, false, &out);
	if (r != 0 || diags.warnings != warnings)
		fail_msg("%d, %zu warnings\n%s", r, diags.warnings,
			 vg_buf_text(&out));
	return policy;
}

static void assert_prefix(const struct vg_prefix *p, const char *wanted)
{
	char text[VG_ADDRESS_TEXT];

	vg_prefix_text(p, text);
	assert_string_equal(text, wanted);
}

static void assert_ports(const struct vg_ports *p, uint8_t proto,
			 uint16_t first, uint16_t last)
{
	assert_int_equal(p->proto, proto);
	assert_int_equal(p->first, first);
	assert_int_equal(p->last, last);
}

static const char whole[] =
	"# billing\n"
	"service: billing\n"
	"cgroup: [system.slice/billing.service, /billing.slice/]\n"
	"mode: audit\n"
	"strict: true\n"
	"listen:\n"
	"  - 8000/tcp\n"
	"  - {ports: [53/udp, 5353-5355/udp], from: [10.0.0.0/8, "
	"'fd00:1::/32']}\n"
	"resolvers: [192.0.2.53, 127.0.0.53, '::1']\n"
	"sockets: []\n"
	"require: []\n"
	"on_change: destroy\n"
	"on_expiry: destroy\n"
	"endpoints:\n"
	"  - host: API.Vendor.com.\n"
	"    ports: [443/tcp, \"*/udp\"]\n"
	"    scope: public\n"
	"    carries: none\n"
	"    verify:\n"
	"      dnssec: require\n"
	"      tls: off\n"
	"      ranges: [9.9.9.0/24, 2620:fe::/48]\n"
	"      cname: []\n"
	"      nat64_prefix: 64:ff9b::/96\n"
	"    hold: 1h\n"
	"  - host: db.corp.internal\n"
	"    ports: 5432/tcp\n"
	"    scope: internal\n"
	"    verify: {dnssec: off, ranges: [10.1.0.0/16]}\n"
	"  - address: 10.20.0.0/16\n"
	"    ports: [8000-8015/tcp]\n"
	"  - address: ::ffff:169.254.169.254\n"
	"    ports: [80/tcp]\n"
	"    verify: {tls: off}\n"
	"    hold: 24h\n";

static void assert_service(const struct vg_service *s)
{
	assert_string_equal(s->name, "billing");
	assert_string_equal(s->file, "p");
	assert_int_equal(s->line, 2);
	assert_int_equal(s->n_cgroups, 2);
	assert_string_equal(s->cgroups[0], "system.slice/billing.service");
	assert_string_equal(s->cgroups[1], "billing.slice");
	assert_true(s->audit);
	assert_true(s->strict);
	assert_true(s->destroy_on_change);
	assert_true(s->destroy_on_expiry);
	assert_int_equal(s->n_listen, 3);
	assert_ports(&s->listen[0].ports, IPPROTO_TCP, 8000, 8000);
	assert_int_equal(s->listen[0].n_from, 0);
	assert_ports(&s->listen[1].ports, IPPROTO_UDP, 53, 53);
	assert_int_equal(s->listen[1].n_from, 2);
	assert_ports(&s->listen[2].ports, IPPROTO_UDP, 5353, 5355);
	assert_int_equal(s->listen[2].n_from, 2);
	assert_prefix(&s->listen[2].from[0], "10.0.0.0/8");
	assert_prefix(&s->listen[2].from[1], "fd00:1::/32");
	assert_int_equal(s->n_resolvers, 3);
	assert_prefix(&s->resolvers[1], "127.0.0.53");
	assert_prefix(&s->resolvers[2], "::1");
}

static void assert_hosts(const struct vg_endpoint *e)
{
	assert_string_equal(e[0].host, "api.vendor.com");
	assert_int_equal(e[0].line, 15);
	assert_int_equal(e[0].n_ports, 2);
	assert_ports(&e[0].ports[0], IPPROTO_TCP, 443, 443);
	assert_ports(&e[0].ports[1], IPPROTO_UDP, 0, 0);
	assert_int_equal(e[0].scope, VG_SCOPE_PUBLIC);
	assert_int_equal(e[0].dnssec, VG_DNSSEC_REQUIRE);
	assert_int_equal(e[0].n_ranges, 2);
	assert_prefix(&e[0].ranges[1], "2620:fe::/48");
	assert_true(e[0].has_nat64);
	assert_prefix(&e[0].nat64, "64:ff9b::/96");
	assert_int_equal(e[0].hold_s, 3600);

	assert_string_equal(e[1].host, "db.corp.internal");
	assert_int_equal(e[1].scope, VG_SCOPE_INTERNAL);
	assert_int_equal(e[1].dnssec, VG_DNSSEC_OFF);
	assert_false(e[1].has_nat64);
	assert_int_equal(e[1].hold_s, 900);
}

static void assert_literals(const struct vg_endpoint *e)
{
	char text[VG_ENDPOINT_TEXT];

	assert_null(e[2].host);
	assert_prefix(&e[2].address, "10.20.0.0/16");
	assert_ports(&e[2].ports[0], IPPROTO_TCP, 8000, 8015);
	assert_int_equal(e[2].dnssec, VG_DNSSEC_PREFER);
	assert_null(e[3].host);
	vg_endpoint_text(&e[3], text);
	assert_string_equal(text, "169.254.169.254");
	assert_int_equal(e[3].hold_s, 86400);
}

static void every_key_has_its_place(void **state)
{
	vg_cleanup(vg_policy_freep) struct vg_policy *policy =
		accepted(whole, 0);

	(void)state;
	assert_int_equal(policy->n_services, 1);
	assert_service(&policy->services[0]);
	assert_int_equal(policy->services[0].n_endpoints, 4);
	assert_hosts(policy->services[0].endpoints);
	assert_literals(policy->services[0].endpoints);
	assert_ptr_equal(vg_policy_service(policy, "billing"),
			 &policy->services[0]);
	assert_null(vg_policy_service(policy, "billin"));
}

static void what_is_left_out_has_its_default(void **state)
{
	vg_cleanup(vg_policy_freep) struct vg_policy *policy =
		accepted(HEAD, 0);
	const struct vg_service *s = &policy->services[0];

	(void)state;
	assert_false(s->audit);
	assert_false(s->strict);
	assert_false(s->destroy_on_change);
	assert_false(s->destroy_on_expiry);
	assert_int_equal(s->n_endpoints, 0);
	assert_int_equal(s->n_listen, 0);
	assert_int_equal(s->n_resolvers, 0);
}

static void no_file_is_a_policy_without_services(void **state)
{
	vg_cleanup(vg_policy_freep) struct vg_policy *policy = NULL;
	vg_cleanup(vg_diags_freep) struct vg_diags diags = {0};

	(void)state;
	assert_int_equal(vg_policy_parse(NULL, 0, &policy, &diags), 0);
	assert_int_equal(policy->n_services, 0);
	assert_null(vg_policy_service(policy, "a"));
}

static void accepted_variants(void **state)
{
	static const char *const texts[] = {
		"\xef\xbb\xbf" HEAD,
		"service: a\r\ncgroup: b\r\n",
		"%YAML 1.1\n---\n" HEAD "...\n",
		HEAD "---\nservice: b\ncgroup: a.slice2\n",
		HEAD "---\nservice: b\ncgroup: a.slic\n",
		HEAD "---\nservice: b\ncgroup: a.slice-2/x\n",
		HOST "\n  - host: api.example.com\n    ports: [443/udp]\n",
		HOST "\n  - host: api2.example.com\n    ports: [443/tcp]\n",
		ADDRESS "\n  - address: 9.9.9.0/24\n    ports: [443/tcp]\n",
		"service: a\ncgroup: \"caf\xc3\xa9.slice/x:y z\"\n",
		VERIFY "ranges: [0.0.0.0/0]\n",
		VERIFY "ranges: [203.0.113.0/24, 100.64.0.0/10]\n",
	};

	(void)state;
	for (size_t i = 0; i < VG_ARRAY_LEN(texts); i++) {
		vg_cleanup(vg_policy_freep) struct vg_policy *policy =
			accepted(texts[i], 0);

		assert_true(policy->n_services > 0);
	}
}

static void ranges_that_never_match_are_warned_of(void **state)
{
	static const char *const texts[] = {
		VERIFY "ranges: [10.0.0.0/8]\n",
		VERIFY "ranges: [127.0.0.0/8]\n",
		VERIFY "ranges: [169.254.169.254]\n",
		VERIFY "ranges: [9.9.9.9, '2002::/16']\n",
		VERIFY "ranges: ['fd00:1::/32']\n",
		HOST "scope: internal\n    verify: {ranges: [9.0.0.0/8]}\n",
	};

	(void)state;
	for (size_t i = 0; i < VG_ARRAY_LEN(texts); i++) {
		vg_cleanup(vg_policy_freep) struct vg_policy *policy =
			accepted(texts[i], 1);

		assert_non_null(policy);
	}
}

static void metadata_behind_a_udp_port_is_warned_of(void **state)
{
	vg_cleanup(vg_policy_freep) struct vg_policy *policy = accepted(
		HEAD "listen: [{ports: 53/udp, from: [0.0.0.0/0]}]\n", 1);

	(void)state;
	assert_int_equal(policy->services[0].n_listen, 1);
}

#define TEXT(name, text)                                                       \
	{                                                                      \
		name, text, sizeof(text) - 1                                   \
	}

static void all_errors_of_all_files(void **state)
{
	static const struct vg_source sources[] = {
		TEXT("b.yaml", "service: x\ncgroup: a\nmodes: audit\n"),
		TEXT("a.yaml", "service: x\ncgroup: [a/b, c]\nstrict: no\n"),
		TEXT("c.yaml", "service: [\n"),
		TEXT("d.yaml", "service: y\ncgroup: c/d\n"),
	};
	static const char wanted[] =
		"b.yaml:3:1: error: unknown key 'modes' (did you mean "
		"'mode'?)\n"
		"modes: audit\n"
		"^\n"
		"a.yaml:1:10: error: service 'x' is defined a second time, "
		"first in b.yaml:1\n"
		"service: x\n"
		"         ^\n"
		"a.yaml:2:10: error: cgroup 'a/b' overlaps the one in "
		"b.yaml:2\n"
		"cgroup: [a/b, c]\n"
		"         ^\n"
		"a.yaml:3:9: error: expected true or false, found 'no'\n"
		"strict: no\n"
		"        ^\n"
		"c.yaml:2:1: error: while parsing a flow node: did not find "
		"expected node content (quote what begins with ':', as IPv6 "
		"addresses do)\n"
		"\n"
		"^\n"
		"d.yaml:2:9: error: cgroup 'c/d' overlaps the one in "
		"a.yaml:2\n"
		"cgroup: c/d\n"
		"        ^\n";
	vg_cleanup(vg_diags_freep) struct vg_diags diags = {0};
	vg_cleanup(vg_buf_freep) struct vg_buf out = {0};
	struct vg_policy *policy = NULL;

	(void)state;
	assert_int_equal(vg_policy_parse(sources, 4, &policy, &diags), -EINVAL);
	assert_null(policy);
	vg_diags_print(&diags, false, &out);
	assert_string_equal(vg_buf_text(&out), wanted);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_key_has_its_place),
		cmocka_unit_test(what_is_left_out_has_its_default),
		cmocka_unit_test(no_file_is_a_policy_without_services),
		cmocka_unit_test(accepted_variants),
		cmocka_unit_test(ranges_that_never_match_are_warned_of),
		cmocka_unit_test(metadata_behind_a_udp_port_is_warned_of),
		cmocka_unit_test(all_errors_of_all_files),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
