/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/priv.h"

#include <cap-ng.h>
#include <errno.h>
#include <grp.h>
#include <linux/capability.h>
#include <pwd.h>
#include <seccomp.h>
#include <stddef.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/cleanup.h"

#define ACCOUNT "verigress"

static const unsigned int supervisor_caps[] = {
	CAP_SETUID, CAP_SETGID, CAP_KILL, CAP_SYS_PTRACE, CAP_SYS_ADMIN,
};

static const unsigned int keeper_caps[] = {
	CAP_BPF,
	CAP_NET_ADMIN,
	CAP_PERFMON,
};

int vg_priv_user(struct vg_user *ret)
{
	struct vg_user user = {0};
	const struct passwd *account;
	const struct group *group;

	account = getpwnam(ACCOUNT);
	if (!account) {
		account = getpwnam("nobody");
		user.fallback = true;
	}
	if (!account || account->pw_uid == 0)
		return -ENOENT;
	user.uid = account->pw_uid;
	user.gid = account->pw_gid;

	group = getgrnam(ACCOUNT);
	if (group) {
		user.has_group = true;
		user.group = group->gr_gid;
	}

	*ret = user;
	return 0;
}

static int add(capng_type_t type, const unsigned int *caps, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (capng_update(CAPNG_ADD, type, caps[i]) != 0)
			return -EINVAL;
	return 0;
}

static bool have(const unsigned int *caps, size_t n)
{
	if (capng_get_caps_process() != 0)
		return false;
	for (size_t i = 0; i < n; i++)
		if (!capng_have_capability(CAPNG_PERMITTED, caps[i]))
			return false;
	return true;
}

/* Exactly CAPS, effective and permitted; the bounding set stays. */
static int keep(const unsigned int *caps, size_t n)
{
	const capng_type_t both = CAPNG_EFFECTIVE | CAPNG_PERMITTED;
	int r;

	if (!have(caps, n))
		return -EPERM;
	capng_clear(CAPNG_SELECT_CAPS);
	r = add(both, caps, n);
	if (r < 0)
		return r;
	return capng_apply(CAPNG_SELECT_CAPS) == 0 ? 0 : -EPERM;
}

static int bound(void)
{
	int r;

	if (capng_get_caps_process() != 0)
		return -EPERM;
	capng_clear(CAPNG_SELECT_BOUNDS);
	r = add(CAPNG_BOUNDING_SET, supervisor_caps,
		VG_ARRAY_LEN(supervisor_caps));
	if (r < 0)
		return r;
	r = add(CAPNG_BOUNDING_SET, keeper_caps, VG_ARRAY_LEN(keeper_caps));
	if (r < 0)
		return r;
	return capng_apply(CAPNG_SELECT_BOUNDS) == 0 ? 0 : -EPERM;
}

int vg_priv_supervisor(void)
{
	int r;

	/* Else the keeper would start without, far from the cause. */
	if (!have(keeper_caps, VG_ARRAY_LEN(keeper_caps)))
		return -EPERM;
	r = bound();
	if (r < 0)
		return r;
	return keep(supervisor_caps, VG_ARRAY_LEN(supervisor_caps));
}

static int no_way_back(void)
{
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0)
		return -errno;
	if (prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) < 0)
		return -errno;
	return 0;
}

int vg_priv_keeper(void)
{
	int r;

	r = keep(keeper_caps, VG_ARRAY_LEN(keeper_caps));
	if (r < 0)
		return r;
	return no_way_back();
}

int vg_priv_become(const struct vg_user *user)
{
	if (setgroups(0, NULL) < 0)
		return -errno;
	if (setresgid(user->gid, user->gid, user->gid) < 0)
		return -errno;
	if (setresuid(user->uid, user->uid, user->uid) < 0)
		return -errno;
	return 0;
}

static int limit(__rlimit_resource_t what, rlim_t value)
{
	const struct rlimit both = {.rlim_cur = value, .rlim_max = value};

	return setrlimit(what, &both) < 0 ? -errno : 0;
}

