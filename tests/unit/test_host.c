/* SPDX-License-Identifier: Apache-2.0 */
#include "policy/host.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

#include "base/cleanup.h"

#define L63 "abcdefghijklmnopqrstuvwxyz0123456789abcdefghijklmnopqrstuvwxyz0"
#define L61 "abcdefghijklmnopqrstuvwxyz0123456789abcdefghijklmnopqrstuvwxy"

static const struct {
	const char *in;
	const char *out; /* NULL: refused */
	const char *error; /* a part of the message */
} names[] = {
	{"api.vendor.com", "api.vendor.com", NULL},
	{"API.Vendor.COM.", "api.vendor.com", NULL},
	{"xn--bcher-kva.de", "xn--bcher-kva.de", NULL},
	{"_dmarc.example.com", "_dmarc.example.com", NULL},
	{"a_b.example.com", "a_b.example.com", NULL},
	{"1.2.3.example", "1.2.3.example", NULL},
	{"0x7f.example", "0x7f.example", NULL},
	{"router.home.arpa", "router.home.arpa", NULL},
	{"db.corp.internal", "db.corp.internal", NULL},
	{"ip-10-0-0-1.ec2.internal", "ip-10-0-0-1.ec2.internal", NULL},
	{"notlocalhost.com", "notlocalhost.com", NULL},
	{"latest.test.example", "latest.test.example", NULL},
	{L63 ".example", L63 ".example", NULL},
	{L63 "." L63 "." L63 "." L61, L63 "." L63 "." L63 "." L61, NULL},
	{L63 "." L63 "." L63 "." L61 ".", L63 "." L63 "." L63 "." L61, NULL},
	/* syntax */
	{"", NULL, "empty"},
	{".", NULL, "empty label"},
	{"..", NULL, "empty label"},
	{".example.com", NULL, "empty label"},
	{"a..example.com", NULL, "empty label"},
	{"example.com..", NULL, "empty label"},
	{L63 "x.example", NULL, "63"},
	{L63 "." L63 "." L63 "." L61 "x", NULL, "253"},
	{"-a.example.com", NULL, "hyphen"},
	{"a-.example.com", NULL, "hyphen"},
	{"a b.example.com", NULL, "blank"},
	{" a.example.com", NULL, "blank"},
	{"a.example.com\n", NULL, "blank"},
	{"a\x01.example.com", NULL, "character"},
	{"a,b.example.com", NULL, "character"},
	{"b\xc3\xbc"
	 "cher.de",
	 NULL, "ASCII"},
	{"a\x7f.de", NULL, "ASCII"},
	{"*.example.com", NULL, "wildcard"},
	{"a.*.example.com", NULL, "wildcard"},
	{"fe80::1%eth0", NULL, "URL"},
	{"host%eth0.example", NULL, "zone id"},
	{"https://example.com", NULL, "URL"},
	{"example.com:443", NULL, "URL"},
	{"example.com/path", NULL, "URL"},
	{"user@example.com", NULL, "URL"},
	/* addresses in all their forms */
	{"192.0.2.1", NULL, "address"},
	{"::1", NULL, "address"},
	{"10.0.0.0/8", NULL, "CIDR"},
	{"127.1", NULL, "numeric"},
	{"0177.0.0.1", NULL, "numeric"},
	{"2130706433", NULL, "numeric"},
	{"0x7f000001", NULL, "numeric"},
	{"0x7f.0.0.0x1", NULL, "numeric"},
	{"0X7F.1", NULL, "numeric"},
	{"1.2.3.4.5", NULL, "numeric"},
	{"192.0.2.1.", NULL, "numeric"},
	{"example.0x", NULL, "numeric"},
	{"example.123", NULL, "numeric"},
	/* names with a meaning of their own */
	{"localhost", NULL, "resolvers answer"},
	{"LOCALHOST.", NULL, "resolvers answer"},
	{"a.localhost", NULL, "resolvers answer"},
	{"a.invalid", NULL, "resolvers answer"},
	{"a.onion", NULL, "resolvers answer"},
	{"a.test", NULL, "resolvers answer"},
	{"1.0.0.127.in-addr.arpa", NULL, "resolvers answer"},
	{"1.ip6.arpa", NULL, "resolvers answer"},
	{"printer.local", NULL, ".local"},
	{"local", NULL, ".local"},
	{"metadata.google.internal", NULL, "metadata"},
	{"x.metadata.google.internal", NULL, "metadata"},
	{"metadata.goog", NULL, "metadata"},
	{"instance-data.ec2.internal", NULL, "metadata"},
	{"metadata.internal", NULL, "metadata"},
	{"Metadata.Platformequinix.Internal", NULL, "metadata"},
	{"vendor", NULL, "single label"},
	{"com.", NULL, "single label"},
};

static void names_before_they_are_looked_up(void **state)
{
	(void)state;
	for (size_t i = 0; i < VG_ARRAY_LEN(names); i++) {
		char name[VG_ENDPOINT_TEXT] = "untouched";
		const struct vg_host_error *error =
			vg_host_parse(names[i].in, strlen(names[i].in), name);

		if (!error != !names[i].error ||
		    (error && !strstr(error->message, names[i].error)))
			fail_msg("'%s': %s", names[i].in,
				 error ? error->message : "allowed");
		assert_string_equal(name,
				    names[i].out ? names[i].out : "untouched");
	}
}

static void nul_is_seen(void **state)
{
	static const char text[] = "api.vendor.com\0.evil.example";
	static const char short_text[] = "127.0.0.1\0x";
	char name[VG_ENDPOINT_TEXT] = "untouched";
	const struct vg_host_error *error;

	(void)state;
	error = vg_host_parse(text, sizeof(text) - 1, name);
	assert_non_null(error);
	assert_non_null(strstr(error->message, "NUL"));
	error = vg_host_parse(short_text, sizeof(short_text) - 1, name);
	assert_non_null(error);
	assert_string_equal(name, "untouched");
}

static void hints_say_what_to_write(void **state)
{
	char name[VG_ENDPOINT_TEXT];

	(void)state;
	assert_non_null(
		strstr(vg_host_parse("\xc3\xbc.de", 5, name)->hint, "xn--"));
	assert_non_null(
		strstr(vg_host_parse("::1", 3, name)->hint, "address:"));
}

static void zones_may_be_short_and_special(void **state)
{
	char name[VG_ENDPOINT_TEXT];

	(void)state;
	assert_null(vg_zone_parse("CORP.", 5, name));
	assert_string_equal(name, "corp");
	assert_null(vg_zone_parse("lab.test", 8, name));
	assert_null(vg_zone_parse("10.in-addr.arpa", 15, name));
	assert_non_null(vg_zone_parse(".", 1, name));
	assert_non_null(vg_zone_parse("a b", 3, name));
	assert_non_null(vg_zone_parse("10.0.0.1", 8, name));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(names_before_they_are_looked_up),
		cmocka_unit_test(nul_is_seen),
		cmocka_unit_test(hints_say_what_to_write),
		cmocka_unit_test(zones_may_be_short_and_special),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
