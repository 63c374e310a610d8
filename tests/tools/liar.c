/* SPDX-License-Identifier: Apache-2.0 */
/*
 * liar -- a verigressd whose verifier was taken over.
 *
 * Supervisor and keeper are the real ones.  The verifier is as unprivileged as
 * the real one, speaks to the keeper as it does, and lies about the host names
 * whose first label is in the table below; of any other name it says that it
 * leads to HONEST.  Each lie is told on stderr.
 */
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/clock.h"
#include "base/fd.h"
#include "base/log.h"
#include "daemon/keeper.h"
#include "daemon/options.h"
#include "daemon/powers.h"
#include "daemon/priv.h"
#include "daemon/supervisor.h"
#include "verify/message.h"

#define HONEST	       "20.30.0.10"
#define OUTSIDE	       "51.66.0.66"
#define FLOOD	       20000
#define ADDRESS_OCTETS 19 /* of one address in a PROOF */

/* ---- saying -------------------------------------------------------------- */

static bool wait_for(short events)
{
	struct pollfd p = {VG_FD_CHANNEL, events, 0};

	return poll(&p, 1, -1) == 1;
}

static void send_with(const struct vg_buf *packet, int fd)
{
	int r;

	do
		r = vg_fd_send(VG_FD_CHANNEL, packet->data, packet->size, fd);
	while (r == -EAGAIN && wait_for(POLLOUT));
	if (r < 0 && r != -EPIPE && r != -ECONNRESET)
		vg_info("could not say it: %s", strerror(-r));
}

static void send_packet(const struct vg_buf *packet)
{
	send_with(packet, -1);
}

static void say(const struct vg_msg *m)
{
	vg_cleanup(vg_buf_freep) struct vg_buf packet = {0};

	vg_msg_encode(m, &packet);
	send_packet(&packet);
}

static struct vg_proof_address *add(struct vg_proof *p, const char *text)
{
	struct vg_proof_address *a = &p->addresses[p->n_addresses++];

	*a = (struct vg_proof_address){.granted = true};
	if (vg_address_parse(text, &a->address) < 0)
		abort();
	a->from_aaaa = strchr(text, ':') != NULL;
	a->class = vg_class_of(&a->address);
	return a;
}

/* A good answer to P without its addresses.  The caller frees it. */
static struct vg_msg *answer(const struct vg_prove *p)
{
	struct vg_msg *m = calloc(1, sizeof(*m));

	if (!m)
		abort();
	m->type = VG_MSG_PROOF;
	m->proof.id = p->id;
	m->proof.proof = (struct vg_proof){
		.granted = true,
		.confirmed = true,
		.dnssec = VG_DNSSEC_SECURE,
		.ttl = 60,
	};
	memcpy(m->proof.proof.host, p->host, sizeof(p->host));
	return m;
}

static void grant(const struct vg_prove *p, const char *address)
{
	vg_cleanup(vg_freep) struct vg_msg *m = answer(p);

	add(&m->proof.proof, address);
	say(m);
}

static void tell_truth(const struct vg_prove *p)
{
	grant(p, HONEST);
}

/* The good answer to P as a packet, to be spoilt.  The caller frees it. */
static void good_packet(const struct vg_prove *p, struct vg_buf *ret)
{
	vg_cleanup(vg_freep) struct vg_msg *m = answer(p);

	add(&m->proof.proof, HONEST);
	vg_msg_encode(m, ret);
}

/* ---- addresses that the policy does not tolerate ------------------------- */

/* An AAAA record of ::ffff:20.30.0.10. */
static void lie_mapped(const struct vg_prove *p)
{
	vg_cleanup(vg_freep) struct vg_msg *m = answer(p);

	add(&m->proof.proof, HONEST)->from_aaaa = true;
	say(m);
}

static void lie_mixed(const struct vg_prove *p)
{
	vg_cleanup(vg_freep) struct vg_msg *m = answer(p);

	add(&m->proof.proof, HONEST);
	add(&m->proof.proof, "10.1.2.3");
	say(m);
}

