/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Events: what the kernel says (ring, decoded, coalesced, explained) and what
 * the keeper says itself, to the file, the journal and whoever watches.
 */
#include <errno.h>
#include <event2/event.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <sys/utsname.h>

#include "base/cleanup.h"
#include "base/clock.h"
#include "base/fd.h"
#include "base/log.h"
#include "control/watch.h"
#include "daemon/cut.h"
#include "daemon/parent.h"
#include "daemon/state.h"
#include "enforce/stats.h"
#include "events/decode.h"
#include "events/file.h"
#include "events/format.h"
#include "events/journal.h"
#include "events/limit.h"
#include "events/ring.h"
#include "events/sink.h"

/* Records a turn of the loop: at a million a second some 8 ms. */
#define DRAIN_MAX 8192
#define BOOT_ID	  "/proc/sys/kernel/random/boot_id"

/* ---- telling ------------------------------------------------------------- */

void vg_incident(struct vg_keeper *k, const struct vg_unit *unit,
		 struct vg_record *r)
{
	if (unit && !r->service)
		r->service = unit->service->name;
	if (!r->policy_rev)
		r->policy_rev = k->policy_rev;
	if (k->sink)
		(void)vg_sink_put(k->sink, r, vg_clock_now());
}

void vg_incident_finding(struct vg_target *t, const struct vg_finding *f)
{
	const struct vg_finding_kind *kind = vg_finding_kind(f->id);
	char name[VG_ENDPOINT_TEXT];
	struct vg_record r = {
		.kind = VG_RECORD_FINDING,
		.endpoint = name,
		.finding_id = kind->name,
		.severity = vg_severity_name(f->severity),
		.action = vg_action_name(f->action),
		.evidence = f->evidence,
		.remedy = kind->remedy,
		.detail = kind->title,
	};

	vg_endpoint_text(t->endpoint, name);
	if (f->has_address) {
		r.has |= VG_HAS_DST;
		r.dst = f->address;
	}
	r.memory.name = name;
	t->keeper->n_findings[f->id]++;
	if (f->action == VG_ACTION_BLOCK)
		vg_warn("%s: %s: %s: %s", t->unit->service->name, name,
			kind->name, f->evidence);
	vg_incident(t->keeper, t->unit, &r);
}

void vg_incident_state(struct vg_keeper *k, bool degraded, const char *subject,
		       const char *detail)
{
	struct vg_record r = {
		.kind = degraded ? VG_RECORD_DEGRADED : VG_RECORD_RECOVERED,
		.subject = subject,
		.detail = detail,
	};

	if (degraded)
		vg_warn("degraded: %s: %s", subject, detail);
	else
		vg_info("recovered: %s: %s", subject, detail);
	vg_incident(k, NULL, &r);
}

/* ---- explaining ---------------------------------------------------------- */

/* What stays alive while a record is put together. */
struct explained {
	struct vg_book_answer answer;
	char verified[VG_CLOCK_TEXT], until[VG_CLOCK_TEXT];
	char finding[64];
	char exe[VG_POWER_TEXT];
	char cgroup[1024];
};

/* The finding's name is the cause's first word, when it is one. */
static void split_cause(struct explained *x)
{
	size_t n = strcspn(x->answer.cause, ":");

	x->finding[0] = '\0';
	if (x->answer.cause[n] != ':' || n >= sizeof(x->finding))
		return;
	memcpy(x->finding, x->answer.cause, n);
	x->finding[n] = '\0';
}

/* An address that was never granted may still be what a name leads to. */
static void explain_candidate(const struct vg_unit *u, struct vg_record *r)
{
	const struct vg_finding *f = NULL;
	const struct vg_target *t =
		u ? vg_units_candidate(u, &r->dst, &f) : NULL;

	if (!t)
		return;
	r->memory = (struct vg_memory){
		.name = t->endpoint->host,
		.finding = vg_finding_kind(f->id)->name,
		.candidate = true,
	};
	r->evidence = f->evidence;
	r->remedy = vg_finding_kind(f->id)->remedy;
}

static void explain_destination(struct vg_keeper *k, struct explained *x,
				const struct vg_event *e, struct vg_record *r)
{
	const struct vg_permission what = {
		.service = e->service,
		.proto = e->proto,
		.port = e->dst_port,
		.prefix = {.address = r->dst, .bits = 128},
	};

	vg_book_explain(k->book, vg_clock_from_kernel(e->boot_ns), &what,
			&x->answer);
	if (r->reason == VG_REASON_NO_LEASE &&
	    x->answer.reason != VG_REASON_NONE)
		r->reason = x->answer.reason;
	if (!x->answer.name[0]) {
		explain_candidate(vg_unit_by_id(k, e->service), r);
		return;
	}
	r->memory.name = x->answer.name;
	if (x->answer.verified) {
		vg_clock_text(x->answer.verified, x->verified);
		r->memory.verified = x->verified;
	}
	if (x->answer.until && x->answer.reason != VG_REASON_NONE &&
	    x->answer.until <= vg_clock_now()) {
		vg_clock_text(x->answer.until, x->until);
		r->memory.until = x->until;
	}
	split_cause(x);
	if (x->finding[0])
		r->memory.finding = x->finding;
	if (x->answer.cause[0])
		r->detail = x->answer.cause;
}

