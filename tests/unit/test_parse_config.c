/* SPDX-License-Identifier: Apache-2.0 */
/* The daemon's file. */
#include "policy_cases.h"

static const struct policy_case cases[] = {
	{1, "a", "1:1: error: expected a mapping, found a value"},
	{1, "- a\n", "1:1: error: expected a mapping, found a list"},
	{1, "resolvers: {}\n",
	 "1:1: error: unknown key 'resolvers' (did you mean "
	 "'resolver'?)"},
	{1, "resolver: []\n", "1:11: error: expected a mapping, found a list"},
	{2,
	 "a: 1\n"
	 "---\n"
	 "b: 2\n",
	 "1:1: error: unknown key 'a'"},
	{1,
	 "{}\n"
	 "---\n"
	 "{}\n",
	 "3:1: error: the file has more than one document"},
	{1, "resolver: {forward: 9.9.9.9@0}\n",
	 "1:21: error: server '9.9.9.9@0': not ADDRESS or "
	 "ADDRESS@PORT"},
	{1, "resolver: {forward: [9.9.9.9@65536]}\n",
	 "1:22: error: server '9.9.9.9@65536': not ADDRESS or "
	 "ADDRESS@PORT"},
	{1, "resolver: {forward: [\"9.9.9.9@853#dns.quad9.net\"]}\n",
	 "1:22: error: server '9.9.9.9@853#dns.quad9.net': DNS over "
	 "TLS is not possible: libunbound of Debian is built "
	 "without it and would ask in clear text"},
	{1, "resolver: {forward: [9.9.9.9@853]}\n",
	 "1:22: error: server '9.9.9.9@853': 853 is the port of DNS "
	 "over TLS, which libunbound of Debian cannot speak"},
	{1, "resolver: {forward: [\"9.9.9.9#x\"]}\n",
	 "1:22: error: server '9.9.9.9#x': DNS over TLS is not "
	 "possible: libunbound of Debian is built without it and "
	 "would ask in clear text"},
	{1, "resolver: {forward: [dns.example.com]}\n",
	 "1:22: error: server 'dns.example.com': not ADDRESS or "
	 "ADDRESS@PORT"},
	{1, "resolver: {forward: [9.9.9.9@]}\n",
	 "1:22: error: server '9.9.9.9@': not ADDRESS or "
	 "ADDRESS@PORT"},
	{1, "resolver: {forward: [\"@53\"]}\n",
	 "1:22: error: server '@53': not ADDRESS or ADDRESS@PORT"},
	{1, "resolver: {forward: [9.9.9.9@53@53]}\n",
	 "1:22: error: server '9.9.9.9@53@53': not ADDRESS or "
	 "ADDRESS@PORT"},
	{1, "resolver: {forward: [\"fe80::1%eth0\"]}\n",
	 "1:22: error: server 'fe80::1%eth0': not ADDRESS or "
	 "ADDRESS@PORT"},
	{1, "resolver: {forward: [224.0.0.1]}\n",
	 "1:22: error: server '224.0.0.1': a multicast or reserved "
	 "address"},
	{1, "resolver: {forward: [\"9.9.9.9:53\"]}\n",
	 "1:22: error: server '9.9.9.9:53': not ADDRESS or "
	 "ADDRESS@PORT"},
	{1, "resolver: {forwards: [9.9.9.9]}\n",
	 "1:12: error: unknown key 'forwards' (did you mean "
	 "'forward'?)"},
	{1, "resolver: {forward: [[9.9.9.9]]}\n",
	 "1:22: error: expected a value, found a list"},
	{1, "resolver: {stub: {corp: dns}}\n",
	 "1:25: error: server 'dns': not ADDRESS or ADDRESS@PORT"},
	{1, "resolver: {stub: {\"a b\": 9.9.9.9}}\n",
	 "1:19: error: 'a b': the name contains a blank"},
	{1,
	 "resolver: {stub: {corp.example: 9.9.9.9, Corp.Example.: "
	 "8.8.8.8}}\n",
	 "1:42: error: zone 'corp.example' is repeated"},
	{1, "resolver: {stub: [a]}\n",
	 "1:18: error: expected a mapping of zones to servers"},
	{1, "resolver: {stub: {.: 9.9.9.9}}\n",
	 "1:19: error: '.': the name has an empty label"},
	{1, "resolver: {stub: {corp: [9.9.9.9]}}\n",
	 "1:25: error: expected a value, found a list"},
	{1, "resolver: {stub: {corp: \"9.9.9.9@853#x\"}}\n",
	 "1:25: error: server '9.9.9.9@853#x': DNS over TLS is not "
	 "possible: libunbound of Debian is built without it and "
	 "would ask in clear text"},
	{1, "resolver: {trust_anchor: root.key}\n",
	 "1:26: error: 'root.key' is not an absolute path"},
	{1, "resolver: {trust_anchor: []}\n",
	 "1:26: error: nothing can be validated without an anchor"},
	{1, "resolver: {trust_anchor: [/a, /b/../c]}\n",
	 "1:31: error: '/b/../c' has a component '..'"},
	{1, "events: {file: events.jsonl}\n",
	 "1:16: error: 'events.jsonl' is not an absolute path"},
	{1,
	 "events: {file: \"/var/log/a\\n"
	 "b\"}\n",
	 "1:16: error: '/var/log/a\\x0Ab' holds a control character"},
	{1, "events: {journal: yes}\n",
	 "1:19: error: expected true or false, found 'yes'"},
	{1, "events: {files: /a}\n",
	 "1:10: error: unknown key 'files' (did you mean 'file'?)"},
	{1, "events: on\n", "1:9: error: expected a mapping, found a value"},
	{1, "metrics: {listen: 0.0.0.0:9477}\n",
	 "1:19: error: '0.0.0.0:9477' is reachable from elsewhere, "
	 "and nothing asks who reads the metrics: only loopback is "
	 "allowed"},
	{1, "metrics: {listen: 9.9.9.9:9477}\n",
	 "1:19: error: '9.9.9.9:9477' is reachable from elsewhere, "
	 "and nothing asks who reads the metrics: only loopback is "
	 "allowed"},
	{1, "metrics: {listen: \"[::]:9477\"}\n",
	 "1:19: error: '[::]:9477' is reachable from elsewhere, and "
	 "nothing asks who reads the metrics: only loopback is "
	 "allowed"},
	{1, "metrics: {listen: \"::1:9477\"}\n",
	 "1:19: error: '::1:9477' is not unix:/PATH or ADDRESS:PORT"},
	{1, "metrics: {listen: 127.0.0.1}\n",
	 "1:19: error: '127.0.0.1' is not unix:/PATH or ADDRESS:PORT"},
	{1, "metrics: {listen: 127.0.0.1:0}\n",
	 "1:19: error: '127.0.0.1:0' is not unix:/PATH or "
	 "ADDRESS:PORT"},
	{1, "metrics: {listen: 127.0.0.1:x}\n",
	 "1:19: error: '127.0.0.1:x' is not unix:/PATH or "
	 "ADDRESS:PORT"},
	{1, "metrics: {listen: localhost:9477}\n",
	 "1:19: error: 'localhost:9477' is not unix:/PATH or "
	 "ADDRESS:PORT"},
	{1, "metrics: {listen: \"unix:metrics.sock\"}\n",
	 "1:19: error: 'unix:metrics.sock' is not unix:/PATH of at "
	 "most 107 octets"},
	{1, "metrics: {listen: \"unix:\"}\n",
	 "1:19: error: 'unix:' is not unix:/PATH of at most 107 "
	 "octets"},
	{1, "metrics: {listen: \"[::1\"}\n",
	 "1:19: error: '[::1' is not unix:/PATH or ADDRESS:PORT"},
	{1, "metrics: {listen: \"[::1]\"}\n",
	 "1:19: error: '[::1]' is not unix:/PATH or ADDRESS:PORT"},
	{1, "metrics: 9477\n",
	 "1:10: error: expected a mapping, found a value"},
	{1, "metrics: {listen: /run/a.sock}\n",
	 "1:19: error: '/run/a.sock' is not unix:/PATH or "
	 "ADDRESS:PORT"},
	{1, "limits: {leases: 0}\n",
	 "1:18: error: '0' is not a number from 1 to 1048576"},
	{1, "limits: {leases: 1048577}\n",
	 "1:18: error: '1048577' is not a number from 1 to 1048576"},
	{1, "limits: {leases: 01}\n",
	 "1:18: error: '01' is not a number from 1 to 1048576"},
	{1, "limits: {ring: 3MiB}\n",
	 "1:16: error: '3MiB' is not a power of two from 64KiB to "
	 "256MiB"},
	{1, "limits: {ring: 32KiB}\n",
	 "1:16: error: '32KiB' is not a power of two from 64KiB to "
	 "256MiB"},
	{1, "limits: {ring: 512MiB}\n",
	 "1:16: error: '512MiB' is not a power of two from 64KiB to "
	 "256MiB"},
	{1, "limits: {ring: 4MB}\n",
	 "1:16: error: '4MB' is not a power of two from 64KiB to "
	 "256MiB"},
	{1, "limits: {ring: [1]}\n",
	 "1:16: error: expected a value, found a list"},
	{1, "limits: {lease: 100}\n",
	 "1:10: error: unknown key 'lease' (did you mean 'leases'?)"},
};

