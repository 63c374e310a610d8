/* SPDX-License-Identifier: Apache-2.0 */
/* What a name may lead to, and what a literal may be. */
#include "policy/address.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

#include "base/cleanup.h"

#define RANGES_MAX 3

static struct vg_address address(const char *text)
{
	struct vg_address a;

	if (vg_address_parse(text, &a) < 0)
		fail_msg("not an address: %s", text);
	return a;
}

static struct vg_prefix prefix(const char *text)
{
	struct vg_prefix p;

	if (vg_prefix_parse(text, &p) < 0)
		fail_msg("not a prefix: %s", text);
	return p;
}

struct example {
	const char *ranges[RANGES_MAX];
	bool internal;
	const char *nat64;
	const char *self;
	const char *address;
	enum vg_class_verdict verdict;
	enum vg_class class;
};

static const struct example examples[] = {
	/* nothing declared */
	{.address = "9.9.9.9", .class = VG_CLASS_PUBLIC},
	{.address = "2606:4700::1", .class = VG_CLASS_PUBLIC},
	{.address = "10.0.0.1",
	 .verdict = VG_CLASS_FORBIDDEN,
	 .class = VG_CLASS_PRIVATE},
	/* ranges */
	{.ranges = {"9.9.9.0/24"}, .address = "9.9.9.9"},
	{.ranges = {"9.9.9.0/24"},
	 .address = "9.9.8.9",
	 .verdict = VG_CLASS_OUT_OF_RANGE},
	{.ranges = {"8.8.8.8", "9.9.9.0/24"}, .address = "9.9.9.9"},
	{.ranges = {"9.9.9.0/24"},
	 .address = "2606:4700::1",
	 .verdict = VG_CLASS_OUT_OF_RANGE},
	/* private: scope and range, both */
	{.ranges = {"10.0.0.0/8"},
	 .address = "10.0.0.1",
	 .verdict = VG_CLASS_FORBIDDEN,
	 .class = VG_CLASS_PRIVATE},
	{.internal = true,
	 .ranges = {"10.0.0.0/8"},
	 .address = "10.0.0.1",
	 .class = VG_CLASS_PRIVATE},
	{.internal = true,
	 .ranges = {"10.0.0.0/8"},
	 .address = "192.168.0.1",
	 .verdict = VG_CLASS_OUT_OF_RANGE,
	 .class = VG_CLASS_PRIVATE},
	{.internal = true,
	 .ranges = {"fd12::/16"},
	 .address = "fd12::1",
	 .class = VG_CLASS_PRIVATE},
	{.internal = true,
	 .address = "10.0.0.1",
	 .verdict = VG_CLASS_OUT_OF_RANGE,
	 .class = VG_CLASS_PRIVATE},
	/* internal: public is an attack, even inside the ranges */
	{.internal = true,
	 .ranges = {"10.0.0.0/8"},
	 .address = "9.9.9.9",
	 .verdict = VG_CLASS_PUBLIC_FOR_INTERNAL},
	{.internal = true,
	 .ranges = {"0.0.0.0/0"},
	 .address = "9.9.9.9",
	 .verdict = VG_CLASS_PUBLIC_FOR_INTERNAL},
	/* opened by ranges */
	{.ranges = {"100.64.0.0/10"},
	 .address = "100.64.0.1",
	 .class = VG_CLASS_CGNAT},
	{.ranges = {"100.64.0.0/16"},
	 .address = "100.65.0.1",
	 .verdict = VG_CLASS_FORBIDDEN,
	 .class = VG_CLASS_CGNAT},
	{.ranges = {"192.88.99.0/24"},
	 .address = "192.88.99.1",
	 .class = VG_CLASS_IETF},
	{.ranges = {"2001:20::/28"},
	 .address = "2001:20::1",
	 .class = VG_CLASS_IETF},
	/* never opened */
	{.ranges = {"0.0.0.0/0"},
	 .address = "169.254.169.254",
	 .verdict = VG_CLASS_FORBIDDEN,
	 .class = VG_CLASS_METADATA},
	{.internal = true,
	 .ranges = {"169.254.169.254"},
	 .address = "169.254.169.254",
	 .verdict = VG_CLASS_FORBIDDEN,
	 .class = VG_CLASS_METADATA},
	{.ranges = {"100.64.0.0/10"},
	 .address = "100.100.100.200",
	 .verdict = VG_CLASS_FORBIDDEN,
	 .class = VG_CLASS_METADATA},
	{.internal = true,
	 .ranges = {"fd00::/8"},
	 .address = "fd00:ec2::254",
	 .verdict = VG_CLASS_FORBIDDEN,
	 .class = VG_CLASS_METADATA},
	{.ranges = {"127.0.0.0/8"},
	 .address = "127.0.0.1",
	 .verdict = VG_CLASS_FORBIDDEN,
	 .class = VG_CLASS_LOOPBACK},
	{.ranges = {"::/0"},
	 .address = "::1",
	 .verdict = VG_CLASS_FORBIDDEN,
	 .class = VG_CLASS_LOOPBACK},
	{.ranges = {"0.0.0.0/0"},
	 .address = "0.0.0.0",
	 .verdict = VG_CLASS_FORBIDDEN,
	 .class = VG_CLASS_LOOPBACK},
	{.ranges = {"fe80::/10"},
	 .address = "fe80::1",
	 .verdict = VG_CLASS_FORBIDDEN,
	 .class = VG_CLASS_LINK_LOCAL},
	{.ranges = {"203.0.113.0/24"},
	 .address = "203.0.113.1",
	 .verdict = VG_CLASS_FORBIDDEN,
	 .class = VG_CLASS_DOCUMENTATION},
	{.ranges = {"2002::/16"},
	 .address = "2002:909:909::1",
	 .verdict = VG_CLASS_FORBIDDEN,
	 .class = VG_CLASS_TRANSITION},
	{.ranges = {"::/0"},
	 .address = "::9.9.9.9",
	 .verdict = VG_CLASS_FORBIDDEN,
	 .class = VG_CLASS_V4_IN_V6},
	{.ranges = {"::/0"},
	 .address = "ff02::1",
	 .verdict = VG_CLASS_FORBIDDEN,
	 .class = VG_CLASS_RESERVED},
	/* the host itself */
	{.self = "9.9.9.9",
	 .address = "9.9.9.9",
	 .verdict = VG_CLASS_FORBIDDEN,
	 .class = VG_CLASS_SELF},
	{.self = "9.9.9.9", .address = "9.9.9.8"},
	{.self = "9.9.9.9", .ranges = {"9.9.9.0/24"}, .address = "9.9.9.9"},
	{.self = "9.9.9.9",
	 .ranges = {"9.9.8.0/24"},
	 .address = "9.9.9.9",
	 .verdict = VG_CLASS_FORBIDDEN,
	 .class = VG_CLASS_SELF},
	{.self = "10.0.0.1",
	 .ranges = {"10.0.0.0/8"},
	 .address = "10.0.0.1",
	 .verdict = VG_CLASS_FORBIDDEN,
	 .class = VG_CLASS_PRIVATE},
	{.self = "127.0.0.1",
	 .address = "127.0.0.1",
	 .verdict = VG_CLASS_FORBIDDEN,
	 .class = VG_CLASS_LOOPBACK},
	/* NAT64 */
	{.address = "64:ff9b::9.9.9.9",
	 .verdict = VG_CLASS_FORBIDDEN,
	 .class = VG_CLASS_NAT64},
	{.ranges = {"64:ff9b::/96"},
	 .address = "64:ff9b::9.9.9.9",
	 .verdict = VG_CLASS_FORBIDDEN,
	 .class = VG_CLASS_NAT64},
	{.nat64 = "64:ff9b::/96", .address = "64:ff9b::9.9.9.9"},
	{.nat64 = "64:ff9b::/96",
	 .address = "64:ff9b::10.0.0.1",
	 .verdict = VG_CLASS_FORBIDDEN,
	 .class = VG_CLASS_PRIVATE},
	{.nat64 = "64:ff9b::/96",
	 .internal = true,
	 .ranges = {"10.0.0.0/8"},
	 .address = "64:ff9b::10.0.0.1",
	 .verdict = VG_CLASS_FORBIDDEN,
	 .class = VG_CLASS_PRIVATE},
	{.nat64 = "64:ff9b::/96",
	 .address = "64:ff9b::169.254.169.254",
	 .verdict = VG_CLASS_FORBIDDEN,
	 .class = VG_CLASS_METADATA},
	{.nat64 = "64:ff9b::/96",
	 .internal = true,
	 .address = "64:ff9b::9.9.9.9",
	 .verdict = VG_CLASS_PUBLIC_FOR_INTERNAL},
	{.nat64 = "64:ff9b::/96",
	 .ranges = {"9.9.9.0/24"},
	 .address = "64:ff9b::9.9.9.9"},
	{.nat64 = "64:ff9b::/96",
	 .ranges = {"64:ff9b::9.9.9.0/120"},
	 .address = "64:ff9b::9.9.9.9"},
	{.nat64 = "64:ff9b::/96",
	 .ranges = {"9.9.8.0/24"},
	 .address = "64:ff9b::9.9.9.9",
	 .verdict = VG_CLASS_OUT_OF_RANGE},
	{.nat64 = "64:ff9b::/96", .address = "9.9.9.9"},
	/* RFC 6052 2.4: one IPv4 address behind every length of prefix */
	{.nat64 = "2a00:db8::/32", .address = "2a00:db8:909:909::"},
	{.nat64 = "2a00:db8:100::/40", .address = "2a00:db8:109:909:9::"},
	{.nat64 = "2a00:db8:122::/48", .address = "2a00:db8:122:909:9:900::"},
	{.nat64 = "2a00:db8:122:300::/56",
	 .address = "2a00:db8:122:309:9:909::"},
	{.nat64 = "2a00:db8:122:344::/64",
	 .address = "2a00:db8:122:344:9:909:900::"},
	{.nat64 = "2a00:db8:122:344::/96",
	 .address = "2a00:db8:122:344::9.9.9.9"},
	{.nat64 = "2a00:db8::/32",
	 .address = "2a00:db8:a00:1::",
	 .verdict = VG_CLASS_FORBIDDEN,
	 .class = VG_CLASS_PRIVATE},
	{.nat64 = "2a00:db8:100::/40",
	 .address = "2a00:db8:17f:0:1::",
	 .verdict = VG_CLASS_FORBIDDEN,
	 .class = VG_CLASS_LOOPBACK},
	{.nat64 = "2a00:db8:122::/48",
	 .address = "2a00:db8:122:a9fe:a9:fe00::",
	 .verdict = VG_CLASS_FORBIDDEN,
	 .class = VG_CLASS_METADATA},
	{.nat64 = "2a00:db8:122:300::/56",
	 .address = "2a00:db8:122:30a:0:1::",
	 .verdict = VG_CLASS_FORBIDDEN,
	 .class = VG_CLASS_PRIVATE},
	{.nat64 = "2a00:db8:122:344::/64",
	 .address = "2a00:db8:122:344:a:0:100::",
	 .verdict = VG_CLASS_FORBIDDEN,
	 .class = VG_CLASS_PRIVATE},
	/* octet 8, and what is behind the address */
	{.nat64 = "2a00:db8::/32",
	 .address = "2a00:db8:909:909:100::",
	 .verdict = VG_CLASS_FORBIDDEN,
	 .class = VG_CLASS_NAT64},
	{.nat64 = "2a00:db8::/32",
	 .address = "2a00:db8:909:909::1",
	 .verdict = VG_CLASS_FORBIDDEN,
	 .class = VG_CLASS_NAT64},
	{.nat64 = "2a00:db8:122::/48",
	 .address = "2a00:db8:122:909:109:900::",
	 .verdict = VG_CLASS_FORBIDDEN,
	 .class = VG_CLASS_NAT64},
	/* a private prefix of the operator's own */
	{.nat64 = "fd12:64::/96", .address = "fd12:64::9.9.9.9"},
	{.nat64 = "fd00:ec2::/96",
	 .address = "fd00:ec2::9.9.9.9",
	 .verdict = VG_CLASS_FORBIDDEN,
	 .class = VG_CLASS_METADATA},
};

