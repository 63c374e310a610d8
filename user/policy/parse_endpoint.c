/* SPDX-License-Identifier: Apache-2.0 */
/* `endpoints:` of a service. */
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "policy/draft.h"
#include "policy/host.h"
#include "policy/ports.h"
#include "policy/values.h"

#define HOLD_DEFAULT_S 900
#define HOLD_MIN_S     60
#define HOLD_MAX_S     86400
#define EXCUSE_MAX     1024 /* an excuse, not an essay */

/* Keys that say something of a name, and nothing of an address. */
enum name_key { SCOPE, DNSSEC, RANGES, CNAME, NAT64, NAME_KEYS };

static const char *const name_keys[NAME_KEYS] = {
	[SCOPE] = "scope",
	[DNSSEC] = "verify.dnssec",
	[RANGES] = "verify.ranges",
	[CNAME] = "verify.cname",
	[NAT64] = "verify.nat64_prefix",
};

struct endpoint {
	struct vg_endpoint e;
	struct vg_mark name; /* of the value of host or address */
	bool has_prefix; /* e.address is set */
	struct vg_mark marks[NAME_KEYS]; /* of the values; line 0: not there */
};

static void endpoint_clear(struct endpoint *d)
{
	free(d->e.host);
	free(d->e.ports);
	free(d->e.ranges);
}

/* ---- host, address ------------------------------------------------------ */

/* "*.example.com" is good syntax for what comes later. */
static bool is_wildcard(const struct vg_yaml_node *node)
{
	char name[VG_ENDPOINT_TEXT];

	return strncmp(node->text, "*.", 2) == 0 &&
	       !vg_host_parse(node->text + 2, node->size - 2, name);
}

static void read_host(struct vg_walk *w, const struct vg_yaml_node *node,
		      void *into)
{
	struct endpoint *d = into;

	d->name = node->mark;
	if (node->kind == VG_YAML_SCALAR && is_wildcard(node))
		vg_walk_unsupported(w, &node->mark, "a wildcard host");
	else
		d->e.host = vg_value_host(w, node);
}

static void read_address(struct vg_walk *w, const struct vg_yaml_node *node,
			 void *into)
{
	char metadata[VG_ADDRESS_TEXT], hint[VG_ADDRESS_TEXT + 32];
	struct endpoint *d = into;
	struct vg_prefix within;
	const char *error;

	d->name = node->mark;
	if (!vg_value_prefix(w, node, &d->e.address))
		return;
	error = vg_class_literal_error(&d->e.address);
	if (!error) {
		d->has_prefix = true;
		return;
	}
	if (!vg_prefix_is_single(&d->e.address) &&
	    vg_class_metadata_within(&d->e.address, &within)) {
		vg_prefix_text(&within, metadata);
		(void)snprintf(hint, sizeof(hint), "leave out %s", metadata);
		vg_walk_error(w, &node->mark, hint, "'%.80s' %s", node->text,
			      error);
		return;
	}
	vg_walk_error(w, &node->mark, NULL, "'%.80s' %s", node->text, error);
}

static void read_ports(struct vg_walk *w, const struct vg_yaml_node *node,
		       void *into)
{
	struct endpoint *d = into;
	uint32_t count = 0;

	vg_value_ports(w, node, &d->e.ports, &d->e.n_ports);
	for (size_t i = 0; i < d->e.n_ports; i++)
		count += vg_ports_count(&d->e.ports[i]);
	if (count > VG_ENDPOINT_LEASES_MAX)
		vg_walk_error(w, &node->mark, "write '*/tcp' or '*/udp'",
			      "%u ports are more than the %d leases of one "
			      "endpoint",
			      count, VG_ENDPOINT_LEASES_MAX);
}

/* ---- what must be proven ------------------------------------------------ */

static void read_scope(struct vg_walk *w, const struct vg_yaml_node *node,
		       void *into)
{
	static const char *const words[] = {
		[VG_SCOPE_PUBLIC] = "public",
		[VG_SCOPE_INTERNAL] = "internal",
	};
	struct endpoint *d = into;
	size_t i;

	d->marks[SCOPE] = node->mark;
	if (vg_walk_choice(w, node, words, VG_ARRAY_LEN(words), &i))
		d->e.scope = (enum vg_scope)i;
}

