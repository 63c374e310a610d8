/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The resolver against a DNS server on loopback, in the same event loop: what
 * is asked when, what is canceled, what waits.  Validation itself is tested by
 * tests/net/test_resolve.sh.
 */
#include <errno.h>
#include <netinet/in.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>
#include <event2/dns.h>
#include <event2/dns_struct.h>
#include <event2/event.h>

#include "base/cleanup.h"
#include "base/clock.h"
#include "resolve/resolver.h"

/*
 * The clock of this program, in the place of base/clock.c: caches age when a
 * test says so.
 */
static uint64_t now_ns = 1000 * VG_NS_PER_S;

uint64_t vg_clock_now(void)
{
	return now_ns;
}

struct timeval vg_clock_wait(uint64_t ns)
{
	return (struct timeval){(time_t)(ns / VG_NS_PER_S), 0};
}

uint32_t vg_clock_scale_ttl(uint32_t ttl)
{
	return 7 * ttl;
}

/* ---- the server --------------------------------------------------------- */

static struct event_base *base;
static struct evdns_server_port *server;
static char server_text[32];
static unsigned int n_asked; /* questions for addresses that it saw */
static bool silent;

static void answer_question(struct evdns_server_request *request,
			    const struct evdns_server_question *q)
{
	static const uint8_t address[4] = {20, 30, 0, 10};

	if (q->type != EVDNS_TYPE_A)
		return;
	n_asked++;
	if (strncasecmp(q->name, "api.", 4) == 0)
		evdns_server_request_add_a_reply(request, q->name, 1, address,
						 300);
}

static void on_request(struct evdns_server_request *request, void *arg)
{
	(void)arg;
	for (int i = 0; i < request->nquestions; i++)
		answer_question(request, request->questions[i]);
	if (silent)
		evdns_server_request_drop(request);
	else
		evdns_server_request_respond(request, 0);
}

static void start_server(void)
{
	struct sockaddr_in a = {.sin_family = AF_INET};
	socklen_t size = sizeof(a);
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_NONBLOCK, 0);

	a.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	assert_true(fd >= 0);
	assert_int_equal(bind(fd, (struct sockaddr *)&a, sizeof(a)), 0);
	assert_int_equal(getsockname(fd, (struct sockaddr *)&a, &size), 0);
	snprintf(server_text, sizeof(server_text), "127.0.0.1@%u",
		 ntohs(a.sin_port));
	server = evdns_add_server_port_with_base(base, fd, 0, on_request, NULL);
	assert_non_null(server);
}

/* ---- the resolver ------------------------------------------------------- */

static struct vg_resolver *resolver;
static enum vg_health health;
static unsigned int n_told; /* of health */

static void on_health(void *arg, enum vg_health h, const char *why)
{
	(void)arg;
	assert_true(strncmp(why, "DNSKEY of .: ", 13) == 0);
	health = h;
	n_told++;
}

static int setup(void **state)
{
	char *forwards[] = {server_text};
	const struct vg_resolver_options options = {
		.forwards = forwards, .n_forwards = 1, .anchors = ""};

	(void)state;
	silent = false;
	n_told = 0;
	base = event_base_new();
	start_server();
	assert_int_equal(
		vg_resolver_new(base, &options, on_health, NULL, &resolver), 0);
	/* The probe of the anchors, of which there are none. */
	while (n_told == 0)
		event_base_loop(base, EVLOOP_ONCE);
	assert_int_equal(health, VG_HEALTH_STRIPPED);
	n_asked = 0;
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	vg_resolver_freep(&resolver);
	evdns_close_server_port(server);
	event_base_free(base);
	return 0;
}

static struct vg_answer last;
static unsigned int n_answers;

static void on_answer(void *arg, const struct vg_answer *answer)
{
	last = *answer;
	n_answers++;
	*(struct vg_query **)arg = NULL;
}

static struct vg_query *query;

static void ask_only(const char *host, unsigned int flags)
{
	n_answers = 0;
	assert_int_equal(vg_resolver_ask(resolver, host, VG_TYPE_A, flags,
					 on_answer, &query, &query),
			 0);
	/* Never from inside, even from a cache. */
	assert_int_equal(n_answers, 0);
}

