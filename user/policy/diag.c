/* SPDX-License-Identifier: Apache-2.0 */
#include "policy/diag.h"

#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/utf8.h"

#define MESSAGE_MAX 512
#define WINDOW_MAX  160 /* characters of a long source line that are kept */
#define BEFORE_MAX  100 /* of these, at most so many before the column */

static const char *const severities[] = {
	[VG_DIAG_ERROR] = "error",
	[VG_DIAG_WARNING] = "warning",
};

static void item_free(struct vg_diag *item)
{
	free(item->file);
	free(item->message);
	free(item->hint);
	free(item->source);
}

void vg_diags_freep(struct vg_diags *d)
{
	for (size_t i = 0; i < d->n; i++)
		item_free(&d->items[i]);
	free(d->items);
	*d = (struct vg_diags){0};
}

/* ---- collecting --------------------------------------------------------- */

/* The length of the character at TEXT; of an octet that is none, 1. */
static size_t character(const char *text, size_t size)
{
	uint32_t point;
	const size_t n = vg_utf8_next(text, size, &point);

	return n ? n : 1;
}

/* The octets of the first N characters of TEXT, or all. */
static size_t octets_of(const char *text, size_t size, uint32_t n)
{
	size_t at = 0;

	while (n-- > 0 && at < size)
		at += character(text + at, size - at);
	return at;
}

/* Keep what is around the column of a long line. */
static char *window(const struct vg_place *place, uint32_t *ret_caret)
{
	const char *source = place->source;
	size_t size = place->source_size, skipped = 0;
	uint32_t before = 0;

	if (!source || place->column == 0)
		return NULL;
	if (place->column > BEFORE_MAX)
		before = place->column - BEFORE_MAX;
	skipped = octets_of(source, size, before);
	source += skipped;
	size = octets_of(source, size - skipped, WINDOW_MAX);

	*ret_caret = place->column - before;
	return strndup(source, size);
}

/* Where ITEM belongs: after what is before it in its file. */
static size_t position(const struct vg_diags *d, const struct vg_diag *item)
{
	size_t at = d->n;

	for (size_t i = 0; i < d->n; i++) {
		const struct vg_diag *other = &d->items[i];

		if (strcmp(other->file, item->file) != 0)
			continue;
		if (item->line < other->line ||
		    (item->line == other->line && item->column < other->column))
			return i;
		at = i + 1;
	}
	return at;
}

static bool make_room(struct vg_diags *d, const struct vg_diag *item)
{
	size_t i = d->n;

	if (!d->items)
		d->items = calloc(VG_DIAGS_MAX, sizeof(*d->items));
	if (!d->items)
		return false;
	if (d->n < VG_DIAGS_MAX)
		return true;
	if (item->severity != VG_DIAG_ERROR)
		return false;

	/* Warnings must not crowd out an error. */
	while (i > 0 && d->items[i - 1].severity == VG_DIAG_ERROR)
		i--;
	if (i == 0)
		return false;
	item_free(&d->items[i - 1]);
	d->n--;
	memmove(&d->items[i - 1], &d->items[i], (d->n - i + 1) * sizeof(*item));
	return true;
}

static bool insert(struct vg_diags *d, const struct vg_diag *item)
{
	size_t at;

	if (!item->file || !item->message || !make_room(d, item))
		return false;
	at = position(d, item);
	memmove(&d->items[at + 1], &d->items[at], (d->n - at) * sizeof(*item));
	d->items[at] = *item;
	d->n++;
	return true;
}

void vg_diag_add(struct vg_diags *d, enum vg_diag_severity severity,
		 const struct vg_place *place, const char *hint,
		 const char *format, ...)
{
	char message[MESSAGE_MAX];
	struct vg_diag item = {
		.severity = severity,
		.line = place->line,
		.column = place->column,
	};
	va_list args;

	va_start(args, format);
	(void)vsnprintf(message, sizeof(message), format, args);
	va_end(args);

	if (severity == VG_DIAG_ERROR)
		d->errors++;
	else
		d->warnings++;

	item.file = strdup(place->file);
	item.message = strdup(message);
	item.hint = hint ? strdup(hint) : NULL;
	item.source = window(place, &item.caret);
	if (!insert(d, &item))
		item_free(&item);
}

/* ---- printing ----------------------------------------------------------- */

#define BOLD   "\033[1m"
#define RED    "\033[1;31m"
#define YELLOW "\033[1;33m"
#define GREEN  "\033[1;32m"
#define PLAIN  "\033[0m"

static const char *const severity_colours[] = {
	[VG_DIAG_ERROR] = RED,
	[VG_DIAG_WARNING] = YELLOW,
};