static void read_carries(struct vg_walk *w, const struct vg_yaml_node *node,
			 void *into)
{
	static const char *const words[] = {"none", "bearer", "mtls"};
	size_t i;

	(void)into;
	if (vg_walk_choice(w, node, words, VG_ARRAY_LEN(words), &i) && i != 0)
		vg_walk_unsupported(w, &node->mark,
				    "'carries' other than 'none'");
}

static void read_unpinned(struct vg_walk *w, const struct vg_yaml_node *node,
			  void *into)
{
	(void)into;
	if (!vg_walk_text(w, node))
		return;
	if (node->size > EXCUSE_MAX)
		vg_walk_error(w, &node->mark, NULL,
			      "the text is longer than %d octets", EXCUSE_MAX);
	vg_walk_unsupported(w, &node->mark, "'unpinned'");
}

static void read_hold(struct vg_walk *w, const struct vg_yaml_node *node,
		      void *into)
{
	struct endpoint *d = into;

	(void)vg_value_duration(w, node, HOLD_MIN_S, HOLD_MAX_S, &d->e.hold_s);
}

static void read_dnssec(struct vg_walk *w, const struct vg_yaml_node *node,
			void *into)
{
	static const char *const words[] = {
		[VG_DNSSEC_PREFER] = "prefer",
		[VG_DNSSEC_REQUIRE] = "require",
		[VG_DNSSEC_OFF] = "off",
	};
	struct endpoint *d = into;
	size_t i;

	d->marks[DNSSEC] = node->mark;
	if (vg_walk_choice(w, node, words, VG_ARRAY_LEN(words), &i))
		d->e.dnssec = (enum vg_dnssec_rule)i;
}

static void read_ranges(struct vg_walk *w, const struct vg_yaml_node *node,
			void *into)
{
	struct endpoint *d = into;

	d->marks[RANGES] = node->mark;
	vg_value_prefixes(w, node, &d->e.ranges, &d->e.n_ranges);
}

static void read_suffix(struct vg_walk *w, const struct vg_yaml_node *node,
			void *into)
{
	vg_cleanup(vg_freep) char *suffix = vg_value_host(w, node);

	(void)into;
	if (suffix)
		vg_walk_unsupported(w, &node->mark, "'verify.cname'");
}

static void read_cname(struct vg_walk *w, const struct vg_yaml_node *node,
		       void *into)
{
	struct endpoint *d = into;

	d->marks[CNAME] = node->mark;
	vg_walk_items(w, node, VG_LIST_MAX, read_suffix, NULL);
}

static void read_nat64(struct vg_walk *w, const struct vg_yaml_node *node,
		       void *into)
{
	struct endpoint *d = into;

	d->marks[NAT64] = node->mark;
	if (!vg_value_prefix(w, node, &d->e.nat64))
		return;
	d->e.has_nat64 = vg_nat64_prefix_valid(&d->e.nat64);
	if (!d->e.has_nat64)
		vg_walk_error(w, &node->mark,
			      "an IPv6 prefix of 32, 40, 48, 56, 64 or 96 bits "
			      "whose bits 64 to 71 are zero",
			      "'%.80s' is not a NAT64 prefix", node->text);
}

static void read_verify(struct vg_walk *w, const struct vg_yaml_node *node,
			void *into)
{
	static const struct vg_key keys[] = {
		{"dnssec", read_dnssec, false},
		{"ranges", read_ranges, false},
		{"cname", read_cname, false},
		{"nat64_prefix", read_nat64, false},
		{"tls", vg_draft_tls, false},
	};

	(void)vg_walk_mapping(w, node, "'verify'", keys, VG_ARRAY_LEN(keys),
			      into);
}

/* ---- the whole ---------------------------------------------------------- */

