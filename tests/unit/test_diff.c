/* SPDX-License-Identifier: Apache-2.0 */
#include "policy/diff.h"

#include "policy_cases.h"

static struct vg_policy *parse(const char *text)
{
	vg_cleanup(vg_diags_freep) struct vg_diags diags = {0};
	vg_cleanup(vg_buf_freep) struct vg_buf out = {0};
	const struct vg_source source = policy_source(text);
	struct vg_policy *policy = NULL;

	if (vg_policy_parse(&source, 1, &policy, &diags) != 0) {
		vg_diags_print(&diags, false, &out);
		fail_msg("%s", vg_buf_text(&out));
	}
	return policy;
}

static void assert_diff(const char *old, const char *new, const char *wanted)
{
	vg_cleanup(vg_policy_freep) struct vg_policy *a = parse(old);
	vg_cleanup(vg_policy_freep) struct vg_policy *b = parse(new);
	vg_cleanup(vg_diff_freep) struct vg_diff *diff = NULL;
	vg_cleanup(vg_buf_freep) struct vg_buf out = {0};

	assert_int_equal(vg_diff_make(a, b, &diff), 0);
	vg_diff_print(diff, false, &out);
	assert_string_equal(vg_buf_text(&out), wanted);
}

static const struct {
	const char *old, *new, *printed;
} cases[] = {
	/* nothing */
	{HEAD, HEAD, ""},
	{HEAD "mode: enforce\nendpoints: []\n", HEAD, ""},
	{HEAD "# x\n\nlisten: [80/tcp, 81/tcp]\n",
	 HEAD "listen: [81/tcp, 80/tcp]\n", ""},
	{HOST "hold: 15m\n", HOST "hold: 900s\n", ""},
	{ENDPOINT "host: a.example.com\n    ports: [1/tcp, 2/tcp]\n",
	 ENDPOINT "ports: [2/tcp, 1/tcp]\n    host: A.example.COM.\n", ""},
	{VERIFY "ranges: [9.9.9.9, 8.8.8.8]\n",
	 VERIFY "ranges: [8.8.8.8, 9.9.9.9/32]\n", ""},
	/* services */
	{HEAD, HEAD "---\nservice: b\ncgroup: b\n", "+ b (0 endpoints)\n"},
	{HOST "\n---\nservice: b\ncgroup: b\n", "service: b\ncgroup: b\n",
	 "- a (1 endpoint)\n"},
	{"service: b\ncgroup: b\n", HEAD,
	 "- b (0 endpoints)\n+ a (0 endpoints)\n"},
	/* what a service says of itself */
	{HEAD, HEAD "mode: audit\n", "~ a\n      mode: enforce -> audit\n"},
	{HEAD "strict: true\n", HEAD, "~ a\n      strict: true -> false\n"},
	{HEAD, "service: a\ncgroup: [a.slice, b]\n",
	 "~ a\n      cgroup: [a.slice] -> [a.slice, b]\n"},
	{HEAD "listen: [80/tcp]\n",
	 HEAD "listen: [{ports: 80/udp, from: [10.0.0.0/8]}]\n",
	 "~ a\n      listen: [80/tcp] -> [80/udp from [10.0.0.0/8]]\n"},
	{HEAD "listen: [{ports: 80/udp, from: [10.0.0.0/8]}]\n",
	 HEAD "listen: [{ports: 80/udp, from: [10.0.0.0/9]}]\n",
	 "~ a\n      listen: [80/udp from [10.0.0.0/8]] -> "
	 "[80/udp from [10.0.0.0/9]]\n"},
	{HEAD "resolvers: [9.9.9.9]\n", HEAD,
	 "~ a\n      resolvers: [9.9.9.9] -> []\n"},
	{HEAD "on_change: destroy\n", HEAD "on_expiry: destroy\n",
	 "~ a\n      on_change: destroy -> drain\n"
	 "      on_expiry: keep -> destroy\n"},
	/* endpoints */
	{HEAD, HOST, "+ a: api.example.com [443/tcp]\n"},
	{HOST, HEAD, "- a: api.example.com [443/tcp]\n"},
	{HOST, ADDRESS,
	 "- a: api.example.com [443/tcp]\n+ a: 9.9.9.9 [443/tcp]\n"},
	{ENDPOINT "address: 10.0.0.0/8\n    ports: 1/tcp\n",
	 ENDPOINT "address: 10.0.0.0/9\n    ports: 1/tcp\n",
	 "- a: 10.0.0.0/8 [1/tcp]\n+ a: 10.0.0.0/9 [1/tcp]\n"},
	{HOST "hold: 90s\n", HOST "hold: 1h\n",
	 "~ a: api.example.com [443/tcp]\n      hold: 90s -> 60m\n"},
	{HOST, ENDPOINT "host: api.example.com\n    ports: [443/udp]\n",
	 "~ a: api.example.com [443/udp]\n"
	 "      ports: [443/tcp] -> [443/udp]\n"},
	{VERIFY "dnssec: require\n", VERIFY "ranges: [9.9.9.9]\n",
	 "~ a: api.example.com [443/tcp]\n"
	 "      verify.dnssec: require -> prefer\n"
	 "      verify.ranges: [] -> [9.9.9.9]\n"},
	{VERIFY "ranges: [10.0.0.0/8, 9.0.0.0/8, 100.64.0.0/16]\n",
	 VERIFY "ranges: [10.0.0.0/8, 9.0.0.0/8, 100.65.0.0/16]\n",
	 "~ a: api.example.com [443/tcp]\n"
	 "      verify.ranges: [10.0.0.0/8, 9.0.0.0/8, 100.64.0.0/16] -> "
	 "[10.0.0.0/8, 9.0.0.0/8, 100.65.0.0/16]\n"},
	{VERIFY "nat64_prefix: 64:ff9b::/96\n", HOST,
	 "~ a: api.example.com [443/tcp]\n"
	 "      verify.nat64_prefix: 64:ff9b::/96 -> none\n"},
	{VERIFY "ranges: [10.0.0.0/8]\n",
	 HOST "scope: internal\n    verify: {ranges: [10.0.0.0/8]}\n",
	 "~ a: api.example.com [443/tcp]\n"
	 "      scope: public -> internal\n"},
	/* one host, several endpoints: the first is the first */
	{HOST "\n  - host: api.example.com\n    ports: [80/tcp]\n", HOST,
	 "- a: api.example.com [80/tcp]\n"},
	{HOST, HOST "\n  - host: api.example.com\n    ports: [80/tcp]\n",
	 "+ a: api.example.com [80/tcp]\n"},
	{HOST "\n  - host: api.example.com\n    ports: [80/tcp]\n",
	 HOST "\n  - host: api.example.com\n    ports: [80/tcp]\n"
	      "    hold: 1h\n",
	 "~ a: api.example.com [80/tcp]\n      hold: 15m -> 60m\n"},
};

