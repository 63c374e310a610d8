/* SPDX-License-Identifier: Apache-2.0 */
/*
 * run_child -- the command of `verigress run`: who it is, and its first steps.
 *
 * It is in its cgroup before it does anything else, then it gives up all that
 * could undo that: root, groups, capabilities, set-user-id programs, inherited
 * descriptors.  Says on stderr what failed.
 */
#pragma once

#include <signal.h>
#include <sys/types.h>

struct vg_run_user {
	uid_t uid;
	gid_t gid;
	char *name;
	char *home;
};

void vg_run_user_free(struct vg_run_user *u);

/*
 * OPTION (a name or a number), or with NULL whoever called sudo.  Never uid 0,
 * which could leave its cgroup.  -EINVAL after a line that says so.
 */
int vg_run_user_find(const char *option, struct vg_run_user *ret);

/*
 * -EINVAL, after a line, when stdin, stdout or stderr is an internet socket:
 * it would be one that was not made in the cgroup.
 */
int vg_run_child_check_stdio(void);

#define VG_RUN_FAILED	 125 /* run itself, as env(1) has it */
#define VG_RUN_NO_EXEC	 126 /* found, cannot be executed */
#define VG_RUN_NOT_FOUND 127

struct vg_run_command {
	char **argv;
	const struct vg_run_user *user;
	int procs_fd; /* cgroup.procs of its cgroup */
	sigset_t signals; /* its signal mask */
};

/*
 * Start it; *RET is our child.  What fails in it after that is said by it, and
 * is its exit status, one of the three above.
 */
int vg_run_child_start(const struct vg_run_command *c, pid_t *ret);