static void judge(const struct example *e)
{
	struct vg_prefix ranges[RANGES_MAX];
	struct vg_class_rules rules = {
		.internal = e->internal,
		.ranges = ranges,
	};
	const struct vg_address a = address(e->address);
	enum vg_class class = VG_CLASS_COUNT;
	enum vg_class_verdict verdict;
	struct vg_address self;

	while (rules.n_ranges < RANGES_MAX && e->ranges[rules.n_ranges]) {
		ranges[rules.n_ranges] = prefix(e->ranges[rules.n_ranges]);
		rules.n_ranges++;
	}
	if (e->nat64) {
		rules.has_nat64 = true;
		rules.nat64 = prefix(e->nat64);
	}
	if (e->self) {
		self = address(e->self);
		rules.self = &self;
		rules.n_self = 1;
	}

	verdict = vg_class_judge(&rules, &a, strchr(e->address, ':'), &class);
	if (verdict != e->verdict || class != e->class)
		fail_msg("example %td (%s): verdict %d, class %s", e - examples,
			 e->address, verdict, vg_class_name(class));
}

static void every_class_and_what_opens_it(void **state)
{
	(void)state;
	for (size_t i = 0; i < VG_ARRAY_LEN(examples); i++)
		judge(&examples[i]);
}

static void nat64_prefixes(void **state)
{
	static const struct {
		const char *prefix;
		bool valid;
	} cases[] = {
		{"64:ff9b::/96", true},
		{"2a00::/32", true},
		{"2a00::/40", true},
		{"2a00::/48", true},
		{"2a00::/56", true},
		{"2a00::/64", true},
		{"2a00::/72", false},
		{"2a00::/128", false},
		{"2a00::/33", false},
		{"::/0", false},
		{"2a00:0:0:0:100::/96", false}, /* octet 8 */
		{"0.0.0.0/0", false},
		{"10.0.0.0/8", false},
	};

	(void)state;
	for (size_t i = 0; i < VG_ARRAY_LEN(cases); i++) {
		const struct vg_prefix p = prefix(cases[i].prefix);

		assert_int_equal(vg_nat64_prefix_valid(&p), cases[i].valid);
	}
}

