/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/cleanup.h"
#include "verify/prover.h"

/* ---- a resolver that answers when it is told ---------------------------- */

#define ASKED_MAX 128

static struct asked {
	bool open; /* neither answered nor canceled */
	char host[VG_PROOF_HOST];
	uint16_t type;
	unsigned int flags;
	vg_prover_answer_fn *fn;
	void *arg;
} asked[ASKED_MAX];
static size_t n_asked, n_canceled;
static int ask_error;

static int fake_ask(void *context, const char *host, uint16_t type,
		    unsigned int flags, vg_prover_answer_fn *fn, void *arg,
		    void **ret)
{
	struct asked *a = &asked[n_asked];

	assert_ptr_equal(context, asked);
	if (ask_error)
		return ask_error;
	assert_true(n_asked < ASKED_MAX);
	n_asked++;
	*a = (struct asked){.open = true,
			    .type = type,
			    .flags = flags,
			    .fn = fn,
			    .arg = arg};
	snprintf(a->host, sizeof(a->host), "%s", host);
	*ret = a;
	return 0;
}

static void fake_cancel(void *context, void *lookup)
{
	struct asked *a = lookup;

	(void)context;
	assert_true(a->open);
	a->open = false;
	n_canceled++;
}

/* Look-up I: ADDRESS, or NULL for no data. */
static void reply(size_t i, enum vg_dnssec_state state, const char *address)
{
	struct vg_answer answer = {.type = asked[i].type, .state = state};

	assert_true(i < n_asked && asked[i].open);
	asked[i].open = false;
	answer.outcome = address ? VG_OUTCOME_ADDRESSES : VG_OUTCOME_NODATA;
	answer.ttl = 300;
	if (address) {
		assert_int_equal(
			vg_address_parse(address, &answer.addresses[0]), 0);
		answer.n_addresses = 1;
	}
	asked[i].fn(asked[i].arg, &answer);
}

static void reply_timeout(size_t i)
{
	struct vg_answer answer;

	vg_answer_fail(&answer, asked[i].type, VG_OUTCOME_TIMEOUT, "late");
	asked[i].open = false;
	asked[i].fn(asked[i].arg, &answer);
}

/* ---- the prover and what it said ---------------------------------------- */

static struct vg_prover *prover;
static size_t n_done;
static uint64_t done_id;
static struct vg_proof done;

static void (*in_done)(void);

static void on_done(void *arg, uint64_t id, const struct vg_proof *proof)
{
	(void)arg;
	n_done++;
	done_id = id;
	done = *proof;
	if (in_done)
		in_done();
}

static int setup(void **state)
{
	const struct vg_prover_lookups lookups = {fake_ask, fake_cancel, asked};

	(void)state;
	n_asked = n_canceled = n_done = 0;
	ask_error = 0;
	in_done = NULL;
	memset(&done, 0, sizeof(done));
	assert_int_equal(vg_prover_new(&lookups, on_done, NULL, &prover), 0);
	vg_prover_set_health(prover, VG_HEALTH_SECURE, NULL);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	vg_prover_freep(&prover);
	return 0;
}

static struct vg_prove request(uint64_t id)
{
	struct vg_prove prove = {.id = id};

	strcpy(prove.host, "api.vendor.com");
	return prove;
}

static void start(uint64_t id)
{
	const struct vg_prove prove = request(id);

	assert_int_equal(vg_prover_start(prover, &prove), 0);
}

static bool found(enum vg_finding_id id)
{
	for (uint32_t i = 0; i < done.n_findings; i++)
		if (done.findings[i].id == id)
			return true;
	return false;
}

/* ---- tests -------------------------------------------------------------- */

static void both_types_are_asked_once(void **state)
{
	(void)state;
	start(7);
	assert_int_equal(n_asked, 2);
	assert_string_equal(asked[0].host, "api.vendor.com");
	assert_int_equal(asked[0].type, VG_TYPE_A);
	assert_int_equal(asked[1].type, VG_TYPE_AAAA);
	assert_int_equal(asked[0].flags, 0);
	reply(1, VG_DNSSEC_SECURE, "2600::1");
	assert_int_equal(n_done, 0);
	reply(0, VG_DNSSEC_SECURE, "9.9.9.9");
	assert_int_equal(n_done, 1);
	assert_int_equal(done_id, 7);
	assert_true(done.granted);
	assert_int_equal(done.n_addresses, 2);
	assert_int_equal(vg_prover_pending(prover), 0);
}

