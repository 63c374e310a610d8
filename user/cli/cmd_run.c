/* SPDX-License-Identifier: Apache-2.0 */
/*
 * verigress run: a daemon, a cgroup and a policy of its own for one command.
 *
 * The order is what makes it closed: the cgroup is confined and proven (`hold`)
 * before the command is started in it, and the private daemon stays until the
 * cgroup is empty, whatever becomes of us.
 */
#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/fd.h"
#include "cli/cli.h"
#include "cli/run_child.h"
#include "cli/run_daemon.h"
#include "cli/run_ground.h"
#include "cli/run_options.h"
#include "cli/run_report.h"
#include "cli/run_session.h"
#include "policy/model.h"

#define EXIT_DENIED 99
#define SIGNALLED   128 /* + the signal, as a shell has it */

/* The keeper waits 30 s for names that do not answer; then it is ready. */
#define READY_MS 45000
/* Denials that repeat are counted together for a second (events/limit.h). */
#define WINDOW_MS 1200
#define QUIET_MS  100
#define END_MS	  10000 /* for the daemon to clean up */

struct run {
	struct vg_run_options o;
	struct vg_run_sources sources;
	struct vg_run_user user;
	struct vg_run_ground ground;
	struct vg_run_report *report;
	int report_fd;
	sigset_t mask; /* as we found it */
	int signals; /* signalfd */
	pid_t daemon, command; /* 0: not running (any more) */
	int daemon_status, command_status;
	int aborted; /* the signal that ended the preparation */
	struct vg_run_session *watch, *ask;
	int asked; /* exit status of what `ask` was; -EAGAIN: none yet */
};

static int64_t now_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_BOOTTIME, &t);
	return t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

/* ---- before anything is made --------------------------------------------- */

static int open_report(struct run *run)
{
	if (!run->o.report)
		return 0;
	run->report_fd = open(run->o.report,
			      O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
	if (run->report_fd >= 0)
		return 0;
	warn("run: %s", run->o.report);
	return VG_RUN_FAILED;
}

static int open_signals(struct run *run)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGCHLD);
	sigaddset(&set, SIGHUP);
	sigaddset(&set, SIGINT);
	sigaddset(&set, SIGQUIT);
	sigaddset(&set, SIGTERM);
	if (sigprocmask(SIG_BLOCK, &set, &run->mask) < 0)
		return VG_RUN_FAILED;
	run->signals = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
	if (run->signals >= 0)
		return 0;
	warn("run: signalfd");
	return VG_RUN_FAILED;
}

static int check(struct run *run)
{
	int r;

	if (geteuid() != 0) {
		warnx("run: must be root, to confine; the command itself is "
		      "run as another user");
		return VG_RUN_FAILED;
	}
	if (vg_run_user_find(run->o.user, &run->user) < 0 ||
	    vg_run_child_check_stdio() < 0)
		return VG_RUN_FAILED;
	r = vg_run_sources_read(&run->o, &run->sources);
	if (r == 0)
		r = open_report(run);
	if (r == 0 && vg_run_report_new(&run->report) < 0)
		r = VG_RUN_FAILED;
	return r ? r : open_signals(run);
}

/* ---- waiting ------------------------------------------------------------- */

static void reap(struct run *run)
{
	int status;
	pid_t pid;

	while ((pid = waitpid(-1, &status, WNOHANG)) > 0) {
		if (pid == run->command) {
			run->command = 0;
			run->command_status = status;
		}
		if (pid == run->daemon) {
			run->daemon = 0;
			run->daemon_status = status;
		}
	}
}

/*
 * The terminal tells the command itself of SIGINT and SIGQUIT; what was sent
 * to us alone is handed on.
 */
static void on_signal(struct run *run)
{
	struct signalfd_siginfo info;

	while (read(run->signals, &info, sizeof(info)) == sizeof(info)) {
		int number = (int)info.ssi_signo;

		if (number == SIGCHLD)
			reap(run);
		else if (!run->command)
			run->aborted = number;
		else if (number == SIGTERM || number == SIGHUP)
			kill(run->command, number);
	}
}

static void on_watch_text(void *ctx, enum vg_frame_type type, const char *data,
			  size_t size)
{
	struct run *run = ctx;

	if (type == VG_FRAME_OUT)
		vg_run_report_feed(run->report, data, size);
	else
		fwrite(data, 1, size, stderr);
}