static void every_error_at_its_place(void **state)
{
	(void)state;
	for (size_t i = 0; i < VG_ARRAY_LEN(cases); i++) {
		const struct vg_source source = policy_source(cases[i].text);
		vg_cleanup(vg_diags_freep) struct vg_diags diags = {0};
		struct vg_config *config = NULL;
		const int r = vg_config_parse(&source, &config, &diags);

		policy_case_check(&cases[i], r, &diags);
		assert_null(config);
	}
}

/* TEXT is fine; the caller frees the configuration. */
static struct vg_config *accepted(const char *text)
{
	vg_cleanup(vg_diags_freep) struct vg_diags diags = {0};
	vg_cleanup(vg_buf_freep) struct vg_buf out = {0};
	const struct vg_source source = policy_source(text);
	struct vg_config *config = NULL;

	if (vg_config_parse(&source, &config, &diags) != 0) {
		vg_diags_print(&diags, false, &out);
		fail_msg("%s", vg_buf_text(&out));
	}
	assert_int_equal(diags.n, 0);
	return config;
}

static void assert_defaults(const struct vg_config *c)
{
	assert_int_equal(c->n_forward, 0);
	assert_int_equal(c->n_stubs, 0);
	assert_int_equal(c->n_anchors, 1);
	assert_string_equal(c->anchors[0], "/usr/share/dns/root.key");
	assert_string_equal(c->events_file, "/var/log/verigress/events.jsonl");
	assert_true(c->journal);
	assert_null(c->metrics);
	assert_int_equal(c->leases_max, 65536);
	assert_int_equal(c->ring_size, 4 << 20);
}

