/* SPDX-License-Identifier: Apache-2.0 */
#include "verify/prover.h"

#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/queue.h>

#include "base/cleanup.h"
#include "verify/ladder.h"

/* One of the two look-ups of a job. */
struct half {
	struct job *job;
	uint16_t type;
	void *lookup; /* under way; NULL before and after */
	bool answered;
	struct vg_answer answer;
};

/* What a job holds only while it is active. */
struct work {
	struct half halves[2]; /* A, AAAA */
	bool repeated; /* this is the second, fresh look-up */
	struct vg_proof first; /* what the first one said, once repeated */
	struct vg_proof proof;
};

struct job {
	TAILQ_ENTRY(job) entry;
	struct vg_prover *prover;
	struct work *work; /* NULL while waiting */
	struct vg_prove prove;
};
TAILQ_HEAD(jobs, job);

struct vg_prover {
	struct vg_prover_lookups lookups;
	vg_prover_done_fn *done;
	void *arg;
	struct jobs waiting, active;
	size_t n_waiting, n_active;
	bool pumping; /* done() may lead back into pump() */
	enum vg_health health;
	char health_why[VG_MSG_TEXT];
	struct vg_address self[VG_MSG_SELF];
	size_t n_self;
};

int vg_prover_new(const struct vg_prover_lookups *lookups,
		  vg_prover_done_fn *done, void *arg, struct vg_prover **ret)
{
	struct vg_prover *p = calloc(1, sizeof(*p));

	assert(lookups->ask && lookups->cancel && done);
	if (!p)
		return -ENOMEM;
	p->lookups = *lookups;
	p->done = done;
	p->arg = arg;
	TAILQ_INIT(&p->waiting);
	TAILQ_INIT(&p->active);
	*ret = p;
	return 0;
}

static void cancel_lookups(struct job *job)
{
	const struct vg_prover_lookups *l = &job->prover->lookups;

	for (size_t i = 0; job->work && i < 2; i++)
		if (job->work->halves[i].lookup)
			l->cancel(l->context,
				  VG_TAKE_PTR(job->work->halves[i].lookup));
}

/* Off its list, its look-ups canceled, freed. */
static void drop(struct job *job)
{
	struct vg_prover *p = job->prover;

	cancel_lookups(job);
	if (job->work) {
		TAILQ_REMOVE(&p->active, job, entry);
		p->n_active--;
	} else {
		TAILQ_REMOVE(&p->waiting, job, entry);
		p->n_waiting--;
	}
	free(job->work);
	free(job);
}

static void drop_all(struct jobs *jobs)
{
	struct job *job;

	while ((job = TAILQ_FIRST(jobs)))
		drop(job);
}

void vg_prover_freep(struct vg_prover **p)
{
	if (!*p)
		return;
	drop_all(&(*p)->active);
	drop_all(&(*p)->waiting);
	free(*p);
	*p = NULL;
}

/* ---- judging ------------------------------------------------------------ */

static void judge(const struct job *job, struct vg_proof *ret)
{
	const struct vg_prover *p = job->prover;
	const struct vg_prove *prove = &job->prove;
	const struct vg_ladder_input in = {
		.host = prove->host,
		.dnssec = prove->dnssec,
		.strict = prove->strict,
		.rules =
			{
				.internal = prove->scope == VG_SCOPE_INTERNAL,
				.ranges = prove->ranges,
				.n_ranges = prove->n_ranges,
				.has_nat64 = prove->has_nat64,
				.nat64 = prove->nat64,
				.self = p->self,
				.n_self = p->n_self,
			},
		.a = &job->work->halves[0].answer,
		.aaaa = &job->work->halves[1].answer,
		.health = p->health,
		.health_why = p->health_why,
	};

	vg_ladder_judge(&in, ret);
}

/* Evidence of attack that an off-path sender could have forged. */
static bool needs_confirmation(const struct vg_proof *proof)
{
	return proof->effect == VG_EFFECT_REVOKE && !proof->confirmed;
}

/* The first look-up spoke of an attack, the second one did not. */
static void add_unconfirmed(const struct vg_proof *first,
			    struct vg_proof *proof)
{
	for (uint32_t i = 0; i < first->n_findings; i++) {
		const struct vg_finding *f = &first->findings[i];
		const struct vg_finding_kind *kind = vg_finding_kind(f->id);

		if (kind->effect != VG_EFFECT_REVOKE)
			continue;
		vg_proof_add(proof, VG_FINDING_UNCONFIRMED,
			     f->has_address ? &f->address : NULL,
			     "only the first of two look-ups said %s: %s",
			     kind->name, f->evidence);
		return;
	}
}

static void finish(struct job *job)
{
	struct vg_prover *p = job->prover;
	struct work *work = job->work;
	const uint64_t id = job->prove.id;

	/* DONE may start and cancel jobs: this one is no longer listed. */
	cancel_lookups(job);
	TAILQ_REMOVE(&p->active, job, entry);
	p->n_active--;
	free(job);
	p->done(p->arg, id, &work->proof);
	free(work);
}

