/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/supervisor.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/clock.h"
#include "base/fd.h"
#include "base/log.h"
#include "daemon/ground.h"
#include "daemon/priv.h"
#include "daemon/powers.h"

/* A child that lived shorter than this is started again only after a pause. */
#define SHORT_LIFE_NS (2 * VG_NS_PER_S)
#define PAUSE_MAX_MS  5000
#define MAX_HANDED    2 /* fds above stderr that a child is given */
#define QUICK_STARTS  5 /* short lives in a row that are forgiven */

struct child {
	enum vg_role role;
	pid_t pid; /* 0: not running */
	uint64_t started_ns;
	uint64_t start_at_ns;
	unsigned int short_lives;
};

struct supervisor {
	const struct vg_options *options;
	struct vg_user user;
	int exe; /* O_PATH of our own program */
	int null; /* /dev/null */
	int netns; /* our own network namespace */
	int control; /* the listening control socket */
	int signals; /* signalfd */
	int keeper; /* channel to the keeper; -1 while there is none */
	struct child children[3];
	bool kept; /* a keeper lived for more than a moment */
	bool stopping;
	int status;
};

/* ---- starting ------------------------------------------------------------ */

/* In the child: FDS become 3, 4 ...; everything above is closed. */
static int place_fds(struct supervisor *s, const int *fds, int n)
{
	int high[MAX_HANDED + 1];

	assert(n <= MAX_HANDED);
	if (dup2(s->null, 0) < 0 || dup2(s->null, 1) < 0)
		return -errno;
	/* Above all targets first, so that none is overwritten. */
	for (int i = 0; i < n; i++) {
		high[i] = fcntl(fds[i], F_DUPFD, 64);
		if (high[i] < 0)
			return -errno;
	}
	high[n] = fcntl(s->exe, F_DUPFD, 64);
	if (high[n] < 0)
		return -errno;
	for (int i = 0; i < n; i++)
		if (dup2(high[i], 3 + i) < 0)
			return -errno;
	/* The program itself, for execveat(); closes as it is executed. */
	if (dup3(high[n], 3 + n, O_CLOEXEC) < 0)
		return -errno;
	return close_range((unsigned int)(4 + n), ~0U, 0) < 0 ? -errno : 0;
}

/* In the child, which shares nothing any more: never returns. */
__attribute__((noreturn)) static void
become(struct supervisor *s, enum vg_role role, const int *fds, int n)
{
	const char *args[VG_OPTIONS_ARGS];
	char journal[64] = "", notify[160] = "";
	char *env[3] = {0};
	const char *text;
	sigset_t none;
	int r, e = 0;

	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	r = place_fds(s, fds, n);
	if (r == 0 && role == VG_ROLE_VERIFIER)
		r = vg_priv_become(&s->user);
	/* The keeper lets the group that may read at the metrics socket. */
	if (r == 0 && role == VG_ROLE_KEEPER)
		r = setgroups(s->user.has_group, &s->user.group) < 0 ? -errno
								     : 0;
	if (r < 0)
		_exit(1);

	text = getenv("JOURNAL_STREAM");
	if (text && snprintf(journal, sizeof(journal), "JOURNAL_STREAM=%s",
			     text) < (int)sizeof(journal))
		env[e++] = journal;
	text = getenv("NOTIFY_SOCKET");
	if (text && role == VG_ROLE_KEEPER &&
	    snprintf(notify, sizeof(notify), "NOTIFY_SOCKET=%s", text) <
		    (int)sizeof(notify))
		env[e++] = notify;

	vg_options_for_role(s->options, role, args);
	execveat(3 + n, "", (char *const *)args, env, AT_EMPTY_PATH);
	_exit(127);
}

static int start(struct supervisor *s, enum vg_role role, const int *fds, int n)
{
	struct child *child = &s->children[role];
	pid_t pid;

	pid = fork();
	if (pid < 0)
		return -errno;
	if (pid == 0)
		become(s, role, fds, n);
	child->pid = pid;
	child->started_ns = vg_clock_now();
	return 0;
}

static int tell(struct supervisor *s, enum vg_power op, int fd)
{
	const struct vg_power_message m = {
		.version = VG_POWER_VERSION,
		.op = (uint16_t)op,
	};

	if (s->keeper < 0)
		return -ENOTCONN;
	return vg_fd_send(s->keeper, &m, sizeof(m), fd);
}

static int pair(int ret[2])
{
	int type = SOCK_SEQPACKET | SOCK_CLOEXEC;

	return socketpair(AF_UNIX, type, 0, ret) < 0 ? -errno : 0;
}

static int start_keeper(struct supervisor *s)
{
	vg_cleanup(vg_fd_closep) int ours = -1;
	vg_cleanup(vg_fd_closep) int theirs = -1;
	int both[2], r;

	r = pair(both);
	if (r < 0)
		return r;
	ours = both[0];
	theirs = both[1];
	r = start(s, VG_ROLE_KEEPER, (int[]){theirs, s->control}, 2);
	if (r < 0)
		return r;

	vg_fd_closep(&s->keeper);
	s->keeper = VG_TAKE_FD(ours);
	return 0;
}

