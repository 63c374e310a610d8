/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Classes of addresses, against the two IANA special-purpose registries as of
 * 2026-11-21.
 */
#include "policy/address.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include "base/cleanup.h"

static const struct vg_class_rules plain = {0};

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

/* ---- the registries ----------------------------------------------------- */

/*
 * Every row of
 * https://www.iana.org/assignments/iana-ipv4-special-registry and
 * https://www.iana.org/assignments/iana-ipv6-special-registry, whether it is
 * globally reachable or not: we refuse those that are as well, since no
 * service that a policy names by its host lives in them.
 */
static const struct {
	const char *prefix;
	enum vg_class class;
} registry[] = {
	{"0.0.0.0/8", VG_CLASS_LOOPBACK},
	{"0.0.0.0/32", VG_CLASS_LOOPBACK},
	{"10.0.0.0/8", VG_CLASS_PRIVATE},
	{"100.64.0.0/10", VG_CLASS_CGNAT},
	{"127.0.0.0/8", VG_CLASS_LOOPBACK},
	{"169.254.0.0/16", VG_CLASS_LINK_LOCAL},
	{"172.16.0.0/12", VG_CLASS_PRIVATE},
	{"192.0.0.0/24", VG_CLASS_IETF},
	{"192.0.0.0/29", VG_CLASS_IETF},
	{"192.0.0.8/32", VG_CLASS_IETF},
	{"192.0.0.9/32", VG_CLASS_IETF}, /* global: PCP anycast */
	{"192.0.0.10/32", VG_CLASS_IETF}, /* global: TURN anycast */
	{"192.0.0.170/32", VG_CLASS_IETF},
	{"192.0.0.171/32", VG_CLASS_IETF},
	{"192.0.2.0/24", VG_CLASS_DOCUMENTATION},
	{"192.31.196.0/24", VG_CLASS_IETF}, /* global: AS112-v4 */
	{"192.52.193.0/24", VG_CLASS_IETF}, /* global: AMT */
	{"192.88.99.0/24", VG_CLASS_IETF}, /* withdrawn: 6to4 relays */
	{"192.88.99.2/32", VG_CLASS_IETF}, /* 6a44 relay */
	{"192.168.0.0/16", VG_CLASS_PRIVATE},
	{"192.175.48.0/24", VG_CLASS_IETF}, /* global: AS112 */
	{"198.18.0.0/15", VG_CLASS_DOCUMENTATION},
	{"198.51.100.0/24", VG_CLASS_DOCUMENTATION},
	{"203.0.113.0/24", VG_CLASS_DOCUMENTATION},
	{"240.0.0.0/4", VG_CLASS_RESERVED},
	{"255.255.255.255/32", VG_CLASS_RESERVED},
	{"::1/128", VG_CLASS_LOOPBACK},
	{"::/128", VG_CLASS_LOOPBACK},
	{"64:ff9b::/96", VG_CLASS_NAT64}, /* global */
	{"64:ff9b:1::/48", VG_CLASS_NAT64},
	{"100::/64", VG_CLASS_RESERVED},
	{"100:0:0:1::/64", VG_CLASS_RESERVED},
	{"2001::/23", VG_CLASS_IETF}, /* first and last; see the narrow ones */
	{"2001::/32", VG_CLASS_TRANSITION},
	{"2001:1::1/128", VG_CLASS_IETF}, /* global: PCP anycast */
	{"2001:1::2/128", VG_CLASS_IETF}, /* global: TURN anycast */
	{"2001:1::3/128", VG_CLASS_IETF}, /* global: DNS-SD SRP */
	{"2001:2::/48", VG_CLASS_DOCUMENTATION},
	{"2001:3::/32", VG_CLASS_IETF}, /* global: AMT */
	{"2001:4:112::/48", VG_CLASS_IETF}, /* global: AS112-v6 */
	{"2001:10::/28", VG_CLASS_IETF}, /* withdrawn: ORCHID */
	{"2001:20::/28", VG_CLASS_IETF}, /* global: ORCHIDv2 */
	{"2001:30::/28", VG_CLASS_IETF}, /* global: drone tags */
	{"2001:db8::/32", VG_CLASS_DOCUMENTATION},
	{"2002::/16", VG_CLASS_TRANSITION},
	{"2620:4f:8000::/48", VG_CLASS_IETF}, /* global: AS112 */
	{"3fff::/20", VG_CLASS_DOCUMENTATION},
	{"5f00::/16", VG_CLASS_RESERVED},
	{"fc00::/7", VG_CLASS_PRIVATE},
	{"fe80::/10", VG_CLASS_LINK_LOCAL},
	/* Multicast has registries of its own. */
	{"224.0.0.0/4", VG_CLASS_RESERVED},
	{"ff00::/8", VG_CLASS_RESERVED},
	{"fec0::/10", VG_CLASS_LINK_LOCAL},
	{"3ffe::/16", VG_CLASS_RESERVED},
	{"::/96", VG_CLASS_V4_IN_V6},
	{"::ffff:0:0:0/96", VG_CLASS_V4_IN_V6},
};