static void explain_process(struct vg_keeper *k, struct explained *x,
			    struct vg_unit *u, struct vg_record *r)
{
	if (r->pid && vg_parent_exe(k->parent, (pid_t)r->pid, x->exe) == 0)
		r->exe = x->exe;
	if (u && r->cgroup_id &&
	    vg_tags_path(u, r->cgroup_id, x->cgroup, sizeof(x->cgroup)))
		r->cgroup_path = x->cgroup;
}

static void on_limited(void *ctx, const struct vg_limited *l)
{
	struct vg_keeper *k = ctx;
	struct vg_unit *u = vg_unit_by_id(k, l->event.service);
	struct explained x = {0};
	struct vg_record r;

	vg_record_from_event(l, &r);
	r.has |= VG_HAS_LOST_BEFORE;
	r.lost_before = vg_track_lost(k->track);
	if (!u)
		r.service = vg_services_name(k->services, l->event.service);
	if (r.has & VG_HAS_DST)
		explain_destination(k, &x, &l->event, &r);
	explain_process(k, &x, u, &r);
	vg_incident(k, u, &r);
}

/* ---- the ring ------------------------------------------------------------ */

/*
 * The kernel's own count, not the one that records carry: after the last one
 * that fitted nothing may come for long.
 */
static uint64_t ring_lost(struct vg_keeper *k)
{
	struct vg_stats_ring ring;

	return vg_stats_ring(k->load, &ring) < 0 ? k->ring_lost_told
						 : ring.lost;
}

static void tell_lost(struct vg_keeper *k)
{
	const uint64_t lost = ring_lost(k);
	struct vg_record r = {
		.kind = VG_RECORD_LOST,
		.count = lost - k->ring_lost_told,
		.subject = "ring",
		.detail = "the ring was full: the verdicts stood, their "
			  "reports did not fit",
	};

	if (lost <= k->ring_lost_told)
		return;
	k->ring_lost_told = lost;
	vg_incident(k, NULL, &r);
}

static void on_event(void *ctx, const void *data, size_t size)
{
	struct vg_keeper *k = ctx;
	struct vg_event e;
	uint64_t lost = 0;

	if (vg_event_decode(data, size, &e) < 0) {
		if (k->bad_events++ == 0)
			vg_err("an event of the kernel is not as it should be");
		return;
	}
	(void)vg_track_put(k->track, &e, &lost);
	if (e.service == VG_SERVICE_SELFTEST) {
		k->selftest_seen |= 1u << e.layer;
		return;
	}
	vg_limit_put(k->limit, &e, vg_clock_now());
	if (e.flags & VG_EVENT_DESTROY) {
		struct vg_unit *u = vg_unit_by_id(k, e.service);

		if (u)
			vg_cut_event(u, &e);
	}
}

static void arm(struct event *timer, uint64_t delay_ns)
{
	struct timeval wait = vg_clock_wait(delay_ns);

	/* Failing here only means that the tick of a second drains. */
	(void)evtimer_add(timer, &wait);
}

static void arm_limit(struct vg_keeper *k)
{
	uint64_t due = vg_limit_deadline(k->limit), now = vg_clock_now();

	if (due != UINT64_MAX && !evtimer_pending(k->limit_timer, NULL))
		arm(k->limit_timer, due > now ? due - now : 0);
}

static void drain(struct vg_keeper *k, bool waited)
{
	const struct timeval at_once = {0};
	uint32_t delay_ms;
	int n;

	n = vg_ring_drain(k->ring, DRAIN_MAX);
	arm_limit(k);
	delay_ms = vg_ring_delay_ms(n, DRAIN_MAX, waited);
	k->ring_pauses = delay_ms != 0;
	if (delay_ms == 0) {
		(void)evtimer_add(k->ring_timer, &at_once);
	} else if (delay_ms != VG_RING_IDLE_MS) {
		/* Real milliseconds: the kernel's wake-ups are not ours to
		 * accelerate. */
		const struct timeval wait = {.tv_usec = delay_ms * 1000};

		(void)evtimer_add(k->ring_timer, &wait);
	}
}

/* A timer that was set for "at once" is no pause in which a wake was missed. */
static void on_ring(evutil_socket_t fd, short what, void *arg)
{
	struct vg_keeper *k = arg;

	(void)fd;
	drain(k, (what & EV_TIMEOUT) && k->ring_pauses);
}

