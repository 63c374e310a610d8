/* SPDX-License-Identifier: Apache-2.0 */
#include "policy/address.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>
#include <cmocka.h>

#include "base/cleanup.h"

/* What is written, and what it reads like afterwards; NULL: refused. */
static const struct {
	const char *in, *out;
} addresses[] = {
	{"192.0.2.1", "192.0.2.1"},
	{"0.0.0.0", "0.0.0.0"},
	{"255.255.255.255", "255.255.255.255"},
	{"::ffff:192.0.2.1", "192.0.2.1"},
	{"::ffff:c000:201", "192.0.2.1"},
	/* RFC 5952 */
	{"2001:DB8::1", "2001:db8::1"},
	{"2001:0db8:0:0:0:0:0:1", "2001:db8::1"},
	{"2001:db8:0:1:1:1:1:1", "2001:db8:0:1:1:1:1:1"},
	{"2001:0:0:1:0:0:0:1", "2001:0:0:1::1"},
	{"2001:db8:0:0:1:0:0:1", "2001:db8::1:0:0:1"},
	{"::", "::"},
	{"::1", "::1"},
	{"1::", "1::"},
	{"64:ff9b::192.0.2.33", "64:ff9b::c000:221"},
	{"::ffff:0:192.0.2.1", "::ffff:0:c000:201"},
	/* legacy, junk */
	{"", NULL},
	{"127.1", NULL},
	{"0177.0.0.1", NULL},
	{"0x7f.0.0.1", NULL},
	{"2130706433", NULL},
	{"192.0.2.01", NULL},
	{"192.0.2", NULL},
	{"192.0.2.1.", NULL},
	{"192.0.2.256", NULL},
	{" 192.0.2.1", NULL},
	{"192.0.2.1 ", NULL},
	{"192.0.2.1/32", NULL},
	{"fe80::1%eth0", NULL},
	{"[::1]", NULL},
	{":::", NULL},
	{"1::2::3", NULL},
	{"1:2:3:4:5:6:7", NULL},
	{"1:2:3:4:5:6:7:8:9", NULL},
	{"12345::", NULL},
	{"::192.0.2.01", NULL},
	{"localhost", NULL},
};

static void addresses_are_read_strictly(void **state)
{
	(void)state;
	for (size_t i = 0; i < VG_ARRAY_LEN(addresses); i++) {
		struct vg_address a;
		char text[VG_ADDRESS_TEXT];
		int r;

		memset(&a, 0xA5, sizeof(a));
		r = vg_address_parse(addresses[i].in, &a);
		if (!addresses[i].out) {
			assert_int_equal(r, -EINVAL);
			assert_int_equal(a.octets[0], 0xA5);
			continue;
		}
		assert_int_equal(r, 0);
		vg_address_text(&a, text);
		assert_string_equal(text, addresses[i].out);
	}
}

static const struct {
	const char *in, *out;
	uint8_t bits;
} prefixes[] = {
	{"10.0.0.0/8", "10.0.0.0/8", 104},
	{"0.0.0.0/0", "0.0.0.0/0", 96},
	{"192.0.2.1", "192.0.2.1", 128},
	{"192.0.2.1/32", "192.0.2.1", 128},
	{"::ffff:10.0.0.0/104", "10.0.0.0/8", 104},
	{"2001:db8::/32", "2001:db8::/32", 32},
	{"2001:db8::1/128", "2001:db8::1", 128},
	{"::/0", "::/0", 0},
	{"8000::/1", "8000::/1", 1},
	{"fe80:0:0:0:0:0:0:0/127", "fe80::/127", 127},
	{"10.0.0.1/8", NULL, 0},
	{"128.0.0.0/0", NULL, 0},
	{"2001:db8::1/127", NULL, 0},
	{"::ffff:10.0.0.0/8", NULL, 0},
	{"10.0.0.0/33", NULL, 0},
	{"10.0.0.0/-1", NULL, 0},
	{"10.0.0.0/08", NULL, 0},
	{"10.0.0.0/", NULL, 0},
	{"10.0.0.0/8x", NULL, 0},
	{"10.0.0.0/8/8", NULL, 0},
	{"10.0.0.0/255.0.0.0", NULL, 0},
	{"10/8", NULL, 0},
	{"/8", NULL, 0},
	{"2001:db8::/129", NULL, 0},
	{"2001:db8::/4294967328", NULL, 0},
	{"2001:db8:2001:db8:2001:db8:2001:db8:2001:db8:2001:db8::/32", NULL, 0},
};

static void prefixes_have_no_bits_behind_them(void **state)
{
	(void)state;
	for (size_t i = 0; i < VG_ARRAY_LEN(prefixes); i++) {
		struct vg_prefix p = {.bits = 77};
		char text[VG_ADDRESS_TEXT];
		const int r = vg_prefix_parse(prefixes[i].in, &p);

		if (!prefixes[i].out) {
			assert_int_equal(r, -EINVAL);
			assert_int_equal(p.bits, 77);
			continue;
		}
		assert_int_equal(r, 0);
		assert_int_equal(p.bits, prefixes[i].bits);
		vg_prefix_text(&p, text);
		assert_string_equal(text, prefixes[i].out);
	}
}

static const struct {
	const char *prefix, *address;
	bool inside;
} members[] = {
	{"10.0.0.0/8", "10.0.0.0", true},
	{"10.0.0.0/8", "10.255.255.255", true},
	{"10.0.0.0/8", "11.0.0.0", false},
	{"10.0.0.0/8", "9.255.255.255", false},
	{"192.0.2.128/25", "192.0.2.127", false},
	{"192.0.2.128/25", "192.0.2.128", true},
	{"192.0.2.1", "192.0.2.1", true},
	{"192.0.2.1", "192.0.2.0", false},
	{"0.0.0.0/0", "1.2.3.4", true},
	{"0.0.0.0/0", "::1", false},
	{"::/0", "1.2.3.4", true},
	{"2001:db8::/33", "2001:db8:7fff::", true},
	{"2001:db8::/33", "2001:db8:8000::", false},
	{"::1", "::1", true},
	{"10.0.0.0/8", "::10.0.0.1", false},
};

static void membership(void **state)
{
	(void)state;
	for (size_t i = 0; i < VG_ARRAY_LEN(members); i++) {
		struct vg_address a;
		struct vg_prefix p;

		assert_int_equal(vg_prefix_parse(members[i].prefix, &p), 0);
		assert_int_equal(vg_address_parse(members[i].address, &a), 0);
		assert_int_equal(vg_prefix_contains(&p, &a), members[i].inside);
		assert_int_equal(vg_prefixes_contain(&p, 1, &a),
				 members[i].inside);
		assert_false(vg_prefixes_contain(&p, 0, &a));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(addresses_are_read_strictly),
		cmocka_unit_test(prefixes_have_no_bits_behind_them),
		cmocka_unit_test(membership),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
