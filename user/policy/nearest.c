/* SPDX-License-Identifier: Apache-2.0 */
#include "policy/nearest.h"

#include <string.h>

#define WORD_MAX 31

static size_t min(size_t a, size_t b)
{
	return a < b ? a : b;
}

/*
 * Edits (insert, delete, replace, swap neighbours) that make A of B, by rows
 * of the usual table; both have at most WORD_MAX characters.
 */
static size_t distance(const char *a, const char *b)
{
	const size_t n = strlen(b);
	size_t rows[3][WORD_MAX + 1];
	size_t *before = rows[0], *above = rows[1], *row = rows[2], *spare;

	for (size_t j = 0; j <= n; j++)
		above[j] = j;
	for (size_t i = 1; a[i - 1]; i++) {
		row[0] = i;
		for (size_t j = 1; j <= n; j++) {
			const size_t replace = a[i - 1] == b[j - 1] ? 0 : 1;

			row[j] = min(min(above[j], row[j - 1]) + 1,
				     above[j - 1] + replace);
			if (i > 1 && j > 1 && a[i - 1] == b[j - 2] &&
			    a[i - 2] == b[j - 1])
				row[j] = min(row[j], before[j - 2] + 1);
		}
		spare = before;
		before = above;
		above = row;
		row = spare;
	}
	return above[n];
}

const char *vg_nearest(const char *text, const char *const *words, size_t n)
{
	const char *best = NULL;
	size_t best_distance = 3; /* more than two edits is another word */

	if (strlen(text) > WORD_MAX)
		return NULL;
	for (size_t i = 0; i < n; i++) {
		const size_t d = distance(text, words[i]);

		if (d < best_distance && d * 2 <= strlen(words[i])) {
			best_distance = d;
			best = words[i];
		}
	}
	return best;
}
