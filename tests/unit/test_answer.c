/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "answer_packet.h"
#include "resolve/answer.h"

#define HOST "api.vendor.com"

static struct packet packet; /* 64 KiB, of the test at work */

static struct vg_answer answer;

static void parse_as(uint16_t type, int rcode, enum vg_dnssec_state state)
{
	const struct vg_reply reply = {
		.host = HOST,
		.type = type,
		.rcode = rcode,
		.state = state,
		.why = "no \x1b[31msignatures",
		.packet = packet.data,
		.size = packet.size,
	};

	memset(&answer, 0xa5, sizeof(answer));
	vg_answer_parse(&reply, &answer);
}

static void parse(void)
{
	parse_as(VG_TYPE_A, 0, VG_DNSSEC_SECURE);
}

static void is_bad(const char *why)
{
	assert_int_equal(answer.outcome, VG_OUTCOME_BAD);
	assert_int_equal(answer.state, VG_DNSSEC_NONE);
	assert_int_equal(answer.n_addresses, 0);
	assert_string_equal(answer.why, why);
}

/* ---- tests -------------------------------------------------------------- */

static void addresses_of_the_name(void **state)
{
	(void)state;
	packet_begin(&packet, HOST, VG_TYPE_A, 0);
	packet_put_a(&packet, "API.Vendor.COM", 300, "\x09\x08\x07\x06");
	packet_put_a(&packet, HOST, 120, "\x09\x08\x07\x05");
	parse();
	assert_int_equal(answer.outcome, VG_OUTCOME_ADDRESSES);
	assert_int_equal(answer.state, VG_DNSSEC_SECURE);
	assert_int_equal(answer.rcode, 0);
	assert_int_equal(answer.n_addresses, 2);
	assert_memory_equal(answer.addresses[0].octets,
			    "\0\0\0\0\0\0\0\0\0\0\xff\xff\x09\x08\x07\x06", 16);
	assert_int_equal(answer.ttl, 120);
	assert_int_equal(answer.n_links, 1);
	assert_string_equal(answer.links[0].name, HOST);
	assert_string_equal(answer.links[0].target, "");
	assert_int_equal(answer.links[0].type, VG_TYPE_A);
	assert_int_equal(answer.links[0].ttl, 120);
	assert_string_equal(answer.end, HOST);
	assert_string_equal(answer.why, "");
	assert_false(answer.cut);
}

static void ipv6_keeps_its_octets(void **state)
{
	(void)state;
	packet_begin(&packet, HOST, VG_TYPE_AAAA, 0);
	packet_put_head(&packet, HOST, VG_TYPE_AAAA, CLASS_IN, 60);
	packet_put16(&packet, 16);
	packet_put(&packet, "\0\0\0\0\0\0\0\0\0\0\xff\xff\x7f\0\0\x01", 16);
	parse_as(VG_TYPE_AAAA, 0, VG_DNSSEC_INSECURE);
	assert_int_equal(answer.outcome, VG_OUTCOME_ADDRESSES);
	assert_int_equal(answer.state, VG_DNSSEC_INSECURE);
	assert_memory_equal(answer.addresses[0].octets,
			    "\0\0\0\0\0\0\0\0\0\0\xff\xff\x7f\0\0\x01", 16);
}

static void chain_is_followed_in_any_order(void **state)
{
	(void)state;
	packet_begin(&packet, HOST, VG_TYPE_A, 0);
	packet_put_a(&packet, "c.net", 300, "\x09\x09\x09\x09");
	packet_put_cname(&packet, "b.net", 30, "C.net");
	packet_put_cname(&packet, HOST, 600, "b.net");
	parse();
	assert_int_equal(answer.outcome, VG_OUTCOME_ADDRESSES);
	assert_int_equal(answer.n_links, 3);
	assert_string_equal(answer.links[0].name, HOST);
	assert_string_equal(answer.links[0].target, "b.net");
	assert_string_equal(answer.links[1].name, "b.net");
	assert_string_equal(answer.links[1].target, "c.net");
	assert_int_equal(answer.links[2].type, VG_TYPE_A);
	assert_string_equal(answer.end, "c.net");
	assert_int_equal(answer.ttl, 30);
}

static void other_owners_do_not_count(void **state)
{
	(void)state;
	packet_begin(&packet, HOST, VG_TYPE_A, 0);
	packet_put_a(&packet, "vendor.com", 300, "\x0a\0\0\x01");
	packet_put_a(&packet, "b.net", 300, "\x0a\0\0\x02");
	packet_put_cname(&packet, "x.net", 300, "b.net");
	parse();
	assert_int_equal(answer.outcome, VG_OUTCOME_NODATA);
	assert_int_equal(answer.n_addresses, 0);
	assert_int_equal(answer.n_links, 0);

	packet_put_a(&packet, HOST, 300, "\x09\x09\x09\x09");
	parse();
	assert_int_equal(answer.n_addresses, 1);
	assert_int_equal(answer.addresses[0].octets[12], 9);
}

