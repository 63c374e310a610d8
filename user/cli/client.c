/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/client.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/fd.h"

const char *vg_client_run_dir(const char *option)
{
	const char *const env = getenv("VERIGRESS_RUN_DIR");

	if (option)
		return option;
	return env && *env ? env : VG_RUN_DIR;
}

static int connect_to(const char *run_dir, int *ret)
{
	vg_cleanup(vg_fd_closep) int fd = -1;
	struct sockaddr_un to = {.sun_family = AF_UNIX};
	int n;

	n = snprintf(to.sun_path, sizeof(to.sun_path), "%s/%s", run_dir,
		     VG_CONTROL_SOCKET);
	if (n < 0 || (size_t)n >= sizeof(to.sun_path))
		return -ENAMETOOLONG;

	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return -errno;
	if (connect(fd, (const struct sockaddr *)&to, sizeof(to)) < 0)
		return -errno;

	*ret = VG_TAKE_FD(fd);
	return 0;
}

/* A daemon that refuses us may answer and close before it read anything. */
static int send_request(int fd, const struct vg_request *q)
{
	vg_cleanup(vg_buf_freep) struct vg_buf b = {0};
	size_t sent = 0;
	ssize_t n;
	int r;

	r = vg_request_encode(q, &b);
	if (r < 0)
		return r;
	while (sent < b.size) {
		n = send(fd, b.data + sent, b.size - sent, MSG_NOSIGNAL);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return errno == EPIPE || errno == ECONNRESET ? 0
								     : -errno;
		sent += (size_t)n;
	}
	return 0;
}

static int write_all(int fd, const uint8_t *data, size_t size)
{
	while (size > 0) {
		const ssize_t n = write(fd, data, size);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -errno;
		data += n;
		size -= (size_t)n;
	}
	return 0;
}

struct answer {
	int out;
	int err;
	int status; /* -1: the end has not come */
	uint8_t data[VG_CONTROL_HEADER + VG_CONTROL_PAYLOAD];
	size_t size;
};

static int print_frame(struct answer *a, const struct vg_frame *f)
{
	switch (f->type) {
	case VG_FRAME_OUT:
		return write_all(a->out, f->data, f->size);
	case VG_FRAME_ERR:
		return write_all(a->err, f->data, f->size);
	case VG_FRAME_END:
		a->status = vg_frame_status(f);
		return a->status < 0 ? a->status : 0;
	default:
		return -EBADMSG;
	}
}

/* Print the frames that are complete; keep the rest. */
static int print_frames(struct answer *a)
{
	struct vg_frame f;
	size_t at = 0;
	ssize_t n;
	int r;

	while (a->status < 0) {
		n = vg_frame_decode(a->data + at, a->size - at, &f);
		if (n < 0)
			return (int)n;
		if (n == 0)
			break;
		r = print_frame(a, &f);
		if (r < 0)
			return r;
		at += (size_t)n;
	}
	memmove(a->data, a->data + at, a->size - at);
	a->size -= at;
	return 0;
}

static int receive(int fd, struct answer *a)
{
	ssize_t n;
	int r;

	while (a->status < 0) {
		n = recv(fd, a->data + a->size, sizeof(a->data) - a->size, 0);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -errno;
		if (n == 0)
			return -ECONNRESET;
		a->size += (size_t)n;
		r = print_frames(a);
		if (r < 0)
			return r;
	}
	return a->status;
}

int vg_client_ask(const char *run_dir, const struct vg_request *q, int out,
		  int err)
{
	vg_cleanup(vg_fd_closep) int fd = -1;
	vg_cleanup(vg_freep) struct answer *a = NULL;
	int r;

	a = malloc(sizeof(*a));
	if (!a)
		return -ENOMEM;

	a->out = out;
	a->err = err;
	a->status = -1;
	a->size = 0;
	r = connect_to(run_dir, &fd);
	if (r < 0)
		return r;
	r = send_request(fd, q);
	if (r < 0)
		return r;
	return receive(fd, a);
}
