/* SPDX-License-Identifier: Apache-2.0 */
#include "resolve/cache.h"

#include <assert.h>
#include <errno.h>
#include <netinet/in.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <unbound-event.h>
#include <unbound.h>

#include "base/cleanup.h"
#include "base/clock.h"
#include "base/fd.h"
#include "base/log.h"
#include "base/num.h"
#include "resolve/anchors.h"
#include "resolve/resolver.h"

/* forwarders, stubs (three settings each), anchors (two) */
#define SETTINGS_MAX 1024

typedef int apply_fn(struct ub_ctx *ctx, const char *a, const char *b);

/* One word to libunbound, said to every new context. */
struct setting {
	apply_fn *apply;
	char *a, *b;
};

struct vg_cache {
	struct vg_caches *caches;
	struct ub_ctx *ctx;
	unsigned int refs; /* look-ups, and 1 while it is the current one */
	uint64_t made;
};

struct vg_caches {
	struct event_base *base; /* borrowed */
	FILE *log;
	struct vg_anchors *anchors;
	struct vg_cache *current[2]; /* [1]: without anchors */
	bool ask_loopback; /* a server of ours is 127.x or ::1 */
	bool ask_ipv6; /* a server of ours has an IPv6 address */
	size_t n_settings;
	struct setting settings[SETTINGS_MAX];
};

/* verification.md A says why, option by option. */
static const struct {
	const char *name;
	const char *value;
} options_always[] = {
	{"module-config:", "validator iterator"},
	{"use-caps-for-id:", "yes"},
	{"harden-glue:", "yes"},
	{"harden-dnssec-stripped:", "yes"},
	{"harden-below-nxdomain:", "yes"},
	{"harden-referral-path:", "no"},
	{"qname-minimisation:", "yes"},
	{"aggressive-nsec:", "no"},
	{"val-sig-skew-min:", "300"},
	{"val-sig-skew-max:", "3600"},
	{"trust-anchor-signaling:", "no"},
	{"root-key-sentinel:", "no"},
	{"edns-buffer-size:", "1232"},
	{"outgoing-num-tcp:", "4"},
	{"outgoing-range:", "64"}, /* twice VG_RESOLVER_IN_FLIGHT */
	{"cache-max-ttl:", "3600"},
	{"serve-expired:", "no"},
};

/*
 * Never delegated in the public tree (RFC 6761, 6762 G, 8375; ICANN), so the
 * root can only deny them: a stub for one without an anchor of its own is
 * taken as unsigned instead of bogus.
 */
static const char *const private_tlds[] = {
	"internal", "home.arpa", "corp",    "home",
	"mail",	    "lan",	 "private", "intranet",
};

/* ---- what is said to a new context -------------------------------------- */

static int apply_forward(struct ub_ctx *ctx, const char *a, const char *b)
{
	(void)b;
	return ub_ctx_set_fwd(ctx, a);
}

static int apply_stub(struct ub_ctx *ctx, const char *a, const char *b)
{
	return ub_ctx_set_stub(ctx, a, b, 0);
}

static int apply_anchor(struct ub_ctx *ctx, const char *a, const char *b)
{
	(void)b;
	return ub_ctx_add_ta(ctx, a);
}

static int apply_option(struct ub_ctx *ctx, const char *a, const char *b)
{
	return ub_ctx_set_option(ctx, a, b);
}

/* Copies A and B (may be NULL). */
static int add_setting(struct vg_caches *c, apply_fn *apply, const char *a,
		       const char *b)
{
	struct setting *s = &c->settings[c->n_settings];

	if (c->n_settings == SETTINGS_MAX)
		return -E2BIG;
	*s = (struct setting){apply, strdup(a), b ? strdup(b) : NULL};
	c->n_settings++;
	return s->a && (s->b || !b) ? 0 : -ENOMEM;
}

/*
 * "ADDRESS@PORT" and not a character more: Debian's libunbound takes a "#name"
 * for TLS and then asks in the clear.  Notes what kind of server it is.
 */
static int note_server(struct vg_caches *c, const char *server)
{
	const char *at = strchr(server, '@');
	char text[VG_ADDRESS_TEXT];
	struct vg_address a;
	uint32_t port;

	if (!at || at - server >= (ptrdiff_t)sizeof(text) ||
	    vg_num_u32(at + 1, 1, UINT16_MAX, &port) < 0)
		return -EINVAL;
	snprintf(text, sizeof(text), "%.*s", (int)(at - server), server);
	if (vg_address_parse(text, &a) < 0)
		return -EINVAL;
	c->ask_ipv6 |= !vg_address_is_ipv4(&a);
	c->ask_loopback |= vg_class_of(&a) == VG_CLASS_LOOPBACK;
	return 0;
}