static void address_beside_an_alias_is_not_followed(void **state)
{
	(void)state;
	packet_begin(&packet, HOST, VG_TYPE_A, 0);
	packet_put_a(&packet, HOST, 300, "\x0a\0\0\x01");
	packet_put_cname(&packet, HOST, 300, "b.net");
	packet_put_a(&packet, "b.net", 300, "\x09\x09\x09\x09");
	parse();
	assert_int_equal(answer.n_addresses, 1);
	assert_int_equal(answer.addresses[0].octets[12], 9);
}

static void other_classes_and_types_do_not_count(void **state)
{
	(void)state;
	packet_begin(&packet, HOST, VG_TYPE_A, 0);
	packet_put_head(&packet, HOST, VG_TYPE_A, CLASS_CH, 300);
	packet_put16(&packet, 4);
	packet_put(&packet, "\x0a\0\0\x01", 4);
	packet_put_head(&packet, HOST, VG_TYPE_AAAA, CLASS_IN, 300);
	packet_put16(&packet, 16);
	packet_put(&packet, "\xfd\0\0\0\0\0\0\0\0\0\0\0\0\0\0\x01", 16);
	parse();
	assert_int_equal(answer.outcome, VG_OUTCOME_NODATA);
}

static void bogus_is_never_parsed(void **state)
{
	(void)state;
	packet_begin(&packet, HOST, VG_TYPE_A, 0);
	packet_put_a(&packet, HOST, 300, "\xc6\x33\x64\x42");
	parse_as(VG_TYPE_A, 0, VG_DNSSEC_BOGUS);
	assert_int_equal(answer.outcome, VG_OUTCOME_BOGUS);
	assert_int_equal(answer.state, VG_DNSSEC_BOGUS);
	assert_int_equal(answer.n_addresses, 0);
	assert_int_equal(answer.n_links, 0);
	/* And what strangers wrote is printable. */
	assert_string_equal(answer.why, "no ?[31msignatures");
}

static void packet_of_a_failure_is_never_parsed(void **state)
{
	(void)state;
	packet_begin(&packet, HOST, VG_TYPE_A, 0);
	packet_put_a(&packet, HOST, 300, "\xc6\x33\x64\x42");
	parse_as(VG_TYPE_A, 2, VG_DNSSEC_SECURE);
	assert_int_equal(answer.outcome, VG_OUTCOME_SERVFAIL);
	assert_int_equal(answer.state, VG_DNSSEC_NONE);
	assert_int_equal(answer.n_addresses, 0);
}

static void code_is_that_of_the_header(void **state)
{
	(void)state;
	packet_begin(&packet, HOST, VG_TYPE_A, 3);
	parse();
	assert_int_equal(answer.outcome, VG_OUTCOME_NXDOMAIN);
	assert_int_equal(answer.rcode, 3);
	assert_int_equal(answer.state, VG_DNSSEC_SECURE);
	assert_string_equal(answer.end, HOST);

	packet_begin(&packet, HOST, VG_TYPE_A, 5);
	packet_put_a(&packet, HOST, 300, "\x09\x09\x09\x09");
	parse();
	assert_int_equal(answer.outcome, VG_OUTCOME_SERVFAIL);
	assert_string_equal(answer.why, "the server answered with code 5");
	assert_int_equal(answer.n_addresses, 0);
}

static void nxdomain_has_no_addresses(void **state)
{
	(void)state;
	packet_begin(&packet, HOST, VG_TYPE_A, 3);
	packet_put_a(&packet, HOST, 300, "\x09\x09\x09\x09");
	parse();
	assert_int_equal(answer.outcome, VG_OUTCOME_NXDOMAIN);
	assert_int_equal(answer.n_addresses, 0);
}

static void dangling_alias_names_its_end(void **state)
{
	(void)state;
	for (uint8_t rcode = 0; rcode <= 3; rcode = (uint8_t)(rcode + 3)) {
		packet_begin(&packet, HOST, VG_TYPE_A, rcode);
		packet_put_cname(&packet, HOST, 40, "gone.cloud.net");
		parse();
		assert_int_equal(answer.outcome, rcode ? VG_OUTCOME_NXDOMAIN
						       : VG_OUTCOME_NODATA);
		assert_int_equal(answer.n_links, 1);
		assert_string_equal(answer.end, "gone.cloud.net");
		assert_int_equal(answer.ttl, 40);
	}
}

