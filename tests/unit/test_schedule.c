/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/clock.h"
#include "daemon/schedule.h"

#define S VG_NS_PER_S
/* random % 201 == 100: no jitter; 0 and 200 are its ends. */
#define MIDDLE 100
#define LEAST  0
#define MOST   200

static void lease_is_ttl_within_bounds_and_hold(void **state)
{
	(void)state;
	assert_int_equal(vg_schedule_lease(300, 900), 1200 * S);
	assert_int_equal(vg_schedule_lease(0, 900), 960 * S);
	assert_int_equal(vg_schedule_lease(59, 60), 120 * S);
	assert_int_equal(vg_schedule_lease(3601, 60), 3660 * S);
	assert_int_equal(vg_schedule_lease(UINT32_MAX, 86400), 90000 * S);
}

static void refresh_is_four_fifths_of_ttl(void **state)
{
	(void)state;
	assert_int_equal(vg_schedule_refresh(100, 900, MIDDLE), 80 * S);
	assert_int_equal(vg_schedule_refresh(0, 900, MIDDLE), 15 * S);
	assert_int_equal(vg_schedule_refresh(86400, 900, MIDDLE), 300 * S);
}

static void refresh_is_at_most_half_a_lease(void **state)
{
	(void)state;
	/* Lease 60 + 60: the half is 60, less than 0.8 * 3600 and 300. */
	assert_int_equal(vg_schedule_refresh(120, 60, MIDDLE), 90 * S);
	assert_int_equal(vg_schedule_refresh(300, 60, MIDDLE), 180 * S);
	for (uint32_t ttl = 0; ttl <= 4000; ttl += 7)
		for (uint32_t hold = 60; hold <= 1000; hold += 60)
			assert_true(vg_schedule_refresh(ttl, hold, MOST) <
				    vg_schedule_lease(ttl, hold));
}

static void jitter_is_a_tenth_each_way(void **state)
{
	(void)state;
	assert_int_equal(vg_schedule_refresh(100, 900, LEAST), 72 * S);
	assert_int_equal(vg_schedule_refresh(100, 900, MOST), 88 * S);
	for (uint64_t r = 0; r < UINT32_MAX; r += 98765432) {
		uint64_t ns = vg_schedule_refresh(100, 900, (uint32_t)r);

		assert_in_range(ns, 72 * S, 88 * S);
	}
}

static void backoff_doubles_to_its_ceiling(void **state)
{
	const uint32_t wanted[] = {5, 5, 10, 20, 40, 80, 160, 300, 300, 300};

	(void)state;
	for (uint32_t i = 0; i < sizeof(wanted) / sizeof(wanted[0]); i++)
		assert_int_equal(vg_schedule_backoff(i, MIDDLE), wanted[i] * S);
	assert_int_equal(vg_schedule_backoff(UINT32_MAX, MIDDLE), 300 * S);
	assert_int_equal(vg_schedule_backoff(UINT32_MAX, MOST), 330 * S);
	assert_int_equal(vg_schedule_backoff(1, LEAST), 4500 * VG_NS_PER_MS);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(lease_is_ttl_within_bounds_and_hold),
		cmocka_unit_test(refresh_is_four_fifths_of_ttl),
		cmocka_unit_test(refresh_is_at_most_half_a_lease),
		cmocka_unit_test(jitter_is_a_tenth_each_way),
		cmocka_unit_test(backoff_doubles_to_its_ceiling),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
