/* SPDX-License-Identifier: Apache-2.0 */
#include "base/clock.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>
#include <time.h>
#include <cmocka.h>

static void it_is_boot_time_and_goes_on(void **state)
{
	struct timespec boot;
	uint64_t before, now, after;

	(void)state;
	before = vg_clock_now();
	assert_int_equal(clock_gettime(CLOCK_BOOTTIME, &boot), 0);
	after = vg_clock_now();
	now = (uint64_t)boot.tv_sec * VG_NS_PER_S + (uint64_t)boot.tv_nsec;
	assert_true(before <= now && now <= after);
}

static void without_acceleration_it_is_the_kernels(void **state)
{
	(void)state;
	assert_int_equal(vg_clock_to_kernel(12345), 12345);
	assert_int_equal(vg_clock_from_kernel(UINT64_MAX), UINT64_MAX);
	assert_int_equal(vg_clock_scale_ttl(UINT32_MAX), UINT32_MAX);
}

static void waits_are_rounded_up(void **state)
{
	struct timeval t = vg_clock_wait(1);

	(void)state;
	assert_int_equal(t.tv_sec, 0);
	assert_int_equal(t.tv_usec, 1);
	t = vg_clock_wait(2 * VG_NS_PER_S - 1);
	assert_int_equal(t.tv_sec, 2);
	assert_int_equal(t.tv_usec, 0);
	t = vg_clock_wait(0);
	assert_int_equal(t.tv_sec, 0);
	assert_int_equal(t.tv_usec, 0);
}

static void now_is_written_as_wall_time(void **state)
{
	char text[VG_CLOCK_TEXT], date[VG_CLOCK_TEXT];
	time_t before, after;
	struct tm tm;
	time_t read;

	(void)state;
	before = time(NULL);
	vg_clock_text(vg_clock_now(), text);
	after = time(NULL);

	assert_int_equal(strlen(text), 27);
	assert_int_equal(text[26], 'Z');
	assert_int_equal(text[19], '.');
	memset(&tm, 0, sizeof(tm));
	assert_non_null(strptime(text, "%Y-%m-%dT%H:%M:%S", &tm));
	read = timegm(&tm);
	assert_true(read >= before - 1 && read <= after + 1);
	assert_true(strftime(date, sizeof(date), "%Y-%m-%dT%H:%M:%S", &tm) > 0);
	assert_memory_equal(date, text, 19);
}

static void no_time_overflows_the_text(void **state)
{
	char text[VG_CLOCK_TEXT];

	(void)state;
	vg_clock_text(UINT64_MAX, text);
	assert_int_equal(strlen(text), 27);
	vg_clock_text(0, text);
	assert_int_equal(strlen(text), 27);
	assert_int_equal(text[10], 'T');
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(it_is_boot_time_and_goes_on),
		cmocka_unit_test(without_acceleration_it_is_the_kernels),
		cmocka_unit_test(waits_are_rounded_up),
		cmocka_unit_test(now_is_written_as_wall_time),
		cmocka_unit_test(no_time_overflows_the_text),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
