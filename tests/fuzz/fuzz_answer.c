/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A DNS reply.  The first octet chooses what was asked and what the validator
 * said; the rest is the packet.  Asserts the bounds that others rely on.
 */
#include <assert.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "resolve/answer.h"
#include "verify/ladder.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_text(const char *text, size_t size)
{
	size_t n = strnlen(text, size);

	assert(n < size);
	for (size_t i = 0; i < n; i++)
		assert(text[i] >= ' ' && text[i] <= '~');
}

static void check(const struct vg_answer *a)
{
	assert(a->outcome < VG_OUTCOME_COUNT);
	assert(a->n_links <= VG_ANSWER_CHAIN + 1);
	assert(a->n_addresses <= VG_ANSWER_ADDRESSES);
	assert((a->outcome == VG_OUTCOME_ADDRESSES) == (a->n_addresses > 0));
	check_text(a->why, sizeof(a->why));
	check_text(a->end, sizeof(a->end));
	for (uint32_t i = 0; i < a->n_links; i++) {
		check_text(a->links[i].name, sizeof(a->links[i].name));
		check_text(a->links[i].target, sizeof(a->links[i].target));
		assert(a->links[i].name[0]);
		assert(a->ttl <= a->links[i].ttl);
	}
}

/* What was parsed is judged, too: both arrays into one proof. */
static void judge(const struct vg_answer *a)
{
	static struct vg_answer nothing, as_aaaa;
	static struct vg_proof proof;
	struct vg_ladder_input in = {.host = "a.example", .a = a};

	if (a->type == VG_TYPE_AAAA) {
		as_aaaa = *a;
		vg_answer_fail(&nothing, VG_TYPE_A, VG_OUTCOME_TIMEOUT, "-");
		in.a = &nothing;
		in.aaaa = &as_aaaa;
	} else {
		vg_answer_fail(&nothing, VG_TYPE_AAAA, VG_OUTCOME_TIMEOUT, "-");
		in.aaaa = &nothing;
	}
	vg_ladder_judge(&in, &proof);
	assert(proof.n_findings <= VG_PROOF_FINDINGS);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct vg_answer answer;
	struct vg_reply reply = {.host = "a.example", .why = "because"};

	if (size < 1)
		return 0;
	reply.type = data[0] & 1 ? VG_TYPE_AAAA : VG_TYPE_A;
	reply.state = (data[0] >> 1) & 3;
	reply.rcode = data[0] & 0x80 ? 2 : 0;
	reply.packet = data + 1;
	reply.size = size - 1;
	vg_answer_parse(&reply, &answer);
	check(&answer);
	judge(&answer);
	return 0;
}
