/* SPDX-License-Identifier: Apache-2.0 */
/* The clock of a test build, compiled into this test. */
#ifndef VG_TEST_CLOCK
#define VG_TEST_CLOCK
#endif
#include "base/clock.c"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#define RATE 60

static int accelerate(void **state)
{
	(void)state;
	vg_clock_set_rate(RATE);
	return 0;
}

static void an_hour_takes_a_minute(void **state)
{
	const struct timeval t = vg_clock_wait(3600 * VG_NS_PER_S);

	(void)state;
	assert_int_equal(t.tv_sec, 60);
	assert_int_equal(t.tv_usec, 0);
	assert_int_equal(vg_clock_scale_ttl(5), 5 * RATE);
	assert_int_equal(vg_clock_scale_ttl(UINT32_MAX), UINT32_MAX);
}

static void the_kernel_sees_its_own_time(void **state)
{
	struct timespec boot;
	uint64_t kernel, ours;

	(void)state;
	assert_int_equal(clock_gettime(CLOCK_BOOTTIME, &boot), 0);
	kernel = (uint64_t)boot.tv_sec * VG_NS_PER_S + (uint64_t)boot.tv_nsec;
	ours = vg_clock_now();
	assert_true(vg_clock_to_kernel(ours) >= kernel);
	assert_true(vg_clock_to_kernel(ours) < kernel + VG_NS_PER_S);
	assert_int_equal(vg_clock_to_kernel(vg_clock_from_kernel(kernel)),
			 kernel);
	assert_int_equal(vg_clock_from_kernel(UINT64_MAX / 2), UINT64_MAX);
}

static void no_rate_is_rate_one(void **state)
{
	(void)state;
	vg_clock_set_rate(0);
	assert_int_equal(vg_clock_to_kernel(7), 7);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(an_hour_takes_a_minute, accelerate),
		cmocka_unit_test_setup(the_kernel_sees_its_own_time,
				       accelerate),
		cmocka_unit_test(no_rate_is_rate_one),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
