/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>

#include "base/cleanup.h"
#include "events/format.h"

typedef void (*formatter)(struct vg_buf *out, const struct vg_record *r);

static void human(struct vg_buf *out, const struct vg_record *r)
{
	vg_format_human(out, r, false);
}

static void says(formatter format, const struct vg_record *r, const char *text)
{
	vg_cleanup(vg_buf_freep) struct vg_buf b = {0};

	format(&b, r);
	assert_int_equal(vg_buf_error(&b), 0);
	assert_string_equal(vg_buf_text(&b), text);
}

static void holds(formatter format, const struct vg_record *r, const char *part)
{
	vg_cleanup(vg_buf_freep) struct vg_buf b = {0};

	format(&b, r);
	if (!strstr(vg_buf_text(&b), part))
		fail_msg("no \"%s\" in: %s", part, vg_buf_text(&b));
}

/* A denial as the keeper makes it from the kernel's and what it remembers. */
static struct vg_record denial(void)
{
	static const struct vg_limited l = {
		.count = 12,
		.event =
			{
				.version = VG_ABI_VERSION,
				.type = VG_EVENT_DENIAL,
				.layer = VG_LAYER_CONNECT4,
				.reason = VG_REASON_NO_LEASE,
				.flags = VG_EVENT_TASK,
				.proto = IPPROTO_TCP,
				.family = AF_INET,
				.service = 1,
				.cgroup_id = 4711,
				.cookie = 99,
				.netns = 1,
				.dst = {[10] = 0xff,
					[11] = 0xff,
					198,
					51,
					100,
					7},
				.dst_port = 443,
				.pid = 812,
				.uid = 33,
				.comm = "python3",
			},
	};
	struct vg_record r;

	vg_record_from_event(&l, &r);
	(void)strcpy(r.ts, "2026-11-21T10:02:12.000001Z");
	r.seq = 5;
	r.host = "web1";
	r.boot_id = "b00t";
	r.service = "billing";
	r.policy_rev = 3;
	r.endpoint = "api.vendor.com";
	r.cgroup_path = "/system.slice/billing.service";
	r.has |= VG_HAS_LOST_BEFORE;
	r.memory = (struct vg_memory){
		.name = "api.vendor.com",
		.verified = "2026-11-21T09:58:00.000000Z",
		.until = "2026-11-21T10:02:11.000000Z",
		.finding = "ADDR_OUT_OF_RANGE",
	};
	return r;
}

static void every_name_is_there(void **state)
{
	(void)state;
	for (int i = 0; i < VG_RECORD_COUNT; i++)
		assert_string_not_equal(
			vg_record_kind_name((enum vg_record_kind)i), "?");
	for (int i = 0; i < VG_REASON_COUNT; i++)
		assert_string_not_equal(vg_reason_name((enum vg_reason)i), "?");
	for (int i = 0; i < VG_LAYER_COUNT; i++)
		assert_string_not_equal(vg_layer_name((enum vg_layer)i), "?");
	assert_string_equal(vg_mode_name(VG_MODE_ENFORCE), "enforce");
	assert_string_equal(vg_mode_name(VG_MODE_AUDIT), "audit");
	assert_string_equal(vg_record_kind_name(VG_RECORD_COUNT), "?");
	assert_string_equal(vg_reason_name(VG_REASON_COUNT), "?");
	assert_string_equal(vg_layer_name(VG_LAYER_COUNT), "?");
	assert_string_equal(vg_proto_name(IPPROTO_UDP), "udp");
	assert_null(vg_proto_name(0));
	assert_null(vg_proto_name(255));
}

/* Two causes of one reason would tell an operator nothing. */
static void every_reason_has_its_sentence(void **state)
{
	char seen[VG_REASON_COUNT][256];

	(void)state;
	for (int i = 1; i < VG_REASON_COUNT; i++) {
		vg_cleanup(vg_buf_freep) struct vg_buf b = {0};
		struct vg_record r = {
			.kind = VG_RECORD_DENY,
			.has = VG_HAS_REASON,
			.reason = (enum vg_reason)i,
		};

		vg_format_cause(&b, &r);
		assert_true(b.size > 10 && b.size < sizeof(seen[i]));
		assert_string_not_equal(vg_buf_text(&b), "it was refused");
		(void)strcpy(seen[i], vg_buf_text(&b));
		for (int k = 1; k < i; k++)
			assert_string_not_equal(seen[i], seen[k]);
	}
}

