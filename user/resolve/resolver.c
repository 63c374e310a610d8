/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A look-up is queued, under way in a cache, done, and then delivered from an
 * event of its own, so that no caller's callback ever runs inside libunbound
 * (which may call back before ub_resolve_event() returns) nor inside our own
 * functions.
 */
#include "resolve/resolver.h"

#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/queue.h>

#include <event2/event.h>

#include "base/cleanup.h"
#include "base/clock.h"
#include "resolve/cache.h"

#define CANARY_AGAIN_S 30 /* when all is not well */

enum state { STATE_QUEUED, STATE_ASKED, STATE_DONE };

struct vg_query {
	TAILQ_ENTRY(vg_query) entry;
	struct vg_resolver *resolver;
	enum state state;
	char host[VG_PROOF_HOST];
	uint16_t type;
	unsigned int flags;
	vg_query_fn *fn;
	void *arg;
	struct vg_cache *cache; /* a reference, once asked */
	struct vg_asking asking;
	struct event *deadline;
	struct vg_answer answer;
};
TAILQ_HEAD(queries, vg_query);

struct vg_resolver {
	struct event_base *base; /* borrowed */
	struct vg_caches *caches;
	struct queries queued, asked, done;
	size_t n_queued, n_asked, n_done;
	struct event *deliver; /* made active when something is done */
	struct event *canary_due;
	struct vg_query *canary; /* under way */
	uint64_t canary_started;
	bool canary_hurried;
	char canary_zone[VG_PROOF_HOST];
	enum vg_health health;
	vg_resolver_health_fn *on_health;
	void *health_arg;
};

static struct queries *list_of(struct vg_resolver *r, enum state state,
			       size_t **ret_count)
{
	switch (state) {
	case STATE_QUEUED:
		*ret_count = &r->n_queued;
		return &r->queued;
	case STATE_ASKED:
		*ret_count = &r->n_asked;
		return &r->asked;
	default:
		*ret_count = &r->n_done;
		return &r->done;
	}
}

static void enlist(struct vg_query *q, enum state state)
{
	size_t *count;
	struct queries *list = list_of(q->resolver, state, &count);

	q->state = state;
	TAILQ_INSERT_TAIL(list, q, entry);
	(*count)++;
}

static void delist(struct vg_query *q)
{
	size_t *count;
	struct queries *list = list_of(q->resolver, q->state, &count);

	TAILQ_REMOVE(list, q, entry);
	(*count)--;
}

/* Off its list and out of its cache; the callback does not come. */
static void drop(struct vg_query *q)
{
	delist(q);
	if (q->state == STATE_ASKED)
		vg_cache_cancel(q->cache, &q->asking);
	if (q->deadline)
		event_free(q->deadline);
	vg_cache_unref(q->cache);
	free(q);
}

static void finish(struct vg_query *q)
{
	delist(q);
	enlist(q, STATE_DONE);
	if (q->deadline)
		event_del(q->deadline);
	event_active(q->resolver->deliver, 0, 0);
}

/* ---- canary ------------------------------------------------------------- */

static void tell_health(struct vg_resolver *r, enum vg_health health,
			const char *why)
{
	char text[VG_ANSWER_WHY + VG_PROOF_HOST + 64];

	if (health == r->health)
		return;
	r->health = health;
	snprintf(text, sizeof(text), "DNSKEY of %s: %s", r->canary_zone, why);
	if (r->on_health)
		r->on_health(r->health_arg, health, text);
}

static void wait_for_canary(struct vg_resolver *r, uint32_t seconds)
{
	const struct timeval wait = vg_clock_wait(seconds * VG_NS_PER_S);

	evtimer_add(r->canary_due, &wait);
}

static void on_canary(void *arg, const struct vg_answer *a)
{
	struct vg_resolver *r = arg;

	r->canary = NULL;
	r->canary_hurried = false;
	if (a->outcome == VG_OUTCOME_ADDRESSES && a->state == VG_DNSSEC_SECURE)
		tell_health(r, VG_HEALTH_SECURE, "it validates");
	else if (a->outcome == VG_OUTCOME_TIMEOUT ||
		 a->outcome == VG_OUTCOME_SERVFAIL)
		tell_health(r, VG_HEALTH_UNREACHABLE, a->why);
	else
		tell_health(r, VG_HEALTH_STRIPPED,
			    a->why[0] ? a->why : "it is not signed");
	wait_for_canary(r, r->health == VG_HEALTH_SECURE ? VG_RESOLVER_CANARY_S
							 : CANARY_AGAIN_S);
}