/* The keeper learns of its verifier by the channel to it. */
static int start_verifier(struct supervisor *s)
{
	vg_cleanup(vg_fd_closep) int for_keeper = -1;
	vg_cleanup(vg_fd_closep) int for_verifier = -1;
	int both[2], r;

	r = pair(both);
	if (r < 0)
		return r;
	for_keeper = both[0];
	for_verifier = both[1];
	r = start(s, VG_ROLE_VERIFIER, (int[]){for_verifier}, 1);
	if (r < 0)
		return r;
	return tell(s, VG_POWER_CHANNEL, for_keeper);
}

static void start_due(struct supervisor *s, enum vg_role role)
{
	struct child *child = &s->children[role];
	int r;

	if (s->stopping || child->pid || vg_clock_now() < child->start_at_ns)
		return;
	/* A verifier without a keeper would only end again. */
	if (role == VG_ROLE_VERIFIER && !s->children[VG_ROLE_KEEPER].pid)
		return;
	r = role == VG_ROLE_KEEPER ? start_keeper(s) : start_verifier(s);
	if (r < 0) {
		vg_err("could not start a process: %s; trying again",
		       strerror(-r));
		child->start_at_ns = vg_clock_now() + VG_NS_PER_S;
	}
}

/* ---- requests ------------------------------------------------------------ */

static void on_request(struct supervisor *s)
{
	vg_cleanup(vg_fd_closep) int unwanted = -1;
	vg_cleanup(vg_fd_closep) int fd = -1;
	struct vg_powers powers = {.netns = s->netns};
	struct vg_power_message m;
	ssize_t n;

	n = vg_fd_recv(s->keeper, &m, sizeof(m), &unwanted);
	if (n == -EAGAIN)
		return;
	if (n != (ssize_t)sizeof(m) || m.version != VG_POWER_VERSION ||
	    !vg_power_known(m.op)) {
		/*
		 * It ends (SIGCHLD will say how; a reset only means that it had
		 * not read all), or it is not what we started.
		 */
		vg_fd_closep(&s->keeper);
		if (n != 0 && n != -ECONNRESET &&
		    s->children[VG_ROLE_KEEPER].pid)
			kill(s->children[VG_ROLE_KEEPER].pid, SIGKILL);
		return;
	}
	powers.verifier = s->children[VG_ROLE_VERIFIER].pid;
	vg_power_answer(&powers, &m, &fd);
	if (vg_fd_send(s->keeper, &m, sizeof(m), fd) < 0)
		vg_warn("the keeper does not read answers");
}

/* ---- children that end --------------------------------------------------- */

static void plan_restart(struct child *child)
{
	uint64_t now = vg_clock_now(), pause_ms = 0;
	unsigned int shift;

	if (now - child->started_ns >= SHORT_LIFE_NS)
		child->short_lives = 0;
	else
		child->short_lives++;
	if (child->short_lives > QUICK_STARTS) {
		shift = child->short_lives - QUICK_STARTS;
		pause_ms = shift > 6 ? PAUSE_MAX_MS : 100UL << shift;
		if (pause_ms > PAUSE_MAX_MS)
			pause_ms = PAUSE_MAX_MS;
	}
	child->start_at_ns = now + pause_ms * VG_NS_PER_MS;
}

static void stop(struct supervisor *s, int status)
{
	s->stopping = true;
	s->status = status;
	if (tell(s, VG_POWER_STOP, -1) < 0 && s->children[VG_ROLE_KEEPER].pid)
		kill(s->children[VG_ROLE_KEEPER].pid, SIGTERM);
}

static void on_end(struct supervisor *s, struct child *child, int status)
{
	const char *name =
		child->role == VG_ROLE_KEEPER ? "keeper" : "verifier";

	child->pid = 0;
	if (child->role == VG_ROLE_KEEPER) {
		vg_fd_closep(&s->keeper);
		if (WIFEXITED(status) && WEXITSTATUS(status) == VG_CHILD_DONE) {
			s->stopping = true;
			s->status = EXIT_SUCCESS;
		}
		if (vg_clock_now() - child->started_ns >= SHORT_LIFE_NS)
			s->kept = true;
		/* Once it ran, a broken file is no reason to give up. */
		if (WIFEXITED(status) && !s->kept &&
		    WEXITSTATUS(status) == VG_CHILD_CONFIG) {
			s->stopping = true;
			s->status = EXIT_FAILURE;
		}
	}
	if (s->stopping)
		return;
	if (WIFSIGNALED(status))
		vg_warn("the %s was killed by signal %d; starting it again, "
			"the kernel goes on enforcing",
			name, WTERMSIG(status));
	else
		vg_warn("the %s ended with status %d; starting it again, "
			"the kernel goes on enforcing",
			name, WEXITSTATUS(status));
	plan_restart(child);
}

static void reap(struct supervisor *s)
{
	int status;
	pid_t pid;

	while ((pid = waitpid(-1, &status, WNOHANG)) > 0)
		for (size_t i = VG_ROLE_KEEPER; i <= VG_ROLE_VERIFIER; i++)
			if (s->children[i].pid == pid)
				on_end(s, &s->children[i], status);
}

