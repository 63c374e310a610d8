/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Octets as the ring would hold them: what decodes is limited, becomes a
 * record, and is formatted; no output may hold a control character, and the
 * limiter may lose nothing.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "events/decode.h"
#include "events/format.h"
#include "events/limit.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(const struct vg_buf *b)
{
	if (vg_buf_error(b) < 0)
		abort();
	for (size_t i = 0; i < b->size; i++)
		if ((unsigned char)b->data[i] < ' ' || b->data[i] == 0x7f)
			abort();
}

static void on_emit(void *ctx, const struct vg_limited *l)
{
	vg_cleanup(vg_buf_freep) struct vg_buf json = {0};
	vg_cleanup(vg_buf_freep) struct vg_buf human = {0};
	struct vg_record r;

	*(uint64_t *)ctx += l->count;
	vg_record_from_event(l, &r);
	r.service = l->event.comm;
	r.memory.name = l->event.comm;
	vg_format_json(&json, &r);
	vg_format_human(&human, &r, false);
	check(&json);
	check(&human);
}

/* Each 153 octets: a step of time, and a record. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	vg_cleanup(vg_limit_freep) struct vg_limit *l = NULL;
	vg_cleanup(vg_track_freep) struct vg_track *t = NULL;
	uint64_t in = 0, out = 0, more, now = VG_LIMIT_WINDOW_NS;
	struct vg_event e;

	if (vg_limit_new(size, on_emit, &out, &l) < 0 ||
	    vg_track_new(true, &t) < 0)
		return 0;
	while (size > 1) {
		const size_t part = size - 1 < sizeof(e) ? size - 1 : sizeof(e);

		now += (uint64_t)data[0] << 24;
		if (vg_event_decode(data + 1, part, &e) == 0) {
			(void)vg_track_put(t, &e, &more);
			vg_limit_put(l, &e, now);
			in++;
		}
		data += 1 + part;
		size -= 1 + part;
	}
	vg_limit_flush(l);
	if (in != out)
		abort();
	return 0;
}
