/* SPDX-License-Identifier: Apache-2.0 */
/*
 * keeper -- the process that decides: policy, leases, cgroups, events and the
 * control socket.  Executed by the supervisor with the fds of powers.h.
 */
#pragma once

#include "daemon/options.h"

/* Returns the exit status: VG_CHILD_DONE, VG_CHILD_CONFIG, 0 or 1. */
int vg_keeper_main(const struct vg_options *o);
