/* SPDX-License-Identifier: Apache-2.0 */
/*
 * answers -- what the files that answer the control socket share: answers.c
 * (what changes or waits), answers_status.c, answers_show.c, answers_why.c.
 */
#pragma once

#include <stdint.h>

#include "base/buf.h"
#include "base/json.h"
#include "control/server.h"

struct vg_keeper;
struct vg_unit;

/* The service that Q names; NULL after having said so and ended S. */
struct vg_unit *vg_answers_unit(struct vg_keeper *k, struct vg_session *s,
				const struct vg_request *q);

/* Send OUT (JSON without its newline) and end S. */
void vg_answers_json(struct vg_session *s, struct vg_buf *out, uint8_t status);

/* "12 min", "3 h": how far away T is, for people.  Returns RET. */
const char *vg_answers_distance(uint64_t t, char ret[static 24]);

/* The array `cgroups` of a service. */
void vg_answers_cgroups(const struct vg_unit *u, struct vg_json *j);

void vg_answer_status(void *keeper, struct vg_session *s,
		      const struct vg_request *q);
void vg_answer_list(void *keeper, struct vg_session *s,
		    const struct vg_request *q);
void vg_answer_show(void *keeper, struct vg_session *s,
		    const struct vg_request *q);
void vg_answer_why(void *keeper, struct vg_session *s,
		   const struct vg_request *q);
