/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/verifier.h"

#include <errno.h>
#include <event2/event.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>

#include "base/cleanup.h"
#include "base/fd.h"
#include "base/log.h"
#include "daemon/lookup.h"
#include "daemon/powers.h"
#include "daemon/priv.h"
#include "verify/message.h"
#include "verify/prover.h"

struct verifier {
	struct event_base *base;
	struct event *readable;
	struct vg_lookup *lookup; /* NULL until CONFIG came */
	uint8_t packet[VG_MSG_MAX];
	int error; /* why the loop was left */
};

static void leave(struct verifier *v, int error)
{
	v->error = error;
	event_base_loopbreak(v->base);
}

/* ---- to the keeper ------------------------------------------------------- */

/*
 * The keeper asks for at most 32 proofs at once and reads them, so that a full
 * socket means that it stands still: waiting is right, there is nobody else.
 */
static int send_packet(const struct vg_buf *packet)
{
	struct pollfd p = {.fd = VG_FD_CHANNEL, .events = POLLOUT};
	int r;

	do
		r = vg_fd_send(VG_FD_CHANNEL, packet->data, packet->size, -1);
	while (r == -EAGAIN && (poll(&p, 1, -1) == 1 || errno == EINTR));
	return r;
}

static void send_message(struct verifier *v, const struct vg_msg *m)
{
	vg_cleanup(vg_buf_freep) struct vg_buf packet = {.max = VG_MSG_MAX};
	int r;

	vg_msg_encode(m, &packet);
	r = vg_buf_error(&packet);
	if (r == 0)
		r = send_packet(&packet);
	if (r < 0)
		leave(v, r);
}

static void on_health(void *arg, enum vg_health health, const char *why)
{
	vg_cleanup(vg_freep) struct vg_msg *m = calloc(1, sizeof(*m));
	struct verifier *v = arg;

	if (!m) {
		leave(v, -ENOMEM);
		return;
	}
	m->type = VG_MSG_HEALTH;
	m->health.health = health;
	snprintf(m->health.text, sizeof(m->health.text), "%s", why ? why : "");
	send_message(v, m);
}

static void on_proof(void *arg, uint64_t id, const struct vg_proof *proof)
{
	vg_cleanup(vg_freep) struct vg_msg *m = calloc(1, sizeof(*m));
	struct verifier *v = arg;

	if (!m) {
		leave(v, -ENOMEM);
		return;
	}
	m->type = VG_MSG_PROOF;
	m->proof.id = id;
	m->proof.proof = *proof;
	send_message(v, m);
}

/* ---- from the keeper ----------------------------------------------------- */

static int on_config(struct verifier *v, const struct vg_msg_config *c)
{
	const struct vg_lookup_calls calls = {
		.done = on_proof,
		.health = on_health,
		.arg = v,
	};
	int r;

	if (v->lookup)
		return -EPROTO;
	r = vg_lookup_new(v->base, c, &calls, &v->lookup);
	if (r < 0)
		vg_err("the resolver does not take its configuration "
		       "(anchors, forward, stub): %s",
		       strerror(-r));
	return r;
}

static int on_prove(struct verifier *v, const struct vg_prove *p)
{
	int r = vg_prover_start(vg_lookup_prover(v->lookup), p);

	/* The keeper asks again when no answer comes. */
	return r == -EBUSY ? 0 : r;
}

static int dispatch(struct verifier *v, struct vg_msg *m)
{
	if (m->type == VG_MSG_CONFIG)
		return on_config(v, &m->config);
	if (!v->lookup)
		return -EPROTO;
	switch (m->type) {
	case VG_MSG_SELF_IS:
		return vg_prover_set_self(vg_lookup_prover(v->lookup),
					  m->self.addresses, m->self.n);
	case VG_MSG_PROVE:
		return on_prove(v, &m->prove);
	case VG_MSG_FORGET:
		vg_prover_cancel(vg_lookup_prover(v->lookup), m->forget);
		return 0;
	default:
		return -EPROTO;
	}
}

static void on_readable(evutil_socket_t fd, short what, void *arg)
{
	vg_cleanup(vg_freep) struct vg_msg *m = NULL;
	vg_cleanup(vg_fd_closep) int passed = -1;
	struct verifier *v = arg;
	ssize_t n;
	int r;

	(void)what;
	n = vg_fd_recv(fd, v->packet, sizeof(v->packet), &passed);
	if (n == -EAGAIN)
		return;
	if (n <= 0) { /* 0: the keeper ended, and so do we */
		leave(v, (int)n);
		return;
	}
	r = vg_msg_decode(VG_MSG_FROM_KEEPER, v->packet, (size_t)n, &m);
	if (r == 0)
		r = dispatch(v, m);
	if (r < 0)
		leave(v, r);
}

/* ---- start --------------------------------------------------------------- */

static int start_loop(struct verifier *v)
{
	const int size = 2 * (int)VG_MSG_MAX;

	v->base = event_base_new();
	if (!v->base)
		return -ENOMEM;
	(void)setsockopt(VG_FD_CHANNEL, SOL_SOCKET, SO_SNDBUF, &size,
			 sizeof(size));
	v->readable = event_new(v->base, VG_FD_CHANNEL, EV_READ | EV_PERSIST,
				on_readable, v);
	if (!v->readable || event_add(v->readable, NULL) < 0)
		return -ENOMEM;
	return 0;
}

/* Nothing has been read yet, and nothing is before this returned. */
static int shut_in(void)
{
	int r;

	r = vg_priv_verifier();
	if (r < 0)
		return r;
	if (prctl(PR_SET_PDEATHSIG, SIGKILL) < 0)
		return -errno;
	if (fcntl(VG_FD_CHANNEL, F_SETFD, FD_CLOEXEC) < 0)
		return -errno;
	signal(SIGPIPE, SIG_IGN);
	return vg_priv_seccomp();
}

int vg_verifier_main(const struct vg_options *o)
{
	static struct verifier v;
	const struct vg_msg hello = {.type = VG_MSG_HELLO};
	int r;

	(void)o;
	r = shut_in();
	if (r < 0) {
		vg_err("cannot drop what it must not hold: %s", strerror(-r));
		return EXIT_FAILURE;
	}
	r = start_loop(&v);
	if (r < 0) {
		vg_err("cannot start: %s", strerror(-r));
		return EXIT_FAILURE;
	}
	send_message(&v, &hello);
	if (v.error == 0)
		event_base_dispatch(v.base);
	if (v.error < 0)
		vg_err("ending: %s", strerror(-v.error));
	vg_lookup_freep(&v.lookup);
	event_free(v.readable);
	event_base_free(v.base);
	return v.error < 0 ? EXIT_FAILURE : EXIT_SUCCESS;
}
