/* SPDX-License-Identifier: Apache-2.0 */
/*
 * json -- an emitter for output of fixed shape (RFC 8259), no parser.
 *
 * Writes into a vg_buf; commas are put by the emitter.  KEY is NULL inside an
 * array.  Strings may hold anything: octets that are not valid UTF-8 become
 * U+FFFD; control characters, DEL and marks that reorder text are escaped
 * \uXXXX.  Errors stick in the buffer.
 * Depth is at most 16; an unbalanced end is an assertion.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"

struct vg_json {
	struct vg_buf *out; /* borrowed */
	uint8_t depth;
	bool comma[17];
};

void vg_json_begin(struct vg_json *j, struct vg_buf *out);
void vg_json_object(struct vg_json *j, const char *key); /* { */
void vg_json_object_end(struct vg_json *j);
void vg_json_array(struct vg_json *j, const char *key); /* [ */
void vg_json_array_end(struct vg_json *j);
void vg_json_string(struct vg_json *j, const char *key, const char *value);
void vg_json_uint(struct vg_json *j, const char *key, uint64_t value);
void vg_json_bool(struct vg_json *j, const char *key, bool value);
