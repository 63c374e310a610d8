/* SPDX-License-Identifier: Apache-2.0 */
/*
 * utf8 -- one code point after another, strictly (RFC 3629).
 *
 * Overlong forms, surrogates and what is above U+10FFFF are not UTF-8.
 * Pure.  Does not log.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * The code point at TEXT, of which SIZE octets may be read.  Returns its
 * length, 1 to 4; 0 when it is none, or when SIZE is 0 (*RET is then unset).
 */
size_t vg_utf8_next(const char *text, size_t size, uint32_t *ret);

/* C0, DEL, C1, and the marks that reorder or break lines (U+2028, bidi). */
bool vg_utf8_is_control(uint32_t point);
