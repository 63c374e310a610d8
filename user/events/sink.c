/* SPDX-License-Identifier: Apache-2.0 */
#include "events/sink.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "events/file.h"
#include "events/format.h"
#include "events/journal.h"

#define LINE_MAX_OCTETS (32U << 10)

/* Losses of one place, and what was told of them. */
struct place {
	uint64_t lost;
	uint64_t told;
	bool failing; /* the latest line was lost */
	bool announced; /* and that was said; silent until it works again */
};

struct vg_sink {
	struct vg_event_file *file;
	struct vg_journal *journal;
	struct vg_backlog *backlog;
	char *host;
	char *boot_id;
	vg_sink_line on_line;
	void *ctx;
	uint64_t seq;
	uint64_t counts[VG_RECORD_COUNT];
	struct place places[VG_SINK_PLACES];
	struct vg_buf json, plain, colour;
};

static const char *const place_names[VG_SINK_PLACES] = {
	[VG_SINK_FILE] = "file",
	[VG_SINK_JOURNAL] = "journal",
	[VG_SINK_MEMORY] = "memory",
};

/* As in syslog(3): what a person should look at is a warning or worse. */
static const int priorities[VG_RECORD_COUNT] = {
	[VG_RECORD_DENY] = 4,	     [VG_RECORD_WOULD_DENY] = 5,
	[VG_RECORD_FLOW_END] = 7,    [VG_RECORD_LEASE_SET] = 6,
	[VG_RECORD_LEASE_END] = 6,   [VG_RECORD_FINDING] = 4,
	[VG_RECORD_POLICY_LOAD] = 5, [VG_RECORD_POLICY_ERROR] = 3,
	[VG_RECORD_DEGRADED] = 2,    [VG_RECORD_RECOVERED] = 5,
	[VG_RECORD_LOST] = 3,	     [VG_RECORD_TAGGED_LATE] = 4,
};

static int copy_text(const char *text, char **ret)
{
	if (!text)
		return 0;
	*ret = strdup(text);
	return *ret ? 0 : -ENOMEM;
}

static int fill(struct vg_sink *s, const struct vg_sink_setup *setup)
{
	int r;

	r = copy_text(setup->host, &s->host);
	if (r < 0)
		return r;
	r = copy_text(setup->boot_id, &s->boot_id);
	if (r < 0)
		return r;
	return vg_backlog_new(&s->backlog);
}

int vg_sink_new(const struct vg_sink_setup *setup, struct vg_sink **ret)
{
	vg_cleanup(vg_sink_freep) struct vg_sink *s = NULL;
	int r;

	s = calloc(1, sizeof(*s));
	if (!s)
		return -ENOMEM;

	s->json.max = LINE_MAX_OCTETS;
	s->plain.max = LINE_MAX_OCTETS;
	s->colour.max = LINE_MAX_OCTETS;
	s->on_line = setup->on_line;
	s->ctx = setup->ctx;
	r = fill(s, setup);
	if (r < 0)
		return r;

	s->file = setup->file;
	s->journal = setup->journal;
	*ret = VG_TAKE_PTR(s);
	return 0;
}

void vg_sink_freep(struct vg_sink **s)
{
	if (!*s)
		return;
	vg_event_file_freep(&(*s)->file);
	vg_journal_freep(&(*s)->journal);
	vg_backlog_freep(&(*s)->backlog);
	free((*s)->host);
	free((*s)->boot_id);
	vg_buf_freep(&(*s)->json);
	vg_buf_freep(&(*s)->plain);
	vg_buf_freep(&(*s)->colour);
	free(*s);
	*s = NULL;
}

static void note(struct vg_sink *s, enum vg_sink_place p, int r)
{
	struct place *place = &s->places[p];

	place->failing = r < 0;
	if (r < 0)
		place->lost++;
	else
		place->announced = false;
}

