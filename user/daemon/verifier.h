/* SPDX-License-Identifier: Apache-2.0 */
/*
 * verifier -- the unprivileged process that parses what strangers send.
 * Executed by the supervisor; its one fd is the channel to the keeper.
 */
#pragma once

#include "daemon/options.h"

/* Returns the exit status; ends when the keeper does. */
int vg_verifier_main(const struct vg_options *o);
