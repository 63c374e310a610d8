/* SPDX-License-Identifier: Apache-2.0 */
#include "enforce/destroy.h"

#include <arpa/inet.h>
#include <errno.h>
#include <linux/inet_diag.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <linux/sock_diag.h>
#include <poll.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/fd.h"
#include "verigress/abi.h"

#define DEFAULT_TIMEOUT_MS 2000
#define TCP_LISTEN_STATE   10
/* Listening sockets have no peer, and killing them would end the service. */
#define STATES (~(1u << TCP_LISTEN_STATE))

struct request {
	struct nlmsghdr head;
	struct inet_diag_req_v2 diag;
};

/* Sockets that match, collected first: a dump is not disturbed by its effects. */
struct victims {
	struct inet_diag_req_v2 *items;
	size_t n;
	size_t capacity;
};

struct run {
	int fd;
	const struct vg_destroy_request *q;
	uint64_t deadline_ms;
	struct victims victims;
	uint8_t proto;
	uint32_t sequence;
};

int vg_destroy_open(int *ret_fd)
{
	int fd = socket(AF_NETLINK, SOCK_DGRAM | SOCK_CLOEXEC,
			NETLINK_SOCK_DIAG);

	if (fd < 0)
		return -errno;
	*ret_fd = fd;
	return 0;
}

/* The wall that really passes: this waits for the kernel, not for a lease. */
static uint64_t now_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000 + (uint64_t)t.tv_nsec / 1000000;
}

/* ---- netlink --------------------------------------------------------------- */

static int send_request(int fd, struct request *r)
{
	r->head.nlmsg_len = sizeof(*r);
	return send(fd, r, sizeof(*r), 0) < 0 ? -errno : 0;
}

static int wait_readable(int fd, uint64_t deadline_ms)
{
	struct pollfd p = {.fd = fd, .events = POLLIN};
	uint64_t now = now_ms();
	int r;

	if (now >= deadline_ms)
		return -ETIMEDOUT;
	r = poll(&p, 1, (int)(deadline_ms - now));
	if (r < 0)
		return -errno;
	return r == 0 ? -ETIMEDOUT : 0;
}

static ssize_t receive(const struct run *run, void *buffer, size_t size)
{
	ssize_t n;
	int r;

	r = wait_readable(run->fd, run->deadline_ms);
	if (r < 0)
		return r;
	n = recv(run->fd, buffer, size, MSG_DONTWAIT | MSG_TRUNC);
	if (n < 0)
		return errno == EAGAIN ? 0 : -errno;
	return (size_t)n > size ? -EMSGSIZE : n;
}

static int error_of(const struct nlmsghdr *h)
{
	const struct nlmsgerr *e = NLMSG_DATA(h);

	if (h->nlmsg_len < NLMSG_LENGTH(sizeof(*e)))
		return -EBADMSG;
	return e->error;
}

/* ---- matching -------------------------------------------------------------- */

static uint64_t cgroup_of(const struct nlmsghdr *h)
{
	const struct inet_diag_msg *m = NLMSG_DATA(h);
	size_t left = h->nlmsg_len - NLMSG_LENGTH(sizeof(*m));
	const struct rtattr *a = (const void *)(m + 1);
	uint64_t id = 0;

	for (; RTA_OK(a, left); a = RTA_NEXT(a, left))
		if (a->rta_type == INET_DIAG_CGROUP_ID &&
		    RTA_PAYLOAD(a) == sizeof(id))
			memcpy(&id, RTA_DATA(a), sizeof(id));
	return id;
}

static bool has_cgroup(const struct vg_destroy_request *q, uint64_t id)
{
	size_t i;

	for (i = 0; id && i < q->n_cgroups; i++)
		if (q->cgroups[i] == id)
			return true;
	return false;
}

static struct vg_address to_address(uint8_t family, const __be32 words[4])
{
	struct vg_address a = {{0}};

	if (family == AF_INET6) {
		memcpy(a.octets, words, 16);
		return a;
	}
	a.octets[10] = a.octets[11] = 0xff;
	memcpy(a.octets + 12, words, 4);
	return a;
}

static bool hits(const struct vg_destroy_target *t, uint8_t proto,
		 const struct vg_address *remote, uint16_t port)
{
	return t->ports.proto == proto &&
	       (t->ports.first == 0 ||
		(port >= t->ports.first && port <= t->ports.last)) &&
	       vg_prefix_contains(&t->prefix, remote);
}

/* Without a peer there is nothing to cut: bound UDP, for one. */
static bool is_wanted(const struct run *run, const struct nlmsghdr *h)
{
	const struct inet_diag_msg *m = NLMSG_DATA(h);
	struct vg_address remote = to_address(m->idiag_family, m->id.idiag_dst);
	uint16_t port = ntohs(m->id.idiag_dport);
	size_t i;

	if (port == 0 || !has_cgroup(run->q, cgroup_of(h)))
		return false;
	if (run->q->n_targets == 0)
		return true;
	for (i = 0; i < run->q->n_targets; i++)
		if (hits(&run->q->targets[i], run->proto, &remote, port))
			return true;
	return false;
}

static int collect(struct run *run, const struct nlmsghdr *h)
{
	struct victims *v = &run->victims;
	const struct inet_diag_msg *m = NLMSG_DATA(h);
	struct inet_diag_req_v2 *items;

	if (h->nlmsg_len < NLMSG_LENGTH(sizeof(*m)))
		return -EBADMSG;
	if (!is_wanted(run, h))
		return 0;
	if (v->n == v->capacity) {
		size_t capacity = v->capacity ? 2 * v->capacity : 64;

		items = reallocarray(v->items, capacity, sizeof(*items));
		if (!items)
			return -ENOMEM;
		v->items = items;
		v->capacity = capacity;
	}
	v->items[v->n++] = (struct inet_diag_req_v2){
		.sdiag_family = m->idiag_family,
		.sdiag_protocol = run->proto,
		.id = m->id,
	};
	return 0;
}

