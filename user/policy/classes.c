/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The class of an address.  IPv4 is public unless a row says otherwise; IPv6
 * only inside 2000::/3, and then unless a row says otherwise.  After the IANA
 * special-purpose registries as of 2026-11-21 and the metadata addresses that
 * cloud providers publish.
 */
#include <string.h>

#include "base/cleanup.h"
#include "policy/address.h"

/* The first row that contains an address counts: narrow ones stand first. */
static const struct row4 {
	uint8_t net[4];
	uint8_t bits;
	enum vg_class class;
} rows4[] = {
	{{169, 254, 169, 254}, 32, VG_CLASS_METADATA}, /* nearly all */
	{{169, 254, 169, 253}, 32, VG_CLASS_METADATA}, /* AWS: DNS */
	{{169, 254, 169, 123}, 32, VG_CLASS_METADATA}, /* AWS: NTP */
	{{169, 254, 169, 250}, 32, VG_CLASS_METADATA}, /* AWS: KMS */
	{{169, 254, 170, 2}, 32, VG_CLASS_METADATA}, /* AWS: ECS */
	{{169, 254, 170, 23}, 32, VG_CLASS_METADATA}, /* AWS: EKS */
	{{169, 254, 42, 42}, 32, VG_CLASS_METADATA}, /* Scaleway */
	{{169, 254, 0, 23}, 32, VG_CLASS_METADATA}, /* Tencent */
	{{169, 254, 10, 10}, 32, VG_CLASS_METADATA},
	{{100, 100, 100, 200}, 32, VG_CLASS_METADATA}, /* Alibaba */
	{{168, 63, 129, 16}, 32, VG_CLASS_METADATA}, /* Azure */
	{{192, 0, 0, 192}, 32, VG_CLASS_METADATA}, /* Oracle */

	{{0}, 8, VG_CLASS_LOOPBACK}, /* this network; 0.0.0.0 is us */
	{{127}, 8, VG_CLASS_LOOPBACK},
	{{169, 254}, 16, VG_CLASS_LINK_LOCAL},
	{{10}, 8, VG_CLASS_PRIVATE},
	{{172, 16}, 12, VG_CLASS_PRIVATE},
	{{192, 168}, 16, VG_CLASS_PRIVATE},
	{{100, 64}, 10, VG_CLASS_CGNAT},
	{{192, 0, 0}, 24, VG_CLASS_IETF},
	{{192, 88, 99}, 24, VG_CLASS_IETF}, /* 6to4 relays, withdrawn */
	{{192, 31, 196}, 24, VG_CLASS_IETF}, /* AS112 */
	{{192, 52, 193}, 24, VG_CLASS_IETF}, /* AMT */
	{{192, 175, 48}, 24, VG_CLASS_IETF}, /* AS112 */
	{{192, 0, 2}, 24, VG_CLASS_DOCUMENTATION},
	{{198, 51, 100}, 24, VG_CLASS_DOCUMENTATION},
	{{203, 0, 113}, 24, VG_CLASS_DOCUMENTATION},
	{{198, 18}, 15, VG_CLASS_DOCUMENTATION}, /* benchmarks */
	{{224}, 4, VG_CLASS_RESERVED}, /* multicast */
	{{240}, 4, VG_CLASS_RESERVED},
};