static void reload(struct supervisor *s)
{
	int r = tell(s, VG_POWER_RELOAD, -1);

	if (r < 0)
		vg_err("the keeper could not be told to reload: %s; use "
		       "`verigress reload`",
		       strerror(-r));
}

static void on_signal(struct supervisor *s)
{
	struct signalfd_siginfo info;

	while (read(s->signals, &info, sizeof(info)) == sizeof(info)) {
		if (info.ssi_signo == SIGCHLD)
			reap(s);
		else if (info.ssi_signo == SIGHUP)
			reload(s);
		else
			stop(s, EXIT_SUCCESS);
	}
}

/* ---- the loop ------------------------------------------------------------ */

static int next_wait_ms(const struct supervisor *s)
{
	uint64_t now = vg_clock_now(), soonest = UINT64_MAX;

	if (s->stopping)
		return -1;
	for (size_t i = VG_ROLE_KEEPER; i <= VG_ROLE_VERIFIER; i++)
		if (!s->children[i].pid && s->children[i].start_at_ns < soonest)
			soonest = s->children[i].start_at_ns;
	if (soonest == UINT64_MAX)
		return -1;
	return soonest <= now ? 10 : (int)((soonest - now) / VG_NS_PER_MS) + 1;
}

static bool running(const struct supervisor *s)
{
	if (!s->stopping)
		return true;
	return s->children[VG_ROLE_KEEPER].pid != 0;
}

static int loop(struct supervisor *s)
{
	while (running(s)) {
		struct pollfd fds[] = {
			{.fd = s->signals, .events = POLLIN},
			{.fd = s->keeper, .events = POLLIN},
		};

		start_due(s, VG_ROLE_KEEPER);
		start_due(s, VG_ROLE_VERIFIER);
		fds[1].fd = s->keeper;
		if (poll(fds, VG_ARRAY_LEN(fds), next_wait_ms(s)) < 0 &&
		    errno != EINTR)
			return -errno;
		if (fds[0].revents)
			on_signal(s);
		if (fds[1].revents && fds[1].fd == s->keeper)
			on_request(s);
	}
	if (s->children[VG_ROLE_VERIFIER].pid)
		kill(s->children[VG_ROLE_VERIFIER].pid, SIGKILL);
	return 0;
}

static int open_own(struct supervisor *s)
{
	sigset_t set;

	/* Whoever started us may have left fds open; stderr is the log. */
	if (close_range(3, ~0U, 0) < 0)
		return -errno;

	s->exe = open("/proc/self/exe", O_PATH | O_CLOEXEC);
	s->null = open("/dev/null", O_RDWR | O_CLOEXEC);
	s->netns = open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC);
	if (s->exe < 0 || s->null < 0 || s->netns < 0)
		return -errno;
	if (dup2(s->null, 0) < 0 || dup2(s->null, 1) < 0)
		return -errno;

	sigemptyset(&set);
	sigaddset(&set, SIGCHLD);
	sigaddset(&set, SIGHUP);
	sigaddset(&set, SIGINT);
	sigaddset(&set, SIGTERM);
	if (sigprocmask(SIG_BLOCK, &set, NULL) < 0)
		return -errno;
	signal(SIGPIPE, SIG_IGN);
	s->signals = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
	return s->signals < 0 ? -errno : 0;
}

/* Everything that needs all of root's powers, then the powers go. */
static int prepare(struct supervisor *s)
{
	int r;

	r = vg_priv_user(&s->user);
	if (r < 0) {
		vg_err("there is neither a user 'verigress' nor 'nobody' for "
		       "the verifier");
		return r;
	}
	if (s->user.fallback)
		vg_info("no user 'verigress': the verifier runs as 'nobody'");
	r = open_own(s);
	if (r < 0) {
		vg_err("cannot open what every start needs: %s", strerror(-r));
		return r;
	}
	r = vg_ground_make(s->options, &s->user, &s->control);
	if (r < 0)
		return r; /* it has said why */
	r = vg_priv_supervisor();
	if (r < 0)
		vg_err("needs CAP_SETUID, SETGID, KILL, SYS_PTRACE, SYS_ADMIN, "
		       "BPF, NET_ADMIN and PERFMON, and SETPCAP to drop the "
		       "rest: %s",
		       strerror(-r));
	return r;
}

int vg_supervisor_main(const struct vg_options *o)
{
	static struct supervisor s;

	s = (struct supervisor){
		.options = o,
		.exe = -1,
		.null = -1,
		.netns = -1,
		.control = -1,
		.signals = -1,
		.keeper = -1,
		.children =
			{
				[VG_ROLE_KEEPER] = {.role = VG_ROLE_KEEPER},
				[VG_ROLE_VERIFIER] = {.role = VG_ROLE_VERIFIER},
			},
	};
	if (geteuid() != 0) {
		vg_err("must be started as root");
		return EXIT_FAILURE;
	}
	if (prepare(&s) < 0 || loop(&s) < 0)
		return EXIT_FAILURE;
	return s.status;
}
