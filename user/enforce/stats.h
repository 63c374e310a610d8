/* SPDX-License-Identifier: Apache-2.0 */
/*
 * stats -- what the kernel counted, summed over the CPUs.
 *
 * Counters only grow, also over restarts, as long as the pins live.
 * Does not log.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "verigress/abi.h"

struct vg_load;

/* Index: enum vg_counter + enum vg_reason. */
int vg_stats_service(const struct vg_load *l, uint32_t service,
		     uint64_t ret[static VG_COUNTERS]);

/*
 * How often it refused for REASON, by what vg_stats_service() gave.  The kernel
 * counts what audit mode let pass among the refusals, too; here it is not.
 */
static inline uint64_t
vg_stats_refused(const uint64_t counters[static VG_COUNTERS], size_t reason)
{
	uint64_t all = counters[VG_COUNTER_REASON + reason];
	uint64_t would = counters[VG_COUNTER_WOULD + reason];

	return all > would ? all - would : 0;
}

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