/* Why no address of a P of one CLASS can pass; NULL when one can. */
static const char *useless(enum vg_class class, enum vg_scope scope)
{
	static const char *const never = "no name may lead there";
	static const char *const reasons[VG_CLASS_COUNT] = {
		[VG_CLASS_METADATA] = never,   [VG_CLASS_LOOPBACK] = never,
		[VG_CLASS_LINK_LOCAL] = never, [VG_CLASS_V4_IN_V6] = never,
		[VG_CLASS_TRANSITION] = never, [VG_CLASS_RESERVED] = never,
	};

	if (class == VG_CLASS_PRIVATE && scope == VG_SCOPE_PUBLIC)
		return "private addresses need 'scope: internal'";
	if (class == VG_CLASS_PUBLIC && scope == VG_SCOPE_INTERNAL)
		return "'scope: internal' refuses public addresses";
	return reasons[class];
}

static void check_range(struct vg_walk *w, const struct endpoint *d,
			const struct vg_prefix *range)
{
	char text[VG_ADDRESS_TEXT];
	enum vg_class class;
	const char *why;

	if (!vg_class_of_prefix(range, &class))
		return;
	why = useless(class, d->e.scope);
	if (!why)
		return;
	vg_prefix_text(range, text);
	vg_walk_warning(w, &d->marks[RANGES], why, "the range %s never matches",
			text);
}

static void check_host(struct vg_walk *w, const struct endpoint *d)
{
	if (d->e.scope == VG_SCOPE_INTERNAL && d->e.n_ranges == 0)
		vg_walk_error(w, &d->marks[SCOPE], NULL,
			      "'scope: internal' needs 'verify.ranges'");
	for (size_t i = 0; i < d->e.n_ranges; i++)
		check_range(w, d, &d->e.ranges[i]);
}

static void check_address(struct vg_walk *w, const struct endpoint *d)
{
	for (size_t i = 0; i < NAME_KEYS; i++)
		if (d->marks[i].line)
			vg_walk_error(w, &d->marks[i], NULL,
				      "'%s' is for 'host', not for 'address'",
				      name_keys[i]);
}

static void check(struct vg_walk *w, const struct vg_yaml_node *node,
		  const struct endpoint *d)
{
	const bool host = vg_walk_has(node, "host");
	const bool address = vg_walk_has(node, "address");

	if (host && address)
		vg_walk_error(w, &node->mark, "make two endpoints of it",
			      "an endpoint has either 'host' or 'address'");
	else if (host)
		check_host(w, d);
	else if (address)
		check_address(w, d);
	else
		vg_walk_error(w, &node->mark, NULL,
			      "an endpoint needs 'host' or 'address'");
}

static void append(struct vg_walk *w, struct vg_draft *draft,
		   struct endpoint *d)
{
	struct vg_service *s = &draft->service;
	struct vg_endpoint *e;
	struct vg_mark *mark;

	e = vg_walk_append(w, &s->endpoints, &s->n_endpoints, sizeof(*e));
	if (!e)
		return;
	*e = d->e;
	d->e = (struct vg_endpoint){0};
	mark = vg_walk_append(w, &draft->endpoints, &draft->n_endpoints,
			      sizeof(*mark));
	if (mark)
		*mark = d->name;
}

void vg_draft_endpoint(struct vg_walk *w, const struct vg_yaml_node *node,
		       void *into)
{
	static const struct vg_key keys[] = {
		{"host", read_host, false},
		{"address", read_address, false},
		{"ports", read_ports, true},
		{"scope", read_scope, false},
		{"carries", read_carries, false},
		{"unpinned", read_unpinned, false},
		{"verify", read_verify, false},
		{"hold", read_hold, false},
	};
	vg_cleanup(endpoint_clear) struct endpoint d = {
		.e = {.hold_s = HOLD_DEFAULT_S, .line = node->mark.line},
	};

	if (!vg_walk_mapping(w, node, "an endpoint", keys, VG_ARRAY_LEN(keys),
			     &d))
		return;
	check(w, node, &d);
	if (d.e.host || d.has_prefix)
		append(w, into, &d);
}
