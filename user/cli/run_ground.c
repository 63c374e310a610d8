/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/run_ground.h"

#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/fd.h"
#include "enforce/cgroup.h"

#define WALK_FDS    16
#define PARENT_NAME "verigress" /* as VG_SELFTEST_PARENT */

__attribute__((format(printf, 2, 3))) static int path(char ret[static PATH_MAX],
						      const char *format, ...)
{
	va_list args;
	int n;

	va_start(args, format);
	n = vsnprintf(ret, PATH_MAX, format, args);
	va_end(args);
	return n < 0 || n >= PATH_MAX ? -ENAMETOOLONG : 0;
}

static int name_all(const struct vg_run_ground_setup *setup,
		    struct vg_run_ground *g)
{
	const char *name = strrchr(g->base, '/') + 1;
	int r;

	snprintf(g->name, sizeof(g->name), "%s", name);
	r = path(g->policy_dir, "%s/policy.d", g->base);
	if (r == 0)
		r = path(g->state_dir, "%s/state", g->base);
	if (r == 0)
		r = path(g->run_dir, "%s/run", g->base);
	if (r == 0)
		r = path(g->config, "%s/verigress.yaml", g->base);
	if (r == 0)
		r = path(g->log, "%s/log", g->base);
	if (r == 0)
		r = path(g->bpffs, "%s/%s", setup->bpffs, g->name);
	return r;
}

