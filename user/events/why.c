/* SPDX-License-Identifier: Apache-2.0 */
/* The sentences of a record: who may not do what, and the cause. */
#include "events/format.h"

#include <string.h>

#include "base/cleanup.h"

typedef void (*sentence)(struct vg_buf *out, const struct vg_record *r);

/* "10:02:11Z" of "2026-11-21T10:02:11.123456Z"; other text as it is. */
static void put_time(struct vg_buf *out, const char *text)
{
	if (strlen(text) == VG_CLOCK_TEXT - 1 && text[10] == 'T')
		vg_buf_printf(out, "%.8sZ", text + 11);
	else
		vg_buf_escaped(out, text);
}

static void put_name(struct vg_buf *out, const char *name, const char *without)
{
	if (name)
		vg_buf_escaped(out, name);
	else
		vg_buf_puts(out, without);
}

/* "billing (python3, pid 812)" */
static void put_who(struct vg_buf *out, const struct vg_record *r)
{
	put_name(out, r->service, "a process without a service");
	if (!r->comm && r->pid == 0)
		return;
	vg_buf_puts(out, " (");
	put_name(out, r->comm, "");
	if (r->pid != 0)
		vg_buf_printf(out, "%spid %u", r->comm ? ", " : "", r->pid);
	vg_buf_puts(out, ")");
}

static void put_proto(struct vg_buf *out, uint8_t proto)
{
	const char *const name = vg_proto_name(proto);

	if (name)
		vg_buf_printf(out, "/%s", name);
	else
		vg_buf_printf(out, "/protocol %u", proto);
}

void vg_format_target(struct vg_buf *out, const struct vg_record *r)
{
	char text[VG_ADDRESS_TEXT];

	if (!(r->has & VG_HAS_DST)) {
		vg_buf_puts(out, r->count > 1 ? "several destinations"
					      : "an unknown destination");
		return;
	}
	vg_address_text(&r->dst, text);
	if (r->dst_port == 0)
		vg_buf_puts(out, text);
	else if (vg_address_is_ipv4(&r->dst))
		vg_buf_printf(out, "%s:%u", text, r->dst_port);
	else
		vg_buf_printf(out, "[%s]:%u", text, r->dst_port);
	if (r->proto != 0)
		put_proto(out, r->proto);
}

/* "this address belonged to NAME until 10:02:11Z, when FINDING was found" */
static void put_past(struct vg_buf *out, const struct vg_memory *m)
{
	vg_buf_puts(out, "this address belonged to ");
	vg_buf_escaped(out, m->name);
	if (m->until) {
		vg_buf_puts(out, " until ");
		put_time(out, m->until);
	}
	if (m->finding) {
		vg_buf_puts(out, m->until ? ", when " : ", until ");
		vg_buf_escaped(out, m->finding);
		vg_buf_puts(out, " was found");
	}
	if (!m->until && m->verified) {
		vg_buf_puts(out, ", and was last verified at ");
		put_time(out, m->verified);
	}
}

static void cause_no_lease(struct vg_buf *out, const struct vg_record *r)
{
	const struct vg_memory *m = &r->memory;

	if (m->name && m->candidate) {
		vg_buf_escaped(out, m->name);
		vg_buf_puts(out, " leads to this address now, and verification "
				 "refused it");
		if (m->finding) {
			vg_buf_puts(out, ": ");
			vg_buf_escaped(out, m->finding);
		}
	} else if (m->name && (m->until || m->finding)) {
		put_past(out, m);
	} else if (m->name) {
		vg_buf_puts(out, "no lease covers it, although this address "
				 "belongs to ");
		vg_buf_escaped(out, m->name);
	} else if (r->has & VG_HAS_DST) {
		vg_buf_puts(out, "this address was not verified for any "
				 "endpoint of the policy");
	} else {
		vg_buf_puts(out, "no lease covers it");
	}
}

