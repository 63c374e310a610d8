/* SPDX-License-Identifier: Apache-2.0 */
#include "base/buf.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>
#include <cmocka.h>

#include "base/cleanup.h"

static void an_empty_buffer_is_an_empty_text(void **state)
{
	struct vg_buf b = {0};

	(void)state;
	assert_string_equal(vg_buf_text(&b), "");
	assert_int_equal(vg_buf_error(&b), 0);
	vg_buf_freep(&b);
}

static void it_grows_and_keeps_its_nul(void **state)
{
	vg_cleanup(vg_buf_freep) struct vg_buf b = {0};

	(void)state;
	for (int i = 0; i < 10000; i++) {
		vg_buf_printf(&b, "%d,", i % 10);
		assert_int_equal(strlen(vg_buf_text(&b)), b.size);
	}
	assert_int_equal(b.size, 20000);
	assert_memory_equal(b.data, "0,1,2,3,", 8);
	assert_int_equal(vg_buf_error(&b), 0);
}

static void octets_may_be_nul(void **state)
{
	vg_cleanup(vg_buf_freep) struct vg_buf b = {0};

	(void)state;
	vg_buf_add(&b, "a\0b", 3);
	vg_buf_add(&b, NULL, 0);
	assert_int_equal(b.size, 3);
	assert_memory_equal(b.data, "a\0b", 4);
}

static void the_bound_sticks(void **state)
{
	vg_cleanup(vg_buf_freep) struct vg_buf b = {.max = 8};

	(void)state;
	vg_buf_puts(&b, "12345678");
	assert_int_equal(vg_buf_error(&b), 0);
	vg_buf_puts(&b, "9");
	assert_int_equal(vg_buf_error(&b), -EMSGSIZE);
	vg_buf_puts(&b, "");
	vg_buf_printf(&b, "%s", "");
	assert_string_equal(vg_buf_text(&b), "12345678");
	assert_int_equal(vg_buf_error(&b), -EMSGSIZE);

	vg_buf_clear(&b);
	assert_int_equal(vg_buf_error(&b), 0);
	assert_string_equal(vg_buf_text(&b), "");
	vg_buf_printf(&b, "%d", 123456789);
	assert_int_equal(vg_buf_error(&b), -EMSGSIZE);
	assert_string_equal(vg_buf_text(&b), "");
}

static void nothing_follows_what_was_lost(void **state)
{
	vg_cleanup(vg_buf_freep) struct vg_buf b = {.max = 8};

	(void)state;
	vg_buf_puts(&b, "1234");
	vg_buf_puts(&b, "56789");
	vg_buf_puts(&b, "5");
	vg_buf_printf(&b, "%d", 5);
	assert_string_equal(vg_buf_text(&b), "1234");
	assert_int_equal(vg_buf_error(&b), -EMSGSIZE);
}

static void freeing_empties(void **state)
{
	struct vg_buf b = {.max = 100};

	(void)state;
	vg_buf_puts(&b, "x");
	vg_buf_freep(&b);
	vg_buf_freep(&b);
	assert_string_equal(vg_buf_text(&b), "");
	vg_buf_puts(&b, "y");
	assert_string_equal(vg_buf_text(&b), "y");
	vg_buf_freep(&b);
}

static void strangers_reach_no_terminal(void **state)
{
	vg_cleanup(vg_buf_freep) struct vg_buf b = {0};

	(void)state;
	vg_buf_escaped(&b, "a b~\x1b[2J\\\n\x7f\xc3\xa9\t");
	assert_string_equal(vg_buf_text(&b),
			    "a b~\\x1B[2J\\\\\\x0A\\x7F\\xC3\\xA9\\x09");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_empty_buffer_is_an_empty_text),
		cmocka_unit_test(it_grows_and_keeps_its_nul),
		cmocka_unit_test(octets_may_be_nul),
		cmocka_unit_test(the_bound_sticks),
		cmocka_unit_test(nothing_follows_what_was_lost),
		cmocka_unit_test(freeing_empties),
		cmocka_unit_test(strangers_reach_no_terminal),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
