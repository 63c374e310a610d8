/* SPDX-License-Identifier: Apache-2.0 */
/*
 * pins -- the bpffs directory as a directory: making, checking, replacing,
 * clearing.
 *
 * For load.c and attach.c.  The directory belongs to us alone (checked when it
 * is opened), so paths in it cannot be swapped under us.
 * Returns 0 or -errno.  Does not log.
 */
#pragma once

#include <limits.h>
#include <stdbool.h>

/* DIR/NAME; -ENAMETOOLONG. */
int vg_pins_path(char ret[static PATH_MAX], const char *dir, const char *name);

/*
 * Open PATH, which must be a bpffs directory of ours, mode 0700; made when it
 * is not there.  Fills REASON (VG_LOAD_REASON) on an error that needs words.
 */
int vg_pins_open(const char *path, char *reason, int *ret_fd);

int vg_pins_mkdir(int dir_fd, const char *name);

/* No entry in DIR_FD/NAME, or no such directory. */
bool vg_pins_is_empty(int dir_fd, const char *name);

/* Pin FD as DIR/SUB/NAME in place of whatever is there, with no gap. */
int vg_pins_replace(const char *dir, const char *sub, const char *name, int fd);

/* Remove everything below DIR_FD, two levels deep. */
int vg_pins_clear(int dir_fd);
