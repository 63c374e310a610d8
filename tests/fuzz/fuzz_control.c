/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Octets as the control socket would bring them, at either end: frames,
 * requests, exit status, and what stands in their arguments.  A request that
 * decodes must encode to the same octets.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "control/codec.h"
#include "control/destination.h"
#include "control/peer.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void try_request(const struct vg_frame *f)
{
	vg_cleanup(vg_buf_freep) struct vg_buf b = {0};
	struct vg_destination d;
	struct vg_request q;

	if (vg_request_decode(f->data, f->size, &q) < 0)
		return;
	for (uint32_t i = 0; i < VG_CONTROL_ARGS; i++)
		(void)vg_destination_parse(vg_request_arg(&q, i), &d);
	if (vg_request_encode(&q, &b) < 0 ||
	    b.size != VG_CONTROL_HEADER + f->size ||
	    memcmp(b.data + VG_CONTROL_HEADER, f->data, f->size) != 0)
		abort();
}

static void try_frames(const uint8_t *data, size_t size)
{
	struct vg_frame f;
	ssize_t n;

	while ((n = vg_frame_decode(data, size, &f)) > 0) {
		if ((size_t)n > size || f.data + f.size != data + n)
			abort();
		(void)vg_frame_status(&f);
		try_request(&f);
		data += n;
		size -= (size_t)n;
	}
}

static void try_text(const uint8_t *data, size_t size)
{
	vg_cleanup(vg_freep) char *text = NULL;
	static char cgroup[VG_PEER_CGROUP];
	struct vg_destination d;

	text = malloc(size + 1);
	if (!text)
		return;
	memcpy(text, data, size);
	text[size] = '\0';
	if (vg_peer_cgroup_parse(text, cgroup) == 0 &&
	    !vg_cgroup_inside(cgroup, cgroup))
		abort();
	(void)vg_destination_parse(text, &d);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const struct vg_frame bare = {
		.type = VG_FRAME_REQUEST, .data = data, .size = size};

	if (size > VG_CONTROL_PAYLOAD)
		return 0;
	try_frames(data, size);
	try_request(&bare);
	try_text(data, size);
	return 0;
}
