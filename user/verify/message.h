/* SPDX-License-Identifier: Apache-2.0 */
/*
 * message -- what keeper and verifier say to each other.
 *
 * One message is one packet on a SOCK_SEQPACKET socketpair: octet 0 version,
 * octet 1 type, then fields little-endian, strings with a 16-bit length and
 * no NUL.  The decoder believes nothing: version, type and direction, every
 * length, count and enum, host bits of prefixes, control octets in strings,
 * octets left over -- each is -EPROTO, and the connection is to be ended.
 * It also refuses a proof that contradicts itself.  Pure.  Does not log.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "policy/address.h"
#include "policy/model.h"
#include "resolve/answer.h"
#include "verify/proof.h"

#define VG_MSG_VERSION	1
#define VG_MSG_MAX	(128UL << 10) /* octets; set SO_SNDBUF to twice that */
#define VG_MSG_FORWARDS 16
#define VG_MSG_STUBS	128
#define VG_MSG_ANCHORS	(64UL << 10) /* octets of text */
#define VG_MSG_SELF	256
#define VG_MSG_SERVER	80 /* "ADDRESS@PORT" and a NUL */
#define VG_MSG_TEXT	256

enum vg_msg_type {
	/* keeper -> verifier */
	VG_MSG_CONFIG = 1, /* once, before anything else */
	VG_MSG_SELF_IS, /* the host's own addresses, when they change */
	VG_MSG_PROVE,
	VG_MSG_FORGET, /* a PROVE whose answer nobody waits for any more */
	/* verifier -> keeper */
	VG_MSG_HELLO = 64,
	VG_MSG_HEALTH,
	VG_MSG_PROOF,
};

/* How the verifier resolves. */
struct vg_msg_config {
	size_t n_forwards, n_stubs;
	char forwards[VG_MSG_FORWARDS][VG_MSG_SERVER];
	struct {
		char zone[VG_PROOF_HOST];
		char server[VG_MSG_SERVER];
	} stubs[VG_MSG_STUBS];
	char anchors[VG_MSG_ANCHORS + 1];
};

struct vg_msg_self {
	size_t n;
	struct vg_address addresses[VG_MSG_SELF];
};

/* What is to be proven about one name. */
struct vg_prove {
	uint64_t id; /* the keeper's; comes back in the PROOF */
	char host[VG_PROOF_HOST];
	enum vg_dnssec_rule dnssec;
	enum vg_scope scope;
	bool strict;
	bool fresh; /* not from a cache, however young */
	bool has_nat64;
	struct vg_prefix nat64;
	size_t n_ranges;
	struct vg_prefix ranges[VG_LIST_MAX];
};

struct vg_msg_health {
	enum vg_health health;
	char text[VG_MSG_TEXT];
};

struct vg_msg_proof {
	uint64_t id;
	struct vg_proof proof;
};

struct vg_msg {
	enum vg_msg_type type;
	union {
		struct vg_msg_config config;
		struct vg_msg_self self;
		struct vg_prove prove;
		uint64_t forget;
		struct vg_msg_health health;
		struct vg_msg_proof proof;
	};
};

/*
 * Append MSG to OUT, which holds nothing else.  The error sticks in OUT: what
 * the decoder would refuse for its length is -EMSGSIZE.
 */
void vg_msg_encode(const struct vg_msg *msg, struct vg_buf *out);

enum vg_msg_from { VG_MSG_FROM_KEEPER, VG_MSG_FROM_VERIFIER };

/* -EPROTO: see above; -ENOMEM.  Freed with vg_freep(). */
int vg_msg_decode(enum vg_msg_from from, const void *data, size_t size,
		  struct vg_msg **ret);

/* The model's words as messages.  -E2BIG: more than a message may hold. */
int vg_msg_from_config(const struct vg_config *config, const char *anchors,
		       struct vg_msg *ret);
/* E is not a literal; its host and ranges fit by the parser's own bounds. */
int vg_prove_from_endpoint(const struct vg_endpoint *e, bool strict,
			   struct vg_prove *ret);
