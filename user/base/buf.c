/* SPDX-License-Identifier: Apache-2.0 */
#include "base/buf.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define FIRST_CAPACITY 256

void vg_buf_freep(struct vg_buf *b)
{
	free(b->data);
	*b = (struct vg_buf){.max = b->max};
}

void vg_buf_clear(struct vg_buf *b)
{
	b->size = 0;
	b->error = 0;
	if (b->data)
		b->data[0] = '\0';
}

/* Room for MORE octets and the NUL. */
static bool reserve(struct vg_buf *b, size_t more)
{
	const size_t max = b->max ? b->max : VG_BUF_MAX;
	size_t capacity = b->capacity ? b->capacity : FIRST_CAPACITY;
	char *data;

	if (b->error)
		return false;
	if (more > max || b->size > max - more) {
		b->error = -EMSGSIZE;
		return false;
	}
	if (b->size + more < b->capacity)
		return true;

	while (capacity <= b->size + more)
		capacity *= 2;
	data = realloc(b->data, capacity);
	if (!data) {
		b->error = -ENOMEM;
		return false;
	}
	b->data = data;
	b->capacity = capacity;
	return true;
}

void vg_buf_add(struct vg_buf *b, const void *data, size_t size)
{
	if (!reserve(b, size))
		return;
	if (size)
		memcpy(b->data + b->size, data, size);
	b->size += size;
	b->data[b->size] = '\0';
}

void vg_buf_puts(struct vg_buf *b, const char *text)
{
	vg_buf_add(b, text, strlen(text));
}

void vg_buf_printf(struct vg_buf *b, const char *format, ...)
{
	va_list args, again;
	int n;

	va_start(args, format);
	va_copy(again, args);
	n = vsnprintf(NULL, 0, format, args);
	va_end(args);

	if (n < 0 && !b->error)
		b->error = -EMSGSIZE;
	if (n >= 0 && reserve(b, (size_t)n)) {
		(void)vsnprintf(b->data + b->size, (size_t)n + 1, format,
				again);
		b->size += (size_t)n;
	}
	va_end(again);
}

const char *vg_buf_text(const struct vg_buf *b)
{
	return b->data ? b->data : "";
}

int vg_buf_error(const struct vg_buf *b)
{
	return b->error;
}

void vg_buf_escaped(struct vg_buf *b, const char *text)
{
	for (const char *c = text; *c; c++) {
		const unsigned char octet = (unsigned char)*c;

		if (octet == '\\')
			vg_buf_puts(b, "\\\\");
		else if (octet >= ' ' && octet <= '~')
			vg_buf_add(b, c, 1);
		else
			vg_buf_printf(b, "\\x%02X", octet);
	}
}
