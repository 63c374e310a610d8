/* SPDX-License-Identifier: Apache-2.0 */
/*
 * layout -- compares the structs of abi.h, as the C compiler of user/ lays
 * them out, with the BTF of a BPF object.
 *   layout OBJECT
 * Every member counts: its name, offset and size; and there may be no member
 * in the object that this list does not know.  One line per difference.
 */
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <bpf/btf.h>

#include "base/cleanup.h"
#include "verigress/abi.h"

struct member {
	const char *name;
	size_t offset;
	size_t size;
};

struct layout {
	const char *name;
	size_t size;
	const struct member *members;
	size_t n;
};

#define M(type, field)                                                         \
	{                                                                      \
#field, offsetof(struct type, field),                          \
			sizeof(((struct type *)NULL)->field)                   \
	}

static const struct member identity[] = {M(vg_identity, service),
					 M(vg_identity, zero)};
static const struct member service_state[] = {
	M(vg_service_state, epoch),	   M(vg_service_state, present),
	M(vg_service_state, mode),	   M(vg_service_state, lockdown),
	M(vg_service_state, has_cidrs),	   M(vg_service_state, any_port),
	M(vg_service_state, expiry_kills), M(vg_service_state, ending),
	M(vg_service_state, zero),	   M(vg_service_state, name),
};
static const struct member lease_key[] = {
	M(vg_lease_key, service), M(vg_lease_key, proto), M(vg_lease_key, zero),
	M(vg_lease_key, port),	  M(vg_lease_key, addr),
};
static const struct member prefix_key[] = {M(vg_prefix_key, prefixlen),
					   M(vg_prefix_key, dst)};
static const struct member lease[] = {
	M(vg_lease, until_ns), M(vg_lease, endpoint), M(vg_lease, port),
	M(vg_lease, bits),     M(vg_lease, name),
};
static const struct member listen_value[] = {M(vg_listen, zero)};
static const struct member flow[] = {
	M(vg_flow, until_ns),	M(vg_flow, established_ns),
	M(vg_flow, service),	M(vg_flow, epoch),
	M(vg_flow, remote),	M(vg_flow, remote_port),
	M(vg_flow, local_port), M(vg_flow, kind),
	M(vg_flow, proto),	M(vg_flow, zero),
};
static const struct member meta[] = {M(vg_meta, abi), M(vg_meta, zero)};
static const struct member event[] = {
	M(vg_event, version),	M(vg_event, type),	  M(vg_event, layer),
	M(vg_event, reason),	M(vg_event, flags),	  M(vg_event, proto),
	M(vg_event, family),	M(vg_event, service),	  M(vg_event, cpu),
	M(vg_event, seq),	M(vg_event, lost),	  M(vg_event, boot_ns),
	M(vg_event, cgroup_id), M(vg_event, cookie),	  M(vg_event, netns),
	M(vg_event, dst),	M(vg_event, src),	  M(vg_event, dst_port),
	M(vg_event, src_port),	M(vg_event, pid),	  M(vg_event, uid),
	M(vg_event, comm),	M(vg_event, zero),	  M(vg_event, sent),
	M(vg_event, received),	M(vg_event, duration_ns),
};
static const struct member cpu_head[] = {
	M(vg_cpu_head, seq),
	M(vg_cpu_head, lost),
	M(vg_cpu_head, lost_flows),
	M(vg_cpu_head, woken_ns),
};

#define L(type, list)                                                          \
	{                                                                      \
#type, sizeof(struct type), list, VG_ARRAY_LEN(list)           \
	}

static const struct layout layouts[] = {
	L(vg_identity, identity),   L(vg_service_state, service_state),
	L(vg_lease_key, lease_key), L(vg_prefix_key, prefix_key),
	L(vg_lease, lease),	    L(vg_listen, listen_value),
	L(vg_flow, flow),	    L(vg_meta, meta),
	L(vg_event, event),	    L(vg_cpu_head, cpu_head),
};

static int compare_member(const struct btf *btf, const struct layout *l,
			  const struct btf_member *got, uint32_t bits)
{
	const char *name = btf__name_by_offset(btf, got->name_off);
	long long size = btf__resolve_size(btf, got->type);
	size_t i;

	for (i = 0; i < l->n; i++) {
		if (strcmp(l->members[i].name, name) != 0)
			continue;
		if (bits == l->members[i].offset * 8 &&
		    size == (long long)l->members[i].size)
			return 0;
		printf("%s.%s: object has offset %u size %lld, C has %zu %zu\n",
		       l->name, name, bits / 8, size, l->members[i].offset,
		       l->members[i].size);
		return 1;
	}
	printf("%s.%s: unknown to this test\n", l->name, name);
	return 1;
}

static int compare(const struct btf *btf, const struct layout *l)
{
	int id = btf__find_by_name_kind(btf, l->name, BTF_KIND_STRUCT);
	const struct btf_type *t;
	int i, bad = 0;

	if (id < 0) {
		printf("%s: not in the object\n", l->name);
		return 1;
	}
	t = btf__type_by_id(btf, (uint32_t)id);
	if (t->size != l->size || btf_vlen(t) != l->n) {
		printf("%s: object has size %u and %u members, C has %zu %zu\n",
		       l->name, t->size, btf_vlen(t), l->size, l->n);
		bad++;
	}
	for (i = 0; i < btf_vlen(t); i++)
		bad += compare_member(btf, l, &btf_members(t)[i],
				      btf_member_bit_offset(t, (uint32_t)i));
	return bad;
}

int main(int argc, char **argv)
{
	struct btf *btf = argc == 2 ? btf__parse(argv[1], NULL) : NULL;
	size_t i;
	int bad = 0;

	if (!btf) {
		fputs("usage: layout OBJECT, with BTF\n", stderr);
		return 2;
	}
	for (i = 0; i < VG_ARRAY_LEN(layouts); i++)
		bad += compare(btf, &layouts[i]);
	btf__free(btf);
	return bad ? EXIT_FAILURE : EXIT_SUCCESS;
}