/* Names of ZONE are asked, even where libunbound has an answer built in. */
static int open_zone(struct vg_caches *c, const char *zone)
{
	char text[VG_PROOF_HOST + 32];

	if (strcmp(zone, ".") == 0)
		return 0;
	snprintf(text, sizeof(text), "%s. transparent", zone);
	return add_setting(c, apply_option, "local-zone:", text);
}

static bool is_private(const char *zone)
{
	for (size_t i = 0; i < VG_ARRAY_LEN(private_tlds); i++)
		if (vg_zone_contains(private_tlds[i], zone))
			return true;
	return false;
}

static int add_stub(struct vg_caches *c, const struct vg_stub *stub)
{
	int r;

	r = note_server(c, stub->server);
	if (r < 0)
		return r;
	r = add_setting(c, apply_stub, stub->zone, stub->server);
	if (r < 0)
		return r;
	r = open_zone(c, stub->zone);
	if (r < 0)
		return r;
	if (!is_private(stub->zone) || vg_anchors_cover(c->anchors, stub->zone))
		return 0;
	return add_setting(c, apply_option, "domain-insecure:", stub->zone);
}

static int add_anchor(struct vg_caches *c, const struct vg_anchor *anchor)
{
	int r;

	r = add_setting(c, apply_anchor, anchor->record, NULL);
	if (r < 0)
		return r;
	return open_zone(c, anchor->zone);
}

static int add_settings(struct vg_caches *c,
			const struct vg_resolver_options *o)
{
	int r = 0;

	for (size_t i = 0; i < o->n_forwards && r == 0; i++) {
		r = note_server(c, o->forwards[i]);
		if (r == 0)
			r = add_setting(c, apply_forward, o->forwards[i], NULL);
	}
	for (size_t i = 0; i < o->n_stubs && r == 0; i++)
		r = add_stub(c, &o->stubs[i]);
	for (size_t i = 0; i < c->anchors->n && r == 0; i++)
		r = add_anchor(c, &c->anchors->items[i]);
	return r;
}

/* ---- contexts ----------------------------------------------------------- */

static void context_freep(struct ub_ctx **ctx)
{
	if (*ctx)
		ub_ctx_delete(*ctx);
	*ctx = NULL;
}