static void every_kind_has_its_sentence(void **state)
{
	char seen[VG_RECORD_COUNT][256];

	(void)state;
	for (int i = 0; i < VG_RECORD_COUNT; i++) {
		vg_cleanup(vg_buf_freep) struct vg_buf why = {0};
		vg_cleanup(vg_buf_freep) struct vg_buf line = {0};
		const struct vg_record r = {.kind = (enum vg_record_kind)i};

		vg_format_why(&why, &r);
		vg_format_human(&line, &r, true);
		assert_true(why.size > 10 && why.size < sizeof(seen[i]));
		assert_true(line.size > 10);
		assert_null(strchr(vg_buf_text(&line), '\n'));
		(void)strcpy(seen[i], vg_buf_text(&why));
		for (int k = 0; k < i; k++)
			assert_string_not_equal(seen[i], seen[k]);
	}
}

static void a_denial_tells_its_story(void **state)
{
	struct vg_record r = denial();

	(void)state;
	says(vg_format_why, &r,
	     "billing (python3, pid 812) may not connect to "
	     "198.51.100.7:443/tcp: this address belonged to api.vendor.com "
	     "until 10:02:11Z, when ADDR_OUT_OF_RANGE was found");
	says(human, &r,
	     "10:02:12Z billing DENY python3[812] -> 198.51.100.7:443/tcp "
	     "(api.vendor.com): this address belonged to api.vendor.com until "
	     "10:02:11Z, when ADDR_OUT_OF_RANGE was found x 12 "
	     "[no_lease connect4]");
	r.kind = VG_RECORD_WOULD_DENY;
	holds(vg_format_why, &r, "would not be allowed to connect to");
	r.layer = VG_LAYER_SENDMSG4;
	r.memory = (struct vg_memory){0};
	says(vg_format_why, &r,
	     "billing (python3, pid 812) would not be allowed to send to "
	     "198.51.100.7:443/tcp: this address was not verified for any "
	     "endpoint of the policy");
}

/* The five ways in which an address may be no one's. */
static void memory_is_told_as_it_is(void **state)
{
	static const char at[] = "2026-11-21T10:02:11.000000Z";
	static const struct {
		struct vg_memory memory;
		const char *says;
	} cases[] = {
		{{.name = "a.example", .candidate = true, .finding = "X"},
		 "a.example leads to this address"},
		{{.name = "a.example", .until = at, .finding = "X"},
		 "belonged to a.example until 10:02:11Z, when X was found"},
		{{.name = "a.example", .until = at},
		 "belonged to a.example until 10:02:11Z"},
		{{.name = "a.example", .finding = "X", .verified = at},
		 "belonged to a.example, until X was found, and was last "
		 "verified at 10:02:11Z"},
		{{.name = "a.example"}, "belongs to a.example"},
		{{.until = at}, "not verified for any endpoint"},
	};
	struct vg_record r = denial();

	(void)state;
	for (size_t i = 0; i < VG_ARRAY_LEN(cases); i++) {
		r.memory = cases[i].memory;
		holds(vg_format_cause, &r, cases[i].says);
	}
	r.reason = VG_REASON_EXPIRED;
	r.memory = (struct vg_memory){.name = "a.example", .until = at};
	says(vg_format_cause, &r,
	     "the lease of a.example ran out at 10:02:11Z");
}

static void a_denial_as_json(void **state)
{
	const struct vg_record r = denial();

	(void)state;
	says(vg_format_json, &r,
	     "{\"v\":1,\"ts\":\"2026-11-21T10:02:12.000001Z\",\"seq\":5,"
	     "\"host\":\"web1\",\"boot_id\":\"b00t\",\"event\":\"deny\","
	     "\"verdict\":\"refused\",\"mode\":\"enforce\","
	     "\"reason\":\"no_lease\",\"layer\":\"connect4\",\"count\":12,"
	     "\"lost_before\":0,\"service\":\"billing\",\"policy_rev\":3,"
	     "\"endpoint\":\"api.vendor.com\",\"cgroup\":{"
	     "\"path\":\"/system.slice/billing.service\",\"id\":4711},"
	     "\"process\":{\"pid\":812,\"uid\":33,\"comm\":\"python3\"},"
	     "\"dst\":{\"ip\":\"198.51.100.7\",\"port\":443,"
	     "\"name\":\"api.vendor.com\","
	     "\"verified\":\"2026-11-21T09:58:00.000000Z\","
	     "\"until\":\"2026-11-21T10:02:11.000000Z\","
	     "\"finding\":\"ADDR_OUT_OF_RANGE\"},\"proto\":\"tcp\","
	     "\"family\":\"ipv4\",\"socket_cookie\":99,\"netns\":1,"
	     "\"why\":\"billing (python3, pid 812) may not connect to "
	     "198.51.100.7:443/tcp: this address belonged to api.vendor.com "
	     "until 10:02:11Z, when ADDR_OUT_OF_RANGE was found\"}");
}

