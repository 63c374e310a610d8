/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/cleanup.h"
#include "resolve/anchors.h"

static struct vg_anchors *a;

static int teardown(void **state)
{
	(void)state;
	vg_anchors_freep(&a);
	return 0;
}

static void parse(const char *text)
{
	assert_int_equal(vg_anchors_parse(text, &a), 0);
}

static void root_key_of_debian(void **state)
{
	(void)state;
	parse(". IN DNSKEY 257 3 8 AwEAAaz/tAm8+T4= ; keytag 20326\n"
	      ". IN DNSKEY 257 3 8 AwEAAa96jeuk ; keytag 38696\n");
	assert_int_equal(a->n, 2);
	assert_string_equal(a->items[0].zone, ".");
	assert_string_equal(a->items[0].record,
			    ". IN DNSKEY 257 3 8 AwEAAaz/tAm8+T4=");
	assert_string_equal(vg_anchors_canary(a), ".");
}

static void forms_that_tools_write(void **state)
{
	(void)state;
	parse("; autotrust trust anchor file\r\n"
	      "\n"
	      "  \t \n"
	      "Corp.Example.\t3600\tIN\tDS\t1 13 2 ABCDEF ;;state=2\n"
	      "corp.example. DS 2 13 2 ( ab ; half\n"
	      "   cd )\n"
	      "x. IN DS 3 13 2 ef");
	assert_int_equal(a->n, 3);
	assert_string_equal(a->items[0].zone, "corp.example");
	assert_string_equal(a->items[0].record,
			    "corp.example. IN DS 1 13 2 ABCDEF");
	assert_string_equal(a->items[1].record,
			    "corp.example. IN DS 2 13 2 ab cd");
	assert_string_equal(a->items[2].record, "x. IN DS 3 13 2 ef");
}

static void what_is_no_anchor_is_refused(void **state)
{
	static const char *const bad[] = {
		"hello",
		". IN A 1.2.3.4",
		". IN DS",
		". IN DS 1 8 2",
		"corp.example IN DS 1 8 2 ab", /* relative */
		" IN DS 1 8 2 ab",
		". CH DS 1 8 2 ab",
		". IN DS 1 8 2 ( ab",
		". IN DS 1 8 2 ab )",
		". IN DS 1 8 2 a\"b",
		". IN DS 1 8 2 a\033b",
		"$INCLUDE /etc/shadow",
		"trusted-keys { \".\" 257 3 8 \"AwEA\"; };",
	};
	struct vg_anchors *untouched = (void *)1;

	(void)state;
	for (size_t i = 0; i < VG_ARRAY_LEN(bad); i++) {
		print_message("# %s\n", i == 10 ? "an escape" : bad[i]);
		assert_int_equal(vg_anchors_parse(bad[i], &untouched), -EINVAL);
		assert_ptr_equal(untouched, (void *)1);
	}
}

static void bounds(void **state)
{
	static const char record[] = "x. IN DS 3 13 2 ef\n";
	static char many[(VG_ANCHORS_RECORDS + 1) * sizeof(record)];
	static char wide[VG_ANCHORS_LINE + 64];

	(void)state;
	for (int i = 0; i < VG_ANCHORS_RECORDS; i++)
		strcat(many, record);
	parse(many);
	assert_int_equal(a->n, VG_ANCHORS_RECORDS);
	vg_anchors_freep(&a);
	strcat(many, record);
	assert_int_equal(vg_anchors_parse(many, &a), -E2BIG);

	strcpy(wide, "x. IN DS 3 13 2 ");
	memset(wide + strlen(wide), 'a', VG_ANCHORS_LINE);
	assert_int_equal(vg_anchors_parse(wide, &a), -E2BIG);
	assert_null(a);
}

static void canary_is_the_root_or_the_only_zone(void **state)
{
	(void)state;
	parse("");
	assert_int_equal(a->n, 0);
	assert_string_equal(vg_anchors_canary(a), ".");
	vg_anchors_freep(&a);
	parse("corp.example. IN DS 1 13 2 ab\nb. IN DS 1 13 2 ab\n");
	assert_string_equal(vg_anchors_canary(a), "corp.example");
	vg_anchors_freep(&a);
	parse("corp.example. IN DS 1 13 2 ab\n. IN DS 1 13 2 ab\n");
	assert_string_equal(vg_anchors_canary(a), ".");
}

static void zones_end_at_labels(void **state)
{
	(void)state;
	assert_true(vg_zone_contains("corp.example", "corp.example"));
	assert_true(vg_zone_contains("corp.example", "a.Corp.example"));
	assert_false(vg_zone_contains("corp.example", "xcorp.example"));
	assert_false(vg_zone_contains("corp.example", "example"));
	assert_true(vg_zone_contains(".", "example"));

	parse(". IN DS 1 13 2 ab\ncorp.example. IN DS 1 13 2 ab\n");
	assert_true(vg_anchors_cover(a, "corp.example"));
	assert_true(vg_anchors_cover(a, "a.corp.example"));
	assert_false(vg_anchors_cover(a, "example")); /* the root is no cover */
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_teardown(root_key_of_debian, teardown),
		cmocka_unit_test_teardown(forms_that_tools_write, teardown),
		cmocka_unit_test_teardown(what_is_no_anchor_is_refused,
					  teardown),
		cmocka_unit_test_teardown(bounds, teardown),
		cmocka_unit_test_teardown(canary_is_the_root_or_the_only_zone,
					  teardown),
		cmocka_unit_test_teardown(zones_end_at_labels, teardown),
	};

	return cmocka_run_group_tests_name("anchors", tests, NULL, NULL);
}