static void ask(const char *host, unsigned int flags)
{
	ask_only(host, flags);
	while (n_answers == 0)
		event_base_loop(base, EVLOOP_ONCE);
	assert_int_equal(n_answers, 1);
	assert_null(query);
}

/* Serve the loop for a while in which nothing is expected to come. */
static void idle(unsigned int ms)
{
	const struct timeval wait = {0, (int)ms * 1000};

	event_base_loopexit(base, &wait);
	event_base_dispatch(base);
}

/* ---- tests -------------------------------------------------------------- */

static void answers_pass_through_the_clock(void **state)
{
	(void)state;
	ask("api.example.com", 0);
	assert_int_equal(last.outcome, VG_OUTCOME_ADDRESSES);
	assert_int_equal(last.state, VG_DNSSEC_INSECURE);
	assert_int_equal(last.n_addresses, 1);
	assert_int_equal(last.ttl, 7 * 300);
	assert_int_equal(last.links[0].ttl, 7 * 300);
}

static void caches_are_shared_while_they_are_young(void **state)
{
	(void)state;
	ask("api.example.com", 0);
	now_ns += (VG_RESOLVER_CACHE_S - 1) * VG_NS_PER_S;
	ask("api.example.com", 0);
	assert_int_equal(n_asked, 1);
	assert_int_equal(last.n_addresses, 1);
}

/* However much is left of the TTL: a scheduled look-up is asked again. */
static void old_caches_are_not_asked(void **state)
{
	(void)state;
	ask("api.example.com", 0);
	now_ns += VG_RESOLVER_CACHE_S * VG_NS_PER_S;
	ask("api.example.com", 0);
	assert_int_equal(n_asked, 2);
	assert_int_equal(last.ttl, 7 * 300);
}

static void fresh_is_fresh(void **state)
{
	(void)state;
	ask("api.example.com", 0);
	ask("api.example.com", VG_ASK_FRESH);
	ask("api.example.com", VG_ASK_FRESH);
	assert_int_equal(n_asked, 3);
	/* And leaves the shared one as it was. */
	ask("api.example.com", 0);
	assert_int_equal(n_asked, 3);
	/* Without anchors is another cache. */
	ask("api.example.com", VG_ASK_UNCHECKED);
	assert_int_equal(n_asked, 4);
}

static void silence_ends_at_the_deadline(void **state)
{
	(void)state;
	silent = true;
	ask("api.example.com", 0);
	assert_int_equal(last.outcome, VG_OUTCOME_TIMEOUT);
	assert_int_equal(last.state, VG_DNSSEC_NONE);
	assert_int_equal(last.n_addresses, 0);
}

static void canceled_ones_never_answer(void **state)
{
	(void)state;
	ask("api.example.com", 0);
	/* Done already (from the cache), and not yet delivered. */
	ask_only("api.example.com", 0);
	vg_query_cancel(query);
	/* Under way. */
	ask_only("api.other.com", 0);
	vg_query_cancel(query);
	ask_only("api.other.com", VG_ASK_FRESH);
	vg_query_cancel(query);
	vg_query_cancel(NULL);
	idle(200);
	assert_int_equal(n_answers, 0);
	/* And nothing else is disturbed. */
	ask("api.third.com", 0);
	assert_int_equal(last.outcome, VG_OUTCOME_ADDRESSES);
}

static unsigned int n_many;

static void on_many(void *arg, const struct vg_answer *answer)
{
	(void)arg;
	assert_int_equal(answer->outcome, VG_OUTCOME_ADDRESSES);
	n_many++;
}

static int ask_nth(unsigned int i, struct vg_query **ret)
{
	char host[64];

	snprintf(host, sizeof(host), "api.n%u.com", i);
	return vg_resolver_ask(resolver, host, VG_TYPE_A, 0, on_many, NULL,
			       ret);
}

