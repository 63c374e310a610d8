/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/cleanup.h"
#include "message_samples.h"
#include "verify/message.h"

#define FROM_KEEPER   VG_MSG_FROM_KEEPER
#define FROM_VERIFIER VG_MSG_FROM_VERIFIER

static struct vg_msg m; /* 110 KiB, made anew by each test */

static const struct {
	void (*make)(struct vg_msg *m);
	enum vg_msg_from from;
} kinds[] = {
	{make_config, FROM_KEEPER},  {make_self, FROM_KEEPER},
	{make_prove, FROM_KEEPER},   {make_forget, FROM_KEEPER},
	{make_hello, FROM_VERIFIER}, {make_health, FROM_VERIFIER},
	{make_proof, FROM_VERIFIER}, {make_granted, FROM_VERIFIER},
};

/* What M says on the wire. */
static void encode(struct vg_buf *out)
{
	vg_buf_freep(out);
	vg_msg_encode(&m, out);
	assert_int_equal(vg_buf_error(out), 0);
}

static int decode(enum vg_msg_from from, const void *data, size_t size)
{
	vg_cleanup(vg_freep) struct vg_msg *got = NULL;

	return vg_msg_decode(from, data, size, &got);
}

static int decode_m(enum vg_msg_from from)
{
	vg_cleanup(vg_buf_freep) struct vg_buf b = {};

	encode(&b);
	return decode(from, b.data, b.size);
}

/* ---- tests -------------------------------------------------------------- */

static void every_message_comes_through(void **state)
{
	(void)state;
	for (size_t i = 0; i < VG_ARRAY_LEN(kinds); i++) {
		vg_cleanup(vg_buf_freep) struct vg_buf b = {};
		vg_cleanup(vg_freep) struct vg_msg *got = NULL;

		kinds[i].make(&m);
		encode(&b);
		assert_int_equal(
			vg_msg_decode(kinds[i].from, b.data, b.size, &got), 0);
		assert_memory_equal(got, &m, sizeof(m));
	}
}

static void direction_is_checked(void **state)
{
	(void)state;
	for (size_t i = 0; i < VG_ARRAY_LEN(kinds); i++) {
		kinds[i].make(&m);
		assert_int_equal(decode_m(!kinds[i].from), -EPROTO);
	}
}

static void cut_and_lengthened_messages_are_refused(void **state)
{
	(void)state;
	for (size_t i = 0; i < VG_ARRAY_LEN(kinds); i++) {
		vg_cleanup(vg_buf_freep) struct vg_buf b = {};

		kinds[i].make(&m);
		encode(&b);
		for (size_t n = 0; n < b.size; n++)
			assert_int_equal(decode(kinds[i].from, b.data, n),
					 -EPROTO);
		vg_buf_add(&b, "", 1);
		assert_int_equal(decode(kinds[i].from, b.data, b.size),
				 -EPROTO);
	}
}

/*
 * Any octet changed to anything: refused, or another message that is written
 * just so.  There is one spelling of each message.
 */
static void mutate(enum vg_msg_from from, struct vg_buf *b, size_t at,
		   uint8_t value, size_t *refused)
{
	vg_cleanup(vg_buf_freep) struct vg_buf again = {};
	vg_cleanup(vg_freep) struct vg_msg *got = NULL;
	int r;

	b->data[at] = (char)value;
	r = vg_msg_decode(from, b->data, b->size, &got);
	if (r == -EPROTO) {
		(*refused)++;
		return;
	}
	assert_int_equal(r, 0);
	vg_msg_encode(got, &again);
	assert_int_equal(again.size, b->size);
	assert_memory_equal(again.data, b->data, b->size);
}

static void mutated_messages_have_one_spelling(void **state)
{
	static const uint8_t values[] = {0,    1,    2,	   3,	0x1b,
					 0x41, 0x7f, 0x80, 0xff};
	size_t refused = 0;

	(void)state;
	for (size_t i = 0; i < VG_ARRAY_LEN(kinds); i++) {
		vg_cleanup(vg_buf_freep) struct vg_buf b = {};

		kinds[i].make(&m);
		encode(&b);
		for (size_t at = 0; at < b.size; at++) {
			const uint8_t old = (uint8_t)b.data[at];

			for (size_t v = 0; v < sizeof(values); v++)
				mutate(kinds[i].from, &b, at, values[v],
				       &refused);
			b.data[at] = (char)old;
		}
	}
	assert_true(refused > 100);
}

