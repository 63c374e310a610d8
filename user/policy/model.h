/* SPDX-License-Identifier: Apache-2.0 */
/*
 * model -- what a policy says, after parsing; and the daemon's own file.
 *
 * Plain data, owned by struct vg_policy and freed as a whole.  Made by
 * policy/parse, read by the keeper, the ladder and the commands that need no
 * daemon.  Pure: no fd, no clock, no global.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "policy/address.h"

/* At most 4,096 leases an endpoint (design.md 7); widest port range. */
#define VG_ENDPOINT_LEASES_MAX	 4096
#define VG_PORT_RANGE_MAX	 256
#define VG_ENDPOINTS_MAX	 65536 /* of all services */
#define VG_SERVICE_ENDPOINTS_MAX 4096
#define VG_LIST_MAX		 256 /* ranges, cgroups, listen ... of one key */

/* Ports FIRST to LAST (1..65535), or every port: both 0. */
struct vg_ports {
	uint8_t proto; /* IPPROTO_TCP or IPPROTO_UDP */
	uint16_t first;
	uint16_t last;
};

struct vg_listen_rule {
	struct vg_ports ports;
	struct vg_prefix *from; /* UDP: whom replies may go to; TCP: none */
	size_t n_from;
};

enum vg_scope { VG_SCOPE_PUBLIC = 0, VG_SCOPE_INTERNAL };
enum vg_dnssec_rule { VG_DNSSEC_PREFER = 0, VG_DNSSEC_REQUIRE, VG_DNSSEC_OFF };

struct vg_endpoint {
	char *host; /* lower case, no trailing dot; NULL for a literal */
	struct vg_prefix address; /* the literal or CIDR when host is NULL */
	struct vg_ports *ports;
	size_t n_ports;
	enum vg_scope scope;
	enum vg_dnssec_rule dnssec;
	struct vg_prefix *ranges;
	size_t n_ranges;
	bool has_nat64;
	struct vg_prefix nat64; /* verify.nat64_prefix, RFC 6052 lengths */
	uint32_t hold_s; /* 60 .. 86400, default 900 */
	uint32_t line; /* in the service's file */
};

struct vg_service {
	char *name;
	char *file; /* where it was read, for messages */
	char **cgroups; /* relative to the mount, no leading or trailing '/' */
	size_t n_cgroups;
	bool audit;
	bool strict;
	bool destroy_on_change;
	bool destroy_on_expiry;
	struct vg_listen_rule *listen;
	size_t n_listen;
	struct vg_prefix *resolvers; /* full-length prefixes */
	size_t n_resolvers;
	struct vg_endpoint *endpoints;
	size_t n_endpoints;
	uint32_t line;
};

struct vg_policy {
	struct vg_service *services; /* in the order of the sorted files */
	size_t n_services;
};

void vg_policy_freep(struct vg_policy **p);
/* Frees what S holds, not S. */
void vg_service_clear(struct vg_service *s);

/* NULL when there is none. */
const struct vg_service *vg_policy_service(const struct vg_policy *p,
					   const char *name);

/* Every field of an endpoint that verification or leases depend on is equal. */
bool vg_endpoint_equal(const struct vg_endpoint *a,
		       const struct vg_endpoint *b);

/* The host, or the literal as text: what people call the endpoint. */
#define VG_ENDPOINT_TEXT 256
void vg_endpoint_text(const struct vg_endpoint *e,
		      char ret[static VG_ENDPOINT_TEXT]);

/* ---- the daemon's own file ---------------------------------------------- */

struct vg_stub {
	char *zone;
	char *server; /* "ADDRESS@PORT", checked */
};

struct vg_config {
	char **forward; /* "ADDRESS@PORT", checked */
	size_t n_forward;
	struct vg_stub *stubs;
	size_t n_stubs;
	char **anchors; /* paths; default one: /usr/share/dns/root.key */
	size_t n_anchors;
	char *events_file;
	bool journal;
	char *metrics; /* "unix:/path" or "ADDRESS:PORT"; NULL: in the run dir */
	uint32_t leases_max;
	uint64_t ring_size; /* octets, a power of two, 64 KiB .. 256 MiB */
};

void vg_config_freep(struct vg_config **c);