static void cause_expired(struct vg_buf *out, const struct vg_record *r)
{
	const struct vg_memory *m = &r->memory;

	vg_buf_puts(out, "the lease");
	if (m->name) {
		vg_buf_puts(out, " of ");
		vg_buf_escaped(out, m->name);
	}
	vg_buf_puts(out, " ran out");
	if (m->until) {
		vg_buf_puts(out, " at ");
		put_time(out, m->until);
	}
	if (m->finding) {
		vg_buf_puts(out, " after ");
		vg_buf_escaped(out, m->finding);
		vg_buf_puts(out, " was found");
	} else if (m->verified) {
		vg_buf_puts(out, "; it was last verified at ");
		put_time(out, m->verified);
	}
}

static void cause_not_ready(struct vg_buf *out, const struct vg_record *r)
{
	(void)r;
	vg_buf_puts(out, "its policy is not in the kernel yet, and until then "
			 "everything is refused");
}

static void cause_family(struct vg_buf *out, const struct vg_record *r)
{
	(void)r;
	vg_buf_puts(out, "only IPv4 and IPv6 that can be parsed whole can be "
			 "judged");
}

static void cause_socket_kind(struct vg_buf *out, const struct vg_record *r)
{
	(void)r;
	vg_buf_puts(out, "only TCP and UDP can be granted");
}

static void cause_lockdown(struct vg_buf *out, const struct vg_record *r)
{
	vg_buf_puts(out, "the service is locked down until `verigress "
			 "lockdown ");
	put_name(out, r->service, "SERVICE");
	vg_buf_puts(out, " --lift`");
}

static void cause_foreign(struct vg_buf *out, const struct vg_record *r)
{
	(void)r;
	vg_buf_puts(out, "the socket was made outside the cgroup of the "
			 "service");
}

static void cause_wrong_port(struct vg_buf *out, const struct vg_record *r)
{
	vg_buf_puts(out, "this address belongs to ");
	put_name(out, r->memory.name, "an endpoint");
	vg_buf_puts(out, ", for which the policy grants other ports only");
}

static void cause_wrong_proto(struct vg_buf *out, const struct vg_record *r)
{
	vg_buf_puts(out, "this address belongs to ");
	put_name(out, r->memory.name, "an endpoint");
	vg_buf_puts(out, ", for which the policy grants another protocol only");
}

static void cause_revoked(struct vg_buf *out, const struct vg_record *r)
{
	if (r->memory.name)
		put_past(out, &r->memory);
	else
		vg_buf_puts(out, "its lease was revoked");
}

static const sentence causes[VG_REASON_COUNT] = {
	[VG_REASON_NO_LEASE] = cause_no_lease,
	[VG_REASON_EXPIRED] = cause_expired,
	[VG_REASON_NOT_READY] = cause_not_ready,
	[VG_REASON_FAMILY] = cause_family,
	[VG_REASON_SOCKET_KIND] = cause_socket_kind,
	[VG_REASON_LOCKDOWN] = cause_lockdown,
	[VG_REASON_FOREIGN_SOCKET] = cause_foreign,
	[VG_REASON_WRONG_PORT] = cause_wrong_port,
	[VG_REASON_WRONG_PROTO] = cause_wrong_proto,
	[VG_REASON_REVOKED] = cause_revoked,
};

static void cause_denial(struct vg_buf *out, const struct vg_record *r)
{
	if (!(r->has & VG_HAS_REASON) || r->reason >= VG_REASON_COUNT ||
	    !causes[r->reason])
		vg_buf_puts(out, "it was refused");
	else
		causes[r->reason](out, r);
}

