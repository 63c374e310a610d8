/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A message of the channel between keeper and verifier.  The first octet says
 * from whom; the rest is the packet.  What is taken has one spelling.
 */
#include <assert.h>
#include <stdint.h>
#include <string.h>

#include "base/cleanup.h"
#include "verify/message.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	vg_cleanup(vg_freep) struct vg_msg *msg = NULL;
	vg_cleanup(vg_buf_freep) struct vg_buf again = {};

	if (size < 1)
		return 0;
	if (vg_msg_decode(data[0] & 1 ? VG_MSG_FROM_VERIFIER
				      : VG_MSG_FROM_KEEPER,
			  data + 1, size - 1, &msg) < 0)
		return 0;
	vg_msg_encode(msg, &again);
	assert(vg_buf_error(&again) == 0);
	assert(again.size == size - 1);
	assert(memcmp(again.data, data + 1, size - 1) == 0);
	return 0;
}
