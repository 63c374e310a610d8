/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/powers.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/netlink.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/fd.h"
#include "base/log.h"

static int open_proc(int32_t pid, const char *what, int flags)
{
	char path[64];
	int fd;

	if (pid <= 0)
		return -EINVAL;
	snprintf(path, sizeof(path), "/proc/%d/%s", pid, what);
	fd = open(path, flags | O_CLOEXEC);
	return fd < 0 ? -errno : fd;
}

static int answer_exe(const struct vg_powers *p, struct vg_power_message *m,
		      int *ret_fd)
{
	char path[64];
	ssize_t n;

	(void)p;
	(void)ret_fd;
	if (m->pid <= 0)
		return -EINVAL;
	snprintf(path, sizeof(path), "/proc/%d/exe", m->pid);
	n = readlink(path, m->text, sizeof(m->text) - 1);
	if (n < 0)
		return -errno;
	m->text[n] = '\0';
	return 0;
}

/* The socket is made in the namespace and belongs to it for ever. */
static int answer_diag(const struct vg_powers *p, struct vg_power_message *m,
		       int *ret_fd)
{
	vg_cleanup(vg_fd_closep) int there = -1;
	int sock, r = 0;

	there = open_proc(m->pid, "ns/net", O_RDONLY);
	if (there < 0)
		return there;
	if (setns(there, CLONE_NEWNET) < 0)
		return -errno;
	sock = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_SOCK_DIAG);
	if (sock < 0)
		r = -errno;
	if (setns(p->netns, CLONE_NEWNET) < 0) {
		vg_err("cannot leave a network namespace: %s; ending",
		       strerror(errno));
		_exit(EXIT_FAILURE); /* the others end with us */
	}
	*ret_fd = sock;
	return r;
}

static int answer_verifier(const struct vg_powers *p,
			   struct vg_power_message *m, int *ret_fd)
{
	(void)m;
	(void)ret_fd;
	if (p->verifier && kill(p->verifier, SIGKILL) < 0)
		return -errno;
	return 0;
}

static int (*const answers[VG_POWER_COUNT])(const struct vg_powers *p,
					    struct vg_power_message *m,
					    int *ret_fd) = {
	[VG_POWER_EXE] = answer_exe,
	[VG_POWER_DIAG] = answer_diag,
	[VG_POWER_VERIFIER] = answer_verifier,
};

bool vg_power_known(uint16_t op)
{
	return op < VG_POWER_COUNT && answers[op];
}

void vg_power_answer(const struct vg_powers *p, struct vg_power_message *m,
		     int *ret_fd)
{
	*ret_fd = -1;
	m->text[0] = '\0';
	m->error = answers[m->op](p, m, ret_fd);
}
