/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The control socket: why, the verdict on one destination and its reason,
 * without sending anything.
 */
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "base/cleanup.h"
#include "base/clock.h"
#include "base/json.h"
#include "base/num.h"
#include "daemon/answers.h"
#include "daemon/state.h"
#include "events/format.h"
#include "policy/ports.h"

struct question {
	char host[VG_HOST_NAME]; /* or an address as text */
	bool is_address;
	struct vg_address address;
	bool has_port;
	uint16_t port;
	uint8_t proto;
};

/* HOST[:PORT][/PROTO], ADDRESS:PORT, [V6]:PORT.  -1: none of these. */
static int parse_question(const char *text, struct question *ret)
{
	struct question a = {.proto = IPPROTO_TCP};
	char copy[VG_CONTROL_ARG + 1], *host = copy, *port, *proto;
	uint32_t number;
	size_t n;

	snprintf(copy, sizeof(copy), "%s", text);
	proto = strrchr(copy, '/');
	if (proto) {
		*proto++ = '\0';
		if (strcmp(proto, "udp") == 0)
			a.proto = IPPROTO_UDP;
		else if (strcmp(proto, "tcp") != 0)
			return -1;
	}
	if (copy[0] == '[') {
		host = copy + 1;
		port = strchr(host, ']');
		if (!port)
			return -1;
		*port++ = '\0';
		if (*port && *port != ':')
			return -1;
	} else {
		port = strrchr(copy, ':');
		/* A bare IPv6 address has no port. */
		if (port && strchr(copy, ':') != port)
			port = NULL;
	}
	if (port && *port == ':') {
		*port++ = '\0';
		if (vg_num_u32(port, 1, 65535, &number) < 0)
			return -1;
		a.port = (uint16_t)number;
		a.has_port = true;
	}
	n = strlen(host);
	if (n == 0 || n >= sizeof(a.host))
		return -1;
	memcpy(a.host, host, n + 1);
	a.is_address = vg_address_parse(host, &a.address) == 0;
	if (a.is_address && !a.has_port)
		return -1;
	*ret = a;
	return 0;
}

struct reply {
	bool granted;
	const char *reason;
	struct vg_buf text;
};

static void because_candidate(const struct vg_unit *u,
			      const struct vg_address *a, struct vg_buf *out)
{
	const struct vg_finding *f = NULL;
	const struct vg_target *t = vg_units_candidate(u, a, &f);

	if (!t) {
		vg_buf_puts(out,
			    "the address belongs to no endpoint of the policy");
		return;
	}
	vg_buf_escaped(out, t->endpoint->host);
	vg_buf_printf(out,
		      " leads there now, and verification refused it: "
		      "%s: ",
		      vg_finding_kind(f->id)->name);
	vg_buf_escaped(out, f->evidence);
}

static void because(struct vg_keeper *k, const struct vg_unit *u,
		    const struct question *a, struct reply *ret)
{
	const struct vg_permission what = {
		.service = u->id,
		.proto = a->proto,
		.port = a->port,
		.prefix = {.address = a->address, .bits = 128},
	};
	struct vg_book_answer answer;
	char when[VG_CLOCK_TEXT];

	vg_book_explain(k->book, vg_clock_now(), &what, &answer);
	ret->granted = answer.reason == VG_REASON_NONE;
	ret->reason = ret->granted ? "granted" : vg_reason_name(answer.reason);
	if (!answer.name[0]) {
		because_candidate(u, &a->address, &ret->text);
		return;
	}
	vg_buf_printf(&ret->text, "the address belong%s to ",
		      ret->granted || answer.reason == VG_REASON_WRONG_PORT ||
				      answer.reason == VG_REASON_WRONG_PROTO
			      ? "s"
			      : "ed");
	vg_buf_escaped(&ret->text, answer.name);
	if (answer.verified) {
		vg_clock_text(answer.verified, when);
		vg_buf_printf(&ret->text, ", last verified %s", when);
	}
	if (answer.until) {
		vg_clock_text(answer.until, when);
		vg_buf_printf(&ret->text, ", lease until %s", when);
	}
	if (answer.cause[0]) {
		vg_buf_puts(&ret->text, "; ");
		vg_buf_escaped(&ret->text, answer.cause);
	}
}

static bool port_matches(const struct vg_endpoint *e, const struct question *a)
{
	if (!a->has_port)
		return true;
	for (size_t i = 0; i < e->n_ports; i++)
		if (vg_ports_contain(&e->ports[i], a->proto, a->port))
			return true;
	return false;
}