/* A name turned bogus: is it the name, or can nothing be validated? */
static void hurry_canary(struct vg_resolver *r)
{
	const uint64_t earliest =
		r->canary_started + CANARY_AGAIN_S * VG_NS_PER_S;
	const uint64_t now = vg_clock_now();

	if (r->canary || r->canary_hurried)
		return;
	r->canary_hurried = true;
	wait_for_canary(
		r, now >= earliest
			   ? 0
			   : (uint32_t)((earliest - now) / VG_NS_PER_S) + 1);
}

/* ---- asking ------------------------------------------------------------- */

static void scale_ttls(struct vg_answer *a)
{
	for (uint32_t i = 0; i < a->n_links; i++)
		a->links[i].ttl = vg_clock_scale_ttl(a->links[i].ttl);
	a->ttl = vg_clock_scale_ttl(a->ttl);
}

/* A canary has no addresses: that there was an answer at all is enough. */
static void parse_canary(const struct vg_reply *reply, struct vg_answer *ret)
{
	static const size_t rcode_at = 3, answers_at = 6, header = 12;
	const uint8_t *p = reply->packet;

	if (reply->state == VG_DNSSEC_BOGUS)
		vg_answer_fail(ret, reply->type, VG_OUTCOME_BOGUS,
			       reply->why ? reply->why : "it is bogus");
	else if (reply->rcode != 0 || !p || reply->size < header)
		vg_answer_fail(ret, reply->type, VG_OUTCOME_SERVFAIL,
			       "no server gave a usable answer");
	else if ((p[rcode_at] & 0x0f) != 0 ||
		 (p[answers_at] == 0 && p[answers_at + 1] == 0))
		vg_answer_fail(ret, reply->type, VG_OUTCOME_NODATA,
			       "there is no such record");
	else
		vg_answer_fail(ret, reply->type, VG_OUTCOME_ADDRESSES, NULL);
	ret->state = reply->state;
}

/* From libunbound, perhaps before ub_resolve_event() has returned. */
static void on_reply(void *arg, struct vg_reply *reply)
{
	struct vg_query *q = arg;

	assert(q->state == STATE_ASKED);
	reply->host = q->host;
	reply->type = q->type;
	if (q->type == VG_TYPE_DNSKEY)
		parse_canary(reply, &q->answer);
	else
		vg_answer_parse(reply, &q->answer);
	scale_ttls(&q->answer);
	finish(q);
}

static void on_deadline(evutil_socket_t fd, short what, void *arg)
{
	struct vg_query *q = arg;

	(void)fd;
	(void)what;
	vg_cache_cancel(q->cache, &q->asking);
	vg_answer_fail(&q->answer, q->type, VG_OUTCOME_TIMEOUT,
		       "no answer within 5 s");
	finish(q);
}

static_assert(VG_RESOLVER_DEADLINE_S == 5, "the text above says 5 s");

/*
 * Real seconds, also where a test lets time run faster: the network does not.
 */
static int set_deadline(struct vg_query *q)
{
	const struct timeval wait = {.tv_sec = VG_RESOLVER_DEADLINE_S};

	q->deadline = evtimer_new(q->resolver->base, on_deadline, q);
	if (!q->deadline || evtimer_add(q->deadline, &wait) < 0)
		return -ENOMEM;
	return 0;
}

static int try_to_ask(struct vg_query *q)
{
	int r;

	r = set_deadline(q);
	if (r < 0)
		return r;
	r = vg_caches_get(q->resolver->caches, q->flags, &q->cache);
	if (r < 0)
		return r;
	return vg_cache_ask(q->cache, q->host, q->type, &q->asking);
}

/* Start Q, which is on no list; the answer may be there at once. */
static int start(struct vg_query *q)
{
	int r;

	enlist(q, STATE_ASKED);
	r = try_to_ask(q);
	if (r < 0) {
		vg_answer_fail(&q->answer, q->type, VG_OUTCOME_SERVFAIL,
			       "the look-up could not be started");
		finish(q);
	}
	return r;
}

static void pump(struct vg_resolver *r)
{
	struct vg_query *q;

	while (r->n_asked < VG_RESOLVER_IN_FLIGHT &&
	       (q = TAILQ_FIRST(&r->queued))) {
		delist(q);
		(void)start(q); /* a failure is an answer */
	}
}

static void deliver_one(struct vg_query *q)
{
	struct vg_resolver *r = q->resolver;

	delist(q);
	if (q->answer.outcome == VG_OUTCOME_BOGUS && q != r->canary)
		hurry_canary(r);
	vg_cache_unref(VG_TAKE_PTR(q->cache));
	q->fn(q->arg, &q->answer);
	if (q->deadline)
		event_free(q->deadline);
	free(q);
}

