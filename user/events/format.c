/* SPDX-License-Identifier: Apache-2.0 */
#include "events/format.h"

#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

#include "base/cleanup.h"
#include "base/json.h"

static void opt_string(struct vg_json *j, const char *key, const char *value)
{
	if (value && *value)
		vg_json_string(j, key, value);
}

static void opt_uint(struct vg_json *j, const char *key, uint64_t value)
{
	if (value != 0)
		vg_json_uint(j, key, value);
}

static void json_verdict(struct vg_json *j, const struct vg_record *r)
{
	vg_json_string(j, "event", vg_record_kind_name(r->kind));
	if (r->has & VG_HAS_VERDICT)
		vg_json_string(j, "verdict",
			       r->granted ? "granted" : "refused");
	if (r->has & VG_HAS_MODE)
		vg_json_string(j, "mode", vg_mode_name(r->mode));
	if (r->has & VG_HAS_REASON)
		vg_json_string(j, "reason", vg_reason_name(r->reason));
	if (r->has & VG_HAS_LAYER)
		vg_json_string(j, "layer", vg_layer_name(r->layer));
	opt_uint(j, "count", r->count);
	if (r->has & VG_HAS_LOST_BEFORE)
		vg_json_uint(j, "lost_before", r->lost_before);
}

static void json_process(struct vg_json *j, const struct vg_record *r)
{
	if (r->cgroup_path || r->cgroup_id != 0) {
		vg_json_object(j, "cgroup");
		opt_string(j, "path", r->cgroup_path);
		opt_uint(j, "id", r->cgroup_id);
		vg_json_object_end(j);
	}
	if (r->pid == 0 && !(r->has & VG_HAS_UID) && !r->comm && !r->exe)
		return;
	vg_json_object(j, "process");
	opt_uint(j, "pid", r->pid);
	if (r->has & VG_HAS_UID)
		vg_json_uint(j, "uid", r->uid);
	opt_string(j, "comm", r->comm);
	opt_string(j, "exe", r->exe);
	vg_json_object_end(j);
}

static void json_address(struct vg_json *j, const struct vg_address *a)
{
	char text[VG_ADDRESS_TEXT];

	vg_address_text(a, text);
	vg_json_string(j, "ip", text);
}

static void json_src(struct vg_json *j, const struct vg_record *r)
{
	if (!(r->has & VG_HAS_SRC) && r->src_port == 0)
		return;
	vg_json_object(j, "src");
	if (r->has & VG_HAS_SRC)
		json_address(j, &r->src);
	opt_uint(j, "port", r->src_port);
	vg_json_object_end(j);
}

static void json_dst(struct vg_json *j, const struct vg_record *r)
{
	if (!(r->has & VG_HAS_DST) && r->dst_port == 0 && !r->memory.name)
		return;
	vg_json_object(j, "dst");
	if (r->has & VG_HAS_DST)
		json_address(j, &r->dst);
	opt_uint(j, "port", r->dst_port);
	opt_string(j, "name", r->memory.name);
	opt_string(j, "verified", r->memory.verified);
	opt_string(j, "until", r->memory.until);
	opt_string(j, "finding", r->memory.finding);
	vg_json_object_end(j);
}

static void json_socket(struct vg_json *j, const struct vg_record *r)
{
	const char *const name = vg_proto_name(r->proto);
	char number[4];

	(void)snprintf(number, sizeof(number), "%u", r->proto);
	if (r->proto != 0)
		vg_json_string(j, "proto", name ? name : number);
	if (r->family == AF_INET)
		vg_json_string(j, "family", "ipv4");
	if (r->family == AF_INET6)
		vg_json_string(j, "family", "ipv6");
	opt_uint(j, "socket_cookie", r->cookie);
	opt_uint(j, "netns", r->netns);
	if (!(r->has & VG_HAS_FLOW))
		return;
	vg_json_uint(j, "sent", r->sent);
	vg_json_uint(j, "received", r->received);
	vg_json_uint(j, "duration_ns", r->duration_ns);
	vg_json_bool(j, "accepted", r->accepted);
}

static void json_finding(struct vg_json *j, const struct vg_record *r)
{
	if (!r->finding_id)
		return;
	vg_json_object(j, "finding");
	vg_json_string(j, "id", r->finding_id);
	opt_string(j, "severity", r->severity);
	opt_string(j, "action", r->action);
	opt_string(j, "evidence", r->evidence);
	opt_string(j, "remedy", r->remedy);
	vg_json_object_end(j);
}

static void json_why(struct vg_json *j, const struct vg_record *r)
{
	vg_cleanup(vg_buf_freep) struct vg_buf why = {0};

	vg_format_why(&why, r);
	if (vg_buf_error(&why) < 0 && vg_buf_error(j->out) == 0)
		j->out->error = vg_buf_error(&why);
	opt_string(j, "why", vg_buf_text(&why));
}

