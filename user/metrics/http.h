/* SPDX-License-Identifier: Apache-2.0 */
/*
 * http -- GET /metrics, on a listening socket that the supervisor made.
 *
 * Anything else is refused; requests are bounded in size and time, clients in
 * number.  Does not log.
 */
#pragma once

#include "metrics/counters.h"

#define VG_HTTP_CLIENTS 16

struct event_base;
struct vg_http;

/* Append the samples of now. */
typedef void (*vg_http_fill)(void *ctx, struct vg_samples *s);

/* Borrows BASE; takes LISTEN_FD (Unix or TCP) on success. */
int vg_http_new(struct event_base *base, int listen_fd, vg_http_fill fill,
		void *ctx, struct vg_http **ret);
void vg_http_freep(struct vg_http **h);
