/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Classes of addresses against an independent reference, which works slowly on
 * text of zeros and ones.
 */
#include "policy/address.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>
#include <cmocka.h>

#include "base/cleanup.h"

static struct vg_prefix prefix(const char *text)
{
	struct vg_prefix p;

	if (vg_prefix_parse(text, &p) < 0)
		fail_msg("not a prefix: %s", text);
	return p;
}

static void set_bit(struct vg_address *a, unsigned int i)
{
	a->octets[i / 8] |= (uint8_t)(0x80U >> i % 8);
}

#define BITS 129 /* 128 characters and a NUL */

static void to_bits(const struct vg_address *a, char ret[static BITS])
{
	for (int i = 0; i < 128; i++)
		ret[i] = a->octets[i / 8] & 1 << (7 - i % 8) ? '1' : '0';
	ret[128] = '\0';
}

/*
 * Which class each prefix has, the longest that fits counts.  Written from
 * verification.md B, not from classes.c.
 */
static const struct {
	const char *prefix, *class;
} reference[] = {
	{"0.0.0.0/0", "public"},
	{"2000::/3", "public"},
	{"0.0.0.0/8", "loopback"},
	{"127.0.0.0/8", "loopback"},
	{"::1", "loopback"},
	{"::", "loopback"},
	{"169.254.0.0/16", "link-local"},
	{"fe80::/10", "link-local"},
	{"fec0::/10", "link-local"},
	{"10.0.0.0/8", "private"},
	{"172.16.0.0/12", "private"},
	{"192.168.0.0/16", "private"},
	{"fc00::/7", "private"},
	{"100.64.0.0/10", "cgnat"},
	{"::/96", "v4-in-v6"},
	{"::ffff:0:0:0/96", "v4-in-v6"},
	{"64:ff9b::/96", "nat64"},
	{"64:ff9b:1::/48", "nat64"},
	{"2002::/16", "transition"},
	{"2001::/32", "transition"},
	{"192.0.0.0/24", "ietf"},
	{"192.88.99.0/24", "ietf"},
	{"192.31.196.0/24", "ietf"},
	{"192.52.193.0/24", "ietf"},
	{"192.175.48.0/24", "ietf"},
	{"2001::/23", "ietf"},
	{"2620:4f:8000::/48", "ietf"},
	{"192.0.2.0/24", "documentation"},
	{"198.51.100.0/24", "documentation"},
	{"203.0.113.0/24", "documentation"},
	{"198.18.0.0/15", "documentation"},
	{"2001:db8::/32", "documentation"},
	{"3fff::/20", "documentation"},
	{"2001:2::/48", "documentation"},
	{"224.0.0.0/4", "reserved"},
	{"240.0.0.0/4", "reserved"},
	{"3ffe::/16", "reserved"},
	{"169.254.169.254", "metadata"},
	{"169.254.169.253", "metadata"},
	{"169.254.169.123", "metadata"},
	{"169.254.169.250", "metadata"},
	{"169.254.170.2", "metadata"},
	{"169.254.170.23", "metadata"},
	{"169.254.42.42", "metadata"},
	{"169.254.0.23", "metadata"},
	{"169.254.10.10", "metadata"},
	{"100.100.100.200", "metadata"},
	{"168.63.129.16", "metadata"},
	{"192.0.0.192", "metadata"},
	{"fd00:ec2::/32", "metadata"},
	{"fd20:ce::254", "metadata"},
	{"fd00:c1::a9fe:a9fe", "metadata"},
	{"fd00:42::42", "metadata"},
	{"fd00:a9fe:a9fe::1", "metadata"},
	{"fd00:100::100:200", "metadata"},
	{"fe80::a9fe:a9fe", "metadata"},
};
#define N_REFERENCE VG_ARRAY_LEN(reference)

static char reference_bits[N_REFERENCE][BITS];

static int make_reference(void **state)
{
	(void)state;
	for (size_t i = 0; i < N_REFERENCE; i++) {
		const struct vg_prefix p = prefix(reference[i].prefix);

		to_bits(&p.address, reference_bits[i]);
		reference_bits[i][p.bits] = '\0';
	}
	return 0;
}

static const char *reference_class(const struct vg_address *a)
{
	static const char mapped[] =
		"00000000000000000000000000000000000000000000000000000000"
		"000000000000000000000000"
		"1111111111111111";
	static const char isatap[] = "00000000000000000101111011111110";
	const char *class = "reserved";
	size_t longest = 0;
	char bits[BITS];

	to_bits(a, bits);
	for (size_t i = 0; i < N_REFERENCE; i++) {
		const size_t n = strlen(reference_bits[i]);

		if (strncmp(bits, reference_bits[i], n) == 0 && n >= longest) {
			longest = n;
			class = reference[i].class;
		}
	}
	if (strncmp(bits, mapped, 96) == 0 || strcmp(class, "metadata") == 0)
		return class;
	/* the bit that says "universal" may be set */
	bits[64 + 6] = '0';
	return strncmp(bits + 64, isatap, 32) == 0 ? "transition" : class;
}

/* A seed of its own, so that a failure can be seen again. */
static uint64_t random_state = 20261121;

static uint64_t next_random(void)
{
	random_state ^= random_state << 13;
	random_state ^= random_state >> 7;
	random_state ^= random_state << 17;
	return random_state;
}

/*
 * Random octets behind the first bits of a random row, and then one bit
 * turned: most are close to a border.
 */
static struct vg_address near_a_border(void)
{
	const size_t row = next_random() % N_REFERENCE;
	const struct vg_prefix p = prefix(reference[row].prefix);
	struct vg_address a = p.address;

	for (unsigned int i = p.bits; i < 128; i++)
		if (next_random() & 1)
			set_bit(&a, i);
	if (next_random() & 1)
		a.octets[next_random() % 16] ^=
			(uint8_t)(1U << next_random() % 8);
	if (next_random() % 16 == 0)
		memcpy(a.octets + 8,
		       next_random() & 1 ? "\x02\x00\x5e\xfe"
					 : "\x00\x00\x5e\xfe",
		       4);
	return a;
}

static void same_as_the_reference(void **state)
{
	size_t seen[VG_CLASS_COUNT] = {0};

	(void)state;
	for (int i = 0; i < 200000; i++) {
		const struct vg_address a = near_a_border();
		const enum vg_class class = vg_class_of(&a);
		char text[VG_ADDRESS_TEXT];

		vg_address_text(&a, text);
		if (strcmp(vg_class_name(class), reference_class(&a)) != 0)
			fail_msg("%s: %s, not %s", text, vg_class_name(class),
				 reference_class(&a));
		seen[class]++;
	}
	for (int i = 0; i < VG_CLASS_SELF; i++)
		assert_true(seen[i] > 100);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(same_as_the_reference),
	};

	return cmocka_run_group_tests(tests, make_reference, NULL);
}
