/* SPDX-License-Identifier: Apache-2.0 */
/*
 * codec -- requests and frames of the control socket, to octets and back.
 *
 * Used by control/server and by the command line.  Every length is checked
 * before anything is copied; what does not fit exactly is refused.  Pure.
 * Does not log.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/buf.h"
#include "verigress/control.h"

struct vg_request {
	enum vg_verb verb;
	uint32_t flags; /* VG_REQUEST_* */
	uint32_t n_args;
	char args[VG_CONTROL_ARGS][VG_CONTROL_ARG + 1];
};

/* Argument I, or "" when it was not given. */
const char *vg_request_arg(const struct vg_request *q, uint32_t i);

enum vg_access {
	VG_ACCESS_READ = 0, /* uid 0 and the group verigress */
	VG_ACCESS_CHANGE, /* uid 0 */
};

struct vg_verb_info {
	const char *name;
	enum vg_access permission;
	uint8_t min_args;
	uint8_t max_args;
	uint8_t flags; /* VG_REQUEST_* that it takes */
};

/* VERB below VG_VERB_COUNT; never NULL. */
const struct vg_verb_info *vg_verb_info(enum vg_verb verb);

/*
 * Append the request frame to OUT.  -EINVAL when verb, flags or the number of
 * arguments do not agree with the table, -EMSGSIZE when it is too long.
 */
int vg_request_encode(const struct vg_request *q, struct vg_buf *out);
/* The payload of a request frame; the same rules, -EBADMSG.  *RET is only
 * touched on success. */
int vg_request_decode(const uint8_t *data, size_t size, struct vg_request *ret);

struct vg_frame {
	enum vg_frame_type type;
	const uint8_t *data; /* into the octets that were decoded */
	size_t size;
};

/* Append a frame; TYPE OUT or ERR may be longer than one payload and is then
 * split.  Text is cut nowhere. */
void vg_frame_text(struct vg_buf *out, enum vg_frame_type type,
		   const char *text, size_t size);
void vg_frame_end(struct vg_buf *out, uint8_t status);

/*
 * The first frame in SIZE octets.  Returns how many octets it takes, 0 when
 * more are needed, -EPROTO for another version, -EBADMSG for anything else.
 */
ssize_t vg_frame_decode(const uint8_t *data, size_t size, struct vg_frame *ret);
/* The exit status in an END frame, or -EBADMSG. */
int vg_frame_status(const struct vg_frame *f);