/* uid 0 and "::" are values; what nobody said is nowhere. */
static void absent_is_absent(void **state)
{
	struct vg_record r = {.kind = VG_RECORD_DENY};

	(void)state;
	says(vg_format_json, &r,
	     "{\"v\":1,\"event\":\"deny\",\"why\":\"a process without a "
	     "service may not connect to an unknown destination: it was "
	     "refused\"}");
	r.has = VG_HAS_UID | VG_HAS_DST | VG_HAS_SRC;
	holds(vg_format_json, &r, "\"process\":{\"uid\":0}");
	holds(vg_format_json, &r, "\"src\":{\"ip\":\"::\"}");
	holds(vg_format_json, &r, "\"dst\":{\"ip\":\"::\"}");
}

static void mixed_fields_are_absent(void **state)
{
	struct vg_limited l = {
		.count = 9,
		.mixed = VG_MIXED_DST | VG_MIXED_LAYER | VG_MIXED_PROCESS |
			 VG_MIXED_SRC,
		.event =
			{
				.type = VG_EVENT_DENIAL,
				.reason = VG_REASON_LOCKDOWN,
				.flags = VG_EVENT_TASK | VG_EVENT_AUDIT,
			},
	};
	struct vg_record r;

	(void)state;
	vg_record_from_event(&l, &r);
	r.service = "a";
	says(vg_format_json, &r,
	     "{\"v\":1,\"event\":\"would_deny\",\"verdict\":\"refused\","
	     "\"mode\":\"audit\",\"reason\":\"lockdown\",\"count\":9,"
	     "\"service\":\"a\",\"why\":\"a would not be allowed to connect "
	     "to several destinations: the service is locked down until "
	     "`verigress lockdown a --lift`\"}");
	/* One packet that could not be parsed is not "several". */
	l = (struct vg_limited){
		.count = 1,
		.event = {.type = VG_EVENT_DENIAL, .reason = VG_REASON_FAMILY},
	};
	vg_record_from_event(&l, &r);
	holds(vg_format_why, &r, "an unknown destination");
	assert_false(r.has & (VG_HAS_DST | VG_HAS_UID));
}

static void flow_ends(void **state)
{
	const struct vg_limited l = {
		.count = 1,
		.event =
			{
				.type = VG_EVENT_FLOW_END,
				.layer = VG_LAYER_SOCK_OPS,
				.proto = IPPROTO_TCP,
				.family = AF_INET6,
				.src = {0x20, 1, [15] = 2},
				.src_port = 8000,
				.dst = {0x20, 1, [15] = 1},
				.dst_port = 443,
				.flags = VG_EVENT_ACCEPTED,
				.sent = 512,
				.received = 1024,
				.duration_ns = 1203000000,
			},
	};
	struct vg_record r;

	(void)state;
	vg_record_from_event(&l, &r);
	r.service = "billing";
	says(vg_format_why, &r,
	     "a connection of billing from [2001::1]:443/tcp ended: 512 octets "
	     "sent, 1024 received, in 1.203 s");
	holds(vg_format_json, &r,
	      "\"event\":\"flow_end\",\"verdict\":\"granted\","
	      "\"layer\":\"sock_ops\",\"count\":1");
	holds(vg_format_json, &r, "\"src\":{\"ip\":\"2001::2\",\"port\":8000}");
	holds(vg_format_json, &r,
	      "\"sent\":512,\"received\":1024,\"duration_ns\":1203000000,"
	      "\"accepted\":true");
}

static void findings_carry_their_fields(void **state)
{
	const struct vg_record r = {
		.kind = VG_RECORD_FINDING,
		.service = "billing",
		.endpoint = "api.vendor.com",
		.finding_id = "DNS_BOGUS",
		.severity = "critical",
		.action = "block",
		.evidence = "RRSIG expired",
		.remedy = "sign the zone again",
	};

	(void)state;
	holds(vg_format_json, &r,
	      "\"finding\":{\"id\":\"DNS_BOGUS\",\"severity\":\"critical\","
	      "\"action\":\"block\",\"evidence\":\"RRSIG expired\","
	      "\"remedy\":\"sign the zone again\"}");
	says(vg_format_why, &r,
	     "api.vendor.com of billing: DNS_BOGUS (critical, block): RRSIG "
	     "expired; remedy: sign the zone again");
}

