/* SPDX-License-Identifier: Apache-2.0 */
#include "verify/kept.h"

#include <assert.h>
#include <errno.h>
#include <stdalign.h>
#include <stdlib.h>
#include <string.h>

/* The arrays follow one another: none needs more than the one before it. */
static_assert(alignof(struct vg_finding) <= alignof(struct vg_kept) &&
		      alignof(struct vg_link) <= alignof(struct vg_finding) &&
		      alignof(struct vg_proof_address) <=
			      alignof(struct vg_link),
	      "in this order they are aligned");

static void *take(char **at, const void *from, size_t size)
{
	void *to = *at;

	memcpy(to, from, size);
	*at += size;
	return to;
}

int vg_kept_new(const struct vg_proof *p, struct vg_kept **ret)
{
	const size_t findings = p->n_findings * sizeof(p->findings[0]);
	const size_t links = p->n_links * sizeof(p->links[0]);
	const size_t addresses = p->n_addresses * sizeof(p->addresses[0]);
	const size_t host = strlen(p->host) + 1;
	struct vg_kept *k;
	char *at;

	k = malloc(sizeof(*k) + findings + links + addresses + host);
	if (!k)
		return -ENOMEM;
	*k = (struct vg_kept){
		.granted = p->granted,
		.confirmed = p->confirmed,
		.effect = p->effect,
		.dnssec = p->dnssec,
		.ttl = p->ttl,
		.n_links = p->n_links,
		.n_addresses = p->n_addresses,
		.n_findings = p->n_findings,
	};
	at = (char *)(k + 1);
	k->findings = take(&at, p->findings, findings);
	k->links = take(&at, p->links, links);
	k->addresses = take(&at, p->addresses, addresses);
	k->host = take(&at, p->host, host);

	*ret = k;
	return 0;
}

void vg_kept_proof(const struct vg_kept *k, struct vg_proof *ret)
{
	memset(ret, 0, sizeof(*ret));
	ret->granted = k->granted;
	ret->confirmed = k->confirmed;
	ret->effect = k->effect;
	ret->dnssec = k->dnssec;
	ret->ttl = k->ttl;
	ret->n_links = k->n_links;
	ret->n_addresses = k->n_addresses;
	ret->n_findings = k->n_findings;
	memcpy(ret->host, k->host, strlen(k->host) + 1);
	memcpy(ret->findings, k->findings,
	       k->n_findings * sizeof(ret->findings[0]));
	memcpy(ret->links, k->links, k->n_links * sizeof(ret->links[0]));
	memcpy(ret->addresses, k->addresses,
	       k->n_addresses * sizeof(ret->addresses[0]));
}