static int format(struct vg_sink *s, const struct vg_record *r)
{
	vg_buf_clear(&s->json);
	vg_buf_clear(&s->plain);
	vg_buf_clear(&s->colour);
	vg_format_json(&s->json, r);
	vg_format_human(&s->plain, r, false);
	vg_format_human(&s->colour, r, true);
	if (vg_buf_error(&s->json) < 0)
		return vg_buf_error(&s->json);
	if (vg_buf_error(&s->plain) < 0)
		return vg_buf_error(&s->plain);
	return vg_buf_error(&s->colour);
}

static void put_journal(struct vg_sink *s, const struct vg_record *r)
{
	const bool known = r->has & VG_HAS_REASON;
	const struct vg_journal_field fields[VG_JOURNAL_FIELDS] = {
		{"VERIGRESS_EVENT", vg_record_kind_name(r->kind)},
		{"VERIGRESS_SERVICE", r->service},
		{"VERIGRESS_REASON", known ? vg_reason_name(r->reason) : NULL},
		{"VERIGRESS_ENDPOINT", r->endpoint},
		{"VERIGRESS_FINDING", r->finding_id},
		{"VERIGRESS_JSON", vg_buf_text(&s->json)},
	};

	note(s, VG_SINK_JOURNAL,
	     vg_journal_put(s->journal, priorities[r->kind],
			    vg_buf_text(&s->plain), fields));
}

static void distribute(struct vg_sink *s, const struct vg_record *r,
		       uint64_t now)
{
	const struct vg_line line = {
		.at = now,
		.service = r->service,
		.json = vg_buf_text(&s->json),
		.plain = vg_buf_text(&s->plain),
		.colour = vg_buf_text(&s->colour),
	};

	if (s->file)
		note(s, VG_SINK_FILE,
		     vg_event_file_put(s->file, line.json, s->json.size));
	if (s->journal)
		put_journal(s, r);
	note(s, VG_SINK_MEMORY, vg_backlog_put(s->backlog, &line));
	if (s->on_line)
		s->on_line(s->ctx, &line);
}

int vg_sink_put(struct vg_sink *s, struct vg_record *r, uint64_t now)
{
	int error;

	if (r->kind >= VG_RECORD_COUNT)
		return -EINVAL;

	vg_clock_text(now, r->ts);
	r->seq = ++s->seq;
	r->host = s->host;
	r->boot_id = s->boot_id;
	s->counts[r->kind]++;
	error = format(s, r);
	if (error < 0) {
		note(s, VG_SINK_MEMORY, error);
		return error;
	}
	distribute(s, r, now);
	return 0;
}

/*
 * A disk that is full is told once; while it stays full the record of it would
 * be the next loss, for ever.
 */
static void tell(struct vg_sink *s, enum vg_sink_place p, uint64_t now)
{
	struct place *place = &s->places[p];
	struct vg_record r = {
		.kind = VG_RECORD_LOST,
		.count = place->lost - place->told,
		.subject = place_names[p],
	};

	if (r.count == 0 || (place->failing && place->announced))
		return;
	place->told = place->lost;
	place->announced = place->failing;
	(void)vg_sink_put(s, &r, now); /* its own loss is counted */
}

void vg_sink_tick(struct vg_sink *s, uint64_t now)
{
	for (int p = 0; p < VG_SINK_PLACES; p++)
		tell(s, (enum vg_sink_place)p, now);
}

const struct vg_backlog *vg_sink_backlog(const struct vg_sink *s)
{
	return s->backlog;
}

const char *vg_sink_place_name(enum vg_sink_place p)
{
	return p < VG_SINK_PLACES ? place_names[p] : "?";
}

uint64_t vg_sink_lost(const struct vg_sink *s, enum vg_sink_place p)
{
	return s->places[p].lost;
}

uint64_t vg_sink_seq(const struct vg_sink *s)
{
	return s->seq;
}

uint64_t vg_sink_count(const struct vg_sink *s, enum vg_record_kind k)
{
	return s->counts[k];
}

int vg_sink_file_error(const struct vg_sink *s)
{
	return s->file ? vg_event_file_stats(s->file).error : 0;
}
