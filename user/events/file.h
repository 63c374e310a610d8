/* SPDX-License-Identifier: Apache-2.0 */
/*
 * file -- the event file: JSON lines, rotated by size, never waited for.
 *
 * FILE grows to MAX_SIZE and becomes FILE.1, FILE.1 becomes FILE.2, and so on;
 * the oldest goes.  A line is written whole or counted as lost: a torn one is
 * cut off again, or ended by a newline before the next, so that one loss
 * never spoils its neighbour.  A file that was moved or removed by others is
 * made anew by the next line.  Called from the event loop only.
 * Does not log: the losses are asked for.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

#define VG_EVENT_FILE_SIZE (16UL << 20)
#define VG_EVENT_FILE_KEEP 4 /* FILE.1 to FILE.4 */

struct vg_event_file;

struct vg_event_file_stats {
	uint64_t written; /* lines */
	uint64_t lost; /* lines */
	int error; /* -errno of the latest loss; 0 since the last success */
};

/*
 * The file PATH (0640, made when absent; never a symbolic link, FIFO or
 * device).  When it cannot be opened now, vg_event_file_stats().error says why,
 * and each line tries again.  -ENAMETOOLONG, -ENOMEM.  MAX_SIZE 0 is
 * VG_EVENT_FILE_SIZE.
 */
int vg_event_file_new(const char *path, uint64_t max_size,
		      struct vg_event_file **ret);
void vg_event_file_freep(struct vg_event_file **f);

/* Append LINE (without newline).  -errno when it was lost (and counted). */
int vg_event_file_put(struct vg_event_file *f, const char *line, size_t size);
struct vg_event_file_stats vg_event_file_stats(const struct vg_event_file *f);