static void version_and_type_are_checked(void **state)
{
	(void)state;
	assert_int_equal(decode(FROM_VERIFIER, "\x01\x40", 2), 0);
	assert_int_equal(decode(FROM_VERIFIER, "\x02\x40", 2), -EPROTO);
	assert_int_equal(decode(FROM_VERIFIER, "\x00\x40", 2), -EPROTO);
	assert_int_equal(decode(FROM_VERIFIER, "\x01\x00", 2), -EPROTO);
	assert_int_equal(decode(FROM_VERIFIER, "\x01\x43", 2), -EPROTO);
	assert_int_equal(decode(FROM_VERIFIER, "\x01\xff", 2), -EPROTO);
	assert_int_equal(decode(FROM_VERIFIER, "", 0), -EPROTO);
}

static void strings_are_clean(void **state)
{
	static const char *const bad[] = {"",	       "a b",	"a\nb",
					  "a\033[31m", "a\x7f", "a\xc3\xa9"};

	(void)state;
	for (size_t i = 0; i < VG_ARRAY_LEN(bad); i++) {
		make_prove(&m);
		strcpy(m.prove.host, bad[i]);
		assert_int_equal(decode_m(FROM_KEEPER), -EPROTO);
	}
	make_health(&m);
	strcpy(m.health.text, "a\nb");
	assert_int_equal(decode_m(FROM_VERIFIER), -EPROTO);
	make_proof(&m);
	strcpy(m.proof.proof.findings[0].evidence, "\033]0;title\007");
	assert_int_equal(decode_m(FROM_VERIFIER), -EPROTO);
	make_config(&m);
	strcpy(m.config.anchors, "a\rb");
	assert_int_equal(decode_m(FROM_KEEPER), -EPROTO);
}

static void a_nul_inside_a_string_is_refused(void **state)
{
	vg_cleanup(vg_buf_freep) struct vg_buf b = {};
	char *at;

	(void)state;
	make_prove(&m);
	encode(&b);
	at = memmem(b.data, b.size, "vendor", 6);
	assert_non_null(at);
	at[2] = '\0';
	assert_int_equal(decode(FROM_KEEPER, b.data, b.size), -EPROTO);
}

static void prefixes_have_no_host_bits(void **state)
{
	(void)state;
	make_prove(&m);
	m.prove.ranges[0].address.octets[15] = 1;
	assert_int_equal(decode_m(FROM_KEEPER), -EPROTO);
	make_prove(&m);
	m.prove.ranges[0].bits = 129;
	assert_int_equal(decode_m(FROM_KEEPER), -EPROTO);
	make_prove(&m);
	m.prove.nat64.bits = 8;
	assert_int_equal(decode_m(FROM_KEEPER), -EPROTO);
}

static void enums_are_in_range(void **state)
{
	(void)state;
	make_prove(&m);
	m.prove.dnssec = VG_DNSSEC_OFF + 1;
	assert_int_equal(decode_m(FROM_KEEPER), -EPROTO);
	make_prove(&m);
	m.prove.scope = VG_SCOPE_INTERNAL + 1;
	assert_int_equal(decode_m(FROM_KEEPER), -EPROTO);
	make_health(&m);
	m.health.health = VG_HEALTH_COUNT;
	assert_int_equal(decode_m(FROM_VERIFIER), -EPROTO);
	make_proof(&m);
	m.proof.proof.findings[0].id = VG_FINDING_COUNT;
	assert_int_equal(decode_m(FROM_VERIFIER), -EPROTO);
	make_proof(&m);
	m.proof.proof.addresses[0].class = VG_CLASS_COUNT;
	assert_int_equal(decode_m(FROM_VERIFIER), -EPROTO);
	make_proof(&m);
	m.proof.proof.dnssec = VG_DNSSEC_BOGUS + 1;
	assert_int_equal(decode_m(FROM_VERIFIER), -EPROTO);
	make_proof(&m);
	m.proof.proof.links[1].type = 2;
	assert_int_equal(decode_m(FROM_VERIFIER), -EPROTO);
}

