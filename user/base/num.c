/* SPDX-License-Identifier: Apache-2.0 */
#include "base/num.h"

#include <errno.h>
#include <stdbool.h>
#include <string.h>

#include "base/cleanup.h"

struct unit {
	const char *name;
	uint64_t factor;
};

static const struct unit durations[] = {
	{"s", 1},
	{"m", 60},
	{"h", 3600},
	{"d", 86400},
};

static const struct unit sizes[] = {
	{"", 1},
	{"KiB", 1ULL << 10},
	{"MiB", 1ULL << 20},
	{"GiB", 1ULL << 30},
};

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

/* The digits at the start of TEXT; *RET_END is what follows them. */
static int digits(const char *text, uint64_t *ret, const char **ret_end)
{
	uint64_t value = 0;
	bool too_large = false;
	const char *c;

	if (!is_digit(text[0]) || (text[0] == '0' && is_digit(text[1])))
		return -EINVAL;

	for (c = text; is_digit(*c); c++)
		if (__builtin_mul_overflow(value, 10, &value) ||
		    __builtin_add_overflow(value, (uint64_t)(*c - '0'), &value))
			too_large = true;

	*ret_end = c;
	*ret = value;
	return too_large ? -ERANGE : 0;
}

int vg_num_u64(const char *text, uint64_t min, uint64_t max, uint64_t *ret)
{
	uint64_t value;
	const char *end = text;
	int r;

	r = digits(text, &value, &end);
	if (r == -EINVAL || *end)
		return -EINVAL;
	if (r < 0 || value < min || value > max)
		return -ERANGE;

	*ret = value;
	return 0;
}

int vg_num_u32(const char *text, uint32_t min, uint32_t max, uint32_t *ret)
{
	uint64_t value;
	int r;

	r = vg_num_u64(text, min, max, &value);
	if (r < 0)
		return r;

	*ret = (uint32_t)value;
	return 0;
}

static const struct unit *unit_named(const struct unit *units, size_t n,
				     const char *name)
{
	for (size_t i = 0; i < n; i++)
		if (strcmp(units[i].name, name) == 0)
			return &units[i];
	return NULL;
}

/* TEXT is digits and one of UNITS. */
static int with_unit(const char *text, const struct unit *units, size_t n,
		     uint64_t *ret)
{
	const struct unit *unit;
	const char *end = text;
	uint64_t value;
	int r;

	r = digits(text, &value, &end);
	if (r == -EINVAL)
		return r;
	unit = unit_named(units, n, end);
	if (!unit)
		return -EINVAL;
	if (r < 0 || __builtin_mul_overflow(value, unit->factor, &value))
		return -ERANGE;

	*ret = value;
	return 0;
}

int vg_num_duration(const char *text, uint32_t min_s, uint32_t max_s,
		    uint32_t *ret_s)
{
	uint64_t value;
	int r;

	r = with_unit(text, durations, VG_ARRAY_LEN(durations), &value);
	if (r < 0)
		return r;
	if (value < min_s || value > max_s)
		return -ERANGE;

	*ret_s = (uint32_t)value;
	return 0;
}

int vg_num_size(const char *text, uint64_t min, uint64_t max, uint64_t *ret)
{
	uint64_t value;
	int r;

	r = with_unit(text, sizes, VG_ARRAY_LEN(sizes), &value);
	if (r < 0)
		return r;
	if (value < min || value > max)
		return -ERANGE;

	*ret = value;
	return 0;
}