/* Says itself that one of them must not be. */
static void lie_partial(const struct vg_prove *p)
{
	vg_cleanup(vg_freep) struct vg_msg *m = answer(p);

	add(&m->proof.proof, HONEST);
	add(&m->proof.proof, "10.1.2.3")->granted = false;
	say(m);
}

static void lie_insecure(const struct vg_prove *p)
{
	vg_cleanup(vg_freep) struct vg_msg *m = answer(p);

	add(&m->proof.proof, HONEST);
	m->proof.proof.dnssec = VG_DNSSEC_INSECURE;
	say(m);
}

/* ---- too long, too many, not asked for ----------------------------------- */

static void lie_forever(const struct vg_prove *p)
{
	vg_cleanup(vg_freep) struct vg_msg *m = answer(p);

	add(&m->proof.proof, HONEST);
	m->proof.proof.ttl = UINT32_MAX;
	say(m);
}

static void fill(struct vg_proof *p)
{
	char text[32];

	for (unsigned int i = 0; i < VG_PROOF_ADDRESSES; i++) {
		snprintf(text, sizeof(text), "20.30.0.%u", 10 + i);
		add(p, text);
	}
}

/* As many as a proof may hold: too many for the ports of the policy. */
static void lie_crowd(const struct vg_prove *p)
{
	vg_cleanup(vg_freep) struct vg_msg *m = answer(p);

	fill(&m->proof.proof);
	say(m);
}

/* One more than a proof may hold: count and record are put in by hand. */
static void lie_many(const struct vg_prove *p)
{
	vg_cleanup(vg_buf_freep) struct vg_buf packet = {0}, more = {0};
	vg_cleanup(vg_freep) struct vg_msg *m = answer(p);
	size_t at;

	fill(&m->proof.proof);
	vg_msg_encode(m, &packet);
	at = packet.size - 2 - VG_PROOF_ADDRESSES * ADDRESS_OCTETS - 2;
	((uint8_t *)packet.data)[at]++;
	at = packet.size - 2 - ADDRESS_OCTETS;
	vg_buf_add(&more, packet.data, packet.size - 2);
	vg_buf_add(&more, (const uint8_t *)packet.data + at, ADDRESS_OCTETS);
	vg_buf_add(&more, "\0", 2);
	send_packet(&more);
}

static void lie_stranger(const struct vg_prove *p)
{
	vg_cleanup(vg_freep) struct vg_msg *m = answer(p);

	snprintf(m->proof.proof.host, sizeof(m->proof.proof.host),
		 "honest.corp.example");
	add(&m->proof.proof, HONEST);
	say(m);
}

/* Ids that nobody asked about: one to come, one long gone, none. */
static void lie_unasked(const struct vg_prove *p)
{
	const uint64_t ids[] = {p->id + 1000, UINT64_MAX, 0};
	vg_cleanup(vg_freep) struct vg_msg *m = answer(p);

	add(&m->proof.proof, HONEST);
	for (size_t i = 0; i < VG_ARRAY_LEN(ids); i++) {
		m->proof.id = ids[i];
		say(m);
	}
}

/* ---- contradictions, and what is no message ------------------------------ */

static void lie_revoke(const struct vg_prove *p)
{
	vg_cleanup(vg_freep) struct vg_msg *m = answer(p);

	m->proof.proof.granted = false;
	m->proof.proof.effect = VG_EFFECT_REVOKE;
	say(m);
}

static void lie_both(const struct vg_prove *p)
{
	vg_cleanup(vg_freep) struct vg_msg *m = answer(p);

	add(&m->proof.proof, HONEST);
	vg_proof_add(&m->proof.proof, VG_FINDING_REBIND_LOOPBACK, NULL, "%s",
		     "and yet it is granted");
	say(m);
}

static void lie_empty(const struct vg_prove *p)
{
	vg_cleanup(vg_freep) struct vg_msg *m = answer(p);

	say(m); /* granted, by no address */
}

