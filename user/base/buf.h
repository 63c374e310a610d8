/* SPDX-License-Identifier: Apache-2.0 */
/*
 * buf -- a growing, bounded buffer of octets; text, JSON and messages are
 * made in it.
 *
 * A failure (memory, or more than MAX octets) sticks: later calls do nothing,
 * and vg_buf_error() tells at the end.  So writers need no checks in between.
 * DATA is always NUL-terminated.  Does not log.
 */
#pragma once

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct vg_buf {
	char *data; /* NULL while empty */
	size_t size;
	size_t capacity;
	size_t max; /* 0: VG_BUF_MAX */
	int error; /* 0, -ENOMEM or -EMSGSIZE */
};
#define VG_BUF_MAX (64UL << 20)

/* Frees what it holds and makes it empty again; {} is a valid empty buffer. */
void vg_buf_freep(struct vg_buf *b);
/* Keeps the memory, drops the content and the error. */
void vg_buf_clear(struct vg_buf *b);

void vg_buf_add(struct vg_buf *b, const void *data, size_t size);
void vg_buf_puts(struct vg_buf *b, const char *text);
__attribute__((format(printf, 2, 3))) void
vg_buf_printf(struct vg_buf *b, const char *format, ...);

/* "" instead of NULL when empty. */
const char *vg_buf_text(const struct vg_buf *b);
int vg_buf_error(const struct vg_buf *b);

/*
 * TEXT as strangers may have written it, made safe for a terminal: octets
 * outside printable ASCII become \xHH, a backslash \\.
 */
void vg_buf_escaped(struct vg_buf *b, const char *text);
