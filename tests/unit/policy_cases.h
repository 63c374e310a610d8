/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the tests of the parsers share: a text, how many errors it has, and
 * what the first of them reads like.
 */
#pragma once

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

#include "base/cleanup.h"
#include "policy/parse.h"

struct policy_case {
	size_t errors;
	const char *text;
	const char *first; /* behind "p:" */
};

#define HEAD	 "service: a\ncgroup: a.slice\n"
#define ENDPOINT HEAD "endpoints:\n  - "
#define HOST	 ENDPOINT "host: api.example.com\n    ports: [443/tcp]\n    "
#define ADDRESS	 ENDPOINT "address: 9.9.9.9\n    ports: [443/tcp]\n    "
#define VERIFY	 HOST "verify:\n      "

static inline struct vg_source policy_source(const char *text)
{
	return (struct vg_source){
		.name = "p",
		.text = text,
		.size = strlen(text),
	};
}

/* R is what the parser returned for C; D what it reported. */
static inline void policy_case_check(const struct policy_case *c, int r,
				     const struct vg_diags *d)
{
	vg_cleanup(vg_buf_freep) struct vg_buf line = {0};

	if (r != -EINVAL || d->n == 0)
		fail_msg("accepted (%d):\n%s", r, c->text);
	vg_diag_line(&d->items[0], &line);
	if (d->errors != c->errors ||
	    strncmp(vg_buf_text(&line), "p:", 2) != 0 ||
	    strcmp(vg_buf_text(&line) + 2, c->first) != 0)
		fail_msg("%zu errors, the first\n  %s\nnot %zu and\n  p:%s\n"
			 "in:\n%s",
			 d->errors, vg_buf_text(&line), c->errors, c->first,
			 c->text);
}