static void lie_garbage(const struct vg_prove *p)
{
	vg_cleanup(vg_buf_freep) struct vg_buf packet = {0};

	(void)p;
	for (unsigned int i = 0; i < 300; i++)
		vg_buf_printf(&packet, "%c", (int)(1 + i * 7919 % 255));
	send_packet(&packet);
}

static void lie_truncated(const struct vg_prove *p)
{
	vg_cleanup(vg_buf_freep) struct vg_buf packet = {0};

	good_packet(p, &packet);
	packet.size--;
	send_packet(&packet);
}

static void lie_long(const struct vg_prove *p)
{
	vg_cleanup(vg_buf_freep) struct vg_buf packet = {0};

	good_packet(p, &packet);
	vg_buf_add(&packet, "", 1);
	send_packet(&packet);
}

/* More than any message may hold: the keeper cannot even receive it whole. */
static void lie_huge(const struct vg_prove *p)
{
	vg_cleanup(vg_buf_freep) struct vg_buf packet = {0}, more = {0};

	good_packet(p, &packet);
	while (more.size <= VG_MSG_MAX)
		vg_buf_add(&more, packet.data, packet.size);
	send_packet(&more);
}

static void lie_version(const struct vg_prove *p)
{
	vg_cleanup(vg_buf_freep) struct vg_buf packet = {0};

	good_packet(p, &packet);
	((uint8_t *)packet.data)[0] = VG_MSG_VERSION + 1;
	send_packet(&packet);
}

/* What only the keeper says. */
static void lie_direction(const struct vg_prove *p)
{
	vg_cleanup(vg_freep) struct vg_msg *m = answer(p);

	*m = (struct vg_msg){.type = VG_MSG_PROVE, .prove = *p};
	say(m);
}

static void lie_hello(const struct vg_prove *p)
{
	const struct vg_msg m = {.type = VG_MSG_HELLO};

	(void)p;
	say(&m);
}

/* A good answer, and an fd with it. */
static void lie_fd(const struct vg_prove *p)
{
	vg_cleanup(vg_buf_freep) struct vg_buf packet = {0};

	good_packet(p, &packet);
	send_with(&packet, STDERR_FILENO);
}

/* ---- more than anybody can want, and less -------------------------------- */

static void lie_flood(const struct vg_prove *p)
{
	vg_cleanup(vg_freep) struct vg_msg *m = answer(p);
	vg_cleanup(vg_freep) struct vg_msg *health = answer(p);

	add(&m->proof.proof, OUTSIDE);
	*health = (struct vg_msg){.type = VG_MSG_HEALTH};
	snprintf(health->health.text, sizeof(health->health.text), "flood");
	for (uint64_t i = 0; i < FLOOD; i++) {
		m->proof.id = p->id + 1 + i;
		say(m);
		health->health.health =
			i % 2 ? VG_HEALTH_SECURE : VG_HEALTH_STRIPPED;
		say(health);
	}
}

static void lie_silence(const struct vg_prove *p)
{
	(void)p;
}

/* Closes the channel, and lives on. */
static void lie_deaf(const struct vg_prove *p)
{
	(void)p;
	close(VG_FD_CHANNEL);
	for (;;)
		poll(NULL, 0, -1);
}

static void lie_dead(const struct vg_prove *p)
{
	(void)p;
	abort();
}

