/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "cli/run_report.h"

static int setup(void **state)
{
	return vg_run_report_new((struct vg_run_report **)state);
}

static int teardown(void **state)
{
	vg_run_report_freep((struct vg_run_report **)state);
	return 0;
}

static void feed(struct vg_run_report *r, const char *text)
{
	vg_run_report_feed(r, text, strlen(text));
}

static void counts_add_up(void **state)
{
	struct vg_run_report *r = *state;

	feed(r, "{\"v\":1,\"event\":\"deny\",\"count\":3,\"why\":\"a\"}\n"
		"{\"v\":1,\"event\":\"would_deny\",\"count\":2}\n"
		"{\"v\":1,\"event\":\"deny\"}\n"
		"{\"v\":1,\"event\":\"lease_set\",\"count\":9}\n"
		"{\"v\":1,\"event\":\"lost\",\"count\":7}\n");
	assert_int_equal(vg_run_report_denials(r), 6);
	assert_int_equal(vg_run_report_lost(r), 7);
	vg_run_report_missed(r, 5);
	assert_int_equal(vg_run_report_lost(r), 12);
}

static void pieces_of_lines_are_put_together(void **state)
{
	struct vg_run_report *r = *state;
	const char *line = "{\"event\":\"deny\",\"count\":4,\"why\":\"w\"}\n";

	for (const char *p = line; *p; p++) {
		assert_int_equal(vg_run_report_denials(r), 0);
		vg_run_report_feed(r, p, 1);
	}
	assert_int_equal(vg_run_report_denials(r), 4);
}

/* What strangers name cannot look like a key of ours. */
static void names_are_not_taken_for_keys(void **state)
{
	struct vg_run_report *r = *state;

	feed(r, "{\"comm\":\"\\\"event\\\":\\\"deny\\\"\",\"x\":1}\n"
		"{\"dst\":{\"event\":\"deny\",\"count\":5}}\n"
		"{\"comm\":\"event\",\"y\":\"deny\"}\n"
		"{\"event\":\"denying\"}\n"
		"{\"list\":[\"event\",\"deny\"]}\n"
		"not json at all\n"
		"\"\n"
		"{\"event\n");
	assert_int_equal(vg_run_report_denials(r), 0);
	feed(r, "{\"process\":{\"count\":9,\"comm\":\"}\\\"\"},"
		"\"event\":\"deny\",\"count\":2}\n");
	assert_int_equal(vg_run_report_denials(r), 2);
}

static void number_that_is_none_counts_once(void **state)
{
	struct vg_run_report *r = *state;

	feed(r, "{\"event\":\"deny\",\"count\":-1}\n"
		"{\"event\":\"deny\",\"count\":99999999999999999999999}\n"
		"{\"event\":\"deny\",\"count\":\"7\"}\n");
	assert_int_equal(vg_run_report_denials(r), 3);
}

static void equal_sentences_are_one_line(void **state)
{
	struct vg_run_report *r = *state;
	vg_cleanup(vg_buf_freep) struct vg_buf b = {0};

	feed(r, "{\"event\":\"deny\",\"count\":3,\"why\":\"one \\\"x\\\"\"}\n"
		"{\"event\":\"deny\",\"count\":1,\"why\":\"two\"}\n"
		"{\"event\":\"deny\",\"count\":4,\"why\":\"one \\\"x\\\"\"}\n");
	vg_run_report_text(r, &b);
	assert_string_equal(vg_buf_text(&b),
			    "verigress run: one \"x\" (7 times)\n"
			    "verigress run: two\n"
			    "verigress run: 8 denials\n");
}

static void nothing_is_said_of_nothing(void **state)
{
	struct vg_run_report *r = *state;
	vg_cleanup(vg_buf_freep) struct vg_buf b = {0};

	feed(r, "{\"event\":\"policy_load\"}\n");
	vg_run_report_text(r, &b);
	assert_string_equal(vg_buf_text(&b), "");
}

static void terminal_gets_no_control_characters(void **state)
{
	struct vg_run_report *r = *state;
	vg_cleanup(vg_buf_freep) struct vg_buf b = {0};

	feed(r, "{\"event\":\"deny\",\"why\":\"a\x1b[31m\\u001b \xc2\x9b\"}\n");
	vg_run_report_text(r, &b);
	for (const char *p = vg_buf_text(&b); *p; p++)
		assert_true(*p == '\n' || (*p >= ' ' && *p <= '~'));
}

static void memory_is_bounded(void **state)
{
	struct vg_run_report *r = *state;
	vg_cleanup(vg_buf_freep) struct vg_buf b = {0};
	char line[128];

	for (int i = 0; i < VG_RUN_LINES + 50; i++) {
		snprintf(line, sizeof(line),
			 "{\"event\":\"deny\",\"count\":2,\"why\":\"%d\"}\n",
			 i);
		feed(r, line);
	}
	assert_int_equal(vg_run_report_denials(r), 2 * (VG_RUN_LINES + 50));
	vg_run_report_text(r, &b);
	assert_non_null(strstr(vg_buf_text(&b), "and 50 lines more"));
}

static void line_without_end_is_lost_not_kept(void **state)
{
	struct vg_run_report *r = *state;

	for (int i = 0; i < 2 * VG_RUN_LINE; i++)
		vg_run_report_feed(r, "x", 1);
	feed(r, "\n{\"event\":\"deny\"}\n");
	assert_int_equal(vg_run_report_lost(r), 1);
	assert_int_equal(vg_run_report_denials(r), 1);
}

static void json_holds_the_events_as_they_came(void **state)
{
	struct vg_run_report *r = *state;
	vg_cleanup(vg_buf_freep) struct vg_buf b = {0};

	feed(r, "{\"event\":\"deny\",\"why\":\"a\"}\n"
		"{\"event\":\"deny\",\"why\":\"b\"}\n");
	vg_run_report_json(r, "svc", 3, &b);
	assert_string_equal(
		vg_buf_text(&b),
		"{\"v\":1,\"service\":\"svc\",\"status\":3,\"denials\":2,"
		"\"lost\":0,\"omitted\":0,\"events\":["
		"{\"event\":\"deny\",\"why\":\"a\"},"
		"{\"event\":\"deny\",\"why\":\"b\"}]}\n");
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
	const struct CMUnitTest tests[] = {
		TEST(counts_add_up),
		TEST(pieces_of_lines_are_put_together),
		TEST(names_are_not_taken_for_keys),
		TEST(number_that_is_none_counts_once),
		TEST(equal_sentences_are_one_line),
		TEST(nothing_is_said_of_nothing),
		TEST(terminal_gets_no_control_characters),
		TEST(memory_is_bounded),
		TEST(line_without_end_is_lost_not_kept),
		TEST(json_holds_the_events_as_they_came),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
