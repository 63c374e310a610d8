/* SPDX-License-Identifier: Apache-2.0 */
/*
 * server -- answers `verigress` on the control socket.
 *
 * Runs on the keeper's event loop, on a listening socket that the supervisor
 * made.  At most VG_SERVER_CLIENTS clients, the last VG_SERVER_ROOT places for
 * uid 0 alone; a client has VG_SERVER_PATIENCE_S seconds to send its request
 * and may stop taking the answer for VG_SERVER_DRAIN_S (a pager), or for ever
 * once vg_session_line() was used (it only loses lines).  Who may do what is
 * checked here, by control/peer and the table of control/codec; a peer in a
 * confined cgroup is refused whoever it is, but for the `hold` of uid 0.
 * The process must ignore SIGPIPE.  Logs what it refuses (at debug level).
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "control/codec.h"
#include "control/peer.h"

#define VG_SERVER_CLIENTS    32
#define VG_SERVER_ROOT	     8
#define VG_SERVER_PATIENCE_S 10
#define VG_SERVER_DRAIN_S    300
#define VG_SERVER_OUTPUT     (32UL << 20) /* octets waiting, then it is cut off */
#define VG_SERVER_LINES	     (256UL << 10) /* of vg_session_line() */

struct event_base;
struct vg_server;
struct vg_session;

/*
 * Answer REQ (valid during the call), now or later: any number of
 * vg_session_out() and _err(), then vg_session_end() once, also from inside
 * the handler.  After vg_session_end(), or after on_gone, S is gone.
 */
typedef void (*vg_handler)(void *ctx, struct vg_session *s,
			   const struct vg_request *req);
/* The client went before the end; ARG is what vg_session_keep() was given. */
typedef void (*vg_session_gone)(void *arg, struct vg_session *s);

struct vg_server_setup {
	struct event_base *base; /* borrowed */
	int listen_fd; /* taken on success; a listening SOCK_STREAM */
	gid_t group; /* of those who may read; (gid_t)-1: none */
	const vg_handler *handlers; /* VG_VERB_COUNT; borrowed; NULL: refused */
	void *ctx; /* of the handlers and of confined() */
	/* The cgroup of v2 at PATH belongs to a confined service. */
	bool (*confined)(void *ctx, const char *path);
	/* vg_peer_get(), or a test's. */
	int (*identify)(int sock, gid_t group, struct vg_peer *ret);
};

int vg_server_new(const struct vg_server_setup *setup, struct vg_server **ret);
/* Cuts every client off, calling on_gone for those that wait. */
void vg_server_freep(struct vg_server **s);
uint32_t vg_server_clients(const struct vg_server *s);

/* Text for the client's stdout and stderr, as it is to be printed. */
void vg_session_out(struct vg_session *s, const char *text);
void vg_session_err(struct vg_session *s, const char *text);
__attribute__((format(printf, 2, 3))) void
vg_session_errf(struct vg_session *s, const char *format, ...);

/*
 * A line (a newline is added) that may be lost when the client is slow, with
 * VG_SERVER_LINES octets of lines waiting for it: false when it was.  Before
 * the next line that finds room the client is told how many it missed, on
 * stderr.
 */
bool vg_session_line(struct vg_session *s, const char *line);
uint64_t vg_session_lost(const struct vg_session *s);

void vg_session_end(struct vg_session *s, uint8_t status);

/* Answer later: GONE is called if the client goes before vg_session_end(). */
void vg_session_keep(struct vg_session *s, vg_session_gone gone, void *arg);
/* Who asks; valid as long as S. */
const struct vg_peer *vg_session_peer(const struct vg_session *s);
