/* SPDX-License-Identifier: Apache-2.0 */
#include "policy/fields.h"

#include <string.h>

#include "base/cleanup.h"
#include "policy/diff.h"
#include "policy/ports.h"

/* ---- sets --------------------------------------------------------------- */

typedef bool (*equal_fn)(const void *a, const void *b);

/* Arrays of N elements of SIZE octets, none of them twice in one array. */
struct set {
	const void *items;
	size_t n, size;
};

static const void *item(const struct set *s, size_t i)
{
	return (const char *)s->items + i * s->size;
}

static bool has(const struct set *s, const void *wanted, equal_fn equal)
{
	for (size_t i = 0; i < s->n; i++)
		if (equal(item(s, i), wanted))
			return true;
	return false;
}

static bool sets_equal(const struct set *a, const struct set *b, equal_fn equal)
{
	if (a->n != b->n)
		return false;
	for (size_t i = 0; i < a->n; i++)
		if (!equal(item(a, i), item(b, i)) &&
		    !has(b, item(a, i), equal))
			return false;
	return true;
}

static bool prefix_equal(const void *a, const void *b)
{
	return memcmp(a, b, sizeof(struct vg_prefix)) == 0;
}

static bool prefixes_equal(const struct vg_prefix *a, size_t n,
			   const struct vg_prefix *b, size_t m)
{
	const struct set x = {a, n, sizeof(*a)}, y = {b, m, sizeof(*b)};

	return sets_equal(&x, &y, prefix_equal);
}

static bool ports_equal(const void *a, const void *b)
{
	return vg_ports_equal(a, b);
}

static bool text_equal(const void *a, const void *b)
{
	const char *const *x = a, *const *y = b;

	return strcmp(*x, *y) == 0;
}

static bool listen_equal(const void *a, const void *b)
{
	const struct vg_listen_rule *x = a, *y = b;

	return vg_ports_equal(&x->ports, &y->ports) &&
	       prefixes_equal(x->from, x->n_from, y->from, y->n_from);
}

static void prefixes_text(const struct vg_prefix *p, size_t n,
			  struct vg_buf *out)
{
	char text[VG_ADDRESS_TEXT];

	vg_buf_puts(out, "[");
	for (size_t i = 0; i < n; i++) {
		vg_prefix_text(&p[i], text);
		vg_buf_printf(out, "%s%s", i ? ", " : "", text);
	}
	vg_buf_puts(out, "]");
}

/* ---- services ----------------------------------------------------------- */

static const char *const modes[] = {"enforce", "audit"};
static const char *const booleans[] = {"false", "true"};
static const char *const on_changes[] = {"drain", "destroy"};
static const char *const on_expiries[] = {"keep", "destroy"};

static bool switch_of(const struct vg_field *f, const void *x)
{
	return *(const bool *)((const char *)x + f->offset);
}

static bool switch_equal(const struct vg_field *f, const void *a, const void *b)
{
	return switch_of(f, a) == switch_of(f, b);
}

static void switch_text(const struct vg_field *f, const void *x,
			struct vg_buf *out)
{
	vg_buf_puts(out, f->words[switch_of(f, x)]);
}

static bool cgroups_equal(const struct vg_field *f, const void *a,
			  const void *b)
{
	const struct vg_service *x = a, *y = b;
	const struct set p = {x->cgroups, x->n_cgroups, sizeof(char *)};
	const struct set q = {y->cgroups, y->n_cgroups, sizeof(char *)};

	(void)f;
	return sets_equal(&p, &q, text_equal);
}

static void cgroups_text(const struct vg_field *f, const void *x,
			 struct vg_buf *out)
{
	const struct vg_service *s = x;

	(void)f;
	vg_buf_puts(out, "[");
	for (size_t i = 0; i < s->n_cgroups; i++) {
		vg_buf_puts(out, i ? ", " : "");
		vg_buf_escaped(out, s->cgroups[i]);
	}
	vg_buf_puts(out, "]");
}

