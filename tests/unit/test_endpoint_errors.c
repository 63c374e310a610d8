/* SPDX-License-Identifier: Apache-2.0 */
/* Errors of endpoints. */
#include "policy_cases.h"

static const struct policy_case cases[] = {
	{1, HEAD "endpoints: {}\n",
	 "3:12: error: expected a list, found a mapping"},
	{1, HEAD "endpoints: [a]\n",
	 "3:13: error: expected a mapping, found a value"},
	{2, HEAD "endpoints: [{}]\n", "3:13: error: an endpoint needs 'ports'"},
	{1, ENDPOINT "host: api.example.com\n",
	 "4:5: error: an endpoint needs 'ports'"},
	{1, ENDPOINT "ports: [443/tcp]\n",
	 "4:5: error: an endpoint needs 'host' or 'address'"},
	{1,
	 ENDPOINT "host: api.example.com\n"
		  "    address: 9.9.9.9\n"
		  "    ports: [443/tcp]\n",
	 "4:5: error: an endpoint has either 'host' or 'address' "
	 "(make two endpoints of it)"},
	{1,
	 ENDPOINT "host: api.example.com\n"
		  "    prots: [443/tcp]\n"
		  "    ports: [80/tcp]\n",
	 "5:5: error: unknown key 'prots' (did you mean 'ports'?)"},
	{1,
	 ENDPOINT "host: [a.example.com]\n"
		  "    ports: [443/tcp]\n",
	 "4:11: error: expected a value, found a list"},
	{1,
	 ENDPOINT "host:\n"
		  "    ports: [443/tcp]\n",
	 "4:10: error: the value is empty"},
	{1,
	 ENDPOINT "host: b\xc3\xbc"
		  "cher.example\n"
		  "    ports: [443/tcp]\n",
	 "4:11: error: 'b\xc3\xbc"
	 "cher.example': the name is not ASCII "
	 "(write the A-label (xn--...))"},
	{1,
	 ENDPOINT "host: 9.9.9.9\n"
		  "    ports: [443/tcp]\n",
	 "4:11: error: '9.9.9.9': the name is an address (use "
	 "'address:')"},
	{1,
	 ENDPOINT "host: '::1'\n"
		  "    ports: [443/tcp]\n",
	 "4:11: error: '::1': the name is an address (use "
	 "'address:')"},
	{1,
	 ENDPOINT "host: 127.1\n"
		  "    ports: [443/tcp]\n",
	 "4:11: error: '127.1': the last label of the name is "
	 "numeric (some programs take it for an IPv4 address; use "
	 "'address:')"},
	{1,
	 ENDPOINT "host: 12345\n"
		  "    ports: [443/tcp]\n",
	 "4:11: error: '12345': the last label of the name is "
	 "numeric (some programs take it for an IPv4 address; use "
	 "'address:')"},
	{1,
	 ENDPOINT "host: localhost\n"
		  "    ports: [443/tcp]\n",
	 "4:11: error: 'localhost': resolvers answer this name by "
	 "themselves"},
	{1,
	 ENDPOINT "host: a.test\n"
		  "    ports: [443/tcp]\n",
	 "4:11: error: 'a.test': resolvers answer this name by "
	 "themselves"},
	{1,
	 ENDPOINT "host: metadata.google.internal\n"
		  "    ports: [443/tcp]\n",
	 "4:11: error: 'metadata.google.internal': the name leads "
	 "to a cloud metadata service (only its exact address opens "
	 "it: use 'address:')"},
	{1,
	 ENDPOINT "host: https://a.example.com\n"
		  "    ports: [443/tcp]\n",
	 "4:11: error: 'https://a.example.com': the name is not a "
	 "host name but a URL or has a port (write the host alone, "
	 "and its port under 'ports:')"},
	{1,
	 ENDPOINT "host: vendor\n"
		  "    ports: [443/tcp]\n",
	 "4:11: error: 'vendor': the name has a single label (write "
	 "the name in full; search lists are not used)"},
	{1,
	 ENDPOINT "host: '*.example.com'\n"
		  "    ports: [443/tcp]\n",
	 "4:11: error: a wildcard host is not supported yet"},
	{1,
	 ENDPOINT "host: *.example.com\n"
		  "    ports: [443/tcp]\n",
	 "4:11: error: while scanning an alias: did not find "
	 "expected alphabetic or numeric character (quote what "
	 "begins with '*')"},
	{1,
	 ENDPOINT "host: '*.com.'\n"
		  "    ports: [443/tcp]\n",
	 "4:11: error: '*.com.': a wildcard stands only alone in "
	 "the first label"},
	{1,
	 ENDPOINT "host: '*example.com'\n"
		  "    ports: [443/tcp]\n",
	 "4:11: error: '*example.com': a wildcard stands only alone "
	 "in the first label"},
	{1,
	 ENDPOINT "address: a.example.com\n"
		  "    ports: [443/tcp]\n",
	 "4:14: error: 'a.example.com' is not an address or a CIDR"},
	{1,
	 ENDPOINT "address: 10.0.0.1/8\n"
		  "    ports: [443/tcp]\n",
	 "4:14: error: '10.0.0.1/8' has bits set after its length "
	 "(did you mean '10.0.0.0/8'?)"},
	{1,
	 ENDPOINT "address: 10.0.0.0/33\n"
		  "    ports: [443/tcp]\n",
	 "4:14: error: '10.0.0.0/33' is not an address or a CIDR"},
	{1,
	 ENDPOINT "address: 224.0.0.1\n"
		  "    ports: [443/tcp]\n",
	 "4:14: error: '224.0.0.1' is a multicast or reserved "
	 "address, which is never allowed"},
	{1,
	 ENDPOINT "address: 0.0.0.0/0\n"
		  "    ports: [443/tcp]\n",
	 "4:14: error: '0.0.0.0/0' contains a cloud metadata "
	 "address, which only its exact literal opens (leave out "
	 "169.254.169.254)"},
	{1,
	 ENDPOINT "address: 127.0.0.0/8\n"
		  "    ports: [443/tcp]\n",
	 "4:14: error: '127.0.0.0/8' contains loopback addresses, "
	 "which only exact literals open"},
	{1,
	 ENDPOINT "address: 2001:db8::1/32\n"
		  "    ports: [443/tcp]\n",
	 "4:14: error: '2001:db8::1/32' has bits set after its "
	 "length (did you mean '2001:db8::/32'?)"},
	{1,
	 ENDPOINT "address: '2002::1'\n"
		  "    ports: [443/tcp]\n",
	 "4:14: error: '2002::1' is a 6to4, Teredo or ISATAP "
	 "address, which is never allowed"},
	{1,
	 ENDPOINT "address: 0177.0.0.1\n"
		  "    ports: [443/tcp]\n",
	 "4:14: error: '0177.0.0.1' is not an address or a CIDR"},
	{1, ADDRESS "scope: internal\n",
	 "6:12: error: 'scope' is for 'host', not for 'address'"},
	{1, ADDRESS "verify: {dnssec: off}\n",
	 "6:22: error: 'verify.dnssec' is for 'host', not for "
	 "'address'"},
	{1, ADDRESS "verify: {ranges: [9.0.0.0/8]}\n",
	 "6:22: error: 'verify.ranges' is for 'host', not for "
	 "'address'"},
	{1, ADDRESS "verify: {cname: []}\n",
	 "6:21: error: 'verify.cname' is for 'host', not for "
	 "'address'"},
	{1, ADDRESS "verify: {nat64_prefix: '64:ff9b::/96'}\n",
	 "6:28: error: 'verify.nat64_prefix' is for 'host', not for "
	 "'address'"},
	{1,
	 ENDPOINT "host: api.example.com\n"
		  "    ports: 443\n",
	 "5:12: error: '443': the protocol is missing (/tcp or "
	 "/udp) (ports are written '443/tcp', '8000-8015/tcp' or "
	 "'*/udp')"},
	{1,
	 ENDPOINT "host: api.example.com\n"
		  "    ports: []\n",
	 "5:12: error: the list is empty"},
	{1,
	 ENDPOINT "host: api.example.com\n"
		  "    ports: [443/tcp, 443/tcp]\n",
	 "5:22: error: '443/tcp' overlaps '443/tcp'"},
	{1,
	 ENDPOINT "host: api.example.com\n"
		  "    ports: [443/tcp, \"*/tcp\"]\n",
	 "5:22: error: '*/tcp' overlaps '443/tcp'"},
	{1,
	 ENDPOINT "host: api.example.com\n"
		  "    ports: [0/tcp]\n",
	 "5:13: error: '0/tcp': a port is a number from 1 to 65535 "
	 "(ports are written '443/tcp', '8000-8015/tcp' or '*/udp')"},
	{1,
	 ENDPOINT "host: api.example.com\n"
		  "    ports: [1-300/tcp]\n",
	 "5:13: error: '1-300/tcp': the range is wider than 256 "
	 "ports (ports are written '443/tcp', '8000-8015/tcp' or "
	 "'*/udp')"},
	{1,
	 ENDPOINT "host: api.example.com\n"
		  "    ports: [20-10/tcp]\n",
	 "5:13: error: '20-10/tcp': the range is reversed (ports "
	 "are written '443/tcp', '8000-8015/tcp' or '*/udp')"},
	{1,
	 ENDPOINT "host: api.example.com\n"
		  "    ports: [443/tcpx]\n",
	 "5:13: error: '443/tcpx': the protocol is not tcp or udp "
	 "(ports are written '443/tcp', '8000-8015/tcp' or '*/udp')"},
	{1,
	 ENDPOINT "host: api.example.com\n"
		  "    ports: [70abc/tcp]\n",
	 "5:13: error: '70abc/tcp': not a port number, FIRST-LAST "
	 "or '*' (ports are written '443/tcp', '8000-8015/tcp' or "
	 "'*/udp')"},
	{1,
	 ENDPOINT "host: api.example.com\n"
		  "    ports: [*/udp]\n",
	 "5:13: error: while scanning an alias: did not find "
	 "expected alphabetic or numeric character (quote what "
	 "begins with '*')"},
	{1,
	 ENDPOINT "host: api.example.com\n"
		  "    ports: {a: b}\n",
	 "5:12: error: expected a list, found a mapping"},
	{1,
	 ENDPOINT "host: api.example.com\n"
		  "    ports: [1-256/tcp, 257-512/tcp, 513-768/tcp, "
		  "769-1024/tcp, 1025-1280/tcp, 1281-1536/tcp, "
		  "1537-1792/tcp, 1793-2048/tcp, 2049-2304/tcp, "
		  "2305-2560/tcp, 2561-2816/tcp, 2817-3072/tcp, "
		  "3073-3328/tcp, 3329-3584/tcp, 3585-3840/tcp, "
		  "3841-4096/tcp, 4097-4352/tcp]\n",
	 "5:12: error: 4352 ports are more than the 4096 leases of "
	 "one endpoint (write '*/tcp' or '*/udp')"},
	{1, HOST "scope: intern\n",
	 "6:12: error: 'intern' is not one of: public, internal "
	 "(did you mean 'internal'?)"},
	{1, HOST "scope: internal\n",
	 "6:12: error: 'scope: internal' needs 'verify.ranges'"},
	{1,
	 HOST "scope: internal\n"
	      "    verify: {ranges: []}\n",
	 "6:12: error: 'scope: internal' needs 'verify.ranges'"},
	{1, HOST "carries: bearer\n",
	 "6:14: error: 'carries' other than 'none' is not supported "
	 "yet"},
	{1, HOST "carries: mtls\n",
	 "6:14: error: 'carries' other than 'none' is not supported "
	 "yet"},
	{1, HOST "carries: beaer\n",
	 "6:14: error: 'beaer' is not one of: none, bearer, mtls "
	 "(did you mean 'bearer'?)"},
	{1, HOST "unpinned: because\n",
	 "6:15: error: 'unpinned' is not supported yet"},
	{1, HOST "unpinned: ''\n", "6:15: error: the value is empty"},
	{1, HOST "hold: 15\n",
	 "6:11: error: '15' is not a duration (write a number and "
	 "its unit: 90s, 15m, 24h, 1d)"},
	{1, HOST "hold: 59s\n", "6:11: error: '59s' is outside 60s to 86400s"},
	{1, HOST "hold: 2d\n", "6:11: error: '2d' is outside 60s to 86400s"},
	{1, HOST "hold: 1h30m\n",
	 "6:11: error: '1h30m' is not a duration (write a number "
	 "and its unit: 90s, 15m, 24h, 1d)"},
	{1, HOST "hold: [15m]\n",
	 "6:11: error: expected a value, found a list"},
	{1, HOST "hold: 15m x\n",
	 "6:11: error: '15m x' is not a duration (write a number "
	 "and its unit: 90s, 15m, 24h, 1d)"},
	{1, VERIFY "dnssec: required\n",
	 "7:15: error: 'required' is not one of: prefer, require, "
	 "off (did you mean 'require'?)"},
	{1, VERIFY "dnssec: true\n",
	 "7:15: error: 'true' is not one of: prefer, require, off"},
	{1, VERIFY "dns: off\n", "7:7: error: unknown key 'dns'"},
	{1, HOST "verify: off\n",
	 "6:13: error: expected a mapping, found a value"},
	{1, HOST "verify:\n", "6:12: error: expected a mapping, found a value"},
	{1, VERIFY "ranges: 9.0.0.0/8\n",
	 "7:15: error: expected a list, found a value"},
	{1, VERIFY "ranges: [9.0.0.1/8]\n",
	 "7:16: error: '9.0.0.1/8' has bits set after its length "
	 "(did you mean '9.0.0.0/8'?)"},
	{1, VERIFY "ranges: [9.0.0.0/8, 9.0.0.0/8]\n",
	 "7:27: error: '9.0.0.0/8' is listed twice"},
	{1, VERIFY "ranges: [x]\n",
	 "7:16: error: 'x' is not an address or a CIDR"},
	{1, VERIFY "cname: [edge.example.net]\n",
	 "7:15: error: 'verify.cname' is not supported yet"},
	{1, VERIFY "cname: [edge..net]\n",
	 "7:15: error: 'edge..net': the name has an empty label"},
	{1, VERIFY "cname: edge.example.net\n",
	 "7:14: error: expected a list, found a value"},
	{1, VERIFY "nat64_prefix: 64:ff9b::/95\n",
	 "7:21: error: '64:ff9b::/95' is not a NAT64 prefix (an "
	 "IPv6 prefix of 32, 40, 48, 56, 64 or 96 bits whose bits "
	 "64 to 71 are zero)"},
	{1, VERIFY "nat64_prefix: 10.0.0.0/8\n",
	 "7:21: error: '10.0.0.0/8' is not a NAT64 prefix (an IPv6 "
	 "prefix of 32, 40, 48, 56, 64 or 96 bits whose bits 64 to "
	 "71 are zero)"},
	{1, VERIFY "nat64_prefix: x\n",
	 "7:21: error: 'x' is not an address or a CIDR"},
	{1, VERIFY "tls: on\n",
	 "7:12: error: expected 'off' or a mapping, found 'on'"},
	{1, VERIFY "tls: []\n",
	 "7:12: error: expected a mapping, found a list"},
	{1, VERIFY "tls: {}\n",
	 "7:12: error: 'verify.tls' other than 'off' is not "
	 "supported yet"},
	{1, VERIFY "tls: {ca: system}\n",
	 "7:12: error: 'verify.tls' other than 'off' is not "
	 "supported yet"},
	{2, VERIFY "tls: {ca: relative.pem}\n",
	 "7:12: error: 'verify.tls' other than 'off' is not "
	 "supported yet"},
	{2, VERIFY "tls: {cas: system}\n",
	 "7:12: error: 'verify.tls' other than 'off' is not "
	 "supported yet"},
	{2, VERIFY "tls: {pins: [x]}\n",
	 "7:12: error: 'verify.tls' other than 'off' is not "
	 "supported yet"},
	{2,
	 VERIFY "tls: {pins: "
		"[sha256/AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAB=]}\n",
	 "7:12: error: 'verify.tls' other than 'off' is not "
	 "supported yet"},
	{1,
	 VERIFY "tls: {pins: "
		"[sha256/AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=]}\n",
	 "7:12: error: 'verify.tls' other than 'off' is not "
	 "supported yet"},
	{2, VERIFY "tls: {pins: sha256/AAAA}\n",
	 "7:12: error: 'verify.tls' other than 'off' is not "
	 "supported yet"},
	{2, VERIFY "tls: {min_version: 1.1}\n",
	 "7:12: error: 'verify.tls' other than 'off' is not "
	 "supported yet"},
	{2, VERIFY "tls: {dane: yes}\n",
	 "7:12: error: 'verify.tls' other than 'off' is not "
	 "supported yet"},
	{2, VERIFY "tls: {client_cert: /a.pem}\n",
	 "7:12: error: 'verify.tls' other than 'off' is not "
	 "supported yet"},
	{2, VERIFY "tls: {client_key: /a.pem}\n",
	 "7:12: error: 'verify.tls' other than 'off' is not "
	 "supported yet"},
	{2, VERIFY "tls: {server_name: '9.9.9.9'}\n",
	 "7:12: error: 'verify.tls' other than 'off' is not "
	 "supported yet"},
	{2, VERIFY "tls: {ca: /etc/../x.pem}\n",
	 "7:12: error: 'verify.tls' other than 'off' is not "
	 "supported yet"},
	{1,
	 HOST "\n"
	      "  - host: API.example.com.\n"
	      "    ports: [443/tcp]\n",
	 "7:11: error: 'api.example.com' has 443/tcp already in "
	 "line 4"},
	{1,
	 HOST "\n"
	      "  - host: api.example.com\n"
	      "    ports: [80/tcp, 400-500/tcp]\n",
	 "7:11: error: 'api.example.com' has 400-500/tcp already in "
	 "line 4"},
	{1,
	 HOST "\n"
	      "  - host: api.example.com\n"
	      "    ports: [\"*/tcp\"]\n",
	 "7:11: error: 'api.example.com' has */tcp already in line 4"},
	{1,
	 ADDRESS "\n"
		 "  - address: ::ffff:9.9.9.9\n"
		 "    ports: [80/tcp]\n",
	 "7:14: error: '9.9.9.9' is listed already in line 4 (put "
	 "all its ports there)"},
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
