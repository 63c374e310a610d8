/* SPDX-License-Identifier: Apache-2.0 */
/*
 * load -- policy files from disk; the one impure file of policy/.
 *
 * What cannot be opened or must not be trusted is an error in DIAGS, like any
 * other.  With STRICT_OWNER a file, and the directory it is taken from, must
 * belong to root (or to the caller, when that is not root) and be writable by
 * nobody else; a symlink is followed, and what it leads to is judged.
 * All return as vg_policy_parse() does.  Does not log.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "policy/diag.h"
#include "policy/model.h"

#define VG_LOAD_FILES_MAX 4096

/* Every *.yaml of DIR (not below it, not hidden), sorted by name. */
int vg_policy_load_dir(const char *dir, bool strict_owner,
		       struct vg_policy **ret, struct vg_diags *diags);

int vg_policy_load_file(const char *path, bool strict_owner,
			struct vg_policy **ret, struct vg_diags *diags);

/* Files and directories together make one policy, in the order given. */
int vg_policy_load_paths(const char *const *paths, size_t n, bool strict_owner,
			 struct vg_policy **ret, struct vg_diags *diags);

/*
 * The daemon's file.  MUST_EXIST is for a path that somebody named; otherwise
 * its absence means the defaults.
 */
int vg_config_load(const char *path, bool must_exist, bool strict_owner,
		   struct vg_config **ret, struct vg_diags *diags);
