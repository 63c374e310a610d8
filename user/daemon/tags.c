/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Cgroups: which are there, confined when they appear, released when they are
 * gone.  A cgroup is known by its id, which is never used again; one re-created
 * under the same name is another, and has nothing of the first.
 */
#include <errno.h>
#include <event2/event.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/clock.h"
#include "base/fd.h"
#include "base/log.h"
#include "control/peer.h"
#include "daemon/state.h"

/*
 * ExecStartPre=+ runs `hold` inside the new cgroup: we may see it populated a
 * moment before we hear why.
 */
#define HOLD_GRACE_NS VG_NS_PER_S

static bool is_named(const struct vg_keeper *k, const char *path)
{
	for (size_t i = 0; i < k->n_units; i++)
		for (size_t j = 0; j < k->units[i]->n_tags; j++)
			if (strcmp(k->units[i]->tags[j].path, path) == 0)
				return true;
	return false;
}

void vg_tags_drop(struct vg_keeper *k, const struct vg_tag *t)
{
	if (!is_named(k, t->path))
		vg_cgroup_watch_remove(k->cgroups, t->path);
}

static int tag_id(const struct vg_unit *u, const struct vg_tag *t, int *ret_fd,
		  uint64_t *ret_id)
{
	vg_cleanup(vg_fd_closep) int fd = -1;
	int r;

	r = vg_cgroup_open(u->keeper->cgroup_root, t->path, &fd);
	if (r == 0)
		r = vg_cgroup_id(fd, ret_id);
	if (r < 0)
		return r;
	*ret_fd = VG_TAKE_FD(fd);
	return 0;
}

/* The one error that says something of the cgroup, and not of us. */
static bool is_gone(int error)
{
	return error == -ENOENT || error == -ENODEV;
}

bool vg_tags_claim(const struct vg_unit *u, uint64_t cgroup_id)
{
	for (size_t i = 0; i < u->n_tags; i++) {
		vg_cleanup(vg_fd_closep) int fd = -1;
		uint64_t id = 0;
		int r = tag_id(u, &u->tags[i], &fd, &id);

		if (u->tags[i].id == cgroup_id || id == cgroup_id)
			return true;
		/* Not known, so not let go. */
		if (r < 0 && !is_gone(r))
			return true;
	}
	return false;
}

static void tell_late(struct vg_unit *u, const struct vg_tag *t)
{
	struct vg_record r = {
		.kind = VG_RECORD_TAGGED_LATE,
		.cgroup_path = t->path,
		.cgroup_id = t->id,
		.subject = t->path,
		.detail = "it had processes before it was confined: call "
			  "`verigress hold` before its first one starts",
	};

	u->tagged_late++;
	vg_warn("%s: %s had processes before it was confined", u->service->name,
		t->path);
	vg_incident(u->keeper, u, &r);
}

/* Nobody said `hold` in time: the service may have run before. */
static void settle_late(struct vg_unit *u, struct vg_tag *t)
{
	if (!t->populated_ns)
		return;
	t->populated_ns = 0;
	t->late = true;
	tell_late(u, t);
}

/* The cgroup at T's path is gone, though not always its sockets. */
static void let_go(struct vg_unit *u, struct vg_tag *t)
{
	vg_attach_bury(u->keeper->attach, t->id);
	settle_late(u, t);
	t->id = 0;
	t->late = false;
}

/* Confine what is at T's path now. */
static int confine(struct vg_unit *u, struct vg_tag *t)
{
	struct vg_keeper *k = u->keeper;
	vg_cleanup(vg_fd_closep) int fd = -1;
	const struct vg_attachment *a;
	bool empty = true, adopted;
	uint64_t id;
	int r;

	r = tag_id(u, t, &fd, &id);
	if (r < 0 && !is_gone(r)) /* no fd, no memory: it stays as it is */
		return r;
	if (r < 0) {
		let_go(u, t);
		return r;
	}
	if (t->id && t->id != id)
		let_go(u, t);
	a = vg_attach_find(k->attach, id);
	adopted = a && a->service == u->id && a->layers == VG_LAYERS_ALL;
	if (t->id == id && adopted)
		return 0;
	if (!adopted)
		(void)vg_cgroup_is_empty(fd, &empty);
	r = vg_attach_add(k->attach, u->id, fd);
	if (r < 0)
		return r;
	t->id = id;
	if (!adopted && !empty)
		t->populated_ns = vg_clock_now();
	if (!adopted)
		vg_info("%s: confined %s", u->service->name, t->path);
	return 0;
}

static void sync_one(struct vg_unit *u, struct vg_tag *t)
{
	int r = confine(u, t);

	if (r == -ENOENT) /* not there yet: the watch will tell */
		r = 0;
	if (r < 0 && r != t->error) {
		vg_err("%s: cannot confine %s: %s", u->service->name, t->path,
		       strerror(-r));
		vg_incident_state(u->keeper, true, t->path, strerror(-r));
	}
	t->error = r;
}

