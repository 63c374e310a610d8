/* SPDX-License-Identifier: Apache-2.0 */
#include "enforce/cgroup.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/magic.h>
#include <linux/openat2.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/fd.h"
#include "base/num.h"

/* A mountinfo of thousands of containers; and a cgroup.procs. */
#define MOUNTINFO_MAX (16UL << 20)
#define PROCS_MAX     (64UL << 20)

/* ---- finding the mount (pure) ---------------------------------------------- */

/* "\040" -> ' ', as mountinfo writes blank, tab, newline and backslash. */
static void unescape(char *s)
{
	char *to = s;

	while (*s) {
		if (s[0] == '\\' && s[1] >= '0' && s[1] <= '3' && s[2] >= '0' &&
		    s[2] <= '7' && s[3] >= '0' && s[3] <= '7') {
			*to++ = (char)((s[1] - '0') << 6 | (s[2] - '0') << 3 |
				       (s[3] - '0'));
			s += 4;
		} else {
			*to++ = *s++;
		}
	}
	*to = '\0';
}

/*
 * "36 35 98:0 / /mnt rw master:1 - cgroup2 source options": the mount point is
 * field 5, the type follows " - ".  NULL when the line is no cgroup2 mount.
 */
static char *mount_of_line(char *line)
{
	char *save, *point = NULL;
	char *type = strstr(line, " - ");
	char *word;
	int i = 0;

	if (!type || strncmp(type + 3, "cgroup2 ", 8) != 0)
		return NULL;
	*type = '\0';
	for (word = strtok_r(line, " ", &save); word;
	     word = strtok_r(NULL, " ", &save))
		if (++i == 5)
			point = word;
	if (point)
		unescape(point);
	return point;
}

int vg_cgroup_find_mount(const char *text, char **ret)
{
	vg_cleanup(vg_freep) char *copy = NULL;
	char *line, *save, *point;

	copy = strdup(text);
	if (!copy)
		return -ENOMEM;
	for (line = strtok_r(copy, "\n", &save); line;
	     line = strtok_r(NULL, "\n", &save)) {
		point = mount_of_line(line);
		if (!point)
			continue;
		point = strdup(point);
		if (!point)
			return -ENOMEM;
		*ret = point;
		return 0;
	}
	return -ENOENT;
}

bool vg_cgroup_overlap(const char *a, const char *b)
{
	size_t na = strlen(a), nb = strlen(b);
	size_t n = na < nb ? na : nb;

	if (strncmp(a, b, n) != 0)
		return false;
	return n == 0 || na == nb || (na > n ? a[n] : b[n]) == '/';
}

/* ---- opening --------------------------------------------------------------- */

static bool is_cgroup2(int fd)
{
	struct statfs fs;

	return fstatfs(fd, &fs) == 0 && fs.f_type == CGROUP2_SUPER_MAGIC;
}

static int find_mount(char **ret)
{
	vg_cleanup(vg_freep) char *text = NULL;
	size_t size;
	int r;

	r = vg_file_read(AT_FDCWD, "/proc/self/mountinfo", MOUNTINFO_MAX, &text,
			 &size);
	if (r < 0)
		return r;
	return vg_cgroup_find_mount(text, ret);
}