void vg_format_json(struct vg_buf *out, const struct vg_record *r)
{
	struct vg_json j;

	vg_json_begin(&j, out);
	vg_json_object(&j, NULL);
	vg_json_uint(&j, "v", 1);
	opt_string(&j, "ts", r->ts);
	opt_uint(&j, "seq", r->seq);
	opt_string(&j, "host", r->host);
	opt_string(&j, "boot_id", r->boot_id);
	json_verdict(&j, r);
	opt_string(&j, "service", r->service);
	opt_uint(&j, "policy_rev", r->policy_rev);
	opt_string(&j, "endpoint", r->endpoint);
	json_process(&j, r);
	json_src(&j, r);
	json_dst(&j, r);
	json_socket(&j, r);
	opt_string(&j, "lease_end", r->lease_end);
	json_finding(&j, r);
	opt_string(&j, "subject", r->subject);
	opt_string(&j, "detail", r->detail);
	json_why(&j, r);
	vg_json_object_end(&j);
}

/* ---- for people ---------------------------------------------------------- */

#define RED    "\033[31m"
#define GREEN  "\033[32m"
#define YELLOW "\033[33m"
#define BOLD   "\033[1m"
#define DIM    "\033[2m"
#define RESET  "\033[0m"

static const struct look {
	const char *word;
	const char *colour;
} looks[VG_RECORD_COUNT] = {
	[VG_RECORD_DENY] = {"DENY", RED},
	[VG_RECORD_WOULD_DENY] = {"WOULD DENY", YELLOW},
	[VG_RECORD_FLOW_END] = {"end", DIM},
	[VG_RECORD_LEASE_SET] = {"lease", GREEN},
	[VG_RECORD_LEASE_END] = {"lease end", YELLOW},
	[VG_RECORD_FINDING] = {"finding", YELLOW},
	[VG_RECORD_POLICY_LOAD] = {"policy", GREEN},
	[VG_RECORD_POLICY_ERROR] = {"policy error", RED},
	[VG_RECORD_DEGRADED] = {"DEGRADED", RED},
	[VG_RECORD_RECOVERED] = {"recovered", GREEN},
	[VG_RECORD_LOST] = {"LOST", RED},
	[VG_RECORD_TAGGED_LATE] = {"LATE", YELLOW},
};

static void put_coloured(struct vg_buf *out, const char *colour,
			 const char *text)
{
	if (colour)
		vg_buf_puts(out, colour);
	vg_buf_escaped(out, text);
	if (colour)
		vg_buf_puts(out, RESET);
}

/* "10:02:11Z billing DENY" */
static void human_head(struct vg_buf *out, const struct vg_record *r,
		       bool colour)
{
	const struct look *const look = &looks[r->kind];

	if (strlen(r->ts) == VG_CLOCK_TEXT - 1)
		vg_buf_printf(out, "%.8sZ ", r->ts + 11);
	put_coloured(out, colour ? BOLD : NULL, r->service ? r->service : "-");
	vg_buf_puts(out, " ");
	put_coloured(out, colour ? look->colour : NULL, look->word);
}

/* " python3[812]" */
static void human_process(struct vg_buf *out, const struct vg_record *r)
{
	if (!r->comm && r->pid == 0)
		return;
	vg_buf_puts(out, " ");
	vg_buf_escaped(out, r->comm ? r->comm : "?");
	if (r->pid != 0)
		vg_buf_printf(out, "[%u]", r->pid);
}

/* " -> 192.0.2.1:443/tcp (api.example)" */
static void human_target(struct vg_buf *out, const struct vg_record *r)
{
	const char *const name = r->memory.name ? r->memory.name : r->endpoint;
	const bool denial =
		r->kind == VG_RECORD_DENY || r->kind == VG_RECORD_WOULD_DENY;

	if ((r->has & VG_HAS_DST) || denial) {
		vg_buf_puts(out, r->accepted ? " <- " : " -> ");
		vg_format_target(out, r);
	}
	if (name) {
		vg_buf_puts(out, " (");
		vg_buf_escaped(out, name);
		vg_buf_puts(out, ")");
	}
}

/* " x 12 [no_lease connect4]" */
static void human_tail(struct vg_buf *out, const struct vg_record *r,
		       bool colour)
{
	if (r->count > 1 && r->kind != VG_RECORD_LOST)
		vg_buf_printf(out, " x %llu", (unsigned long long)r->count);
	if (!(r->has & VG_HAS_REASON))
		return;
	if (colour)
		vg_buf_puts(out, DIM);
	vg_buf_printf(out, " [%s", vg_reason_name(r->reason));
	if (r->has & VG_HAS_LAYER)
		vg_buf_printf(out, " %s", vg_layer_name(r->layer));
	vg_buf_puts(out, "]");
	if (colour)
		vg_buf_puts(out, RESET);
}

/* Kinds that concern no address: the whole sentence says what. */
static bool needs_sentence(enum vg_record_kind k)
{
	return k >= VG_RECORD_POLICY_LOAD;
}

void vg_format_human(struct vg_buf *out, const struct vg_record *r, bool colour)
{
	if (r->kind >= VG_RECORD_COUNT)
		return;
	human_head(out, r, colour);
	if (needs_sentence(r->kind)) {
		vg_buf_puts(out, ": ");
		vg_format_why(out, r);
		return;
	}
	human_process(out, r);
	human_target(out, r);
	vg_buf_puts(out, ": ");
	vg_format_cause(out, r);
	human_tail(out, r, colour);
}