static void set_bit(struct vg_address *a, unsigned int i)
{
	a->octets[i / 8] |= (uint8_t)(0x80U >> i % 8);
}

static struct vg_address last_of(const struct vg_prefix *p)
{
	struct vg_address a = p->address;

	for (unsigned int i = p->bits; i < 128; i++)
		set_bit(&a, i);
	return a;
}

static struct vg_address middle_of(const struct vg_prefix *p)
{
	struct vg_address a = p->address;

	if (p->bits < 128)
		set_bit(&a, p->bits);
	return a;
}

static void assert_refused(const struct vg_address *a)
{
	char text[VG_ADDRESS_TEXT];
	enum vg_class class = VG_CLASS_PUBLIC;

	vg_address_text(a, text);
	if (vg_class_of(a) == VG_CLASS_PUBLIC)
		fail_msg("%s is public", text);
	if (vg_class_judge(&plain, a, false, &class) != VG_CLASS_FORBIDDEN)
		fail_msg("%s is not refused", text);
	assert_int_equal(class, vg_class_of(a));
}

static void every_row_is_refused(void **state)
{
	(void)state;
	for (size_t i = 0; i < VG_ARRAY_LEN(registry); i++) {
		const struct vg_prefix p = prefix(registry[i].prefix);
		const struct vg_address middle = middle_of(&p);
		const struct vg_address last = last_of(&p);

		assert_refused(&p.address);
		assert_refused(&middle);
		assert_refused(&last);
	}
}

static void every_row_has_its_class(void **state)
{
	(void)state;
	for (size_t i = 0; i < VG_ARRAY_LEN(registry); i++) {
		const struct vg_prefix p = prefix(registry[i].prefix);
		const struct vg_address last = last_of(&p);

		assert_int_equal(vg_class_of(&last), registry[i].class);
	}
}

/* ::ffff:0:0/96 of the registry: our octets of plain IPv4 are those. */
static void mapped_in_aaaa_is_refused(void **state)
{
	static const struct {
		const char *text;
		enum vg_class class;
	} mapped[] = {
		{"0.0.0.0", VG_CLASS_V4_IN_V6},
		{"9.9.9.9", VG_CLASS_V4_IN_V6},
		{"10.0.0.1", VG_CLASS_V4_IN_V6},
		{"127.0.0.1", VG_CLASS_V4_IN_V6},
		{"255.255.255.255", VG_CLASS_V4_IN_V6},
		{"169.254.169.254", VG_CLASS_METADATA},
	};
	const struct vg_prefix all = prefix("::/0");
	const struct vg_class_rules open = {.ranges = &all, .n_ranges = 1};

	(void)state;
	for (size_t i = 0; i < VG_ARRAY_LEN(mapped); i++) {
		const struct vg_address a = address(mapped[i].text);
		enum vg_class class = VG_CLASS_PUBLIC;

		assert_int_equal(vg_class_judge(&plain, &a, true, &class),
				 VG_CLASS_FORBIDDEN);
		assert_int_equal(class, mapped[i].class);
		assert_int_equal(vg_class_judge(&open, &a, true, &class),
				 VG_CLASS_FORBIDDEN);
	}
}

