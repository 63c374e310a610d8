/* SPDX-License-Identifier: Apache-2.0 */
#include "base/num.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include "base/cleanup.h"

#define UNTOUCHED 77777U

static const struct {
	const char *text;
	uint64_t min, max;
	int r;
	uint64_t value;
} numbers[] = {
	{"0", 0, 10, 0, 0},
	{"10", 0, 10, 0, 10},
	{"11", 0, 10, -ERANGE, 0},
	{"4", 5, 10, -ERANGE, 0},
	{"18446744073709551615", 0, UINT64_MAX, 0, UINT64_MAX},
	{"18446744073709551616", 0, UINT64_MAX, -ERANGE, 0},
	{"99999999999999999999999999", 0, UINT64_MAX, -ERANGE, 0},
	{"99999999999999999999999999x", 0, UINT64_MAX, -EINVAL, 0},
	{"", 0, 10, -EINVAL, 0},
	{" 1", 0, 10, -EINVAL, 0},
	{"1 ", 0, 10, -EINVAL, 0},
	{"+1", 0, 10, -EINVAL, 0},
	{"-1", 0, 10, -EINVAL, 0},
	{"-0", 0, 10, -EINVAL, 0},
	{"01", 0, 10, -EINVAL, 0},
	{"00", 0, 10, -EINVAL, 0},
	{"0x1", 0, 10, -EINVAL, 0},
	{"1e1", 0, 10, -EINVAL, 0},
	{"1.0", 0, 10, -EINVAL, 0},
	{"7abc", 0, 100, -EINVAL, 0},
	{"\xD9\xA1", 0, 10, -EINVAL, 0}, /* an Arabic-Indic one */
};

static void numbers_to_the_last_character(void **state)
{
	(void)state;
	for (size_t i = 0; i < VG_ARRAY_LEN(numbers); i++) {
		uint64_t value = UNTOUCHED;

		assert_int_equal(vg_num_u64(numbers[i].text, numbers[i].min,
					    numbers[i].max, &value),
				 numbers[i].r);
		assert_int_equal(value,
				 numbers[i].r ? UNTOUCHED : numbers[i].value);
	}
}

static void small_numbers(void **state)
{
	uint32_t value = UNTOUCHED;

	(void)state;
	assert_int_equal(vg_num_u32("4294967296", 0, UINT32_MAX, &value),
			 -ERANGE);
	assert_int_equal(value, UNTOUCHED);
	assert_int_equal(vg_num_u32("4294967295", 0, UINT32_MAX, &value), 0);
	assert_int_equal(value, UINT32_MAX);
}

static const struct {
	const char *text;
	int r;
	uint32_t value;
} durations[] = {
	{"90s", 0, 90},
	{"15m", 0, 900},
	{"24h", 0, 86400},
	{"1d", 0, 86400},
	{"2d", -ERANGE, 0},
	{"59s", -ERANGE, 0},
	{"15", -EINVAL, 0},
	{"15M", -EINVAL, 0},
	{"15 m", -EINVAL, 0},
	{"15mm", -EINVAL, 0},
	{"1h30m", -EINVAL, 0},
	{"m", -EINVAL, 0},
	{"", -EINVAL, 0},
	{"-15m", -EINVAL, 0},
	{"1.5h", -EINVAL, 0},
	{"99999999999999999999d", -ERANGE, 0},
	{"9999999999999999d", -ERANGE, 0},
	/* 2^64 / 86400 days and one more would wrap to a small number */
	{"213503982334602d", -ERANGE, 0},
};

static void durations_need_a_unit(void **state)
{
	(void)state;
	for (size_t i = 0; i < VG_ARRAY_LEN(durations); i++) {
		uint32_t value = UNTOUCHED;

		assert_int_equal(
			vg_num_duration(durations[i].text, 60, 86400, &value),
			durations[i].r);
		assert_int_equal(value, durations[i].r ? UNTOUCHED
						       : durations[i].value);
	}
}

static const struct {
	const char *text;
	int r;
	uint64_t value;
} sizes[] = {
	{"4096", 0, 4096},
	{"64KiB", 0, 65536},
	{"4MiB", 0, 4194304},
	{"1GiB", 0, 1073741824},
	{"2GiB", -ERANGE, 0},
	{"4MB", -EINVAL, 0},
	{"4Mi", -EINVAL, 0},
	{"4 MiB", -EINVAL, 0},
	{"4mib", -EINVAL, 0},
	{"MiB", -EINVAL, 0},
	{"17179869184GiB", -ERANGE, 0}, /* 2^64 */
};

static void sizes_have_binary_units(void **state)
{
	(void)state;
	for (size_t i = 0; i < VG_ARRAY_LEN(sizes); i++) {
		uint64_t value = UNTOUCHED;

		assert_int_equal(
			vg_num_size(sizes[i].text, 0, 1ULL << 30, &value),
			sizes[i].r);
		assert_int_equal(value,
				 sizes[i].r ? UNTOUCHED : sizes[i].value);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(numbers_to_the_last_character),
		cmocka_unit_test(small_numbers),
		cmocka_unit_test(durations_need_a_unit),
		cmocka_unit_test(sizes_have_binary_units),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