static void cause_flow(struct vg_buf *out, const struct vg_record *r)
{
	if (!(r->has & VG_HAS_FLOW)) {
		vg_buf_puts(out, "it was closed");
		return;
	}
	vg_buf_printf(out, "%llu octets sent, %llu received, in %llu.%03llu s",
		      (unsigned long long)r->sent,
		      (unsigned long long)r->received,
		      (unsigned long long)(r->duration_ns / VG_NS_PER_S),
		      (unsigned long long)(r->duration_ns % VG_NS_PER_S /
					   VG_NS_PER_MS));
}

static void cause_lease_set(struct vg_buf *out, const struct vg_record *r)
{
	vg_buf_puts(out, "it was verified for ");
	put_name(out, r->memory.name ? r->memory.name : r->endpoint,
		 "an endpoint");
	if (r->lease_end) {
		vg_buf_puts(out, " and may be reached until ");
		put_time(out, r->lease_end);
	}
}

static void cause_lease_end(struct vg_buf *out, const struct vg_record *r)
{
	if (r->finding_id) {
		vg_buf_escaped(out, r->finding_id);
		vg_buf_puts(out, " was found");
	} else {
		put_name(out, r->detail, "its time is over");
	}
}

static void cause_finding(struct vg_buf *out, const struct vg_record *r)
{
	put_name(out, r->finding_id, "a finding");
	vg_buf_printf(out, " (%s, %s)", r->severity ? r->severity : "info",
		      r->action ? r->action : "report");
	if (r->evidence) {
		vg_buf_puts(out, ": ");
		vg_buf_escaped(out, r->evidence);
	}
	if (r->remedy) {
		vg_buf_puts(out, "; remedy: ");
		vg_buf_escaped(out, r->remedy);
	}
}

static void cause_detail(struct vg_buf *out, const struct vg_record *r)
{
	put_name(out, r->detail, "no more is known");
}

static void cause_lost(struct vg_buf *out, const struct vg_record *r)
{
	vg_buf_printf(out, "%llu lost in ", (unsigned long long)r->count);
	put_name(out, r->subject, "a place that is not known");
	if (r->detail) {
		vg_buf_puts(out, ": ");
		vg_buf_escaped(out, r->detail);
	}
}

static void cause_late(struct vg_buf *out, const struct vg_record *r)
{
	(void)r;
	vg_buf_puts(out, "it was confined only after it had appeared, and was "
			 "open until then; `verigress hold` closes that gap");
}

static const sentence kind_causes[VG_RECORD_COUNT] = {
	[VG_RECORD_DENY] = cause_denial,
	[VG_RECORD_WOULD_DENY] = cause_denial,
	[VG_RECORD_FLOW_END] = cause_flow,
	[VG_RECORD_LEASE_SET] = cause_lease_set,
	[VG_RECORD_LEASE_END] = cause_lease_end,
	[VG_RECORD_FINDING] = cause_finding,
	[VG_RECORD_POLICY_LOAD] = cause_detail,
	[VG_RECORD_POLICY_ERROR] = cause_detail,
	[VG_RECORD_DEGRADED] = cause_detail,
	[VG_RECORD_RECOVERED] = cause_detail,
	[VG_RECORD_LOST] = cause_lost,
	[VG_RECORD_TAGGED_LATE] = cause_late,
};

void vg_format_cause(struct vg_buf *out, const struct vg_record *r)
{
	if (r->kind < VG_RECORD_COUNT)
		kind_causes[r->kind](out, r);
}

/* Connecting or sending, as far as the layer tells. */
static const char *verb_of(const struct vg_record *r)
{
	const bool sends =
		(r->has & VG_HAS_LAYER) &&
		(r->layer == VG_LAYER_SENDMSG4 ||
		 r->layer == VG_LAYER_SENDMSG6 || r->layer == VG_LAYER_EGRESS);

	return sends ? "send" : "connect";
}

static void head_denial(struct vg_buf *out, const struct vg_record *r)
{
	const bool audit = r->kind == VG_RECORD_WOULD_DENY;

	put_who(out, r);
	vg_buf_printf(out, " %s %s to ",
		      audit ? "would not be allowed to" : "may not",
		      verb_of(r));
	vg_format_target(out, r);
}