/* Only what is done now: callbacks may add more, for the next round. */
static void on_deliver(evutil_socket_t fd, short what, void *arg)
{
	struct vg_resolver *r = arg;
	struct vg_query *q;

	(void)fd;
	(void)what;
	for (size_t n = r->n_done; n > 0 && (q = TAILQ_FIRST(&r->done)); n--)
		deliver_one(q);
	if (r->n_done > 0)
		event_active(r->deliver, 0, 0);
	pump(r);
}

static struct vg_query *new_query(struct vg_resolver *r, const char *host,
				  uint16_t type, unsigned int flags)
{
	struct vg_query *q = calloc(1, sizeof(*q));

	if (!q)
		return NULL;
	q->resolver = r;
	q->asking = (struct vg_asking){.fn = on_reply, .arg = q};
	snprintf(q->host, sizeof(q->host), "%s", host);
	q->type = type;
	q->flags = flags;
	return q;
}

int vg_resolver_ask(struct vg_resolver *r, const char *host, uint16_t type,
		    unsigned int flags, vg_query_fn *fn, void *arg,
		    struct vg_query **ret)
{
	struct vg_query *q;

	assert(type == VG_TYPE_A || type == VG_TYPE_AAAA);
	if (strlen(host) >= sizeof(q->host))
		return -EINVAL;
	if (r->n_queued >= VG_RESOLVER_QUEUE)
		return -EBUSY;
	q = new_query(r, host, type, flags);
	if (!q)
		return -ENOMEM;
	q->fn = fn;
	q->arg = arg;
	enlist(q, STATE_QUEUED);
	*ret = q;
	pump(r);
	return 0;
}

void vg_query_cancel(struct vg_query *q)
{
	struct vg_resolver *r;

	if (!q)
		return;
	r = q->resolver;
	drop(q);
	pump(r);
}

/* Not queued: it must be able to tell why all the others wait. */
static int start_canary(struct vg_resolver *r)
{
	struct vg_query *q;

	q = new_query(r, r->canary_zone, VG_TYPE_DNSKEY, VG_ASK_FRESH);
	if (!q)
		return -ENOMEM;
	q->fn = on_canary;
	q->arg = r;
	r->canary = q;
	r->canary_started = vg_clock_now();
	return start(q);
}

static void on_canary_due(evutil_socket_t fd, short what, void *arg)
{
	struct vg_resolver *r = arg;

	(void)fd;
	(void)what;
	/* One that could not start is delivered as unreachable. */
	if (!r->canary && start_canary(r) == -ENOMEM && !r->canary)
		wait_for_canary(r, CANARY_AGAIN_S);
}

/* ---- life --------------------------------------------------------------- */

static int prepare(struct vg_resolver *r,
		   const struct vg_resolver_options *options)
{
	int result;

	r->deliver = event_new(r->base, -1, 0, on_deliver, r);
	r->canary_due = evtimer_new(r->base, on_canary_due, r);
	if (!r->deliver || !r->canary_due)
		return -ENOMEM;
	result = vg_caches_new(r->base, options, &r->caches);
	if (result < 0)
		return result;
	snprintf(r->canary_zone, sizeof(r->canary_zone), "%s",
		 vg_caches_canary(r->caches));
	/* What libunbound does not like it says at the first look-up only. */
	return start_canary(r);
}

int vg_resolver_new(struct event_base *base,
		    const struct vg_resolver_options *options,
		    vg_resolver_health_fn *health, void *arg,
		    struct vg_resolver **ret)
{
	vg_cleanup(vg_resolver_freep) struct vg_resolver *r = NULL;
	int result;

	r = calloc(1, sizeof(*r));
	if (!r)
		return -ENOMEM;
	r->base = base;
	r->on_health = health;
	r->health_arg = arg;
	TAILQ_INIT(&r->queued);
	TAILQ_INIT(&r->asked);
	TAILQ_INIT(&r->done);
	result = prepare(r, options);
	if (result < 0)
		return result;
	*ret = VG_TAKE_PTR(r);
	return 0;
}

static void drop_all(struct queries *list)
{
	struct vg_query *q;

	while ((q = TAILQ_FIRST(list)))
		drop(q);
}

void vg_resolver_freep(struct vg_resolver **r)
{
	if (!*r)
		return;
	drop_all(&(*r)->queued);
	drop_all(&(*r)->asked);
	drop_all(&(*r)->done);
	if ((*r)->deliver)
		event_free((*r)->deliver);
	if ((*r)->canary_due)
		event_free((*r)->canary_due);
	vg_caches_freep(&(*r)->caches);
	free(*r);
	*r = NULL;
}

enum vg_health vg_resolver_health(const struct vg_resolver *r)
{
	return r->health;
}
