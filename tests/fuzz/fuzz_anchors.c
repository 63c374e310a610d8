/* SPDX-License-Identifier: Apache-2.0 */
/* Trust anchors as text.  What is taken is taken again, as it was written. */
#include <assert.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "resolve/anchors.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(const struct vg_anchor *anchor)
{
	vg_cleanup(vg_anchors_freep) struct vg_anchors *again = NULL;

	if (strlen(anchor->record) > VG_ANCHORS_LINE - 2)
		return;
	assert(vg_anchors_parse(anchor->record, &again) == 0);
	assert(again->n == 1);
	assert(strcmp(again->items[0].record, anchor->record) == 0);
	assert(vg_zone_contains(anchor->zone, anchor->zone));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	vg_cleanup(vg_anchors_freep) struct vg_anchors *anchors = NULL;
	vg_cleanup(vg_freep) char *text = malloc(size + 1);

	if (!text)
		return 0;
	memcpy(text, data, size);
	text[size] = '\0';
	if (vg_anchors_parse(text, &anchors) < 0)
		return 0;
	for (size_t i = 0; i < anchors->n; i++)
		check(&anchors->items[i]);
	assert(vg_anchors_canary(anchors));
	return 0;
}
