/* SPDX-License-Identifier: Apache-2.0 */
/*
 * service -- the array `services`: who is confined, and how.
 *
 * Sole writer of that map.  Ids are given out here and survive a restart,
 * because the names stand in the pinned map.  A service that is not present
 * refuses everything.
 * One loop, one thread.  Does not log.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "verigress/abi.h"

struct vg_load;
struct vg_services;

/* Reserved for the self-test: present while it runs, without a lease. */
#define VG_SERVICE_SELFTEST (VG_SERVICES_MAX - 1)

struct vg_service_rules {
	bool audit;
	bool has_cidrs; /* set before the first CIDR lease is */
	bool any_port; /* set before the first lease of port 0 is */
	bool expiry_kills;
};

/* Reads the names that an earlier keeper left.  Borrows LOAD. */
int vg_services_new(const struct vg_load *load, struct vg_services **ret);
void vg_services_freep(struct vg_services **s);

/*
 * The id of NAME, made if there is none (then not present, hence closed).
 * -ENOSPC: no id is free.  -ENAMETOOLONG, -EINVAL: not a name.
 */
int vg_services_add(struct vg_services *s, const char *name, uint32_t *ret);

/* 0: there is none of that name. */
uint32_t vg_services_find(const struct vg_services *s, const char *name);
/* NULL: no such id is in use. */
const char *vg_services_name(const struct vg_services *s, uint32_t id);
/* A copy of what the kernel has; all zeros for an id that is not in use. */
struct vg_service_state vg_services_state(const struct vg_services *s,
					  uint32_t id);

/*
 * Put the rules in force and the service present.  Epoch and lockdown stay.
 * When the rules became narrower the epoch is bumped too.
 */
int vg_services_set(struct vg_services *s, uint32_t id,
		    const struct vg_service_rules *rules);

/* Every granted flow is judged again at its next packet. */
int vg_services_bump(struct vg_services *s, uint32_t id);

/*
 * Around ending leases and listens: a keeper that is killed before the bump
 * leaves `ending`, and the next one, whose vg_services_ending() returns 1,
 * makes up for it.  LOST: what was granted is not any more.
 */
int vg_services_ending(struct vg_services *s, uint32_t id);
int vg_services_ended(struct vg_services *s, uint32_t id, bool lost);

/* Refuse everything, whatever the mode; the epoch is bumped. */
int vg_services_lockdown(struct vg_services *s, uint32_t id, bool on);

/* VG_SERVICE_SELFTEST is present, or not. */
int vg_services_selftest(struct vg_services *s, bool present);

/*
 * Not present, id free again.  Detach its cgroups and end its leases first;
 * until then they are closed.
 */
int vg_services_remove(struct vg_services *s, uint32_t id);