static void every_kind_of_change(void **state)
{
	(void)state;
	for (size_t i = 0; i < VG_ARRAY_LEN(cases); i++)
		assert_diff(cases[i].old, cases[i].new, cases[i].printed);
}

static void order_of_changes(void **state)
{
	(void)state;
	assert_diff("service: z\ncgroup: z\n"
		    "---\nservice: a\ncgroup: a\nendpoints:\n"
		    "- {host: b.example.com, ports: 1/tcp}\n"
		    "- {host: a.example.com, ports: 1/tcp}\n"
		    "- {host: c.example.com, ports: 1/tcp}\n",
		    "service: b\ncgroup: b\n"
		    "---\nservice: a\ncgroup: a\nmode: audit\nendpoints:\n"
		    "- {host: d.example.com, ports: 1/tcp}\n"
		    "- {host: c.example.com, ports: 1/tcp, hold: 1h}\n",
		    "- z (0 endpoints)\n"
		    "+ b (0 endpoints)\n"
		    "~ a\n"
		    "      mode: enforce -> audit\n"
		    "- a: b.example.com [1/tcp]\n"
		    "- a: a.example.com [1/tcp]\n"
		    "+ a: d.example.com [1/tcp]\n"
		    "~ a: c.example.com [1/tcp]\n"
		    "      hold: 15m -> 60m\n");
}

