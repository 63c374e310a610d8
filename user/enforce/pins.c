/* SPDX-License-Identifier: Apache-2.0 */
#include "enforce/pins.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#include <bpf/bpf.h>

#include "base/cleanup.h"
#include "base/fd.h"
#include "enforce/load.h"

#define BPFFS_DEFAULT "/sys/fs/bpf"

int vg_pins_path(char ret[static PATH_MAX], const char *dir, const char *name)
{
	int n = snprintf(ret, PATH_MAX, "%s/%s", dir, name);

	return n < 0 || n >= PATH_MAX ? -ENAMETOOLONG : 0;
}

static bool is_bpffs(const char *path)
{
	struct statfs fs;

	return statfs(path, &fs) == 0 && fs.f_type == BPF_FS_MAGIC;
}

/* The directory above PATH. */
static int parent_of(const char *path, char ret[static PATH_MAX])
{
	size_t n = strlen(path);

	while (n > 1 && path[n - 1] == '/')
		n--;
	while (n > 1 && path[n - 1] != '/')
		n--;
	while (n > 1 && path[n - 1] == '/')
		n--;
	if (path[0] != '/' || n >= PATH_MAX)
		return -EINVAL;
	memcpy(ret, path, n);
	ret[n] = '\0';
	return 0;
}

static int no_bpffs(const char *path, char *reason)
{
	snprintf(reason, VG_LOAD_REASON,
		 "%s is not on a bpffs; mount one: mount -t bpf bpffs %s", path,
		 BPFFS_DEFAULT);
	return -ENOTSUP;
}

/* Is it ours alone?  Whoever else can write there can undo the confinement. */
static int check_dir(int fd, const char *path, char *reason)
{
	struct stat st;

	if (fstat(fd, &st) < 0)
		return -errno;
	if (st.st_uid == geteuid() && (st.st_mode & 077) == 0)
		return 0;
	snprintf(reason, VG_LOAD_REASON,
		 "%s has owner %u and mode %03o; it must belong to uid %u with "
		 "mode 700",
		 path, st.st_uid, st.st_mode & 0777, geteuid());
	return -EPERM;
}

int vg_pins_open(const char *path, char *reason, int *ret_fd)
{
	vg_cleanup(vg_fd_closep) int fd = -1;
	char parent[PATH_MAX];
	int r;

	r = parent_of(path, parent);
	if (r < 0)
		return r;
	if (!is_bpffs(parent))
		return no_bpffs(path, reason);
	if (mkdir(path, 0700) < 0 && errno != EEXIST)
		return -errno;
	fd = open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	if (!is_bpffs(path))
		return no_bpffs(path, reason);
	r = check_dir(fd, path, reason);
	if (r < 0)
		return r;

	*ret_fd = VG_TAKE_FD(fd);
	return 0;
}

int vg_pins_mkdir(int dir_fd, const char *name)
{
	if (mkdirat(dir_fd, name, 0700) < 0 && errno != EEXIST)
		return -errno;
	return 0;
}

static void closedirp(DIR **d)
{
	if (*d)
		closedir(*d);
}

static int open_dir(int dir_fd, const char *name, DIR **ret)
{
	vg_cleanup(vg_fd_closep) int fd = -1;
	DIR *d;

	fd = openat(dir_fd, name,
		    O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	d = fdopendir(fd);
	if (!d)
		return -errno;
	VG_TAKE_FD(fd);
	*ret = d;
	return 0;
}

static bool is_dot(const struct dirent *e)
{
	return e->d_name[0] == '.';
}

bool vg_pins_is_empty(int dir_fd, const char *name)
{
	vg_cleanup(closedirp) DIR *d = NULL;
	struct dirent *e;

	if (open_dir(dir_fd, name, &d) < 0)
		return true;
	while ((e = readdir(d)))
		if (!is_dot(e))
			return false;
	return true;
}

int vg_pins_replace(const char *dir, const char *sub, const char *name, int fd)
{
	char path[PATH_MAX], fresh[PATH_MAX];
	int n, r;

	n = snprintf(path, sizeof(path), "%s/%s/%s", dir, sub, name);
	if (n < 0 || n >= PATH_MAX)
		return -ENAMETOOLONG;
	n = snprintf(fresh, sizeof(fresh), "%s/%s/%s_new", dir, sub, name);
	if (n < 0 || n >= PATH_MAX)
		return -ENAMETOOLONG;
	if (unlink(fresh) < 0 && errno != ENOENT)
		return -errno;
	r = bpf_obj_pin(fd, fresh);
	if (r < 0)
		return r;
	if (rename(fresh, path) < 0)
		return -errno;
	return 0;
}

/* Each directory that is met is emptied and removed, up to DEPTH below. */
static int clear_dir(int dir_fd, const char *name, int depth)
{
	vg_cleanup(closedirp) DIR *d = NULL;
	struct dirent *e;
	int r;

	r = open_dir(dir_fd, name, &d);
	if (r < 0)
		return r;
	while ((e = readdir(d))) {
		if (is_dot(e))
			continue;
		if (e->d_type == DT_DIR && depth > 0) {
			r = clear_dir(dirfd(d), e->d_name, depth - 1);
			if (r < 0)
				return r;
		}
		if (unlinkat(dirfd(d), e->d_name,
			     e->d_type == DT_DIR ? AT_REMOVEDIR : 0) < 0)
			return -errno;
	}
	return 0;
}

int vg_pins_clear(int dir_fd)
{
	return clear_dir(dir_fd, ".", 2);
}

/* ---- before privileges are dropped ---------------------------------------- */

static int mount_default(char *reason)
{
	if (mount("bpffs", BPFFS_DEFAULT, "bpf",
		  MS_NOSUID | MS_NODEV | MS_NOEXEC, "mode=0700") == 0)
		return 0;
	snprintf(reason, VG_LOAD_REASON, "cannot mount a bpffs on %s: %s",
		 BPFFS_DEFAULT, strerror(errno));
	return -errno;
}

static bool is_below_default(const char *path)
{
	size_t n = strlen(BPFFS_DEFAULT);

	return strncmp(path, BPFFS_DEFAULT, n) == 0 && path[n] == '/';
}

int vg_load_prepare(const char *bpffs, char reason[static VG_LOAD_REASON])
{
	const struct rlimit all = {RLIM_INFINITY, RLIM_INFINITY};
	vg_cleanup(vg_fd_closep) int fd = -1;
	int r;

	reason[0] = '\0';
	/* Kernels from 5.11 on do not need it: a failure shows at the load. */
	setrlimit(RLIMIT_MEMLOCK, &all);
	if (is_below_default(bpffs) && !is_bpffs(BPFFS_DEFAULT)) {
		r = mount_default(reason);
		if (r < 0)
			return r;
	}
	return vg_pins_open(bpffs, reason, &fd);
}