static void flags_of_the_look_ups(void **state)
{
	struct vg_prove prove = request(1);

	(void)state;
	prove.fresh = true;
	assert_int_equal(vg_prover_start(prover, &prove), 0);
	assert_int_equal(asked[1].flags, VG_PROVER_FRESH);
	prove.fresh = false;
	prove.dnssec = VG_DNSSEC_OFF;
	assert_int_equal(vg_prover_start(prover, &prove), 0);
	assert_int_equal(asked[3].flags, VG_PROVER_UNCHECKED);
}

static void signed_evidence_is_believed_at_once(void **state)
{
	(void)state;
	start(1);
	reply(0, VG_DNSSEC_SECURE, "127.0.0.1");
	reply(1, VG_DNSSEC_SECURE, NULL);
	assert_int_equal(n_done, 1);
	assert_int_equal(done.effect, VG_EFFECT_REVOKE);
	assert_true(done.confirmed);
}

static void unsigned_evidence_is_repeated_in_a_fresh_cache(void **state)
{
	(void)state;
	start(1);
	reply(0, VG_DNSSEC_INSECURE, "127.0.0.1");
	reply(1, VG_DNSSEC_INSECURE, NULL);
	assert_int_equal(n_done, 0);
	assert_int_equal(n_asked, 4);
	assert_int_equal(asked[2].flags, VG_PROVER_FRESH);
	assert_int_equal(asked[3].flags, VG_PROVER_FRESH);
	reply(2, VG_DNSSEC_INSECURE, "10.0.0.1");
	reply(3, VG_DNSSEC_INSECURE, NULL);
	assert_int_equal(n_done, 1);
	assert_int_equal(n_asked, 4);
	assert_true(done.confirmed);
	assert_int_equal(done.effect, VG_EFFECT_REVOKE);
	assert_true(found(VG_FINDING_REBIND_PRIVATE));
	assert_false(found(VG_FINDING_UNCONFIRMED));
}

static void what_is_not_repeated_takes_nothing_away(void **state)
{
	(void)state;
	start(1);
	reply(0, VG_DNSSEC_INSECURE, "127.0.0.1");
	reply(1, VG_DNSSEC_INSECURE, NULL);
	reply(2, VG_DNSSEC_INSECURE, "9.9.9.9");
	reply(3, VG_DNSSEC_INSECURE, NULL);
	assert_int_equal(n_done, 1);
	assert_true(done.granted);
	assert_int_equal(done.effect, VG_EFFECT_NONE);
	assert_false(done.confirmed);
	assert_true(found(VG_FINDING_UNCONFIRMED));
	assert_false(found(VG_FINDING_REBIND_LOOPBACK));
}

static void silence_does_not_confirm(void **state)
{
	(void)state;
	start(1);
	reply(0, VG_DNSSEC_INSECURE, "127.0.0.1");
	reply(1, VG_DNSSEC_INSECURE, NULL);
	reply_timeout(2);
	reply_timeout(3);
	assert_int_equal(n_done, 1);
	assert_false(done.granted);
	assert_int_equal(done.effect, VG_EFFECT_NONE);
	assert_true(found(VG_FINDING_RESOLVER_TIMEOUT));
	assert_true(found(VG_FINDING_UNCONFIRMED));
}

static void own_addresses_are_known(void **state)
{
	struct vg_address self;

	(void)state;
	assert_int_equal(vg_address_parse("9.9.9.9", &self), 0);
	assert_int_equal(vg_prover_set_self(prover, &self, 1), 0);
	assert_int_equal(vg_prover_set_self(prover, &self, VG_MSG_SELF + 1),
			 -E2BIG);
	start(1);
	reply(0, VG_DNSSEC_SECURE, "9.9.9.9");
	reply(1, VG_DNSSEC_SECURE, NULL);
	assert_true(found(VG_FINDING_REBIND_SELF));
}