static const struct lie {
	const char *label;
	const char *address; /* what it says the name leads to; or */
	void (*tell)(const struct vg_prove *p);
} lies[] = {
	{"loopback", "127.0.0.1", NULL},
	{"loopback6", "::1", NULL},
	{"zero", "0.0.0.0", NULL},
	{"private", "10.1.2.3", NULL},
	{"metadata", "169.254.169.254", NULL},
	{"outside", OUTSIDE, NULL},
	{"self", "9.10.0.10", NULL},
	{"mapped", NULL, lie_mapped},
	{"mixed", NULL, lie_mixed},
	{"partial", NULL, lie_partial},
	{"insecure", NULL, lie_insecure},
	{"forever", NULL, lie_forever},
	{"crowd", NULL, lie_crowd},
	{"many", NULL, lie_many},
	{"stranger", NULL, lie_stranger},
	{"unasked", NULL, lie_unasked},
	{"revoke", NULL, lie_revoke},
	{"both", NULL, lie_both},
	{"empty", NULL, lie_empty},
	{"garbage", NULL, lie_garbage},
	{"truncated", NULL, lie_truncated},
	{"long", NULL, lie_long},
	{"huge", NULL, lie_huge},
	{"version", NULL, lie_version},
	{"direction", NULL, lie_direction},
	{"hello", NULL, lie_hello},
	{"fd", NULL, lie_fd},
	{"flood", NULL, lie_flood},
	{"silence", NULL, lie_silence},
	{"deaf", NULL, lie_deaf},
	{"dead", NULL, lie_dead},
};

/* ---- the process --------------------------------------------------------- */

static void on_prove(const struct vg_prove *p)
{
	size_t n = strcspn(p->host, ".");

	for (size_t i = 0; i < VG_ARRAY_LEN(lies); i++)
		if (strlen(lies[i].label) == n &&
		    memcmp(lies[i].label, p->host, n) == 0) {
			vg_info("lie: %s", lies[i].label);
			if (lies[i].address)
				grant(p, lies[i].address);
			else
				lies[i].tell(p);
			return;
		}
	tell_truth(p);
}

/* One message of the keeper; -errno when there is no more. */
static int on_message(uint8_t *packet)
{
	vg_cleanup(vg_freep) struct vg_msg *m = NULL;
	vg_cleanup(vg_fd_closep) int passed = -1;
	ssize_t n;
	int r;

	n = vg_fd_recv(VG_FD_CHANNEL, packet, VG_MSG_MAX, &passed);
	if (n <= 0)
		return n < 0 ? (int)n : -ECONNRESET;
	r = vg_msg_decode(VG_MSG_FROM_KEEPER, packet, (size_t)n, &m);
	if (r == 0 && m->type == VG_MSG_PROVE)
		on_prove(&m->prove);
	return r;
}

static int lie(const struct vg_options *o)
{
	static uint8_t packet[VG_MSG_MAX];
	const struct vg_msg hello = {.type = VG_MSG_HELLO};
	const struct vg_msg health = {
		.type = VG_MSG_HEALTH,
		.health = {VG_HEALTH_SECURE, "as well as can be"},
	};
	const int size = 4 * (int)VG_MSG_MAX; /* for what is huge */

	(void)o;
	if (vg_priv_verifier() < 0 || prctl(PR_SET_PDEATHSIG, SIGKILL) < 0)
		return EXIT_FAILURE;
	signal(SIGPIPE, SIG_IGN);
	setsockopt(VG_FD_CHANNEL, SOL_SOCKET, SO_SNDBUF, &size, sizeof(size));
	if (vg_priv_seccomp() < 0)
		return EXIT_FAILURE;
	say(&hello);
	say(&health);
	while (wait_for(POLLIN) && on_message(packet) == 0)
		;
	/* It was told to end, and does not. */
	for (;;)
		poll(NULL, 0, -1);
}

static int (*const roles[])(const struct vg_options *o) = {
	[VG_ROLE_SUPERVISOR] = vg_supervisor_main,
	[VG_ROLE_KEEPER] = vg_keeper_main,
	[VG_ROLE_VERIFIER] = lie,
};

int main(int argc, char **argv)
{
	static const char *const names[] = {"supervisor", "keeper", "liar"};
	struct vg_options o;

	if (vg_options_parse(argc, argv, &o) < 0)
		return 2;
#ifdef VG_TEST_CLOCK
	vg_clock_set_rate(o.clock_rate);
#endif
	vg_log_setup(names[o.role], VG_LOG_INFO);
	return roles[o.role](&o);
}