/* Points that take no column, or two; of the others each takes one. */
static const struct {
	uint32_t first, last;
	uint8_t width;
} widths[] = {
	{0x0300, 0x036F, 0}, {0x200B, 0x200D, 0},   {0xFE00, 0xFE0F, 0},
	{0x1100, 0x115F, 2}, {0x2E80, 0xA4CF, 2},   {0xAC00, 0xD7A3, 2},
	{0xF900, 0xFAFF, 2}, {0xFE30, 0xFE6F, 2},   {0xFF00, 0xFF60, 2},
	{0xFFE0, 0xFFE6, 2}, {0x1F300, 0x1FAFF, 2}, {0x20000, 0x3FFFD, 2},
};

static unsigned int width_of(uint32_t point)
{
	for (size_t i = 0; i < VG_ARRAY_LEN(widths); i++)
		if (point >= widths[i].first && point <= widths[i].last)
			return widths[i].width;
	return 1;
}

/*
 * The character at TEXT (SIZE octets are left), safe for a terminal; *RET_PAD
 * is how many blanks are as wide.  Returns its length.
 */
static size_t show(struct vg_buf *out, const char *text, size_t size,
		   unsigned int *ret_pad)
{
	uint32_t point;
	const size_t n = vg_utf8_next(text, size, &point);
	const size_t size_before = out->size;

	if (n > 0 && !vg_utf8_is_control(point)) {
		vg_buf_add(out, text, n);
		*ret_pad = width_of(point);
		return n;
	}
	for (size_t i = 0; i < (n ? n : 1); i++)
		vg_buf_printf(out, "\\x%02X", (unsigned char)text[i]);
	*ret_pad = (unsigned int)(out->size - size_before);
	return n ? n : 1;
}

static void show_all(struct vg_buf *out, const char *text)
{
	size_t left = strlen(text);
	unsigned int pad;

	while (left > 0) {
		const size_t n = show(out, text, left, &pad);

		text += n;
		left -= n;
	}
}

/* A tab stands under a tab, however wide the terminal has it. */
static void pad_under(struct vg_buf *under, char above, unsigned int pad)
{
	if (above == '\t')
		vg_buf_puts(under, "\t");
	else
		vg_buf_printf(under, "%*s", (int)pad, "");
}

/* The source line, and a caret under the column. */
static void print_source(const struct vg_diag *item, bool colour,
			 struct vg_buf *out)
{
	vg_cleanup(vg_buf_freep) struct vg_buf under = {0};
	const char *text = item->source;
	size_t left = strlen(text);

	for (uint32_t column = 1; left > 0; column++) {
		unsigned int pad = 1;
		size_t n = 1;

		if (*text == '\t')
			vg_buf_puts(out, "\t");
		else
			n = show(out, text, left, &pad);
		if (column < item->caret)
			pad_under(&under, *text, pad);
		text += n;
		left -= n;
	}
	vg_buf_printf(out, "\n%s%s^%s\n", vg_buf_text(&under),
		      colour ? GREEN : "", colour ? PLAIN : "");
}

static void print_place(const struct vg_diag *item, struct vg_buf *out)
{
	show_all(out, item->file);
	if (item->line)
		vg_buf_printf(out, ":%u", item->line);
	if (item->line && item->column)
		vg_buf_printf(out, ":%u", item->column);
	vg_buf_puts(out, ":");
}

static void print_line(const struct vg_diag *item, bool colour,
		       struct vg_buf *out)
{
	vg_buf_puts(out, colour ? BOLD : "");
	print_place(item, out);
	vg_buf_printf(out, "%s %s%s:%s ", colour ? PLAIN : "",
		      colour ? severity_colours[item->severity] : "",
		      severities[item->severity], colour ? PLAIN : "");
	show_all(out, item->message);
	if (!item->hint)
		return;
	vg_buf_puts(out, " (");
	show_all(out, item->hint);
	vg_buf_puts(out, ")");
}

void vg_diag_line(const struct vg_diag *d, struct vg_buf *out)
{
	print_line(d, false, out);
}

void vg_diags_print(const struct vg_diags *d, bool colour, struct vg_buf *out)
{
	const size_t all = d->errors + d->warnings;

	for (size_t i = 0; i < d->n; i++) {
		print_line(&d->items[i], colour, out);
		vg_buf_puts(out, "\n");
		if (d->items[i].source)
			print_source(&d->items[i], colour, out);
	}
	if (all > d->n)
		vg_buf_printf(out, "... and %zu more\n", all - d->n);
}

void vg_diags_json(const struct vg_diags *d, struct vg_json *j, const char *key)
{
	vg_json_array(j, key);
	for (size_t i = 0; i < d->n; i++) {
		const struct vg_diag *item = &d->items[i];

		vg_json_object(j, NULL);
		vg_json_string(j, "file", item->file);
		vg_json_uint(j, "line", item->line);
		vg_json_uint(j, "column", item->column);
		vg_json_string(j, "severity", severities[item->severity]);
		vg_json_string(j, "message", item->message);
		if (item->hint)
			vg_json_string(j, "hint", item->hint);
		vg_json_object_end(j);
	}
	vg_json_array_end(j);
}
