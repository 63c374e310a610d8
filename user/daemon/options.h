/* SPDX-License-Identifier: Apache-2.0 */
/*
 * options -- the command line of verigressd, read once by main and handed on
 * to the three processes.
 *
 * The strings borrow from argv.  Prints usage errors to stderr itself; does
 * not exit.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

enum vg_role { VG_ROLE_SUPERVISOR = 0, VG_ROLE_KEEPER, VG_ROLE_VERIFIER };

struct vg_options {
	const char *config;
	const char *policy_dir;
	const char *state_dir;
	const char *run_dir;
	const char *bpffs;
	const char *cgroup_root; /* NULL: the cgroup2 mount */
	bool foreground; /* log to stderr as text, whoever reads it */
	bool debug;
	/*
	 * Set by `verigress run` only: the cgroup (below the root) that the one
	 * service is bound to whatever its policy says.  When it is empty again
	 * the daemon removes every trace and ends.
	 */
	const char *ephemeral;
	enum vg_role role; /* the processes that main becomes */
	uint32_t clock_rate; /* test build only, else 1 */
	bool help, version;
};

/* 0, or -EINVAL after an error line on stderr. */
int vg_options_parse(int argc, char **argv, struct vg_options *ret);

void vg_options_usage(void);

/*
 * The arguments with which ROLE is executed, ending with NULL.  Points into O
 * and to literals; at most VG_OPTIONS_ARGS.
 */
#define VG_OPTIONS_ARGS 24
void vg_options_for_role(const struct vg_options *o, enum vg_role role,
			 const char *ret[static VG_OPTIONS_ARGS]);
