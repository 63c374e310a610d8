/* SPDX-License-Identifier: Apache-2.0 */
#include "enforce/selftest.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/fd.h"
#include "enforce/attach.h"
#include "enforce/load.h"
#include "enforce/provoke.h"
#include "enforce/service.h"

#define SELFTEST_NAME "selftest"

const char *vg_layer_state_name(enum vg_layer_state s)
{
	static const char *const names[] = {
		[VG_LAYER_MISSING] = "missing",
		[VG_LAYER_PROVEN] = "proven",
		[VG_LAYER_FAILED] = "failed",
	};

	return s <= VG_LAYER_FAILED ? names[s] : "?";
}

__attribute__((format(printf, 3, 4))) static void
conclude(struct vg_layer_proof *p, enum vg_layer_state state,
	 const char *format, ...)
{
	va_list args;

	p->state = state;
	va_start(args, format);
	vsnprintf(p->why, sizeof(p->why), format, args);
	va_end(args);
}

static uint64_t now_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000 + (uint64_t)t.tv_nsec / 1000000;
}

/* ---- the scratch cgroup ---------------------------------------------------- */

struct scratch {
	int root_fd; /* borrowed */
	int fd;
	char name[64];
};

/* A dead child leaves its cgroup a moment later. */
static void scratch_done(struct scratch *s)
{
	const struct timespec pause = {.tv_nsec = 5000000};
	int i;

	vg_fd_closep(&s->fd);
	for (i = 0; s->name[0] && i < 200; i++) {
		if (unlinkat(s->root_fd, s->name, AT_REMOVEDIR) == 0 ||
		    errno != EBUSY)
			return;
		nanosleep(&pause, NULL);
	}
}

/*
 * Named after the bpffs directory, which one keeper holds at a time: what a
 * killed one left is found again.
 */
static int scratch_make(struct scratch *s, int bpffs_fd)
{
	char name[sizeof(s->name)];
	struct stat st;

	if (fstat(bpffs_fd, &st) < 0)
		return -errno;
	snprintf(name, sizeof(name),
		 VG_SELFTEST_PARENT "/" SELFTEST_NAME ".%u-%llu",
		 minor(st.st_dev), (unsigned long long)st.st_ino);
	/* It is there, or the next call says what is wrong. */
	(void)mkdirat(s->root_fd, VG_SELFTEST_PARENT, 0755);
	if (mkdirat(s->root_fd, name, 0755) < 0 && errno != EEXIST)
		return -errno;
	memcpy(s->name, name, sizeof(name));
	s->fd = openat(s->root_fd, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	return s->fd < 0 ? -errno : 0;
}

/* ---- the child ------------------------------------------------------------- */

struct child {
	pid_t pid; /* 0: none */
	int socket; /* our end */
};

static void child_done(struct child *c)
{
	if (c->pid > 0) {
		kill(c->pid, SIGKILL);
		while (waitpid(c->pid, NULL, 0) < 0 && errno == EINTR)
			;
	}
	c->pid = 0;
	vg_fd_closep(&c->socket);
}

static int join(int cgroup_fd)
{
	vg_cleanup(vg_fd_closep) int fd = -1;

	fd = openat(cgroup_fd, "cgroup.procs", O_WRONLY | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	return write(fd, "0", 1) == 1 ? 0 : -errno;
}

/*
 * Joins, prepares (egress needs a socket from before the attach), says so,
 * waits for the word, provokes, tells what it got.
 */
static int child_work(int socket, int cgroup_fd, enum vg_layer layer)
{
	vg_cleanup(vg_fd_closep) int fd = -1;
	char word;
	int r;

	r = join(cgroup_fd);
	if (r == 0)
		r = vg_provoke_prepare(layer, &fd);
	if (write(socket, &r, sizeof(r)) != sizeof(r) || r < 0)
		return 1;
	if (read(socket, &word, 1) != 1)
		return 1;
	r = vg_provoke(layer, fd);
	return write(socket, &r, sizeof(r)) == sizeof(r) ? 0 : 1;
}

static int child_start(struct child *c, int cgroup_fd, enum vg_layer layer)
{
	vg_cleanup(vg_fd_closep) int theirs = -1;
	int pair[2];

	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) < 0)
		return -errno;
	c->socket = pair[0];
	theirs = pair[1];
	c->pid = fork();
	if (c->pid < 0) {
		c->pid = 0;
		return -errno;
	}
	if (c->pid == 0) {
		vg_fd_closep(&c->socket);
		_exit(child_work(theirs, cgroup_fd, layer));
	}
	return 0;
}