/* ---- neighbours --------------------------------------------------------- */

static const char *const publics[] = {
	"1.0.0.0",
	"1.1.1.1",
	"9.255.255.255",
	"11.0.0.0",
	"100.63.255.255",
	"100.128.0.0",
	"126.255.255.255",
	"128.0.0.0",
	"169.253.255.255",
	"169.255.0.0",
	"172.15.255.255",
	"172.32.0.0",
	"191.255.255.255",
	"192.0.1.0",
	"192.0.1.255",
	"192.0.3.0",
	"192.31.195.255",
	"192.31.197.0",
	"192.52.192.255",
	"192.52.194.0",
	"192.88.98.255",
	"192.88.100.0",
	"192.167.255.255",
	"192.169.0.0",
	"192.175.47.255",
	"192.175.49.0",
	"198.17.255.255",
	"198.20.0.0",
	"198.51.99.255",
	"198.51.101.0",
	"203.0.112.255",
	"203.0.114.0",
	"223.255.255.255",
	"168.63.129.15",
	"168.63.129.17",
	"100.63.0.1",
	"2000::",
	"2001:200::",
	"2001:db7:ffff::",
	"2001:db9::",
	"2001:4860:4860::8888",
	"2003::",
	"2620:4f:7fff:ffff::",
	"2620:4f:8001::",
	"3ffd:ffff::",
	"3fff:1000::",
	"3fff:ffff::",
	"2606:4700::1111",
	/* one bit beside an ISATAP identifier */
	"2003::5eff:1.2.3.4",
	"2003::100:5efe:102:304",
};

static void neighbours_are_public(void **state)
{
	(void)state;
	for (size_t i = 0; i < VG_ARRAY_LEN(publics); i++) {
		const struct vg_address a = address(publics[i]);
		enum vg_class class = VG_CLASS_RESERVED;

		if (vg_class_of(&a) != VG_CLASS_PUBLIC)
			fail_msg("%s is not public", publics[i]);
		assert_int_equal(vg_class_judge(&plain, &a, false, &class),
				 VG_CLASS_OK);
		assert_int_equal(class, VG_CLASS_PUBLIC);
	}
}