static void for_the_keeper(void **state)
{
	vg_cleanup(vg_policy_freep) struct vg_policy *a = parse(HOST);
	vg_cleanup(vg_policy_freep) struct vg_policy *b =
		parse(HOST "hold: 1h\n");
	vg_cleanup(vg_diff_freep) struct vg_diff *diff = NULL;

	(void)state;
	assert_int_equal(vg_diff_make(a, b, &diff), 0);
	assert_int_equal(diff->n, 1);
	assert_int_equal(diff->items[0].kind, VG_CHANGE_CHANGED);
	assert_int_equal(diff->items[0].fields, VG_CHANGE_HOLD);
	assert_ptr_equal(diff->items[0].old, &a->services[0]);
	assert_ptr_equal(diff->items[0].new, &b->services[0]);
	assert_ptr_equal(diff->items[0].old_endpoint,
			 &a->services[0].endpoints[0]);
	assert_ptr_equal(diff->items[0].new_endpoint,
			 &b->services[0].endpoints[0]);
	assert_false(vg_endpoint_equal(diff->items[0].old_endpoint,
				       diff->items[0].new_endpoint));
	assert_true(vg_endpoint_equal(diff->items[0].old_endpoint,
				      diff->items[0].old_endpoint));
}

static void from_nothing_and_to_nothing(void **state)
{
	vg_cleanup(vg_policy_freep) struct vg_policy *policy = parse(HOST);
	vg_cleanup(vg_diff_freep) struct vg_diff *diff = NULL;

	(void)state;
	assert_int_equal(vg_diff_make(NULL, policy, &diff), 0);
	assert_int_equal(diff->n, 1);
	assert_int_equal(diff->items[0].kind, VG_CHANGE_ADDED);
	assert_null(diff->items[0].old);
	vg_diff_freep(&diff);
	assert_int_equal(vg_diff_make(policy, NULL, &diff), 0);
	assert_int_equal(diff->n, 1);
	assert_int_equal(diff->items[0].kind, VG_CHANGE_REMOVED);
	assert_null(diff->items[0].new);
	vg_diff_freep(&diff);
	assert_int_equal(vg_diff_make(NULL, NULL, &diff), 0);
	assert_int_equal(diff->n, 0);
}

static void as_json(void **state)
{
	vg_cleanup(vg_policy_freep) struct vg_policy *a = parse(HOST);
	vg_cleanup(vg_policy_freep) struct vg_policy *b =
		parse(HOST "hold: 1h\n---\nservice: b\ncgroup: b\n");
	vg_cleanup(vg_diff_freep) struct vg_diff *diff = NULL;
	vg_cleanup(vg_buf_freep) struct vg_buf out = {0};
	struct vg_json j;

	(void)state;
	assert_int_equal(vg_diff_make(a, b, &diff), 0);
	vg_json_begin(&j, &out);
	vg_diff_json(diff, &j, NULL);
	assert_string_equal(
		vg_buf_text(&out),
		"[{\"change\":\"changed\",\"service\":\"a\","
		"\"endpoint\":\"api.example.com\",\"fields\":"
		"[{\"field\":\"hold\",\"old\":\"15m\",\"new\":\"60m\"}]},"
		"{\"change\":\"added\",\"service\":\"b\",\"fields\":[]}]");
}

static void colour_only_when_asked(void **state)
{
	vg_cleanup(vg_policy_freep) struct vg_policy *policy = parse(HOST);
	vg_cleanup(vg_diff_freep) struct vg_diff *diff = NULL;
	vg_cleanup(vg_buf_freep) struct vg_buf out = {0};

	(void)state;
	assert_int_equal(vg_diff_make(NULL, policy, &diff), 0);
	vg_diff_print(diff, true, &out);
	assert_string_equal(vg_buf_text(&out),
			    "\033[32m+ a (1 endpoint)\033[0m\n");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_kind_of_change),
		cmocka_unit_test(order_of_changes),
		cmocka_unit_test(for_the_keeper),
		cmocka_unit_test(from_nothing_and_to_nothing),
		cmocka_unit_test(as_json),
		cmocka_unit_test(colour_only_when_asked),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
