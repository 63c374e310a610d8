/* SPDX-License-Identifier: Apache-2.0 */
/*
 * lastgood -- a copy of the policy files that are in force.
 *
 * A keeper that is started again must not depend on what an operator is
 * editing at that moment: when the policy directory cannot be read, it goes
 * on with what was in force before (and says so).  Called by the keeper, on
 * directories that only root may write.  Returns 0 or -errno.  Does not log.
 */
#pragma once

#include "policy/diag.h"
#include "policy/model.h"

/*
 * Make STATE_DIR/policy a copy of POLICY_DIR's files, all or nothing: the copy
 * is parsed before it takes the place of the old one.
 */
int vg_lastgood_save(const char *state_dir, const char *policy_dir);

/* -ENOENT when there is none; else as vg_policy_load_dir(). */
int vg_lastgood_load(const char *state_dir, struct vg_policy **ret,
		     struct vg_diags *diags);
