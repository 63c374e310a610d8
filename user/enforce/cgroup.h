/* SPDX-License-Identifier: Apache-2.0 */
/*
 * cgroup -- cgroup2 directories: finding, opening, naming, listing, watching.
 *
 * Paths are relative to the root fd, as the policy has them: no leading '/'.
 * They are opened beneath the root without following a symbolic link.
 * Returns 0 or -errno.  Does not log.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/*
 * The path of the first cgroup2 mount in TEXT, the content of a mountinfo
 * file, with \040 and the like undone.  The caller frees it.  -ENOENT.  Pure.
 */
int vg_cgroup_find_mount(const char *text, char **ret);

/* One path is the other, or lies below it.  Pure. */
bool vg_cgroup_overlap(const char *a, const char *b);

/*
 * PATH, or the cgroup2 mount when NULL.  RET_PATH (may be NULL) is freed by
 * the caller.  -ENOTSUP: not a cgroup2.
 */
int vg_cgroup_root_open(const char *path, int *ret_fd, char **ret_path);

/* -ENOENT: not there (yet).  -EXDEV or -ELOOP: it tried to leave. */
int vg_cgroup_open(int root_fd, const char *path, int *ret_fd);

/* Never the same again for another cgroup, even of the same name. */
int vg_cgroup_id(int fd, uint64_t *ret);

/*
 * FN for the cgroup behind FD and all below: its id, and its path below FD
 * ("" for itself).  A negative value from FN stops and is returned.  What lies
 * more than VG_CGROUP_DEPTH levels below, or cannot be read, is left out: a
 * service may make such cgroups itself.
 */
#define VG_CGROUP_DEPTH 64
typedef int (*vg_cgroup_fn)(void *ctx, int fd, uint64_t id, const char *path);
int vg_cgroup_each(int fd, vg_cgroup_fn fn, void *ctx);

/* FN for every cgroup above the one behind FD, up to the top of the mount. */
int vg_cgroup_each_above(int fd, vg_cgroup_fn fn, void *ctx);

/* The ids of a subtree, itself first; the caller frees *RET. */
int vg_cgroup_ids(int fd, uint64_t **ret, size_t *ret_n);

/* The processes of a subtree; the caller frees *RET. */
int vg_cgroup_pids(int fd, pid_t **ret, size_t *ret_n);

/* No process in the subtree. */
int vg_cgroup_is_empty(int fd, bool *ret);

/* ---- watching ------------------------------------------------------------ */

struct vg_cgroup_watch;

/* Told after the fact, possibly more than once, possibly late: look again. */
typedef void (*vg_cgroup_watch_fn)(void *ctx, const char *path);

/*
 * Watches paths below ROOT_FD (borrowed) for coming and going.  FN is called
 * from vg_cgroup_watch_read() with a path that was added; it must not add or
 * remove paths.
 */
int vg_cgroup_watch_new(int root_fd, vg_cgroup_watch_fn fn, void *ctx,
			struct vg_cgroup_watch **ret);
void vg_cgroup_watch_freep(struct vg_cgroup_watch **w);

/* Readable when there is something to read; level-triggered. */
int vg_cgroup_watch_fd(const struct vg_cgroup_watch *w);

/*
 * PATH need not exist, nor its parents.  Look yourself once afterwards: only
 * what happens from then on is told.  0 also when it is watched already.
 */
int vg_cgroup_watch_add(struct vg_cgroup_watch *w, const char *path);
void vg_cgroup_watch_remove(struct vg_cgroup_watch *w, const char *path);

/* Read what is there, call FN, follow parents that came or went. */
int vg_cgroup_watch_read(struct vg_cgroup_watch *w);
