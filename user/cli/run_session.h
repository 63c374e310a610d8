/* SPDX-License-Identifier: Apache-2.0 */
/*
 * run_session -- a session of the control socket that `run` waits for beside
 * other things, which vg_client_ask() cannot.
 *
 * The socket does not block once the session is open.  Does not log.
 */
#pragma once

#include <stddef.h>

#include "control/codec.h"

struct vg_run_session;

/* DATA is text of a frame OUT or ERR; a line may come in several pieces. */
typedef void vg_run_text_fn(void *ctx, enum vg_frame_type type,
			    const char *data, size_t size);

struct vg_run_session_setup {
	const char *run_dir;
	const struct vg_request *request;
	vg_run_text_fn *text;
	void *ctx;
};

/* Connects and sends the request.  -ENOENT or -ECONNREFUSED: nobody listens. */
int vg_run_session_open(const struct vg_run_session_setup *setup,
			struct vg_run_session **ret);
void vg_run_session_freep(struct vg_run_session **s);

int vg_run_session_fd(const struct vg_run_session *s);

/*
 * Read what is there.  -EAGAIN: more will come; 0..125: the exit status, and
 * nothing will; -ECONNRESET, -EPROTO and -EBADMSG as vg_client_ask().
 */
int vg_run_session_read(struct vg_run_session *s);
