/* SPDX-License-Identifier: Apache-2.0 */
/*
 * departed -- a bounded memory of the addresses that services once could
 * reach: whose they were, when they were last verified, why they went.
 *
 * For book.c.  The oldest is forgotten first.  Pure.  Does not log.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "enforce/book.h"

struct vg_departed;

struct vg_departed_entry {
	struct vg_permission
		what; /* service and prefix; proto, port: see below */
	uint16_t tcp_first, tcp_last; /* ports that went; 0,0 with has: every */
	uint16_t udp_first, udp_last;
	bool has_tcp, has_udp;
	uint32_t endpoint;
	enum vg_book_cause cause;
	uint64_t until; /* of the last claim */
	uint64_t verified; /* last */
	const char
		*name; /* borrowed when put; owned by the memory when found */
	const char *text; /* likewise; "" when there is none */
};

int vg_departed_new(uint32_t max, struct vg_departed **ret);
void vg_departed_freep(struct vg_departed **d);

/*
 * Remember that E->what went.  A second permission of the same service,
 * prefix, endpoint and cause widens the ports of the first; anything else
 * replaces what was known.  Without memory it is not remembered.
 */
void vg_departed_put(struct vg_departed *d, const struct vg_departed_entry *e);

/* NULL: nothing is known.  Valid until the next put. */
const struct vg_departed_entry *
vg_departed_find(const struct vg_departed *d, uint32_t service,
		 const struct vg_prefix *prefix);

/* The address came back: nothing departed any more. */
void vg_departed_drop(struct vg_departed *d, uint32_t service,
		      const struct vg_prefix *prefix);

/* That proto and port (host order) are among those that went. */
bool vg_departed_covers(const struct vg_departed_entry *e, uint8_t proto,
			uint16_t port);
