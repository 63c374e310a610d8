/* SPDX-License-Identifier: Apache-2.0 */
/* The bounds of the parser, and what is no text. */
#include <stdlib.h>
#include <time.h>

#include "policy_cases.h"

/* The error of SOURCE that is reported first, behind the name. */
static void assert_refused(const struct vg_source *source, const char *first)
{
	vg_cleanup(vg_diags_freep) struct vg_diags diags = {0};
	vg_cleanup(vg_buf_freep) struct vg_buf line = {0};
	struct vg_policy *policy = NULL;

	assert_int_equal(vg_policy_parse(source, 1, &policy, &diags), -EINVAL);
	assert_null(policy);
	assert_true(diags.n > 0);
	vg_diag_line(&diags.items[0], &line);
	assert_string_equal(vg_buf_text(&line), first);
}

static void what_is_no_text_has_a_place(void **state)
{
	static const struct {
		const char *text;
		size_t size;
		const char *first;
	} cases[] = {
		{"a: b\nc: \xff\n", 10, "p:2:4: error: not UTF-8"},
		{"a: \xc3\xbc\xc3", 6, "p:1:5: error: not UTF-8"},
		{"a\0b", 3, "p:1:2: error: NUL in the text"},
		{"a\r\nb\x1b", 5,
		 "p:2:2: error: control character in the text"},
		{"a\rb\n\xc2\x85", 6,
		 "p:3:1: error: control character in the text"},
		{"# \xe2\x80\xae\n", 6,
		 "p:1:3: error: control character in the text"},
		{"a\xef\xbb\xbf", 4,
		 "p:1:2: error: byte order mark inside the text"},
		{"\xff\xfe"
		 "a\0",
		 4, "p:1:1: error: not UTF-8"},
	};

	(void)state;
	for (size_t i = 0; i < VG_ARRAY_LEN(cases); i++) {
		const struct vg_source source = {"p", cases[i].text,
						 cases[i].size};

		assert_refused(&source, cases[i].first);
	}
}

/* TEXT N times between HEAD_ and TAIL. */
static void repeat(struct vg_buf *out, const char *head, const char *text,
		   size_t n, const char *tail)
{
	vg_buf_puts(out, head);
	for (size_t i = 0; i < n; i++)
		vg_buf_puts(out, text);
	vg_buf_puts(out, tail);
	assert_int_equal(vg_buf_error(out), 0);
}

static void files_are_bounded(void **state)
{
	static const struct {
		const char *head, *text;
		size_t n;
		const char *tail, *first;
	} cases[] = {
		{HEAD, "#", VG_SOURCE_MAX, "",
		 "p: error: larger than 1048576 octets"},
		{HEAD "x: [", "a,", 200000, "]\n",
		 "p:3:399991: error: more than 200000 values in one file"},
		{HEAD "x: ", "[", 500000, "",
		 "p:3:19: error: nesting is deeper than 16"},
		{HEAD "resolvers: [", "9.9.9.9,", 1, "x]\n",
		 "p:3:21: error: 'x' is not an address"},
		{HEAD "sockets: [", "'',", 257, "]\n",
		 "p:3:11: error: the value is empty"},
	};

	(void)state;
	for (size_t i = 0; i < VG_ARRAY_LEN(cases); i++) {
		vg_cleanup(vg_buf_freep) struct vg_buf text = {0};
		struct vg_source source = {.name = "p"};

		repeat(&text, cases[i].head, cases[i].text, cases[i].n,
		       cases[i].tail);
		source.text = vg_buf_text(&text);
		source.size = text.size;
		assert_refused(&source, cases[i].first);
	}
}

/* Ports, cgroups, ... of which there are N; the list has to end at MAX. */
static void lists_are_bounded(void **state)
{
	static const struct {
		const char *before, *item, *after;
	} lists[] = {
		{"service: a\ncgroup: [", "c%d", "]\n"},
		{HEAD "listen: [", "%d/tcp", "]\n"},
		{HEAD "resolvers: [", "9.9.9.%d", "]\n"},
		{VERIFY "ranges: [", "9.9.%d.0/24", "]\n"},
	};

	(void)state;
	for (size_t i = 0; i < VG_ARRAY_LEN(lists); i++) {
		vg_cleanup(vg_buf_freep) struct vg_buf text = {0};
		vg_cleanup(vg_diags_freep) struct vg_diags diags = {0};
		struct vg_policy *policy = NULL;
		struct vg_source source = {.name = "p"};
		char item[32];

		vg_buf_puts(&text, lists[i].before);
		for (int k = 1; k <= 257; k++) {
			(void)snprintf(item, sizeof(item), lists[i].item, k);
			vg_buf_printf(&text, "%s, ", item);
		}
		vg_buf_puts(&text, lists[i].after);
		source.text = vg_buf_text(&text);
		source.size = text.size;
		assert_int_equal(vg_policy_parse(&source, 1, &policy, &diags),
				 -EINVAL);
		assert_non_null(strstr(diags.items[diags.n - 1].message,
				       "longer than 256"));
	}
}

