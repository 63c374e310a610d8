/* SPDX-License-Identifier: Apache-2.0 */
/*
 * lease -- what the kernel lets through: `leases`, `cidrs` and `listens`.
 *
 * Sole writer of these maps.  A lease always has an end; there is no
 * "forever", so a keeper that dies leaves services that close by themselves.
 * Times are vg_clock_now() times here; the map holds the kernel's.
 * book.h decides which leases there are; this module only writes them.
 * One loop, one thread.  Does not log.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "policy/address.h"
#include "verigress/abi.h"

struct vg_load;
struct vg_leases;

/* Where a service may go: what a lease is for. */
struct vg_permission {
	uint32_t service;
	uint8_t proto; /* IPPROTO_TCP or IPPROTO_UDP */
	uint16_t port; /* host order; 0 is every port */
	struct vg_prefix prefix; /* one address: `leases`; else `cidrs` */
};

struct vg_lease_info {
	uint64_t until; /* vg_clock_now() time */
	uint32_t endpoint; /* the keeper's number */
	const char *name; /* host name, or the literal as text */
};

/* One `listen` entry; FROM is ::/0 for TCP (anybody may be answered). */
struct vg_listen_entry {
	uint8_t proto;
	uint16_t port; /* host order, not 0 */
	struct vg_prefix from;
};

/* Counts what is in the maps.  Borrows LOAD, which must outlive it. */
int vg_leases_new(const struct vg_load *load, struct vg_leases **ret);
void vg_leases_freep(struct vg_leases **l);

/*
 * Open P until INFO->until, or move its end there (either way).
 * -ENOSPC: the map is full; nothing changed, nothing is evicted.
 */
int vg_leases_set(struct vg_leases *l, const struct vg_permission *p,
		  const struct vg_lease_info *info);
/* Close P now.  Closing what is not open is success. */
int vg_leases_end(struct vg_leases *l, const struct vg_permission *p);
/* Read back; -ENOENT.  NAME (VG_HOST_NAME octets) may be NULL. */
int vg_leases_get(const struct vg_leases *l, const struct vg_permission *p,
		  uint64_t *ret_until, char *name);

/*
 * FN for every entry, ended ones too, exact leases first.  A negative value
 * from FN stops and is returned.  FN must not write the maps: collect first.
 */
typedef int (*vg_lease_fn)(void *ctx, const struct vg_permission *p,
			   const struct vg_lease_info *info);
int vg_leases_each(const struct vg_leases *l, vg_lease_fn fn, void *ctx);

/* Entries of `leases` and `cidrs`, and how many `leases` can hold. */
uint32_t vg_leases_count(const struct vg_leases *l);
uint32_t vg_leases_max(const struct vg_leases *l);

/*
 * Make the listen entries of SERVICE exactly these: new ones are added before
 * old ones go.  Returns 1 when some went: bump the epoch then, and on an error.
 */
int vg_leases_listen(struct vg_leases *l, uint32_t service,
		     const struct vg_listen_entry *entries, size_t n);
