/* SPDX-License-Identifier: Apache-2.0 */
/*
 * run_options -- what the caller of `verigress run` asks for: options, and the
 * policy and configuration that they name.
 *
 * Both functions return 0, or the exit status after saying on stderr what is
 * wrong.  Strings of the options borrow from argv.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "policy/model.h"

struct vg_run_options {
	const char *policy;
	const char *user; /* NULL: who called sudo */
	const char *report; /* NULL: stderr */
	const char *config; /* NULL: the installed one, if there is one */
	const char *bpffs;
	const char *cgroup_root; /* NULL: the cgroup2 mount */
	bool fail_on_deny, json, help;
	char **command;
};

int vg_run_options_parse(int argc, char **argv, struct vg_run_options *ret);

struct vg_run_sources {
	struct vg_policy *policy; /* of one service */
	char *policy_text; /* what it was made of */
	size_t policy_size;
	char *config_text; /* NULL: none; it has been checked */
	size_t config_size;
};

int vg_run_sources_read(const struct vg_run_options *o,
			struct vg_run_sources *ret);
void vg_run_sources_free(struct vg_run_sources *s);
