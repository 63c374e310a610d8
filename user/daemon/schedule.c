/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/schedule.h"

#include "base/clock.h"

#define BACKOFF_FIRST_S 5
#define BACKOFF_MAX_S	300

static uint64_t clamp(uint64_t value, uint64_t low, uint64_t high)
{
	if (value < low)
		return low;
	return value > high ? high : value;
}

/* 90 % to 110 %, so that what began together does not stay together. */
static uint64_t jitter(uint64_t ns, uint32_t random)
{
	return ns / 1000 * (900 + random % 201);
}

uint64_t vg_schedule_lease(uint32_t ttl, uint32_t hold_s)
{
	return (clamp(ttl, VG_TTL_MIN_S, VG_TTL_MAX_S) + hold_s) * VG_NS_PER_S;
}

uint64_t vg_schedule_refresh(uint32_t ttl, uint32_t hold_s, uint32_t random)
{
	uint64_t half = vg_schedule_lease(ttl, hold_s) / 2;
	uint64_t high = clamp(half, 0, VG_REFRESH_MAX_S * VG_NS_PER_S);
	uint64_t ns = (uint64_t)ttl * VG_NS_PER_S / 10 * 8;

	return jitter(clamp(ns, VG_REFRESH_MIN_S * VG_NS_PER_S, high), random);
}

uint64_t vg_schedule_backoff(uint32_t failures, uint32_t random)
{
	uint64_t s = BACKOFF_MAX_S;

	if (failures == 0)
		failures = 1;
	if (failures < 8) /* 5 << 6 is already 320 */
		s = clamp((uint64_t)BACKOFF_FIRST_S << (failures - 1), 0,
			  BACKOFF_MAX_S);
	return jitter(s * VG_NS_PER_S, random);
}
