/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/cut.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "base/cleanup.h"
#include "base/fd.h"
#include "base/log.h"
#include "daemon/parent.h"
#include "daemon/state.h"

/* Processes that are asked for their network namespace, and namespaces. */
#define PIDS_MAX   64
#define SPACES_MAX 16

struct scope {
	uint64_t *ids; /* cgroups */
	size_t n_ids;
	pid_t *pids;
	size_t n_pids;
};

static void scope_free(struct scope *s)
{
	free(s->ids);
	free(s->pids);
}

static int append(void **to, size_t *n, const void *more, size_t n_more,
		  size_t size)
{
	void *grown;

	if (n_more == 0)
		return 0;
	grown = reallocarray(*to, *n + n_more, size);
	if (!grown)
		return -ENOMEM;
	memcpy((char *)grown + *n * size, more, n_more * size);
	*to = grown;
	*n += n_more;
	return 0;
}

/* Cgroups and processes of U as they are now; what is gone is left out. */
static int survey(struct vg_unit *u, struct scope *s)
{
	for (size_t i = 0; i < u->n_tags; i++) {
		vg_cleanup(vg_fd_closep) int fd = -1;
		vg_cleanup(vg_freep) uint64_t *ids = NULL;
		vg_cleanup(vg_freep) pid_t *pids = NULL;
		size_t n_ids = 0, n_pids = 0;
		int r;

		if (vg_cgroup_open(u->keeper->cgroup_root, u->tags[i].path,
				   &fd) < 0)
			continue;
		if (vg_cgroup_ids(fd, &ids, &n_ids) < 0 ||
		    vg_cgroup_pids(fd, &pids, &n_pids) < 0)
			continue;
		r = append((void **)&s->ids, &s->n_ids, ids, n_ids,
			   sizeof(*ids));
		if (r < 0)
			return r;
		r = append((void **)&s->pids, &s->n_pids, pids, n_pids,
			   sizeof(*pids));
		if (r < 0)
			return r;
	}
	return 0;
}

/* 0 where the kernel cannot tell (before 5.14). */
static uint64_t space_of(int netlink)
{
	uint64_t cookie = 0;
	socklen_t size = sizeof(cookie);

	if (getsockopt(netlink, SOL_SOCKET, SO_NETNS_COOKIE, &cookie, &size) <
	    0)
		return 0;
	return cookie;
}

/* True the first time: COOKIE then stands in SEEN. */
static bool first_visit(uint64_t *seen, size_t *n, uint64_t cookie)
{
	for (size_t i = 0; cookie && i < *n; i++)
		if (seen[i] == cookie)
			return false;
	if (*n >= SPACES_MAX)
		return false;
	seen[(*n)++] = cookie;
	return true;
}

/* FN with a sock_diag socket in our own namespace, then in each of S's. */
static void each_space(struct vg_keeper *k, const struct scope *s,
		       void (*fn)(void *arg, int netlink), void *arg)
{
	uint64_t seen[SPACES_MAX];
	size_t n_seen = 0;
	int own = -1;

	if (vg_destroy_open(&own) == 0) {
		first_visit(seen, &n_seen, space_of(own));
		fn(arg, own);
	}
	vg_fd_closep(&own);
	for (size_t i = 0; i < s->n_pids && i < PIDS_MAX; i++) {
		vg_cleanup(vg_fd_closep) int fd = -1;

		if (vg_parent_diag(k->parent, s->pids[i], &fd) < 0)
			continue; /* it ended, and its sockets with it */
		if (first_visit(seen, &n_seen, space_of(fd)))
			fn(arg, fd);
	}
}

struct run {
	struct vg_destroy_request request;
	uint32_t count;
};

static void run_there(void *arg, int netlink)
{
	struct run *run = arg;
	uint32_t count = 0;
	int r;

	r = vg_destroy_run(netlink, &run->request, &count);
	run->count += count;
	if (r < 0)
		vg_warn("destroying connections: %s; the kernel refuses their "
			"packets all the same",
			strerror(-r));
}

uint32_t vg_cut(struct vg_unit *u, const struct vg_destroy_target *targets,
		size_t n)
{
	vg_cleanup(scope_free) struct scope scope = {0};
	struct run run = {0};

	if (survey(u, &scope) < 0 || scope.n_ids == 0)
		return 0;
	run.request = (struct vg_destroy_request){
		.cgroups = scope.ids,
		.n_cgroups = scope.n_ids,
		.targets = targets,
		.n_targets = n,
	};
	each_space(u->keeper, &scope, run_there, &run);
	u->keeper->n_destroyed += run.count;
	return run.count;
}

uint32_t vg_cut_losses(struct vg_unit *u, const struct vg_book_losses *losses)
{
	vg_cleanup(vg_freep) struct vg_destroy_target *targets = NULL;
	size_t n = 0;

	targets = calloc(losses->n ? losses->n : 1, sizeof(*targets));
	if (!targets)
		return 0; /* refused by the kernel, only slower to notice */
	for (size_t i = 0; i < losses->n; i++) {
		const struct vg_permission *p = &losses->items[i].what;

		if (losses->items[i].kept)
			continue;
		targets[n++] = (struct vg_destroy_target){
			.prefix = p->prefix,
			.ports = {p->proto, p->port, p->port},
		};
	}
	return n ? vg_cut(u, targets, n) : 0; /* no target would mean all */
}

static void event_there(void *arg, int netlink)
{
	const struct vg_event *e = arg;

	(void)vg_destroy_event(netlink, e); /* -ENOENT: it is elsewhere */
}

void vg_cut_event(struct vg_unit *u, const struct vg_event *e)
{
	vg_cleanup(scope_free) struct scope scope = {0};

	if (survey(u, &scope) == 0)
		each_space(u->keeper, &scope, event_there,
			   (void *)(uintptr_t)e);
}