static const struct row6 {
	uint16_t net[8];
	uint8_t bits;
	enum vg_class class;
} rows6[] = {
	{{0xfd00, 0xec2}, 32, VG_CLASS_METADATA}, /* AWS */
	{{0xfd20, 0xce, [7] = 0x254}, 128, VG_CLASS_METADATA}, /* GCP */
	{{0xfd00, 0xc1, [6] = 0xa9fe, 0xa9fe}, 128, VG_CLASS_METADATA},
	{{0xfd00, 0x42, [7] = 0x42}, 128, VG_CLASS_METADATA},
	{{0xfd00, 0xa9fe, 0xa9fe, [7] = 1}, 128, VG_CLASS_METADATA},
	{{0xfd00, 0x100, [6] = 0x100, 0x200}, 128, VG_CLASS_METADATA},
	{{0xfe80, [6] = 0xa9fe, 0xa9fe}, 128, VG_CLASS_METADATA},

	{{0}, 128, VG_CLASS_LOOPBACK}, /* unspecified, which is us */
	{{[7] = 1}, 128, VG_CLASS_LOOPBACK},
	{{0xfe80}, 10, VG_CLASS_LINK_LOCAL},
	{{0xfec0}, 10, VG_CLASS_LINK_LOCAL}, /* site-local, withdrawn */
	{{0xfc00}, 7, VG_CLASS_PRIVATE},
	{{0}, 96, VG_CLASS_V4_IN_V6}, /* compatible */
	{{[4] = 0xffff}, 96, VG_CLASS_V4_IN_V6}, /* translated */
	{{0x64, 0xff9b}, 96, VG_CLASS_NAT64},
	{{0x64, 0xff9b, 1}, 48, VG_CLASS_NAT64},
	{{0x2001}, 32, VG_CLASS_TRANSITION}, /* Teredo */
	{{0x2002}, 16, VG_CLASS_TRANSITION}, /* 6to4 */
	{{0x2001, 2}, 48, VG_CLASS_DOCUMENTATION}, /* benchmarks */
	{{0x2001, 0xdb8}, 32, VG_CLASS_DOCUMENTATION},
	{{0x3fff}, 20, VG_CLASS_DOCUMENTATION},
	{{0x2001}, 23, VG_CLASS_IETF},
	{{0x2620, 0x4f, 0x8000}, 48, VG_CLASS_IETF}, /* AS112 */
	{{0x3ffe}, 16, VG_CLASS_RESERVED}, /* 6bone, given back */
	{{0x2000}, 3, VG_CLASS_PUBLIC},
};

static const char *const names[VG_CLASS_COUNT] = {
	[VG_CLASS_PUBLIC] = "public",
	[VG_CLASS_METADATA] = "metadata",
	[VG_CLASS_LOOPBACK] = "loopback",
	[VG_CLASS_LINK_LOCAL] = "link-local",
	[VG_CLASS_PRIVATE] = "private",
	[VG_CLASS_CGNAT] = "cgnat",
	[VG_CLASS_V4_IN_V6] = "v4-in-v6",
	[VG_CLASS_NAT64] = "nat64",
	[VG_CLASS_TRANSITION] = "transition",
	[VG_CLASS_IETF] = "ietf",
	[VG_CLASS_DOCUMENTATION] = "documentation",
	[VG_CLASS_RESERVED] = "reserved",
	[VG_CLASS_SELF] = "self",
};

const char *vg_class_name(enum vg_class c)
{
	return names[c];
}

static struct vg_prefix prefix4(const struct row4 *row)
{
	struct vg_prefix p = {.bits = (uint8_t)(96 + row->bits)};

	memset(p.address.octets + 10, 0xFF, 2);
	memcpy(p.address.octets + 12, row->net, sizeof(row->net));
	return p;
}

static struct vg_prefix prefix6(const struct row6 *row)
{
	struct vg_prefix p = {.bits = row->bits};

	for (size_t i = 0; i < VG_ARRAY_LEN(row->net); i++) {
		p.address.octets[2 * i] = (uint8_t)(row->net[i] >> 8);
		p.address.octets[2 * i + 1] = (uint8_t)(row->net[i] & 0xFF);
	}
	return p;
}

static enum vg_class class4(const struct vg_address *a)
{
	for (size_t i = 0; i < VG_ARRAY_LEN(rows4); i++) {
		const struct vg_prefix p = prefix4(&rows4[i]);

		if (vg_prefix_contains(&p, a))
			return rows4[i].class;
	}
	return VG_CLASS_PUBLIC;
}

static enum vg_class class6(const struct vg_address *a)
{
	for (size_t i = 0; i < VG_ARRAY_LEN(rows6); i++) {
		const struct vg_prefix p = prefix6(&rows6[i]);

		if (vg_prefix_contains(&p, a))
			return rows6[i].class;
	}
	return VG_CLASS_RESERVED; /* outside 2000::/3 nothing is public */
}

/* RFC 5214: the interface identifier says so, under any prefix. */
static bool is_isatap(const struct vg_address *a)
{
	static const uint8_t local[4] = {0x00, 0x00, 0x5E, 0xFE};
	static const uint8_t global[4] = {0x02, 0x00, 0x5E, 0xFE};

	return memcmp(a->octets + 8, local, 4) == 0 ||
	       memcmp(a->octets + 8, global, 4) == 0;
}

enum vg_class vg_class_of(const struct vg_address *a)
{
	enum vg_class class;

