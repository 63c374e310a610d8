/* SPDX-License-Identifier: Apache-2.0 */
/* Places in a text, and what a text must be before anything parses it. */
#include "policy/source.h"

#include <errno.h>
#include <string.h>

#include "base/utf8.h"

/* The length of the line break at AT, or 0. */
static size_t break_at(const struct vg_source *s, size_t at)
{
	if (s->text[at] == '\n')
		return 1;
	if (s->text[at] != '\r')
		return 0;
	return at + 1 < s->size && s->text[at + 1] == '\n' ? 2 : 1;
}

/* The end of the line that begins at AT: its break, or the end of the text. */
static size_t line_end(const struct vg_source *s, size_t at)
{
	while (at < s->size && !break_at(s, at))
		at++;
	return at;
}

size_t vg_source_begin(const struct vg_source *source)
{
	static const char mark[] = "\xEF\xBB\xBF";
	const size_t n = sizeof(mark) - 1;

	return source->size >= n && memcmp(source->text, mark, n) == 0 ? n : 0;
}

struct vg_place vg_source_place(const struct vg_source *source,
				const struct vg_diags *diags, uint32_t line,
				uint32_t column)
{
	struct vg_place place = {
		.file = source->name,
		.line = line,
		.column = column,
	};
	size_t at = vg_source_begin(source);

	if (diags->n >= VG_DIAGS_MAX)
		return place;
	for (uint32_t i = 1; i < line; i++) {
		at = line_end(source, at);
		if (at == source->size)
			return place;
		at += break_at(source, at);
	}
	place.source = source->text + at;
	place.source_size = line_end(source, at) - at;
	return place;
}

/* ---- the text itself ---------------------------------------------------- */

struct cursor {
	size_t at;
	uint32_t line, column;
};

static void error_at(const struct vg_source *source, const struct cursor *c,
		     struct vg_diags *diags, const char *message)
{
	const struct vg_place place =
		vg_source_place(source, diags, c->line, c->column);

	vg_diag_add(diags, VG_DIAG_ERROR, &place, NULL, "%s", message);
}

/* NULL when the character at the cursor may stand in a policy. */
static const char *character_error(const struct vg_source *source, size_t at,
				   size_t *ret_size)
{
	uint32_t point;
	const size_t n =
		vg_utf8_next(source->text + at, source->size - at, &point);

	*ret_size = n;
	if (n == 0)
		return "not UTF-8";
	if (point == 0)
		return "NUL in the text";
	if (point == '\t')
		return NULL;
	if (point == 0xFEFF)
		return "byte order mark inside the text";
	return vg_utf8_is_control(point) ? "control character in the text"
					 : NULL;
}

int vg_source_check(const struct vg_source *source, struct vg_diags *diags)
{
	struct cursor c = {
		.at = vg_source_begin(source),
		.line = 1,
		.column = 1,
	};
	const struct vg_place whole = {.file = source->name};

	if (source->size > VG_SOURCE_MAX) {
		vg_diag_add(diags, VG_DIAG_ERROR, &whole, NULL,
			    "larger than %lu octets", VG_SOURCE_MAX);
		return -EINVAL;
	}

	while (c.at < source->size) {
		size_t n = break_at(source, c.at);
		const char *error;

		if (n > 0) {
			c.line++;
			c.column = 1;
			c.at += n;
			continue;
		}
		error = character_error(source, c.at, &n);
		if (error) {
			error_at(source, &c, diags, error);
			return -EINVAL;
		}
		c.column++;
		c.at += n;
	}
	return 0;
}
