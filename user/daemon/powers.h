/* SPDX-License-Identifier: Apache-2.0 */
/*
 * powers -- what keeper and supervisor say to each other.
 *
 * SOCK_SEQPACKET, one fixed-size message a packet, both of one build: a size
 * or version that differs ends the connection.  The keeper asks, the
 * supervisor answers at once with the same serial; what the supervisor says
 * unasked has serial 0.  The table of requests is in powers.c.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#define VG_POWER_VERSION 1
#define VG_POWER_TEXT	 256

enum vg_power {
	VG_POWER_NONE = 0,
	/* keeper -> supervisor */
	VG_POWER_EXE, /* pid -> text: the path of its executable */
	VG_POWER_DIAG, /* pid -> fd: a sock_diag socket in its network
			    namespace, on which only the sender's own
			    CAP_NET_ADMIN counts */
	VG_POWER_VERIFIER, /* end the verifier and start another */
	VG_POWER_COUNT,
	/* supervisor -> keeper, unasked */
	VG_POWER_CHANNEL = 64, /* fd: the socketpair to a new verifier */
	VG_POWER_RELOAD, /* SIGHUP */
	VG_POWER_STOP, /* SIGTERM: write out what is pending, end */
};

struct vg_power_message {
	uint16_t version;
	uint16_t op;
	uint32_t serial;
	int32_t pid;
	int32_t error; /* answer: 0 or -errno */
	char text[VG_POWER_TEXT];
};

/* The fds that a process is handed, by number.  0 and 1 are /dev/null. */
#define VG_FD_CHANNEL 3 /* keeper: to the supervisor; verifier: to the keeper */
#define VG_FD_CONTROL 4 /* keeper: the listening control socket */

/* Exit codes of a child that mean more than "start it again". */
#define VG_CHILD_DONE 70 /* keeper: all is removed, nothing is left to do */
#define VG_CHILD_CONFIG                                                        \
	78 /* keeper: starting again would not help (EX_CONFIG) */

/* ---- the supervisor's side: powers.c ------------------------------------- */

struct vg_powers {
	int netns; /* our own network namespace; borrowed */
	pid_t verifier; /* 0: none runs */
};

/* OP is in the table. */
bool vg_power_known(uint16_t op);

/*
 * Do what M asks, which must be known, and make M its answer; *RET_FD (the
 * caller's) goes with it, -1: none.  Ends the process when it cannot return
 * from another network namespace: nothing of ours may live elsewhere.  Logs.
 */
void vg_power_answer(const struct vg_powers *p, struct vg_power_message *m,
		     int *ret_fd);