/* What the verifier may not say even in good form. */
static void contradictions_are_refused(void **state)
{
	struct vg_proof *p = &m.proof.proof;

	(void)state;
	make_granted(&m);
	p->granted = false;
	assert_int_equal(decode_m(FROM_VERIFIER), -EPROTO);

	make_proof(&m);
	p->granted = true;
	assert_int_equal(decode_m(FROM_VERIFIER), -EPROTO);

	make_proof(&m); /* granted in spite of a finding that blocks */
	p->granted = p->addresses[0].granted = true;
	assert_int_equal(decode_m(FROM_VERIFIER), -EPROTO);

	make_granted(&m);
	p->dnssec = VG_DNSSEC_BOGUS;
	assert_int_equal(decode_m(FROM_VERIFIER), -EPROTO);

	make_granted(&m); /* revoke, and no word why */
	p->effect = VG_EFFECT_REVOKE;
	assert_int_equal(decode_m(FROM_VERIFIER), -EPROTO);

	make_proof(&m); /* a block that only warns */
	p->findings[0].action = VG_ACTION_WARN;
	assert_int_equal(decode_m(FROM_VERIFIER), -EPROTO);

	make_proof(&m);
	p->findings[0].severity = VG_SEVERITY_INFO;
	assert_int_equal(decode_m(FROM_VERIFIER), -EPROTO);

	make_granted(&m); /* an A record that holds IPv6 */
	p->addresses[1].from_aaaa = false;
	assert_int_equal(decode_m(FROM_VERIFIER), -EPROTO);

	make_proof(&m); /* an address with a target, an alias without */
	strcpy(p->links[1].target, "y.net");
	assert_int_equal(decode_m(FROM_VERIFIER), -EPROTO);
	make_proof(&m);
	p->links[0].target[0] = '\0';
	assert_int_equal(decode_m(FROM_VERIFIER), -EPROTO);
}

static void counts_have_bounds(void **state)
{
	static const uint8_t too_many[] = {1, VG_MSG_SELF_IS, 1, 1};
	vg_cleanup(vg_buf_freep) struct vg_buf b = {};

	(void)state;
	/* 257 addresses, and the octets for them */
	vg_buf_add(&b, too_many, sizeof(too_many));
	for (int i = 0; i < 257; i++)
		vg_buf_add(&b, &(struct vg_address){}, 16);
	assert_int_equal(decode(FROM_KEEPER, b.data, b.size), -EPROTO);
	b.data[2] = 0; /* 256 */
	assert_int_equal(decode(FROM_KEEPER, b.data, b.size - 16), 0);

	make_self(&m);
	m.self.n = VG_MSG_SELF + 1;
	vg_buf_freep(&b);
	vg_msg_encode(&m, &b);
	assert_int_equal(vg_buf_error(&b), -EMSGSIZE);
}

static void fill(char *text, size_t size, char c)
{
	memset(text, c, size - 1);
	text[size - 1] = '\0';
}

/* The largest of each kind is no larger than a message may be. */
static void largest_messages_fit(void **state)
{
	struct vg_proof *p = &m.proof.proof;

	(void)state;
	begin(&m, VG_MSG_CONFIG);
	m.config.n_forwards = VG_MSG_FORWARDS;
	for (size_t i = 0; i < VG_MSG_FORWARDS; i++)
		fill(m.config.forwards[i], VG_MSG_SERVER, 'f');
	m.config.n_stubs = VG_MSG_STUBS;
	for (size_t i = 0; i < VG_MSG_STUBS; i++) {
		fill(m.config.stubs[i].zone, VG_PROOF_HOST, 'z');
		fill(m.config.stubs[i].server, VG_MSG_SERVER, 's');
	}
	fill(m.config.anchors, sizeof(m.config.anchors), 'a');
	assert_int_equal(decode_m(FROM_KEEPER), 0);

	make_proof(&m);
	p->n_links = VG_PROOF_LINKS;
	for (size_t i = 0; i < VG_PROOF_LINKS; i++) {
		p->links[i].type = VG_TYPE_CNAME;
		fill(p->links[i].name, VG_PROOF_HOST, 'n');
		fill(p->links[i].target, VG_PROOF_HOST, 't');
	}
	p->n_addresses = VG_PROOF_ADDRESSES;
	for (size_t i = 0; i < VG_PROOF_ADDRESSES; i++)
		p->addresses[i].address = address("9.9.9.9");
	p->n_findings = VG_PROOF_FINDINGS;
	for (size_t i = 0; i < VG_PROOF_FINDINGS; i++) {
		p->findings[i] = p->findings[0];
		fill(p->findings[i].evidence, VG_PROOF_EVIDENCE, 'e');
	}
	assert_int_equal(decode_m(FROM_VERIFIER), 0);
}

