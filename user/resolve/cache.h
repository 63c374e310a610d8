/* SPDX-License-Identifier: Apache-2.0 */
/*
 * cache -- libunbound's contexts: made, shared, renewed and let go.
 *
 * A context is a cache that cannot be emptied, so a look-up that must really
 * be asked again needs another one.  Look-ups share a context for
 * VG_RESOLVER_CACHE_S (below the shortest refresh); then the next one gets a
 * new context, and the old one goes when nobody waits for it any more.
 * (cache-max-ttl would do it too, but it also caps the TTLs that are reported,
 * and is a global of the library.)  A new context costs 0.4 ms, and each zone
 * on the way one validated DNSKEY look-up.
 *
 * For resolve/resolver only.  The only user of libunbound, whose own words
 * are logged at debug level.  Call from the event loop only.
 */
#pragma once

#include <stdint.h>

#include "resolve/answer.h"

struct event_base;
struct vg_cache;
struct vg_caches;
struct vg_resolver_options;

/* Errors as vg_resolver_new().  Borrows BASE, copies OPTIONS. */
int vg_caches_new(struct event_base *base,
		  const struct vg_resolver_options *options,
		  struct vg_caches **ret);
/* Every cache must have been let go. */
void vg_caches_freep(struct vg_caches **c);

/* The zone to probe. */
const char *vg_caches_canary(const struct vg_caches *c);

/* A reference to a cache as VG_ASK_* FLAGS want it. */
int vg_caches_get(struct vg_caches *c, unsigned int flags,
		  struct vg_cache **ret);
/* NULL is ignored.  Not from inside a vg_asked_fn. */
void vg_cache_unref(struct vg_cache *cache);

/* REPLY lacks host and type; its packet is borrowed for the call. */
typedef void vg_asked_fn(void *arg, struct vg_reply *reply);

/* One look-up under way; the caller's, and stays where it is. */
struct vg_asking {
	vg_asked_fn *fn;
	void *arg;
	int id; /* libunbound's */
};

/*
 * A->fn is called once, perhaps before this returns; never after a cancel.
 * -EINVAL: libunbound does not take what the caches were made with.
 */
int vg_cache_ask(struct vg_cache *cache, const char *host, uint16_t type,
		 struct vg_asking *a);
void vg_cache_cancel(struct vg_cache *cache, const struct vg_asking *a);
