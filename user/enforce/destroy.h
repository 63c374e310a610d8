/* SPDX-License-Identifier: Apache-2.0 */
/*
 * destroy -- end open connections with SOCK_DESTROY over sock_diag.
 *
 * The netlink socket belongs to the network namespace in which it was opened
 * (the supervisor opens it there and hands it over).  The kernel asks for
 * CAP_NET_ADMIN of whoever sends, not of whoever opened the socket.
 * TCP ends with ECONNABORTED, connected UDP with EDESTADDRREQ.  Needs the
 * modules tcp_diag and udp_diag: -ENOENT without.
 * Blocks, but never longer than the deadline.  Does not log.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "policy/address.h"
#include "policy/model.h"

struct vg_event;

/* Connections to these; ports {proto, 0, 0} are all of that protocol. */
struct vg_destroy_target {
	struct vg_prefix prefix;
	struct vg_ports ports;
};

struct vg_destroy_request {
	const uint64_t *cgroups; /* ids; a socket's own cgroup must be one */
	size_t n_cgroups;
	const struct vg_destroy_target *targets; /* none: every connection */
	size_t n_targets;
	uint32_t timeout_ms; /* of the whole call; 0: 2,000 */
};

/* A socket for this module in the caller's network namespace. */
int vg_destroy_open(int *ret_fd);

/*
 * Walk TCP and UDP sockets and destroy what matches.  *RET counts them, also
 * on an error.  -ETIMEDOUT: not finished in time.
 */
int vg_destroy_run(int netlink_fd, const struct vg_destroy_request *q,
		   uint32_t *ret);

/*
 * The one socket that an event with VG_EVENT_DESTROY is about, found by its
 * addresses and proven by its cookie.  -ENOENT: gone already.
 */
int vg_destroy_event(int netlink_fd, const struct vg_event *e);
