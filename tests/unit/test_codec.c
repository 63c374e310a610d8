/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>

#include "base/cleanup.h"
#include "control/codec.h"
#include "control/destination.h"

static struct vg_request why(void)
{
	return (struct vg_request){
		.verb = VG_VERB_WHY,
		.flags = VG_REQUEST_JSON,
		.n_args = 2,
		.args = {"billing", "api.vendor.com:443"},
	};
}

static void requests_survive_the_trip(void **state)
{
	vg_cleanup(vg_buf_freep) struct vg_buf b = {0};
	const struct vg_request q = why();
	struct vg_request back;
	struct vg_frame f;

	(void)state;
	assert_int_equal(vg_request_encode(&q, &b), 0);
	assert_int_equal(vg_frame_decode((uint8_t *)b.data, b.size, &f),
			 b.size);
	assert_int_equal(f.type, VG_FRAME_REQUEST);
	assert_int_equal(vg_request_decode(f.data, f.size, &back), 0);
	assert_memory_equal(&q, &back, sizeof(q));
	assert_string_equal(vg_request_arg(&back, 1), "api.vendor.com:443");
	assert_string_equal(vg_request_arg(&back, 2), "");
	assert_string_equal(vg_request_arg(&back, 4000), "");
}

/* Every prefix is either "more" or an error, never a request. */
static void a_part_is_no_frame(void **state)
{
	vg_cleanup(vg_buf_freep) struct vg_buf b = {0};
	const struct vg_request q = why();
	struct vg_request back = {.n_args = 99};
	struct vg_frame f;

	(void)state;
	assert_int_equal(vg_request_encode(&q, &b), 0);
	for (size_t n = 0; n < b.size; n++)
		assert_int_equal(vg_frame_decode((uint8_t *)b.data, n, &f), 0);
	for (size_t n = VG_CONTROL_HEADER; n < b.size; n++)
		assert_int_equal(
			vg_request_decode((uint8_t *)b.data + VG_CONTROL_HEADER,
					  n - VG_CONTROL_HEADER, &back),
			-EBADMSG);
	assert_int_equal(back.n_args, 99);
}

static void only_what_the_table_allows(void **state)
{
	vg_cleanup(vg_buf_freep) struct vg_buf b = {0};
	struct vg_request q;

	(void)state;
#define REFUSES(field, value)                                                  \
	do {                                                                   \
		q = why();                                                     \
		q.field = value;                                               \
		assert_int_equal(vg_request_encode(&q, &b), -EINVAL);          \
	} while (0)
	REFUSES(n_args, 1);
	REFUSES(n_args, 3);
	REFUSES(n_args, 258);
	REFUSES(flags, VG_REQUEST_LIFT);
	REFUSES(flags, 0x100);
	REFUSES(verb, VG_VERB_COUNT);
	REFUSES(verb, VG_VERB_STATUS);
#undef REFUSES
	assert_int_equal(b.size, 0);
}

