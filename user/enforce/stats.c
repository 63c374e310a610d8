/* SPDX-License-Identifier: Apache-2.0 */
#include "enforce/stats.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <bpf/bpf.h>
#include <bpf/libbpf.h>

#include "base/cleanup.h"
#include "enforce/load.h"

static const char *const fault_names[VG_FAULT_COUNT] = {
	[VG_FAULT_IDENTITY] = "identity", [VG_FAULT_SERVICE] = "service",
	[VG_FAULT_STORAGE] = "storage",	  [VG_FAULT_PARSE] = "parse",
	[VG_FAULT_SOCKET] = "socket",	  [VG_FAULT_CALLBACKS] = "callbacks",
	[VG_FAULT_TIMEOUT] = "timeout",	  [VG_FAULT_CPU] = "cpu",
};

const char *vg_fault_name(enum vg_fault f)
{
	return f < VG_FAULT_COUNT ? fault_names[f] : "?";
}

/* N elements from FIRST on of a per-CPU array of u64, each summed up. */
static int sum(int map_fd, uint32_t first, uint32_t n, uint64_t *ret)
{
	vg_cleanup(vg_freep) uint64_t *values = NULL;
	int cpus = libbpf_num_possible_cpus();
	uint32_t i, key;
	int r, cpu;

	if (cpus < 0)
		return cpus;
	values = calloc((size_t)cpus, sizeof(*values));
	if (!values)
		return -ENOMEM;
	for (i = 0; i < n; i++) {
		key = first + i;
		r = bpf_map_lookup_elem(map_fd, &key, values);
		if (r < 0)
			return r;
		ret[i] = 0;
		for (cpu = 0; cpu < cpus; cpu++)
			ret[i] += values[cpu];
	}
	return 0;
}

int vg_stats_service(const struct vg_load *l, uint32_t service,
		     uint64_t ret[static VG_COUNTERS])
{
	uint64_t sums[VG_COUNTERS];
	int r;

	if (service >= VG_SERVICES_MAX)
		return -EINVAL;
	r = sum(vg_load_map(l, VG_MAP_COUNTERS), service * VG_COUNTERS,
		VG_COUNTERS, sums);
	if (r < 0)
		return r;
	memcpy(ret, sums, sizeof(sums));
	return 0;
}

int vg_stats_faults(const struct vg_load *l,
		    uint64_t ret[static VG_FAULT_COUNT])
{
	uint64_t sums[VG_FAULT_COUNT];
	int r;

	r = sum(vg_load_map(l, VG_MAP_FAULTS), 0, VG_FAULT_COUNT, sums);
	if (r < 0)
		return r;
	memcpy(ret, sums, sizeof(sums));
	return 0;
}

/* As bpf/maps.h has it; the lock reads as zero. */
struct cpu {
	uint32_t lock;
	uint32_t zero;
	struct vg_cpu_head head;
};

int vg_stats_ring(const struct vg_load *l, struct vg_stats_ring *ret)
{
	int fd = vg_load_map(l, VG_MAP_CPUS);
	struct vg_stats_ring sums = {0};
	struct cpu cpu;
	uint32_t i;
	int r;

	for (i = 0;; i++) {
		r = bpf_map_lookup_elem_flags(fd, &i, &cpu, BPF_F_LOCK);
		if (r == -ENOENT)
			break;
		if (r < 0)
			return r;
		sums.seq += cpu.head.seq;
		sums.lost += cpu.head.lost;
		sums.lost_flows += cpu.head.lost_flows;
	}
	*ret = sums;
	return 0;
}
