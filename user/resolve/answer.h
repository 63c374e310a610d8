/* SPDX-License-Identifier: Apache-2.0 */
/*
 * answer -- what a reply says about one name and one type, as plain data.
 *
 * The resolver fills it on the edge where strangers' octets come in; the
 * ladder judges it.  The only user of ldns.  Pure: no fd, no clock, no global.
 * Does not log.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "policy/address.h"
#include "verify/proof.h"

#define VG_ANSWER_CHAIN	    8 /* CNAMEs followed; unbound's own cap is 11 */
#define VG_ANSWER_ADDRESSES 64
#define VG_ANSWER_PACKET    65535
#define VG_ANSWER_WHY	    256

/* The types that are asked. */
#define VG_TYPE_A      1
#define VG_TYPE_CNAME  5
#define VG_TYPE_AAAA   28
#define VG_TYPE_DNSKEY 48

enum vg_outcome {
	VG_OUTCOME_TIMEOUT = 0, /* no reply before the deadline */
	VG_OUTCOME_SERVFAIL, /* any code but NOERROR and NXDOMAIN */
	VG_OUTCOME_BOGUS, /* validation failed; nothing was parsed */
	VG_OUTCOME_BAD, /* the packet could not be understood */
	VG_OUTCOME_LOOP, /* the chain loops or exceeds VG_ANSWER_CHAIN */
	VG_OUTCOME_NXDOMAIN, /* with links: what the chain leads to is gone */
	VG_OUTCOME_NODATA, /* NOERROR and no record of the type */
	VG_OUTCOME_ADDRESSES,
	VG_OUTCOME_COUNT,
};

struct vg_answer {
	enum vg_outcome outcome;
	enum vg_dnssec_state state; /* NONE when nothing was learnt */
	uint16_t type; /* asked: VG_TYPE_A or VG_TYPE_AAAA */
	uint8_t rcode; /* of the header; 2 without a packet */
	bool cut; /* there were more addresses */
	uint32_t ttl; /* minimum over links, in seconds; 0 without records */
	char why[VG_ANSWER_WHY]; /* printable ASCII; "" when all is well */
	char end[VG_PROOF_HOST]; /* the name at the end of the chain */
	uint32_t n_links; /* CNAMEs in order, then the address RRset */
	struct vg_link links[VG_ANSWER_CHAIN + 1];
	uint32_t n_addresses;
	struct vg_address addresses[VG_ANSWER_ADDRESSES];
};

/* What the validator said, in the order of libunbound's codes. */
struct vg_reply {
	const char *host; /* asked, lower case, no trailing dot */
	uint16_t type;
	int rcode; /* of the library; != 0: the packet is not looked at */
	enum vg_dnssec_state state;
	const char *why; /* why it is bogus; may be NULL */
	const uint8_t *packet;
	size_t size;
};

/*
 * Judge REPLY in the one safe order: state, then rcode, then the header, then
 * the records.  *RET is always a complete answer: what is not understood is
 * an outcome, not an error.  -ENOMEM is OUTCOME_BAD as well.
 */
void vg_answer_parse(const struct vg_reply *reply, struct vg_answer *ret);

/* An answer without a packet: a time-out, or a look-up that could not start. */
void vg_answer_fail(struct vg_answer *ret, uint16_t type,
		    enum vg_outcome outcome, const char *why);

/* Can the trust anchors be proven against what we are told? */
enum vg_health {
	VG_HEALTH_UNKNOWN = 0, /* not probed yet */
	VG_HEALTH_SECURE,
	VG_HEALTH_STRIPPED, /* an answer came, and did not validate */
	VG_HEALTH_UNREACHABLE, /* no answer came */
	VG_HEALTH_COUNT,
};
const char *vg_health_name(enum vg_health h); /* "secure" ... */