int vg_cgroup_root_open(const char *path, int *ret_fd, char **ret_path)
{
	vg_cleanup(vg_fd_closep) int fd = -1;
	vg_cleanup(vg_freep) char *root = NULL;
	int r = 0;

	if (!path)
		r = find_mount(&root);
	else
		root = strdup(path);
	if (r < 0)
		return r;
	if (!root)
		return -ENOMEM;
	fd = open(root, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	if (!is_cgroup2(fd))
		return -ENOTSUP;

	*ret_fd = VG_TAKE_FD(fd);
	if (ret_path)
		*ret_path = VG_TAKE_PTR(root);
	return 0;
}

int vg_cgroup_open(int root_fd, const char *path, int *ret_fd)
{
	const struct open_how how = {
		.flags = O_RDONLY | O_DIRECTORY | O_CLOEXEC,
		.resolve =
			RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS | RESOLVE_NO_XDEV,
	};
	long fd;

	fd = syscall(SYS_openat2, root_fd, *path ? path : ".", &how,
		     sizeof(how));
	if (fd < 0)
		return -errno;

	*ret_fd = (int)fd;
	return 0;
}

int vg_cgroup_id(int fd, uint64_t *ret)
{
	struct {
		struct file_handle head;
		unsigned char id[sizeof(uint64_t)];
	} handle = {.head.handle_bytes = sizeof(uint64_t)};
	int mount;

	if (!is_cgroup2(fd))
		return -ENOTSUP;
	if (name_to_handle_at(fd, "", &handle.head, &mount, AT_EMPTY_PATH) < 0)
		return -errno;
	memcpy(ret, handle.head.f_handle, sizeof(*ret));
	return 0;
}

/* ---- walking --------------------------------------------------------------- */

static void closedirp(DIR **d)
{
	if (*d)
		closedir(*d);
}

struct walk {
	vg_cgroup_fn fn;
	void *ctx;
	char path[PATH_MAX];
};

static int walk_dir(struct walk *w, int fd, size_t length, int depth);

static int walk_child(struct walk *w, int fd, const char *name, size_t length,
		      int depth)
{
	vg_cleanup(vg_fd_closep) int child = -1;
	int n;

	n = snprintf(w->path + length, sizeof(w->path) - length, "%s%s",
		     length ? "/" : "", name);
	if (n < 0 || (size_t)n >= sizeof(w->path) - length)
		return -ENAMETOOLONG;
	child = openat(fd, name,
		       O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	/* Closed to us by whom it was delegated to: that must not stop us. */
	if (child < 0)
		return errno == ENOENT || errno == EACCES ? 0 : -errno;
	return walk_dir(w, child, length + (size_t)n, depth + 1);
}

/* A cgroup may go while it is being walked: then it has nothing to tell. */
static int walk_dir(struct walk *w, int fd, size_t length, int depth)
{
	vg_cleanup(closedirp) DIR *d = NULL;
	struct dirent *e;
	uint64_t id;
	int r;

	if (depth > VG_CGROUP_DEPTH)
		return 0;
	r = vg_cgroup_id(fd, &id);
	if (r < 0)
		return r;
	r = w->fn(w->ctx, fd, id, w->path);
	if (r < 0)
		return r;
	r = openat(fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (r < 0)
		return errno == ENOENT || errno == ENODEV ? 0 : -errno;
	d = fdopendir(r);
	if (!d) {
		close(r);
		return -ENOMEM;
	}
	while ((e = readdir(d))) {
		if (e->d_type != DT_DIR || e->d_name[0] == '.')
			continue;
		r = walk_child(w, fd, e->d_name, length, depth);
		w->path[length] = '\0';
		if (r < 0)
			return r;
	}
	return 0;
}

int vg_cgroup_each(int fd, vg_cgroup_fn fn, void *ctx)
{
	struct walk w = {.fn = fn, .ctx = ctx};

	return walk_dir(&w, fd, 0, 0);
}

/*
 * The way up ends where the directory is no cgroup any more, or at the root of
 * a cgroup namespace, which is its own parent.
 */
int vg_cgroup_each_above(int fd, vg_cgroup_fn fn, void *ctx)
{
	vg_cleanup(vg_fd_closep) int at = -1;
	uint64_t id, last;
	int next, r;

	r = vg_cgroup_id(fd, &last);
	if (r < 0)
		return r;
	for (;;) {
		next = openat(at < 0 ? fd : at, "..",
			      O_RDONLY | O_DIRECTORY | O_CLOEXEC);
		if (next < 0)
			return -errno;
		vg_fd_closep(&at);
		at = next;
		if (vg_cgroup_id(at, &id) < 0 || id == last)
			return 0;
		r = fn(ctx, at, id, "");
		if (r < 0)
			return r;
		last = id;
	}
}

/* ---- lists ----------------------------------------------------------------- */

struct ids {
	uint64_t *items;
	size_t n;
	size_t capacity;
};

static int add_id(void *ctx, int fd, uint64_t id, const char *path)
{
	struct ids *ids = ctx;
	uint64_t *items;

	(void)fd;
	(void)path;
	if (ids->n == ids->capacity) {
		ids->capacity = ids->capacity ? 2 * ids->capacity : 16;
		items = reallocarray(ids->items, ids->capacity, sizeof(*items));
		if (!items)
			return -ENOMEM;
		ids->items = items;
	}
	ids->items[ids->n++] = id;
	return 0;
}

int vg_cgroup_ids(int fd, uint64_t **ret, size_t *ret_n)
{
	struct ids ids = {0};
	int r;

	r = vg_cgroup_each(fd, add_id, &ids);
	if (r < 0) {
		free(ids.items);
		return r;
	}

	*ret = ids.items;
	*ret_n = ids.n;
	return 0;
}

struct pids {
	pid_t *items;
	size_t n;
	size_t capacity;
};

static int add_pid(struct pids *pids, const char *text)
{
	pid_t *items;
	uint32_t pid;
	int r;

	/* 0: a process of another pid namespace. */
	r = vg_num_u32(text, 0, INT_MAX, &pid);
	if (r < 0 || pid == 0)
		return r;
	if (pids->n == pids->capacity) {
		pids->capacity = pids->capacity ? 2 * pids->capacity : 64;
		items = reallocarray(pids->items, pids->capacity,
				     sizeof(*items));
		if (!items)
			return -ENOMEM;
		pids->items = items;
	}
	pids->items[pids->n++] = (pid_t)pid;
	return 0;
}

static int add_pids(void *ctx, int fd, uint64_t id, const char *path)
{
	vg_cleanup(vg_freep) char *text = NULL;
	char *line, *save;
	size_t size;
	int r;

	(void)id;
	(void)path;
	r = vg_file_read(fd, "cgroup.procs", PROCS_MAX, &text, &size);
	if (r < 0) /* a threaded cgroup has none of its own; or it is gone */
		return r == -EOPNOTSUPP || r == -ENODEV || r == -ENOENT ? 0 : r;
	for (line = strtok_r(text, "\n", &save); line;
	     line = strtok_r(NULL, "\n", &save)) {
		r = add_pid(ctx, line);
		if (r < 0)
			return r;
	}
	return 0;
}

int vg_cgroup_pids(int fd, pid_t **ret, size_t *ret_n)
{
	struct pids pids = {0};
	int r;

	r = vg_cgroup_each(fd, add_pids, &pids);
	if (r < 0) {
		free(pids.items);
		return r;
	}

	*ret = pids.items;
	*ret_n = pids.n;
	return 0;
}

int vg_cgroup_is_empty(int fd, bool *ret)
{
	vg_cleanup(vg_freep) char *text = NULL;
	size_t size;
	int r;

	r = vg_file_read(fd, "cgroup.events", 4096, &text, &size);
	if (r < 0)
		return r;
	*ret = strstr(text, "populated 0") != NULL;
	return 0;
}