static bool listens_equal(const struct vg_field *f, const void *a,
			  const void *b)
{
	const struct vg_service *x = a, *y = b;
	const struct set p = {x->listen, x->n_listen, sizeof(*x->listen)};
	const struct set q = {y->listen, y->n_listen, sizeof(*y->listen)};

	(void)f;
	return sets_equal(&p, &q, listen_equal);
}

static void listens_text(const struct vg_field *f, const void *x,
			 struct vg_buf *out)
{
	const struct vg_service *s = x;

	(void)f;
	vg_buf_puts(out, "[");
	for (size_t i = 0; i < s->n_listen; i++) {
		vg_buf_puts(out, i ? ", " : "");
		vg_ports_text(&s->listen[i].ports, out);
		if (!s->listen[i].n_from)
			continue;
		vg_buf_puts(out, " from ");
		prefixes_text(s->listen[i].from, s->listen[i].n_from, out);
	}
	vg_buf_puts(out, "]");
}

static bool resolvers_equal(const struct vg_field *f, const void *a,
			    const void *b)
{
	const struct vg_service *x = a, *y = b;

	(void)f;
	return prefixes_equal(x->resolvers, x->n_resolvers, y->resolvers,
			      y->n_resolvers);
}

static void resolvers_text(const struct vg_field *f, const void *x,
			   struct vg_buf *out)
{
	const struct vg_service *s = x;

	(void)f;
	prefixes_text(s->resolvers, s->n_resolvers, out);
}

static const struct vg_field service_fields[] = {
	{VG_CHANGE_MODE, "mode", switch_equal, switch_text,
	 offsetof(struct vg_service, audit), modes},
	{VG_CHANGE_STRICT, "strict", switch_equal, switch_text,
	 offsetof(struct vg_service, strict), booleans},
	{VG_CHANGE_CGROUPS, "cgroup", cgroups_equal, cgroups_text, 0, NULL},
	{VG_CHANGE_LISTEN, "listen", listens_equal, listens_text, 0, NULL},
	{VG_CHANGE_RESOLVERS, "resolvers", resolvers_equal, resolvers_text, 0,
	 NULL},
	{VG_CHANGE_ON_CHANGE, "on_change", switch_equal, switch_text,
	 offsetof(struct vg_service, destroy_on_change), on_changes},
	{VG_CHANGE_ON_EXPIRY, "on_expiry", switch_equal, switch_text,
	 offsetof(struct vg_service, destroy_on_expiry), on_expiries},
};

const struct vg_fields vg_service_fields = {
	service_fields,
	VG_ARRAY_LEN(service_fields),
};

/* ---- endpoints ---------------------------------------------------------- */

static const char *const scopes[] = {
	[VG_SCOPE_PUBLIC] = "public",
	[VG_SCOPE_INTERNAL] = "internal",
};

static const char *const dnssec_rules[] = {
	[VG_DNSSEC_PREFER] = "prefer",
	[VG_DNSSEC_REQUIRE] = "require",
	[VG_DNSSEC_OFF] = "off",
};

static bool ports_lists_equal(const struct vg_field *f, const void *a,
			      const void *b)
{
	const struct vg_endpoint *x = a, *y = b;
	const struct set p = {x->ports, x->n_ports, sizeof(*x->ports)};
	const struct set q = {y->ports, y->n_ports, sizeof(*y->ports)};

	(void)f;
	return sets_equal(&p, &q, ports_equal);
}

static void ports_list_text(const struct vg_field *f, const void *x,
			    struct vg_buf *out)
{
	const struct vg_endpoint *e = x;

	(void)f;
	vg_buf_puts(out, "[");
	for (size_t i = 0; i < e->n_ports; i++) {
		vg_buf_puts(out, i ? ", " : "");
		vg_ports_text(&e->ports[i], out);
	}
	vg_buf_puts(out, "]");
}

static bool scope_equal(const struct vg_field *f, const void *a, const void *b)
{
	const struct vg_endpoint *x = a, *y = b;

	(void)f;
	return x->scope == y->scope;
}

