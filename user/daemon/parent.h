/* SPDX-License-Identifier: Apache-2.0 */
/*
 * parent -- the keeper's side of the channel to the supervisor.
 *
 * Requests block until the answer, at most VG_PARENT_WAIT_MS: the supervisor
 * answers at once or is not there.  After one time-out requests fail at once
 * with -ETIMEDOUT until it speaks again, so that a stopped supervisor costs
 * the keeper one pause and not one per event.  What it says unasked goes to
 * the callback, also from within a request.  Does not log.
 */
#pragma once

#include <stddef.h>
#include <sys/types.h>

#include "daemon/powers.h"

#define VG_PARENT_WAIT_MS 1000

struct vg_parent;

/* FD (>= 0) is the callee's to close, or to keep. */
typedef void (*vg_parent_said)(void *ctx, enum vg_power op, int fd);

/* Takes CHANNEL. */
int vg_parent_new(int channel, vg_parent_said said, void *ctx,
		  struct vg_parent **ret);
void vg_parent_freep(struct vg_parent **p);

int vg_parent_fd(const struct vg_parent *p);

/* Read what came unasked.  -ECONNRESET: the supervisor is gone. */
int vg_parent_read(struct vg_parent *p);

/* The executable of PID as a path; -ENOENT and the like when it is gone. */
int vg_parent_exe(struct vg_parent *p, pid_t pid,
		  char ret[static VG_POWER_TEXT]);

/* A NETLINK_SOCK_DIAG socket in the network namespace of PID. */
int vg_parent_diag(struct vg_parent *p, pid_t pid, int *ret_fd);

/* End the verifier; the supervisor starts another and says so. */
int vg_parent_end_verifier(struct vg_parent *p);
