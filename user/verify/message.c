/* SPDX-License-Identifier: Apache-2.0 */
#include "verify/message.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"

static_assert(VG_MSG_ANCHORS <= UINT32_MAX && VG_MSG_TEXT <= UINT16_MAX &&
		      VG_PROOF_EVIDENCE <= UINT16_MAX,
	      "lengths fit their fields");

/* ---- writing ------------------------------------------------------------ */

static void put(struct vg_buf *b, uint64_t value, size_t octets)
{
	uint8_t out[8];

	for (size_t i = 0; i < octets; i++)
		out[i] = (uint8_t)(value >> (8 * i));
	vg_buf_add(b, out, octets);
}

static void put_u8(struct vg_buf *b, unsigned int value)
{
	put(b, value, 1);
}

/* N of at most MAX: a count that the decoder would refuse is not sent. */
static void put_count(struct vg_buf *b, size_t n, size_t max)
{
	if (n > max && !b->error)
		b->error = -EMSGSIZE;
	put(b, n, 2);
}

static void put_text(struct vg_buf *b, const char *text)
{
	size_t n = strlen(text);

	put_count(b, n, UINT16_MAX);
	vg_buf_add(b, text, n);
}

static void put_address(struct vg_buf *b, const struct vg_address *a)
{
	vg_buf_add(b, a->octets, sizeof(a->octets));
}

static void put_prefix(struct vg_buf *b, const struct vg_prefix *p)
{
	put_address(b, &p->address);
	put_u8(b, p->bits);
}

static void put_config(struct vg_buf *b, const struct vg_msg *msg)
{
	const struct vg_msg_config *c = &msg->config;
	size_t n = strlen(c->anchors);

	put_count(b, c->n_forwards, VG_MSG_FORWARDS);
	for (size_t i = 0; i < c->n_forwards && !b->error; i++)
		put_text(b, c->forwards[i]);
	put_count(b, c->n_stubs, VG_MSG_STUBS);
	for (size_t i = 0; i < c->n_stubs && !b->error; i++) {
		put_text(b, c->stubs[i].zone);
		put_text(b, c->stubs[i].server);
	}
	put(b, n, 4);
	vg_buf_add(b, c->anchors, n);
}

static void put_self(struct vg_buf *b, const struct vg_msg *msg)
{
	put_count(b, msg->self.n, VG_MSG_SELF);
	for (size_t i = 0; i < msg->self.n && !b->error; i++)
		put_address(b, &msg->self.addresses[i]);
}

static void put_prove(struct vg_buf *b, const struct vg_msg *msg)
{
	const struct vg_prove *p = &msg->prove;

	put(b, p->id, 8);
	put_text(b, p->host);
	put_u8(b, p->dnssec);
	put_u8(b, p->scope);
	put_u8(b, p->strict);
	put_u8(b, p->fresh);
	put_u8(b, p->has_nat64);
	put_prefix(b, &p->nat64);
	put_count(b, p->n_ranges, VG_LIST_MAX);
	for (size_t i = 0; i < p->n_ranges && !b->error; i++)
		put_prefix(b, &p->ranges[i]);
}

static void put_forget(struct vg_buf *b, const struct vg_msg *msg)
{
	put(b, msg->forget, 8);
}

static void put_nothing(struct vg_buf *b, const struct vg_msg *msg)
{
	(void)b;
	(void)msg;
}

static void put_health(struct vg_buf *b, const struct vg_msg *msg)
{
	put_u8(b, msg->health.health);
	put_text(b, msg->health.text);
}

static void put_finding(struct vg_buf *b, const struct vg_finding *f)
{
	put_u8(b, f->id);
	put_u8(b, f->severity);
	put_u8(b, f->action);
	put_u8(b, f->has_address);
	put_address(b, &f->address);
	put_text(b, f->evidence);
}

static void put_link(struct vg_buf *b, const struct vg_link *l)
{
	put_text(b, l->name);
	put(b, l->type, 2);
	put_text(b, l->target);
	put(b, l->ttl, 4);
}

