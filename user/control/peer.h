/* SPDX-License-Identifier: Apache-2.0 */
/*
 * peer -- who is at the other end of a Unix socket, and what it may do.
 *
 * The kernel's word (SO_PEERCRED, SO_PEERGROUPS, and /proc/PID/cgroup of that
 * process), never the peer's.  Where the kernel has SO_PEERPIDFD the process is
 * seen to be alive after its cgroup was read, so that a reused pid cannot lend
 * its cgroup.  What cannot be read refuses.  Does not log.
 */
#pragma once

#include <stdbool.h>
#include <sys/types.h>

#include "control/codec.h"

#define VG_PEER_CGROUP 4096

struct vg_peer {
	pid_t pid;
	uid_t uid;
	bool in_group; /* primary or supplementary */
	char cgroup[VG_PEER_CGROUP]; /* of cgroup v2, "/system.slice/..." */
};

/* GROUP (gid_t)-1: no such group.  -errno of what could not be found out. */
int vg_peer_get(int sock, gid_t group, struct vg_peer *ret);

/* uid 0 may do all, members of the group may read. */
bool vg_peer_may(const struct vg_peer *p, enum vg_access permission);

/* The path in the line "0::PATH" of TEXT (a whole /proc/PID/cgroup): -ENOENT
 * without such a line, -ENAMETOOLONG.  Pure. */
int vg_peer_cgroup_parse(const char *text, char ret[static VG_PEER_CGROUP]);

/* PATH is DIR or below it; a leading '/' of either does not matter.  Pure. */
bool vg_cgroup_inside(const char *path, const char *dir);
