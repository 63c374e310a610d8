/* SPDX-License-Identifier: Apache-2.0 */
/*
 * nearest -- "did you mean": the word of a list that is fewest edits away.
 *
 * Pure.  Does not log.
 */
#pragma once

#include <stddef.h>

/* At most two edits away, and less than half of the word; NULL: none is. */
const char *vg_nearest(const char *text, const char *const *words, size_t n);
