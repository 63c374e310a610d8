/* SPDX-License-Identifier: Apache-2.0 */
#include "base/utf8.h"

#include "base/cleanup.h"

struct span {
	uint32_t first;
	uint32_t last;
};

static const struct span controls[] = {
	{0x00, 0x1F},	  {0x7F, 0x9F},	    {0x061C, 0x061C},
	{0x200E, 0x200F}, {0x2028, 0x202E}, {0x2066, 0x2069},
};

/* By length: the lead octet's fixed bits, and the least code point. */
static const struct {
	uint8_t mask, lead;
	uint32_t least;
} forms[] = {
	{0x80, 0x00, 0},
	{0xE0, 0xC0, 0x80},
	{0xF0, 0xE0, 0x800},
	{0xF8, 0xF0, 0x10000},
};

static size_t length_of(uint8_t lead)
{
	for (size_t i = 0; i < VG_ARRAY_LEN(forms); i++)
		if ((lead & forms[i].mask) == forms[i].lead)
			return i + 1;
	return 0;
}

size_t vg_utf8_next(const char *text, size_t size, uint32_t *ret)
{
	const uint8_t *octets = (const uint8_t *)text;
	uint32_t point;
	size_t n;

	if (size == 0)
		return 0;
	n = length_of(octets[0]);
	if (n == 0 || n > size)
		return 0;

	point = octets[0] & (uint8_t)~forms[n - 1].mask;
	for (size_t i = 1; i < n; i++) {
		if ((octets[i] & 0xC0) != 0x80)
			return 0;
		point = point << 6 | (octets[i] & 0x3FU);
	}
	if (point < forms[n - 1].least || point > 0x10FFFF ||
	    (point >= 0xD800 && point <= 0xDFFF))
		return 0;

	*ret = point;
	return n;
}

bool vg_utf8_is_control(uint32_t point)
{
	for (size_t i = 0; i < VG_ARRAY_LEN(controls); i++)
		if (point >= controls[i].first && point <= controls[i].last)
			return true;
	return false;
}
