/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the processes may do, tried in children.  The seccomp filter needs no
 * privilege to be tested; the capability sets need root.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/fd.h"
#include "daemon/priv.h"

#define ARRAY_LEN(a) (sizeof(a) / sizeof((a)[0]))

/* ---- system calls -------------------------------------------------------- */

enum { ALLOWED = 0, KILLED = -1 }; /* else the errno that is wanted */

static const struct {
	const char *name;
	long number;
	long args[4];
	int wanted;
} calls[] = {
	{"bpf", SYS_bpf, {0}, KILLED},
	{"execve", SYS_execve, {0}, KILLED},
	{"execveat", SYS_execveat, {0}, KILLED},
	{"clone3", SYS_clone3, {0}, KILLED},
	{"ptrace", SYS_ptrace, {0}, KILLED},
	{"setns", SYS_setns, {-1}, KILLED},
	{"unshare", SYS_unshare, {0}, KILLED},
	{"setuid", SYS_setuid, {0}, KILLED},
	{"mount", SYS_mount, {0}, KILLED},
	{"kill", SYS_kill, {1, 0}, KILLED},
	{"perf_event_open", SYS_perf_event_open, {0}, KILLED},
	{"io_uring_setup", SYS_io_uring_setup, {0}, KILLED},
	{"process_vm_readv", SYS_process_vm_readv, {0}, KILLED},
	{"socketpair", SYS_socketpair, {AF_UNIX, SOCK_STREAM}, KILLED},
	{"socket unix", SYS_socket, {AF_UNIX, SOCK_STREAM}, KILLED},
	{"socket netlink", SYS_socket, {AF_NETLINK, SOCK_RAW}, KILLED},
	{"socket packet", SYS_socket, {AF_PACKET, SOCK_RAW}, KILLED},
	{"openat", SYS_openat, {AT_FDCWD, (long)"/", O_RDONLY}, EACCES},
	{"socket inet", SYS_socket, {AF_INET, SOCK_DGRAM}, ALLOWED},
	{"socket inet6", SYS_socket, {AF_INET6, SOCK_STREAM}, ALLOWED},
	{"getpid", SYS_getpid, {0}, ALLOWED},
};

/* Under the filter nothing but system calls: no libc, no sanitizer. */
__attribute__((noreturn)) static void try_call(size_t i)
{
	long r;

	if (vg_priv_seccomp() < 0)
		_exit(99);
	r = syscall(calls[i].number, calls[i].args[0], calls[i].args[1],
		    calls[i].args[2], calls[i].args[3]);
	syscall(SYS_exit_group, r >= 0 ? 0 : errno);
	__builtin_unreachable();
}

static int status_of(pid_t pid)
{
	int status = 0;

	while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
		;
	return status;
}

static void seccomp_allows_what_it_says(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(calls); i++) {
		pid_t pid = fork();
		int status;

		if (pid == 0)
			try_call(i);
		status = status_of(pid);
		print_message("# %s\n", calls[i].name);
		if (calls[i].wanted == KILLED) {
			assert_true(WIFSIGNALED(status));
			assert_int_equal(WTERMSIG(status), SIGSYS);
			continue;
		}
		assert_true(WIFEXITED(status));
		assert_int_equal(WEXITSTATUS(status), calls[i].wanted);
	}
}

static int seccomp_is_for_good(void)
{
	if (vg_priv_seccomp() < 0)
		return 1;
	/* PR_SET_SECCOMP and seccomp(2) could only add to it: not allowed. */
	syscall(SYS_prctl, PR_GET_SECCOMP, 0, 0, 0, 0);
	return 0;
}

/* ---- capabilities -------------------------------------------------------- */

static bool status_has(const char *line)
{
	char *text = NULL;
	bool found;
	size_t size;

	if (vg_file_read(AT_FDCWD, "/proc/self/status", 65536, &text, &size) <
	    0)
		return false;
	found = strstr(text, line) != NULL;
	if (!found)
		fprintf(stderr, "wanted '%s' in:\n%s\n", line, text);
	free(text);
	return found;
}