void vg_tags_sync(struct vg_unit *u)
{
	for (size_t i = 0; i < u->n_tags; i++) {
		int r = vg_cgroup_watch_add(u->keeper->cgroups,
					    u->tags[i].path);

		if (r < 0)
			vg_err("%s: cannot watch %s: %s", u->service->name,
			       u->tags[i].path, strerror(-r));
		sync_one(u, &u->tags[i]);
	}
}

int vg_tags_hold(struct vg_unit *u)
{
	size_t there = 0;
	int r;

	for (size_t i = 0; i < u->n_tags; i++) {
		r = confine(u, &u->tags[i]);
		if (r == -ENOENT)
			continue;
		if (r < 0)
			return r;
		/* What is in it is not the service yet: the caller says so. */
		u->tags[i].populated_ns = 0;
		there++;
	}
	return there ? 0 : -ENOENT;
}

void vg_tags_tick(struct vg_keeper *k, uint64_t now)
{
	for (size_t i = 0; i < k->n_units; i++)
		for (size_t j = 0; j < k->units[i]->n_tags; j++)
			if (now - k->units[i]->tags[j].populated_ns >
			    HOLD_GRACE_NS)
				settle_late(k->units[i], &k->units[i]->tags[j]);
}

static void on_moved(void *ctx, const char *path)
{
	struct vg_keeper *k = ctx;

	for (size_t i = 0; i < k->n_units; i++)
		for (size_t j = 0; j < k->units[i]->n_tags; j++)
			if (strcmp(k->units[i]->tags[j].path, path) == 0)
				sync_one(k->units[i], &k->units[i]->tags[j]);
}

static void on_readable(evutil_socket_t fd, short what, void *arg)
{
	struct vg_keeper *k = arg;

	(void)fd;
	(void)what;
	if (vg_cgroup_watch_read(k->cgroups) < 0)
		vg_err("cannot watch cgroups any more");
}

int vg_tags_start(struct vg_keeper *k)
{
	int r;

	r = vg_cgroup_watch_new(k->cgroup_root, on_moved, k, &k->cgroups);
	if (r < 0)
		return r;
	k->cgroups_readable = event_new(k->base, vg_cgroup_watch_fd(k->cgroups),
					EV_READ | EV_PERSIST, on_readable, k);
	if (!k->cgroups_readable || event_add(k->cgroups_readable, NULL) < 0)
		return -ENOMEM;
	return 0;
}

/*
 * /proc/PID/cgroup speaks of the root of the hierarchy; our paths are below
 * --cgroup-root, which may lie deeper: compare the end of one with the other.
 */
bool vg_tags_confines(void *keeper, const char *path)
{
	struct vg_keeper *k = keeper;
	const char *below = k->cgroup_below;
	size_t n = strlen(below);

	if (strncmp(path, below, n) != 0)
		return false;
	path += n;
	for (size_t i = 0; i < k->n_units; i++)
		for (size_t j = 0; j < k->units[i]->n_tags; j++)
			if (vg_cgroup_inside(path, k->units[i]->tags[j].path))
				return true;
	return false;
}

struct search {
	uint64_t id;
	uint32_t *budget;
	char *path; /* where the answer goes */
	size_t size;
	bool found;
};

static int match_id(void *ctx, int fd, uint64_t id, const char *path)
{
	struct search *s = ctx;

	(void)fd;
	if (*s->budget == 0)
		return -ECANCELED;
	--*s->budget;
	if (id != s->id)
		return 0;
	s->found = true;
	if (s->path)
		snprintf(s->path, s->size, "%s", path);
	return -ECANCELED;
}

bool vg_tags_path(struct vg_unit *u, uint64_t cgroup_id, char *ret, size_t size)
{
	for (size_t i = 0; i < u->n_tags; i++) {
		struct search s = {
			.id = cgroup_id,
			.budget = &u->keeper->walk_budget,
			.path = ret,
			.size = size,
		};
		vg_cleanup(vg_fd_closep) int fd = -1;
		char below[1024];

		if (u->tags[i].id == cgroup_id) {
			snprintf(ret, size, "%s", u->tags[i].path);
			return true;
		}
		if (vg_cgroup_open(u->keeper->cgroup_root, u->tags[i].path,
				   &fd) < 0)
			continue;
		(void)vg_cgroup_each(fd, match_id, &s);
		if (!s.found)
			continue;
		snprintf(below, sizeof(below), "%s", ret);
		snprintf(ret, size, "%s%s%s", u->tags[i].path,
			 below[0] ? "/" : "", below);
		return true;
	}
	return false;
}
