/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/ephemeral.h"

#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/clock.h"
#include "base/fd.h"
#include "base/log.h"
#include "control/server.h"
#include "daemon/state.h"

/* How long `run` may take from its last session to its first process. */
#define GRACE_NS (10 * VG_NS_PER_S)
#define WALK_FDS 16

/* Only an empty cgroup can be removed, and nobody enters one that is gone. */
static bool remove_cgroup(struct vg_keeper *k)
{
	if (unlinkat(k->cgroup_root, k->options->ephemeral, AT_REMOVEDIR) == 0)
		return true;
	return errno == ENOENT;
}

bool vg_ephemeral_unused(struct vg_keeper *k)
{
	return k->options->ephemeral && remove_cgroup(k);
}

bool vg_ephemeral_over(struct vg_keeper *k, uint64_t now)
{
	vg_cleanup(vg_fd_closep) int fd = -1;
	bool empty = true;
	int r;

	if (!k->options->ephemeral)
		return false;
	if (vg_server_clients(k->server) > 0) {
		k->empty_since_ns = 0;
		return false;
	}
	r = vg_cgroup_open(k->cgroup_root, k->options->ephemeral, &fd);
	if (r == -ENOENT)
		return true; /* `run` removed it as it ended */
	if (r < 0 || vg_cgroup_is_empty(fd, &empty) < 0)
		return false;
	if (!empty) {
		k->was_populated = true;
		k->empty_since_ns = 0;
		return false;
	}
	if (!k->empty_since_ns)
		k->empty_since_ns = now;
	/* Not used yet: `run` may be about to, or may have been killed. */
	if (!k->was_populated && now - k->empty_since_ns < GRACE_NS)
		return false;
	return remove_cgroup(k);
}

static int remove_entry(const char *file, const struct stat *st, int type,
			struct FTW *at)
{
	(void)st;
	(void)type;
	(void)at;
	(void)remove(file); /* what is left is told at the end */
	return 0;
}

/*
 * RUN_DIR is BASE/run, and BASE has the name of the cgroup: nothing else is
 * ever removed, whatever we were told.
 */
static void remove_base(const struct vg_options *o)
{
	char base[PATH_MAX], *slash;

	if (snprintf(base, sizeof(base), "%s", o->run_dir) >= (int)sizeof(base))
		return;
	slash = strrchr(base, '/');
	if (!slash)
		return;
	*slash = '\0';
	slash = strrchr(base, '/');
	if (!slash || strcmp(slash + 1, o->ephemeral) != 0)
		return;
	(void)nftw(base, remove_entry, WALK_FDS,
		   FTW_DEPTH | FTW_PHYS | FTW_MOUNT);
	if (access(base, F_OK) == 0)
		vg_err("%s could not be removed", base);
}

void vg_ephemeral_wipe(struct vg_keeper *k)
{
	vg_attach_freep(&k->attach);
	if (k->load && vg_load_wipe(&k->load) < 0)
		vg_err("not every pin below %s could be removed",
		       k->options->bpffs);
	remove_base(k->options);
}
