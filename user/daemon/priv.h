/* SPDX-License-Identifier: Apache-2.0 */
/*
 * priv -- what each process may do: capabilities, users, system calls, fds.
 *
 * Called once by each process as it starts, before it reads anything.  The
 * sets are design.md section 2; tests/net/test_privileges.sh lists what the
 * running processes really hold.  Returns 0 or -errno.  Does not log.
 */
#pragma once

#include <stdbool.h>
#include <sys/types.h>

struct vg_user {
	uid_t uid; /* of the verifier */
	gid_t gid;
	bool has_group; /* there is a group `verigress`: it may read */
	gid_t group;
	bool fallback; /* no user `verigress`: it is `nobody` */
};

/* `verigress`, or `nobody` where the package made no user.  -ENOENT: neither. */
int vg_priv_user(struct vg_user *ret);

/*
 * Drop the bounding set to what supervisor and keeper need together (needs
 * CAP_SETPCAP, so root at start), then keep SETUID, SETGID, KILL, SYS_PTRACE
 * and SYS_ADMIN.  -EPERM when one of these is not there to keep.
 */
int vg_priv_supervisor(void);

/* Keep BPF, NET_ADMIN and PERFMON; no_new_privs, not dumpable. */
int vg_priv_keeper(void);

/* In the child, before exec: become USER with no group but its own. */
int vg_priv_become(const struct vg_user *user);

/*
 * Nothing may be left: -EPERM when a capability is.  no_new_privs, not
 * dumpable, no core, few fds and processes.
 */
int vg_priv_verifier(void);

/*
 * System calls that libunbound, libevent and the allocator make once they run
 * (verification.md G25), and no other: no bpf, no exec, no clone, no ptrace;
 * opening a file fails with EACCES, anything else kills the process.
 */
int vg_priv_seccomp(void);
