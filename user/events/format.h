/* SPDX-License-Identifier: Apache-2.0 */
/*
 * format -- a record as one line of JSON, as one line for people, and as the
 * sentence that says why.
 *
 * Lines carry no newline.  Everything that strangers may have named is
 * escaped.  Errors stick in the buffer.  Pure.  Does not log.
 */
#pragma once

#include <stdbool.h>

#include "base/buf.h"
#include "events/record.h"

/* Names of the closed lists; never NULL, "?" outside. */
const char *vg_record_kind_name(enum vg_record_kind k); /* "would_deny" */
const char *vg_reason_name(enum vg_reason r); /* "no_lease" */
const char *vg_layer_name(enum vg_layer l); /* "connect4" */
const char *vg_mode_name(enum vg_mode m); /* "enforce" */
/* "tcp"; NULL for one without a name here, which is then shown as a number. */
const char *vg_proto_name(uint8_t proto);

/* One object, fields as in design.md section 9, "v":1, and "why". */
void vg_format_json(struct vg_buf *out, const struct vg_record *r);

/* "10:02:11Z billing DENY python3[812] -> 192.0.2.1:443/tcp (a.example): why
 * [no_lease connect4]" */
void vg_format_human(struct vg_buf *out, const struct vg_record *r,
		     bool colour);

/* One sentence that stands alone, without a final stop: who may not do what,
 * and the cause. */
void vg_format_why(struct vg_buf *out, const struct vg_record *r);
/* Only the cause: "this address belonged to a.example until ..." */
void vg_format_cause(struct vg_buf *out, const struct vg_record *r);
/* "[2001:db8::1]:443/tcp", as far as it is known. */
void vg_format_target(struct vg_buf *out, const struct vg_record *r);