static void few_are_in_flight_and_the_queue_has_an_end(void **state)
{
	const unsigned int all = VG_RESOLVER_IN_FLIGHT + VG_RESOLVER_QUEUE;
	static struct vg_query
		*queries[VG_RESOLVER_IN_FLIGHT + VG_RESOLVER_QUEUE];
	struct vg_query *extra;

	(void)state;
	silent = true;
	n_many = 0;
	for (unsigned int i = 0; i < all; i++)
		assert_int_equal(ask_nth(i, &queries[i]), 0);
	assert_int_equal(ask_nth(all, &extra), -EBUSY);
	idle(100);
	assert_int_equal(n_asked, VG_RESOLVER_IN_FLIGHT);

	/* Cancel what is in flight: those that waited take their place. */
	silent = false;
	n_asked = 0;
	for (unsigned int i = 0; i < VG_RESOLVER_IN_FLIGHT; i++)
		vg_query_cancel(queries[i]);
	idle(100);
	assert_true(n_many > 0);
	while (n_many < VG_RESOLVER_QUEUE)
		event_base_loop(base, EVLOOP_ONCE);
	idle(100);
	assert_int_equal(n_many, VG_RESOLVER_QUEUE);
}

/* Freed with look-ups in every state: no callback, no leak (ASan). */
static void freed_in_the_middle(void **state)
{
	static struct vg_query *queries[100];

	(void)state;
	silent = true;
	n_many = 0;
	for (unsigned int i = 0; i < VG_ARRAY_LEN(queries); i++)
		assert_int_equal(ask_nth(i, &queries[i]), 0);
	idle(50);
	vg_resolver_freep(&resolver);
	idle(50);
	assert_int_equal(n_many, 0);
}

static unsigned int n_chained;

static void ask_next(void *arg, const struct vg_answer *answer)
{
	struct vg_query *next;

	(void)arg;
	assert_int_equal(answer->outcome, VG_OUTCOME_ADDRESSES);
	if (++n_chained < 300)
		assert_int_equal(
			vg_resolver_ask(resolver, "api.example.com", VG_TYPE_A,
					n_chained % 3 == 0 ? VG_ASK_FRESH : 0,
					ask_next, NULL, &next),
			0);
}

/* From inside a callback, out of caches and into new ones. */
static void callbacks_may_ask(void **state)
{
	(void)state;
	n_chained = 0;
	ask_next(NULL, &(struct vg_answer){.outcome = VG_OUTCOME_ADDRESSES});
	while (n_chained < 300)
		event_base_loop(base, EVLOOP_ONCE);
	assert_int_equal(n_asked, 1 + 99);
}

static void what_libunbound_does_not_take(void **state)
{
	static const char *const bad[] = {
		"",
		"192.0.2.53",
		"192.0.2.53@",
		"192.0.2.53@853#dns.example",
		"192.0.2.53@0",
		"192.0.2.53@65536",
		"dns.example@53",
		"192.0.2.053@53",
	};
	char server_copy[64];
	char *forwards[] = {server_copy};
	struct vg_resolver_options options = {.forwards = forwards,
					      .n_forwards = 1};
	struct vg_resolver *untouched = (void *)1;

	(void)state;
	for (size_t i = 0; i < VG_ARRAY_LEN(bad); i++) {
		snprintf(server_copy, sizeof(server_copy), "%s", bad[i]);
		assert_int_equal(
			vg_resolver_new(base, &options, NULL, NULL, &untouched),
			-EINVAL);
	}
	options.n_forwards = 0;
	options.anchors = ". IN DS 1 13 2 nothex";
	assert_int_equal(
		vg_resolver_new(base, &options, NULL, NULL, &untouched),
		-EINVAL);
	assert_ptr_equal(untouched, (void *)1);
	/* The other one goes on. */
	ask("api.example.com", VG_ASK_FRESH);
	assert_int_equal(last.outcome, VG_OUTCOME_ADDRESSES);
}

#define TEST(fn) cmocka_unit_test_setup_teardown(fn, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(answers_pass_through_the_clock),
		TEST(caches_are_shared_while_they_are_young),
		TEST(old_caches_are_not_asked),
		TEST(fresh_is_fresh),
		TEST(silence_ends_at_the_deadline),
		TEST(canceled_ones_never_answer),
		TEST(few_are_in_flight_and_the_queue_has_an_end),
		TEST(freed_in_the_middle),
		TEST(callbacks_may_ask),
		TEST(what_libunbound_does_not_take),
	};

	return cmocka_run_group_tests_name("resolver", tests, NULL, NULL);
}