static void put_proof(struct vg_buf *b, const struct vg_msg *msg)
{
	const struct vg_proof *p = &msg->proof.proof;

	put(b, msg->proof.id, 8);
	put_text(b, p->host);
	put_u8(b, p->granted);
	put_u8(b, p->confirmed);
	put_u8(b, p->effect);
	put_u8(b, p->dnssec);
	put(b, p->ttl, 4);
	put_count(b, p->n_links, VG_PROOF_LINKS);
	for (size_t i = 0; i < p->n_links && !b->error; i++)
		put_link(b, &p->links[i]);
	put_count(b, p->n_addresses, VG_PROOF_ADDRESSES);
	for (size_t i = 0; i < p->n_addresses && !b->error; i++) {
		put_address(b, &p->addresses[i].address);
		put_u8(b, p->addresses[i].class);
		put_u8(b, p->addresses[i].granted);
		put_u8(b, p->addresses[i].from_aaaa);
	}
	put_count(b, p->n_findings, VG_PROOF_FINDINGS);
	for (size_t i = 0; i < p->n_findings && !b->error; i++)
		put_finding(b, &p->findings[i]);
}

/* ---- reading ------------------------------------------------------------ */

/* What is left of a message; an error sticks, and then all reads are zero. */
struct reader {
	const uint8_t *at;
	size_t left;
	bool bad;
};

static const uint8_t *take(struct reader *r, size_t n)
{
	const uint8_t *at = r->at;

	if (r->bad || n > r->left) {
		r->bad = true;
		return NULL;
	}
	r->at += n;
	r->left -= n;
	return at;
}

static uint64_t get(struct reader *r, size_t octets)
{
	const uint8_t *at = take(r, octets);
	uint64_t value = 0;

	for (size_t i = 0; at && i < octets; i++)
		value |= (uint64_t)at[i] << (8 * i);
	return value;
}

/* OCTETS that hold a number of at most MAX. */
static uint32_t get_max(struct reader *r, size_t octets, uint32_t max)
{
	uint64_t value = get(r, octets);

	if (value > max) {
		r->bad = true;
		return 0;
	}
	return (uint32_t)value;
}

static bool get_bool(struct reader *r)
{
	return get_max(r, 1, 1);
}

enum text_kind { TEXT_NAME, TEXT_LINE, TEXT_LINES };

static bool octet_allowed(uint8_t c, enum text_kind kind)
{
	if (c > ' ' && c <= '~')
		return true;
	if (c == ' ')
		return kind != TEXT_NAME;
	return kind == TEXT_LINES && (c == '\n' || c == '\t');
}

/* N octets of text into RET, which has room for them and a NUL. */
static void copy_text(struct reader *r, size_t n, enum text_kind kind,
		      char *ret)
{
	const uint8_t *at = take(r, n);

	ret[0] = '\0';
	if (!at)
		return;
	for (size_t i = 0; i < n; i++)
		if (!octet_allowed(at[i], kind))
			r->bad = true;
	memcpy(ret, at, n);
	ret[n] = '\0';
}

/* A name: not empty unless that is said. */
static void get_name(struct reader *r, char *ret, size_t size)
{
	size_t n = get_max(r, 2, (uint32_t)size - 1);

	if (n == 0)
		r->bad = true;
	copy_text(r, n, TEXT_NAME, ret);
}

static void get_line(struct reader *r, char *ret, size_t size)
{
	copy_text(r, get_max(r, 2, (uint32_t)size - 1), TEXT_LINE, ret);
}

static void get_address(struct reader *r, struct vg_address *ret)
{
	const uint8_t *at = take(r, sizeof(ret->octets));

	if (at)
		memcpy(ret->octets, at, sizeof(ret->octets));
}

/* The bits after the length must be zero: one prefix, one spelling. */
static void get_prefix(struct reader *r, struct vg_prefix *ret)
{
	get_address(r, &ret->address);
	ret->bits = (uint8_t)get_max(r, 1, 128);
	for (unsigned int bit = ret->bits; bit < 128; bit++)
		if (ret->address.octets[bit / 8] & (0x80U >> (bit % 8)))
			r->bad = true;
}

