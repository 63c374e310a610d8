/* SPDX-License-Identifier: Apache-2.0 */
/*
 * sink -- where a record goes: numbered, formatted once, then to the file, the
 * journal, the backlog and whoever watches.
 *
 * A loss in one place changes nothing in the others and is counted by place;
 * vg_sink_tick() makes the `lost` records that tell of it.  Never blocks.
 * Does not log.  Called from the event loop only.
 */
#pragma once

#include <stdint.h>

#include "events/backlog.h"
#include "events/record.h"

struct vg_event_file;
struct vg_journal;
struct vg_sink;

/* Called for each line, for `watch`; LINE is valid during the call. */
typedef void (*vg_sink_line)(void *ctx, const struct vg_line *line);

struct vg_sink_setup {
	struct vg_event_file *file; /* taken; NULL: none */
	struct vg_journal *journal; /* taken; NULL: none */
	const char *host; /* copied; NULL: absent */
	const char *boot_id; /* copied; NULL: absent */
	vg_sink_line on_line; /* NULL: nobody watches */
	void *ctx;
};

/* On failure the file and the journal stay the caller's. */
int vg_sink_new(const struct vg_sink_setup *setup, struct vg_sink **ret);
void vg_sink_freep(struct vg_sink **s);

/*
 * Put R at NOW (our time): fills its ts, seq, host and boot_id.  0, or -errno
 * when it could not even be formatted (counted as lost in "memory").
 */
int vg_sink_put(struct vg_sink *s, struct vg_record *r, uint64_t now);

/*
 * Once a second: emits a `lost` record for each place that lost lines since
 * the last call (it may get lost itself, and is then told by the next).
 */
void vg_sink_tick(struct vg_sink *s, uint64_t now);

const struct vg_backlog *vg_sink_backlog(const struct vg_sink *s);

enum vg_sink_place {
	VG_SINK_FILE = 0,
	VG_SINK_JOURNAL,
	VG_SINK_MEMORY,
	VG_SINK_PLACES,
};
const char *vg_sink_place_name(enum vg_sink_place p); /* "file" ... */
uint64_t vg_sink_lost(const struct vg_sink *s, enum vg_sink_place p);
uint64_t vg_sink_seq(const struct vg_sink *s);
/* How many records of kind K went in: for verigress_events_total. */
uint64_t vg_sink_count(const struct vg_sink *s, enum vg_record_kind k);
/* -errno of the event file's latest loss, 0 when it works (or none is kept). */
int vg_sink_file_error(const struct vg_sink *s);
