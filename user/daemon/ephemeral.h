/* SPDX-License-Identifier: Apache-2.0 */
/*
 * ephemeral -- the end of the daemon of one `verigress run`, and of every trace
 * of it.
 *
 * Called by the keeper, which is the last one that knows all of them: `run` may
 * have been killed long before.  Does nothing without --ephemeral.  Logs.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

struct vg_keeper;

/* Once a second: the cgroup was used and is empty, and nobody is connected. */
bool vg_ephemeral_over(struct vg_keeper *k, uint64_t now);

/* Asked to stop: is it over, because nobody is in the cgroup? */
bool vg_ephemeral_unused(struct vg_keeper *k);

/*
 * After either: the pins, and the directory of `run` with all that is in it.
 * The cgroup is gone already: its removal is what proved that it was empty, so
 * that nothing confined can be let out.
 */
void vg_ephemeral_wipe(struct vg_keeper *k);
