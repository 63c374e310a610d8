/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/ground.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/fd.h"
#include "base/log.h"
#include "enforce/cgroup.h"
#include "enforce/load.h"
#include "enforce/selftest.h"

#define BACKLOG	      64
#define LOCK_TRIES    40
#define LOCK_PAUSE_US 50000

/* Each missing directory of PATH, the last one with MODE. */
static int make_dirs(const char *path, mode_t mode)
{
	char part[PATH_MAX];
	size_t n = strlen(path);

	if (n >= sizeof(part))
		return -ENAMETOOLONG;
	memcpy(part, path, n + 1);
	for (size_t i = 1; i < n; i++) {
		if (part[i] != '/')
			continue;
		part[i] = '\0';
		if (mkdir(part, 0755) < 0 && errno != EEXIST)
			return -errno;
		part[i] = '/';
	}
	return mkdir(path, mode) < 0 && errno != EEXIST ? -errno : 0;
}

/* Ours alone: a directory that somebody else may write is no ground. */
static int check_dir(const char *path)
{
	struct stat st;

	if (stat(path, &st) < 0)
		return -errno;
	if (!S_ISDIR(st.st_mode))
		return -ENOTDIR;
	return st.st_uid != 0 || (st.st_mode & 022) ? -EPERM : 0;
}

static int make_dir(const char *what, const char *path, mode_t mode)
{
	int r;

	r = make_dirs(path, mode);
	if (r == 0)
		r = check_dir(path);
	if (r == -EPERM)
		vg_err("the %s directory %s must belong to root and be "
		       "writable by nobody else",
		       what, path);
	else if (r < 0)
		vg_err("the %s directory %s: %s", what, path, strerror(-r));
	return r;
}

/*
 * A process that a killed supervisor was about to start holds its lock for the
 * moment until it is executed: that is no other daemon.
 */
static int flock_soon(int fd)
{
	for (int i = 0; i < LOCK_TRIES; i++) {
		if (flock(fd, LOCK_EX | LOCK_NB) == 0)
			return 0;
		if (errno != EWOULDBLOCK && errno != EINTR)
			return -errno;
		usleep(LOCK_PAUSE_US);
	}
	return -EBUSY;
}

/* Held until the supervisor ends: the fd is never closed, nor handed on. */
static int lock(const char *run_dir)
{
	vg_cleanup(vg_fd_closep) int fd = -1;
	char path[PATH_MAX];
	int r;

	if (snprintf(path, sizeof(path), "%s/lock", run_dir) >=
	    (int)sizeof(path))
		return -ENAMETOOLONG;
	fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (fd < 0)
		return -errno;
	r = flock_soon(fd);
	if (r < 0)
		return r;
	(void)VG_TAKE_FD(fd);
	return 0;
}

static int bind_control(const struct vg_options *o, const struct vg_user *user,
			int *ret)
{
	vg_cleanup(vg_fd_closep) int fd = -1;
	struct sockaddr_un a = {.sun_family = AF_UNIX};

	if (snprintf(a.sun_path, sizeof(a.sun_path), "%s/control.sock",
		     o->run_dir) >= (int)sizeof(a.sun_path))
		return -ENAMETOOLONG;
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0)
		return -errno;
	/* We hold the lock: what lies there is of a daemon that ended. */
	if (unlink(a.sun_path) < 0 && errno != ENOENT)
		return -errno;
	if (bind(fd, (struct sockaddr *)&a, sizeof(a)) < 0)
		return -errno;
	if (chmod(a.sun_path, 0600) < 0)
		return -errno;
	if (user->has_group && (chown(a.sun_path, 0, user->group) < 0 ||
				chmod(a.sun_path, 0660) < 0))
		return -errno;
	if (listen(fd, BACKLOG) < 0)
		return -errno;

	*ret = VG_TAKE_FD(fd);
	return 0;
}

/* Where the keeper, without CAP_DAC_OVERRIDE, can make its scratch cgroup. */
static int make_scratch_parent(const struct vg_options *o)
{
	vg_cleanup(vg_fd_closep) int root = -1;
	int r;

	r = vg_cgroup_root_open(o->cgroup_root, &root, NULL);
	if (r < 0)
		return r;
	if (mkdirat(root, VG_SELFTEST_PARENT, 0755) < 0 && errno != EEXIST)
		return -errno;
	return 0;
}

int vg_ground_make(const struct vg_options *o, const struct vg_user *user,
		   int *ret_control)
{
	char reason[VG_LOAD_REASON] = "";
	int r;

	r = make_dir("run", o->run_dir, 0755);
	if (r < 0)
		return r;
	r = make_dir("state", o->state_dir, 0700);
	if (r < 0)
		return r;
	r = make_scratch_parent(o);
	if (r < 0) {
		vg_err("cannot make a cgroup below %s: %s",
		       o->cgroup_root ? o->cgroup_root : "the cgroup2 mount",
		       strerror(-r));
		return r;
	}
	r = vg_load_prepare(o->bpffs, reason);
	if (r < 0) {
		vg_err("%s: %s", o->bpffs, reason[0] ? reason : strerror(-r));
		return r;
	}
	r = lock(o->run_dir);
	if (r < 0) {
		vg_err(r == -EBUSY ? "another verigressd runs with %s"
				   : "cannot lock %s",
		       o->run_dir);
		return r;
	}
	r = bind_control(o, user, ret_control);
	if (r < 0)
		vg_err("cannot listen at %s/control.sock: %s", o->run_dir,
		       strerror(-r));
	return r;
}
