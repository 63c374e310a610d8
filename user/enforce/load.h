/* SPDX-License-Identifier: Apache-2.0 */
/*
 * load -- the BPF programs and maps of one bpffs directory.
 *
 * Owned by the keeper.  Maps are pinned and outlive every process; a new
 * keeper finds them by pin, never by id, and loads its own programs beside
 * them.  Two keepers never share a directory: it is locked as long as the
 * object lives.  Layout below the directory:
 *   meta services identity leases cidrs listens flows events cpus counters
 *   faults heard    the maps
 *   programs/NAME   the programs, replaced at every start
 *   links/SERVICE/  what is attached (attach.h)
 * libbpf speaks through vg_debug().  Does not log otherwise.
 */
#pragma once

#include <stdint.h>

#include "verigress/abi.h"

struct vg_load;

struct vg_load_options {
	const char *bpffs; /* absolute, e.g. /sys/fs/bpf/verigress */
	uint32_t leases_max; /* 0: VG_LEASES_MAX */
	uint32_t
		ring_bytes; /* 0: VG_RING_BYTES; else a power of two of pages */
};

/* What went wrong, for people, with the remedy; "" when there is nothing. */
#define VG_LOAD_REASON 512

enum vg_map {
	VG_MAP_META = 0,
	VG_MAP_SERVICES,
	VG_MAP_IDENTITY,
	VG_MAP_LEASES,
	VG_MAP_CIDRS,
	VG_MAP_LISTENS,
	VG_MAP_FLOWS,
	VG_MAP_EVENTS,
	VG_MAP_CPUS,
	VG_MAP_COUNTERS,
	VG_MAP_FAULTS,
	VG_MAP_HEARD,
	VG_MAP_COUNT,
};

/*
 * What needs more than the keeper has; main calls it as root before any
 * privilege is dropped.  Raises RLIMIT_MEMLOCK (inherited; kernels before 5.11
 * charge maps to it), mounts bpffs on /sys/fs/bpf when BPFFS lies below it and
 * nothing is mounted there, makes BPFFS with mode 0700.  -ENOTSUP: BPFFS is on
 * another file system.  -EPERM: BPFFS belongs to somebody else.
 */
int vg_load_prepare(const char *bpffs, char reason[static VG_LOAD_REASON]);

/*
 * Lock the directory, reuse or make the maps, load and pin the programs.
 * CAP_BPF, CAP_NET_ADMIN and CAP_PERFMON are enough after vg_load_prepare().
 *   -EBUSY    another keeper holds the directory
 *   -EUCLEAN  the pins there are of another ABI
 *   -ENOTSUP  not a bpffs; -EPERM: not ours alone (owner, mode)
 * Pinned maps keep the size they were made with; when that differs from what
 * is asked, the call succeeds and REASON says so.
 */
int vg_load_new(const struct vg_load_options *o,
		char reason[static VG_LOAD_REASON], struct vg_load **ret);

/* Closes everything and unlocks.  Pins stay: enforcement goes on. */
void vg_load_freep(struct vg_load **l);

/* Borrowed fds. */
int vg_load_map(const struct vg_load *l, enum vg_map map);
int vg_load_program(const struct vg_load *l, enum vg_layer layer);
/* "vg_connect4", ... as bpftool shows it. */
const char *vg_load_program_name(const struct vg_load *l, enum vg_layer layer);
/* O_PATH fd of the bpffs directory, and its path. */
int vg_load_dir(const struct vg_load *l);
const char *vg_load_path(const struct vg_load *l);

uint32_t vg_load_leases_max(const struct vg_load *l); /* as the map has it */
uint32_t vg_load_ring_bytes(const struct vg_load *l);

/*
 * Remove every pin and the directory: nothing is enforced any more.  For
 * `verigress run` when its cgroups are empty.
 */
int vg_load_wipe(struct vg_load **l);
