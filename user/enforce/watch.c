/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The watching half of cgroup.h: inotify on every parent of a path that
 * exists, so that the coming of each part is seen.
 */
#include "enforce/cgroup.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/inotify.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/fd.h"

/* A watched directory: its number, and its path below the root. */
struct dir {
	int wd;
	char *path;
};

struct vg_cgroup_watch {
	int root_fd; /* borrowed */
	int fd;
	vg_cgroup_watch_fn fn;
	void *ctx;
	char **paths;
	size_t n_paths;
	struct dir *dirs;
	size_t n_dirs;
};

int vg_cgroup_watch_new(int root_fd, vg_cgroup_watch_fn fn, void *ctx,
			struct vg_cgroup_watch **ret)
{
	vg_cleanup(vg_cgroup_watch_freep) struct vg_cgroup_watch *w = NULL;

	w = calloc(1, sizeof(*w));
	if (!w)
		return -ENOMEM;
	w->root_fd = root_fd;
	w->fn = fn;
	w->ctx = ctx;
	w->fd = inotify_init1(IN_NONBLOCK | IN_CLOEXEC);
	if (w->fd < 0)
		return -errno;

	*ret = VG_TAKE_PTR(w);
	return 0;
}

void vg_cgroup_watch_freep(struct vg_cgroup_watch **at)
{
	struct vg_cgroup_watch *w = *at;
	size_t i;

	if (!w)
		return;
	for (i = 0; i < w->n_paths; i++)
		free(w->paths[i]);
	for (i = 0; i < w->n_dirs; i++)
		free(w->dirs[i].path);
	free(w->paths);
	free(w->dirs);
	vg_fd_closep(&w->fd);
	free(w);
	*at = NULL;
}

int vg_cgroup_watch_fd(const struct vg_cgroup_watch *w)
{
	return w->fd;
}

/* ---- directories ----------------------------------------------------------- */

static struct dir *find_dir(struct vg_cgroup_watch *w, int wd)
{
	size_t i;

	for (i = 0; i < w->n_dirs; i++)
		if (w->dirs[i].wd == wd)
			return &w->dirs[i];
	return NULL;
}

static int remember_dir(struct vg_cgroup_watch *w, int wd, const char *path)
{
	struct dir *dirs;
	char *copy;

	if (find_dir(w, wd))
		return 0;
	dirs = reallocarray(w->dirs, w->n_dirs + 1, sizeof(*dirs));
	if (!dirs)
		return -ENOMEM;
	w->dirs = dirs;
	copy = strdup(path);
	if (!copy)
		return -ENOMEM;
	w->dirs[w->n_dirs++] = (struct dir){.wd = wd, .path = copy};
	return 0;
}

static void forget_dir(struct vg_cgroup_watch *w, struct dir *dir)
{
	free(dir->path);
	*dir = w->dirs[--w->n_dirs];
}

/* Watching a directory twice gives the same number and is no error. */
static int watch_dir(struct vg_cgroup_watch *w, const char *path)
{
	vg_cleanup(vg_fd_closep) int fd = -1;
	char self[64];
	int r, wd;

	r = vg_cgroup_open(w->root_fd, path, &fd);
	if (r < 0)
		return r;
	snprintf(self, sizeof(self), "/proc/self/fd/%d", fd);
	wd = inotify_add_watch(w->fd, self, IN_CREATE | IN_DELETE | IN_ONLYDIR);
	if (wd < 0)
		return -errno;
	return remember_dir(w, wd, path);
}

/*
 * Every parent of PATH from the root on, as far as they exist.  Each is
 * watched before the next is looked for, so none can come unseen.
 */
static int follow(struct vg_cgroup_watch *w, const char *path)
{
	char parent[PATH_MAX] = "";
	const char *slash = path;
	int r;

	for (;;) {
		r = watch_dir(w, parent);
		if (r == -ENOENT || r == -ENODEV)
			return 0;
		if (r < 0)
			return r;
		slash = strchr(slash, '/');
		if (!slash)
			return 0;
		memcpy(parent, path, (size_t)(slash - path));
		parent[slash - path] = '\0';
		slash++;
	}
}

