/* SPDX-License-Identifier: Apache-2.0 */
#include "events/backlog.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"

struct slot {
	struct vg_line line; /* its texts are in MEMORY */
	char *memory;
	size_t size;
};

struct vg_backlog {
	struct slot slots[VG_BACKLOG_LINES];
	uint32_t first; /* the oldest */
	uint32_t n;
	size_t bytes;
};

int vg_backlog_new(struct vg_backlog **ret)
{
	struct vg_backlog *b;

	b = calloc(1, sizeof(*b));
	if (!b)
		return -ENOMEM;
	*ret = b;
	return 0;
}

static void drop_oldest(struct vg_backlog *b)
{
	struct slot *s = &b->slots[b->first];

	free(s->memory);
	b->bytes -= s->size;
	*s = (struct slot){0};
	b->first = (b->first + 1) % VG_BACKLOG_LINES;
	b->n--;
}

void vg_backlog_freep(struct vg_backlog **b)
{
	if (!*b)
		return;
	while ((*b)->n > 0)
		drop_oldest(*b);
	free(*b);
	*b = NULL;
}

static size_t text_size(const char *text)
{
	return text ? strlen(text) + 1 : 0;
}

/* Copy TEXT to *AT and move *AT behind it. */
static const char *place(char **at, const char *text)
{
	char *const start = *at;
	const size_t size = text_size(text);

	if (!text)
		return NULL;
	memcpy(start, text, size);
	*at += size;
	return start;
}

static int copy(const struct vg_line *line, struct slot *ret)
{
	const size_t size = text_size(line->service) + text_size(line->json) +
			    text_size(line->plain) + text_size(line->colour);
	char *at;

	if (size > VG_BACKLOG_BYTES)
		return -EMSGSIZE;

	at = malloc(size + 1);
	if (!at)
		return -ENOMEM;

	ret->memory = at;
	ret->size = size;
	ret->line.at = line->at;
	ret->line.service = place(&at, line->service);
	ret->line.json = place(&at, line->json);
	ret->line.plain = place(&at, line->plain);
	ret->line.colour = place(&at, line->colour);
	return 0;
}

int vg_backlog_put(struct vg_backlog *b, const struct vg_line *line)
{
	struct slot s;
	int r;

	r = copy(line, &s);
	if (r < 0)
		return r;

	while (b->n == VG_BACKLOG_LINES ||
	       (b->n > 0 && b->bytes + s.size > VG_BACKLOG_BYTES))
		drop_oldest(b);
	b->slots[(b->first + b->n) % VG_BACKLOG_LINES] = s;
	b->bytes += s.size;
	b->n++;
	return 0;
}

static bool wanted(const struct vg_line *line, uint64_t since,
		   const char *service)
{
	if (line->at < since)
		return false;
	return !service ||
	       (line->service && strcmp(line->service, service) == 0);
}

void vg_backlog_walk(const struct vg_backlog *b, uint64_t since,
		     const char *service, vg_backlog_each each, void *ctx)
{
	for (uint32_t i = 0; i < b->n; i++) {
		const struct slot *s =
			&b->slots[(b->first + i) % VG_BACKLOG_LINES];

		if (wanted(&s->line, since, service) && !each(ctx, &s->line))
			return;
	}
}
