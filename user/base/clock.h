/* SPDX-License-Identifier: Apache-2.0 */
/*
 * clock -- the time that leases are measured in.
 *
 * CLOCK_BOOTTIME in nanoseconds: it goes on over suspend and without user
 * space, and the kernel programs read the same clock.
 *
 * In a test build (-DVG_TEST_CLOCK) time may run RATE times faster, so that an
 * hour takes a minute: everything that the daemon measures or waits for passes
 * through this module, and vg_clock_kernel() maps back to what the kernel
 * sees.  In a normal build the rate is 1 and cannot be set.
 */
#pragma once

#include <stdint.h>
#include <sys/time.h>

#define VG_NS_PER_S  1000000000ULL
#define VG_NS_PER_MS 1000000ULL

/* Now, in ns of (possibly accelerated) boot time. */
uint64_t vg_clock_now(void);

/* The kernel's boot time at our time T; and our time at the kernel's T. */
uint64_t vg_clock_to_kernel(uint64_t t);
uint64_t vg_clock_from_kernel(uint64_t t);

/* How long to really wait for NS of our time (for event_add and poll). */
struct timeval vg_clock_wait(uint64_t ns);

/* Real seconds (a TTL on the wire) as our seconds. */
uint32_t vg_clock_scale_ttl(uint32_t ttl);

/* Wall time of our time T: "2026-11-21T02:43:39.123456Z", 27 octets and NUL. */
#define VG_CLOCK_TEXT 28
void vg_clock_text(uint64_t t, char ret[static VG_CLOCK_TEXT]);

#ifdef VG_TEST_CLOCK
void vg_clock_set_rate(uint32_t rate);
#endif