/* ---- paths ----------------------------------------------------------------- */

static size_t find_path(const struct vg_cgroup_watch *w, const char *path)
{
	size_t i;

	for (i = 0; i < w->n_paths; i++)
		if (strcmp(w->paths[i], path) == 0)
			break;
	return i;
}

int vg_cgroup_watch_add(struct vg_cgroup_watch *w, const char *path)
{
	char **paths;
	char *copy;

	if (find_path(w, path) < w->n_paths)
		return 0;
	if (strlen(path) >= PATH_MAX)
		return -ENAMETOOLONG;
	paths = reallocarray(w->paths, w->n_paths + 1, sizeof(*paths));
	if (!paths)
		return -ENOMEM;
	w->paths = paths;
	copy = strdup(path);
	if (!copy)
		return -ENOMEM;
	w->paths[w->n_paths++] = copy;
	return follow(w, path);
}

static bool is_parent(const char *dir, const char *path)
{
	size_t n = strlen(dir);

	return n == 0 || (strncmp(dir, path, n) == 0 && path[n] == '/');
}

/* Stop watching directories that are no path's parent any more. */
static void drop_unused(struct vg_cgroup_watch *w)
{
	size_t i = 0, j;

	while (i < w->n_dirs) {
		for (j = 0; j < w->n_paths; j++)
			if (is_parent(w->dirs[i].path, w->paths[j]))
				break;
		if (j < w->n_paths) {
			i++;
			continue;
		}
		inotify_rm_watch(w->fd, w->dirs[i].wd);
		forget_dir(w, &w->dirs[i]);
	}
}

void vg_cgroup_watch_remove(struct vg_cgroup_watch *w, const char *path)
{
	size_t i = find_path(w, path);

	if (i == w->n_paths)
		return;
	free(w->paths[i]);
	w->paths[i] = w->paths[--w->n_paths];
	drop_unused(w);
}

/* ---- reading --------------------------------------------------------------- */

/* CHANGED (NULL: anything) came or went: tell whom it concerns. */
static int tell(struct vg_cgroup_watch *w, const char *changed)
{
	size_t i;
	int r;

	for (i = 0; i < w->n_paths; i++) {
		if (changed && strcmp(changed, w->paths[i]) != 0 &&
		    !is_parent(changed, w->paths[i]))
			continue;
		r = follow(w, w->paths[i]);
		if (r < 0)
			return r;
		w->fn(w->ctx, w->paths[i]);
	}
	return 0;
}

static int handle(struct vg_cgroup_watch *w, const struct inotify_event *e)
{
	char changed[PATH_MAX];
	struct dir *dir;
	int n;

	if (e->mask & IN_Q_OVERFLOW)
		return tell(w, NULL);
	dir = find_dir(w, e->wd);
	if (!dir)
		return 0;
	if (e->mask & IN_IGNORED) {
		forget_dir(w, dir);
		return 0;
	}
	if (!e->len)
		return 0;
	n = snprintf(changed, sizeof(changed), "%s%s%s", dir->path,
		     dir->path[0] ? "/" : "", e->name);
	if (n < 0 || (size_t)n >= sizeof(changed))
		return -ENAMETOOLONG;
	return tell(w, changed);
}

int vg_cgroup_watch_read(struct vg_cgroup_watch *w)
{
	char buffer[16384]
		__attribute__((aligned(__alignof__(struct inotify_event))));
	const struct inotify_event *e;
	ssize_t size, at;
	int r;

	for (;;) {
		size = read(w->fd, buffer, sizeof(buffer));
		if (size < 0)
			return errno == EAGAIN ? 0 : -errno;
		for (at = 0; at < size; at += (ssize_t)(sizeof(*e) + e->len)) {
			e = (const void *)(buffer + at);
			r = handle(w, e);
			if (r < 0)
				return r;
		}
	}
}