/* What `hold` and `status` say to stdout is not what CMD's reader wants. */
static void on_ask_text(void *ctx, enum vg_frame_type type, const char *data,
			size_t size)
{
	struct run *run = ctx;

	(void)run;
	if (type == VG_FRAME_ERR)
		fwrite(data, 1, size, stderr);
}

static void on_watch(struct run *run)
{
	if (vg_run_session_read(run->watch) == -EAGAIN)
		return;
	vg_run_session_freep(&run->watch);
	if (run->command)
		warnx("run: the daemon does not report denials any more; the "
		      "kernel goes on enforcing");
}

static void on_ask(struct run *run)
{
	run->asked = vg_run_session_read(run->ask);
	if (run->asked != -EAGAIN)
		vg_run_session_freep(&run->ask);
}

/* Wait for anything, at most TIMEOUT_MS (-1: for ever), and take care of it. */
static void step(struct run *run, int timeout_ms)
{
	struct pollfd fds[] = {
		{.fd = run->signals, .events = POLLIN},
		{.fd = run->watch ? vg_run_session_fd(run->watch) : -1,
		 .events = POLLIN},
		{.fd = run->ask ? vg_run_session_fd(run->ask) : -1,
		 .events = POLLIN},
	};

	if (poll(fds, VG_ARRAY_LEN(fds), timeout_ms) < 0)
		return;
	if (fds[0].revents)
		on_signal(run);
	if (fds[1].revents)
		on_watch(run);
	if (fds[2].revents)
		on_ask(run);
}

static void wait_ms(struct run *run, int ms)
{
	const int64_t end = now_ms() + ms;
	int64_t left;

	while ((left = end - now_ms()) > 0)
		step(run, (int)left);
}

/* ---- the daemon ---------------------------------------------------------- */

static int open_session(struct run *run, const struct vg_request *q,
			vg_run_text_fn *text, struct vg_run_session **ret)
{
	const struct vg_run_session_setup setup = {
		.run_dir = run->ground.run_dir,
		.request = q,
		.text = text,
		.ctx = run,
	};

	return vg_run_session_open(&setup, ret);
}

static int open_watch(struct run *run)
{
	const struct vg_request q = {
		.verb = VG_VERB_WATCH,
		.flags = VG_REQUEST_JSON | VG_REQUEST_FOLLOW,
	};

	return open_session(run, &q, on_watch_text, &run->watch);
}

/* Ask VERB, and wait for its exit status until DEADLINE. */
static int ask(struct run *run, enum vg_verb verb, const char *arg,
	       int64_t deadline)
{
	vg_cleanup(vg_freep) struct vg_request *q = calloc(1, sizeof(*q));
	int64_t left;
	int r;

	if (!q)
		return -ENOMEM;
	q->verb = verb;
	if (arg) {
		q->n_args = 1;
		snprintf(q->args[0], sizeof(q->args[0]), "%s", arg);
	}
	run->asked = -EAGAIN;
	r = open_session(run, q, on_ask_text, &run->ask);
	if (r < 0)
		return r;
	while (run->asked == -EAGAIN && run->daemon && !run->aborted &&
	       (left = deadline - now_ms()) > 0)
		step(run, (int)left);
	vg_run_session_freep(&run->ask);
	return run->asked == -EAGAIN ? -ETIMEDOUT : run->asked;
}

/* The watch comes first: the daemon stays while a session is open. */
static int await_watch(struct run *run, int64_t deadline)
{
	int r;

	while ((r = open_watch(run)) == -ENOENT || r == -ECONNREFUSED) {
		if (!run->daemon || run->aborted || now_ms() > deadline)
			return -ETIMEDOUT;
		step(run, 20);
	}
	return r;
}

static int start_daemon(struct run *run)
{
	const struct vg_service *service = &run->sources.policy->services[0];
	const int64_t deadline = now_ms() + READY_MS;
	int r;

	r = vg_run_daemon_start(&run->ground, run->sources.config_text,
				&run->mask, &run->daemon);
	if (r < 0)
		return VG_RUN_FAILED;
	r = await_watch(run, deadline);
	if (r == 0)
		r = ask(run, VG_VERB_HOLD, service->name, deadline);
	if (r == 0 && run->daemon && !run->aborted)
		return 0;
	if (run->aborted)
		return SIGNALLED + run->aborted;
	warnx("run: the command was not started, because it could not be "
	      "confined; the daemon said:");
	vg_run_daemon_show_log(&run->ground);
	return VG_RUN_FAILED;
}

/* ---- the command --------------------------------------------------------- */