/* Is there a route?  connect() of a datagram socket sends nothing. */
static bool ipv6_works(void)
{
	const struct sockaddr_in6 somewhere = {
		.sin6_family = AF_INET6,
		.sin6_port = htons(53),
		.sin6_addr = {{{0x20, 0x01, 0x0d, 0xb8, [15] = 1}}},
	};
	vg_cleanup(vg_fd_closep) int fd =
		socket(AF_INET6, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	return fd >= 0 && connect(fd, (const struct sockaddr *)&somewhere,
				  sizeof(somewhere)) == 0;
}

static int say_options(const struct vg_caches *c, struct ub_ctx *ctx)
{
	bool ipv6 = c->ask_ipv6 || ipv6_works();
	int r = 0;

	for (size_t i = 0; i < VG_ARRAY_LEN(options_always) && r == 0; i++)
		r = ub_ctx_set_option(ctx, options_always[i].name,
				      options_always[i].value);
	if (r == 0)
		r = ub_ctx_set_option(ctx, "do-ip6:", ipv6 ? "yes" : "no");
	if (r == 0 && c->ask_loopback)
		r = ub_ctx_set_option(ctx, "do-not-query-localhost:", "no");
	return r;
}

static int configure(const struct vg_caches *c, struct ub_ctx *ctx,
		     bool unchecked)
{
	int r;

	r = say_options(c, ctx);
	for (size_t i = 0; i < c->n_settings && r == 0; i++) {
		const struct setting *s = &c->settings[i];

		if (!unchecked || s->apply != apply_anchor)
			r = s->apply(ctx, s->a, s->b);
	}
	if (r == UB_NOMEM)
		return -ENOMEM;
	return r == 0 ? 0 : -EINVAL;
}

static int new_cache(struct vg_caches *c, bool unchecked, struct vg_cache **ret)
{
	vg_cleanup(context_freep) struct ub_ctx *ctx = NULL;
	struct vg_cache *cache;
	int r;

	ctx = ub_ctx_create_event(c->base);
	if (!ctx)
		return -ENOMEM;
	ub_ctx_debugout(ctx, c->log);
	r = configure(c, ctx, unchecked);
	if (r < 0)
		return r;
	cache = calloc(1, sizeof(*cache));
	if (!cache)
		return -ENOMEM;
	cache->caches = c;
	cache->ctx = VG_TAKE_PTR(ctx);
	cache->made = vg_clock_now();
	*ret = cache;
	return 0;
}

/* Deleting a context unsets the log of all of them. */
static void renew_log(struct vg_caches *c)
{
	for (size_t i = 0; i < VG_ARRAY_LEN(c->current); i++)
		if (c->current[i])
			ub_ctx_debugout(c->current[i]->ctx, c->log);
}

void vg_cache_unref(struct vg_cache *cache)
{
	struct vg_caches *c;

	if (!cache || --cache->refs > 0)
		return;
	c = cache->caches;
	ub_ctx_delete(cache->ctx);
	free(cache);
	renew_log(c);
}

static bool is_young(const struct vg_cache *cache)
{
	return cache &&
	       vg_clock_now() - cache->made < VG_RESOLVER_CACHE_S * VG_NS_PER_S;
}

int vg_caches_get(struct vg_caches *c, unsigned int flags,
		  struct vg_cache **ret)
{
	bool unchecked = flags & VG_ASK_UNCHECKED;
	struct vg_cache **current = &c->current[unchecked];
	struct vg_cache *cache, *old = *current;
	int r;

	if (!(flags & VG_ASK_FRESH) && is_young(old)) {
		old->refs++;
		*ret = old;
		return 0;
	}
	r = new_cache(c, unchecked, &cache);
	if (r < 0)
		return r;
	cache->refs = 1;
	if (!(flags & VG_ASK_FRESH)) {
		*current = cache;
		cache->refs++;
		vg_cache_unref(old);
	}
	*ret = cache;
	return 0;
}

/* ---- look-ups ----------------------------------------------------------- */

static void on_event(void *arg, int rcode, void *packet, int size, int sec,
		     char *why_bogus, int was_ratelimited)
{
	/* In the order of libunbound's codes; anything else is bogus. */
	static const enum vg_dnssec_state states[] = {
		VG_DNSSEC_INSECURE, VG_DNSSEC_BOGUS, VG_DNSSEC_SECURE};
	const struct vg_asking *a = arg;
	struct vg_reply reply = {
		.rcode = rcode,
		.state = VG_DNSSEC_BOGUS,
		.why = why_bogus,
		.packet = packet,
		.size = size > 0 ? (size_t)size : 0,
	};

	(void)was_ratelimited;
	if (sec >= 0 && sec < (int)VG_ARRAY_LEN(states))
		reply.state = states[sec];
	a->fn(a->arg, &reply);
}

int vg_cache_ask(struct vg_cache *cache, const char *host, uint16_t type,
		 struct vg_asking *a)
{
	static const int class_in = 1;
	int id = 0, r;

	a->id = 0;
	r = ub_resolve_event(cache->ctx, host, type, class_in, a, on_event,
			     &id);
	a->id = id;
	if (r == UB_NOMEM)
		return -ENOMEM;
	return r == 0 ? 0 : -EINVAL;
}

void vg_cache_cancel(struct vg_cache *cache, const struct vg_asking *a)
{
	/* It may have been answered at once, and then has no id. */
	if (cache && a->id)
		ub_cancel(cache->ctx, a->id);
}

/* ---- life --------------------------------------------------------------- */

static ssize_t on_log(void *arg, const char *text, size_t size)
{
	size_t n = size;

	(void)arg;
	while (n > 0 && text[n - 1] == '\n')
		n--;
	if (n > 0)
		vg_debug("libunbound: %.*s", (int)n, text);
	return (ssize_t)size;
}

static FILE *open_log(void)
{
	const cookie_io_functions_t io = {.write = on_log};
	FILE *f = fopencookie(NULL, "w", io);

	if (f)
		setvbuf(f, NULL, _IOLBF, BUFSIZ);
	return f;
}

int vg_caches_new(struct event_base *base,
		  const struct vg_resolver_options *options,
		  struct vg_caches **ret)
{
	vg_cleanup(vg_caches_freep) struct vg_caches *c = NULL;
	int r;

	c = calloc(1, sizeof(*c));
	if (!c)
		return -ENOMEM;
	c->base = base;
	c->log = open_log();
	if (!c->log)
		return -ENOMEM;
	r = vg_anchors_parse(options->anchors ? options->anchors : "",
			     &c->anchors);
	if (r < 0)
		return r == -E2BIG ? -EINVAL : r;
	r = add_settings(c, options);
	if (r < 0)
		return r == -E2BIG ? -EINVAL : r;
	*ret = VG_TAKE_PTR(c);
	return 0;
}

void vg_caches_freep(struct vg_caches **c)
{
	if (!*c)
		return;
	for (size_t i = 0; i < VG_ARRAY_LEN((*c)->current); i++)
		vg_cache_unref(VG_TAKE_PTR((*c)->current[i]));
	for (size_t i = 0; i < (*c)->n_settings; i++) {
		free((*c)->settings[i].a);
		free((*c)->settings[i].b);
	}
	vg_anchors_freep(&(*c)->anchors);
	if ((*c)->log)
		fclose((*c)->log);
	free(*c);
	*c = NULL;
}

const char *vg_caches_canary(const struct vg_caches *c)
{
	return vg_anchors_canary(c->anchors);
}
