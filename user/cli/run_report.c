/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/run_report.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/json.h"
#include "base/num.h"

struct line {
	char *json;
	char *why; /* for people; NULL without */
	size_t first; /* the first line that says the same; itself if none */
	uint64_t sum; /* of the counts of all that say what this one does */
};

struct vg_run_report {
	struct line lines[VG_RUN_LINES];
	size_t n;
	uint64_t omitted;
	uint64_t denials;
	uint64_t lost;
	struct vg_buf partial; /* a line that has not ended */
};

int vg_run_report_new(struct vg_run_report **ret)
{
	struct vg_run_report *r;

	r = calloc(1, sizeof(*r));
	if (!r)
		return -ENOMEM;
	r->partial.max = VG_RUN_LINE;

	*ret = r;
	return 0;
}

void vg_run_report_freep(struct vg_run_report **r)
{
	if (*r) {
		for (size_t i = 0; i < (*r)->n; i++) {
			free((*r)->lines[i].json);
			free((*r)->lines[i].why);
		}
		vg_buf_freep(&(*r)->partial);
	}
	free(*r);
	*r = NULL;
}

/* ---- one line ------------------------------------------------------------ */

/* P is at an opening quote; the closing one, or NULL. */
static const char *string_end(const char *p)
{
	for (p++; *p && *p != '"'; p++)
		if (*p == '\\' && p[1])
			p++;
	return *p ? p : NULL;
}

/* The value of KEY at the top level of the object LINE; NULL without. */
static const char *member(const char *line, const char *key)
{
	const size_t n = strlen(key);
	int depth = 0;

	for (const char *p = line; *p; p++) {
		const char *start = p;

		if (*p == '{' || *p == '[')
			depth++;
		if (*p == '}' || *p == ']')
			depth--;
		if (*p != '"')
			continue;
		p = string_end(start);
		if (!p)
			return NULL;
		/* What a colon follows is a key. */
		if (depth == 1 && p[1] == ':' && (size_t)(p - start) == n + 1 &&
		    memcmp(start + 1, key, n) == 0)
			return p + 2;
	}
	return NULL;
}

static bool is(const char *value, const char *text)
{
	const size_t n = strlen(text);

	return value && value[0] == '"' && strncmp(value + 1, text, n) == 0 &&
	       value[n + 1] == '"';
}

static uint64_t number(const char *value, uint64_t without)
{
	char digits[21];
	uint64_t n;
	size_t size;

	if (!value)
		return without;
	size = strspn(value, "0123456789");
	if (size >= sizeof(digits))
		return without;
	memcpy(digits, value, size);
	digits[size] = '\0';
	return vg_num_u64(digits, 0, UINT64_MAX, &n) < 0 ? without : n;
}

/* The string VALUE for a terminal: `why` is ASCII that is escaped already. */
static char *text_of(const char *value)
{
	const char *end = value && *value == '"' ? string_end(value) : NULL;
	char *text, *to;

	if (!end)
		return NULL;
	text = to = malloc((size_t)(end - value));
	if (!text)
		return NULL;
	for (const char *p = value + 1; p < end; p++) {
		if (*p == '\\' && (p[1] == '"' || p[1] == '\\'))
			p++;
		*to++ = *p >= ' ' && *p <= '~' ? *p : '?';
	}
	*to = '\0';
	return text;
}

static size_t first_like(const struct vg_run_report *r, const char *why)
{
	size_t i = 0;

	while (i < r->n &&
	       (!why || !r->lines[i].why || strcmp(why, r->lines[i].why) != 0))
		i++;
	return i;
}

static void keep(struct vg_run_report *r, const char *json, uint64_t count)
{
	vg_cleanup(vg_freep) char *copy = NULL;
	struct line *l;

	if (r->n < VG_RUN_LINES)
		copy = strdup(json);
	if (!copy) {
		r->omitted++;
		return;
	}
	l = &r->lines[r->n];
	l->why = text_of(member(json, "why"));
	l->first = first_like(r, l->why);
	l->json = VG_TAKE_PTR(copy);
	r->lines[l->first].sum += count;
	r->n++;
}

static void take_line(struct vg_run_report *r, const char *json)
{
	const char *event = member(json, "event");
	uint64_t count = number(member(json, "count"), 1);

	if (is(event, "lost")) {
		r->lost += count;
		return;
	}
	if (!is(event, "deny") && !is(event, "would_deny"))
		return;
	r->denials += count;
	keep(r, json, count);
}

/* ---- feeding ------------------------------------------------------------- */

static void end_line(struct vg_run_report *r)
{
	if (vg_buf_error(&r->partial) < 0)
		r->lost++;
	else if (r->partial.size > 0)
		take_line(r, vg_buf_text(&r->partial));
	vg_buf_clear(&r->partial);
}

void vg_run_report_feed(struct vg_run_report *r, const char *data, size_t size)
{
	const char *end;
	size_t n;

	while (size > 0) {
		end = memchr(data, '\n', size);
		n = end ? (size_t)(end - data) : size;
		vg_buf_add(&r->partial, data, n);
		if (!end)
			return;
		end_line(r);
		data += n + 1;
		size -= n + 1;
	}
}

void vg_run_report_missed(struct vg_run_report *r, uint64_t n)
{
	r->lost += n;
}

uint64_t vg_run_report_denials(const struct vg_run_report *r)
{
	return r->denials;
}

uint64_t vg_run_report_lost(const struct vg_run_report *r)
{
	return r->lost;
}

/* ---- the end ------------------------------------------------------------- */

static void put_line(const struct line *l, struct vg_buf *out)
{
	vg_buf_printf(out, "verigress run: %s", l->why ? l->why : "refused");
	if (l->sum > 1)
		vg_buf_printf(out, " (%" PRIu64 " times)", l->sum);
	vg_buf_puts(out, "\n");
}

void vg_run_report_text(const struct vg_run_report *r, struct vg_buf *out)
{
	for (size_t i = 0; i < r->n; i++)
		if (r->lines[i].first == i)
			put_line(&r->lines[i], out);
	if (r->omitted > 0)
		vg_buf_printf(out,
			      "verigress run: and %" PRIu64 " lines more\n",
			      r->omitted);
	if (r->lost > 0)
		vg_buf_printf(out,
			      "verigress run: %" PRIu64 " events were lost\n",
			      r->lost);
	if (r->denials > 0)
		vg_buf_printf(out, "verigress run: %" PRIu64 " denial%s\n",
			      r->denials, r->denials == 1 ? "" : "s");
}

void vg_run_report_json(const struct vg_run_report *r, const char *service,
			int status, struct vg_buf *out)
{
	struct vg_json j;

	vg_json_begin(&j, out);
	vg_json_object(&j, NULL);
	vg_json_uint(&j, "v", 1);
	vg_json_string(&j, "service", service);
	vg_json_uint(&j, "status", (uint64_t)status);
	vg_json_uint(&j, "denials", r->denials);
	vg_json_uint(&j, "lost", r->lost);
	vg_json_uint(&j, "omitted", r->omitted);
	vg_json_array(&j, "events");
	/* Objects as they came: the emitter puts no comma of its own here. */
	for (size_t i = 0; i < r->n; i++)
		vg_buf_printf(out, "%s%s", i > 0 ? "," : "", r->lines[i].json);
	vg_json_array_end(&j);
	vg_json_object_end(&j);
	vg_buf_puts(out, "\n");
}