/* ---- walking --------------------------------------------------------------- */

/* 1: the dump has ended; 0: go on. */
static int take_messages(struct run *run, const void *buffer, size_t size)
{
	const struct nlmsghdr *h = buffer;
	int r;

	for (; NLMSG_OK(h, size); h = NLMSG_NEXT(h, size)) {
		/* What a call that ran out of time left behind. */
		if (h->nlmsg_seq != run->sequence)
			continue;
		if (h->nlmsg_type == NLMSG_DONE)
			return 1;
		if (h->nlmsg_type == NLMSG_ERROR) {
			r = error_of(h);
			return r < 0 ? r : 1;
		}
		r = collect(run, h);
		if (r < 0)
			return r;
	}
	return 0;
}

static int dump(struct run *run, uint8_t family)
{
	struct request request = {
		.head = {.nlmsg_type = SOCK_DIAG_BY_FAMILY,
			 .nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP,
			 .nlmsg_seq = ++run->sequence},
		.diag = {.sdiag_family = family,
			 .sdiag_protocol = run->proto,
			 .idiag_states = STATES},
	};
	char buffer[32768]
		__attribute__((aligned(__alignof__(struct nlmsghdr))));
	ssize_t n;
	int r;

	r = send_request(run->fd, &request);
	if (r < 0)
		return r;
	for (;;) {
		n = receive(run, buffer, sizeof(buffer));
		if (n < 0)
			return (int)n;
		r = take_messages(run, buffer, (size_t)n);
		if (r != 0)
			return r < 0 ? r : 0;
	}
}

static int acknowledge(struct run *run)
{
	char buffer[4096]
		__attribute__((aligned(__alignof__(struct nlmsghdr))));
	const struct nlmsghdr *h = (const void *)buffer;
	ssize_t n;

	for (;;) {
		n = receive(run, buffer, sizeof(buffer));
		if (n < 0)
			return (int)n;
		if (!NLMSG_OK(h, (size_t)n) || h->nlmsg_seq != run->sequence)
			continue;
		return h->nlmsg_type == NLMSG_ERROR ? error_of(h) : -EBADMSG;
	}
}

static int destroy_one(struct run *run, const struct inet_diag_req_v2 *victim)
{
	struct request request = {
		.head = {.nlmsg_type = SOCK_DESTROY,
			 .nlmsg_flags = NLM_F_REQUEST | NLM_F_ACK,
			 .nlmsg_seq = ++run->sequence},
		.diag = *victim,
	};
	int r;

	request.diag.idiag_states = STATES;
	r = send_request(run->fd, &request);
	if (r < 0)
		return r;
	return acknowledge(run);
}

/* A socket that closed in the meantime is what we wanted. */
static int destroy_all(struct run *run, uint32_t *count)
{
	size_t i;
	int r;

	for (i = 0; i < run->victims.n; i++) {
		r = destroy_one(run, &run->victims.items[i]);
		if (r == -ENOENT)
			continue;
		if (r < 0)
			return r;
		(*count)++;
	}
	return 0;
}

static int run_proto(struct run *run, uint8_t proto, uint32_t *count)
{
	int r;

	run->proto = proto;
	run->victims.n = 0;
	r = dump(run, AF_INET);
	if (r == 0)
		r = dump(run, AF_INET6);
	if (r < 0)
		return r;
	return destroy_all(run, count);
}

/* Numbers that no earlier call used: an answer that came late is not ours. */
static struct run begin(int fd, uint32_t timeout_ms)
{
	return (struct run){
		.fd = fd,
		.deadline_ms = now_ms() +
			       (timeout_ms ? timeout_ms : DEFAULT_TIMEOUT_MS),
		.sequence = (uint32_t)(now_ms() << 12),
	};
}

int vg_destroy_run(int netlink_fd, const struct vg_destroy_request *q,
		   uint32_t *ret)
{
	struct run run = begin(netlink_fd, q->timeout_ms);
	uint32_t count = 0;
	int tcp, udp = 0;

	run.q = q;
	tcp = run_proto(&run, IPPROTO_TCP, &count);
	if (tcp != -ETIMEDOUT)
		udp = run_proto(&run, IPPROTO_UDP, &count);
	free(run.victims.items);
	*ret = count;
	return tcp < 0 ? tcp : udp;
}

/* ---- one socket ------------------------------------------------------------ */

static void put_address(uint8_t family, const uint8_t octets[16], __be32 *ret)
{
	if (family == AF_INET)
		memcpy(ret, octets + 12, 4);
	else
		memcpy(ret, octets, 16);
}

int vg_destroy_event(int netlink_fd, const struct vg_event *e)
{
	struct run run = begin(netlink_fd, 0);
	struct inet_diag_req_v2 victim = {
		.sdiag_family = e->family,
		.sdiag_protocol = IPPROTO_TCP,
		.id = {.idiag_sport = htons(e->src_port),
		       .idiag_dport = htons(e->dst_port),
		       .idiag_cookie = {(uint32_t)e->cookie,
					(uint32_t)(e->cookie >> 32)}},
	};

	if (e->cookie == 0)
		return -EINVAL;
	put_address(e->family, e->dst, victim.id.idiag_dst);
	put_address(e->family, e->src, victim.id.idiag_src);
	return destroy_one(&run, &victim);
}
