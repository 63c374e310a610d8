/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/lastgood.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/fd.h"
#include "policy/load.h"
#include "policy/parse.h"

#define DIR_NAME "policy"
#define NEW_NAME "policy.new"

static void closedirp(DIR **d)
{
	if (*d)
		closedir(*d);
}

static bool is_policy(const char *name)
{
	size_t n = strlen(name);

	return n > 5 && name[0] != '.' && strcmp(name + n - 5, ".yaml") == 0;
}

/* Flat: no directory is ever made in it. */
static int empty_dir(int state, const char *name)
{
	vg_cleanup(closedirp) DIR *d = NULL;
	vg_cleanup(vg_fd_closep) int fd = -1;
	struct dirent *e;

	if (mkdirat(state, name, 0700) < 0 && errno != EEXIST)
		return -errno;
	fd = openat(state, name,
		    O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
	if (fd < 0)
		return -errno;
	d = fdopendir(fd);
	if (!d)
		return -errno;
	(void)VG_TAKE_FD(fd);
	while ((e = readdir(d)))
		if (is_policy(e->d_name) &&
		    unlinkat(dirfd(d), e->d_name, 0) < 0)
			return -errno;
	return 0;
}

static int copy_file(int from, int to, const char *name)
{
	vg_cleanup(vg_freep) char *text = NULL;
	vg_cleanup(vg_fd_closep) int fd = -1;
	size_t size, done = 0;
	int r;

	r = vg_file_read(from, name, VG_SOURCE_MAX, &text, &size);
	if (r < 0)
		return r;
	fd = openat(to, name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	if (fd < 0)
		return -errno;
	while (done < size) {
		ssize_t n = write(fd, text + done, size - done);

		if (n < 0)
			return -errno;
		done += (size_t)n;
	}
	return 0;
}

static int copy_files(const char *policy_dir, int to)
{
	vg_cleanup(closedirp) DIR *d = opendir(policy_dir);
	struct dirent *e;
	int r;

	if (!d)
		return -errno;
	while ((e = readdir(d))) {
		if (!is_policy(e->d_name))
			continue;
		r = copy_file(dirfd(d), to, e->d_name);
		if (r < 0)
			return r;
	}
	return 0;
}

static int parse_copy(const char *state_dir, const char *name,
		      struct vg_policy **ret, struct vg_diags *diags)
{
	char path[PATH_MAX];

	if (snprintf(path, sizeof(path), "%s/%s", state_dir, name) >=
	    (int)sizeof(path))
		return -ENAMETOOLONG;
	return vg_policy_load_dir(path, true, ret, diags);
}

/* NEW_NAME becomes DIR_NAME in one step; what was there is emptied later. */
static int publish(int state)
{
	if (renameat2(state, NEW_NAME, state, DIR_NAME, RENAME_EXCHANGE) == 0)
		return 0;
	if (errno != ENOENT)
		return -errno;
	return renameat(state, NEW_NAME, state, DIR_NAME) < 0 ? -errno : 0;
}

int vg_lastgood_save(const char *state_dir, const char *policy_dir)
{
	vg_cleanup(vg_policy_freep) struct vg_policy *policy = NULL;
	vg_cleanup(vg_diags_freep) struct vg_diags diags = {0};
	vg_cleanup(vg_fd_closep) int state = -1;
	vg_cleanup(vg_fd_closep) int new = -1;
	int r;

	state = open(state_dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (state < 0)
		return -errno;
	r = empty_dir(state, NEW_NAME);
	if (r < 0)
		return r;
	new = openat(state, NEW_NAME, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (new < 0)
		return -errno;
	r = copy_files(policy_dir, new);
	if (r < 0)
		return r;
	r = parse_copy(state_dir, NEW_NAME, &policy, &diags);
	if (r < 0)
		return r;
	return publish(state);
}

int vg_lastgood_load(const char *state_dir, struct vg_policy **ret,
		     struct vg_diags *diags)
{
	char path[PATH_MAX];

	if (snprintf(path, sizeof(path), "%s/%s", state_dir, DIR_NAME) >=
	    (int)sizeof(path))
		return -ENAMETOOLONG;
	if (access(path, F_OK) < 0)
		return -errno;
	return parse_copy(state_dir, DIR_NAME, ret, diags);
}
