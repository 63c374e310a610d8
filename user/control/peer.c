/* SPDX-License-Identifier: Apache-2.0 */
#include "control/peer.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "base/cleanup.h"
#include "base/fd.h"

#ifndef SO_PEERPIDFD /* Linux 6.5; not in Debian 12's headers */
#define SO_PEERPIDFD 77
#endif

#define GROUPS_MAX 65536 /* NGROUPS_MAX of the kernel */

/* The supplementary groups, as they were when the peer connected. */
static int in_groups(int sock, gid_t group, bool *ret)
{
	vg_cleanup(vg_freep) gid_t *groups = NULL;
	socklen_t size = GROUPS_MAX * sizeof(*groups);
	bool found = false;

	groups = malloc(size);
	if (!groups)
		return -ENOMEM;
	if (getsockopt(sock, SOL_SOCKET, SO_PEERGROUPS, groups, &size) < 0)
		return -errno;

	for (size_t i = 0; i < size / sizeof(*groups); i++)
		found = found || groups[i] == group;
	*ret = found;
	return 0;
}

static int find_group(int sock, const struct ucred *cred, gid_t group,
		      bool *ret)
{
	*ret = false;
	if (group == (gid_t)-1)
		return 0;
	if (cred->gid == group) {
		*ret = true;
		return 0;
	}
	return in_groups(sock, group, ret);
}

/* -1 on kernels without it: then a pid is only a pid. */
static int peer_pidfd(int sock)
{
	socklen_t size = sizeof(int);
	int fd = -1;

	if (getsockopt(sock, SOL_SOCKET, SO_PEERPIDFD, &fd, &size) < 0)
		return -1;
	return fd;
}

static bool has_ended(int pidfd)
{
	struct pollfd p = {.fd = pidfd, .events = POLLIN};

	return poll(&p, 1, 0) != 0;
}

int vg_peer_cgroup_parse(const char *text, char ret[static VG_PEER_CGROUP])
{
	const char *line = text;
	size_t length;

	while (line && strncmp(line, "0::", 3) != 0) {
		line = strchr(line, '\n');
		line = line ? line + 1 : NULL;
	}
	if (!line)
		return -ENOENT;

	line += 3;
	length = strcspn(line, "\n");
	if (length >= VG_PEER_CGROUP)
		return -ENAMETOOLONG;
	memcpy(ret, line, length);
	ret[length] = '\0';
	return 0;
}

static int read_cgroup(int sock, pid_t pid, char ret[static VG_PEER_CGROUP])
{
	vg_cleanup(vg_fd_closep) int pidfd = -1;
	vg_cleanup(vg_freep) char *text = NULL;
	char path[64];
	size_t size;
	int r;

	pidfd = peer_pidfd(sock);
	(void)snprintf(path, sizeof(path), "/proc/%d/cgroup", pid);
	r = vg_file_read(AT_FDCWD, path, 1 << 16, &text, &size);
	if (r < 0)
		return r;
	if (pidfd >= 0 && has_ended(pidfd))
		return -ESRCH;
	return vg_peer_cgroup_parse(text, ret);
}

int vg_peer_get(int sock, gid_t group, struct vg_peer *ret)
{
	struct vg_peer p = {0};
	struct ucred cred;
	socklen_t size = sizeof(cred);
	int r;

	if (getsockopt(sock, SOL_SOCKET, SO_PEERCRED, &cred, &size) < 0)
		return -errno;
	if (cred.pid <= 0) /* of another pid namespace */
		return -ESRCH;

	p.pid = cred.pid;
	p.uid = cred.uid;
	r = find_group(sock, &cred, group, &p.in_group);
	if (r < 0)
		return r;
	r = read_cgroup(sock, p.pid, p.cgroup);
	if (r < 0)
		return r;

	*ret = p;
	return 0;
}

bool vg_peer_may(const struct vg_peer *p, enum vg_access permission)
{
	if (p->uid == 0)
		return true;
	return permission == VG_ACCESS_READ && p->in_group;
}

bool vg_cgroup_inside(const char *path, const char *dir)
{
	size_t length;

	path += strspn(path, "/");
	dir += strspn(dir, "/");
	length = strlen(dir);
	while (length > 0 && dir[length - 1] == '/')
		length--;
	if (length == 0)
		return true;
	return strncmp(path, dir, length) == 0 &&
	       (path[length] == '\0' || path[length] == '/');
}
