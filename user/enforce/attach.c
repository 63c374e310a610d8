/* SPDX-License-Identifier: Apache-2.0 */
#include "enforce/attach.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <bpf/bpf.h>

#include "base/cleanup.h"
#include "base/fd.h"
#include "enforce/attach_parts.h"
#include "enforce/cgroup.h"
#include "enforce/link.h"
#include "enforce/load.h"
#include "enforce/pins.h"
#include "enforce/service.h"

int vg_attach_new(struct vg_load *load, struct vg_services *services,
		  struct vg_attach **ret)
{
	struct vg_attach *a = calloc(1, sizeof(*a));

	if (!a)
		return -ENOMEM;
	a->load = load;
	a->services = services;

	*ret = a;
	return 0;
}

void vg_attach_freep(struct vg_attach **a)
{
	if (*a)
		free((*a)->items);
	free(*a);
	*a = NULL;
}

/* ---- the table ------------------------------------------------------------- */

size_t vg_attach_count(const struct vg_attach *a)
{
	return a->n;
}

const struct vg_attachment *vg_attach_get(const struct vg_attach *a, size_t i)
{
	return i < a->n ? &a->items[i] : NULL;
}

static struct vg_attachment *find(const struct vg_attach *a, uint64_t cgroup_id)
{
	size_t i;

	for (i = 0; i < a->n; i++)
		if (a->items[i].cgroup_id == cgroup_id)
			return &a->items[i];
	return NULL;
}

const struct vg_attachment *vg_attach_find(const struct vg_attach *a,
					   uint64_t cgroup_id)
{
	return find(a, cgroup_id);
}

int vg_attach_reserve(struct vg_attach *a)
{
	size_t capacity = a->capacity ? 2 * a->capacity : 16;
	struct vg_attachment *items;

	if (a->n < a->capacity)
		return 0;
	items = reallocarray(a->items, capacity, sizeof(*items));
	if (!items)
		return -ENOMEM;
	a->items = items;
	a->capacity = capacity;
	return 0;
}

/* After vg_attach_reserve(): cannot fail. */
void vg_attach_publish(struct vg_attach *a, uint32_t service,
		       uint64_t cgroup_id, uint32_t layers)
{
	struct vg_attachment *item = find(a, cgroup_id);

	if (!item) {
		item = &a->items[a->n++];
		*item = (struct vg_attachment){.cgroup_id = cgroup_id,
					       .service = service};
	}
	item->layers |= layers;
}

static void forget(struct vg_attach *a, struct vg_attachment *item)
{
	*item = a->items[--a->n];
}

int vg_attach_one(const struct vg_load *load, enum vg_layer layer,
		  int cgroup_fd, uint32_t service, int *ret_fd)
{
	vg_cleanup(vg_fd_closep) int fd = -1;
	uint64_t id;
	int r;

	r = vg_cgroup_id(cgroup_fd, &id);
	if (r < 0)
		return r;
	fd = vg_link_make(load, layer, cgroup_fd);
	if (fd < 0)
		return fd;
	r = vg_link_identify(load, id, service);
	if (r < 0)
		return r;

	*ret_fd = VG_TAKE_FD(fd);
	return 0;
}

/* ---- overlap --------------------------------------------------------------- */

static int is_free(void *ctx, int fd, uint64_t id, const char *path)
{
	const struct vg_attachment *item = find(ctx, id);

	(void)fd;
	(void)path;
	return item && !item->leaving ? -ENOTUNIQ : 0;
}

/*
 * Both programs would run and share the marks of the sockets: neither a cgroup
 * above nor one below may be confined too, but for a moment: then either
 * refuses, and no mark of one service holds for the other.
 */
static int check_overlap(struct vg_attach *a, int cgroup_fd)
{
	int r;

	r = vg_cgroup_each_above(cgroup_fd, is_free, a);
	if (r < 0)
		return r;
	return vg_cgroup_each(cgroup_fd, is_free, a);
}

/* ---- adding ---------------------------------------------------------------- */

/* Links of one cgroup on their way to being published. */
struct links {
	int fds[VG_LAYER_COUNT]; /* -1: not made */
	uint32_t pinned; /* bit per layer */
};

static void close_links(struct links *l)
{
	int i;

	for (i = 0; i < VG_LAYER_COUNT; i++)
		vg_fd_closep(&l->fds[i]);
}

static int make_links(const struct vg_attach *a, int cgroup_fd, uint32_t layers,
		      struct links *l)
{
	int i;

