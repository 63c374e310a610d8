/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/run_daemon.h"

#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/fd.h"

#define PROGRAM	  "verigressd"
#define LOG_SHOWN 4096 /* octets of the log's end */

/* DIR of our own program, without a trailing '/'. */
static int own_dir(char ret[static PATH_MAX])
{
	char *slash;
	ssize_t n;

	n = readlink("/proc/self/exe", ret, PATH_MAX - 1);
	if (n < 0)
		return -errno;
	ret[n] = '\0';
	slash = strrchr(ret, '/');
	if (!slash)
		return -ENOENT;
	*slash = '\0';
	return 0;
}

/* PROGRAM alone when it is neither beside us nor in ../sbin: then PATH. */
static void find(char ret[static PATH_MAX])
{
	static const char *const places[] = {"", "/../sbin"};
	char dir[PATH_MAX];

	if (own_dir(dir) == 0)
		for (size_t i = 0; i < VG_ARRAY_LEN(places); i++)
			if (snprintf(ret, PATH_MAX, "%s%s/" PROGRAM, dir,
				     places[i]) < PATH_MAX &&
			    access(ret, X_OK) == 0)
				return;
	snprintf(ret, PATH_MAX, "%s", PROGRAM);
}

static int place_fds(const struct vg_run_ground *g)
{
	vg_cleanup(vg_fd_closep) int null = -1;

	null = open("/dev/null", O_RDWR | O_CLOEXEC);
	if (null < 0)
		return -errno;
	if (dup2(null, 0) < 0 || dup2(null, 1) < 0 || dup2(g->log_fd, 2) < 0)
		return -errno;
	return close_range(3, ~0U, 0) < 0 ? -errno : 0;
}

__attribute__((noreturn)) static void
child(const struct vg_run_ground *g, bool config, const sigset_t *signals)
{
	char program[PATH_MAX], path[PATH_MAX + 8];
	const char *const args[] = {
		PROGRAM,
		"--foreground",
		"--policy-dir",
		g->policy_dir,
		"--state-dir",
		g->state_dir,
		"--run-dir",
		g->run_dir,
		"--bpffs",
		g->bpffs,
		"--cgroup-root",
		g->cgroup_root,
		"--ephemeral",
		g->name,
		config ? "--config" : NULL,
		g->config,
		NULL,
	};
	const char *search = getenv("PATH");
	char *env[] = {path, NULL};

	find(program);
	/* Nothing of the caller's environment concerns it but the way there. */
	if (!search || snprintf(path, sizeof(path), "PATH=%s", search) >=
			       (int)sizeof(path))
		env[0] = NULL;
	if (setsid() < 0 || place_fds(g) < 0 ||
	    sigprocmask(SIG_SETMASK, signals, NULL) < 0)
		_exit(EXIT_FAILURE);
	execvpe(program, (char *const *)args, env);
	warn("run: cannot execute %s", program); /* into the log */
	_exit(EXIT_FAILURE);
}

int vg_run_daemon_start(const struct vg_run_ground *g, bool config,
			const sigset_t *signals, pid_t *ret)
{
	pid_t pid;

	pid = fork();
	if (pid < 0) {
		warn("run: fork");
		return -errno;
	}
	if (pid == 0)
		child(g, config, signals);

	*ret = pid;
	return 0;
}

void vg_run_daemon_show_log(const struct vg_run_ground *g)
{
	char text[LOG_SHOWN];
	off_t end = lseek(g->log_fd, 0, SEEK_END);
	ssize_t n;

	if (end <= 0)
		return;
	n = pread(g->log_fd, text, sizeof(text),
		  end > LOG_SHOWN ? end - LOG_SHOWN : 0);
	if (n > 0)
		fwrite(text, 1, (size_t)n, stderr);
}
