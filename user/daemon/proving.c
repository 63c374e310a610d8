/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The verifier, as the keeper sees it: whom to ask about what, when, and what
 * becomes of an answer.  At most VG_IN_FLIGHT endpoints are asked at once; the
 * rest wait in a queue, so that a thousand endpoints are no herd.
 */
#include <errno.h>
#include <event2/event.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/socket.h>

#include "base/cleanup.h"
#include "base/clock.h"
#include "base/fd.h"
#include "base/log.h"
#include "daemon/parent.h"
#include "daemon/schedule.h"
#include "daemon/state.h"
#include "verify/message.h"

#define VG_IN_FLIGHT 32
/* Two look-ups, each twice, with their deadlines, and a queue before them. */
#define VG_ASK_DEADLINE_NS (60 * VG_NS_PER_S)
/*
 * A verifier that owes an answer and says nothing for so long is replaced; one
 * that owes nothing may be as quiet as it likes.
 */
#define VG_SILENCE_NS	   (90 * VG_NS_PER_S)
#define VG_ANCHOR_FILE_MAX VG_MSG_ANCHORS

static void pump(struct vg_keeper *k);

static uint32_t random32(void)
{
	uint32_t value = 0;

	/* Only for jitter: zeros would do. */
	(void)!getrandom(&value, sizeof(value), GRND_NONBLOCK);
	return value;
}

/* ---- when ---------------------------------------------------------------- */

static void enqueue(struct vg_target *t)
{
	if (t->queued || t->in_flight)
		return;
	t->queued = true;
	TAILQ_INSERT_TAIL(&t->keeper->verifier.waiting, t, queue);
}

static void on_due(evutil_socket_t fd, short what, void *arg)
{
	struct vg_target *t = arg;

	(void)fd;
	(void)what;
	vg_proving_now(t);
}

static void schedule(struct vg_target *t, uint64_t delay_ns)
{
	struct timeval wait = vg_clock_wait(delay_ns);

	if (!t->timer)
		t->timer = evtimer_new(t->keeper->base, on_due, t);
	if (!t->timer || evtimer_add(t->timer, &wait) < 0) {
		/* Silence would let the lease run out: ask at once instead. */
		vg_err("no memory for a timer");
		enqueue(t);
		return;
	}
	t->next_ns = vg_clock_now() + delay_ns;
}

static void schedule_next(struct vg_target *t, bool granted, uint32_t ttl)
{
	uint32_t hold_s = t->endpoint->hold_s;

	if (granted)
		t->failures = 0;
	else if (t->failures < UINT32_MAX)
		t->failures++;
	schedule(t, granted ? vg_schedule_refresh(ttl, hold_s, random32())
			    : vg_schedule_backoff(t->failures, random32()));
}

void vg_proving_now(struct vg_target *t)
{
	if (!t->endpoint->host) {
		vg_grants_literal(t);
		t->judged = true;
		t->judged_ns = t->verified_ns = vg_clock_now();
		schedule(t, vg_schedule_lease(VG_LITERAL_TTL_S,
					      t->endpoint->hold_s) /
				    2);
		return;
	}
	if (t->timer)
		evtimer_del(t->timer);
	enqueue(t);
	pump(t->keeper);
}

/* ---- asking -------------------------------------------------------------- */

static int send_message(struct vg_keeper *k, const struct vg_msg *m)
{
	vg_cleanup(vg_buf_freep) struct vg_buf packet = {.max = VG_MSG_MAX};
	int r;

	vg_msg_encode(m, &packet);
	r = vg_buf_error(&packet);
	if (r < 0)
		return r;
	return vg_fd_send(k->verifier.fd, packet.data, packet.size, -1);
}

static int send_prove(struct vg_target *t)
{
	vg_cleanup(vg_freep) struct vg_msg *m = NULL;
	struct vg_keeper *k = t->keeper;
	int r;

	m = calloc(1, sizeof(*m));
	if (!m)
		return -ENOMEM;
	m->type = VG_MSG_PROVE;
	r = vg_prove_from_endpoint(t->endpoint, t->unit->service->strict,
				   &m->prove);
	if (r < 0)
		return r;
	m->prove.id = ++k->verifier.next_request;
	r = send_message(k, m);
	if (r < 0)
		return r;
	t->request = m->prove.id;
	return 0;
}

static void pump(struct vg_keeper *k)
{
	struct vg_verifier_link *v = &k->verifier;
	struct vg_target *t;

	while (v->greeted && v->in_flight < VG_IN_FLIGHT &&
	       (t = TAILQ_FIRST(&v->waiting))) {
		/* A full socket: the next answer, or the tick, tries again. */
		if (send_prove(t) < 0)
			return;
		TAILQ_REMOVE(&v->waiting, t, queue);
		t->queued = false;
		t->in_flight = true;
		t->asked_ns = vg_clock_now();
		v->in_flight++;
		if (!v->owes) /* silence counts from here */
			v->heard_ns = t->asked_ns;
		v->owes = true;
	}
}

