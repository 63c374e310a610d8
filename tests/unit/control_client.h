/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A client of the control socket that never blocks, for tests that run the
 * server in the same thread.
 */
#pragma once

#include <stdbool.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>

#include "base/cleanup.h"
#include "base/fd.h"
#include "control/codec.h"

struct client {
	int fd;
	struct vg_buf in;
	struct vg_buf out;
	struct vg_buf err;
	int status; /* -1: no end yet */
	bool closed;
};

static void client_open(const char *path, struct client *c)
{
	struct sockaddr_un to = {.sun_family = AF_UNIX};

	*c = (struct client){.status = -1};
	(void)strcpy(to.sun_path, path);
	c->fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	assert_int_equal(connect(c->fd, (struct sockaddr *)&to, sizeof(to)), 0);
}

static void client_close(struct client *c)
{
	vg_fd_closep(&c->fd);
	vg_buf_freep(&c->in);
	vg_buf_freep(&c->out);
	vg_buf_freep(&c->err);
}

static void client_send(struct client *c, enum vg_verb verb, uint32_t flags,
			const char *arg)
{
	vg_cleanup(vg_buf_freep) struct vg_buf b = {0};
	struct vg_request q = {.verb = verb, .flags = flags};

	if (arg) {
		q.n_args = 1;
		(void)strcpy(q.args[0], arg);
	}
	assert_int_equal(vg_request_encode(&q, &b), 0);
	assert_int_equal(send(c->fd, b.data, b.size, MSG_NOSIGNAL), b.size);
}

static void client_parse(struct client *c)
{
	struct vg_frame f;
	size_t at = 0;
	ssize_t n;

	while ((n = vg_frame_decode((uint8_t *)c->in.data + at, c->in.size - at,
				    &f)) > 0) {
		if (f.type == VG_FRAME_OUT)
			vg_buf_add(&c->out, f.data, f.size);
		else if (f.type == VG_FRAME_ERR)
			vg_buf_add(&c->err, f.data, f.size);
		else
			c->status = vg_frame_status(&f);
		at += (size_t)n;
	}
	assert_int_equal(n, 0);
	memmove(c->in.data, c->in.data + at, c->in.size - at);
	c->in.size -= at;
}

/* Read what is there, while the daemon takes its TURN. */
static void client_read(void (*turn)(void), struct client *c)
{
	char data[65536];
	ssize_t n;

	for (int idle = 0; idle < 3;) {
		turn();
		n = recv(c->fd, data, sizeof(data), MSG_DONTWAIT);
		c->closed = c->closed || n == 0;
		idle = n > 0 ? 0 : idle + 1;
		if (n > 0)
			vg_buf_add(&c->in, data, (size_t)n);
		if (c->in.size > 0)
			client_parse(c);
	}
}
