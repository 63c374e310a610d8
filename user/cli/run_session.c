/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/run_session.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/fd.h"

struct vg_run_session {
	int fd;
	vg_run_text_fn *text;
	void *ctx;
	size_t used;
	uint8_t in[VG_CONTROL_HEADER + VG_CONTROL_PAYLOAD];
};

static int dial(const char *run_dir, int *ret)
{
	vg_cleanup(vg_fd_closep) int fd = -1;
	struct sockaddr_un a = {.sun_family = AF_UNIX};

	if (snprintf(a.sun_path, sizeof(a.sun_path), "%s/" VG_CONTROL_SOCKET,
		     run_dir) >= (int)sizeof(a.sun_path))
		return -ENAMETOOLONG;
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return -errno;
	if (connect(fd, (struct sockaddr *)&a, sizeof(a)) < 0)
		return -errno;

	*ret = VG_TAKE_FD(fd);
	return 0;
}

/* One request is far below what a socket buffer takes: no partial write. */
static int send_request(int fd, const struct vg_request *q)
{
	vg_cleanup(vg_buf_freep) struct vg_buf b = {0};
	ssize_t n;
	int r;

	r = vg_request_encode(q, &b);
	if (r < 0)
		return r;
	n = send(fd, b.data, b.size, MSG_NOSIGNAL);
	if (n < 0)
		return -errno;
	return (size_t)n == b.size ? 0 : -EPIPE;
}

int vg_run_session_open(const struct vg_run_session_setup *setup,
			struct vg_run_session **ret)
{
	vg_cleanup(vg_run_session_freep) struct vg_run_session *s = NULL;
	int r;

	s = calloc(1, sizeof(*s));
	if (!s)
		return -ENOMEM;
	s->fd = -1;
	s->text = setup->text;
	s->ctx = setup->ctx;
	r = dial(setup->run_dir, &s->fd);
	if (r < 0)
		return r;
	r = send_request(s->fd, setup->request);
	if (r < 0)
		return r;
	if (fcntl(s->fd, F_SETFL, O_NONBLOCK) < 0)
		return -errno;

	*ret = VG_TAKE_PTR(s);
	return 0;
}

void vg_run_session_freep(struct vg_run_session **s)
{
	if (*s)
		vg_fd_closep(&(*s)->fd);
	free(*s);
	*s = NULL;
}

int vg_run_session_fd(const struct vg_run_session *s)
{
	return s->fd;
}

/* The frames in IN; -EAGAIN when there is no END among them. */
static int take_frames(struct vg_run_session *s)
{
	struct vg_frame f;
	size_t done = 0;
	ssize_t n;

	while ((n = vg_frame_decode(s->in + done, s->used - done, &f)) > 0) {
		done += (size_t)n;
		if (f.type == VG_FRAME_END)
			return vg_frame_status(&f);
		if (f.type == VG_FRAME_REQUEST)
			return -EBADMSG;
		s->text(s->ctx, f.type, (const char *)f.data, f.size);
	}
	if (n < 0)
		return (int)n;
	memmove(s->in, s->in + done, s->used - done);
	s->used -= done;
	return -EAGAIN;
}

int vg_run_session_read(struct vg_run_session *s)
{
	ssize_t n;
	int r;

	for (;;) {
		/* IN holds a whole frame of any size: there is always room. */
		n = recv(s->fd, s->in + s->used, sizeof(s->in) - s->used, 0);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return errno == EWOULDBLOCK ? -EAGAIN : -errno;
		if (n == 0)
			return -ECONNRESET;
		s->used += (size_t)n;
		r = take_frames(s);
		if (r != -EAGAIN)
			return r;
	}
}