static void too_large_is_refused_unread(void **state)
{
	vg_cleanup(vg_freep) char *big = calloc(1, VG_MSG_MAX + 1);

	(void)state;
	assert_non_null(big);
	big[0] = VG_MSG_VERSION;
	big[1] = VG_MSG_HELLO;
	assert_int_equal(decode(FROM_VERIFIER, big, VG_MSG_MAX + 1), -EPROTO);
}

static void model_becomes_messages(void **state)
{
	char server[] = "192.0.2.53@53", zone[] = "corp.example";
	char host[] = "api.vendor.com";
	char *forwards[VG_MSG_FORWARDS + 1];
	struct vg_stub stub = {zone, server};
	struct vg_prefix range = prefix("10.0.0.0/8");
	struct vg_config config = {
		.forward = forwards,
		.n_forward = VG_MSG_FORWARDS,
		.stubs = &stub,
		.n_stubs = 1,
	};
	const struct vg_endpoint endpoint = {
		.host = host,
		.dnssec = VG_DNSSEC_REQUIRE,
		.scope = VG_SCOPE_INTERNAL,
		.ranges = &range,
		.n_ranges = 1,
	};
	struct vg_prove prove;

	(void)state;
	for (size_t i = 0; i < VG_ARRAY_LEN(forwards); i++)
		forwards[i] = server;
	assert_int_equal(vg_msg_from_config(&config, "text", &m), 0);
	assert_int_equal(m.type, VG_MSG_CONFIG);
	assert_int_equal(m.config.n_forwards, VG_MSG_FORWARDS);
	assert_string_equal(m.config.forwards[15], server);
	assert_string_equal(m.config.stubs[0].zone, zone);
	assert_string_equal(m.config.anchors, "text");
	config.n_forward++;
	assert_int_equal(vg_msg_from_config(&config, "", &m), -E2BIG);

	assert_int_equal(vg_prove_from_endpoint(&endpoint, true, &prove), 0);
	assert_string_equal(prove.host, host);
	assert_true(prove.strict);
	assert_int_equal(prove.dnssec, VG_DNSSEC_REQUIRE);
	assert_int_equal(prove.scope, VG_SCOPE_INTERNAL);
	assert_int_equal(prove.n_ranges, 1);
	assert_memory_equal(&prove.ranges[0], &range, sizeof(range));
	assert_int_equal(
		vg_prove_from_endpoint(&(struct vg_endpoint){}, true, &prove),
		-E2BIG);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_message_comes_through),
		cmocka_unit_test(direction_is_checked),
		cmocka_unit_test(cut_and_lengthened_messages_are_refused),
		cmocka_unit_test(mutated_messages_have_one_spelling),
		cmocka_unit_test(version_and_type_are_checked),
		cmocka_unit_test(strings_are_clean),
		cmocka_unit_test(a_nul_inside_a_string_is_refused),
		cmocka_unit_test(prefixes_have_no_host_bits),
		cmocka_unit_test(enums_are_in_range),
		cmocka_unit_test(contradictions_are_refused),
		cmocka_unit_test(counts_have_bounds),
		cmocka_unit_test(largest_messages_fit),
		cmocka_unit_test(too_large_is_refused_unread),
		cmocka_unit_test(model_becomes_messages),
	};

	return cmocka_run_group_tests_name("message", tests, NULL, NULL);
}
