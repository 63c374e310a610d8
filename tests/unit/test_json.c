/* SPDX-License-Identifier: Apache-2.0 */
#include "base/json.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include "base/cleanup.h"
#include "base/utf8.h"

static void a_fixed_shape(void **state)
{
	vg_cleanup(vg_buf_freep) struct vg_buf out = {0};
	struct vg_json j;

	(void)state;
	vg_json_begin(&j, &out);
	vg_json_object(&j, NULL);
	vg_json_uint(&j, "v", 1);
	vg_json_array(&j, "list");
	vg_json_string(&j, NULL, "a");
	vg_json_object(&j, NULL);
	vg_json_object_end(&j);
	vg_json_array(&j, NULL);
	vg_json_uint(&j, NULL, UINT64_MAX);
	vg_json_uint(&j, NULL, 0);
	vg_json_array_end(&j);
	vg_json_array_end(&j);
	vg_json_bool(&j, "yes", true);
	vg_json_bool(&j, "no", false);
	vg_json_object_end(&j);
	assert_string_equal(vg_buf_text(&out), "{\"v\":1,\"list\":[\"a\",{},"
					       "[18446744073709551615,0]],"
					       "\"yes\":true,\"no\":false}");
}

static const struct {
	const char *in, *out;
} strings[] = {
	{"", "\"\""},
	{"plain /", "\"plain /\""},
	{"\"\\", "\"\\\"\\\\\""},
	{"\n\t\x1b\x01", "\"\\u000a\\u0009\\u001b\\u0001\""},
	{"\x7f", "\"\\u007f\""},
	{"\xc2\x9b", "\"\\u009b\""}, /* C1: CSI */
	{"\xe2\x80\xae", "\"\\u202e\""}, /* right to left override */
	{"\xe2\x80\xa8", "\"\\u2028\""}, /* line separator */
	{"\xc3\xa9", "\"\xc3\xa9\""}, /* e acute */
	{"\xf0\x9f\x98\x80", "\"\xf0\x9f\x98\x80\""},
	{"a\xff", "\"a\xef\xbf\xbd\""},
	{"\xc3", "\"\xef\xbf\xbd\""}, /* cut short */
	{"\xc0\x80", "\"\xef\xbf\xbd\xef\xbf\xbd\""}, /* overlong NUL */
	{"\xc0\xaf", "\"\xef\xbf\xbd\xef\xbf\xbd\""},
	{"\xe0\x80\xaf", "\"\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\""},
	{"\xed\xa0\x80", "\"\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\""},
	{"\xf4\x90\x80\x80",
	 "\"\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\""},
};

static void strings_may_hold_anything(void **state)
{
	(void)state;
	for (size_t i = 0; i < VG_ARRAY_LEN(strings); i++) {
		vg_cleanup(vg_buf_freep) struct vg_buf out = {0};
		struct vg_json j;

		vg_json_begin(&j, &out);
		vg_json_string(&j, NULL, strings[i].in);
		assert_string_equal(vg_buf_text(&out), strings[i].out);
	}
}

static void keys_are_escaped_too(void **state)
{
	vg_cleanup(vg_buf_freep) struct vg_buf out = {0};
	struct vg_json j;

	(void)state;
	vg_json_begin(&j, &out);
	vg_json_object(&j, NULL);
	vg_json_uint(&j, "a\"b", 1);
	vg_json_object_end(&j);
	assert_string_equal(vg_buf_text(&out), "{\"a\\\"b\":1}");
}

static void sixteen_levels_fit(void **state)
{
	vg_cleanup(vg_buf_freep) struct vg_buf out = {0};
	struct vg_json j;

	(void)state;
	vg_json_begin(&j, &out);
	for (int i = 0; i < 16; i++)
		vg_json_array(&j, NULL);
	vg_json_uint(&j, NULL, 1);
	for (int i = 0; i < 16; i++)
		vg_json_array_end(&j);
	assert_string_equal(vg_buf_text(&out),
			    "[[[[[[[[[[[[[[[[1]]]]]]]]]]]]]]]]");
}

/* Every code point, encoded by hand, comes back; nothing else is UTF-8. */
static void every_code_point(void **state)
{
	size_t valid = 0;

	(void)state;
	for (uint32_t p = 0x800; p < 0x10000; p++) {
		const char text[3] = {
			(char)(0xE0 | p >> 12),
			(char)(0x80 | (p >> 6 & 0x3F)),
			(char)(0x80 | (p & 0x3F)),
		};
		uint32_t point = 0;

		if (vg_utf8_next(text, 3, &point) == 3) {
			assert_int_equal(point, p);
			valid++;
		} else {
			assert_in_range(p, 0xD800, 0xDFFF);
		}
		assert_int_equal(vg_utf8_next(text, 2, &point), 0);
	}
	assert_int_equal(valid, 0x10000 - 0x800 - 0x800);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_fixed_shape),
		cmocka_unit_test(strings_may_hold_anything),
		cmocka_unit_test(keys_are_escaped_too),
		cmocka_unit_test(sixteen_levels_fit),
		cmocka_unit_test(every_code_point),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