static void without_a_file_the_defaults_hold(void **state)
{
	static const char *const texts[] = {"", "# comment\n", "{}\n",
					    "resolver: {}\nlimits: {}\n"};
	vg_cleanup(vg_config_freep) struct vg_config *none = NULL;

	(void)state;
	assert_int_equal(vg_config_default(&none), 0);
	assert_defaults(none);
	for (size_t i = 0; i < VG_ARRAY_LEN(texts); i++) {
		vg_cleanup(vg_config_freep) struct vg_config *c =
			accepted(texts[i]);

		assert_defaults(c);
	}
}

static void the_example_of_the_manual(void **state)
{
	vg_cleanup(vg_config_freep) struct vg_config *c = accepted(
		"resolver:\n"
		"  forward: [\"192.0.2.53@53\", 2001:DB8::53, 127.0.0.1@5353]\n"
		"  stub: {\"Corp.Example.\": \"10.0.0.53@53\", lan: "
		"\"::1@5300\"}\n"
		"  trust_anchor: [/usr/share/dns/root.key, /etc/corp.key]\n"
		"events: {file: /srv/e.jsonl, journal: false}\n"
		"metrics: {listen: \"unix:/run/verigress/metrics.sock\"}\n"
		"limits: {leases: 1024, ring: 64KiB}\n");

	(void)state;
	assert_int_equal(c->n_forward, 3);
	assert_string_equal(c->forward[0], "192.0.2.53@53");
	assert_string_equal(c->forward[1], "2001:db8::53@53");
	assert_string_equal(c->forward[2], "127.0.0.1@5353");
	assert_int_equal(c->n_stubs, 2);
	assert_string_equal(c->stubs[0].zone, "corp.example");
	assert_string_equal(c->stubs[0].server, "10.0.0.53@53");
	assert_string_equal(c->stubs[1].zone, "lan");
	assert_string_equal(c->stubs[1].server, "::1@5300");
	assert_int_equal(c->n_anchors, 2);
	assert_string_equal(c->anchors[1], "/etc/corp.key");
	assert_string_equal(c->events_file, "/srv/e.jsonl");
	assert_false(c->journal);
	assert_string_equal(c->metrics, "unix:/run/verigress/metrics.sock");
	assert_int_equal(c->leases_max, 1024);
	assert_int_equal(c->ring_size, 65536);
}

static void metrics_on_loopback(void **state)
{
	static const char *const texts[] = {"127.0.0.1:9477", "127.1.2.3:1",
					    "[::1]:65535"};

	(void)state;
	for (size_t i = 0; i < VG_ARRAY_LEN(texts); i++) {
		vg_cleanup(vg_config_freep) struct vg_config *c = NULL;
		char yaml[64];

		(void)snprintf(yaml, sizeof(yaml),
			       "metrics: {listen: \"%s\"}\n", texts[i]);
		c = accepted(yaml);
		assert_string_equal(c->metrics, texts[i]);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_error_at_its_place),
		cmocka_unit_test(without_a_file_the_defaults_hold),
		cmocka_unit_test(the_example_of_the_manual),
		cmocka_unit_test(metrics_on_loopback),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
