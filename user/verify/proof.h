/* SPDX-License-Identifier: Apache-2.0 */
/*
 * proof -- what verification found out about one endpoint, as plain data.
 *
 * Made by the ladder (in the verifier, or in `verigress verify`), carried to
 * the keeper by verify/message, printed by verify/print.  Fixed arrays: every
 * count has a bound and a proof is one allocation.  Pure.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "policy/address.h"

#define VG_PROOF_HOST	   256
#define VG_PROOF_ADDRESSES 128 /* 64 of A and 64 of AAAA */
#define VG_PROOF_LINKS                                                         \
	32 /* records of the chain: CNAMEs (cap 8 a type), then A/AAAA RRsets */
#define VG_PROOF_FINDINGS 32
#define VG_PROOF_EVIDENCE 320

enum vg_severity {
	VG_SEVERITY_INFO = 0,
	VG_SEVERITY_LOW,
	VG_SEVERITY_MEDIUM,
	VG_SEVERITY_HIGH,
	VG_SEVERITY_CRITICAL,
};

enum vg_action { VG_ACTION_REPORT = 0, VG_ACTION_WARN, VG_ACTION_BLOCK };

/* What a finding does to leases that exist (verification.md C). */
enum vg_effect {
	VG_EFFECT_NONE =
		0, /* renewal fails for now; leases live to their end */
	VG_EFFECT_RUN_OUT, /* no renewal */
	VG_EFFECT_REVOKE, /* at once, and open connections are destroyed */
};

/* verification.md section C; names are those words, in verify/findings.c. */
enum vg_finding_id {
	VG_FINDING_DNS_BOGUS = 0,
	VG_FINDING_DNSSEC_STRIPPED,
	VG_FINDING_DNS_INSECURE,
	VG_FINDING_DNSSEC_REQUIRED, /* insecure where the policy says require */
	VG_FINDING_RESOLVER_TIMEOUT,
	VG_FINDING_SERVFAIL,
	VG_FINDING_NXDOMAIN,
	VG_FINDING_NODATA,
	VG_FINDING_DANGLING_CNAME_NX,
	VG_FINDING_DANGLING_NODATA,
	VG_FINDING_CNAME_LOOP_OR_DEPTH,
	VG_FINDING_REBIND_PRIVATE,
	VG_FINDING_REBIND_LOOPBACK,
	VG_FINDING_REBIND_LINKLOCAL,
	VG_FINDING_REBIND_METADATA,
	VG_FINDING_REBIND_EMBEDDED,
	VG_FINDING_REBIND_RESERVED,
	VG_FINDING_REBIND_SELF,
	VG_FINDING_REBIND_MIXED,
	VG_FINDING_SCOPE_PUBLIC_FOR_INTERNAL,
	VG_FINDING_ADDR_OUT_OF_RANGE,
	VG_FINDING_ADDR_CHURN, /* more than 64 addresses: cut, said */
	VG_FINDING_SHORT_TTL,
	VG_FINDING_NAME_REFUSED, /* rung 0: hygiene */
	VG_FINDING_UNCONFIRMED, /* evidence that a fresh look-up did not repeat */
	VG_FINDING_BAD_ANSWER, /* the packet could not be understood */
	VG_FINDING_CLAIM_LOST, /* keeper: one of several endpoints that claim
				    an address no longer does */
	VG_FINDING_LEASES_FULL, /* keeper: the map is full */
	VG_FINDING_COUNT,
};

struct vg_finding_kind {
	const char *name; /* "DNS_BOGUS" */
	enum vg_severity severity;
	enum vg_action action;
	enum vg_effect effect;
	const char *title; /* what it means, one sentence for people */
	const char *remedy; /* what to do, one sentence */
};

/* ID below VG_FINDING_COUNT; never NULL. */
const struct vg_finding_kind *vg_finding_kind(enum vg_finding_id id);
const char *vg_severity_name(enum vg_severity s); /* "critical" ... */
const char *vg_action_name(enum vg_action a); /* "block", "warn", "report" */

struct vg_finding {
	enum vg_finding_id id;
	enum vg_severity severity; /* the kind's, or raised */
	enum vg_action action; /* BLOCK also for medium under `strict` */
	bool has_address;
	struct vg_address address;
	char evidence[VG_PROOF_EVIDENCE];
};

enum vg_dnssec_state {
	VG_DNSSEC_NONE = 0, /* no answer, or a literal */
	VG_DNSSEC_SECURE,
	VG_DNSSEC_INSECURE,
	VG_DNSSEC_BOGUS,
};
const char *vg_dnssec_name(enum vg_dnssec_state s);

struct vg_link {
	char name[VG_PROOF_HOST];
	uint16_t type; /* 5 CNAME, 1 A, 28 AAAA; one link per RRset */
	char target[VG_PROOF_HOST]; /* CNAME; "" for addresses */
	uint32_t ttl;
};

struct vg_proof_address {
	struct vg_address address;
	enum vg_class class;
	bool granted;
	bool from_aaaa;
};

struct vg_proof {
	char host[VG_PROOF_HOST];
	bool granted; /* at least one address, and nothing blocks */
	bool confirmed; /* evidence was DNSSEC secure or repeated freshly */
	enum vg_effect effect; /* the strongest of the findings that block */
	enum vg_dnssec_state dnssec;
	uint32_t ttl; /* minimum over the chain, seconds, not clamped */
	uint32_t n_links, n_addresses, n_findings;
	struct vg_link links[VG_PROOF_LINKS];
	struct vg_proof_address addresses[VG_PROOF_ADDRESSES];
	struct vg_finding findings[VG_PROOF_FINDINGS];
};

/*
 * Append a finding of kind ID with printf-like evidence; ADDRESS may be NULL.
 * When the array is full the last one is replaced if it is milder.  Updates
 * effect.  Returns the finding (never NULL).
 */
__attribute__((format(printf, 4, 5))) struct vg_finding *
vg_proof_add(struct vg_proof *p, enum vg_finding_id id,
	     const struct vg_address *address, const char *format, ...);

/* Make F, a finding of P, one that blocks; updates effect. */
void vg_proof_block(struct vg_proof *p, struct vg_finding *f);
