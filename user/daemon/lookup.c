/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/lookup.h"

#include <assert.h>
#include <errno.h>
#include <ifaddrs.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>

#include <event2/event.h>

#include "base/cleanup.h"

static_assert(VG_PROVER_FRESH == VG_ASK_FRESH &&
		      VG_PROVER_UNCHECKED == VG_ASK_UNCHECKED,
	      "the flags are handed on as they are");

struct vg_lookup {
	struct event_base *own_base; /* NULL: somebody else's is used */
	struct vg_resolver *resolver;
	struct vg_prover *prover;
	struct vg_lookup_calls calls;
};

static int ask(void *context, const char *host, uint16_t type,
	       unsigned int flags, vg_prover_answer_fn *fn, void *arg,
	       void **ret)
{
	struct vg_lookup *l = context;
	struct vg_query *q;
	int r;

	r = vg_resolver_ask(l->resolver, host, type, flags, fn, arg, &q);
	if (r < 0)
		return r;
	*ret = q;
	return 0;
}

static void cancel(void *context, void *lookup)
{
	(void)context;
	vg_query_cancel(lookup);
}

static void on_health(void *arg, enum vg_health health, const char *why)
{
	struct vg_lookup *l = arg;

	vg_prover_set_health(l->prover, health, why);
	if (l->calls.health)
		l->calls.health(l->calls.arg, health, why);
}

static void on_done(void *arg, uint64_t id, const struct vg_proof *proof)
{
	struct vg_lookup *l = arg;

	l->calls.done(l->calls.arg, id, proof);
	if (l->own_base && vg_prover_pending(l->prover) == 0)
		event_base_loopbreak(l->own_base);
}

/* The message's arrays as the resolver's options; both borrow CONFIG. */
static int new_resolver(struct vg_lookup *l, struct event_base *base,
			const struct vg_msg_config *config)
{
	char *forwards[VG_MSG_FORWARDS];
	struct vg_stub stubs[VG_MSG_STUBS];
	const struct vg_resolver_options options = {
		.forwards = forwards,
		.n_forwards = config->n_forwards,
		.stubs = stubs,
		.n_stubs = config->n_stubs,
		.anchors = config->anchors,
	};

	for (size_t i = 0; i < config->n_forwards; i++)
		forwards[i] = (char *)config->forwards[i];
	for (size_t i = 0; i < config->n_stubs; i++)
		stubs[i] = (struct vg_stub){
			.zone = (char *)config->stubs[i].zone,
			.server = (char *)config->stubs[i].server,
		};
	return vg_resolver_new(base, &options, on_health, l, &l->resolver);
}

int vg_lookup_new(struct event_base *base, const struct vg_msg_config *config,
		  const struct vg_lookup_calls *calls, struct vg_lookup **ret)
{
	vg_cleanup(vg_lookup_freep) struct vg_lookup *l = NULL;
	int r;

	l = calloc(1, sizeof(*l));
	if (!l)
		return -ENOMEM;
	l->calls = *calls;
	r = vg_prover_new(&(struct vg_prover_lookups){ask, cancel, l}, on_done,
			  l, &l->prover);
	if (r < 0)
		return r;
	if (!base)
		base = l->own_base = event_base_new();
	if (!base)
		return -ENOMEM;
	r = new_resolver(l, base, config);
	if (r < 0)
		return r;
	*ret = VG_TAKE_PTR(l);
	return 0;
}

void vg_lookup_freep(struct vg_lookup **l)
{
	if (!*l)
		return;
	/* The prover first: it cancels its look-ups in the resolver. */
	vg_prover_freep(&(*l)->prover);
	vg_resolver_freep(&(*l)->resolver);
	if ((*l)->own_base)
		event_base_free((*l)->own_base);
	free(*l);
	*l = NULL;
}

void vg_lookup_run(struct vg_lookup *l, uint32_t ms)
{
	const struct timeval wait = {ms / 1000, ms % 1000 * 1000};

	assert(l->own_base);
	if (vg_prover_pending(l->prover) == 0)
		return;
	event_base_loopexit(l->own_base, &wait);
	event_base_dispatch(l->own_base);
}

struct vg_prover *vg_lookup_prover(struct vg_lookup *l)
{
	return l->prover;
}

/* ---- the host's own addresses ------------------------------------------- */

static void interfaces_freep(struct ifaddrs **i)
{
	if (*i)
		freeifaddrs(*i);
	*i = NULL;
}

/* False when it is no IP address. */
static bool read_sockaddr(const struct sockaddr *sa, struct vg_address *ret)
{
	struct sockaddr_in in;
	struct sockaddr_in6 in6;

	*ret = (struct vg_address){{[10] = 0xff, [11] = 0xff}};
	if (sa && sa->sa_family == AF_INET) {
		memcpy(&in, sa, sizeof(in));
		memcpy(ret->octets + 12, &in.sin_addr, 4);
		return true;
	}
	if (sa && sa->sa_family == AF_INET6) {
		memcpy(&in6, sa, sizeof(in6));
		memcpy(ret->octets, &in6.sin6_addr, 16);
		return true;
	}
	return false;
}

/* Refused by its class already; hosts of containers have one a container. */
static bool has_own_class(const struct vg_address *a)
{
	enum vg_class class = vg_class_of(a);

	return class == VG_CLASS_LOOPBACK || class == VG_CLASS_LINK_LOCAL;
}

int vg_lookup_self(struct vg_address *ret, size_t max)
{
	vg_cleanup(interfaces_freep) struct ifaddrs *list = NULL;
	struct vg_address a;
	size_t n = 0;

	if (getifaddrs(&list) < 0)
		return -errno;
	for (const struct ifaddrs *i = list; i && n < max; i = i->ifa_next)
		if (read_sockaddr(i->ifa_addr, &a) && !has_own_class(&a))
			ret[n++] = a;
	return (int)n;
}
