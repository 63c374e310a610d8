/* SPDX-License-Identifier: Apache-2.0 */
/* The words of the closed lists; tests/unit/test_format.c misses none. */
#include "events/format.h"

#include <netinet/in.h>

#include "base/cleanup.h"

static const char *const kinds[VG_RECORD_COUNT] = {
	[VG_RECORD_DENY] = "deny",
	[VG_RECORD_WOULD_DENY] = "would_deny",
	[VG_RECORD_FLOW_END] = "flow_end",
	[VG_RECORD_LEASE_SET] = "lease_set",
	[VG_RECORD_LEASE_END] = "lease_end",
	[VG_RECORD_FINDING] = "finding",
	[VG_RECORD_POLICY_LOAD] = "policy_load",
	[VG_RECORD_POLICY_ERROR] = "policy_error",
	[VG_RECORD_DEGRADED] = "degraded",
	[VG_RECORD_RECOVERED] = "recovered",
	[VG_RECORD_LOST] = "lost",
	[VG_RECORD_TAGGED_LATE] = "tagged_late",
};

static const char *const reasons[VG_REASON_COUNT] = {
	[VG_REASON_NONE] = "granted",
	[VG_REASON_NO_LEASE] = "no_lease",
	[VG_REASON_EXPIRED] = "expired",
	[VG_REASON_NOT_READY] = "not_ready",
	[VG_REASON_FAMILY] = "family",
	[VG_REASON_SOCKET_KIND] = "socket_kind",
	[VG_REASON_LOCKDOWN] = "lockdown",
	[VG_REASON_FOREIGN_SOCKET] = "foreign_socket",
	[VG_REASON_WRONG_PORT] = "wrong_port",
	[VG_REASON_WRONG_PROTO] = "wrong_proto",
	[VG_REASON_REVOKED] = "revoked",
};

static const char *const layers[VG_LAYER_COUNT] = {
	[VG_LAYER_CONNECT4] = "connect4", [VG_LAYER_CONNECT6] = "connect6",
	[VG_LAYER_SENDMSG4] = "sendmsg4", [VG_LAYER_SENDMSG6] = "sendmsg6",
	[VG_LAYER_SOCK_OPS] = "sock_ops", [VG_LAYER_EGRESS] = "egress",
};

static const char *const modes[] = {
	[VG_MODE_ENFORCE] = "enforce",
	[VG_MODE_AUDIT] = "audit",
};

static const char *const protos[] = {
	[IPPROTO_ICMP] = "icmp", [IPPROTO_IGMP] = "igmp",
	[IPPROTO_TCP] = "tcp",	 [IPPROTO_UDP] = "udp",
	[IPPROTO_DCCP] = "dccp", [IPPROTO_GRE] = "gre",
	[IPPROTO_ESP] = "esp",	 [IPPROTO_ICMPV6] = "icmpv6",
	[IPPROTO_SCTP] = "sctp", [IPPROTO_UDPLITE] = "udplite",
};

static const char *name_in(const char *const *names, size_t n, size_t i)
{
	return i < n && names[i] ? names[i] : "?";
}

const char *vg_record_kind_name(enum vg_record_kind k)
{
	return name_in(kinds, VG_ARRAY_LEN(kinds), k);
}

const char *vg_reason_name(enum vg_reason r)
{
	return name_in(reasons, VG_ARRAY_LEN(reasons), r);
}

const char *vg_layer_name(enum vg_layer l)
{
	return name_in(layers, VG_ARRAY_LEN(layers), l);
}

const char *vg_mode_name(enum vg_mode m)
{
	return name_in(modes, VG_ARRAY_LEN(modes), m);
}

const char *vg_proto_name(uint8_t proto)
{
	return proto < VG_ARRAY_LEN(protos) ? protos[proto] : NULL;
}
