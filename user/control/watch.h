/* SPDX-License-Identifier: Apache-2.0 */
/*
 * watch -- the sessions of `verigress watch -f`, and what each wants to see.
 *
 * The handler of VG_VERB_WATCH sends the backlog, then gives the session to
 * vg_watch_add(); the sink's on_line calls vg_watch_publish().  A client that
 * is too slow loses lines, is told how many, and delays nobody.
 * Does not log.
 */
#pragma once

#include <stdint.h>

#include "control/server.h"

struct vg_watch;

int vg_watch_new(struct vg_watch **ret);
/* Ends every session with status 0; call before vg_server_freep(). */
void vg_watch_freep(struct vg_watch **w);

/* Takes S (ends it on failure) with the filter of REQ: its service, its flags
 * JSON and COLOUR. */
int vg_watch_add(struct vg_watch *w, struct vg_session *s,
		 const struct vg_request *req);

/* SERVICE may be NULL: then only those without a filter see it. */
void vg_watch_publish(struct vg_watch *w, const char *service, const char *json,
		      const char *plain, const char *colour);
uint32_t vg_watch_count(const struct vg_watch *w);
/* Lines that slow clients missed, all in all. */
uint64_t vg_watch_lost(const struct vg_watch *w);
