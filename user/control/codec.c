/* SPDX-License-Identifier: Apache-2.0 */
#include "control/codec.h"

#include <errno.h>
#include <string.h>

#define MAGIC_SIZE     3 /* then the version */
#define REQUEST_HEADER 4 /* verb, number of arguments, flags */

static const struct vg_verb_info verbs[VG_VERB_COUNT] = {
	[VG_VERB_STATUS] = {"status", VG_ACCESS_READ, 0, 0, 0},
	[VG_VERB_LIST] = {"list", VG_ACCESS_READ, 0, 0, 0},
	[VG_VERB_SHOW] = {"show", VG_ACCESS_READ, 1, 1, 0},
	[VG_VERB_WHY] = {"why", VG_ACCESS_READ, 2, 2, 0},
	[VG_VERB_WATCH] = {"watch", VG_ACCESS_READ, 0, 2, VG_REQUEST_FOLLOW},
	[VG_VERB_RELOAD] = {"reload", VG_ACCESS_CHANGE, 0, 0, VG_REQUEST_WAIT},
	[VG_VERB_DIFF] = {"diff", VG_ACCESS_READ, 0, 0, 0},
	[VG_VERB_HOLD] = {"hold", VG_ACCESS_CHANGE, 1, 1, 0},
	[VG_VERB_FLUSH] = {"flush", VG_ACCESS_CHANGE, 1, 1, 0},
	[VG_VERB_LOCKDOWN] = {"lockdown", VG_ACCESS_CHANGE, 1, 1,
			      VG_REQUEST_LIFT},
	[VG_VERB_VERSION] = {"version", VG_ACCESS_READ, 0, 0, 0},
};

/* Every verb takes these. */
#define FLAGS_COMMON (VG_REQUEST_JSON | VG_REQUEST_COLOUR)

const struct vg_verb_info *vg_verb_info(enum vg_verb verb)
{
	return &verbs[verb];
}

const char *vg_request_arg(const struct vg_request *q, uint32_t i)
{
	return i < q->n_args && i < VG_CONTROL_ARGS ? q->args[i] : "";
}

static void put_u16(struct vg_buf *out, size_t value)
{
	const uint8_t octets[] = {(uint8_t)(value >> 8), (uint8_t)value};

	vg_buf_add(out, octets, sizeof(octets));
}

static size_t get_u16(const uint8_t *data)
{
	return (size_t)data[0] << 8 | data[1];
}

static size_t get_u32(const uint8_t *data)
{
	return get_u16(data) << 16 | get_u16(data + 2);
}

static void put_header(struct vg_buf *out, enum vg_frame_type type, size_t size)
{
	const uint8_t octets[] = {(uint8_t)type, 0, 0, 0};

	vg_buf_add(out, VG_CONTROL_MAGIC, MAGIC_SIZE + 1);
	vg_buf_add(out, octets, sizeof(octets));
	put_u16(out, size >> 16);
	put_u16(out, size & 0xffff);
}

static bool agrees(uint32_t verb, uint32_t flags, uint32_t n_args)
{
	return verb < VG_VERB_COUNT && n_args >= verbs[verb].min_args &&
	       n_args <= verbs[verb].max_args &&
	       !(flags & ~(uint32_t)(FLAGS_COMMON | verbs[verb].flags));
}

int vg_request_encode(const struct vg_request *q, struct vg_buf *out)
{
	size_t size = REQUEST_HEADER;
	const uint8_t head[] = {(uint8_t)q->verb, (uint8_t)q->n_args};

	if (!agrees(q->verb, q->flags, q->n_args))
		return -EINVAL;
	for (uint32_t i = 0; i < q->n_args; i++)
		size += 2 + strlen(q->args[i]);
	if (size > VG_CONTROL_PAYLOAD)
		return -EMSGSIZE;

	put_header(out, VG_FRAME_REQUEST, size);
	vg_buf_add(out, head, sizeof(head));
	put_u16(out, q->flags);
	for (uint32_t i = 0; i < q->n_args; i++) {
		put_u16(out, strlen(q->args[i]));
		vg_buf_puts(out, q->args[i]);
	}
	return vg_buf_error(out);
}

/* The argument at *AT; moves *AT behind it. */
static int get_arg(const uint8_t *data, size_t size, size_t *at,
		   char ret[static VG_CONTROL_ARG + 1])
{
	size_t length;

	if (size - *at < 2)
		return -EBADMSG;
	length = get_u16(data + *at);
	if (length > VG_CONTROL_ARG || length > size - *at - 2 ||
	    memchr(data + *at + 2, '\0', length))
		return -EBADMSG;

	memcpy(ret, data + *at + 2, length);
	ret[length] = '\0';
	*at += 2 + length;
	return 0;
}

int vg_request_decode(const uint8_t *data, size_t size, struct vg_request *ret)
{
	struct vg_request q = {0};
	size_t at = REQUEST_HEADER;
	int r;

	if (size < REQUEST_HEADER)
		return -EBADMSG;

	q.n_args = data[1];
	q.flags = (uint32_t)get_u16(data + 2);
	if (q.n_args > VG_CONTROL_ARGS || !agrees(data[0], q.flags, q.n_args))
		return -EBADMSG;
	q.verb = (enum vg_verb)data[0];

	for (uint32_t i = 0; i < q.n_args; i++) {
		r = get_arg(data, size, &at, q.args[i]);
		if (r < 0)
			return r;
	}
	if (at != size)
		return -EBADMSG;

	*ret = q;
	return 0;
}

void vg_frame_text(struct vg_buf *out, enum vg_frame_type type,
		   const char *text, size_t size)
{
	while (size > 0) {
		const size_t part =
			size < VG_CONTROL_PAYLOAD ? size : VG_CONTROL_PAYLOAD;

		put_header(out, type, part);
		vg_buf_add(out, text, part);
		text += part;
		size -= part;
	}
}

void vg_frame_end(struct vg_buf *out, uint8_t status)
{
	put_header(out, VG_FRAME_END, 1);
	vg_buf_add(out, &status, 1);
}

/* A wrong octet is refused as soon as it is there. */
static int check_magic(const uint8_t *data, size_t size)
{
	const size_t n = size < MAGIC_SIZE ? size : MAGIC_SIZE;

	if (memcmp(data, VG_CONTROL_MAGIC, n) != 0)
		return -EBADMSG;
	if (size > MAGIC_SIZE && data[MAGIC_SIZE] != VG_CONTROL_VERSION)
		return -EPROTO;
	return 0;
}

ssize_t vg_frame_decode(const uint8_t *data, size_t size, struct vg_frame *ret)
{
	size_t payload;
	int r;

	if (size == 0)
		return 0;
	r = check_magic(data, size);
	if (r < 0)
		return r;
	if (size < VG_CONTROL_HEADER)
		return 0;

	payload = get_u32(data + 8);
	if (data[4] < VG_FRAME_REQUEST || data[4] >= VG_FRAME_TYPES ||
	    data[5] || data[6] || data[7] || payload > VG_CONTROL_PAYLOAD)
		return -EBADMSG;
	if (size - VG_CONTROL_HEADER < payload)
		return 0;

	*ret = (struct vg_frame){
		.type = (enum vg_frame_type)data[4],
		.data = data + VG_CONTROL_HEADER,
		.size = payload,
	};
	return (ssize_t)(VG_CONTROL_HEADER + payload);
}

int vg_frame_status(const struct vg_frame *f)
{
	if (f->type != VG_FRAME_END || f->size != 1 || f->data[0] > VG_EXIT_MAX)
		return -EBADMSG;
	return f->data[0];
}
