/* SPDX-License-Identifier: Apache-2.0 */
/*
 * schedule -- when to look again, and how long a lease lasts (design.md 6).
 *
 * Called by the keeper.  Pure: time and randomness are given.  Times are ns
 * of vg_clock_now(), TTLs seconds; RANDOM is any 32 bits.
 */
#pragma once

#include <stdint.h>

#define VG_TTL_MIN_S	 60 /* of a lease */
#define VG_TTL_MAX_S	 3600
#define VG_REFRESH_MIN_S 15
#define VG_REFRESH_MAX_S 300
#define VG_LITERAL_TTL_S 900 /* literals hold leases too, renewed as names */

/* clamp(TTL, 60 s, 1 h) + HOLD_S, in ns. */
uint64_t vg_schedule_lease(uint32_t ttl, uint32_t hold_s);

/* After an answer: clamp(0.8 TTL, 15 s, min(300 s, half a lease)) +- 10 %. */
uint64_t vg_schedule_refresh(uint32_t ttl, uint32_t hold_s, uint32_t random);

/* After the FAILURES-th failure in a row (from 1): 5, 10, 20 ... 300 s +- 10 %. */
uint64_t vg_schedule_backoff(uint32_t failures, uint32_t random);
