/* SPDX-License-Identifier: Apache-2.0 */
/*
 * host -- which names may be looked up at all (rung 0 of verification).
 *
 * Used by the policy parser, the ladder and the commands that take a name.
 * Pure.  Does not log.
 */
#pragma once

#include <stddef.h>

#include "policy/model.h"

/* Why a name is refused: one sentence, and what to write instead. */
struct vg_host_error {
	const char *message;
	const char *hint; /* NULL: none */
};

/*
 * TEXT (SIZE octets, which may hold anything) as the name that is looked up:
 * lower case, without the trailing dot, at most 253 octets of labels of
 * letters, digits, hyphen and underscore.  Refused beside bad syntax: address
 * literals, names whose last label is numeric (127.1), single labels, names
 * that resolvers answer by themselves (localhost, .local, .test, ...) and
 * those of cloud metadata services.
 * NULL: fine, and RET is set; it is untouched otherwise.
 */
const struct vg_host_error *vg_host_parse(const char *text, size_t size,
					  char ret[static VG_ENDPOINT_TEXT]);

/* The syntax alone, for zones: a single label and special names are fine. */
const struct vg_host_error *vg_zone_parse(const char *text, size_t size,
					  char ret[static VG_ENDPOINT_TEXT]);