static int write_file(const char *dir, const char *name, const char *data,
		      size_t size)
{
	vg_cleanup(vg_fd_closep) int fd = -1;
	char file[PATH_MAX];
	ssize_t n;
	int r;

	r = path(file, "%s/%s", dir, name);
	if (r < 0)
		return r;
	fd = open(file, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	if (fd < 0)
		return -errno;
	while (size > 0) {
		n = write(fd, data, size);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -errno;
		data += n;
		size -= (size_t)n;
	}
	return 0;
}

static int make_dirs(const struct vg_run_ground_setup *setup,
		     struct vg_run_ground *g)
{
	int r;

	/* The group that may read reaches the control socket through it. */
	if (chmod(g->base, 0755) < 0)
		return -errno;
	if (mkdir(g->policy_dir, 0700) < 0 || mkdir(g->state_dir, 0700) < 0 ||
	    mkdir(g->run_dir, 0755) < 0 || chmod(g->run_dir, 0755) < 0)
		return -errno;
	r = write_file(g->policy_dir, "policy.yaml", setup->policy,
		       setup->policy_size);
	if (r == 0 && setup->config)
		r = write_file(g->base, "verigress.yaml", setup->config,
			       setup->config_size);
	if (r < 0)
		return r;
	g->log_fd = open(
		g->log, O_RDWR | O_CREAT | O_EXCL | O_APPEND | O_CLOEXEC, 0600);
	return g->log_fd < 0 ? -errno : 0;
}

/*
 * Below the mount itself only root with all its capabilities can make and
 * remove something, and the keeper has not got these: cgroups of runs are
 * below one directory, which stays.
 */
static int enter_parent(struct vg_run_ground *g, const char *root)
{
	int fd, r;

	r = path(g->cgroup_root, "%s/%s", root, PARENT_NAME);
	if (r < 0)
		return r;
	if (mkdirat(g->root_fd, PARENT_NAME, 0755) < 0 && errno != EEXIST)
		return -errno;
	fd = openat(g->root_fd, PARENT_NAME,
		    O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	vg_fd_closep(&g->root_fd);
	g->root_fd = fd;
	return 0;
}

static int make_cgroup(const struct vg_run_ground_setup *setup,
		       struct vg_run_ground *g)
{
	vg_cleanup(vg_freep) char *root = NULL;
	char procs[PATH_MAX];
	int r;

	r = vg_cgroup_root_open(setup->cgroup_root, &g->root_fd, &root);
	if (r < 0)
		return r;
	if (setup->cgroup_root)
		r = path(g->cgroup_root, "%s", root);
	else
		r = enter_parent(g, root);
	if (r == 0)
		r = path(procs, "%s/cgroup.procs", g->name);
	if (r < 0)
		return r;
	if (mkdirat(g->root_fd, g->name, 0755) < 0)
		return -errno;
	g->procs_fd = openat(g->root_fd, procs, O_WRONLY | O_CLOEXEC);
	return g->procs_fd < 0 ? -errno : 0;
}

static void discard(struct vg_run_ground *g)
{
	if (g->base[0])
		(void)vg_run_ground_remove(g);
	vg_run_ground_close(g);
}

int vg_run_ground_make(const struct vg_run_ground_setup *setup,
		       struct vg_run_ground *ret)
{
	vg_cleanup(discard) struct vg_run_ground g = {
		.root_fd = -1,
		.procs_fd = -1,
		.log_fd = -1,
	};
	int r;

	/* The pid is for people; the rest makes it one that nobody has. */
	r = path(g.base, "/run/verigress-run-%d-XXXXXX", getpid());
	if (r < 0)
		return r;
	if (!mkdtemp(g.base)) {
		r = -errno;
		g.base[0] = '\0';
		warn("run: cannot make a directory below /run");
		return r;
	}
	r = name_all(setup, &g);
	if (r == 0)
		r = make_dirs(setup, &g);
	if (r < 0) {
		warnx("run: cannot set up %s: %s", g.base, strerror(-r));
		return r;
	}
	r = make_cgroup(setup, &g);
	if (r < 0) {
		warnx("run: cannot make a cgroup below %s: %s",
		      setup->cgroup_root ? setup->cgroup_root
					 : "the cgroup2 mount",
		      strerror(-r));
		return r;
	}

	*ret = g;
	g = (struct vg_run_ground){
		.root_fd = -1,
		.procs_fd = -1,
		.log_fd = -1,
	};
	return 0;
}

void vg_run_ground_close(struct vg_run_ground *g)
{
	vg_fd_closep(&g->root_fd);
	vg_fd_closep(&g->procs_fd);
	vg_fd_closep(&g->log_fd);
}

int vg_run_ground_busy(const struct vg_run_ground *g)
{
	vg_cleanup(vg_fd_closep) int fd = -1;
	bool empty;
	int r;

	r = vg_cgroup_open(g->root_fd, g->name, &fd);
	if (r == -ENOENT)
		return 0; /* the daemon was quicker */
	if (r < 0)
		return r;
	r = vg_cgroup_is_empty(fd, &empty);
	if (r < 0)
		return r == -ENODEV ? 0 : r; /* it went while we looked */
	return empty ? 0 : 1;
}

static int remove_entry(const char *file, const struct stat *st, int type,
			struct FTW *at)
{
	(void)st;
	(void)type;
	(void)at;
	/* Go on: what is left is said by the last rmdir. */
	(void)remove(file);
	return 0;
}

static int remove_tree(const char *dir)
{
	(void)nftw(dir, remove_entry, WALK_FDS,
		   FTW_DEPTH | FTW_PHYS | FTW_MOUNT);
	return access(dir, F_OK) < 0 ? 0 : -ENOTEMPTY;
}

/* The cgroups that the command made inside its own, deepest first. */
static int remove_cgroup(const struct vg_run_ground *g)
{
	char dir[PATH_MAX];

	if (g->root_fd < 0)
		return 0; /* there never was one */
	if (path(dir, "%s/%s", g->cgroup_root, g->name) < 0)
		return -ENAMETOOLONG;
	/* Only directories can be removed there, and only empty ones. */
	return remove_tree(dir) < 0 ? -EBUSY : 0;
}

int vg_run_ground_remove(const struct vg_run_ground *g)
{
	int r, r_base;

	r = remove_cgroup(g);
	if (r < 0)
		return r;
	r = g->bpffs[0] ? remove_tree(g->bpffs) : 0;
	r_base = remove_tree(g->base);
	return r < 0 ? r : r_base;
}
