/* SPDX-License-Identifier: Apache-2.0 */
/*
 * run_ground -- the directories and the cgroup of one `verigress run`.
 *
 *   /run/NAME/               0755, NAME is verigress-run-PID-XXXXXX
 *     policy.d/policy.yaml   0600, the policy
 *     verigress.yaml         0600, the daemon's file, where one is given
 *     state/  run/           of the daemon
 *     log                    what the daemon says
 *   BPFFS/NAME               made by the daemon
 *   CGROUP_ROOT/NAME         made here, bound by the daemon (--ephemeral NAME);
 *                            without an option CGROUP_ROOT is MOUNT/verigress
 *
 * The daemon removes all of it once the cgroup is empty; here it is removed
 * only when there is no daemon to do so.  Says on stderr what failed.
 */
#pragma once

#include <limits.h>
#include <stddef.h>

struct vg_run_ground_setup {
	const char *bpffs; /* parent of the daemon's directory there */
	const char *cgroup_root; /* NULL: the cgroup2 mount */
	const char *policy; /* text of the policy */
	size_t policy_size;
	const char *config; /* text of the daemon's file; NULL: none */
	size_t config_size;
};

struct vg_run_ground {
	char name[64];
	char base[PATH_MAX];
	char policy_dir[PATH_MAX];
	char state_dir[PATH_MAX];
	char run_dir[PATH_MAX];
	char config[PATH_MAX];
	char log[PATH_MAX];
	char bpffs[PATH_MAX];
	char cgroup_root[PATH_MAX];
	int root_fd; /* of the cgroup root */
	int procs_fd; /* cgroup.procs, for writing */
	int log_fd;
};

/* All or nothing. */
int vg_run_ground_make(const struct vg_run_ground_setup *setup,
		       struct vg_run_ground *ret);
/* Closes the fds; what lies on disk stays. */
void vg_run_ground_close(struct vg_run_ground *g);

/* Some process is in the cgroup (or nobody can tell). */
int vg_run_ground_busy(const struct vg_run_ground *g);

/*
 * Remove what is left: the cgroup first, and nothing else while it is busy,
 * because the pins are what confines it.  -EBUSY then.
 */
int vg_run_ground_remove(const struct vg_run_ground *g);
