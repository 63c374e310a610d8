/* SPDX-License-Identifier: Apache-2.0 */
#include "verify/kept.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/cleanup.h"

/* The largest, the smallest, and one between, with its arrays full of N. */
static void fill(struct vg_proof *p, unsigned int links, unsigned int addresses,
		 unsigned int findings)
{
	memset(p, 0, sizeof(*p));
	snprintf(p->host, sizeof(p->host), "api.vendor.example");
	p->granted = p->confirmed = true;
	p->effect = VG_EFFECT_REVOKE;
	p->dnssec = VG_DNSSEC_BOGUS;
	p->ttl = 300;
	p->n_links = links;
	p->n_addresses = addresses;
	p->n_findings = findings;
	memset(p->links, 'l', links * sizeof(p->links[0]));
	memset(p->addresses, 1, addresses * sizeof(p->addresses[0]));
	memset(p->findings, 1, findings * sizeof(p->findings[0]));
}

static void comes_back_as_it_was(void **state)
{
	static const unsigned int sizes[][3] = {
		{0, 0, 0},
		{1, 2, 3},
		{3, 1, 0},
		{VG_PROOF_LINKS, VG_PROOF_ADDRESSES, VG_PROOF_FINDINGS},
	};
	static struct vg_proof before, after;

	(void)state;
	for (size_t i = 0; i < VG_ARRAY_LEN(sizes); i++) {
		vg_cleanup(vg_freep) struct vg_kept *k = NULL;

		fill(&before, sizes[i][0], sizes[i][1], sizes[i][2]);
		memset(&after, 0xa5, sizeof(after));
		assert_int_equal(vg_kept_new(&before, &k), 0);
		vg_kept_proof(k, &after);
		assert_memory_equal(&before, &after, sizeof(before));
	}
}

static void has_the_same_fields(void **state)
{
	vg_cleanup(vg_freep) struct vg_kept *k = NULL;
	static struct vg_proof p;

	(void)state;
	fill(&p, 1, 2, 3);
	assert_int_equal(vg_kept_new(&p, &k), 0);
	assert_true(k->granted);
	assert_int_equal(k->n_findings, 3);
	assert_string_equal(k->host, p.host);
	assert_memory_equal(&k->addresses[1], &p.addresses[1],
			    sizeof(p.addresses[1]));
	assert_memory_equal(&k->findings[2], &p.findings[2],
			    sizeof(p.findings[2]));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(comes_back_as_it_was),
		cmocka_unit_test(has_the_same_fields),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