static void on_window(evutil_socket_t fd, short what, void *arg)
{
	struct vg_keeper *k = arg;

	(void)fd;
	(void)what;
	vg_limit_tick(k->limit, vg_clock_now());
	arm_limit(k);
}

void vg_incidents_drain(struct vg_keeper *k)
{
	for (int i = 0; i < 64 && vg_ring_drain(k->ring, DRAIN_MAX) > 0; i++)
		;
	vg_limit_flush(k->limit);
}

bool vg_incidents_saw(void *keeper, uint32_t service, enum vg_layer layer)
{
	struct vg_keeper *k = keeper;

	while (vg_ring_drain(k->ring, DRAIN_MAX) == DRAIN_MAX)
		;
	return service == VG_SERVICE_SELFTEST &&
	       (k->selftest_seen & (1u << layer));
}

void vg_incidents_tick(struct vg_keeper *k, uint64_t now)
{
	drain(k, true);
	tell_lost(k);
	vg_sink_tick(k->sink, now);
}

/* ---- start and end ------------------------------------------------------- */

static void on_line(void *ctx, const struct vg_line *line)
{
	struct vg_keeper *k = ctx;

	if (k->watch)
		vg_watch_publish(k->watch, line->service, line->json,
				 line->plain, line->colour);
}

/* The directory of the file is ours to make; elsewhere it must exist. */
static void make_parent(const char *path)
{
	vg_cleanup(vg_freep) char *dir = strdup(path);
	char *slash = dir ? strrchr(dir, '/') : NULL;

	if (!slash || slash == dir)
		return;
	*slash = '\0';
	(void)mkdir(dir, 0750); /* the open that follows says what is wrong */
}

static struct vg_event_file *open_file(struct vg_keeper *k)
{
	struct vg_event_file *file = NULL;
	int r;

	if (!k->config->events_file)
		return NULL;
	make_parent(k->config->events_file);
	r = vg_event_file_new(k->config->events_file, 0, &file);
	if (r < 0)
		vg_incident_state(k, true, k->config->events_file,
				  strerror(-r));
	return file;
}

static struct vg_journal *open_journal(struct vg_keeper *k)
{
	struct vg_journal *journal = NULL;

	/* A host without journald loses nothing: there is the file. */
	if (k->config->journal)
		(void)vg_journal_new(VG_JOURNAL_SOCKET, &journal);
	return journal;
}

static int start_sink(struct vg_keeper *k)
{
	vg_cleanup(vg_freep) char *boot_id = NULL;
	struct vg_sink_setup setup = {.on_line = on_line, .ctx = k};
	struct utsname uts;
	size_t size;
	int r;

	if (uname(&uts) == 0)
		setup.host = uts.nodename;
	if (vg_file_read(AT_FDCWD, BOOT_ID, 64, &boot_id, &size) == 0) {
		boot_id[strcspn(boot_id, "\n")] = '\0';
		setup.boot_id = boot_id;
	}
	setup.file = open_file(k);
	setup.journal = open_journal(k);
	r = vg_sink_new(&setup, &k->sink);
	if (r < 0) {
		vg_event_file_freep(&setup.file);
		vg_journal_freep(&setup.journal);
	}
	return r;
}

static int start_ring(struct vg_keeper *k)
{
	int r;

	r = vg_ring_new(vg_load_map(k->load, VG_MAP_EVENTS), on_event, k,
			&k->ring);
	if (r < 0)
		return r;
	k->ring_lost_told = ring_lost(k); /* by an earlier keeper */
	k->ring_timer = evtimer_new(k->base, on_ring, k);
	k->limit_timer = evtimer_new(k->base, on_window, k);
	k->ring_readable = event_new(k->base, vg_ring_fd(k->ring),
				     EV_READ | EV_PERSIST, on_ring, k);
	if (!k->ring_timer || !k->limit_timer || !k->ring_readable ||
	    event_add(k->ring_readable, NULL) < 0)
		return -ENOMEM;
	return 0;
}

int vg_incidents_start(struct vg_keeper *k)
{
	uint64_t seed = 0;
	int r;

	(void)!getrandom(&seed, sizeof(seed), 0);
	r = start_sink(k);
	if (r < 0)
		return r;
	r = vg_track_new(false, &k->track);
	if (r < 0)
		return r;
	r = vg_limit_new(seed, on_limited, k, &k->limit);
	if (r < 0)
		return r;
	return start_ring(k);
}

static void free_event(struct event **e)
{
	if (*e)
		event_free(*e);
	*e = NULL;
}

void vg_incidents_stop(struct vg_keeper *k)
{
	if (k->ring && k->limit)
		vg_incidents_drain(k);
	free_event(&k->ring_readable);
	free_event(&k->ring_timer);
	free_event(&k->limit_timer);
	vg_ring_freep(&k->ring);
	vg_limit_freep(&k->limit);
	vg_track_freep(&k->track);
	vg_sink_freep(&k->sink);
}
