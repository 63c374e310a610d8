/* SPDX-License-Identifier: Apache-2.0 */
#include "verify/proof.h"

#include <assert.h>
#include <stdarg.h>
#include <stdio.h>

#include "base/cleanup.h"

/* Severity, action and effect in one glance; the sentences follow them. */
#define KIND(id_, severity_, action_, effect_, title_, remedy_)                \
	[VG_FINDING_##id_] = {                                                 \
		.name = #id_,                                                  \
		.severity = VG_SEVERITY_##severity_,                           \
		.action = VG_ACTION_##action_,                                 \
		.effect = VG_EFFECT_##effect_,                                 \
		.title = title_,                                               \
		.remedy = remedy_,                                             \
	}

static const struct vg_finding_kind kinds[] = {
	KIND(DNS_BOGUS, CRITICAL, BLOCK, NONE,
	     "The answer failed DNSSEC validation, so it may be forged.",
	     "Check the zone's DS records and signatures and this host's "
	     "clock; "
	     "if they are right, suspect that the resolver was poisoned."),
	KIND(DNSSEC_STRIPPED, HIGH, WARN, NONE,
	     "The trust anchor cannot be validated through this resolver.",
	     "Use a forwarder that passes DNSSEC records on, or none; "
	     "check that trust_anchor is current."),
	KIND(DNS_INSECURE, MEDIUM, WARN, RUN_OUT,
	     "Nothing proves these addresses but an unsigned DNS answer.",
	     "Sign the zone with DNSSEC, or declare the ranges that the "
	     "endpoint may use."),
	KIND(DNSSEC_REQUIRED, HIGH, BLOCK, RUN_OUT,
	     "The policy requires DNSSEC and the answer is not signed.",
	     "Ask the zone's owner why it is unsigned, or set dnssec: prefer "
	     "for this endpoint."),
	KIND(RESOLVER_TIMEOUT, LOW, WARN, NONE,
	     "No DNS server answered in time.",
	     "Check that the forwarders, or the root servers, can be reached "
	     "from this host on port 53 over UDP and TCP."),
	KIND(SERVFAIL, LOW, WARN, NONE,
	     "The DNS servers could not answer for this name.",
	     "Query the zone's own servers; a lame delegation and an "
	     "unreachable server look like this."),
	KIND(NXDOMAIN, HIGH, BLOCK, RUN_OUT, "The name does not exist.",
	     "Correct the host in the policy, or restore the DNS record."),
	KIND(NODATA, MEDIUM, BLOCK, RUN_OUT,
	     "The name exists and has no address.",
	     "Publish an A or AAAA record for it, or remove the endpoint."),
	KIND(DANGLING_CNAME_NX, HIGH, BLOCK, RUN_OUT,
	     "The name is an alias of a name that does not exist, which "
	     "somebody else may be able to register.",
	     "Remove the CNAME record, or take back the resource that it "
	     "points to, before anybody else does."),
	KIND(DANGLING_NODATA, MEDIUM, BLOCK, RUN_OUT,
	     "The name is an alias of a name that has no address.",
	     "Repair the target of the CNAME record, or remove the record."),
	KIND(CNAME_LOOP_OR_DEPTH, MEDIUM, BLOCK, RUN_OUT,
	     "The chain of aliases loops or is too long.",
	     "Shorten the chain of CNAME records to at most eight."),
	KIND(REBIND_PRIVATE, HIGH, BLOCK, REVOKE,
	     "A public name leads to a private address.",
	     "If that is intended set scope: internal and ranges; if not, "
	     "suspect the zone or the resolver."),
	KIND(REBIND_LOOPBACK, CRITICAL, BLOCK, REVOKE,
	     "The name leads to this host's own loopback address.",
	     "Correct the DNS record; a service on this host is allowed by its "
	     "literal address only."),
	KIND(REBIND_LINKLOCAL, HIGH, BLOCK, REVOKE,
	     "The name leads to a link-local address.",
	     "Correct the DNS record; a link-local peer is allowed by its "
	     "literal address only."),
	KIND(REBIND_METADATA, CRITICAL, BLOCK, REVOKE,
	     "The name leads to a cloud metadata service, which hands out "
	     "credentials.",
	     "Treat the zone as taken over until proven otherwise; metadata "
	     "services are allowed by their literal address only."),
	KIND(REBIND_EMBEDDED, HIGH, BLOCK, REVOKE,
	     "The name leads to an IPv6 address that carries an IPv4 address "
	     "inside.",
	     "Publish the IPv4 address in an A record; for NAT64 set "
	     "nat64_prefix."),
	KIND(REBIND_RESERVED, HIGH, BLOCK, REVOKE,
	     "The name leads to an address that nobody on the Internet may "
	     "use.",
	     "Correct the DNS record; if the address is in use inside, declare "
	     "it in ranges."),
	KIND(REBIND_SELF, HIGH, BLOCK, REVOKE,
	     "The name leads to an address of this host.",
	     "If the service runs here declare the address in ranges; if not, "
	     "suspect the zone or the resolver."),
	KIND(REBIND_MIXED, CRITICAL, BLOCK, REVOKE,
	     "One answer mixes public and forbidden addresses, as DNS "
	     "rebinding does.",
	     "Find out who published the forbidden address before anything "
	     "else."),
	KIND(SCOPE_PUBLIC_FOR_INTERNAL, CRITICAL, BLOCK, REVOKE,
	     "An internal name leads to a public address.",
	     "Check split-horizon DNS, the search list, and whether the "
	     "internal domain expired and was registered by somebody else."),
	KIND(ADDR_OUT_OF_RANGE, CRITICAL, BLOCK, REVOKE,
	     "The name leads to an address outside the declared ranges.",
	     "If the endpoint moved, confirm it with its operator and add the "
	     "new range; if not, the name was taken over."),
	KIND(ADDR_CHURN, LOW, WARN, NONE,
	     "The name has more than 64 addresses; the rest is left out.",
	     "Allow the provider's published ranges as addresses instead."),
	KIND(SHORT_TTL, INFO, REPORT, NONE,
	     "The answer is valid for less time than the shortest refresh.",
	     "Raise the TTL of the record to 60 seconds or more."),
	KIND(NAME_REFUSED, HIGH, BLOCK, RUN_OUT,
	     "This name or address must not be an endpoint.",
	     "Write a fully qualified host name, or an allowed literal "
	     "address."),
	KIND(UNCONFIRMED, MEDIUM, REPORT, NONE,
	     "An answer that looked like an attack was not repeated by a "
	     "second look-up.",
	     "Look for forged replies on the way to the resolver; DNSSEC or a "
	     "resolver nearby would end the doubt."),
	KIND(BAD_ANSWER, MEDIUM, BLOCK, NONE,
	     "The DNS answer could not be understood.",
	     "Look at the answer with a DNS tool and repair the server that "
	     "gave it."),
	KIND(CLAIM_LOST, INFO, REPORT, NONE,
	     "An address that several endpoints shared is no longer claimed "
	     "by one of them.",
	     "Nothing has to be done; the other endpoints keep it allowed."),
	KIND(LEASES_FULL, HIGH, WARN, NONE,
	     "There is no room for another lease in the kernel's map.",
	     "Raise limits.leases, or allow ranges instead of many addresses "
	     "and ports."),
};
static_assert(VG_ARRAY_LEN(kinds) == VG_FINDING_COUNT, "a kind each");