static void head_flow(struct vg_buf *out, const struct vg_record *r)
{
	if (r->count > 1)
		vg_buf_printf(out, "%llu connections of ",
			      (unsigned long long)r->count);
	else
		vg_buf_puts(out, "a connection of ");
	put_who(out, r);
	vg_buf_puts(out, r->accepted ? " from " : " to ");
	vg_format_target(out, r);
	vg_buf_puts(out, " ended");
}

static void head_lease_set(struct vg_buf *out, const struct vg_record *r)
{
	put_who(out, r);
	vg_buf_puts(out, " may connect to ");
	vg_format_target(out, r);
}

static void head_lease_end(struct vg_buf *out, const struct vg_record *r)
{
	put_who(out, r);
	vg_buf_puts(out, " may no longer connect to ");
	vg_format_target(out, r);
}

static void head_finding(struct vg_buf *out, const struct vg_record *r)
{
	put_name(out, r->endpoint, "an endpoint");
	if (r->service) {
		vg_buf_puts(out, " of ");
		vg_buf_escaped(out, r->service);
	}
	if (r->has & VG_HAS_DST) {
		vg_buf_puts(out, " at ");
		vg_format_target(out, r);
	}
}

static void head_load(struct vg_buf *out, const struct vg_record *r)
{
	vg_buf_printf(out, "policy revision %llu is in force",
		      (unsigned long long)r->policy_rev);
}

static void head_error(struct vg_buf *out, const struct vg_record *r)
{
	vg_buf_puts(out, "the policy was not applied and nothing changed");
	if (r->subject) {
		vg_buf_puts(out, "; ");
		vg_buf_escaped(out, r->subject);
	}
}

static void head_degraded(struct vg_buf *out, const struct vg_record *r)
{
	put_name(out, r->subject, "a part of verigress");
	vg_buf_puts(out, " does not work");
}

static void head_recovered(struct vg_buf *out, const struct vg_record *r)
{
	put_name(out, r->subject, "a part of verigress");
	vg_buf_puts(out, " works again");
}

static void head_lost(struct vg_buf *out, const struct vg_record *r)
{
	(void)r;
	vg_buf_puts(out, "events were lost");
}

static void head_late(struct vg_buf *out, const struct vg_record *r)
{
	vg_buf_puts(out, "cgroup ");
	put_name(out, r->cgroup_path, "of unknown name");
	if (r->service) {
		vg_buf_puts(out, " of ");
		vg_buf_escaped(out, r->service);
	}
}

static const sentence heads[VG_RECORD_COUNT] = {
	[VG_RECORD_DENY] = head_denial,
	[VG_RECORD_WOULD_DENY] = head_denial,
	[VG_RECORD_FLOW_END] = head_flow,
	[VG_RECORD_LEASE_SET] = head_lease_set,
	[VG_RECORD_LEASE_END] = head_lease_end,
	[VG_RECORD_FINDING] = head_finding,
	[VG_RECORD_POLICY_LOAD] = head_load,
	[VG_RECORD_POLICY_ERROR] = head_error,
	[VG_RECORD_DEGRADED] = head_degraded,
	[VG_RECORD_RECOVERED] = head_recovered,
	[VG_RECORD_LOST] = head_lost,
	[VG_RECORD_TAGGED_LATE] = head_late,
};

/* Whether the cause says anything that the head does not. */
static bool has_cause(const struct vg_record *r)
{
	return kind_causes[r->kind] != cause_detail || r->detail;
}

void vg_format_why(struct vg_buf *out, const struct vg_record *r)
{
	if (r->kind >= VG_RECORD_COUNT)
		return;
	heads[r->kind](out, r);
	if (!has_cause(r))
		return;
	vg_buf_puts(out, ": ");
	vg_format_cause(out, r);
}
