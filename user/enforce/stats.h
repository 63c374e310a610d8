/* SPDX-License-Identifier: Apache-2.0 */
/*
 * stats -- what the kernel counted, summed over the CPUs.
 *
 * Counters only grow, also over restarts, as long as the pins live.
 * Does not log.
 */
#pragma once

#include <stdint.h>

#include "verigress/abi.h"

struct vg_load;

/* Index: enum vg_counter + enum vg_reason. */
int vg_stats_service(const struct vg_load *l, uint32_t service,
		     uint64_t ret[static VG_COUNTERS]);

int vg_stats_faults(const struct vg_load *l,
		    uint64_t ret[static VG_FAULT_COUNT]);
/* "identity", ... for a label. */
const char *vg_fault_name(enum vg_fault f);

struct vg_stats_ring {
	uint64_t seq; /* events that were tried, all CPUs */
	uint64_t lost; /* denials that found no room in the ring */
	uint64_t lost_flows; /* flow ends that found none */
};
int vg_stats_ring(const struct vg_load *l, struct vg_stats_ring *ret);