	for (i = 0; i < VG_LAYER_COUNT; i++) {
		if (!(layers & 1u << i))
			continue;
		l->fds[i] = vg_link_make(a->load, (enum vg_layer)i, cgroup_fd);
		if (l->fds[i] < 0)
			return l->fds[i];
	}
	return 0;
}

static void unpin(const struct vg_attach *a, const char *service, uint64_t id,
		  uint32_t layers)
{
	char path[PATH_MAX];
	int i;

	for (i = 0; i < VG_LAYER_COUNT; i++)
		if (layers & 1u << i &&
		    vg_link_path(a->load, service, id, (enum vg_layer)i,
				 path) == 0)
			unlink(path);
}

static int pin_links(const struct vg_attach *a, const char *service,
		     uint64_t id, struct links *l)
{
	char path[PATH_MAX];
	int i, r;

	for (i = 0; i < VG_LAYER_COUNT; i++) {
		if (l->fds[i] < 0)
			continue;
		r = vg_link_path(a->load, service, id, (enum vg_layer)i, path);
		if (r < 0)
			return r;
		/* Of a dead cgroup, else it would be in the table. */
		unlink(path);
		r = bpf_obj_pin(l->fds[i], path);
		if (r < 0)
			return r;
		l->pinned |= 1u << i;
	}
	return 0;
}

int vg_attach_dir(const struct vg_attach *a, const char *service,
		  char ret[static PATH_MAX])
{
	int n = snprintf(ret, PATH_MAX, "%s/links/%s", vg_load_path(a->load),
			 service);

	return n < 0 || n >= PATH_MAX ? -ENAMETOOLONG : 0;
}

static int make_dir(const struct vg_attach *a, const char *service)
{
	char path[PATH_MAX];
	int r;

	r = vg_attach_dir(a, service, path);
	if (r < 0)
		return r;
	return mkdir(path, 0700) < 0 && errno != EEXIST ? -errno : 0;
}

/* Fails, as it should, while another cgroup has its links there. */
void vg_attach_remove_dir(const struct vg_attach *a, const char *service)
{
	char path[PATH_MAX];

	if (vg_attach_dir(a, service, path) == 0)
		rmdir(path);
}

/* Closed from the first link on: the identity says nobody until the end. */
static int attach_layers(struct vg_attach *a, const char *name,
			 uint32_t service, int cgroup_fd, uint64_t id,
			 uint32_t layers)
{
	vg_cleanup(close_links) struct links l = {.pinned = 0};
	int r;

	memset(l.fds, 0xff, sizeof(l.fds));
	r = make_dir(a, name);
	if (r < 0)
		return r;
	r = make_links(a, cgroup_fd, layers, &l);
	if (r < 0)
		return r;
	r = pin_links(a, name, id, &l);
	if (r == 0)
		r = vg_link_identify(a->load, id, service);
	if (r < 0)
		unpin(a, name, id, l.pinned);
	return r;
}

/* Nobody's, whatever an earlier attach wrote there. */
static int reset_identity(const struct vg_load *load, uint64_t cgroup_id)
{
	int r = vg_link_identify(load, cgroup_id, 0);

	return r == -ENOENT ? 0 : r;
}

/*
 * The other service decides from the first write on.  Pins that could not be
 * renamed enforce where they are.
 */
static int move(struct vg_attach *a, struct vg_attachment *item,
		uint32_t service, const char *name)
{
	const char *before = vg_services_name(a->services, item->service);
	char from[PATH_MAX], to[PATH_MAX];
	int first = 0, i, r;

	r = make_dir(a, name);
	if (r == 0)
		r = vg_link_identify(a->load, item->cgroup_id, service);
	if (r < 0)
		return r;
	item->service = service;
	item->leaving = false;
	for (i = 0; before && i < VG_LAYER_COUNT; i++) {
		r = vg_link_path(a->load, before, item->cgroup_id,
				 (enum vg_layer)i, from);
		if (r == 0)
			r = vg_link_path(a->load, name, item->cgroup_id,
					 (enum vg_layer)i, to);
		if (r == 0 && rename(from, to) < 0 && errno != ENOENT)
			r = -errno;
		if (r < 0 && first == 0)
			first = r;
	}
	if (before)
		vg_attach_remove_dir(a, before);
	return first;
}

