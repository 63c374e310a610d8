/* SPDX-License-Identifier: Apache-2.0 */
#include "base/clock.h"

#include <stdio.h>
#include <time.h>

#define NS_PER_US   1000ULL
#define LAST_SECOND 253402300799LL /* 9999-12-31T23:59:59Z */

/*
 * Accelerated time is kernel time multiplied: without an origin, so that all
 * processes, and a daemon after its restart, agree.
 */
#ifdef VG_TEST_CLOCK
static uint32_t rate = 1;

void vg_clock_set_rate(uint32_t r)
{
	rate = r ? r : 1;
}
#else
enum { rate = 1 };
#endif

static uint64_t read_clock(clockid_t id)
{
	struct timespec t = {0};

	(void)clock_gettime(id, &t); /* cannot fail for these clocks */
	return (uint64_t)t.tv_sec * VG_NS_PER_S + (uint64_t)t.tv_nsec;
}

uint64_t vg_clock_from_kernel(uint64_t t)
{
	uint64_t ours;

	if (__builtin_mul_overflow(t, (uint64_t)rate, &ours))
		return UINT64_MAX;
	return ours;
}

uint64_t vg_clock_to_kernel(uint64_t t)
{
	return t / rate;
}

uint64_t vg_clock_now(void)
{
	return vg_clock_from_kernel(read_clock(CLOCK_BOOTTIME));
}

struct timeval vg_clock_wait(uint64_t ns)
{
	const uint64_t real = ns / rate;

	/* Rounded up: who waits must not wake before the time. */
	const uint64_t us = real / NS_PER_US + (real % NS_PER_US ? 1 : 0);

	return (struct timeval){
		.tv_sec = (time_t)(us / 1000000),
		.tv_usec = (suseconds_t)(us % 1000000),
	};
}

uint32_t vg_clock_scale_ttl(uint32_t ttl)
{
	const uint64_t ours = (uint64_t)ttl * rate;

	return ours > UINT32_MAX ? UINT32_MAX : (uint32_t)ours;
}

/* The wall clock, in ns since 1970, when the kernel's boot time is AT. */
static uint64_t wall_at(uint64_t at)
{
	const uint64_t boot = read_clock(CLOCK_BOOTTIME);
	const uint64_t wall = read_clock(CLOCK_REALTIME);

	if (at <= boot)
		return boot - at > wall ? 0 : wall - (boot - at);
	return at - boot > UINT64_MAX - wall ? UINT64_MAX : wall + (at - boot);
}

void vg_clock_text(uint64_t t, char ret[static VG_CLOCK_TEXT])
{
	const uint64_t wall = wall_at(vg_clock_to_kernel(t));
	time_t seconds = (time_t)(wall / VG_NS_PER_S);
	const unsigned int us = (unsigned int)(wall % VG_NS_PER_S / NS_PER_US);
	char date[VG_CLOCK_TEXT] = "";
	struct tm tm;

	if (seconds > LAST_SECOND)
		seconds = LAST_SECOND;
	if (gmtime_r(&seconds, &tm))
		(void)strftime(date, sizeof(date), "%Y-%m-%dT%H:%M:%S", &tm);
	(void)snprintf(ret, VG_CLOCK_TEXT, "%.19s.%06uZ", date, us % 1000000);
}
