/* SPDX-License-Identifier: Apache-2.0 */
#include "base/json.h"

#include <assert.h>
#include <string.h>

#include "base/utf8.h"

#define DEPTH_MAX   16
#define REPLACEMENT "\xEF\xBF\xBD" /* U+FFFD */

void vg_json_begin(struct vg_json *j, struct vg_buf *out)
{
	*j = (struct vg_json){.out = out};
}

static void text(struct vg_json *j, const char *value)
{
	size_t left = strlen(value);

	vg_buf_puts(j->out, "\"");
	while (left > 0) {
		uint32_t point;
		const size_t n = vg_utf8_next(value, left, &point);

		if (n == 0)
			vg_buf_puts(j->out, REPLACEMENT);
		else if (point == '"' || point == '\\')
			vg_buf_printf(j->out, "\\%c", (char)point);
		else if (vg_utf8_is_control(point))
			vg_buf_printf(j->out, "\\u%04x", point);
		else
			vg_buf_add(j->out, value, n);
		value += n ? n : 1;
		left -= n ? n : 1;
	}
	vg_buf_puts(j->out, "\"");
}

/* The comma before this element, if it is not the first, and its key. */
static void element(struct vg_json *j, const char *key)
{
	if (j->comma[j->depth])
		vg_buf_puts(j->out, ",");
	j->comma[j->depth] = true;
	if (!key)
		return;
	text(j, key);
	vg_buf_puts(j->out, ":");
}

static void open(struct vg_json *j, const char *key, const char *bracket)
{
	assert(j->depth < DEPTH_MAX);
	element(j, key);
	vg_buf_puts(j->out, bracket);
	j->depth++;
	j->comma[j->depth] = false;
}

static void end(struct vg_json *j, const char *bracket)
{
	assert(j->depth > 0);
	j->depth--;
	vg_buf_puts(j->out, bracket);
}

void vg_json_object(struct vg_json *j, const char *key)
{
	open(j, key, "{");
}

void vg_json_object_end(struct vg_json *j)
{
	end(j, "}");
}

void vg_json_array(struct vg_json *j, const char *key)
{
	open(j, key, "[");
}

void vg_json_array_end(struct vg_json *j)
{
	end(j, "]");
}

void vg_json_string(struct vg_json *j, const char *key, const char *value)
{
	element(j, key);
	text(j, value);
}

void vg_json_uint(struct vg_json *j, const char *key, uint64_t value)
{
	element(j, key);
	vg_buf_printf(j->out, "%llu", (unsigned long long)value);
}

void vg_json_bool(struct vg_json *j, const char *key, bool value)
{
	element(j, key);
	vg_buf_puts(j->out, value ? "true" : "false");
}
