/* SPDX-License-Identifier: Apache-2.0 */
/* Errors of YAML and of what a service says of itself. */
#include "policy_cases.h"

static const struct policy_case cases[] = {
	{1, "", " error: the file holds no service"},
	{1, "# nothing\n", " error: the file holds no service"},
	{1, "---\n", "2:1: error: expected a mapping, found a value"},
	{1, "a", "1:1: error: expected a mapping, found a value"},
	{1, "- a\n", "1:1: error: expected a mapping, found a list"},
	{1, "[]\n", "1:1: error: expected a mapping, found a list"},
	{1, "service: [\n",
	 "2:1: error: while parsing a flow node: did not find "
	 "expected node content (quote what begins with ':', as "
	 "IPv6 addresses do)"},
	{1,
	 "service: a\n"
	 " b: c\n",
	 "2:3: error: mapping values are not allowed in this "
	 "context (quote a value that holds ': ')"},
	{1, "\tservice: a\n",
	 "1:1: error: while scanning for the next token: found "
	 "character that cannot start any token (quote it; a tab "
	 "cannot indent)"},
	{1,
	 "service: a\n"
	 "\tcgroup: b\n",
	 "2:1: error: while scanning a plain scalar: found a tab "
	 "character that violates indentation"},
	{1, "service: 'a\n",
	 "2:1: error: while scanning a quoted scalar: found "
	 "unexpected end of stream"},
	{1,
	 "service: a\n"
	 "service: b\n"
	 "cgroup: x\n",
	 "2:1: error: key 'service' is repeated, first in line 1"},
	{1,
	 "service: a\n"
	 "\"service\": b\n"
	 "cgroup: x\n",
	 "2:1: error: key 'service' is repeated, first in line 1"},
	{1,
	 "service: \"a\\x00b\"\n"
	 "cgroup: x\n",
	 "1:10: error: control character in the text"},
	{1,
	 "service: \"a\\x1bb\"\n"
	 "cgroup: x\n",
	 "1:10: error: control character in the text"},
	{4, "a: &x 1\n", "1:1: error: unknown key 'a'"},
	{2,
	 "service: &x a\n"
	 "cgroup: *x\n",
	 "1:10: error: anchors are not supported (write the value "
	 "out)"},
	{1,
	 "service: !!str a\n"
	 "cgroup: x\n",
	 "1:10: error: tags are not supported"},
	{1,
	 "service: ! a\n"
	 "cgroup: x\n",
	 "1:10: error: tags are not supported"},
	{1,
	 "<<: {a: b}\n"
	 "service: a\n"
	 "cgroup: a.slice\n",
	 "1:1: error: merge keys are not supported"},
	{3,
	 "? [a]\n"
	 ": b\n",
	 "1:1: error: a service needs 'service'"},
	{3,
	 "? {a: b}\n"
	 ": c\n",
	 "1:1: error: a service needs 'service'"},
	{1, "service: a: b\n",
	 "1:11: error: mapping values are not allowed in this "
	 "context (quote a value that holds ': ')"},
	{2,
	 "%TAG ! tag:x,2000:\n"
	 "---\n"
	 "service: !a b\n",
	 "3:1: error: a service needs 'cgroup'"},
	{1, HEAD "endpoints: [[[[[[[[[[[[[[[[[[[[]]]]]]]]]]]]]]]]]]]]\n",
	 "3:27: error: nesting is deeper than 16"},
	{1, "service: a\n", "1:1: error: a service needs 'cgroup'"},
	{1, "cgroup: a\n", "1:1: error: a service needs 'service'"},
	{1, HEAD "endpoint: []\n",
	 "3:1: error: unknown key 'endpoint' (did you mean "
	 "'endpoints'?)"},
	{1, HEAD "x: 1\n", "3:1: error: unknown key 'x'"},
	{1, HEAD "Mode: audit\n",
	 "3:1: error: unknown key 'Mode' (did you mean 'mode'?)"},
	{1,
	 "service: A\n"
	 "cgroup: x\n",
	 "1:10: error: 'A' is not a service name: 1 to 63 of a-z, "
	 "0-9 and '-'"},
	{1,
	 "service: a_b\n"
	 "cgroup: x\n",
	 "1:10: error: 'a_b' is not a service name: 1 to 63 of a-z, "
	 "0-9 and '-'"},
	{1,
	 "service: ''\n"
	 "cgroup: x\n",
	 "1:10: error: the value is empty"},
	{1,
	 "service:\n"
	 "cgroup: x\n",
	 "1:9: error: the value is empty"},
	{1,
	 "service: [a]\n"
	 "cgroup: x\n",
	 "1:10: error: expected a value, found a list"},
	{1,
	 "service: {a: b}\n"
	 "cgroup: x\n",
	 "1:10: error: expected a value, found a mapping"},
	{1,
	 "service: "
	 "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
	 "aaaaaa\n"
	 "cgroup: x\n",
	 "1:10: error: "
	 "'aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
	 "aaaaaaa' is not a service name: 1 to 63 of a-z, 0-9 and "
	 "'-'"},
	{1,
	 "service: a b\n"
	 "cgroup: x\n",
	 "1:10: error: 'a b' is not a service name: 1 to 63 of a-z, "
	 "0-9 and '-'"},
	{1,
	 "service: a\n"
	 "cgroup: /\n",
	 "2:9: error: cgroup '/' is the root cgroup, which cannot "
	 "be confined"},
	{1,
	 "service: a\n"
	 "cgroup: ''\n",
	 "2:9: error: the value is empty"},
	{1,
	 "service: a\n"
	 "cgroup: .\n",
	 "2:9: error: cgroup '.' is the root cgroup, which cannot "
	 "be confined"},
	{1,
	 "service: a\n"
	 "cgroup: ..\n",
	 "2:9: error: cgroup '..' has a component '..'"},
	{1,
	 "service: a\n"
	 "cgroup: a/../b\n",
	 "2:9: error: cgroup 'a/../b' has a component '..'"},
	{1,
	 "service: a\n"
	 "cgroup: a/./b\n",
	 "2:9: error: cgroup 'a/./b' has a component '.'"},
	{1,
	 "service: a\n"
	 "cgroup: a//b\n",
	 "2:9: error: cgroup 'a//b' has an empty component"},
	{1,
	 "service: a\n"
	 "cgroup: //a\n",
	 "2:9: error: cgroup '//a' has an empty component"},
	{1,
	 "service: a\n"
	 "cgroup: a//\n",
	 "2:9: error: cgroup 'a//' has an empty component"},
	{1,
	 "service: a\n"
	 "cgroup: []\n",
	 "2:9: error: the list is empty"},
	{1,
	 "service: a\n"
	 "cgroup: [a, [b]]\n",
	 "2:13: error: expected a value, found a list"},
	{1,
	 "service: a\n"
	 "cgroup: {a: b}\n",
	 "2:9: error: expected a list, found a mapping"},
	{1,
	 "service: a\n"
	 "cgroup: /sys/fs/cgroup/a\n",
	 "2:9: error: cgroup '/sys/fs/cgroup/a' is not below the "
	 "cgroup2 mount (leave the mount out)"},
	{1,
	 "service: a\n"
	 "cgroup: a*\n",
	 "2:9: error: cgroup 'a*' is a pattern, and patterns are "
	 "not supported"},
	{1,
	 "service: a\n"
	 "cgroup: \"a\\n"
	 "b\"\n",
	 "2:9: error: cgroup 'a\\x0Ab' holds a control character"},
	{1,
	 "service: a\n"
	 "cgroup: [a, a]\n",
	 "2:13: error: cgroup 'a' overlaps the one in p:2"},
	{1,
	 "service: a\n"
	 "cgroup: [a/b, a-b, a]\n",
	 "2:20: error: cgroup 'a' overlaps the one in p:2"},
	{1,
	 "service: a\n"
	 "cgroup: [a/b/c, b, a/b]\n",
	 "2:20: error: cgroup 'a/b' overlaps the one in p:2"},
	{1, HEAD "mode: enforced\n",
	 "3:7: error: 'enforced' is not one of: enforce, audit (did "
	 "you mean 'enforce'?)"},
	{1, HEAD "mode: ''\n", "3:7: error: the value is empty"},
	{1, HEAD "mode: [audit]\n",
	 "3:7: error: expected a value, found a list"},
	{1, HEAD "strict: yes\n",
	 "3:9: error: expected true or false, found 'yes'"},
	{1, HEAD "strict: True\n",
	 "3:9: error: expected true or false, found 'True'"},
	{1, HEAD "strict: 'true'\n",
	 "3:9: error: expected true or false, found 'true'"},
	{1, HEAD "strict: on\n",
	 "3:9: error: expected true or false, found 'on'"},
	{1, HEAD "strict: 1\n",
	 "3:9: error: expected true or false, found '1'"},
	{1, HEAD "strict:\n", "3:8: error: expected true or false, found ''"},
	{1, HEAD "strict: [true]\n",
	 "3:9: error: expected a value, found a list"},
	{1, HEAD "on_change: keep\n",
	 "3:12: error: 'keep' is not one of: drain, destroy"},
	{1, HEAD "on_change: destroyed\n",
	 "3:12: error: 'destroyed' is not one of: drain, destroy "
	 "(did you mean 'destroy'?)"},
	{1, HEAD "on_expiry: drain\n",
	 "3:12: error: 'drain' is not one of: keep, destroy"},
	{1, HEAD "dns: managed\n",
	 "3:6: error: 'dns: managed' is not supported yet"},
	{1, HEAD "dns: manged\n",
	 "3:6: error: 'manged' is not one of: managed (did you mean "
	 "'managed'?)"},
	{1, HEAD "sockets: [icmp]\n",
	 "3:11: error: 'sockets' is not supported yet"},
	{1, HEAD "sockets: ['I C']\n", "3:11: error: 'I C' is not a word"},
	{1, HEAD "sockets: icmp\n",
	 "3:10: error: expected a list, found a value"},
	{1, HEAD "require: [lsm]\n",
	 "3:11: error: 'require' is not supported yet"},
	{1, HEAD "require: [[lsm]]\n",
	 "3:11: error: expected a value, found a list"},
	{1, HEAD "resolvers: 9.9.9.9\n",
	 "3:12: error: expected a list, found a value"},
	{1, HEAD "resolvers: [dns.example.com]\n",
	 "3:13: error: 'dns.example.com' is not an address"},
	{1, HEAD "resolvers: [9.9.9.0/24]\n",
	 "3:13: error: '9.9.9.0/24' is not an address"},
	{1, HEAD "resolvers: [224.0.0.1]\n",
	 "3:13: error: '224.0.0.1' is a multicast or reserved "
	 "address, which is never allowed"},
	{1, HEAD "resolvers: [9.9.9.9, '9.9.9.9']\n",
	 "3:22: error: '9.9.9.9' is listed twice"},
	{1, HEAD "resolvers: ['9.9.9.9@53']\n",
	 "3:13: error: '9.9.9.9@53' is not an address"},
	{1, HEAD "resolvers: ['fe80::1%eth0']\n",
	 "3:13: error: 'fe80::1%eth0' is not an address"},
	{1, HEAD "listen: 80/tcp\n",
	 "3:9: error: expected a list, found a value"},
	{1, HEAD "listen: [80]\n",
	 "3:10: error: '80': the protocol is missing (/tcp or /udp) "
	 "(ports are written '443/tcp', '8000-8015/tcp' or '*/udp')"},
	{1, HEAD "listen: [53/udp]\n",
	 "3:10: error: 'listen' on UDP needs 'from' (write {ports: "
	 "[...], from: [CIDR...]})"},
	{1, HEAD "listen: [\"*/tcp\"]\n",
	 "3:10: error: 'listen' cannot be every port (name the "
	 "ports)"},
	{1, HEAD "listen: [80/tcp, 79-81/tcp]\n",
	 "3:18: error: a port of it is listed before"},
	{1, HEAD "listen: [{ports: 80/tcp, from: [10.0.0.0/8]}]\n",
	 "3:32: error: 'from' is for UDP ports only (accepted "
	 "connections may answer anybody)"},
	{1, HEAD "listen: [{from: [10.0.0.0/8]}]\n",
	 "3:10: error: a 'listen' entry needs 'ports'"},
	{1, HEAD "listen: [{ports: 53/udp}]\n",
	 "3:18: error: 'listen' on UDP needs 'from' (write {ports: "
	 "[...], from: [CIDR...]})"},
	{1, HEAD "listen: [{ports: 53/udp, from: []}]\n",
	 "3:32: error: the list is empty"},
	{1, HEAD "listen: [{ports: 53/udp, from: 10.0.0.0/8}]\n",
	 "3:32: error: expected a list, found a value"},
	{1, HEAD "listen: [{ports: 53/udp, from: [10.0.0.1/8]}]\n",
	 "3:33: error: '10.0.0.1/8' has bits set after its length "
	 "(did you mean '10.0.0.0/8'?)"},
	{1,
	 HEAD "listen: [{ports: 53/udp, from: [10.0.0.0/8, "
	      "10.0.0.0/8]}]\n",
	 "3:45: error: '10.0.0.0/8' is listed twice"},
	{2, HEAD "listen: [{ports: 53/udp, form: [10.0.0.0/8]}]\n",
	 "3:18: error: 'listen' on UDP needs 'from' (write {ports: "
	 "[...], from: [CIDR...]})"},
	{1, HEAD "listen: [{ports: []}]\n", "3:18: error: the list is empty"},
	{1, HEAD "listen: [80-400/tcp]\n",
	 "3:10: error: '80-400/tcp': the range is wider than 256 "
	 "ports (ports are written '443/tcp', '8000-8015/tcp' or "
	 "'*/udp')"},
	{1,
	 HEAD "---\n"
	      "service: a\n"
	      "cgroup: b\n",
	 "4:10: error: service 'a' is defined a second time, first "
	 "in p:1"},
	{1,
	 HEAD "---\n"
	      "service: b\n"
	      "cgroup: a.slice/b.service\n",
	 "5:9: error: cgroup 'a.slice/b.service' overlaps the one "
	 "in p:2"},
	{1,
	 HEAD "---\n"
	      "service: b\n"
	      "cgroup: /a.slice/\n",
	 "5:9: error: cgroup 'a.slice' overlaps the one in p:2"},
};

static void every_error_at_its_place(void **state)
{
	(void)state;
	for (size_t i = 0; i < VG_ARRAY_LEN(cases); i++) {
		const struct vg_source source = policy_source(cases[i].text);
		vg_cleanup(vg_diags_freep) struct vg_diags diags = {0};
		struct vg_policy *policy = NULL;
		const int r = vg_policy_parse(&source, 1, &policy, &diags);

		policy_case_check(&cases[i], r, &diags);
		assert_null(policy);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_error_at_its_place),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
