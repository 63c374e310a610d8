/* SPDX-License-Identifier: Apache-2.0 */
#include "policy/address.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/num.h"

#define MAPPED_BITS 96 /* ::ffff:0:0/96 stands before every IPv4 address */

static const uint8_t mapped[12] = {[10] = 0xFF, [11] = 0xFF};

int vg_address_parse(const char *text, struct vg_address *ret)
{
	struct vg_address a = {0};

	if (strchr(text, ':')) {
		if (inet_pton(AF_INET6, text, a.octets) != 1)
			return -EINVAL;
	} else {
		memcpy(a.octets, mapped, sizeof(mapped));
		if (inet_pton(AF_INET, text, a.octets + sizeof(mapped)) != 1)
			return -EINVAL;
	}

	*ret = a;
	return 0;
}

/* Bit I counts from the left. */
static bool bit(const struct vg_address *a, unsigned int i)
{
	return a->octets[i / 8] >> (7 - i % 8) & 1;
}

int vg_prefix_parse(const char *text, struct vg_prefix *ret)
{
	const char *slash = strchr(text, '/');
	const size_t size = slash ? (size_t)(slash - text) : strlen(text);
	char address[VG_ADDRESS_TEXT];
	struct vg_prefix p;
	uint32_t bits = 128;
	int r;

	if (size >= sizeof(address))
		return -EINVAL;
	memcpy(address, text, size);
	address[size] = '\0';
	r = vg_address_parse(address, &p.address);
	if (r < 0)
		return r;

	if (slash) {
		const uint32_t fixed = strchr(address, ':') ? 0 : MAPPED_BITS;

		r = vg_num_u32(slash + 1, 0, 128 - fixed, &bits);
		if (r < 0)
			return -EINVAL;
		bits += fixed;
	}
	for (unsigned int i = bits; i < 128; i++)
		if (bit(&p.address, i))
			return -EINVAL;

	p.bits = (uint8_t)bits;
	*ret = p;
	return 0;
}

bool vg_address_is_ipv4(const struct vg_address *a)
{
	return memcmp(a->octets, mapped, sizeof(mapped)) == 0;
}

void vg_address_text(const struct vg_address *a,
		     char ret[static VG_ADDRESS_TEXT])
{
	/* Cannot fail: the family is known and there is room. */
	if (vg_address_is_ipv4(a))
		(void)inet_ntop(AF_INET, a->octets + sizeof(mapped), ret,
				VG_ADDRESS_TEXT);
	else
		(void)inet_ntop(AF_INET6, a->octets, ret, VG_ADDRESS_TEXT);
}

void vg_prefix_text(const struct vg_prefix *p, char ret[static VG_ADDRESS_TEXT])
{
	const bool ipv4 =
		vg_address_is_ipv4(&p->address) && p->bits >= MAPPED_BITS;
	size_t size;

	vg_address_text(&p->address, ret);
	if (vg_prefix_is_single(p))
		return;
	size = strlen(ret);
	(void)snprintf(ret + size, VG_ADDRESS_TEXT - size, "/%d",
		       ipv4 ? p->bits - MAPPED_BITS : p->bits);
}

bool vg_prefix_contains(const struct vg_prefix *p, const struct vg_address *a)
{
	const size_t whole = p->bits / 8;
	const unsigned int rest = p->bits % 8;

	if (memcmp(p->address.octets, a->octets, whole) != 0)
		return false;
	return rest == 0 ||
	       (p->address.octets[whole] ^ a->octets[whole]) >> (8 - rest) == 0;
}

bool vg_prefixes_contain(const struct vg_prefix *p, size_t n,
			 const struct vg_address *a)
{
	for (size_t i = 0; i < n; i++)
		if (vg_prefix_contains(&p[i], a))
			return true;
	return false;
}

bool vg_prefix_is_single(const struct vg_prefix *p)
{
	return p->bits == 128;
}