const struct vg_finding_kind *vg_finding_kind(enum vg_finding_id id)
{
	assert((unsigned int)id < VG_FINDING_COUNT);
	return &kinds[id];
}

const char *vg_severity_name(enum vg_severity s)
{
	static const char *const names[] = {
		[VG_SEVERITY_INFO] = "info",
		[VG_SEVERITY_LOW] = "low",
		[VG_SEVERITY_MEDIUM] = "medium",
		[VG_SEVERITY_HIGH] = "high",
		[VG_SEVERITY_CRITICAL] = "critical",
	};

	assert((unsigned int)s < VG_ARRAY_LEN(names));
	return names[s];
}

const char *vg_action_name(enum vg_action a)
{
	static const char *const names[] = {
		[VG_ACTION_REPORT] = "report",
		[VG_ACTION_WARN] = "warn",
		[VG_ACTION_BLOCK] = "block",
	};

	assert((unsigned int)a < VG_ARRAY_LEN(names));
	return names[a];
}

const char *vg_dnssec_name(enum vg_dnssec_state s)
{
	static const char *const names[] = {
		[VG_DNSSEC_NONE] = "none",
		[VG_DNSSEC_SECURE] = "secure",
		[VG_DNSSEC_INSECURE] = "insecure",
		[VG_DNSSEC_BOGUS] = "bogus",
	};

	assert((unsigned int)s < VG_ARRAY_LEN(names));
	return names[s];
}

static bool milder(const struct vg_finding *f,
		   const struct vg_finding_kind *kind)
{
	if (f->action != kind->action)
		return f->action < kind->action;
	return f->severity < kind->severity;
}

/* Where a finding of KIND goes; NULL when all there are matter as much. */
static struct vg_finding *place(struct vg_proof *p,
				const struct vg_finding_kind *kind)
{
	struct vg_finding *last = &p->findings[VG_PROOF_FINDINGS - 1];

	if (p->n_findings < VG_PROOF_FINDINGS)
		return &p->findings[p->n_findings++];
	return milder(last, kind) ? last : NULL;
}

/* Evidence travels to logs and terminals: printable ASCII only. */
static void make_printable(char *text)
{
	for (; *text; text++)
		if (*text < ' ' || *text > '~')
			*text = '?';
}

struct vg_finding *vg_proof_add(struct vg_proof *p, enum vg_finding_id id,
				const struct vg_address *address,
				const char *format, ...)
{
	const struct vg_finding_kind *kind = vg_finding_kind(id);
	struct vg_finding *f = place(p, kind);
	va_list args;

	if (kind->action == VG_ACTION_BLOCK && kind->effect > p->effect)
		p->effect = kind->effect;
	if (!f)
		return &p->findings[VG_PROOF_FINDINGS - 1];

	*f = (struct vg_finding){
		.id = id,
		.severity = kind->severity,
		.action = kind->action,
		.has_address = address != NULL,
	};
	if (address)
		f->address = *address;
	va_start(args, format);
	vsnprintf(f->evidence, sizeof(f->evidence), format, args);
	va_end(args);
	make_printable(f->evidence);
	return f;
}

void vg_proof_block(struct vg_proof *p, struct vg_finding *f)
{
	enum vg_effect effect = vg_finding_kind(f->id)->effect;

	f->action = VG_ACTION_BLOCK;
	if (effect > p->effect)
		p->effect = effect;
}
