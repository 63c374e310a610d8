/* SPDX-License-Identifier: Apache-2.0 */
#include "policy/diag.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

#include "base/cleanup.h"
#include "policy/nearest.h"

static void add(struct vg_diags *d, uint32_t column, const char *source,
		const char *hint)
{
	const struct vg_place place = {
		.file = "billing.yaml",
		.line = 12,
		.column = column,
		.source = source,
		.source_size = strlen(source),
	};

	vg_diag_add(d, VG_DIAG_ERROR, &place, hint, "unknown key '%s'",
		    "prots");
}

static const struct {
	const char *source;
	uint32_t column;
	const char *printed; /* line and caret */
} carets[] = {
	{"        prots: [443/tcp]", 9,
	 "        prots: [443/tcp]\n        ^\n"},
	{"prots:", 1, "prots:\n^\n"},
	{"prots:", 7, "prots:\n      ^\n"}, /* behind the end */
	{"\ta\tprots:", 4, "\ta\tprots:\n\t \t^\n"},
	{"\xc3\xbc: prots", 4, "\xc3\xbc: prots\n   ^\n"},
	{"\xe6\xbc\xa2\xe5\xad\x97: x", 5,
	 "\xe6\xbc\xa2\xe5\xad\x97: x\n      ^\n"}, /* two columns each */
	{"e\xcc\x81: x", 5, "e\xcc\x81: x\n   ^\n"}, /* combining: none */
	{"\x1b[2J: x", 7, "\\x1B[2J: x\n         ^\n"},
	{"\xff: x", 4, "\\xFF: x\n      ^\n"},
	{"\xc2\x9b: x", 4, "\\xC2\\x9B: x\n          ^\n"},
	{"\xe2\x80\xae: x", 4, "\\xE2\\x80\\xAE: x\n              ^\n"},
};

static void a_caret_stands_under_its_column(void **state)
{
	static const char first[] =
		"billing.yaml:12:%u: error: unknown key 'prots' "
		"(did you mean 'ports'?)\n%s";

	(void)state;
	for (size_t i = 0; i < VG_ARRAY_LEN(carets); i++) {
		vg_cleanup(vg_diags_freep) struct vg_diags d = {0};
		vg_cleanup(vg_buf_freep) struct vg_buf out = {0};
		char wanted[512];

		add(&d, carets[i].column, carets[i].source,
		    "did you mean 'ports'?");
		vg_diags_print(&d, false, &out);
		(void)snprintf(wanted, sizeof(wanted), first, carets[i].column,
			       carets[i].printed);
		assert_string_equal(vg_buf_text(&out), wanted);
	}
}

static void long_lines_are_cut_around_the_column(void **state)
{
	static const uint32_t columns[] = {1, 100, 101, 5000, 9999};
	vg_cleanup(vg_buf_freep) struct vg_buf line = {0};

	(void)state;
	for (int i = 0; i < 10000; i++)
		vg_buf_puts(&line, "\xc3\xbc");
	for (size_t i = 0; i < VG_ARRAY_LEN(columns); i++) {
		vg_cleanup(vg_diags_freep) struct vg_diags d = {0};
		vg_cleanup(vg_buf_freep) struct vg_buf out = {0};
		const char *caret;

		add(&d, columns[i], vg_buf_text(&line), NULL);
		vg_diags_print(&d, false, &out);
		assert_true(out.size < 600);
		caret = strrchr(vg_buf_text(&out), '^');
		assert_non_null(caret);
		assert_int_equal(
			*(caret - (columns[i] > 100 ? 99 : columns[i] - 1) - 1),
			'\n');
	}
}

static void colour_only_when_asked(void **state)
{
	vg_cleanup(vg_diags_freep) struct vg_diags d = {0};
	vg_cleanup(vg_buf_freep) struct vg_buf plain = {0}, colour = {0};

	(void)state;
	add(&d, 1, "x", NULL);
	vg_diags_print(&d, false, &plain);
	vg_diags_print(&d, true, &colour);
	assert_null(strchr(vg_buf_text(&plain), '\033'));
	assert_non_null(strstr(vg_buf_text(&colour), "\033[1;31merror:"));
}

static void what_strangers_wrote_is_escaped(void **state)
{
	vg_cleanup(vg_diags_freep) struct vg_diags d = {0};
	vg_cleanup(vg_buf_freep) struct vg_buf out = {0};
	const struct vg_place place = {.file = "a\x1b[2J\n"};

	(void)state;
	vg_diag_add(&d, VG_DIAG_WARNING, &place, "x\x07", "'%s'", "\x1b]0;\n");
	vg_diags_print(&d, false, &out);
	assert_string_equal(vg_buf_text(&out),
			    "a\\x1B[2J\\x0A: warning: '\\x1B]0;\\x0A' "
			    "(x\\x07)\n");
}

static void add_at(struct vg_diags *d, const char *file, uint32_t line,
		   uint32_t column, enum vg_diag_severity severity)
{
	const struct vg_place place = {
		.file = file,
		.line = line,
		.column = column,
	};

	vg_diag_add(d, severity, &place, NULL, "x");
}

