/* SPDX-License-Identifier: Apache-2.0 */
/* What a name may lead to: the class of an address against an endpoint. */
#include <string.h>

#include "base/cleanup.h"
#include "policy/address.h"

/* ---- NAT64 (RFC 6052) --------------------------------------------------- */

#define U_OCTET 8 /* bits 64 to 71 are zero and hold nothing of the address */

bool vg_nat64_prefix_valid(const struct vg_prefix *p)
{
	static const uint8_t lengths[] = {32, 40, 48, 56, 64, 96};

	if (vg_address_is_ipv4(&p->address) || p->address.octets[U_OCTET])
		return false;
	for (size_t i = 0; i < VG_ARRAY_LEN(lengths); i++)
		if (p->bits == lengths[i])
			return true;
	return false;
}

/*
 * The IPv4 address in A.  False when what must be zero is not: such an address
 * is translated by nobody who follows the RFC, and by others in a way that we
 * do not know.
 */
static bool nat64_decode(const struct vg_prefix *p, const struct vg_address *a,
			 struct vg_address *ret)
{
	size_t at = p->bits / 8;

	*ret = (struct vg_address){.octets = {[10] = 0xFF, [11] = 0xFF}};
	for (size_t i = 12; i < 16; i++) {
		if (at == U_OCTET)
			at++;
		ret->octets[i] = a->octets[at++];
	}

	if (a->octets[U_OCTET])
		return false;
	for (; at < 16; at++)
		if (a->octets[at])
			return false;
	return true;
}

static bool in_ranges(const struct vg_class_rules *rules,
		      const struct vg_address *a)
{
	return vg_prefixes_contain(rules->ranges, rules->n_ranges, a);
}

static enum vg_class_verdict judge_nat64(const struct vg_class_rules *rules,
					 const struct vg_address *a,
					 enum vg_class *ret_class)
{
	struct vg_address inner;

	*ret_class = VG_CLASS_NAT64;
	if (!nat64_decode(&rules->nat64, a, &inner))
		return VG_CLASS_FORBIDDEN;

	*ret_class = vg_class_of(&inner);
	if (*ret_class != VG_CLASS_PUBLIC)
		return VG_CLASS_FORBIDDEN;
	if (rules->internal)
		return VG_CLASS_PUBLIC_FOR_INTERNAL;
	if (rules->n_ranges && !in_ranges(rules, a) &&
	    !in_ranges(rules, &inner))
		return VG_CLASS_OUT_OF_RANGE;
	return VG_CLASS_OK;
}

/* ---- classes ------------------------------------------------------------ */

enum opening {
	NEVER = 0,
	BY_RANGES,
	BY_SCOPE, /* internal, and ranges */
	PUBLIC,
};

static const enum opening openings[VG_CLASS_COUNT] = {
	[VG_CLASS_PUBLIC] = PUBLIC,
	[VG_CLASS_METADATA] = NEVER,
	[VG_CLASS_LOOPBACK] = NEVER,
	[VG_CLASS_LINK_LOCAL] = NEVER,
	[VG_CLASS_PRIVATE] = BY_SCOPE,
	[VG_CLASS_CGNAT] = BY_RANGES,
	[VG_CLASS_V4_IN_V6] = NEVER,
	[VG_CLASS_NAT64] = NEVER, /* judge_nat64() has the exception */
	[VG_CLASS_TRANSITION] = NEVER,
	[VG_CLASS_IETF] = BY_RANGES,
	[VG_CLASS_DOCUMENTATION] = NEVER,
	[VG_CLASS_RESERVED] = NEVER,
	[VG_CLASS_SELF] = BY_RANGES,
};

static bool is_self(const struct vg_class_rules *rules,
		    const struct vg_address *a)
{
	for (size_t i = 0; i < rules->n_self; i++)
		if (memcmp(&rules->self[i], a, sizeof(*a)) == 0)
			return true;
	return false;
}

static enum vg_class_verdict judge_public(const struct vg_class_rules *rules,
					  bool inside)
{
	if (rules->internal)
		return VG_CLASS_PUBLIC_FOR_INTERNAL;
	return rules->n_ranges && !inside ? VG_CLASS_OUT_OF_RANGE : VG_CLASS_OK;
}

static enum vg_class_verdict judge_private(const struct vg_class_rules *rules,
					   bool inside)
{
	if (!rules->internal)
		return VG_CLASS_FORBIDDEN;
	return inside ? VG_CLASS_OK : VG_CLASS_OUT_OF_RANGE;
}

enum vg_class_verdict vg_class_judge(const struct vg_class_rules *rules,
				     const struct vg_address *a, bool from_aaaa,
				     enum vg_class *ret_class)
{
	enum vg_class class = vg_class_of(a);
	const bool inside = in_ranges(rules, a);

	/* Metadata first: nothing below may open it. */
	if (class != VG_CLASS_METADATA && from_aaaa && vg_address_is_ipv4(a))
		class = VG_CLASS_V4_IN_V6;
	else if (class != VG_CLASS_METADATA && rules->has_nat64 &&
		 vg_prefix_contains(&rules->nat64, a))
		return judge_nat64(rules, a, ret_class);
	else if (openings[class] != NEVER && is_self(rules, a) && !inside)
		class = VG_CLASS_SELF;

	*ret_class = class;
	switch (openings[class]) {
	case PUBLIC:
		return judge_public(rules, inside);
	case BY_SCOPE:
		return judge_private(rules, inside);
	case BY_RANGES:
		return inside ? VG_CLASS_OK : VG_CLASS_FORBIDDEN;
	case NEVER:
		break;
	}
	return VG_CLASS_FORBIDDEN;
}