static const struct {
	const char *text;
	enum vg_class class;
} singles[] = {
	/* every metadata address of the list */
	{"169.254.169.254", VG_CLASS_METADATA},
	{"169.254.169.253", VG_CLASS_METADATA},
	{"169.254.169.123", VG_CLASS_METADATA},
	{"169.254.169.250", VG_CLASS_METADATA},
	{"169.254.170.2", VG_CLASS_METADATA},
	{"169.254.170.23", VG_CLASS_METADATA},
	{"169.254.42.42", VG_CLASS_METADATA},
	{"169.254.0.23", VG_CLASS_METADATA},
	{"169.254.10.10", VG_CLASS_METADATA},
	{"100.100.100.200", VG_CLASS_METADATA},
	{"168.63.129.16", VG_CLASS_METADATA},
	{"192.0.0.192", VG_CLASS_METADATA},
	{"fd00:ec2::254", VG_CLASS_METADATA},
	{"fd00:ec2:ffff::", VG_CLASS_METADATA},
	{"fd20:ce::254", VG_CLASS_METADATA},
	{"fd00:c1::a9fe:a9fe", VG_CLASS_METADATA},
	{"fd00:42::42", VG_CLASS_METADATA},
	{"fd00:a9fe:a9fe::1", VG_CLASS_METADATA},
	{"fd00:100::100:200", VG_CLASS_METADATA},
	{"fe80::a9fe:a9fe", VG_CLASS_METADATA},
	{"169.254.169.252", VG_CLASS_LINK_LOCAL},
	{"fd00:ec3::254", VG_CLASS_PRIVATE},
	/* forms that carry IPv4 */
	{"::127.0.0.1", VG_CLASS_V4_IN_V6},
	{"::169.254.169.254", VG_CLASS_V4_IN_V6},
	{"::8.8.8.8", VG_CLASS_V4_IN_V6},
	{"::ffff:0:127.0.0.1", VG_CLASS_V4_IN_V6},
	{"64:ff9b::127.0.0.1", VG_CLASS_NAT64},
	{"64:ff9b::8.8.8.8", VG_CLASS_NAT64},
	{"64:ff9b:1::8.8.8.8", VG_CLASS_NAT64},
	{"2002:a9fe:a9fe::", VG_CLASS_TRANSITION},
	{"2002:808:808::1", VG_CLASS_TRANSITION},
	{"2001:0:1:2:3:4:5:6", VG_CLASS_TRANSITION},
	{"2003::5efe:10.0.0.1", VG_CLASS_TRANSITION},
	{"2003::200:5efe:8.8.8.8", VG_CLASS_TRANSITION},
	{"fd12::5efe:10.0.0.1", VG_CLASS_TRANSITION},
	{"fe80::5efe:10.0.0.1", VG_CLASS_TRANSITION},
	/* outside 2000::/3 */
	{"1::", VG_CLASS_RESERVED},
	{"1fff:ffff::", VG_CLASS_RESERVED},
	{"4000::", VG_CLASS_RESERVED},
	{"5f00::1", VG_CLASS_RESERVED},
	{"64:ff9b:2::", VG_CLASS_RESERVED},
	{"64:ff9b::1:0:0", VG_CLASS_RESERVED},
	{"e000::1", VG_CLASS_RESERVED},
	{"fbff::1", VG_CLASS_RESERVED},
	{"fe00::1", VG_CLASS_RESERVED},
	{"ff02::1", VG_CLASS_RESERVED},
	{"::1:0:0:0", VG_CLASS_RESERVED},
};

static void known_addresses(void **state)
{
	(void)state;
	for (size_t i = 0; i < VG_ARRAY_LEN(singles); i++) {
		const struct vg_address a = address(singles[i].text);

		if (vg_class_of(&a) != singles[i].class)
			fail_msg("%s is %s", singles[i].text,
				 vg_class_name(vg_class_of(&a)));
		assert_refused(&a);
	}
}

/* vg_class_of_prefix() says one class only where all addresses have it. */
static void prefixes_of_one_class(void **state)
{
	static const struct {
		const char *prefix;
		int class; /* -1: several */
	} cases[] = {
		{"10.0.0.0/8", VG_CLASS_PRIVATE},
		{"10.0.0.0/7", -1},
		{"10.1.0.0/16", VG_CLASS_PRIVATE},
		{"8.0.0.0/8", VG_CLASS_PUBLIC},
		{"172.0.0.0/8", -1},
		{"169.254.0.0/16", -1},
		{"100.64.0.0/10", -1},
		{"100.64.0.0/16", VG_CLASS_CGNAT},
		{"0.0.0.0/0", -1},
		{"::/0", -1},
		{"2001:db8::/32", VG_CLASS_DOCUMENTATION},
		{"fd00:ec2::/48", VG_CLASS_METADATA},
		{"2a00::/16", VG_CLASS_PUBLIC},
	};

	(void)state;
	for (size_t i = 0; i < VG_ARRAY_LEN(cases); i++) {
		const struct vg_prefix p = prefix(cases[i].prefix);
		enum vg_class class = VG_CLASS_COUNT;

		assert_int_equal(vg_class_of_prefix(&p, &class),
				 cases[i].class >= 0);
		if (cases[i].class >= 0)
			assert_int_equal(class, cases[i].class);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_row_is_refused),
		cmocka_unit_test(every_row_has_its_class),
		cmocka_unit_test(mapped_in_aaaa_is_refused),
		cmocka_unit_test(neighbours_are_public),
		cmocka_unit_test(known_addresses),
		cmocka_unit_test(prefixes_of_one_class),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
