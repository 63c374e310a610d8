/* SPDX-License-Identifier: Apache-2.0 */
/* One message of each kind, for the tests of verify/message. */
#pragma once

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "verify/message.h"

static inline void begin(struct vg_msg *m, enum vg_msg_type type)
{
	memset(m, 0, sizeof(*m));
	m->type = type;
}

static inline struct vg_address address(const char *text)
{
	struct vg_address a;

	assert_int_equal(vg_address_parse(text, &a), 0);
	return a;
}

static inline struct vg_prefix prefix(const char *text)
{
	struct vg_prefix p;

	assert_int_equal(vg_prefix_parse(text, &p), 0);
	return p;
}

static inline void make_config(struct vg_msg *m)
{
	begin(m, VG_MSG_CONFIG);
	m->config.n_forwards = 1;
	strcpy(m->config.forwards[0], "192.0.2.53@53");
	m->config.n_stubs = 2;
	strcpy(m->config.stubs[0].zone, "corp.example");
	strcpy(m->config.stubs[0].server, "10.0.0.53@53");
	strcpy(m->config.stubs[1].zone, ".");
	strcpy(m->config.stubs[1].server, "fd00::53@5353");
	strcpy(m->config.anchors, ". IN DS 1 8 2 00ff ; root\n\tx\n");
}

static inline void make_prove(struct vg_msg *m)
{
	begin(m, VG_MSG_PROVE);
	m->prove.id = 0x1122334455667788;
	strcpy(m->prove.host, "api.vendor.com");
	m->prove.dnssec = VG_DNSSEC_REQUIRE;
	m->prove.scope = VG_SCOPE_INTERNAL;
	m->prove.strict = true;
	m->prove.fresh = true;
	m->prove.has_nat64 = true;
	m->prove.nat64 = prefix("64:ff9b::/96");
	m->prove.n_ranges = 2;
	m->prove.ranges[0] = prefix("10.0.0.0/8");
	m->prove.ranges[1] = prefix("fd00::1");
}

/* Refused: an address in the chain's end, and a finding that says why. */
static inline void make_proof(struct vg_msg *m)
{
	struct vg_proof *p = &m->proof.proof;
	const struct vg_address bad = address("10.0.0.1");

	begin(m, VG_MSG_PROOF);
	m->proof.id = 7;
	strcpy(p->host, "api.vendor.com");
	p->dnssec = VG_DNSSEC_INSECURE;
	p->confirmed = true;
	p->ttl = 4000000000;
	p->n_links = 2;
	p->links[0] =
		(struct vg_link){"api.vendor.com", VG_TYPE_CNAME, "x.net", 300};
	p->links[1] = (struct vg_link){"x.net", VG_TYPE_A, "", 60};
	p->n_addresses = 1;
	p->addresses[0].address = bad;
	p->addresses[0].class = VG_CLASS_PRIVATE;
	vg_proof_add(p, VG_FINDING_REBIND_PRIVATE, &bad, "A %s", "10.0.0.1");
	vg_proof_add(p, VG_FINDING_SHORT_TTL, NULL, "soon");
}

static inline void make_granted(struct vg_msg *m)
{
	struct vg_proof *p = &m->proof.proof;

	begin(m, VG_MSG_PROOF);
	strcpy(p->host, "api.vendor.com");
	p->granted = true;
	p->dnssec = VG_DNSSEC_SECURE;
	p->n_addresses = 2;
	p->addresses[0].address = address("9.9.9.9");
	p->addresses[0].granted = true;
	p->addresses[1].address = address("2600::1");
	p->addresses[1].granted = true;
	p->addresses[1].from_aaaa = true;
}

static inline void make_self(struct vg_msg *m)
{
	begin(m, VG_MSG_SELF_IS);
	m->self.n = 2;
	m->self.addresses[0] = address("127.0.0.1");
	m->self.addresses[1] = address("fe80::1");
}

static inline void make_forget(struct vg_msg *m)
{
	begin(m, VG_MSG_FORGET);
	m->forget = UINT64_MAX;
}

static inline void make_hello(struct vg_msg *m)
{
	begin(m, VG_MSG_HELLO);
}

static inline void make_health(struct vg_msg *m)
{
	begin(m, VG_MSG_HEALTH);
	m->health.health = VG_HEALTH_STRIPPED;
	strcpy(m->health.text, "DNSKEY of .: no signatures");
}
