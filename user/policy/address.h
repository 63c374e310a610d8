/* SPDX-License-Identifier: Apache-2.0 */
/*
 * address -- addresses and prefixes as 16 octets, and the class of an address.
 *
 * IPv4 is ::ffff:a.b.c.d everywhere, and its prefixes have 96 to 128 bits.
 * Used by the verifier (judging answers) and by the keeper (judging again).
 * Pure.  Does not log.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct vg_address {
	uint8_t octets[16];
};

struct vg_prefix {
	struct vg_address address; /* the bits after BITS are zero */
	uint8_t bits; /* 0..128 */
};

/* Longest text of an address or prefix, with NUL. */
#define VG_ADDRESS_TEXT 52

/*
 * Strict: what inet_pton(3) takes, nothing legacy (0177.0.0.1, 127.1), no zone
 * id.  A mapped IPv6 literal is the IPv4 address.  -EINVAL otherwise.
 */
int vg_address_parse(const char *text, struct vg_address *ret);
/* "10.0.0.0/8" or an address; -EINVAL also for bits set after the length. */
int vg_prefix_parse(const char *text, struct vg_prefix *ret);

bool vg_address_is_ipv4(const struct vg_address *a);
/* "192.0.2.1", "2001:db8::1" (RFC 5952). */
void vg_address_text(const struct vg_address *a,
		     char ret[static VG_ADDRESS_TEXT]);
/* Without "/32" or "/128" when it is one address. */
void vg_prefix_text(const struct vg_prefix *p,
		    char ret[static VG_ADDRESS_TEXT]);
bool vg_prefix_contains(const struct vg_prefix *p, const struct vg_address *a);
bool vg_prefixes_contain(const struct vg_prefix *p, size_t n,
			 const struct vg_address *a);
/* One host: 128 bits. */
bool vg_prefix_is_single(const struct vg_prefix *p);

/* Class of an address, verification.md section B; one finding ID per class. */
enum vg_class {
	VG_CLASS_PUBLIC = 0,
	VG_CLASS_METADATA,
	VG_CLASS_LOOPBACK, /* and this-net, unspecified */
	VG_CLASS_LINK_LOCAL,
	VG_CLASS_PRIVATE,
	VG_CLASS_CGNAT,
	VG_CLASS_V4_IN_V6, /* compatible, translated */
	VG_CLASS_NAT64,
	VG_CLASS_TRANSITION, /* 6to4, Teredo, ISATAP */
	VG_CLASS_IETF,
	VG_CLASS_DOCUMENTATION,
	VG_CLASS_RESERVED, /* multicast, reserved, unallocated */
	VG_CLASS_SELF, /* only by vg_class_judge() */
	VG_CLASS_COUNT,
};

/* "public", "metadata", ... the word in events and in `verify`. */
const char *vg_class_name(enum vg_class c);
enum vg_class vg_class_of(const struct vg_address *a);
/* True when all of P is of one class (but for ISATAP), which is *RET. */
bool vg_class_of_prefix(const struct vg_prefix *p, enum vg_class *ret);

/*
 * What an endpoint allows.  A plain struct, so that the keeper and the
 * verifier judge with the same function on their own copy.
 */
struct vg_class_rules {
	bool internal; /* scope: internal */
	const struct vg_prefix *ranges; /* borrowed */
	size_t n_ranges;
	bool has_nat64;
	struct vg_prefix nat64;
	const struct vg_address *self; /* the host's own; borrowed */
	size_t n_self;
};

enum vg_class_verdict {
	VG_CLASS_OK = 0,
	VG_CLASS_FORBIDDEN, /* the class is refused: REBIND_* */
	VG_CLASS_OUT_OF_RANGE, /* class fine, but not in `ranges` */
	VG_CLASS_PUBLIC_FOR_INTERNAL,
};

/*
 * Judge A for a NAME (literals: vg_class_literal_error()).  `ranges` open
 * cgnat, ietf and self, and with `internal` also private; nat64 opens its
 * prefix as far as the inner address is public (`ranges` then hold for either
 * form); nothing opens the other classes to a name.
 * FROM_AAAA: the octets came in an AAAA record, where a mapped address is
 * V4_IN_V6 even if the inner one is public.
 * *RET_CLASS is always set, for nat64 to the class of the inner address.
 */
enum vg_class_verdict vg_class_judge(const struct vg_class_rules *rules,
				     const struct vg_address *a, bool from_aaaa,
				     enum vg_class *ret_class);

/*
 * A literal endpoint may be ADDRESS/BITS: NULL when allowed, else why not, to
 * stand after the literal.  One address may be of any class but v4-in-v6,
 * transition and reserved; wider ones must not meet metadata, loopback,
 * link-local and nat64 either.
 */
const char *vg_class_literal_error(const struct vg_prefix *p);

/* The first metadata address (or prefix) that P meets. */
bool vg_class_metadata_within(const struct vg_prefix *p, struct vg_prefix *ret);

/* RFC 6052 2.2: 32, 40, 48, 56, 64 or 96 bits, octet 8 zero. */
bool vg_nat64_prefix_valid(const struct vg_prefix *p);
