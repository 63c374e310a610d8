/* SPDX-License-Identifier: Apache-2.0 */
#include "enforce/link.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include <bpf/bpf.h>

#include "events/format.h"
#include "base/num.h"
#include "enforce/load.h"

static const enum bpf_attach_type attach_types[VG_LAYER_COUNT] = {
	[VG_LAYER_CONNECT4] = BPF_CGROUP_INET4_CONNECT,
	[VG_LAYER_CONNECT6] = BPF_CGROUP_INET6_CONNECT,
	[VG_LAYER_SENDMSG4] = BPF_CGROUP_UDP4_SENDMSG,
	[VG_LAYER_SENDMSG6] = BPF_CGROUP_UDP6_SENDMSG,
	[VG_LAYER_SOCK_OPS] = BPF_CGROUP_SOCK_OPS,
	[VG_LAYER_EGRESS] = BPF_CGROUP_INET_EGRESS,
};

int vg_link_path(const struct vg_load *load, const char *service,
		 uint64_t cgroup_id, enum vg_layer layer,
		 char ret[static PATH_MAX])
{
	int n = snprintf(ret, PATH_MAX, "%s/links/%s/%llu_%s",
			 vg_load_path(load), service,
			 (unsigned long long)cgroup_id,
			 vg_load_program_name(load, layer));

	return n < 0 || n >= PATH_MAX ? -ENAMETOOLONG : 0;
}

int vg_link_parse(const struct vg_load *load, const char *name,
		  uint64_t *ret_id, enum vg_layer *ret_layer)
{
	const char *program = strchr(name, '_');
	char digits[24];
	size_t n;
	int i, r;

	n = program ? (size_t)(program - name) : 0;
	if (n == 0 || n >= sizeof(digits))
		return -EINVAL;
	memcpy(digits, name, n);
	digits[n] = '\0';
	r = vg_num_u64(digits, 1, UINT64_MAX, ret_id);
	if (r < 0)
		return r;
	for (i = 0; i < VG_LAYER_COUNT; i++) {
		if (strcmp(program + 1,
			   vg_load_program_name(load, (enum vg_layer)i)) == 0) {
			*ret_layer = (enum vg_layer)i;
			return 0;
		}
	}
	return -EINVAL;
}

int vg_link_cgroup(int link_fd, uint64_t *ret)
{
	struct bpf_link_info info = {0};
	uint32_t size = sizeof(info);
	int r;

	r = bpf_obj_get_info_by_fd(link_fd, &info, &size);
	if (r < 0)
		return r;
	if (info.type != BPF_LINK_TYPE_CGROUP)
		return -EINVAL;
	*ret = info.cgroup.cgroup_id;
	return 0;
}

int vg_link_identify(const struct vg_load *load, uint64_t cgroup_id,
		     uint32_t service)
{
	const struct vg_identity who = {.service = service};

	return bpf_map_update_elem(vg_load_map(load, VG_MAP_IDENTITY),
				   &cgroup_id, &who, BPF_ANY);
}

int vg_link_make(const struct vg_load *load, enum vg_layer layer, int cgroup_fd)
{
	return bpf_link_create(vg_load_program(load, layer), cgroup_fd,
			       attach_types[layer], NULL);
}