static void scope_text(const struct vg_field *f, const void *x,
		       struct vg_buf *out)
{
	const struct vg_endpoint *e = x;

	vg_buf_puts(out, f->words[e->scope]);
}

static bool dnssec_equal(const struct vg_field *f, const void *a, const void *b)
{
	const struct vg_endpoint *x = a, *y = b;

	(void)f;
	return x->dnssec == y->dnssec;
}

static void dnssec_text(const struct vg_field *f, const void *x,
			struct vg_buf *out)
{
	const struct vg_endpoint *e = x;

	vg_buf_puts(out, f->words[e->dnssec]);
}

static bool ranges_equal(const struct vg_field *f, const void *a, const void *b)
{
	const struct vg_endpoint *x = a, *y = b;

	(void)f;
	return prefixes_equal(x->ranges, x->n_ranges, y->ranges, y->n_ranges);
}

static void ranges_text(const struct vg_field *f, const void *x,
			struct vg_buf *out)
{
	const struct vg_endpoint *e = x;

	(void)f;
	prefixes_text(e->ranges, e->n_ranges, out);
}

static bool nat64_equal(const struct vg_field *f, const void *a, const void *b)
{
	const struct vg_endpoint *x = a, *y = b;

	(void)f;
	if (x->has_nat64 != y->has_nat64)
		return false;
	return !x->has_nat64 || prefix_equal(&x->nat64, &y->nat64);
}

static void nat64_text(const struct vg_field *f, const void *x,
		       struct vg_buf *out)
{
	const struct vg_endpoint *e = x;
	char text[VG_ADDRESS_TEXT];

	(void)f;
	vg_prefix_text(&e->nat64, text);
	vg_buf_puts(out, e->has_nat64 ? text : "none");
}

static bool hold_equal(const struct vg_field *f, const void *a, const void *b)
{
	const struct vg_endpoint *x = a, *y = b;

	(void)f;
	return x->hold_s == y->hold_s;
}

static void hold_text(const struct vg_field *f, const void *x,
		      struct vg_buf *out)
{
	const struct vg_endpoint *e = x;

	(void)f;
	if (e->hold_s % 60)
		vg_buf_printf(out, "%us", e->hold_s);
	else
		vg_buf_printf(out, "%um", e->hold_s / 60);
}

static const struct vg_field endpoint_fields[] = {
	{VG_CHANGE_PORTS, "ports", ports_lists_equal, ports_list_text, 0, NULL},
	{VG_CHANGE_SCOPE, "scope", scope_equal, scope_text, 0, scopes},
	{VG_CHANGE_DNSSEC, "verify.dnssec", dnssec_equal, dnssec_text, 0,
	 dnssec_rules},
	{VG_CHANGE_RANGES, "verify.ranges", ranges_equal, ranges_text, 0, NULL},
	{VG_CHANGE_NAT64, "verify.nat64_prefix", nat64_equal, nat64_text, 0,
	 NULL},
	{VG_CHANGE_HOLD, "hold", hold_equal, hold_text, 0, NULL},
};

const struct vg_fields vg_endpoint_fields = {
	endpoint_fields,
	VG_ARRAY_LEN(endpoint_fields),
};

/* ---- comparing ---------------------------------------------------------- */

uint32_t vg_fields_differ(const struct vg_fields *fields, const void *a,
			  const void *b)
{
	uint32_t bits = 0;

	for (size_t i = 0; i < fields->n; i++)
		if (!fields->items[i].equal(&fields->items[i], a, b))
			bits |= fields->items[i].bit;
	return bits;
}

bool vg_endpoint_equal(const struct vg_endpoint *a, const struct vg_endpoint *b)
{
	if (!a->host != !b->host)
		return false;
	if (a->host ? strcmp(a->host, b->host) != 0
		    : !prefix_equal(&a->address, &b->address))
		return false;
	return vg_fields_differ(&vg_endpoint_fields, a, b) == 0;
}