int vg_priv_verifier(void)
{
	int r;

	if (getuid() == 0 || capng_get_caps_process() != 0 ||
	    capng_have_capabilities(CAPNG_SELECT_CAPS) != CAPNG_NONE)
		return -EPERM;
	r = no_way_back();
	if (r < 0)
		return r;
	r = limit(RLIMIT_CORE, 0);
	if (r < 0)
		return r;
	/* 32 look-ups in flight, a socket each and TCP: far below. */
	return limit(RLIMIT_NOFILE, 512);
}

static const char *const allowed_calls[] = {
	"accept4",
	"bind",
	"brk",
	"clock_gettime",
	"clock_nanosleep",
	"close",
	"connect",
	"epoll_create1",
	"epoll_ctl",
	"epoll_pwait",
	"epoll_pwait2",
	"epoll_wait",
	"eventfd2",
	"exit",
	"exit_group",
	"fcntl",
	"fstat",
	"futex",
	"getpeername",
	"getpid",
	"getppid",
	"getrandom",
	"getrusage",
	"getsockname",
	"getsockopt",
	"gettid",
	"gettimeofday",
	"getuid",
	"geteuid",
	"getgid",
	"getegid",
	"ioctl",
	"listen",
	"lseek",
	"madvise",
	"mmap",
	"mprotect",
	"mremap",
	"munmap",
	"newfstatat",
	"pipe2",
	"poll",
	"ppoll",
	"pread64",
	"read",
	"readv",
	"recvfrom",
	"recvmmsg",
	"recvmsg",
	"restart_syscall",
	"rseq",
	"rt_sigaction",
	"rt_sigprocmask",
	"rt_sigreturn",
	"sched_yield",
	"sendmmsg",
	"sendmsg",
	"sendto",
	"setsockopt",
	"shutdown",
	"sigaltstack",
	"sysinfo",
	"timerfd_create",
	"timerfd_settime",
	"uname",
	"write",
	"writev",
	/* 32-bit and other names of the same, where the ABI has them */
	"_llseek",
	"clock_gettime64",
	"fcntl64",
	"fstat64",
	"futex_time64",
	"mmap2",
	"recv",
	"send",
	"epoll_create",
	"pipe",
	"eventfd",
	"timerfd_settime64",
};

/* Looked for in passing by the C library; told that they are not there. */
static const char *const refused_calls[] = {
	"open",	      "openat", "access", "faccessat", "faccessat2", "readlink",
	"readlinkat", "stat",	"statx",  "prlimit64", "getcwd",
};

static int seccomp_rules(scmp_filter_ctx filter)
{
	const int families[] = {AF_INET, AF_INET6};
	int r = 0;

	for (size_t i = 0; i < VG_ARRAY_LEN(allowed_calls); i++) {
		int call = seccomp_syscall_resolve_name(allowed_calls[i]);

		if (call == __NR_SCMP_ERROR)
			continue; /* not a call of this architecture */
		r = seccomp_rule_add(filter, SCMP_ACT_ALLOW, call, 0);
		if (r < 0)
			return r;
	}
	for (size_t i = 0; i < VG_ARRAY_LEN(refused_calls); i++) {
		int call = seccomp_syscall_resolve_name(refused_calls[i]);

		if (call == __NR_SCMP_ERROR)
			continue;
		r = seccomp_rule_add(filter, SCMP_ACT_ERRNO(EACCES), call, 0);
		if (r < 0)
			return r;
	}
	for (size_t i = 0; i < VG_ARRAY_LEN(families); i++) {
		r = seccomp_rule_add(
			filter, SCMP_ACT_ALLOW, SCMP_SYS(socket), 1,
			SCMP_A0(SCMP_CMP_EQ, (scmp_datum_t)families[i],
				(scmp_datum_t)0));
		if (r < 0)
			return r;
	}
	/* syslog(3) of a library and the like: no other family. */
	return 0;
}

static void release_filter(scmp_filter_ctx *filter)
{
	seccomp_release(*filter);
}

int vg_priv_seccomp(void)
{
	vg_cleanup(release_filter) scmp_filter_ctx filter = NULL;
	int r;

	filter = seccomp_init(SCMP_ACT_KILL_PROCESS);
	if (!filter)
		return -ENOMEM;
	r = seccomp_rules(filter);
	if (r < 0)
		return r;
	return seccomp_load(filter);
}