/* What the child says next: 0 or -errno; -EPIPE when it went without a word. */
static int child_says(const struct child *c, int *ret)
{
	struct pollfd p = {.fd = c->socket, .events = POLLIN};
	int said;

	if (poll(&p, 1, VG_SELFTEST_MS) != 1)
		return -ETIMEDOUT;
	if (read(c->socket, &said, sizeof(said)) != sizeof(said))
		return -EPIPE;
	*ret = said;
	return 0;
}

/* ---- one layer ------------------------------------------------------------- */

static bool wait_for_event(const struct vg_selftest *t, enum vg_layer layer)
{
	const struct timespec pause = {.tv_nsec = 2000000};
	uint64_t end = now_ms() + VG_SELFTEST_MS;

	do {
		if (t->saw(t->ctx, VG_SERVICE_SELFTEST, layer))
			return true;
		nanosleep(&pause, NULL);
	} while (now_ms() < end);
	return false;
}

/* sock_ops cannot refuse; every other layer must have said EPERM. */
static void judge(const struct vg_selftest *t, enum vg_layer layer, int got,
		  struct vg_layer_proof *ret)
{
	if (layer != VG_LAYER_SOCK_OPS && got != -EPERM)
		conclude(ret, VG_LAYER_FAILED,
			 "a refusal was provoked, the answer was: %s",
			 got < 0 ? strerror(-got) : "granted");
	else if (!wait_for_event(t, layer))
		conclude(ret, VG_LAYER_FAILED,
			 "the refusal was answered, but its event never came");
	else
		conclude(ret, VG_LAYER_PROVEN, "%s", "");
}

static int test_layer(const struct vg_selftest *t, enum vg_layer layer,
		      struct vg_layer_proof *ret)
{
	vg_cleanup(scratch_done) struct scratch s = {
		.root_fd = t->cgroup_root_fd, .fd = -1};
	vg_cleanup(child_done) struct child c = {.socket = -1};
	vg_cleanup(vg_fd_closep) int link = -1;
	int r, said = 0;

	r = scratch_make(&s, vg_load_dir(t->load));
	if (r < 0)
		return r;
	r = child_start(&c, s.fd, layer);
	if (r == 0)
		r = child_says(&c, &said);
	if (r < 0)
		return r;
	if (said == -EAFNOSUPPORT || said == -EADDRNOTAVAIL) {
		conclude(ret, VG_LAYER_MISSING, "this host has no IPv6");
		return 0;
	}
	if (said < 0)
		return said;
	r = vg_attach_one(t->load, layer, s.fd, VG_SERVICE_SELFTEST, &link);
	if (r < 0) {
		conclude(ret, VG_LAYER_MISSING,
			 "the kernel did not attach it: %s", strerror(-r));
		return 0;
	}
	if (send(c.socket, "", 1, MSG_NOSIGNAL) != 1)
		return -errno;
	r = child_says(&c, &said);
	if (r < 0)
		return r;
	judge(t, layer, said, ret);
	return 0;
}

int vg_selftest_run(const struct vg_selftest *t,
		    struct vg_layer_proof ret[static VG_LAYER_COUNT])
{
	struct vg_layer_proof proofs[VG_LAYER_COUNT] = {0};
	int i, r, end;

	r = vg_services_selftest(t->services, true);
	for (i = 0; i < VG_LAYER_COUNT && r == 0; i++)
		r = test_layer(t, (enum vg_layer)i, &proofs[i]);
	end = vg_services_selftest(t->services, false);
	if (r < 0)
		return r;
	if (end < 0)
		return end;

	memcpy(ret, proofs, sizeof(proofs));
	return 0;
}