static void loops_are_found(void **state)
{
	(void)state;
	packet_begin(&packet, HOST, VG_TYPE_A, 0);
	packet_put_cname(&packet, HOST, 40, "b.net");
	packet_put_cname(&packet, "b.net", 40, HOST);
	packet_put_a(&packet, HOST, 40, "\x09\x09\x09\x09");
	parse();
	assert_int_equal(answer.outcome, VG_OUTCOME_LOOP);
	assert_string_equal(answer.why, "the aliases form a loop");
	assert_int_equal(answer.n_addresses, 0);

	packet_begin(&packet, HOST, VG_TYPE_A, 0);
	packet_put_cname(&packet, HOST, 40, HOST);
	parse();
	assert_int_equal(answer.outcome, VG_OUTCOME_LOOP);
}

/* HOST -> n1.net -> ... -> nN.net, which has an address. */
static void begin_chain(unsigned int n)
{
	char owner[32] = HOST, target[32];

	packet_begin(&packet, HOST, VG_TYPE_A, 0);
	for (unsigned int i = 1; i <= n; i++) {
		snprintf(target, sizeof(target), "n%u.net", i);
		packet_put_cname(&packet, owner, 40, target);
		strcpy(owner, target);
	}
	packet_put_a(&packet, owner, 40, "\x09\x09\x09\x09");
}

static void chain_has_a_cap(void **state)
{
	(void)state;
	begin_chain(VG_ANSWER_CHAIN);
	parse();
	assert_int_equal(answer.outcome, VG_OUTCOME_ADDRESSES);
	assert_int_equal(answer.n_links, VG_ANSWER_CHAIN + 1);

	begin_chain(VG_ANSWER_CHAIN + 1);
	parse();
	assert_int_equal(answer.outcome, VG_OUTCOME_LOOP);
	assert_string_equal(answer.why, "more than 8 aliases in a row");
	assert_int_equal(answer.n_addresses, 0);
}

static void two_aliases_at_one_name(void **state)
{
	(void)state;
	packet_begin(&packet, HOST, VG_TYPE_A, 0);
	packet_put_cname(&packet, HOST, 40, "b.net");
	packet_put_cname(&packet, HOST, 40, "B.net");
	packet_put_a(&packet, "b.net", 40, "\x09\x09\x09\x09");
	parse();
	assert_int_equal(answer.outcome, VG_OUTCOME_ADDRESSES);

	packet_begin(&packet, HOST, VG_TYPE_A, 0);
	packet_put_cname(&packet, HOST, 40, "b.net");
	packet_put_cname(&packet, HOST, 40, "c.net");
	packet_put_a(&packet, "b.net", 40, "\x09\x09\x09\x09");
	parse();
	is_bad("two aliases at one name");
}

static void begin_set(unsigned int n)
{
	packet_begin(&packet, HOST, VG_TYPE_A, 0);
	for (unsigned int i = 0; i < n; i++)
		packet_put_a(&packet, HOST, 40,
			     (char[]){9, 9, (char)(i >> 8), (char)i});
}

static void address_sets_have_a_cap(void **state)
{
	(void)state;
	begin_set(64);
	parse();
	assert_int_equal(answer.n_addresses, 64);
	assert_false(answer.cut);

	begin_set(65);
	parse();
	assert_int_equal(answer.outcome, VG_OUTCOME_ADDRESSES);
	assert_int_equal(answer.n_addresses, 64);
	assert_true(answer.cut);

	begin_set(64);
	packet_put_a(&packet, HOST, 40,
		     "\x09\x09\x00\x00"); /* the first one again */
	parse();
	assert_int_equal(answer.n_addresses, 64);
	assert_false(answer.cut);
}

static void reply_to_another_question(void **state)
{
	(void)state;
	packet_begin(&packet, "other.com", VG_TYPE_A, 0);
	packet_put_a(&packet, HOST, 40, "\x09\x09\x09\x09");
	parse();
	is_bad("the reply is to another question");

	packet_begin(&packet, HOST, VG_TYPE_AAAA, 0);
	packet_put_a(&packet, HOST, 40, "\x09\x09\x09\x09");
	parse();
	is_bad("the reply is to another question");

	memset(&packet, 0, sizeof(packet));
	packet.size = 12;
	parse();
	is_bad("the reply is to another question");
}

static void ttl_with_the_top_bit_is_zero(void **state)
{
	(void)state;
	packet_begin(&packet, HOST, VG_TYPE_A, 0);
	packet_put_a(&packet, HOST, 0x80000000, "\x09\x09\x09\x09");
	parse();
	assert_int_equal(answer.outcome, VG_OUTCOME_ADDRESSES);
	assert_int_equal(answer.ttl, 0);
	assert_int_equal(answer.links[0].ttl, 0);
}