static int start_command(struct run *run)
{
	const struct vg_run_command c = {
		.argv = run->o.command,
		.user = &run->user,
		.procs_fd = run->ground.procs_fd,
		.signals = run->mask,
	};
	int r;

	r = vg_run_child_start(&c, &run->command);
	if (r == 0)
		return 0;
	warnx("run: fork: %s", strerror(-r));
	return VG_RUN_FAILED;
}

/* `status` drains the ring; what is counted together follows within WINDOW. */
static void collect(struct run *run)
{
	if (!run->watch)
		return;
	(void)ask(run, VG_VERB_STATUS, NULL, now_ms() + END_MS);
	wait_ms(run, QUIET_MS);
	if (vg_run_report_denials(run->report) > 0)
		wait_ms(run, WINDOW_MS);
}

static int report(struct run *run, int status)
{
	const char *service = run->sources.policy->services[0].name;
	vg_cleanup(vg_buf_freep) struct vg_buf b = {0};
	int fd = run->report_fd >= 0 ? run->report_fd : STDERR_FILENO;
	uint64_t n = vg_run_report_denials(run->report) +
		     vg_run_report_lost(run->report);

	/* A loss may have been a denial. */
	if (run->o.fail_on_deny && n > 0)
		status = EXIT_DENIED;
	if (run->o.json)
		vg_run_report_json(run->report, service, status, &b);
	else
		vg_run_report_text(run->report, &b);
	if (vg_buf_error(&b) < 0 ||
	    (b.size > 0 && write(fd, b.data, b.size) != (ssize_t)b.size)) {
		warnx("run: the report could not be written");
		return VG_RUN_FAILED;
	}
	return status;
}

/* ---- the end ------------------------------------------------------------- */

/*
 * Without a process in the cgroup the daemon has nothing to stay for, and
 * removes everything as it ends; else it does so when the last one is gone.
 */
static void end_daemon(struct run *run)
{
	const int64_t deadline = now_ms() + END_MS;
	int64_t left;

	vg_run_session_freep(&run->ask);
	vg_run_session_freep(&run->watch);
	if (vg_run_ground_busy(&run->ground) != 0) {
		warnx("run: processes of the command go on, confined in "
		      "%s/%s until they end",
		      run->ground.cgroup_root, run->ground.name);
		return;
	}
	if (run->daemon)
		kill(run->daemon, SIGTERM);
	while (run->daemon && (left = deadline - now_ms()) > 0)
		step(run, (int)left);
	if (run->daemon)
		warnx("run: the daemon (pid %d) does not end", run->daemon);
	else if (vg_run_ground_remove(&run->ground) < 0)
		warnx("run: %s could not be removed", run->ground.base);
}

static int run_all(struct run *run)
{
	int r;

	r = start_daemon(run);
	if (r != 0)
		return r;
	r = start_command(run);
	if (r != 0)
		return r;
	while (run->command)
		step(run, -1);
	collect(run);
	r = WIFSIGNALED(run->command_status)
		    ? SIGNALLED + WTERMSIG(run->command_status)
		    : WEXITSTATUS(run->command_status);
	return report(run, r);
}

static int make_ground(struct run *run)
{
	const struct vg_run_ground_setup setup = {
		.bpffs = run->o.bpffs,
		.cgroup_root = run->o.cgroup_root,
		.policy = run->sources.policy_text,
		.policy_size = run->sources.policy_size,
		.config = run->sources.config_text,
		.config_size = run->sources.config_size,
	};

	return vg_run_ground_make(&setup, &run->ground) < 0 ? VG_RUN_FAILED : 0;
}

static void run_free(struct run *run)
{
	vg_run_session_freep(&run->ask);
	vg_run_session_freep(&run->watch);
	vg_run_report_freep(&run->report);
	vg_run_ground_close(&run->ground);
	vg_run_user_free(&run->user);
	vg_run_sources_free(&run->sources);
	vg_fd_closep(&run->report_fd);
	vg_fd_closep(&run->signals);
}

int vg_cmd_run(int argc, char **argv)
{
	vg_cleanup(run_free) struct run run = {
		.report_fd = -1,
		.signals = -1,
		.ground = {.root_fd = -1, .procs_fd = -1, .log_fd = -1},
	};
	int r;

	r = vg_run_options_parse(argc, argv, &run.o);
	if (r != 0)
		return r;
	if (run.o.help)
		return vg_cli_help("run");
	r = check(&run);
	if (r != 0)
		return r;
	r = make_ground(&run);
	if (r != 0)
		return r;
	r = run_all(&run);
	end_daemon(&run);
	return r;
}
