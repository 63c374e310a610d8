/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The half of attach.h that takes over what an earlier keeper pinned.
 */
#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <unistd.h>

#include <bpf/bpf.h>

#include "base/cleanup.h"
#include "base/fd.h"
#include "enforce/attach_parts.h"
#include "enforce/link.h"
#include "enforce/load.h"
#include "enforce/pins.h"
#include "enforce/service.h"

/* -ENOLINK: the cgroup is gone. */
static int adopt_link(struct vg_attach *a, const char *path, uint32_t service,
		      uint64_t id, enum vg_layer layer)
{
	vg_cleanup(vg_fd_closep) int fd = -1;
	uint64_t cgroup;
	int r, updated;

	r = vg_attach_reserve(a);
	if (r < 0)
		return r;
	fd = bpf_obj_get(path);
	if (fd < 0)
		return fd;
	r = vg_link_cgroup(fd, &cgroup);
	if (r < 0)
		return r;
	if (cgroup != id)
		return -ENOLINK;
	updated = bpf_link_update(fd, vg_load_program(a->load, layer), NULL);
	if (updated == -ENOLINK)
		return updated;
	/* The old program or the new: it enforces, so it is ours. */
	vg_attach_publish(a, service, id, 1u << layer);
	r = vg_link_identify(a->load, id, service);
	return updated < 0 ? updated : r;
}

static int adopt_file(struct vg_attach *a, const char *service, uint32_t id,
		      const char *file)
{
	char path[PATH_MAX];
	enum vg_layer layer;
	uint64_t cgroup;
	int r;

	r = vg_link_parse(a->load, file, &cgroup, &layer);
	if (r < 0)
		return r;
	r = vg_link_path(a->load, service, cgroup, layer, path);
	if (r < 0)
		return r;
	r = adopt_link(a, path, id, cgroup, layer);
	if (r != -ENOLINK)
		return r;
	return unlink(path) < 0 ? -errno : 0;
}

static void closedirp(DIR **d)
{
	if (*d)
		closedir(*d);
}

static int adopt_service(struct vg_attach *a, const char *service)
{
	vg_cleanup(closedirp) DIR *d = NULL;
	char path[PATH_MAX];
	struct dirent *e;
	int first = 0, r;
	uint32_t id;

	r = vg_services_add(a->services, service, &id);
	if (r < 0)
		return r;
	r = vg_attach_dir(a, service, path);
	if (r < 0)
		return r;
	d = opendir(path);
	if (!d)
		return -errno;
	while ((e = readdir(d))) {
		if (e->d_name[0] == '.')
			continue;
		r = adopt_file(a, service, id, e->d_name);
		if (r < 0 && first == 0)
			first = r;
	}
	vg_attach_remove_dir(a, service);
	return first;
}

int vg_attach_adopt(struct vg_attach *a)
{
	vg_cleanup(closedirp) DIR *d = NULL;
	struct dirent *e;
	char path[PATH_MAX];
	int first = 0, r;

	r = vg_pins_path(path, vg_load_path(a->load), "links");
	if (r < 0)
		return r;
	d = opendir(path);
	if (!d)
		return -errno;
	while ((e = readdir(d))) {
		if (e->d_name[0] == '.')
			continue;
		r = adopt_service(a, e->d_name);
		if (r < 0 && first == 0)
			first = r;
	}
	return first;
}
