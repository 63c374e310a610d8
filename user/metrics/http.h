/* SPDX-License-Identifier: Apache-2.0 */
/*
 * http -- GET /metrics, on a listening socket that the supervisor made.
 *
 * One request a connection, then it is closed; anything but GET /metrics is
 * refused.  Bounded: VG_HTTP_CLIENTS at a time, VG_HTTP_REQUEST octets, and
 * VG_HTTP_PATIENCE_S seconds from the connect to the last octet of the answer.
 * (evhttp 2.1 can bound neither the clients nor the whole time, and a reader
 * of metrics must not use up the descriptors of the keeper.)
 * The process must ignore SIGPIPE.  Does not log.
 */
#pragma once

#include "metrics/counters.h"

#define VG_HTTP_CLIENTS	   16
#define VG_HTTP_REQUEST	   8192
#define VG_HTTP_PATIENCE_S 10

struct event_base;
struct vg_http;

/* Append the samples of now. */
typedef void (*vg_http_fill)(void *ctx, struct vg_samples *s);

/* Borrows BASE; takes LISTEN_FD (Unix or TCP) on success. */
int vg_http_new(struct event_base *base, int listen_fd, vg_http_fill fill,
		void *ctx, struct vg_http **ret);
void vg_http_freep(struct vg_http **h);

/*
 * The status for a request whose header is HEAD (all of it, with the empty
 * line): 200, 400, 404 or 405.  Pure.
 */
int vg_http_judge(const char *head);
