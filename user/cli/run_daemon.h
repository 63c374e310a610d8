/* SPDX-License-Identifier: Apache-2.0 */
/*
 * run_daemon -- the private verigressd of one `verigress run`.
 *
 * It outlives `run`: it is in a session of its own, and ends by itself when
 * the cgroup is empty.  Says on stderr what failed.
 */
#pragma once

#include <signal.h>
#include <stdbool.h>
#include <sys/types.h>

#include "cli/run_ground.h"

/*
 * The verigressd beside our own program, else in ../sbin, else in PATH.
 * CONFIG: use g->config.  SIGNALS is its signal mask.
 */
int vg_run_daemon_start(const struct vg_run_ground *g, bool config,
			const sigset_t *signals, pid_t *ret);

/* The end of what it said, on our stderr. */
void vg_run_daemon_show_log(const struct vg_run_ground *g);