static void get_config(struct reader *r, struct vg_msg *ret)
{
	struct vg_msg_config *c = &ret->config;

	c->n_forwards = get_max(r, 2, VG_MSG_FORWARDS);
	for (size_t i = 0; i < c->n_forwards; i++)
		get_name(r, c->forwards[i], sizeof(c->forwards[i]));
	c->n_stubs = get_max(r, 2, VG_MSG_STUBS);
	for (size_t i = 0; i < c->n_stubs; i++) {
		get_name(r, c->stubs[i].zone, sizeof(c->stubs[i].zone));
		get_name(r, c->stubs[i].server, sizeof(c->stubs[i].server));
	}
	copy_text(r, get_max(r, 4, VG_MSG_ANCHORS), TEXT_LINES, c->anchors);
}

static void get_self(struct reader *r, struct vg_msg *ret)
{
	ret->self.n = get_max(r, 2, VG_MSG_SELF);
	for (size_t i = 0; i < ret->self.n; i++)
		get_address(r, &ret->self.addresses[i]);
}

static void get_prove(struct reader *r, struct vg_msg *ret)
{
	struct vg_prove *p = &ret->prove;

	p->id = get(r, 8);
	get_name(r, p->host, sizeof(p->host));
	p->dnssec = get_max(r, 1, VG_DNSSEC_OFF);
	p->scope = get_max(r, 1, VG_SCOPE_INTERNAL);
	p->strict = get_bool(r);
	p->fresh = get_bool(r);
	p->has_nat64 = get_bool(r);
	get_prefix(r, &p->nat64);
	p->n_ranges = get_max(r, 2, VG_LIST_MAX);
	for (size_t i = 0; i < p->n_ranges; i++)
		get_prefix(r, &p->ranges[i]);
}

static void get_forget(struct reader *r, struct vg_msg *ret)
{
	ret->forget = get(r, 8);
}

static void get_nothing(struct reader *r, struct vg_msg *ret)
{
	(void)r;
	(void)ret;
}

static void get_health(struct reader *r, struct vg_msg *ret)
{
	ret->health.health = get_max(r, 1, VG_HEALTH_COUNT - 1);
	get_line(r, ret->health.text, sizeof(ret->health.text));
}

static void get_link(struct reader *r, struct vg_link *l)
{
	get_name(r, l->name, sizeof(l->name));
	l->type = (uint16_t)get(r, 2);
	if (l->type != VG_TYPE_A && l->type != VG_TYPE_AAAA &&
	    l->type != VG_TYPE_CNAME)
		r->bad = true;
	get_line(r, l->target, sizeof(l->target));
	if ((l->type == VG_TYPE_CNAME) != (l->target[0] != '\0'))
		r->bad = true;
	l->ttl = (uint32_t)get(r, 4);
}

static void get_proof_address(struct reader *r, struct vg_proof_address *a)
{
	get_address(r, &a->address);
	a->class = get_max(r, 1, VG_CLASS_COUNT - 1);
	a->granted = get_bool(r);
	a->from_aaaa = get_bool(r);
	if (!a->from_aaaa && !vg_address_is_ipv4(&a->address))
		r->bad = true;
}

static void get_finding(struct reader *r, struct vg_finding *f)
{
	const struct vg_finding_kind *kind;

	f->id = get_max(r, 1, VG_FINDING_COUNT - 1);
	f->severity = get_max(r, 1, VG_SEVERITY_CRITICAL);
	f->action = get_max(r, 1, VG_ACTION_BLOCK);
	f->has_address = get_bool(r);
	get_address(r, &f->address);
	get_line(r, f->evidence, sizeof(f->evidence));
	/* Both are raised sometimes, and lowered never. */
	kind = vg_finding_kind(f->id);
	if (f->severity < kind->severity || f->action < kind->action)
		r->bad = true;
}

