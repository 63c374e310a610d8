/* SPDX-License-Identifier: Apache-2.0 */
/*
 * diag -- what is wrong with a policy, and where.
 *
 * Filled by the parsers, printed by `check`, the keeper's reload and the log.
 * Keeps its own copy of every text; bounded: beyond VG_DIAGS_MAX only the
 * counts go on.  Texts may hold what strangers wrote; the printers escape it.
 * Pure.  Does not log.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/json.h"

#define VG_DIAGS_MAX 200

enum vg_diag_severity { VG_DIAG_ERROR = 0, VG_DIAG_WARNING };

/* Where: line and column count from 1, columns in characters; 0 is unknown. */
struct vg_place {
	const char *file;
	uint32_t line;
	uint32_t column;
	const char *source; /* the line itself, without its end; may be NULL */
	size_t source_size;
};

struct vg_diag {
	enum vg_diag_severity severity;
	char *file;
	uint32_t line;
	uint32_t column;
	char *message;
	char *hint; /* NULL: none */
	char *source; /* NULL: unknown; of a long line what is near */
	uint32_t caret; /* column of the place in SOURCE */
};

/* {} is a valid empty list. */
struct vg_diags {
	struct vg_diag *items;
	size_t n;
	size_t errors; /* all, kept or not */
	size_t warnings; /* all, kept or not */
};

/* Frees what it holds and makes it empty again (for vg_cleanup). */
void vg_diags_freep(struct vg_diags *d);

/*
 * HINT (NULL: none) is printed after the message, in parentheses.  Counted
 * even when memory is short: an error never disappears.
 */
__attribute__((format(printf, 5, 6))) void
vg_diag_add(struct vg_diags *d, enum vg_diag_severity severity,
	    const struct vg_place *place, const char *hint, const char *format,
	    ...);

/*
 * As a compiler does, in the order of file, line and column:
 *   billing.yaml:12:9: error: unknown key 'prots' (did you mean 'ports'?)
 *           prots: [443/tcp]
 *           ^
 */
void vg_diags_print(const struct vg_diags *d, bool colour, struct vg_buf *out);

/* The first line of the above for one diagnostic, without colour or newline. */
void vg_diag_line(const struct vg_diag *d, struct vg_buf *out);

/* An array of {file,line,column,severity,message,hint}. */
void vg_diags_json(const struct vg_diags *d, struct vg_json *j,
		   const char *key);
