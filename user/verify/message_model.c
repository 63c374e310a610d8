/* SPDX-License-Identifier: Apache-2.0 */
/* The model's words as messages; the other half of message.h. */
#include "verify/message.h"

#include <errno.h>
#include <string.h>

/* TEXT into RET whole, or not at all. */
static int copy(char *ret, size_t size, const char *text)
{
	size_t n = strlen(text);

	if (n >= size)
		return -E2BIG;
	memcpy(ret, text, n + 1);
	return 0;
}

static int copy_stub(struct vg_msg_config *c, size_t i,
		     const struct vg_stub *stub)
{
	int r;

	r = copy(c->stubs[i].zone, sizeof(c->stubs[i].zone), stub->zone);
	if (r < 0)
		return r;
	return copy(c->stubs[i].server, sizeof(c->stubs[i].server),
		    stub->server);
}

int vg_msg_from_config(const struct vg_config *config, const char *anchors,
		       struct vg_msg *ret)
{
	struct vg_msg_config *c = &ret->config;
	int r;

	memset(ret, 0, sizeof(*ret));
	ret->type = VG_MSG_CONFIG;
	if (config->n_forward > VG_MSG_FORWARDS ||
	    config->n_stubs > VG_MSG_STUBS)
		return -E2BIG;

	for (size_t i = 0; i < config->n_forward; i++) {
		r = copy(c->forwards[i], sizeof(c->forwards[i]),
			 config->forward[i]);
		if (r < 0)
			return r;
	}
	c->n_forwards = config->n_forward;
	for (size_t i = 0; i < config->n_stubs; i++) {
		r = copy_stub(c, i, &config->stubs[i]);
		if (r < 0)
			return r;
	}
	c->n_stubs = config->n_stubs;
	return copy(c->anchors, sizeof(c->anchors), anchors);
}

int vg_prove_from_endpoint(const struct vg_endpoint *e, bool strict,
			   struct vg_prove *ret)
{
	int r;

	memset(ret, 0, sizeof(*ret));
	if (!e->host || e->n_ranges > VG_LIST_MAX)
		return -E2BIG;
	r = copy(ret->host, sizeof(ret->host), e->host);
	if (r < 0)
		return r;
	ret->dnssec = e->dnssec;
	ret->scope = e->scope;
	ret->strict = strict;
	ret->has_nat64 = e->has_nat64;
	ret->nat64 = e->nat64;
	ret->n_ranges = e->n_ranges;
	if (e->n_ranges > 0)
		memcpy(ret->ranges, e->ranges,
		       e->n_ranges * sizeof(*ret->ranges));
	return 0;
}