/* Granted by an address that is, and against nothing that blocks. */
static bool proof_coherent(const struct vg_proof *p)
{
	bool address = false, blocked = false;

	for (size_t i = 0; i < p->n_addresses; i++)
		address |= p->addresses[i].granted;
	for (size_t i = 0; i < p->n_findings; i++)
		blocked |= p->findings[i].action == VG_ACTION_BLOCK;

	if (p->granted != address || (p->granted && blocked))
		return false;
	if (p->granted && p->dnssec == VG_DNSSEC_BOGUS)
		return false;
	return p->effect == VG_EFFECT_NONE || blocked;
}

static void get_proof(struct reader *r, struct vg_msg *ret)
{
	struct vg_proof *p = &ret->proof.proof;

	ret->proof.id = get(r, 8);
	get_name(r, p->host, sizeof(p->host));
	p->granted = get_bool(r);
	p->confirmed = get_bool(r);
	p->effect = get_max(r, 1, VG_EFFECT_REVOKE);
	p->dnssec = get_max(r, 1, VG_DNSSEC_BOGUS);
	p->ttl = (uint32_t)get(r, 4);
	p->n_links = get_max(r, 2, VG_PROOF_LINKS);
	for (size_t i = 0; i < p->n_links; i++)
		get_link(r, &p->links[i]);
	p->n_addresses = get_max(r, 2, VG_PROOF_ADDRESSES);
	for (size_t i = 0; i < p->n_addresses; i++)
		get_proof_address(r, &p->addresses[i]);
	p->n_findings = get_max(r, 2, VG_PROOF_FINDINGS);
	for (size_t i = 0; i < p->n_findings; i++)
		get_finding(r, &p->findings[i]);
	if (!proof_coherent(p))
		r->bad = true;
}

/* ---- the table ---------------------------------------------------------- */

static const struct message {
	enum vg_msg_type type;
	enum vg_msg_from from;
	void (*put)(struct vg_buf *b, const struct vg_msg *msg);
	void (*get)(struct reader *r, struct vg_msg *ret);
} messages[] = {
	{VG_MSG_CONFIG, VG_MSG_FROM_KEEPER, put_config, get_config},
	{VG_MSG_SELF_IS, VG_MSG_FROM_KEEPER, put_self, get_self},
	{VG_MSG_PROVE, VG_MSG_FROM_KEEPER, put_prove, get_prove},
	{VG_MSG_FORGET, VG_MSG_FROM_KEEPER, put_forget, get_forget},
	{VG_MSG_HELLO, VG_MSG_FROM_VERIFIER, put_nothing, get_nothing},
	{VG_MSG_HEALTH, VG_MSG_FROM_VERIFIER, put_health, get_health},
	{VG_MSG_PROOF, VG_MSG_FROM_VERIFIER, put_proof, get_proof},
};

static const struct message *find(unsigned int type)
{
	for (size_t i = 0; i < VG_ARRAY_LEN(messages); i++)
		if (messages[i].type == type)
			return &messages[i];
	return NULL;
}

void vg_msg_encode(const struct vg_msg *msg, struct vg_buf *out)
{
	const struct message *m = find(msg->type);

	assert(m && out->size == 0);
	out->max = VG_MSG_MAX;
	put_u8(out, VG_MSG_VERSION);
	put_u8(out, msg->type);
	m->put(out, msg);
}

int vg_msg_decode(enum vg_msg_from from, const void *data, size_t size,
		  struct vg_msg **ret)
{
	struct reader r = {.at = data, .left = size};
	vg_cleanup(vg_freep) struct vg_msg *msg = NULL;
	const struct message *m;

	if (size > VG_MSG_MAX || get(&r, 1) != VG_MSG_VERSION)
		return -EPROTO;
	m = find((unsigned int)get(&r, 1));
	if (r.bad || !m || m->from != from)
		return -EPROTO;

	msg = calloc(1, sizeof(*msg));
	if (!msg)
		return -ENOMEM;
	msg->type = m->type;
	m->get(&r, msg);
	if (r.bad || r.left > 0)
		return -EPROTO;

	*ret = VG_TAKE_PTR(msg);
	return 0;
}
