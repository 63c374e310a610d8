/* SPDX-License-Identifier: Apache-2.0 */
/*
 * ground -- the directories, the lock and the control socket, made once at
 * start while the supervisor still has root's powers.
 *
 * Called by the supervisor only.  Logs what it could not make.
 */
#pragma once

#include "daemon/options.h"
#include "daemon/priv.h"

/*
 * Makes run dir (0755 so that the group can reach the socket in it), state dir
 * (0700) and the bpffs directory's mount; locks the run dir against a second
 * daemon (-EBUSY); binds RUN_DIR/control.sock (0660, group `verigress` where
 * there is one, else 0600).  *RET listens and is the caller's.
 */
int vg_ground_make(const struct vg_options *o, const struct vg_user *user,
		   int *ret_control);