static void other_kinds_read_well(void **state)
{
	struct vg_record r = {
		.kind = VG_RECORD_LOST, .count = 7, .subject = "ring"};

	(void)state;
	says(human, &r, "- LOST: events were lost: 7 lost in ring");
	r = (struct vg_record){.kind = VG_RECORD_POLICY_LOAD, .policy_rev = 4};
	says(human, &r, "- policy: policy revision 4 is in force");
	r.detail = "2 services, 5 endpoints";
	says(vg_format_why, &r,
	     "policy revision 4 is in force: 2 services, 5 endpoints");
	r = (struct vg_record){
		.kind = VG_RECORD_TAGGED_LATE,
		.service = "billing",
		.cgroup_path = "/a.service",
	};
	holds(human, &r, "cgroup /a.service of billing: it was confined only");
	r = (struct vg_record){
		.kind = VG_RECORD_LEASE_SET,
		.has = VG_HAS_DST,
		.service = "billing",
		.dst_port = 443,
		.proto = IPPROTO_TCP,
		.lease_end = "2026-11-21T11:00:00.000000Z",
		.memory.name = "api.vendor.com",
	};
	says(vg_format_why, &r,
	     "billing may connect to [::]:443/tcp: it was verified for "
	     "api.vendor.com and may be reached until 11:00:00Z");
	holds(vg_format_json, &r,
	      "\"lease_end\":\"2026-11-21T11:00:00.000000Z\"");
	r.kind = VG_RECORD_LEASE_END;
	r.finding_id = "REBIND_PRIVATE";
	holds(vg_format_why, &r, "REBIND_PRIVATE was found");
}

/* Names come from strangers: no escape sequence, no quote, no newline. */
static void strangers_are_escaped(void **state)
{
	static const char evil[] = "\033]0;x\a\"\n\r\\\xff<";
	struct vg_record r = denial();
	const formatter lines[] = {human, vg_format_why, vg_format_json,
				   vg_format_cause};

	(void)state;
	r.service = evil;
	r.comm = evil;
	r.exe = evil;
	r.host = evil;
	r.cgroup_path = evil;
	r.endpoint = evil;
	r.finding_id = evil;
	r.evidence = evil;
	r.remedy = evil;
	r.subject = evil;
	r.detail = evil;
	r.lease_end = evil;
	r.memory = (struct vg_memory){
		.name = evil, .verified = evil, .until = evil, .finding = evil};
	for (int kind = 0; kind < VG_RECORD_COUNT; kind++)
		for (size_t i = 0; i < VG_ARRAY_LEN(lines); i++) {
			vg_cleanup(vg_buf_freep) struct vg_buf b = {0};

			r.kind = (enum vg_record_kind)kind;
			lines[i](&b, &r);
			for (size_t k = 0; k < b.size; k++)
				assert_true((unsigned char)b.data[k] >= ' ' &&
					    b.data[k] != 0x7f);
		}
	holds(vg_format_json, &r, "\\u001b]0;x\\u0007\\\"\\u000a\\u000d\\\\");
}

static void colour_only_when_asked(void **state)
{
	vg_cleanup(vg_buf_freep) struct vg_buf with = {0};
	vg_cleanup(vg_buf_freep) struct vg_buf without = {0};
	const struct vg_record r = denial();

	(void)state;
	vg_format_human(&with, &r, true);
	vg_format_human(&without, &r, false);
	assert_non_null(strstr(vg_buf_text(&with), "\033[31mDENY\033[0m"));
	assert_null(strchr(vg_buf_text(&without), '\033'));
}

static void failure_sticks(void **state)
{
	vg_cleanup(vg_buf_freep) struct vg_buf b = {.max = 64};
	const struct vg_record r = denial();

	(void)state;
	vg_format_json(&b, &r);
	assert_true(vg_buf_error(&b) < 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_name_is_there),
		cmocka_unit_test(every_reason_has_its_sentence),
		cmocka_unit_test(every_kind_has_its_sentence),
		cmocka_unit_test(a_denial_tells_its_story),
		cmocka_unit_test(memory_is_told_as_it_is),
		cmocka_unit_test(a_denial_as_json),
		cmocka_unit_test(absent_is_absent),
		cmocka_unit_test(mixed_fields_are_absent),
		cmocka_unit_test(flow_ends),
		cmocka_unit_test(findings_carry_their_fields),
		cmocka_unit_test(other_kinds_read_well),
		cmocka_unit_test(strangers_are_escaped),
		cmocka_unit_test(colour_only_when_asked),
		cmocka_unit_test(failure_sticks),
	};

	return cmocka_run_group_tests_name("format", tests, NULL, NULL);
}