static void strange_requests_are_refused(void **state)
{
	static const struct {
		uint8_t octets[12];
		size_t size;
	} bad[] = {
		{{0}, 0},
		{{VG_VERB_STATUS, 0, 0}, 3},
		{{VG_VERB_STATUS, 0, 0, 0, 0}, 5}, /* rest */
		{{VG_VERB_COUNT, 0, 0, 0}, 4}, /* verb */
		{{VG_VERB_STATUS, 0, 0, 0x80}, 4}, /* flag */
		{{VG_VERB_STATUS, 0, 1, 0}, 4}, /* flag */
		{{VG_VERB_SHOW, 0, 0, 0}, 4}, /* no argument */
		{{VG_VERB_SHOW, 255, 0, 0}, 4}, /* far too many */
		{{VG_VERB_SHOW, 1, 0, 0, 0}, 5}, /* half a length */
		{{VG_VERB_SHOW, 1, 0, 0, 0, 2, 'a'}, 7}, /* too short */
		{{VG_VERB_SHOW, 1, 0, 0, 0, 1, 0}, 7}, /* NUL */
		{{VG_VERB_SHOW, 1, 0, 0, 0, 1, 'a', 'b'}, 8}, /* rest */
		{{VG_VERB_SHOW, 1, 0, 0, 0xff, 0xff, 'a'}, 7},
	};
	static uint8_t long_arg[6 + VG_CONTROL_ARG + 1] = {
		VG_VERB_SHOW,
		1,
		0,
		0,
		(VG_CONTROL_ARG + 1) >> 8,
		(VG_CONTROL_ARG + 1) & 0xff};
	struct vg_request q;

	(void)state;
	for (size_t i = 0; i < VG_ARRAY_LEN(bad); i++)
		assert_int_equal(
			vg_request_decode(bad[i].octets, bad[i].size, &q),
			-EBADMSG);
	memset(long_arg + 6, 'x', VG_CONTROL_ARG + 1);
	assert_int_equal(vg_request_decode(long_arg, sizeof(long_arg), &q),
			 -EBADMSG);
	long_arg[5]--;
	assert_int_equal(vg_request_decode(long_arg, sizeof(long_arg) - 1, &q),
			 0);
	assert_int_equal(strlen(q.args[0]), VG_CONTROL_ARG);
}

static void strange_frames_are_refused(void **state)
{
	vg_cleanup(vg_buf_freep) struct vg_buf b = {0};
	struct vg_frame f;

	(void)state;
	vg_frame_end(&b, 3);
#define REFUSES(at, value, error)                                              \
	do {                                                                   \
		const char was = b.data[at];                                   \
		b.data[at] = value;                                            \
		assert_int_equal(                                              \
			vg_frame_decode((uint8_t *)b.data, b.size, &f),        \
			error);                                                \
		b.data[at] = was;                                              \
	} while (0)
	REFUSES(0, 'X', -EBADMSG);
	REFUSES(2, 'X', -EBADMSG);
	REFUSES(3, 2, -EPROTO);
	REFUSES(4, 0, -EBADMSG);
	REFUSES(4, VG_FRAME_TYPES, -EBADMSG);
	REFUSES(5, 1, -EBADMSG);
	REFUSES(7, 1, -EBADMSG);
	REFUSES(8, 1, -EBADMSG); /* 16 MiB */
	REFUSES(9, 2, -EBADMSG); /* 128 KiB */
#undef REFUSES
	/* A wrong first octet is seen at once, not after twelve. */
	assert_int_equal(vg_frame_decode((const uint8_t *)"G", 1, &f),
			 -EBADMSG);
	assert_int_equal(vg_frame_decode((uint8_t *)b.data, b.size, &f), 13);
	assert_int_equal(vg_frame_status(&f), 3);
	f.type = VG_FRAME_OUT;
	assert_int_equal(vg_frame_status(&f), -EBADMSG);
	vg_buf_clear(&b);
	vg_frame_end(&b, VG_EXIT_MAX + 1);
	assert_int_equal(vg_frame_decode((uint8_t *)b.data, b.size, &f), 13);
	assert_int_equal(vg_frame_status(&f), -EBADMSG);
}

static void long_text_is_split(void **state)
{
	vg_cleanup(vg_buf_freep) struct vg_buf b = {0};
	static char text[2 * VG_CONTROL_PAYLOAD + 10];
	struct vg_frame f;
	size_t at = 0, got = 0;
	int frames = 0;

	(void)state;
	memset(text, 'x', sizeof(text));
	vg_frame_text(&b, VG_FRAME_OUT, text, sizeof(text));
	vg_frame_text(&b, VG_FRAME_OUT, text, 0);
	while (at < b.size) {
		const ssize_t n = vg_frame_decode((uint8_t *)b.data + at,
						  b.size - at, &f);

		assert_true(n > 0);
		assert_int_equal(f.type, VG_FRAME_OUT);
		at += (size_t)n;
		got += f.size;
		frames++;
	}
	assert_int_equal(frames, 3);
	assert_int_equal(got, sizeof(text));
}