/* ---- look-ups ----------------------------------------------------------- */

static void on_answer(void *arg, const struct vg_answer *answer);
static void pump(struct vg_prover *p);

static void ask_half(struct job *job, size_t i, unsigned int flags)
{
	const struct vg_prover_lookups *l = &job->prover->lookups;
	struct half *half = &job->work->halves[i];
	int r;

	half->job = job;
	half->type = i == 0 ? VG_TYPE_A : VG_TYPE_AAAA;
	half->answered = false;
	r = l->ask(l->context, job->prove.host, half->type, flags, on_answer,
		   half, &half->lookup);
	if (r == 0)
		return;
	half->lookup = NULL;
	half->answered = true;
	vg_answer_fail(&half->answer, half->type, VG_OUTCOME_SERVFAIL,
		       "the look-up could not be started");
}

static bool all_answered(const struct work *work)
{
	return work->halves[0].answered && work->halves[1].answered;
}

/* Both look-ups; true when both failed to start and the job can go on. */
static bool ask_both(struct job *job)
{
	unsigned int flags = 0;

	if (job->prove.fresh || job->work->repeated)
		flags |= VG_PROVER_FRESH;
	if (job->prove.dnssec == VG_DNSSEC_OFF)
		flags |= VG_PROVER_UNCHECKED;
	ask_half(job, 0, flags);
	ask_half(job, 1, flags);
	return all_answered(job->work);
}

/* Both answers are there.  True when the job is finished with them. */
static bool advance(struct job *job)
{
	struct work *work = job->work;

	judge(job, &work->proof);
	if (!work->repeated && needs_confirmation(&work->proof)) {
		work->first = work->proof;
		work->repeated = true;
		return false;
	}
	if (!work->repeated)
		return true;

	if (work->proof.effect == VG_EFFECT_REVOKE)
		work->proof.confirmed = true;
	else
		add_unconfirmed(&work->first, &work->proof);
	return true;
}

/* From "both answered" on: at most twice around. */
static void run(struct job *job)
{
	while (!advance(job))
		if (!ask_both(job))
			return;
	finish(job);
}

static void on_answer(void *arg, const struct vg_answer *answer)
{
	struct half *half = arg;
	struct job *job = half->job;
	struct vg_prover *p = job->prover;

	half->lookup = NULL;
	half->answered = true;
	half->answer = *answer;
	if (!all_answered(job->work))
		return;
	run(job);
	pump(p);
}

static int activate(struct job *job)
{
	struct vg_prover *p = job->prover;

	job->work = calloc(1, sizeof(*job->work));
	if (!job->work)
		return -ENOMEM;
	TAILQ_REMOVE(&p->waiting, job, entry);
	p->n_waiting--;
	TAILQ_INSERT_TAIL(&p->active, job, entry);
	p->n_active++;
	return 0;
}

/* Start what waits while there is room. */
static void pump(struct vg_prover *p)
{
	struct job *job;

	if (p->health == VG_HEALTH_UNKNOWN || p->pumping)
		return;
	p->pumping = true;
	while (p->n_active < VG_PROVER_ACTIVE &&
	       (job = TAILQ_FIRST(&p->waiting))) {
		/* Without memory it goes on waiting for one that ends. */
		if (activate(job) < 0)
			break;
		if (ask_both(job))
			run(job);
	}
	p->pumping = false;
}

/* ---- the outside -------------------------------------------------------- */

int vg_prover_start(struct vg_prover *p, const struct vg_prove *prove)
{
	struct job *job;

	if (p->n_waiting >= VG_PROVER_QUEUE)
		return -EBUSY;
	job = calloc(1, sizeof(*job));
	if (!job)
		return -ENOMEM;
	job->prover = p;
	job->prove = *prove;
	TAILQ_INSERT_TAIL(&p->waiting, job, entry);
	p->n_waiting++;
	pump(p);
	return 0;
}

static void cancel_in(struct jobs *jobs, uint64_t id)
{
	struct job *job, *next;

	for (job = TAILQ_FIRST(jobs); job; job = next) {
		next = TAILQ_NEXT(job, entry);
		if (job->prove.id == id)
			drop(job);
	}
}

void vg_prover_cancel(struct vg_prover *p, uint64_t id)
{
	cancel_in(&p->active, id);
	cancel_in(&p->waiting, id);
	pump(p);
}

int vg_prover_set_self(struct vg_prover *p, const struct vg_address *self,
		       size_t n)
{
	if (n > VG_MSG_SELF)
		return -E2BIG;
	if (n > 0)
		memcpy(p->self, self, n * sizeof(*self));
	p->n_self = n;
	return 0;
}

void vg_prover_set_health(struct vg_prover *p, enum vg_health health,
			  const char *why)
{
	p->health = health;
	snprintf(p->health_why, sizeof(p->health_why), "%s", why ? why : "");
	pump(p);
}

size_t vg_prover_pending(const struct vg_prover *p)
{
	return p->n_waiting + p->n_active;
}
