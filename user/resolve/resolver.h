/* SPDX-License-Identifier: Apache-2.0 */
/*
 * resolver -- validated look-ups on the event loop.
 *
 * Runs in the verifier (unprivileged) and in `verigress verify`, on libunbound
 * (resolve/cache).  Opens no file: anchors are given as text, hosts and
 * resolv.conf are never read.  Not thread-safe; call from the loop only.
 *
 * Every callback is called from the loop, never from inside a function of this
 * module; it may call any of them, vg_resolver_freep() excepted.
 *
 * Caches live for VG_RESOLVER_CACHE_S only: a look-up that is repeated later
 * than that is really asked again, not answered with what is left of a TTL.
 * Only libunbound's own words are logged, at debug level.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "policy/model.h"
#include "resolve/answer.h"

#define VG_RESOLVER_IN_FLIGHT  32
#define VG_RESOLVER_QUEUE      1024 /* waiting for one of those */
#define VG_RESOLVER_DEADLINE_S 5 /* of one look-up, from its start */
#define VG_RESOLVER_CACHE_S    10 /* below the shortest refresh, 15 s - 10 % */
#define VG_RESOLVER_CANARY_S   600
#define VG_ANCHORS_MAX	       (64UL << 10) /* octets of anchor text */

struct event_base;
struct vg_resolver;
struct vg_query;

struct vg_resolver_options {
	char *const
		*forwards; /* "ADDRESS@PORT"; none: recursion from the root */
	size_t n_forwards;
	const struct vg_stub *stubs;
	size_t n_stubs;
	const char *anchors; /* DS and DNSKEY records, as in a zone file */
};

typedef void vg_resolver_health_fn(void *arg, enum vg_health health,
				   const char *why);
typedef void vg_query_fn(void *arg, const struct vg_answer *answer);

/*
 * Borrows BASE.  Copies OPTIONS.  Probes the anchors' own DNSKEY at once, each
 * 10 minutes, and when names turn bogus; HEALTH (may be NULL) is told the
 * first result and every change.
 * -EINVAL: an anchor, forwarder or stub that libunbound does not take.
 */
int vg_resolver_new(struct event_base *base,
		    const struct vg_resolver_options *options,
		    vg_resolver_health_fn *health, void *arg,
		    struct vg_resolver **ret);
/* Cancels what is under way; no callback comes any more. */
void vg_resolver_freep(struct vg_resolver **r);

/* How to ask. */
#define VG_ASK_FRESH	 1U /* in a cache of its own, empty at first */
#define VG_ASK_UNCHECKED 2U /* without anchors (`dnssec: off`): never bogus */

/*
 * Look HOST up.  FN is called exactly once unless canceled, after which the
 * query is gone.  Waits its turn when VG_RESOLVER_IN_FLIGHT are under way;
 * -EBUSY when VG_RESOLVER_QUEUE wait already.  *RET is for canceling.
 */
int vg_resolver_ask(struct vg_resolver *r, const char *host, uint16_t type,
		    unsigned int flags, vg_query_fn *fn, void *arg,
		    struct vg_query **ret);

/* Its callback does not come.  NULL is ignored. */
void vg_query_cancel(struct vg_query *q);

/* What the last probe of the anchors said. */
enum vg_health vg_resolver_health(const struct vg_resolver *r);
