/* SPDX-License-Identifier: Apache-2.0 */
/*
 * selftest -- a layer counts only after it proved itself.
 *
 * For each layer: a scratch cgroup, only that layer attached under the
 * reserved service, a child that joins and provokes a refusal.  Proven means
 * that the child got EPERM (sock_ops cannot refuse: there, that it was seen)
 * and that the event arrived.  Load and attach success is no proof: some
 * kernels accept programs which then never run.
 * Needs what the keeper has: uid 0, CAP_BPF, CAP_NET_ADMIN, CAP_PERFMON.
 * Blocks for some milliseconds, at most VG_SELFTEST_MS a layer.  Only loopback
 * is addressed, and nothing gets there.  Does not log.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "verigress/abi.h"

struct vg_load;
struct vg_services;

#define VG_SELFTEST_MS 2000

/*
 * The directory of scratch cgroups, below the cgroup root.  The root itself has
 * mode 0555, so that only root with CAP_DAC_OVERRIDE can make something in it:
 * the supervisor makes this one as it starts, and it stays.
 */
#define VG_SELFTEST_PARENT "verigress"

enum vg_layer_state {
	VG_LAYER_MISSING = 0, /* the host cannot have it: why */
	VG_LAYER_PROVEN,
	VG_LAYER_FAILED, /* it should work and does not: why */
};

struct vg_layer_proof {
	enum vg_layer_state state;
	char why[160]; /* "" when proven */
};
const char *vg_layer_state_name(enum vg_layer_state s); /* "proven", ... */

struct vg_selftest {
	struct vg_load *load;
	struct vg_services *services;
	int cgroup_root_fd;
	/*
	 * Drain the ring; true when a denial of SERVICE by LAYER has come since
	 * the self-test began.  Called repeatedly.
	 */
	bool (*saw)(void *ctx, uint32_t service, enum vg_layer layer);
	void *ctx;
};

/*
 * 0 when every layer was judged, whatever the outcome; an error when there
 * could be no test at all (no scratch cgroup).  Always cleans up.
 */
int vg_selftest_run(const struct vg_selftest *t,
		    struct vg_layer_proof ret[static VG_LAYER_COUNT]);