	if (vg_address_is_ipv4(a))
		return class4(a);
	class = class6(a);
	if (class != VG_CLASS_METADATA && is_isatap(a))
		return VG_CLASS_TRANSITION;
	return class;
}

/* ---- literals ----------------------------------------------------------- */

static bool overlap(const struct vg_prefix *a, const struct vg_prefix *b)
{
	return a->bits <= b->bits ? vg_prefix_contains(a, &b->address)
				  : vg_prefix_contains(b, &a->address);
}

/* Row I of both tables; false behind the last. */
static bool row_at(size_t i, struct vg_prefix *ret, enum vg_class *ret_class)
{
	if (i < VG_ARRAY_LEN(rows4)) {
		*ret = prefix4(&rows4[i]);
		*ret_class = rows4[i].class;
		return true;
	}
	i -= VG_ARRAY_LEN(rows4);
	if (i >= VG_ARRAY_LEN(rows6))
		return false;
	*ret = prefix6(&rows6[i]);
	*ret_class = rows6[i].class;
	return true;
}

bool vg_class_of_prefix(const struct vg_prefix *p, enum vg_class *ret)
{
	enum vg_class class;
	struct vg_prefix row;

	for (size_t i = 0; row_at(i, &row, &class); i++)
		if (row.bits > p->bits && overlap(p, &row))
			return false;
	*ret = vg_class_of(&p->address);
	return true;
}

/* P meets a row of CLASS; the row is *RET. */
static bool meets(const struct vg_prefix *p, enum vg_class class,
		  struct vg_prefix *ret)
{
	enum vg_class of_row;

	for (size_t i = 0; row_at(i, ret, &of_row); i++)
		if (of_row == class && overlap(p, ret))
			return true;
	return false;
}

bool vg_class_metadata_within(const struct vg_prefix *p, struct vg_prefix *ret)
{
	return meets(p, VG_CLASS_METADATA, ret);
}

static const struct {
	enum vg_class class;
	const char *single; /* NULL: an exact literal may */
	const char *prefix;
} literal_errors[] = {
	{VG_CLASS_METADATA, NULL,
	 "contains a cloud metadata address, which only its exact literal "
	 "opens"},
	{VG_CLASS_LOOPBACK, NULL,
	 "contains loopback addresses, which only exact literals open"},
	{VG_CLASS_LINK_LOCAL, NULL,
	 "contains link-local addresses, which only exact literals open"},
	{VG_CLASS_NAT64, NULL,
	 "contains NAT64 addresses, which only exact literals open"},
	{VG_CLASS_V4_IN_V6,
	 "embeds an IPv4 address: write the IPv4 address itself",
	 "contains IPv6 forms that embed IPv4 addresses"},
	{VG_CLASS_TRANSITION,
	 "is a 6to4, Teredo or ISATAP address, which is never allowed",
	 "contains 6to4 or Teredo addresses, which are never allowed"},
	{VG_CLASS_RESERVED,
	 "is a multicast or reserved address, which is never allowed",
	 "contains multicast or reserved addresses, which are never "
	 "allowed"},
};

static const char *single_error(const struct vg_address *a)
{
	const enum vg_class class = vg_class_of(a);

	for (size_t i = 0; i < VG_ARRAY_LEN(literal_errors); i++)
		if (literal_errors[i].class == class)
			return literal_errors[i].single;
	return NULL;
}

static bool inside_global_unicast(const struct vg_prefix *p)
{
	static const struct row6 row = {{0x2000}, 3, VG_CLASS_PUBLIC};
	const struct vg_prefix global = prefix6(&row);

	return p->bits >= global.bits &&
	       vg_prefix_contains(&global, &p->address);
}

const char *vg_class_literal_error(const struct vg_prefix *p)
{
	const enum vg_class class = vg_class_of(&p->address);
	struct vg_prefix row;

	if (vg_prefix_is_single(p))
		return single_error(&p->address);
	for (size_t i = 0; i < VG_ARRAY_LEN(literal_errors); i++)
		if (meets(p, literal_errors[i].class, &row))
			return literal_errors[i].prefix;
	/* What no row names and is not public is reserved. */
	if (p->bits >= 96 && vg_address_is_ipv4(&p->address))
		return NULL;
	if (inside_global_unicast(p) || class == VG_CLASS_PRIVATE)
		return NULL;
	return "contains multicast or reserved addresses, which are never "
	       "allowed";
}