static const struct {
	const char *literal;
	const char *error; /* a part of it; NULL: allowed */
} literals[] = {
	{"9.9.9.9", NULL},
	{"10.20.0.0/16", NULL},
	{"10.0.0.0/8", NULL},
	{"192.168.0.0/16", NULL},
	{"172.16.0.0/12", NULL},
	{"100.64.0.0/16", NULL},
	{"8.0.0.0/8", NULL},
	{"2a00::/12", NULL},
	{"fd12::/16", NULL},
	{"2001:db8::/32", NULL},
	{"203.0.113.0/24", NULL},
	/* exact ones open what nothing else does */
	{"169.254.169.254", NULL},
	{"168.63.129.16", NULL},
	{"fd00:ec2::254", NULL},
	{"127.0.0.1", NULL},
	{"::1", NULL},
	{"0.0.0.0", NULL},
	{"::", NULL},
	{"fe80::1", NULL},
	{"64:ff9b::9.9.9.9", NULL},
	/* wider ones do not */
	{"169.254.169.254/31", "metadata"},
	{"0.0.0.0/0", "metadata"},
	{"::/0", "metadata"},
	{"168.0.0.0/8", "metadata"},
	{"168.63.129.0/24", "metadata"},
	{"100.64.0.0/10", "metadata"},
	{"fd00::/8", "metadata"},
	{"fd00:ec2::/64", "metadata"},
	{"127.0.0.0/8", "loopback"},
	{"127.0.0.0/31", "loopback"},
	{"126.0.0.0/7", "loopback"},
	{"169.254.0.0/24", "metadata"},
	{"169.254.1.0/24", "link-local"},
	{"fe90::/16", "link-local"},
	{"64:ff9b::/97", "NAT64"},
	{"2001::/31", "6to4"},
	{"2002::/17", "6to4"},
	{"2000::/3", "6to4"},
	{"128.0.0.0/1", "metadata"},
	{"224.0.0.0/8", "multicast"},
	{"255.255.255.254/31", "multicast"},
	{"3ffe::/17", "reserved"},
	{"4000::/3", "reserved"},
	{"5f00::/16", "reserved"},
	/* never */
	{"224.0.0.1", "multicast"},
	{"255.255.255.255", "multicast"},
	{"ff02::1", "multicast"},
	{"4000::1", "reserved"},
	{"::8.8.8.8", "IPv4"},
	{"::ffff:0:8.8.8.8", "IPv4"},
	{"2002:808:808::1", "6to4"},
	{"2001:0:1::1", "Teredo"},
	{"2003::5efe:9.9.9.9", "ISATAP"},
};

static void literals_by_class(void **state)
{
	(void)state;
	for (size_t i = 0; i < VG_ARRAY_LEN(literals); i++) {
		const struct vg_prefix p = prefix(literals[i].literal);
		const char *error = vg_class_literal_error(&p);

		if (!error != !literals[i].error ||
		    (error && !strstr(error, literals[i].error)))
			fail_msg("%s: %s", literals[i].literal,
				 error ? error : "allowed");
	}
}

static void classes_have_names(void **state)
{
	(void)state;
	for (int i = 0; i < VG_CLASS_COUNT; i++) {
		const char *name = vg_class_name((enum vg_class)i);

		assert_non_null(name);
		for (int k = 0; k < i; k++)
			assert_string_not_equal(
				name, vg_class_name((enum vg_class)k));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_class_and_what_opens_it),
		cmocka_unit_test(nat64_prefixes),
		cmocka_unit_test(literals_by_class),
		cmocka_unit_test(classes_have_names),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