static void odd_octets_in_names_are_written_plainly(void **state)
{
	(void)state;
	packet_begin(&packet, HOST, VG_TYPE_A, 3);
	packet_put_head(&packet, HOST, VG_TYPE_CNAME, CLASS_IN, 40);
	packet_put16(&packet, 9);
	packet_put(&packet, "\x03\x1b.\xff\x03net", 9);
	parse();
	assert_int_equal(answer.outcome, VG_OUTCOME_NXDOMAIN);
	assert_string_equal(answer.end, "\\027\\.\\255.net");
}

static void name_too_long_to_write(void **state)
{
	(void)state;
	packet_begin(&packet, HOST, VG_TYPE_A, 3);
	packet_put_head(&packet, HOST, VG_TYPE_CNAME, CLASS_IN, 40);
	packet_put16(&packet, 4 * 64 - 1);
	for (int i = 0; i < 4; i++) {
		uint8_t n = i < 3 ? 63 : 61;

		packet_put(&packet, &n, 1);
		for (uint8_t k = 0; k < n; k++)
			packet_put(&packet, "\x01", 1);
	}
	packet_put(&packet, "", 1);
	parse();
	is_bad("an alias cannot be written");
}

static void cut_packets_are_bad(void **state)
{
	size_t whole;

	(void)state;
	begin_chain(3);
	whole = packet.size;
	for (packet.size = 0; packet.size < whole; packet.size++) {
		parse();
		assert_int_equal(answer.outcome, VG_OUTCOME_BAD);
		assert_int_equal(answer.n_addresses, 0);
	}
	parse();
	assert_int_equal(answer.outcome, VG_OUTCOME_ADDRESSES);
}

static void compression_that_loops_is_bad(void **state)
{
	(void)state;
	packet_begin(&packet, HOST, VG_TYPE_A, 0);
	packet_put_head(&packet, HOST, VG_TYPE_CNAME, CLASS_IN, 40);
	packet_put16(&packet, 2);
	packet_put16(&packet,
		     0xc000U | (unsigned int)packet.size); /* at itself */
	parse();
	is_bad("the packet is malformed");
}

static void address_that_is_too_short_is_bad(void **state)
{
	(void)state;
	for (unsigned int n = 0; n <= 4; n++) {
		packet_begin(&packet, HOST, VG_TYPE_A, 0);
		packet_put_head(&packet, HOST, VG_TYPE_A, CLASS_IN, 40);
		packet_put16(&packet, n);
		packet_put(&packet, "\x09\x09\x09\x09\x09\x09", n);
		parse();
		assert_int_equal(answer.outcome, n == 4 ? VG_OUTCOME_ADDRESSES
							: VG_OUTCOME_BAD);
	}
}

static void no_packet_at_all(void **state)
{
	const struct vg_reply reply = {
		.host = HOST, .type = VG_TYPE_A, .state = VG_DNSSEC_SECURE};

	(void)state;
	vg_answer_parse(&reply, &answer);
	is_bad("no packet, or a cut one");

	vg_answer_fail(&answer, VG_TYPE_AAAA, VG_OUTCOME_TIMEOUT, "too\nlate");
	assert_int_equal(answer.outcome, VG_OUTCOME_TIMEOUT);
	assert_int_equal(answer.type, VG_TYPE_AAAA);
	assert_string_equal(answer.why, "too?late");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(addresses_of_the_name),
		cmocka_unit_test(ipv6_keeps_its_octets),
		cmocka_unit_test(chain_is_followed_in_any_order),
		cmocka_unit_test(other_owners_do_not_count),
		cmocka_unit_test(address_beside_an_alias_is_not_followed),
		cmocka_unit_test(other_classes_and_types_do_not_count),
		cmocka_unit_test(bogus_is_never_parsed),
		cmocka_unit_test(packet_of_a_failure_is_never_parsed),
		cmocka_unit_test(code_is_that_of_the_header),
		cmocka_unit_test(nxdomain_has_no_addresses),
		cmocka_unit_test(dangling_alias_names_its_end),
		cmocka_unit_test(loops_are_found),
		cmocka_unit_test(chain_has_a_cap),
		cmocka_unit_test(two_aliases_at_one_name),
		cmocka_unit_test(address_sets_have_a_cap),
		cmocka_unit_test(reply_to_another_question),
		cmocka_unit_test(ttl_with_the_top_bit_is_zero),
		cmocka_unit_test(odd_octets_in_names_are_written_plainly),
		cmocka_unit_test(name_too_long_to_write),
		cmocka_unit_test(cut_packets_are_bad),
		cmocka_unit_test(compression_that_loops_is_bad),
		cmocka_unit_test(address_that_is_too_short_is_bad),
		cmocka_unit_test(no_packet_at_all),
	};

	return cmocka_run_group_tests_name("answer", tests, NULL, NULL);
}