static bool caps_are(uint64_t both, uint64_t bound)
{
	char line[160];

	snprintf(line, sizeof(line),
		 "CapInh:\t%016lx\nCapPrm:\t%016lx\nCapEff:\t%016lx\n"
		 "CapBnd:\t%016lx\nCapAmb:\t%016lx\n",
		 0UL, both, both, bound, 0UL);
	return status_has(line);
}

#define BIT(cap) (1UL << (cap))
#define SUPERVISOR                                                             \
	(BIT(CAP_SETUID) | BIT(CAP_SETGID) | BIT(CAP_KILL) |                   \
	 BIT(CAP_SYS_PTRACE) | BIT(CAP_SYS_ADMIN))
#define KEEPER (BIT(CAP_BPF) | BIT(CAP_NET_ADMIN) | BIT(CAP_PERFMON))
#define NOBODY 65534

static int supervisor_keeps_five(void)
{
	return vg_priv_supervisor() == 0 &&
			       caps_are(SUPERVISOR, SUPERVISOR | KEEPER)
		       ? 0
		       : 1;
}

static int keeper_keeps_three(void)
{
	if (vg_priv_keeper() < 0 ||
	    prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) != 1 ||
	    prctl(PR_GET_DUMPABLE, 0, 0, 0, 0) != 0)
		return 1;
	prctl(PR_SET_DUMPABLE, 1, 0, 0, 0); /* so that /proc can be read */
	return status_has("CapInh:\t0000000000000000\n") &&
			       status_has("CapPrm:\t000000c000001000\n") &&
			       status_has("CapEff:\t000000c000001000\n") &&
			       status_has("CapAmb:\t0000000000000000\n")
		       ? 0
		       : 1;
}

static int supervisor_without_is_refused(void)
{
	return vg_priv_supervisor() == 0 && vg_priv_supervisor() == -EPERM ? 0
									   : 1;
}

static int verifier_as_root_is_refused(void)
{
	return vg_priv_verifier() == -EPERM ? 0 : 1;
}

static int verifier_becomes_nobody(void)
{
	const struct vg_user user = {.uid = NOBODY, .gid = NOBODY};

	if (vg_priv_become(&user) < 0 || vg_priv_verifier() < 0)
		return 1;
	if (getuid() != NOBODY || getgroups(0, NULL) != 0 || setuid(0) == 0)
		return 1;
	if (prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) != 1 ||
	    prctl(PR_GET_DUMPABLE, 0, 0, 0, 0) != 0)
		return 1;
	return 0;
}

static void in_child(int (*fn)(void))
{
	pid_t pid = fork();
	int status;

	if (pid == 0)
		_exit(fn());
	status = status_of(pid);
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), 0);
}

static void root_in_child(int (*fn)(void))
{
	if (geteuid() != 0)
		skip(); /* make test runs as root */
	in_child(fn);
}

static void capability_sets_are_exact(void **state)
{
	(void)state;
	root_in_child(supervisor_keeps_five);
	in_child(supervisor_without_is_refused);
	in_child(keeper_keeps_three);
}

static void verifier_holds_nothing(void **state)
{
	(void)state;
	root_in_child(verifier_as_root_is_refused);
	in_child(verifier_becomes_nobody);
}

static void filter_cannot_be_replaced(void **state)
{
	pid_t pid = fork();

	(void)state;
	if (pid == 0)
		_exit(seccomp_is_for_good());
	assert_true(WIFSIGNALED(status_of(pid)));
}

static void verifier_is_never_root(void **state)
{
	struct vg_user user = {0};

	(void)state;
	assert_int_equal(vg_priv_user(&user), 0);
	assert_int_not_equal(user.uid, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(seccomp_allows_what_it_says),
		cmocka_unit_test(filter_cannot_be_replaced),
		cmocka_unit_test(capability_sets_are_exact),
		cmocka_unit_test(verifier_holds_nothing),
		cmocka_unit_test(verifier_is_never_root),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
