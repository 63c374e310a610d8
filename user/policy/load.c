/* SPDX-License-Identifier: Apache-2.0 */
#include "policy/load.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/fd.h"
#include "policy/parse.h"

#define SUFFIX ".yaml"

/* All files of one load; their texts together are bounded like their number. */
#define TOTAL_MAX (64UL << 20)

struct load {
	bool strict;
	struct vg_diags *diags;
	struct vg_source *sources;
	size_t n;
	size_t total;
	bool no_memory;
};

static void load_clear(struct load *l)
{
	for (size_t i = 0; i < l->n; i++) {
		free((char *)l->sources[i].name);
		free((char *)l->sources[i].text);
	}
	free(l->sources);
}

__attribute__((format(printf, 3, 4))) static void
error(struct load *l, const char *path, const char *format, ...)
{
	const struct vg_place place = {.file = path};
	char message[256];
	va_list args;

	va_start(args, format);
	(void)vsnprintf(message, sizeof(message), format, args);
	va_end(args);
	vg_diag_add(l->diags, VG_DIAG_ERROR, &place, NULL, "%s", message);
}

/* Whoever else may write there would write our policy. */
static bool is_trusted(struct load *l, const char *path, const struct stat *st)
{
	const uid_t me = geteuid();

	if (!l->strict)
		return true;
	if (st->st_uid != 0 && st->st_uid != me)
		error(l, path, "belongs to user %u, not to root",
		      (unsigned int)st->st_uid);
	else if (st->st_mode & (S_IWGRP | S_IWOTH))
		error(l, path, "is writable by others (mode %04o)",
		      (unsigned int)st->st_mode & 07777);
	else
		return true;
	return false;
}

static int append(struct load *l, const char *path, char **text, size_t size)
{
	vg_cleanup(vg_freep) char *name = strdup(path);
	struct vg_source *sources;

	sources = reallocarray(l->sources, l->n + 1, sizeof(*sources));
	if (sources)
		l->sources = sources;
	if (!sources || !name) {
		l->no_memory = true;
		return -ENOMEM;
	}
	sources[l->n++] = (struct vg_source){
		.name = VG_TAKE_PTR(name),
		.text = VG_TAKE_PTR(*text),
		.size = size,
	};
	l->total += size;
	return 0;
}

/* The file NAME of DIR_FD, which messages call PATH. */
static void add_file(struct load *l, int dir_fd, const char *name,
		     const char *path)
{
	vg_cleanup(vg_fd_closep) int fd = -1;
	vg_cleanup(vg_freep) char *text = NULL;
	struct stat st;
	size_t size;
	int r;

	/* Opened once, so that what is judged is what is read. */
	fd = openat(dir_fd, name, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
	if (fd < 0 || fstat(fd, &st) < 0) {
		error(l, path, "%s", strerror(errno));
		return;
	}
	if (!S_ISREG(st.st_mode)) {
		error(l, path, "is not a regular file");
		return;
	}
	if (!is_trusted(l, path, &st))
		return;
	r = vg_fd_read(fd, VG_SOURCE_MAX, &text, &size);
	if (r == -EFBIG)
		error(l, path, "larger than %lu octets", VG_SOURCE_MAX);
	else if (r < 0)
		error(l, path, "%s", strerror(-r));
	else if (size > TOTAL_MAX - l->total)
		error(l, path, "the files together are larger than %lu octets",
		      TOTAL_MAX);
	else
		(void)append(l, path, &text, size);
}

/* ---- directories -------------------------------------------------------- */

static int is_policy(const struct dirent *entry)
{
	const size_t n = strlen(entry->d_name);

	if (entry->d_name[0] == '.' || n <= strlen(SUFFIX))
		return 0;
	return strcmp(entry->d_name + n - strlen(SUFFIX), SUFFIX) == 0;
}

/* Not alphasort(3), which follows the locale. */
static int by_name(const struct dirent **a, const struct dirent **b)
{
	return strcmp((*a)->d_name, (*b)->d_name);
}

static void add_entry(struct load *l, int fd, const char *dir, const char *name)
{
	vg_cleanup(vg_freep) char *path = NULL;
	const size_t n = strlen(dir);

	if (asprintf(&path, "%s%s%s", dir, dir[n - 1] == '/' ? "" : "/", name) <
	    0) {
		path = NULL;
		l->no_memory = true;
		return;
	}
	add_file(l, fd, name, path);
}

static void add_entries(struct load *l, int fd, const char *dir)
{
	struct dirent **entries = NULL;
	int n;

	n = scandirat(fd, ".", &entries, is_policy, by_name);
	if (n < 0) {
		error(l, dir, "%s", strerror(errno));
		return;
	}
	if (n > VG_LOAD_FILES_MAX)
		error(l, dir, "%d files are more than %d", n,
		      VG_LOAD_FILES_MAX);
	for (int i = 0; i < n; i++) {
		if (n <= VG_LOAD_FILES_MAX)
			add_entry(l, fd, dir, entries[i]->d_name);
		free(entries[i]);
	}
	free(entries);
}

static void add_dir(struct load *l, const char *dir)
{
	vg_cleanup(vg_fd_closep) int fd = -1;
	struct stat st;

	fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0 || fstat(fd, &st) < 0) {
		error(l, dir, "%s", strerror(errno));
		return;
	}
	if (is_trusted(l, dir, &st))
		add_entries(l, fd, dir);
}

/* ---- the verbs ---------------------------------------------------------- */

static int parse(struct load *l, struct vg_policy **ret)
{
	if (l->no_memory)
		return -ENOMEM;
	return vg_policy_parse(l->sources, l->n, ret, l->diags);
}

int vg_policy_load_dir(const char *dir, bool strict_owner,
		       struct vg_policy **ret, struct vg_diags *diags)
{
	vg_cleanup(load_clear) struct load l = {
		.strict = strict_owner,
		.diags = diags,
	};

	add_dir(&l, dir);
	return parse(&l, ret);
}

int vg_policy_load_file(const char *path, bool strict_owner,
			struct vg_policy **ret, struct vg_diags *diags)
{
	vg_cleanup(load_clear) struct load l = {
		.strict = strict_owner,
		.diags = diags,
	};

	add_file(&l, AT_FDCWD, path, path);
	return parse(&l, ret);
}

int vg_policy_load_paths(const char *const *paths, size_t n, bool strict_owner,
			 struct vg_policy **ret, struct vg_diags *diags)
{
	vg_cleanup(load_clear) struct load l = {
		.strict = strict_owner,
		.diags = diags,
	};
	struct stat st;

	for (size_t i = 0; i < n; i++) {
		if (stat(paths[i], &st) == 0 && S_ISDIR(st.st_mode))
			add_dir(&l, paths[i]);
		else
			add_file(&l, AT_FDCWD, paths[i], paths[i]);
	}
	return parse(&l, ret);
}

int vg_config_load(const char *path, bool must_exist, bool strict_owner,
		   struct vg_config **ret, struct vg_diags *diags)
{
	vg_cleanup(load_clear) struct load l = {
		.strict = strict_owner,
		.diags = diags,
	};
	struct stat st;

	/* A symlink that leads nowhere is there, and an error. */
	if (!must_exist && lstat(path, &st) < 0 && errno == ENOENT)
		return vg_config_default(ret);
	add_file(&l, AT_FDCWD, path, path);
	if (l.no_memory)
		return -ENOMEM;
	if (l.n == 0) /* why is in DIAGS */
		return -EINVAL;
	return vg_config_parse(&l.sources[0], ret, diags);
}
