/* SPDX-License-Identifier: Apache-2.0 */
#include "events/file.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/fd.h"

/* Room for ".4" after the path. */
#define PATH_SPARE 8

struct vg_event_file {
	char path[PATH_MAX - PATH_SPARE];
	uint64_t max_size;
	int fd; /* -1: to be opened again */
	bool torn; /* the file does not end in a newline */
	struct vg_event_file_stats stats;
};

static bool ends_torn(int fd, off_t size)
{
	char last = '\n';

	if (size == 0)
		return false;
	return pread(fd, &last, 1, size - 1) != 1 || last != '\n';
}

/*
 * O_NONBLOCK: a FIFO must not make us wait for a reader.  A file that we make
 * is 0640 whatever the umask, so that a group may be let read it; the mode of
 * one that is there is its owner's affair.
 */
static int open_path(const char *path)
{
	const int flags = O_RDWR | O_APPEND | O_CLOEXEC | O_NOFOLLOW |
			  O_NOCTTY | O_NONBLOCK;
	int fd;

	fd = open(path, flags | O_CREAT | O_EXCL, 0640);
	if (fd >= 0)
		(void)fchmod(fd, 0640);
	else if (errno == EEXIST)
		fd = open(path, flags);
	return fd < 0 ? -errno : fd;
}

static int open_file(struct vg_event_file *f)
{
	vg_cleanup(vg_fd_closep) int fd = -1;
	struct stat st;

	fd = open_path(f->path);
	if (fd < 0)
		return fd;
	if (fstat(fd, &st) < 0)
		return -errno;
	if (!S_ISREG(st.st_mode))
		return -EINVAL;

	f->torn = ends_torn(fd, st.st_size);
	vg_fd_closep(&f->fd);
	f->fd = VG_TAKE_FD(fd);
	return 0;
}

int vg_event_file_new(const char *path, uint64_t max_size,
		      struct vg_event_file **ret)
{
	vg_cleanup(vg_event_file_freep) struct vg_event_file *f = NULL;

	if (strlen(path) >= sizeof(f->path))
		return -ENAMETOOLONG;

	f = calloc(1, sizeof(*f));
	if (!f)
		return -ENOMEM;

	memcpy(f->path, path, strlen(path) + 1);
	f->max_size = max_size ? max_size : VG_EVENT_FILE_SIZE;
	f->fd = -1;
	f->stats.error = open_file(f);
	*ret = VG_TAKE_PTR(f);
	return 0;
}

void vg_event_file_freep(struct vg_event_file **f)
{
	if (!*f)
		return;
	vg_fd_closep(&(*f)->fd);
	free(*f);
	*f = NULL;
}

/* Open what is at the path now, if that is not what we have. */
static int follow(struct vg_event_file *f, struct stat *st)
{
	struct stat named;
	int r;

	if (f->fd >= 0 && fstat(f->fd, st) == 0 &&
	    lstat(f->path, &named) == 0 && named.st_dev == st->st_dev &&
	    named.st_ino == st->st_ino)
		return 0;

	r = open_file(f);
	if (r < 0) {
		vg_fd_closep(&f->fd); /* not into a file that was moved away */
		return r;
	}
	return fstat(f->fd, st) < 0 ? -errno : 0;
}

static int rename_to(const struct vg_event_file *f, int from, int to)
{
	char old[PATH_MAX], new[PATH_MAX];

	(void)snprintf(old, sizeof(old), from ? "%s.%d" : "%s", f->path, from);
	(void)snprintf(new, sizeof(new), "%s.%d", f->path, to);
	if (rename(old, new) < 0 && errno != ENOENT)
		return -errno;
	return 0;
}

static int rotate(struct vg_event_file *f, struct stat *st)
{
	int r;

	for (int to = VG_EVENT_FILE_KEEP; to > 0; to--) {
		r = rename_to(f, to - 1, to);
		if (r < 0)
			return r;
	}
	return follow(f, st);
}

/* Part of a line is in the file: cut it off, or mark it to be ended. */
static void cut(struct vg_event_file *f, ssize_t wrote)
{
	struct stat st;

	f->torn = fstat(f->fd, &st) < 0 || st.st_size < wrote ||
		  ftruncate(f->fd, st.st_size - wrote) < 0;
}

static int append(struct vg_event_file *f, const char *line, size_t size)
{
	const bool torn = f->torn;
	struct iovec parts[] = {
		{.iov_base = (void *)"\n", .iov_len = torn ? 1 : 0},
		{.iov_base = (void *)line, .iov_len = size},
		{.iov_base = (void *)"\n", .iov_len = 1},
	};
	const ssize_t whole = (ssize_t)(parts[0].iov_len + size + 1);
	ssize_t n;

	n = writev(f->fd, parts, VG_ARRAY_LEN(parts));
	if (n < 0)
		return -errno;
	if (n == whole) {
		f->torn = false;
		return 0;
	}
	cut(f, n);
	f->torn = f->torn || torn;
	return -ENOSPC;
}

static int put(struct vg_event_file *f, const char *line, size_t size)
{
	struct stat st;
	int r;

	r = follow(f, &st);
	if (r < 0)
		return r;

	if (st.st_size > 0 && (uint64_t)st.st_size + size + 2 > f->max_size) {
		r = rotate(f, &st);
		if (r < 0)
			return r;
	}
	return append(f, line, size);
}

int vg_event_file_put(struct vg_event_file *f, const char *line, size_t size)
{
	int r;

	r = put(f, line, size);
	f->stats.error = r;
	if (r < 0)
		f->stats.lost++;
	else
		f->stats.written++;
	return r;
}

struct vg_event_file_stats vg_event_file_stats(const struct vg_event_file *f)
{
	return f->stats;
}
