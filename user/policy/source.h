/* SPDX-License-Identifier: Apache-2.0 */
/*
 * source -- the text of a file before it is parsed, and places in it.
 *
 * Internal to policy/.  Pure.  Does not log.
 */
#pragma once

#include <stdint.h>

#include "policy/diag.h"
#include "policy/parse.h"

/* Where the text begins: behind a byte order mark, which counts as nothing. */
size_t vg_source_begin(const struct vg_source *source);

/*
 * The place LINE:COLUMN of SOURCE, with its line (they end in LF, CR or CRLF)
 * unless DIAGS is full: finding it costs a walk through the text, and there
 * may be an error at every octet.
 */
struct vg_place vg_source_place(const struct vg_source *source,
				const struct vg_diags *diags, uint32_t line,
				uint32_t column);

/*
 * -EINVAL, and the first error in DIAGS, unless SOURCE is UTF-8 of at most
 * VG_SOURCE_MAX octets without NUL and without control characters (also those
 * that reorder what is seen).
 */
int vg_source_check(const struct vg_source *source, struct vg_diags *diags);
