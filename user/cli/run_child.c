/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/run_child.h"

#include <cap-ng.h>
#include <err.h>
#include <errno.h>
#include <grp.h>
#include <pwd.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/num.h"

/* ---- who ----------------------------------------------------------------- */

void vg_run_user_free(struct vg_run_user *u)
{
	free(u->name);
	free(u->home);
	*u = (struct vg_run_user){0};
}

static const struct passwd *account_of(const char *text)
{
	uint32_t uid;

	if (vg_num_u32(text, 0, UINT32_MAX - 1, &uid) == 0)
		return getpwuid(uid);
	return getpwnam(text);
}

static int take_account(const struct passwd *account, struct vg_run_user *ret)
{
	vg_cleanup(vg_run_user_free) struct vg_run_user u = {
		.uid = account->pw_uid,
		.gid = account->pw_gid,
		.name = strdup(account->pw_name),
		.home = strdup(account->pw_dir),
	};

	if (!u.name || !u.home)
		return -ENOMEM;

	*ret = u;
	u = (struct vg_run_user){0};
	return 0;
}

int vg_run_user_find(const char *option, struct vg_run_user *ret)
{
	const char *text = option ? option : getenv("SUDO_UID");
	const char *group = option ? NULL : getenv("SUDO_GID");
	const struct passwd *account;
	uint32_t gid;
	int r;

	if (!text) {
		warnx("run: say with --user whom the command shall run as "
		      "(sudo would have said it): not as root, who could "
		      "leave the cgroup");
		return -EINVAL;
	}
	account = account_of(text);
	if (!account) {
		warnx("run: there is no user '%s'", text);
		return -EINVAL;
	}
	if (account->pw_uid == 0) {
		warnx("run: the command cannot run as root, who could leave "
		      "the cgroup; name another user with --user");
		return -EINVAL;
	}
	r = take_account(account, ret);
	if (r < 0)
		return r;
	if (group && vg_num_u32(group, 1, UINT32_MAX - 1, &gid) == 0)
		ret->gid = gid;
	return 0;
}

/* ---- its first steps ----------------------------------------------------- */

int vg_run_child_check_stdio(void)
{
	int domain;
	socklen_t n;

	for (int fd = 0; fd <= 2; fd++) {
		n = sizeof(domain);
		if (getsockopt(fd, SOL_SOCKET, SO_DOMAIN, &domain, &n) < 0 ||
		    domain == AF_UNIX)
			continue;
		warnx("run: descriptor %d is a network socket that was made "
		      "outside; use a pipe",
		      fd);
		return -EINVAL;
	}
	return 0;
}

static int enter(int procs_fd)
{
	return write(procs_fd, "0", 1) == 1 ? 0 : -errno;
}

static int drop_bounds(void)
{
	capng_clear(CAPNG_SELECT_ALL);
	return capng_apply(CAPNG_SELECT_BOUNDS) == 0 ? 0 : -EPERM;
}

static int become(const struct vg_run_user *u)
{
	if (initgroups(u->name, u->gid) < 0)
		return -errno;
	if (setresgid(u->gid, u->gid, u->gid) < 0)
		return -errno;
	if (setresuid(u->uid, u->uid, u->uid) < 0)
		return -errno;
	return 0;
}

/* Whatever securebits we were given: nothing is left, and we look. */
static int drop_caps(void)
{
	capng_clear(CAPNG_SELECT_ALL);
	if (capng_apply(CAPNG_SELECT_CAPS) != 0)
		return -EPERM;
	if (prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0) < 0)
		return -errno;
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0)
		return -errno;
	if (capng_get_caps_process() != 0 ||
	    capng_have_capabilities(CAPNG_SELECT_ALL) != CAPNG_NONE)
		return -EPERM;
	return setuid(0) == 0 ? -EPERM : 0;
}

static int set_environment(const struct vg_run_user *u)
{
	if (setenv("HOME", u->home, 1) < 0 || setenv("USER", u->name, 1) < 0 ||
	    setenv("LOGNAME", u->name, 1) < 0)
		return -errno;
	return 0;
}

static int prepare(const struct vg_run_command *c)
{
	int r;

	r = enter(c->procs_fd);
	if (r == 0)
		r = drop_bounds();
	if (r == 0)
		r = become(c->user);
	if (r == 0)
		r = drop_caps();
	if (r == 0)
		r = set_environment(c->user);
	if (r == 0)
		r = close_range(3, ~0U, 0) < 0 ? -errno : 0;
	if (r == 0)
		r = sigprocmask(SIG_SETMASK, &c->signals, NULL) < 0 ? -errno
								    : 0;
	return r;
}

__attribute__((noreturn)) static void child(const struct vg_run_command *c)
{
	int r;

	r = prepare(c);
	if (r < 0) {
		warnx("run: cannot confine the command: %s", strerror(-r));
		_exit(VG_RUN_FAILED);
	}
	execvp(c->argv[0], c->argv);
	r = errno == ENOENT ? VG_RUN_NOT_FOUND : VG_RUN_NO_EXEC;
	warn("run: %s", c->argv[0]);
	_exit(r);
}

int vg_run_child_start(const struct vg_run_command *c, pid_t *ret)
{
	pid_t pid;

	pid = fork();
	if (pid < 0)
		return -errno;
	if (pid == 0)
		child(c);

	*ret = pid;
	return 0;
}