static void nothing_is_asked_before_health_is_known(void **state)
{
	(void)state;
	vg_prover_set_health(prover, VG_HEALTH_UNKNOWN, NULL);
	start(1);
	assert_int_equal(n_asked, 0);
	assert_int_equal(vg_prover_pending(prover), 1);
	vg_prover_set_health(prover, VG_HEALTH_STRIPPED, "why\nnot");
	assert_int_equal(n_asked, 2);
	reply(0, VG_DNSSEC_INSECURE, "9.9.9.9");
	reply(1, VG_DNSSEC_INSECURE, NULL);
	assert_true(found(VG_FINDING_DNSSEC_STRIPPED));
	assert_string_equal(done.findings[0].evidence, "why?not");
}

static void few_are_active_at_a_time(void **state)
{
	const struct vg_prove prove = request(99);

	(void)state;
	for (uint64_t i = 0; i < VG_PROVER_ACTIVE + 2; i++)
		start(i);
	assert_int_equal(n_asked, 2 * VG_PROVER_ACTIVE);
	reply(0, VG_DNSSEC_SECURE, "9.9.9.9");
	reply(1, VG_DNSSEC_SECURE, NULL);
	assert_int_equal(n_done, 1);
	assert_int_equal(n_asked, 2 * VG_PROVER_ACTIVE + 2);

	for (size_t i = 1; i < VG_PROVER_QUEUE; i++)
		start(i);
	assert_int_equal(vg_prover_start(prover, &prove), -EBUSY);
	assert_int_equal(vg_prover_pending(prover),
			 VG_PROVER_ACTIVE + VG_PROVER_QUEUE);
}

static void canceled_ones_are_never_told(void **state)
{
	(void)state;
	for (uint64_t i = 0; i < VG_PROVER_ACTIVE + 1; i++)
		start(i);
	vg_prover_cancel(prover, 0);
	assert_int_equal(n_canceled, 2);
	/* The one that waited has its place. */
	assert_int_equal(n_asked, 2 * VG_PROVER_ACTIVE + 2);
	vg_prover_cancel(prover, 12345);
	assert_int_equal(n_canceled, 2);

	reply(2, VG_DNSSEC_SECURE, NULL);
	vg_prover_cancel(prover, 1); /* half answered */
	assert_int_equal(n_canceled, 3);
	assert_int_equal(n_done, 0);
	vg_prover_freep(&prover);
	assert_int_equal(n_canceled, 2 * VG_PROVER_ACTIVE + 2 - 1);
	assert_int_equal(n_done, 0);
}

static void look_ups_that_cannot_start_are_silence(void **state)
{
	(void)state;
	ask_error = -ENOMEM;
	start(3);
	assert_int_equal(n_done, 1);
	assert_int_equal(done_id, 3);
	assert_false(done.granted);
	assert_int_equal(done.effect, VG_EFFECT_NONE);
	assert_true(found(VG_FINDING_SERVFAIL));
}

static void start_another(void)
{
	if (n_done < 5000)
		start(n_done);
}

/* Each callback starts the next: no recursion, however many there are. */
static void callbacks_may_start_more(void **state)
{
	(void)state;
	ask_error = -EBUSY;
	in_done = start_another;
	start(0);
	assert_int_equal(n_done, 5000);
	assert_int_equal(vg_prover_pending(prover), 0);
}

static void second_look_up_that_cannot_start(void **state)
{
	(void)state;
	start(1);
	ask_error = -EBUSY;
	reply(0, VG_DNSSEC_INSECURE, "127.0.0.1");
	reply(1, VG_DNSSEC_INSECURE, NULL);
	assert_int_equal(n_done, 1);
	assert_int_equal(done.effect, VG_EFFECT_NONE);
	assert_true(found(VG_FINDING_UNCONFIRMED));
}

#define TEST(fn) cmocka_unit_test_setup_teardown(fn, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(both_types_are_asked_once),
		TEST(flags_of_the_look_ups),
		TEST(signed_evidence_is_believed_at_once),
		TEST(unsigned_evidence_is_repeated_in_a_fresh_cache),
		TEST(what_is_not_repeated_takes_nothing_away),
		TEST(silence_does_not_confirm),
		TEST(own_addresses_are_known),
		TEST(nothing_is_asked_before_health_is_known),
		TEST(few_are_active_at_a_time),
		TEST(canceled_ones_are_never_told),
		TEST(look_ups_that_cannot_start_are_silence),
		TEST(callbacks_may_start_more),
		TEST(second_look_up_that_cannot_start),
	};

	return cmocka_run_group_tests_name("prover", tests, NULL, NULL);
}