/* A service with N endpoints on ports of their own. */
static void add_service(struct vg_buf *out, int number, size_t n)
{
	vg_buf_printf(out, "---\nservice: s%d\ncgroup: c%d\nendpoints: [",
		      number, number);
	for (size_t i = 0; i < n; i++)
		vg_buf_printf(out,
			      "{address: 10.%d.%zu.%zu/31, ports: 1-99/tcp},\n",
			      number, i / 100, i % 100 * 2);
	vg_buf_puts(out, "]\n");
}

static void totals_are_bounded(void **state)
{
	static const struct {
		int services;
		size_t endpoints;
		const char *last;
	} cases[] = {
		{1, 165, NULL},
		{1, 166,
		 "16434 CIDRs (times ports) in all files are more "
		 "than 16384"},
		{1023, 0, NULL},
		{1024, 0, "1024 services in all files are more than 1023"},
		{1, 4097, "the list is longer than 4096"},
	};

	(void)state;
	for (size_t i = 0; i < VG_ARRAY_LEN(cases); i++) {
		vg_cleanup(vg_policy_freep) struct vg_policy *policy = NULL;
		vg_cleanup(vg_buf_freep) struct vg_buf text = {0};
		vg_cleanup(vg_diags_freep) struct vg_diags diags = {0};
		struct vg_source source = {.name = "p"};
		bool found = false;
		int r;

		for (int k = 0; k < cases[i].services; k++)
			add_service(&text, k, cases[i].endpoints);
		source.text = vg_buf_text(&text);
		source.size = text.size;
		r = vg_policy_parse(&source, 1, &policy, &diags);
		assert_int_equal(r, cases[i].last ? -EINVAL : 0);
		for (size_t k = 0; cases[i].last && k < diags.n; k++)
			if (strcmp(diags.items[k].message, cases[i].last) == 0)
				found = true;
		assert_int_equal(found, cases[i].last != NULL);
	}
}

static void ports_are_bounded(void **state)
{
	vg_cleanup(vg_buf_freep) struct vg_buf text = {0};
	struct vg_source source = {.name = "p"};

	(void)state;
	vg_buf_puts(&text, ENDPOINT "host: a.example.com\n    ports: [1/tcp");
	for (unsigned int i = 1; i <= 16; i++)
		vg_buf_printf(&text, ", %u-%u/tcp", i * 256, i * 256 + 255);
	vg_buf_puts(&text, "]\n");
	source.text = vg_buf_text(&text);
	source.size = text.size;
	assert_refused(&source,
		       "p:5:12: error: 4097 ports are more than the 4096 "
		       "leases of one endpoint (write '*/tcp' or '*/udp')");
}

static void errors_are_counted_beyond_those_kept(void **state)
{
	vg_cleanup(vg_diags_freep) struct vg_diags diags = {0};
	vg_cleanup(vg_buf_freep) struct vg_buf text = {0};
	struct vg_policy *policy = NULL;
	struct vg_source source = {.name = "p"};

	(void)state;
	repeat(&text, HEAD, "x: y\n", 50000, "");
	source.text = vg_buf_text(&text);
	source.size = text.size;
	assert_int_equal(vg_policy_parse(&source, 1, &policy, &diags), -EINVAL);
	assert_int_equal(diags.n, VG_DIAGS_MAX);
	assert_int_equal(diags.errors, 50000);
}

/*
 * An error at every few octets of one long line: quadratic work would take
 * minutes.
 */
static void many_errors_cost_little(void **state)
{
	vg_cleanup(vg_diags_freep) struct vg_diags diags = {0};
	vg_cleanup(vg_buf_freep) struct vg_buf text = {0};
	struct vg_policy *policy = NULL;
	struct vg_source source = {.name = "p"};
	const clock_t begin = clock();

	(void)state;
	repeat(&text, HEAD "x: [", "&a b,", 190000, "]\n");
	source.text = vg_buf_text(&text);
	source.size = text.size;
	assert_int_equal(vg_policy_parse(&source, 1, &policy, &diags), -EINVAL);
	assert_int_equal(diags.errors, 190001);
	assert_true((clock() - begin) / CLOCKS_PER_SEC < 20);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_no_text_has_a_place),
		cmocka_unit_test(files_are_bounded),
		cmocka_unit_test(lists_are_bounded),
		cmocka_unit_test(totals_are_bounded),
		cmocka_unit_test(ports_are_bounded),
		cmocka_unit_test(errors_are_counted_beyond_those_kept),
		cmocka_unit_test(many_errors_cost_little),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
