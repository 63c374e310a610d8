/* SPDX-License-Identifier: Apache-2.0 */
/*
 * parse -- the text of policy files and of the daemon's file -> the model.
 *
 * Used by the keeper (load, reload), the verifier's parent and the commands
 * that need no daemon.  All errors of all files are reported, each at its
 * place; there is no partial result.  Pure.  Does not log.
 */
#pragma once

#include <stddef.h>

#include "policy/diag.h"
#include "policy/model.h"

/* A file longer than this is refused before it is parsed. */
#define VG_SOURCE_MAX (1UL << 20)

struct vg_source {
	const char *name; /* for messages: the path as the operator knows it */
	const char *text; /* need not end in NUL, may hold any octet */
	size_t size;
};

/*
 * One service per document; services are in the order of SOURCES.  No source
 * at all is a policy without services.  -EINVAL: DIAGS holds at least one
 * error, and *RET is untouched.  -ENOMEM.  DIAGS may hold warnings on
 * success.
 */
int vg_policy_parse(const struct vg_source *sources, size_t n,
		    struct vg_policy **ret, struct vg_diags *diags);

/* The daemon's own file; what it leaves out has its default. */
int vg_config_parse(const struct vg_source *source, struct vg_config **ret,
		    struct vg_diags *diags);

/* What holds without a file. */
int vg_config_default(struct vg_config **ret);
