/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The maps, all pinned by user/enforce/load.c.  What decides is read-only to
 * programs.  Hash and tries are not preallocated: most hosts use few of the
 * entries they may have, and nothing is ever evicted.
 */
#pragma once

#include "config.h"

#include <bpf/bpf_helpers.h>

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct vg_meta);
} meta SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_CGROUP_STORAGE);
	__type(key, __u64);
	__type(value, struct vg_identity);
} identity SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_RDONLY_PROG);
	__uint(max_entries, VG_SERVICES_MAX);
	__type(key, __u32);
	__type(value, struct vg_service_state);
} services SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(map_flags, BPF_F_NO_PREALLOC | BPF_F_RDONLY_PROG);
	__uint(max_entries, VG_LEASES_MAX);
	__type(key, struct vg_lease_key);
	__type(value, struct vg_lease);
} leases SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_LPM_TRIE);
	__uint(map_flags, BPF_F_NO_PREALLOC | BPF_F_RDONLY_PROG);
	__uint(max_entries, VG_CIDRS_MAX);
	__type(key, struct vg_prefix_key);
	__type(value, struct vg_lease);
} cidrs SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_LPM_TRIE);
	__uint(map_flags, BPF_F_NO_PREALLOC | BPF_F_RDONLY_PROG);
	__uint(max_entries, VG_LISTENS_MAX);
	__type(key, struct vg_prefix_key);
	__type(value, struct vg_listen);
} listens SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_SK_STORAGE);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__type(key, int);
	__type(value, struct vg_flow);
} flows SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, VG_RING_BYTES);
} events SEC(".maps");

/* The size is set by the loader: the number of CPUs that may ever be there. */
struct vg_cpu {
	struct bpf_spin_lock lock;
	__u32 zero;
	struct vg_cpu_head head;
};

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct vg_cpu);
} cpus SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, VG_SERVICES_MAX *VG_COUNTERS);
	__type(key, __u32);
	__type(value, __u64);
} counters SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, VG_FAULT_COUNT);
	__type(key, __u32);
	__type(value, __u64);
} faults SEC(".maps");

/*
 * Audit mode: what an address hook has just told of on this CPU, so that
 * sock_ops and egress do not tell it again.  A hint: where a task moves on in
 * between, it is told twice.
 */
struct vg_heard {
	__u64 cookie;
	struct vg_lease_key dst;
};

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct vg_heard);
} heard SEC(".maps");