int vg_attach_add(struct vg_attach *a, uint32_t service, int cgroup_fd)
{
	const char *name = vg_services_name(a->services, service);
	struct vg_attachment *known;
	uint32_t missing = VG_LAYERS_ALL;
	uint64_t id;
	int r;

	if (!name)
		return -ENOENT;
	r = vg_cgroup_id(cgroup_fd, &id);
	if (r < 0)
		return r;
	known = find(a, id);
	if (known && known->service != service)
		r = known->leaving ? move(a, known, service, name) : -EEXIST;
	if (r < 0)
		return r;
	if (known) {
		known->leaving = false;
		missing &= ~known->layers;
	} else {
		r = check_overlap(a, cgroup_fd);
	}
	if (r < 0)
		return r;
	if (!known)
		r = reset_identity(a->load, id);
	if (r < 0)
		return r;
	r = vg_attach_reserve(a);
	if (r < 0)
		return r;
	r = attach_layers(a, name, service, cgroup_fd, id, missing);
	if (r < 0)
		return r;
	vg_attach_publish(a, service, id, missing);
	return 0;
}

/* ---- removing -------------------------------------------------------------- */

void vg_attach_leave(struct vg_attach *a, uint64_t cgroup_id)
{
	struct vg_attachment *item = find(a, cgroup_id);

	if (item)
		item->leaving = true;
}

int vg_attach_remove(struct vg_attach *a, uint64_t cgroup_id)
{
	struct vg_attachment *item = find(a, cgroup_id);
	const char *name;

	if (!item)
		return 0;
	name = vg_services_name(a->services, item->service);
	if (!name)
		return -ENOENT;
	unpin(a, name, cgroup_id, VG_LAYERS_ALL);
	vg_attach_remove_dir(a, name);
	forget(a, item);
	return 0;
}

int vg_attach_remove_service(struct vg_attach *a, uint32_t service)
{
	size_t i = 0;
	int r;

	while (i < a->n) {
		if (a->items[i].service != service) {
			i++;
			continue;
		}
		r = vg_attach_remove(a, a->items[i].cgroup_id);
		if (r < 0)
			return r;
	}
	return 0;
}

/* ---- after its end ---------------------------------------------------- */

void vg_attach_bury(struct vg_attach *a, uint64_t cgroup_id)
{
	struct vg_attachment *item = find(a, cgroup_id);

	if (!item)
		return;
	item->dead = true;
	item->leaving = false;
}

/* The link lost its cgroup with the last socket, or there is none. */
static bool has_let_go(const struct vg_attach *a, const char *service,
		       uint64_t id, enum vg_layer layer)
{
	vg_cleanup(vg_fd_closep) int fd = -1;
	char path[PATH_MAX];
	uint64_t cgroup;

	if (vg_link_path(a->load, service, id, layer, path) < 0)
		return false;
	fd = bpf_obj_get(path);
	if (fd < 0)
		return fd == -ENOENT;
	return vg_link_cgroup(fd, &cgroup) == 0 && cgroup != id;
}

static bool is_over(const struct vg_attach *a, const struct vg_attachment *item)
{
	const char *name = vg_services_name(a->services, item->service);
	int i;

	for (i = 0; name && i < VG_LAYER_COUNT; i++)
		if (!has_let_go(a, name, item->cgroup_id, (enum vg_layer)i))
			return false;
	return name;
}

void vg_attach_reap(struct vg_attach *a)
{
	size_t i;

	for (i = a->n; i-- > 0;)
		if (a->items[i].dead && is_over(a, &a->items[i]))
			(void)vg_attach_remove(a, a->items[i].cgroup_id);
}

/* ---- checking ------------------------------------------------- */

static bool layer_is_there(const struct vg_attach *a, const char *service,
			   uint64_t id, enum vg_layer layer)
{
	vg_cleanup(vg_fd_closep) int fd = -1;
	char path[PATH_MAX];
	uint64_t cgroup;

	if (vg_link_path(a->load, service, id, layer, path) < 0)
		return false;
	fd = bpf_obj_get(path);
	return fd >= 0 && vg_link_cgroup(fd, &cgroup) == 0 && cgroup == id;
}

uint32_t vg_attach_check(struct vg_attach *a, uint64_t cgroup_id)
{
	struct vg_attachment *item = find(a, cgroup_id);
	const char *name;
	uint32_t layers = 0;
	int i;

	if (!item)
		return 0;
	name = vg_services_name(a->services, item->service);
	for (i = 0; name && i < VG_LAYER_COUNT; i++)
		if (layer_is_there(a, name, cgroup_id, (enum vg_layer)i))
			layers |= 1u << i;
	item->layers = layers;
	return layers;
}