static void landed(struct vg_target *t)
{
	if (!t->in_flight)
		return;
	t->in_flight = false;
	t->request = 0;
	t->keeper->verifier.in_flight--;
}

void vg_proving_forget(struct vg_target *t)
{
	vg_cleanup(vg_freep) struct vg_msg *m = NULL;
	struct vg_keeper *k = t->keeper;

	if (t->queued)
		TAILQ_REMOVE(&k->verifier.waiting, t, queue);
	t->queued = false;
	if (t->in_flight && k->verifier.greeted &&
	    (m = calloc(1, sizeof(*m)))) {
		m->type = VG_MSG_FORGET;
		m->forget = t->request;
		(void)send_message(k,
				   m); /* its proof would be dropped anyway */
	}
	landed(t);
	k->verifier.owes = k->verifier.in_flight > 0;
	if (t->timer)
		event_free(t->timer);
	t->timer = NULL;
}

/* ---- answers ------------------------------------------------------------- */

static struct vg_target *find_request(struct vg_keeper *k, uint64_t id)
{
	for (size_t i = 0; i < k->n_units; i++)
		for (size_t j = 0; j < k->units[i]->n_targets; j++) {
			struct vg_target *t = k->units[i]->targets[j];

			if (t->in_flight && t->request == id)
				return t;
		}
	return NULL;
}

static void on_proof(struct vg_keeper *k, struct vg_msg_proof *m)
{
	struct vg_target *t = find_request(k, m->id);

	if (!t) /* the policy changed meanwhile */
		return;
	landed(t);
	t->fatal = 0;
	k->verifier.owes = k->verifier.in_flight > 0;
	if (strcmp(m->proof.host, t->endpoint->host) != 0) {
		vg_err("the verifier answered about %s when asked about %s",
		       m->proof.host, t->endpoint->host);
		schedule_next(t, false, 0);
		return;
	}
	vg_grants_proof(t, &m->proof);
	schedule_next(t, t->proof && t->proof->granted, m->proof.ttl);
	vg_units_check_ready(k);
	pump(k);
}

/* health.c tells of a change, at most once a second whatever comes here. */
static void on_health(struct vg_keeper *k, const struct vg_msg_health *m)
{
	struct vg_verifier_link *v = &k->verifier;

	v->health = m->health;
	memcpy(v->health_text, m->text, sizeof(v->health_text));
}

/* The anchors, each file whole, one after the other. */
static int read_anchors(const struct vg_config *c, struct vg_buf *ret)
{
	for (size_t i = 0; i < c->n_anchors; i++) {
		vg_cleanup(vg_freep) char *text = NULL;
		size_t size;
		int r;

		r = vg_file_read(AT_FDCWD, c->anchors[i], VG_ANCHOR_FILE_MAX,
				 &text, &size);
		if (r < 0) {
			vg_err("trust anchor %s: %s", c->anchors[i],
			       strerror(-r));
			return r;
		}
		vg_buf_add(ret, text, size);
		vg_buf_puts(ret, "\n");
	}
	return vg_buf_error(ret);
}

static int send_config(struct vg_keeper *k)
{
	vg_cleanup(vg_buf_freep) struct vg_buf anchors = {
		.max = VG_MSG_ANCHORS,
	};
	vg_cleanup(vg_freep) struct vg_msg *m = NULL;
	int r;

	m = calloc(1, sizeof(*m));
	if (!m)
		return -ENOMEM;
	r = read_anchors(k->config, &anchors);
	if (r < 0)
		return r;
	r = vg_msg_from_config(k->config, vg_buf_text(&anchors), m);
	if (r < 0)
		return r;
	return send_message(k, m);
}

void vg_proving_tell_self(struct vg_keeper *k)
{
	vg_cleanup(vg_freep) struct vg_msg *m = NULL;

	if (!k->verifier.greeted || !(m = calloc(1, sizeof(*m))))
		return;
	m->type = VG_MSG_SELF_IS;
	m->self.n = k->n_self < VG_MSG_SELF ? k->n_self : VG_MSG_SELF;
	if (m->self.n)
		memcpy(m->self.addresses, k->self,
		       m->self.n * sizeof(k->self[0]));
	/* Only the first judge misses it; vg_grants_proof() is the second. */
	if (send_message(k, m) < 0)
		vg_warn("could not tell the verifier our own addresses");
}

static int on_hello(struct vg_keeper *k)
{
	int r;

	r = send_config(k);
	if (r < 0) {
		vg_err("cannot configure the verifier: %s", strerror(-r));
		return r;
	}
	k->verifier.greeted = true;
	vg_proving_tell_self(k);
	pump(k);
	return 0;
}

static int dispatch(struct vg_keeper *k, struct vg_msg *m)
{
	k->verifier.heard_ns = vg_clock_now();
	switch (m->type) {
	case VG_MSG_HELLO:
		return k->verifier.greeted ? -EPROTO : on_hello(k);
	case VG_MSG_HEALTH:
		on_health(k, &m->health);
		return 0;
	case VG_MSG_PROOF:
		on_proof(k, &m->proof);
		return 0;
	default: /* the decoder lets nothing else through */
		return -EPROTO;
	}
}

