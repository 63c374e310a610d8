/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/parent.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/cleanup.h"
#include "base/fd.h"

struct vg_parent {
	int channel;
	vg_parent_said said;
	void *ctx;
	uint32_t serial;
	bool silent; /* the last request was not answered */
};

int vg_parent_new(int channel, vg_parent_said said, void *ctx,
		  struct vg_parent **ret)
{
	struct vg_parent *p;
	int flags;

	flags = fcntl(channel, F_GETFL);
	if (flags < 0 || fcntl(channel, F_SETFL, flags | O_NONBLOCK) < 0 ||
	    fcntl(channel, F_SETFD, FD_CLOEXEC) < 0)
		return -errno;
	p = calloc(1, sizeof(*p));
	if (!p)
		return -ENOMEM;
	p->channel = channel;
	p->said = said;
	p->ctx = ctx;

	*ret = p;
	return 0;
}

void vg_parent_freep(struct vg_parent **p)
{
	if (*p)
		vg_fd_closep(&(*p)->channel);
	free(*p);
	*p = NULL;
}

int vg_parent_fd(const struct vg_parent *p)
{
	return p->channel;
}

/* One message: 1 when there was one, 0 when not.  *FD is the caller's. */
static int receive(struct vg_parent *p, struct vg_power_message *m, int *fd)
{
	ssize_t n = vg_fd_recv(p->channel, m, sizeof(*m), fd);

	if (n == -EAGAIN)
		return 0;
	if (n != (ssize_t)sizeof(*m) || m->version != VG_POWER_VERSION) {
		vg_fd_closep(fd);
		return -ECONNRESET;
	}
	m->text[sizeof(m->text) - 1] = '\0';
	p->silent = false;
	return 1;
}

/* An answer that came too late for its request is dropped here. */
static void pass_on(struct vg_parent *p, const struct vg_power_message *m,
		    int fd)
{
	if (m->serial == 0)
		p->said(p->ctx, (enum vg_power)m->op, fd);
	else
		vg_fd_closep(&fd);
}

int vg_parent_read(struct vg_parent *p)
{
	struct vg_power_message m;
	int fd, r;

	while ((r = receive(p, &m, &fd)) > 0)
		pass_on(p, &m, fd);
	return r;
}

/* Real time, also in a test build where ours runs faster. */
static int64_t real_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

static int await(struct vg_parent *p, uint32_t serial,
		 struct vg_power_message *m, int *fd)
{
	const int64_t end = real_ms() + VG_PARENT_WAIT_MS;
	struct pollfd wait = {.fd = p->channel, .events = POLLIN};
	int64_t left;
	int r;

	while ((left = end - real_ms()) > 0) {
		r = poll(&wait, 1, (int)left);
		if (r < 0 && errno != EINTR)
			return -errno;
		r = receive(p, m, fd);
		if (r < 0)
			return r;
		if (r > 0 && m->serial == serial)
			return m->error;
		if (r > 0)
			pass_on(p, m, VG_TAKE_FD(*fd));
	}
	p->silent = true;
	return -ETIMEDOUT;
}

static int ask(struct vg_parent *p, enum vg_power op, pid_t pid,
	       struct vg_power_message *m, int *fd)
{
	int r;

	if (p->silent)
		return -ETIMEDOUT;
	if (++p->serial == 0) /* 0 is "unasked" */
		p->serial = 1;
	*m = (struct vg_power_message){
		.version = VG_POWER_VERSION,
		.op = (uint16_t)op,
		.serial = p->serial,
		.pid = pid,
	};
	r = vg_fd_send(p->channel, m, sizeof(*m), -1);
	if (r < 0)
		return r;
	return await(p, m->serial, m, fd);
}

int vg_parent_exe(struct vg_parent *p, pid_t pid,
		  char ret[static VG_POWER_TEXT])
{
	vg_cleanup(vg_fd_closep) int fd = -1;
	struct vg_power_message m;
	int r;

	r = ask(p, VG_POWER_EXE, pid, &m, &fd);
	if (r < 0)
		return r;
	memcpy(ret, m.text, sizeof(m.text));
	return 0;
}

int vg_parent_diag(struct vg_parent *p, pid_t pid, int *ret_fd)
{
	vg_cleanup(vg_fd_closep) int fd = -1;
	struct vg_power_message m;
	int r;

	r = ask(p, VG_POWER_DIAG, pid, &m, &fd);
	if (r < 0)
		return r;
	if (fd < 0)
		return -EPROTO;
	*ret_fd = VG_TAKE_FD(fd);
	return 0;
}

int vg_parent_end_verifier(struct vg_parent *p)
{
	vg_cleanup(vg_fd_closep) int fd = -1;
	struct vg_power_message m;

	return ask(p, VG_POWER_VERIFIER, 0, &m, &fd);
}