static void they_are_read_from_top_to_bottom(void **state)
{
	vg_cleanup(vg_diags_freep) struct vg_diags d = {0};
	vg_cleanup(vg_buf_freep) struct vg_buf out = {0};

	(void)state;
	add_at(&d, "b", 3, 1, VG_DIAG_ERROR);
	add_at(&d, "a", 9, 9, VG_DIAG_ERROR);
	add_at(&d, "b", 3, 1, VG_DIAG_WARNING);
	add_at(&d, "b", 2, 7, VG_DIAG_ERROR);
	add_at(&d, "a", 9, 8, VG_DIAG_ERROR);
	add_at(&d, "b", 2, 0, VG_DIAG_ERROR);
	vg_diags_print(&d, false, &out);
	assert_string_equal(vg_buf_text(&out),
			    "b:2: error: x\nb:2:7: error: x\nb:3:1: error: x\n"
			    "b:3:1: warning: x\na:9:8: error: x\n"
			    "a:9:9: error: x\n");
	assert_int_equal(d.errors, 5);
	assert_int_equal(d.warnings, 1);
}

static void their_number_is_bounded(void **state)
{
	vg_cleanup(vg_diags_freep) struct vg_diags d = {0};
	vg_cleanup(vg_buf_freep) struct vg_buf out = {0};
	size_t warnings = 0;

	(void)state;
	for (uint32_t i = 0; i < 1000; i++)
		add_at(&d, "f", i, 1, VG_DIAG_WARNING);
	assert_int_equal(d.n, VG_DIAGS_MAX);
	assert_int_equal(d.errors, 0);

	/* Errors push warnings out, and only those. */
	for (uint32_t i = 0; i < 50; i++)
		add_at(&d, "f", i, 1, VG_DIAG_ERROR);
	for (size_t i = 0; i < d.n; i++)
		warnings += d.items[i].severity == VG_DIAG_WARNING;
	assert_int_equal(d.n, VG_DIAGS_MAX);
	assert_int_equal(warnings, VG_DIAGS_MAX - 50);
	for (uint32_t i = 0; i < 1000; i++)
		add_at(&d, "f", i, 1, VG_DIAG_ERROR);
	assert_int_equal(d.n, VG_DIAGS_MAX);
	assert_int_equal(d.errors, 1050);

	vg_diags_print(&d, false, &out);
	assert_non_null(strstr(vg_buf_text(&out), "... and 1850 more\n"));
}

static void an_error_is_kept_for_a_warning(void **state)
{
	vg_cleanup(vg_diags_freep) struct vg_diags d = {0};

	(void)state;
	add_at(&d, "f", 9999, 1, VG_DIAG_ERROR);
	for (uint32_t i = 1; i < VG_DIAGS_MAX; i++)
		add_at(&d, "f", i, 1, VG_DIAG_WARNING);
	add_at(&d, "f", 5000, 1, VG_DIAG_ERROR);
	assert_int_equal(d.n, VG_DIAGS_MAX);
	assert_int_equal(d.items[d.n - 1].line, 9999);
	assert_int_equal(d.items[d.n - 2].line, 5000);
	assert_int_equal(d.items[d.n - 3].line, VG_DIAGS_MAX - 2);
}

static void as_json(void **state)
{
	vg_cleanup(vg_diags_freep) struct vg_diags d = {0};
	vg_cleanup(vg_buf_freep) struct vg_buf out = {0};
	struct vg_json j;

	(void)state;
	add(&d, 9, "        prots:", "did you mean 'ports'?");
	vg_json_begin(&j, &out);
	vg_json_object(&j, NULL);
	vg_diags_json(&d, &j, "diagnostics");
	vg_json_object_end(&j);
	assert_string_equal(
		vg_buf_text(&out),
		"{\"diagnostics\":[{\"file\":\"billing.yaml\",\"line\":12,"
		"\"column\":9,\"severity\":\"error\","
		"\"message\":\"unknown key 'prots'\","
		"\"hint\":\"did you mean 'ports'?\"}]}");
}

static void one_line_for_the_log(void **state)
{
	vg_cleanup(vg_diags_freep) struct vg_diags d = {0};
	vg_cleanup(vg_buf_freep) struct vg_buf out = {0};

	(void)state;
	add(&d, 9, "        prots:", NULL);
	vg_diag_line(&d.items[0], &out);
	assert_string_equal(vg_buf_text(&out),
			    "billing.yaml:12:9: error: unknown key 'prots'");
}

static void did_you_mean(void **state)
{
	static const char *const words[] = {"ports", "host",   "hold",
					    "scope", "verify", "endpoints"};
	static const struct {
		const char *text, *nearest;
	} cases[] = {
		{"prots", "ports"},
		{"port", "ports"},
		{"portss", "ports"},
		{"hots", "host"},
		{"endpoint", "endpoints"},
		{"endpints", "endpoints"},
		{"verfiy", "verify"},
		{"verrify", "verify"},
		{"ports", "ports"},
		{"address", NULL},
		{"x", NULL},
		{"", NULL},
		{"zzzzz", NULL},
		{"hxyd", "hold"},
		{"Ports", "ports"},
		{"endpointsendpointsendpointsendpoints", NULL},
	};

	(void)state;
	for (size_t i = 0; i < VG_ARRAY_LEN(cases); i++) {
		const char *nearest =
			vg_nearest(cases[i].text, words, VG_ARRAY_LEN(words));

		if (!cases[i].nearest) {
			assert_null(nearest);
			continue;
		}
		assert_non_null(nearest);
		assert_string_equal(nearest, cases[i].nearest);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_caret_stands_under_its_column),
		cmocka_unit_test(long_lines_are_cut_around_the_column),
		cmocka_unit_test(colour_only_when_asked),
		cmocka_unit_test(what_strangers_wrote_is_escaped),
		cmocka_unit_test(they_are_read_from_top_to_bottom),
		cmocka_unit_test(their_number_is_bounded),
		cmocka_unit_test(an_error_is_kept_for_a_warning),
		cmocka_unit_test(as_json),
		cmocka_unit_test(one_line_for_the_log),
		cmocka_unit_test(did_you_mean),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
