/* SPDX-License-Identifier: Apache-2.0 */
/* Look-ups and verdicts as text, for the tests of the ladder. */
#pragma once

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/cleanup.h"
#include "verify/ladder.h"

#define HOST "api.vendor.com"

/*
 * One look-up as text: "STATE [CNAME...] ADDRESS..." or an outcome.  STATE is
 * s, i or b; CNAME is ">name".
 *   "s 8.8.8.8"   "i >x.net 8.8.8.8 9.9.9.9"   "s >x.net nxdomain"
 *   "s nodata"    "timeout"   "servfail"   "bogus"   "bad"   "s loop"
 */
static inline void set_address(struct vg_answer *a, const char *word)
{
	struct vg_address *slot = &a->addresses[a->n_addresses++];

	assert_true(a->n_addresses <= VG_ANSWER_ADDRESSES);
	a->outcome = VG_OUTCOME_ADDRESSES;
	/* A mapped address in AAAA is not what vg_address_parse() makes. */
	assert_int_equal(vg_address_parse(word, slot), 0);
}

static inline bool set_outcome(struct vg_answer *a, const char *word)
{
	static const char *const names[VG_OUTCOME_ADDRESSES] = {
		[VG_OUTCOME_TIMEOUT] = "timeout",
		[VG_OUTCOME_SERVFAIL] = "servfail",
		[VG_OUTCOME_BOGUS] = "bogus",
		[VG_OUTCOME_BAD] = "bad",
		[VG_OUTCOME_LOOP] = "loop",
		[VG_OUTCOME_NXDOMAIN] = "nxdomain",
		[VG_OUTCOME_NODATA] = "nodata",
	};

	for (unsigned int i = 0; i < VG_ARRAY_LEN(names); i++) {
		if (strcmp(word, names[i]) != 0)
			continue;
		a->outcome = i;
		if (i == VG_OUTCOME_BOGUS)
			a->state = VG_DNSSEC_BOGUS;
		snprintf(a->why, sizeof(a->why), "because of %s", word);
		return true;
	}
	return false;
}

static inline void add_link(struct vg_answer *a, uint16_t type,
			    const char *target)
{
	struct vg_link *link = &a->links[a->n_links++];

	link->type = type;
	link->ttl = a->ttl = 300;
	snprintf(link->name, sizeof(link->name), "%s", a->end);
	snprintf(link->target, sizeof(link->target), "%s", target);
	if (target[0])
		snprintf(a->end, sizeof(a->end), "%s", target);
}

static inline void read_answer(const char *text, uint16_t type,
			       struct vg_answer *a)
{
	static const char states[] = "-sib";
	char copy[4096], *at = copy, *word;

	memset(a, 0, sizeof(*a));
	a->type = type;
	snprintf(a->end, sizeof(a->end), "%s", HOST);
	snprintf(copy, sizeof(copy), "%s", text);
	while ((word = strsep(&at, " "))) {
		if (strlen(word) == 1 && strchr(states, *word))
			a->state = (enum vg_dnssec_state)(
				strchr(states, *word) - states);
		else if (word[0] == '>')
			add_link(a, VG_TYPE_CNAME, word + 1);
		else if (!set_outcome(a, word))
			set_address(a, word);
	}
	if (a->n_addresses > 0)
		add_link(a, type, "");
}

/* What is judged; zero is the default. */
struct rules {
	enum vg_dnssec_rule dnssec;
	bool strict, internal, tls, stripped;
	const char *range;
	const char *self;
};

static inline struct vg_proof judged(const char *a, const char *aaaa,
				     struct rules rules)
{
	struct vg_answer a_answer, aaaa_answer;
	struct vg_prefix range = {};
	struct vg_address self = {};
	struct vg_proof proof;
	struct vg_ladder_input in = {
		.host = HOST,
		.dnssec = rules.dnssec,
		.strict = rules.strict,
		.has_tls = rules.tls,
		.rules = {.internal = rules.internal,
			  .ranges = &range,
			  .n_ranges = rules.range != NULL,
			  .self = &self,
			  .n_self = rules.self != NULL},
		.a = &a_answer,
		.aaaa = &aaaa_answer,
		.health =
			rules.stripped ? VG_HEALTH_STRIPPED : VG_HEALTH_SECURE,
		.health_why = "no signatures",
	};

	read_answer(a, VG_TYPE_A, &a_answer);
	read_answer(aaaa, VG_TYPE_AAAA, &aaaa_answer);
	if (rules.range)
		assert_int_equal(vg_prefix_parse(rules.range, &range), 0);
	if (rules.self)
		assert_int_equal(vg_address_parse(rules.self, &self), 0);
	memset(&proof, 0xa5, sizeof(proof));
	vg_ladder_judge(&in, &proof);
	return proof;
}

/* "DNS_BOGUS:block REBIND_MIXED:block" */
static inline const char *findings_text(const struct vg_proof *p)
{
	static char text[4096];
	size_t used = 0;

	text[0] = '\0';
	for (uint32_t i = 0; i < p->n_findings; i++)
		used += (size_t)snprintf(
			text + used, sizeof(text) - used, "%s%s:%s",
			i ? " " : "", vg_finding_kind(p->findings[i].id)->name,
			vg_action_name(p->findings[i].action));
	return text;
}

static inline const char *verdict_text(const struct vg_proof *p)
{
	static const char *const effects[] = {"none", "run-out", "revoke"};
	static char text[64];
	unsigned int granted = 0;

	for (uint32_t i = 0; i < p->n_addresses; i++)
		granted += p->addresses[i].granted;
	assert_int_equal(p->granted, granted > 0);
	snprintf(text, sizeof(text), "%u/%u %s %s", granted, p->n_addresses,
		 vg_dnssec_name(p->dnssec), effects[p->effect]);
	return text;
}