static int count_live(void *ctx, const struct vg_book_entry *e)
{
	uint32_t *n = ctx;

	if (e->until > vg_clock_now())
		(*n)++;
	return 0;
}

static void because_target(const struct vg_target *t, struct reply *ret)
{
	uint32_t live = 0;
	char when[24];

	(void)vg_book_each_of(t->keeper->book, t->number, count_live, &live);
	ret->granted = live > 0;
	ret->reason = live ? "granted" : t->judged ? "no_lease" : "not_ready";
	vg_buf_printf(&ret->text, "%u leases", live);
	if (t->verified_ns)
		vg_buf_printf(&ret->text, ", last verified %s ago",
			      vg_answers_distance(t->verified_ns, when));
	for (uint32_t i = 0; t->proof && i < t->proof->n_findings; i++) {
		const struct vg_finding *f = &t->proof->findings[i];

		vg_buf_printf(&ret->text,
			      "; %s: ", vg_finding_kind(f->id)->name);
		vg_buf_escaped(&ret->text, f->evidence);
	}
}

static void because_host(const struct vg_unit *u, const struct question *a,
			 struct reply *ret)
{
	bool named = false;

	for (size_t i = 0; i < u->n_targets; i++) {
		const struct vg_endpoint *e = u->targets[i]->endpoint;

		if (!e->host || strcasecmp(e->host, a->host) != 0)
			continue;
		named = true;
		if (port_matches(e, a)) {
			because_target(u->targets[i], ret);
			return;
		}
	}
	ret->granted = false;
	ret->reason = named ? "wrong_port" : "no_lease";
	vg_buf_puts(&ret->text, named ? "the policy has the host, but not with "
					"this port"
				      : "the policy has no such endpoint");
}

static void why_json(struct vg_session *s, const struct vg_unit *u,
		     const char *asked, const struct reply *a, bool audit)
{
	vg_cleanup(vg_buf_freep) struct vg_buf out = {0};
	struct vg_json j;

	vg_json_begin(&j, &out);
	vg_json_object(&j, NULL);
	vg_json_uint(&j, "v", 1);
	vg_json_string(&j, "service", u->service->name);
	vg_json_string(&j, "asked", asked);
	vg_json_string(&j, "verdict", a->granted ? "granted" : "refused");
	vg_json_string(&j, "reason", a->reason);
	vg_json_string(&j, "mode", audit ? "audit" : "enforce");
	vg_json_string(&j, "why", vg_buf_text(&a->text));
	vg_json_object_end(&j);
	vg_answers_json(s, &out, a->granted ? VG_EXIT_OK : VG_EXIT_REFUSED);
}

static void why_text(struct vg_session *s, const struct vg_unit *u,
		     const char *asked, const struct reply *a, bool audit)
{
	vg_cleanup(vg_buf_freep) struct vg_buf out = {0};

	vg_buf_printf(&out, "%s: %s: ", u->service->name,
		      a->granted ? "granted" : "refused");
	vg_buf_escaped(&out, asked);
	if (!a->granted)
		vg_buf_printf(&out, " (%s%s)", a->reason,
			      audit ? ", but mode audit lets it pass" : "");
	vg_buf_printf(&out, "\n  %s\n", vg_buf_text(&a->text));
	vg_session_out(s, vg_buf_text(&out));
	vg_session_end(s, a->granted ? VG_EXIT_OK : VG_EXIT_REFUSED);
}

static void free_reply(struct reply *r)
{
	vg_buf_freep(&r->text);
}

void vg_answer_why(void *keeper, struct vg_session *s,
		   const struct vg_request *q)
{
	vg_cleanup(free_reply) struct reply reply = {0};
	const char *asked = vg_request_arg(q, 1);
	struct vg_keeper *k = keeper;
	struct vg_unit *u = vg_answers_unit(k, s, q);
	struct question a;

	if (!u)
		return;
	if (parse_question(asked, &a) < 0) {
		vg_session_err(s, "ask about HOST[:PORT], ADDRESS:PORT or "
				  "[V6]:PORT, with /udp where it is not tcp\n");
		vg_session_end(s, VG_EXIT_USAGE);
		return;
	}
	if (vg_services_state(k->services, u->id).lockdown) {
		reply.reason = "lockdown";
		vg_buf_puts(&reply.text, "everything is refused until "
					 "`verigress lockdown --lift`");
	} else if (a.is_address) {
		because(k, u, &a, &reply);
	} else {
		because_host(u, &a, &reply);
	}
	if (q->flags & VG_REQUEST_JSON)
		why_json(s, u, asked, &reply, u->service->audit);
	else
		why_text(s, u, asked, &reply, u->service->audit);
}
