/* SPDX-License-Identifier: Apache-2.0 */
#include "policy/ports.h"

#include <netinet/in.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

#include "base/cleanup.h"

static const struct {
	const char *text;
	struct vg_ports ports;
	uint32_t count; /* 0: refused */
	const char *error;
} cases[] = {
	{"443/tcp", {IPPROTO_TCP, 443, 443}, 1, NULL},
	{"1/udp", {IPPROTO_UDP, 1, 1}, 1, NULL},
	{"65535/tcp", {IPPROTO_TCP, 65535, 65535}, 1, NULL},
	{"8000-8015/tcp", {IPPROTO_TCP, 8000, 8015}, 16, NULL},
	{"80-80/tcp", {IPPROTO_TCP, 80, 80}, 1, NULL},
	{"1-256/tcp", {IPPROTO_TCP, 1, 256}, 256, NULL},
	{"65280-65535/udp", {IPPROTO_UDP, 65280, 65535}, 256, NULL},
	{"*/udp", {IPPROTO_UDP, 0, 0}, 1, NULL},
	{"*/tcp", {IPPROTO_TCP, 0, 0}, 1, NULL},
	{"1-257/tcp", {0}, 0, "wider"},
	{"1-65535/tcp", {0}, 0, "wider"},
	{"5-4/tcp", {0}, 0, "reversed"},
	{"0/tcp", {0}, 0, "1 to 65535"},
	{"0-5/tcp", {0}, 0, "1 to 65535"},
	{"65536/tcp", {0}, 0, "1 to 65535"},
	{"65535-65536/tcp", {0}, 0, "1 to 65535"},
	{"443", {0}, 0, "protocol is missing"},
	{"443/", {0}, 0, "not tcp or udp"},
	{"443/TCP", {0}, 0, "not tcp or udp"},
	{"443/sctp", {0}, 0, "not tcp or udp"},
	{"443/tcp ", {0}, 0, "not tcp or udp"},
	{"443/tcp/udp", {0}, 0, "not tcp or udp"},
	{"/tcp", {0}, 0, "not a port"},
	{"https/tcp", {0}, 0, "not a port"},
	{"443x/tcp", {0}, 0, "not a port"},
	{" 443/tcp", {0}, 0, "not a port"},
	{"0443/tcp", {0}, 0, "not a port"},
	{"+443/tcp", {0}, 0, "not a port"},
	{"443-/tcp", {0}, 0, "not a port"},
	{"-443/tcp", {0}, 0, "not a port"},
	{"1-2-3/tcp", {0}, 0, "not a port"},
	{"*-5/tcp", {0}, 0, "not a port"},
	{"**/tcp", {0}, 0, "not a port"},
	{"443,80/tcp", {0}, 0, "not a port"},
	{"000000000000000443/tcp", {0}, 0, "PORT/PROTOCOL"},
	{"", {0}, 0, "protocol is missing"},
};

static void ports_to_the_last_character(void **state)
{
	(void)state;
	for (size_t i = 0; i < VG_ARRAY_LEN(cases); i++) {
		vg_cleanup(vg_buf_freep) struct vg_buf out = {0};
		struct vg_ports p = {99, 99, 99};
		const char *error = vg_ports_parse(cases[i].text, &p);

		if (cases[i].error) {
			if (!error || !strstr(error, cases[i].error))
				fail_msg("'%s': %s", cases[i].text,
					 error ? error : "allowed");
			assert_int_equal(p.proto, 99);
			continue;
		}
		assert_null(error);
		assert_true(vg_ports_equal(&p, &cases[i].ports));
		assert_int_equal(vg_ports_count(&p), cases[i].count);
		vg_ports_text(&p, &out);
		if (strcmp(cases[i].text, "80-80/tcp") != 0)
			assert_string_equal(vg_buf_text(&out), cases[i].text);
	}
}

static void overlap_and_membership(void **state)
{
	const struct vg_ports range = {IPPROTO_TCP, 10, 20};
	const struct vg_ports udp = {IPPROTO_UDP, 10, 20};
	const struct vg_ports before = {IPPROTO_TCP, 5, 9};
	const struct vg_ports edge = {IPPROTO_TCP, 5, 10};
	const struct vg_ports every = {IPPROTO_TCP, 0, 0};

	(void)state;
	assert_false(vg_ports_overlap(&range, &udp));
	assert_false(vg_ports_overlap(&range, &before));
	assert_false(vg_ports_overlap(&before, &range));
	assert_true(vg_ports_overlap(&range, &edge));
	assert_true(vg_ports_overlap(&edge, &range));
	assert_true(vg_ports_overlap(&every, &range));
	assert_true(vg_ports_overlap(&range, &every));
	assert_false(vg_ports_overlap(&every, &udp));

	assert_true(vg_ports_contain(&range, IPPROTO_TCP, 10));
	assert_true(vg_ports_contain(&range, IPPROTO_TCP, 20));
	assert_false(vg_ports_contain(&range, IPPROTO_TCP, 21));
	assert_false(vg_ports_contain(&range, IPPROTO_TCP, 9));
	assert_false(vg_ports_contain(&range, IPPROTO_UDP, 10));
	assert_true(vg_ports_contain(&every, IPPROTO_TCP, 65535));
	assert_false(vg_ports_contain(&every, IPPROTO_UDP, 1));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(ports_to_the_last_character),
		cmocka_unit_test(overlap_and_membership),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
