/* SPDX-License-Identifier: Apache-2.0 */
/*
 * decode -- octets of the ring -> a checked struct vg_event; and what was
 * lost on the way.
 *
 * Nothing of a record is believed before vg_event_decode() returned 0: later
 * code indexes tables with layer and reason.  Pure.  Does not log.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "verigress/abi.h"

/*
 * Copy the record of SIZE octets into *RET.  -EPROTO: another version;
 * -EBADMSG: wrong size, a value outside its list, a dirty pad, or a field
 * that this kind of record does not have; *RET is then untouched.
 * COMM is NUL-terminated and zero after the NUL.
 */
int vg_event_decode(const void *data, size_t size, struct vg_event *ret);

/*
 * The losses of each CPU.  The kernel writes into each record how many denials
 * were lost on its CPU before; a task that was interrupted between number and
 * record makes records of one CPU come out of order, which is no loss (that is
 * why gaps of seq, where lost flow ends leave theirs too, are not counted).
 * What is lost after the last record is seen in the map `cpus` only.
 * CPUs from VG_TRACK_CPUS upward are refused by -ERANGE.
 */
#define VG_TRACK_CPUS 1024

struct vg_track;

/* FRESH: the maps are new, nothing was lost before.  Otherwise (adopted after
 * a restart) the first record of each CPU is where counting begins. */
int vg_track_new(bool fresh, struct vg_track **ret);
void vg_track_freep(struct vg_track **t);

/* *RET: how many records this one shows to be lost that no earlier one did. */
int vg_track_put(struct vg_track *t, const struct vg_event *e, uint64_t *ret);
/* The sum of all that vg_track_put() told. */
uint64_t vg_track_lost(const struct vg_track *t);
