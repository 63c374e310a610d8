/* SPDX-License-Identifier: Apache-2.0 */
/*
 * supervisor -- the parent: the few powers that the others must not hold.
 *
 * Starts keeper and verifier, starts them again when they die, and answers the
 * fixed table of requests of powers.h.  It parses nothing from outside: its
 * input is argv, signals, and fixed-size messages of the keeper.  If it dies,
 * the others end (PR_SET_PDEATHSIG), and the init system starts all again.
 */
#pragma once

#include "daemon/options.h"

/* Returns the exit status of the daemon. */
int vg_supervisor_main(const struct vg_options *o);