/* Nothing may be changed with the permission to read. */
static void the_table_is_whole(void **state)
{
	static const enum vg_verb changing[] = {
		VG_VERB_RELOAD, VG_VERB_HOLD, VG_VERB_FLUSH, VG_VERB_LOCKDOWN};
	uint32_t n = 0;

	(void)state;
	for (int v = 0; v < VG_VERB_COUNT; v++) {
		const struct vg_verb_info *i = vg_verb_info((enum vg_verb)v);

		assert_non_null(i->name);
		assert_true(i->min_args <= i->max_args &&
			    i->max_args <= VG_CONTROL_ARGS);
		assert_int_equal(i->flags & ~VG_REQUEST_FLAGS, 0);
		n += i->permission == VG_ACCESS_CHANGE ? 1 : 0;
	}
	for (size_t i = 0; i < VG_ARRAY_LEN(changing); i++)
		assert_int_equal(vg_verb_info(changing[i])->permission,
				 VG_ACCESS_CHANGE);
	assert_int_equal(n, VG_ARRAY_LEN(changing));
}

static void destination_is(const char *text, const char *name, uint16_t port,
			   uint8_t proto)
{
	char address[VG_ADDRESS_TEXT];
	struct vg_destination d;

	if (vg_destination_parse(text, &d) < 0)
		fail_msg("refused: %s", text);
	vg_address_text(&d.address, address);
	assert_string_equal(d.is_address ? address : d.host, name);
	assert_int_equal(d.port, port);
	assert_int_equal(d.proto, proto);
}

static void destinations(void **state)
{
	static const char *const bad[] = {
		"",
		":443",
		"a.example:",
		"a.example:0",
		"a.example:65536",
		"a.example:+1",
		"a.example: 1",
		"a.example/sctp",
		"a.example:1/",
		"[::1",
		"::1]:443",
		"[::1]x:443",
		"[::1]443",
		"[192.0.2.1]:443",
		"[a.example]:443",
		"[]:443",
		"a b",
		"a..b",
		"-",
		"\x01",
		"a.example:443:443",
	};
	struct vg_destination d;
	char text[512];

	(void)state;
	destination_is("api.vendor.com", "api.vendor.com", 0, 0);
	destination_is("API.Vendor.com.:443", "api.vendor.com", 443, 0);
	destination_is("api.vendor.com:53/udp", "api.vendor.com", 53,
		       IPPROTO_UDP);
	destination_is("192.0.2.1:443/tcp", "192.0.2.1", 443, IPPROTO_TCP);
	destination_is("192.0.2.1", "192.0.2.1", 0, 0);
	destination_is("[2001:db8::1]:443", "2001:db8::1", 443, 0);
	destination_is("[2001:db8::1]", "2001:db8::1", 0, 0);
	destination_is("2001:db8::1", "2001:db8::1", 0, 0);
	destination_is("::1/tcp", "::1", 0, IPPROTO_TCP);
	destination_is("[::ffff:192.0.2.1]:1", "192.0.2.1", 1, 0);
	for (size_t i = 0; i < VG_ARRAY_LEN(bad); i++)
		if (vg_destination_parse(bad[i], &d) != -EINVAL)
			fail_msg("taken: %s", bad[i]);
	memset(text, 'a', sizeof(text) - 1);
	text[sizeof(text) - 1] = '\0';
	assert_int_equal(vg_destination_parse(text, &d), -EINVAL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(requests_survive_the_trip),
		cmocka_unit_test(a_part_is_no_frame),
		cmocka_unit_test(only_what_the_table_allows),
		cmocka_unit_test(strange_requests_are_refused),
		cmocka_unit_test(strange_frames_are_refused),
		cmocka_unit_test(long_text_is_split),
		cmocka_unit_test(the_table_is_whole),
		cmocka_unit_test(destinations),
	};

	return cmocka_run_group_tests_name("codec", tests, NULL, NULL);
}
