/* SPDX-License-Identifier: Apache-2.0 */
/*
 * link -- one program at one cgroup: making, naming, finding again.
 *
 * For attach.c.  Returns 0 or -errno.  Does not log.
 */
#pragma once

#include <limits.h>
#include <stdint.h>

#include "verigress/abi.h"

struct vg_load;

/* An fd; closing it detaches, unless the link was pinned. */
int vg_link_make(const struct vg_load *load, enum vg_layer layer,
		 int cgroup_fd);

/* The cgroup that LINK_FD is at; 0: it is gone.  -EINVAL: no such link. */
int vg_link_cgroup(int link_fd, uint64_t *ret);

/*
 * Say whose cgroup it is; 0: nobody's, which refuses.  The storage of a cgroup
 * outlives its links, so what an earlier attach wrote is still there.  -ENOENT
 * before the first attach, -ENOLINK when the cgroup is gone.
 */
int vg_link_identify(const struct vg_load *load, uint64_t cgroup_id,
		     uint32_t service);

/* Where the link is pinned: BPFFS/links/SERVICE/CGROUPID_PROGRAM. */
int vg_link_path(const struct vg_load *load, const char *service,
		 uint64_t cgroup_id, enum vg_layer layer,
		 char ret[static PATH_MAX]);
/* "1234_vg_connect4" -> 1234, VG_LAYER_CONNECT4. */
int vg_link_parse(const struct vg_load *load, const char *name,
		  uint64_t *ret_id, enum vg_layer *ret_layer);
