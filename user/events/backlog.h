/* SPDX-License-Identifier: Apache-2.0 */
/*
 * backlog -- the last lines, in memory, for `watch --since` and `run`.
 *
 * Bounded by VG_BACKLOG_LINES lines and VG_BACKLOG_BYTES octets; the oldest
 * goes.  Pure: the time is given.  Does not log.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#define VG_BACKLOG_LINES 1000
#define VG_BACKLOG_BYTES (4UL << 20)

struct vg_backlog;

/* One event, in both forms; service is NULL for those of no service. */
struct vg_line {
	uint64_t at; /* ns of our time */
	const char *service;
	const char *json;
	const char *plain; /* for people */
	const char *colour; /* for people at a terminal */
};

int vg_backlog_new(struct vg_backlog **ret);
void vg_backlog_freep(struct vg_backlog **b);

/* Copies LINE.  -ENOMEM, -EMSGSIZE when it alone is too long. */
int vg_backlog_put(struct vg_backlog *b, const struct vg_line *line);

/* Call EACH for lines not older than SINCE, oldest first; it returns false to
 * stop.  SERVICE NULL: all. */
typedef bool (*vg_backlog_each)(void *ctx, const struct vg_line *line);
void vg_backlog_walk(const struct vg_backlog *b, uint64_t since,
		     const char *service, vg_backlog_each each, void *ctx);