/* ---- the channel --------------------------------------------------------- */

/*
 * The verifier ended, and owed an answer about T: perhaps because of it.  Once
 * is chance, and it is asked again first of all; after that only later and
 * later, so that the others are asked without it.
 */
static void ask_again(struct vg_target *t)
{
	landed(t);
	if (++t->fatal > 1) {
		schedule_next(t, false, 0);
		return;
	}
	t->queued = true;
	TAILQ_INSERT_HEAD(&t->keeper->verifier.waiting, t, queue);
}

static void hang_up(struct vg_keeper *k)
{
	struct vg_verifier_link *v = &k->verifier;

	if (v->readable)
		event_free(v->readable);
	v->readable = NULL;
	vg_fd_closep(&v->fd);
	v->greeted = false;
	v->owes = false;
	v->heard_ns = vg_clock_now(); /* the next one has time to start */
	v->health = VG_HEALTH_UNKNOWN;
	for (size_t i = 0; i < k->n_units; i++)
		for (size_t j = 0; j < k->units[i]->n_targets; j++)
			if (k->units[i]->targets[j]->in_flight)
				ask_again(k->units[i]->targets[j]);
}

/* It lives, perhaps, and may not want to end. */
static void replace(struct vg_keeper *k)
{
	hang_up(k);
	if (vg_parent_end_verifier(k->parent) < 0)
		vg_err("the supervisor does not answer");
}

/* One packet; 0 when there was none. */
static ssize_t read_one(struct vg_keeper *k, uint8_t *packet)
{
	vg_cleanup(vg_freep) struct vg_msg *m = NULL;
	vg_cleanup(vg_fd_closep) int fd = -1;
	ssize_t n;
	int r;

	n = vg_fd_recv(k->verifier.fd, packet, VG_MSG_MAX, &fd);
	if (n == -EAGAIN)
		return 0;
	if (n <= 0 || fd >= 0) /* it never has an fd to give */
		return n == 0 ? -ECONNRESET : -EPROTO;
	r = vg_msg_decode(VG_MSG_FROM_VERIFIER, packet, (size_t)n, &m);
	if (r < 0)
		return r;
	r = dispatch(k, m);
	return r < 0 ? r : n;
}

static void on_readable(evutil_socket_t fd, short what, void *arg)
{
	vg_cleanup(vg_freep) uint8_t *packet = NULL;
	struct vg_keeper *k = arg;
	ssize_t n = -ENOMEM;

	(void)fd;
	(void)what;
	packet = malloc(VG_MSG_MAX);
	/* Bounded, so that the ring is not kept waiting. */
	for (int i = 0; packet && i < VG_IN_FLIGHT; i++) {
		n = read_one(k, packet);
		if (n <= 0)
			break;
	}
	if (n >= 0)
		return;
	if (n == -ECONNRESET) {
		vg_warn("the verifier is gone; leases live on to their ends");
		hang_up(k);
		return;
	}
	vg_err("the verifier does not keep to the protocol (%s); it is "
	       "replaced",
	       strerror((int)-n));
	replace(k);
}

void vg_proving_channel(struct vg_keeper *k, int fd)
{
	struct vg_verifier_link *v = &k->verifier;
	const int size = 2 * (int)VG_MSG_MAX;
	int flags;

	hang_up(k);
	v->fd = fd;
	v->starts++;
	flags = fcntl(fd, F_GETFL);
	/* Best effort: the sizes only decide how soon EAGAIN comes. */
	(void)setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &size, sizeof(size));
	if (flags >= 0 && fcntl(fd, F_SETFL, flags | O_NONBLOCK) == 0)
		v->readable = event_new(k->base, fd, EV_READ | EV_PERSIST,
					on_readable, k);
	if (!v->readable || event_add(v->readable, NULL) < 0) {
		vg_err("cannot listen to the verifier");
		hang_up(k);
	}
}

/* A request that was lost counts as silence, never as evidence. */
static void give_up(struct vg_target *t, uint64_t now)
{
	landed(t);
	t->judged = true;
	t->judged_ns = now;
	t->keeper->n_proofs[2]++;
	schedule_next(t, false, 0);
}

void vg_proving_tick(struct vg_keeper *k, uint64_t now)
{
	struct vg_verifier_link *v = &k->verifier;
	bool owed = v->owes || (!v->greeted && !TAILQ_EMPTY(&v->waiting));

	for (size_t i = 0; i < k->n_units; i++)
		for (size_t j = 0; j < k->units[i]->n_targets; j++) {
			struct vg_target *t = k->units[i]->targets[j];

			if (t->in_flight &&
			    now - t->asked_ns > VG_ASK_DEADLINE_NS)
				give_up(t, now);
		}
	if (owed && now - v->heard_ns > VG_SILENCE_NS) {
		vg_err("the verifier has been silent for %u s; replacing it",
		       (unsigned int)(VG_SILENCE_NS / VG_NS_PER_S));
		replace(k);
	}
	pump(k);
}

void vg_proving_stop(struct vg_keeper *k)
{
	hang_up(k);
}
