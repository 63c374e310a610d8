/* SPDX-License-Identifier: Apache-2.0 */
/*
 * state -- what the keeper knows, shared by the files of user/daemon that make
 * it up, and by nobody else:
 *   keeper.c     start, loop, end
 *   units.c      the policy in force: services and endpoints at run time
 *   apply.c      one policy in the place of another: load, reload
 *   tags.c       cgroups: finding, confining, letting go
 *   proving.c    the verifier: asking, when, and what it answers
 *   grants.c     leases: checking again, claiming, revoking
 *   inherit.c    leases of an endpoint or a keeper that was before
 *   cut.c        open connections: destroying
 *   incidents.c  events: from the ring and our own, to the sinks
 *   health.c     what is not as it should be
 *   answers*.c   the control socket
 *   gauges.c     the metrics
 * One thread, one libevent loop.  These files log; they are the edge.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/queue.h>

#include "daemon/options.h"
#include "enforce/attach.h"
#include "enforce/book.h"
#include "enforce/cgroup.h"
#include "enforce/lease.h"
#include "enforce/load.h"
#include "enforce/selftest.h"
#include "enforce/service.h"
#include "events/record.h"
#include "policy/diag.h"
#include "policy/model.h"
#include "resolve/answer.h"
#include "verify/kept.h"
#include "verify/proof.h"

struct event;
struct event_base;
struct vg_http;
struct vg_limit;
struct vg_parent;
struct vg_ring;
struct vg_server;
struct vg_session;
struct vg_sink;
struct vg_track;
struct vg_watch;

struct vg_keeper;
struct vg_unit;

/* Not every name answers; after this the service counts as judged. */
#define VG_READY_DEADLINE_S 30

/* An endpoint at run time. */
struct vg_target {
	struct vg_keeper *keeper;
	struct vg_unit *unit;
	const struct vg_endpoint *endpoint; /* of unit->service */
	uint32_t number; /* over all services; never used again */
	struct event *timer; /* the next look-up */
	bool queued; /* waits for a place at the verifier */
	bool in_flight;
	uint64_t request; /* id of what is in flight */
	uint64_t asked_ns;
	uint64_t next_ns; /* of the timer */
	uint32_t failures; /* in a row; 0 while all is well */
	uint32_t fatal; /* verifiers in a row that ended while it was asked */
	bool judged;
	uint64_t judged_ns; /* the last proof, of either kind */
	uint64_t verified_ns; /* the last proof that granted; 0: never */
	struct vg_kept *proof; /* the last one; NULL for literals */
	TAILQ_ENTRY(vg_target) queue;
};
TAILQ_HEAD(vg_target_queue, vg_target);

/* One cgroup of a service, there or not. */
struct vg_tag {
	char *path; /* relative to the root */
	uint64_t id; /* 0: not confined now (it does not exist) */
	bool late; /* it had processes before it was confined */
	uint64_t populated_ns; /* when it was confined with processes in it, and
				  may still be held; 0: not so */
	int error; /* -errno of the last attempt, 0 when fine */
	bool taken; /* by the unit that takes the place of this one */
};

/* A service at run time. */
struct vg_unit {
	struct vg_keeper *keeper;
	const struct vg_service *service; /* of keeper->policy */
	uint32_t id;
	uint32_t resolvers; /* number of the pseudo-endpoint of `resolvers` */
	struct vg_target **targets; /* as service->endpoints */
	size_t n_targets;
	struct vg_tag *tags;
	size_t n_tags;
	uint64_t since_ns; /* when it was made: the deadline counts from here */
	bool ready; /* every endpoint judged, or the deadline passed */
	uint64_t tagged_late; /* how often, for the metric */
};

/* A client that waits until UNIT (by name) or all are ready. */
struct vg_waiter {
	struct vg_session *session;
	char service[VG_SERVICE_NAME]; /* "": all */
	bool json;
	LIST_ENTRY(vg_waiter) all;
};

struct vg_verifier_link {
	int fd; /* -1: none */
	struct event *readable;
	bool greeted; /* HELLO came, CONFIG went */
	uint64_t next_request;
	uint32_t in_flight;
	uint64_t heard_ns; /* when it last said something, or began to owe */
	bool owes; /* an answer, though it may have been given up */
	struct vg_target_queue waiting;
	/* HEALTH: the anchor */
	enum vg_health health;
	char health_text[256];
	uint32_t starts; /* how often one was handed to us */
};

struct vg_keeper {
	const struct vg_options *options;
	struct event_base *base;
	struct vg_parent *parent;
	struct event *parent_readable;
	struct event *reload; /* made active when SIGHUP asks for one */
	uint64_t started_ns;
	bool ending;
	int status;

	/* kernel */
	int cgroup_root; /* fd */
	char *cgroup_path;
	char *cgroup_below; /* cgroup_path below its mount; "" for the mount */
	struct vg_load *load;
	struct vg_services *services;
	struct vg_leases *leases;
	struct vg_attach *attach;
	struct vg_book *book;
	struct vg_cgroup_watch *cgroups;
	struct event *cgroups_readable;
	struct vg_layer_proof layers[VG_LAYER_COUNT];
	bool layers_tested;
	char load_warning[VG_LOAD_REASON];

	/* policy */
	struct vg_config *config;
	struct vg_policy *policy; /* in force; NULL: none was ever good */
	uint64_t policy_rev;
	uint64_t loads_ok, loads_failed;
	char *policy_error; /* first line of the last failed load; NULL: fine */
	struct vg_unit **units;
	size_t n_units;
	uint32_t next_number;
	bool inherited; /* what an earlier run left was looked at */
	bool ready; /* all units, once */
	struct event *ready_deadline;
	LIST_HEAD(, vg_waiter) waiters;

	/* the host's own addresses */
	struct vg_address *self;
	size_t n_self;

	struct vg_verifier_link verifier;
	struct event *second; /* the tick of housekeeping */
	uint32_t walk_budget; /* cgroups to look at for events, this second */
	uint64_t resolvers_due_ns; /* when `resolvers` leases are renewed */
	uint64_t self_due_ns; /* when our own addresses are read again */

	/* events */
	struct vg_ring *ring;
	struct event *ring_readable, *ring_timer, *limit_timer;
	struct vg_track *track;
	struct vg_limit *limit;
	struct vg_sink *sink;
	bool ring_pauses; /* the timer was set for a pause, not for at once */
	uint64_t bad_events; /* records that could not be decoded */
	uint64_t ring_lost_told;
	uint32_t selftest_seen; /* bit per layer, while the self-test runs */
	bool degraded; /* as last told by an event */

	/* answers */
	struct vg_server *server;
	struct vg_watch *watch;
	struct vg_http *http;
	uint64_t n_proofs[3]; /* granted, refused, silent */
	uint64_t n_findings[VG_FINDING_COUNT];
	uint64_t n_destroyed;
	uint64_t n_leases_refused;
	uint64_t full_ns; /* when the map was last full; 0: never */
	uint64_t losses_seen; /* of events, everywhere */
	uint64_t loss_ns; /* when that last grew; 0: not in our time */
	bool losses_read;
	/* --ephemeral */
	bool was_populated;
	uint64_t empty_since_ns;
};

/* ---- units.c ------------------------------------------------------------- */

struct vg_unit *vg_unit_find(struct vg_keeper *k, const char *name);
struct vg_unit *vg_unit_by_id(struct vg_keeper *k, uint32_t id);
struct vg_target *vg_target_by_number(struct vg_keeper *k, uint32_t number);

/* The units of POLICY, not in force; nothing changes in the kernel. */
int vg_unit_list_new(struct vg_keeper *k, const struct vg_policy *policy,
		     struct vg_unit ***ret);
void vg_unit_list_free(struct vg_unit **units, size_t n); /* NULL: holes */
void vg_target_free(struct vg_target *t);
/* Free all of K's units; the kernel goes on as it is. */
void vg_units_free(struct vg_keeper *k);
/* Look whether units became ready; answers who waits. */
void vg_units_check_ready(struct vg_keeper *k);
/*
 * The endpoint of U whose latest answer held A and was refused for it, and the
 * finding; NULL when there is none.  What a denied address may well be.
 */
const struct vg_target *vg_units_candidate(const struct vg_unit *u,
					   const struct vg_address *a,
					   const struct vg_finding **ret);

/* ---- apply.c ------------------------------------------------------------- */

/* Read and check the policy directory; nothing changes.  -EINVAL: DIAGS. */
int vg_units_read(struct vg_keeper *k, struct vg_policy **ret,
		  struct vg_diags *diags);
/* Take POLICY (on success) in the place of what is in force. */
int vg_units_apply(struct vg_keeper *k, struct vg_policy *policy);
/* read and apply; tells by events and log.  DIAGS for the caller to show. */
int vg_units_reload(struct vg_keeper *k, struct vg_diags *diags);

/* ---- tags.c -------------------------------------------------------------- */

int vg_tags_start(struct vg_keeper *k);
/* Make the kernel agree with UNIT's cgroups as they are now. */
void vg_tags_sync(struct vg_unit *u);
/* The same for `hold`: what it confines was asked for in time. */
int vg_tags_hold(struct vg_unit *u);
/* Once a second: what nobody held in time was late. */
void vg_tags_tick(struct vg_keeper *k, uint64_t now);
/* T is no longer its unit's: nobody watches for it, unless another unit does. */
void vg_tags_drop(struct vg_keeper *k, const struct vg_tag *t);
/* That cgroup is one of UNIT's, or it cannot be told. */
bool vg_tags_claim(const struct vg_unit *u, uint64_t cgroup_id);
/* PATH (of /proc/PID/cgroup) lies in a confined cgroup. */
bool vg_tags_confines(void *keeper, const char *path);
/*
 * The text path of a cgroup id below UNIT's tags; false when it is gone, or too
 * many were looked at: a service may make thousands, and be refused in each.
 */
bool vg_tags_path(struct vg_unit *u, uint64_t cgroup_id, char *ret,
		  size_t size);

/* ---- proving.c ----------------------------------------------------------- */

/* Takes FD: the channel to a new verifier. */
void vg_proving_channel(struct vg_keeper *k, int fd);
/* Ask about T as soon as there is room; literals are renewed at once. */
void vg_proving_now(struct vg_target *t);
/* T will be freed: forget it everywhere. */
void vg_proving_forget(struct vg_target *t);
/* The host's addresses changed, or the configuration was read again. */
void vg_proving_tell_self(struct vg_keeper *k);
/* Once a second: silent requests, a silent verifier. */
void vg_proving_tick(struct vg_keeper *k, uint64_t now);
void vg_proving_stop(struct vg_keeper *k);

/* ---- grants.c ------------------------------------------------------------ */

/* Room for the flags that leases of E need; before the first of them is set. */
struct vg_service_rules vg_grants_rules(const struct vg_service *s);
void vg_grants_class_rules(const struct vg_keeper *k,
			   const struct vg_endpoint *e,
			   struct vg_class_rules *ret);
/* Judge the proof again, then claim or revoke; schedules nothing. */
void vg_grants_proof(struct vg_target *t, struct vg_proof *p);
/* Claim one address for T until UNTIL; a full map is told, not returned. */
void vg_grants_address(struct vg_target *t, const struct vg_address *a,
		       uint64_t until, uint64_t verified);
/* Claim a literal, or the resolvers of a unit, for another period. */
void vg_grants_literal(struct vg_target *t);
void vg_grants_resolvers(struct vg_unit *u);
/* Endpoint OLD became T: what T still allows goes on under its number. */
void vg_grants_move(struct vg_target *old, struct vg_target *t);
/* All claims of an endpoint number go, and connections with them. */
void vg_grants_release(struct vg_unit *u, uint32_t number,
		       enum vg_book_cause cause, const char *text);
/* What an earlier keeper left in the maps. */
int vg_grants_adopt(struct vg_keeper *k);
void vg_grants_tick(struct vg_keeper *k, uint64_t now);
/* Every open connection of U is cut; how many. */
uint32_t vg_grants_flush(struct vg_unit *u);
/* Read getifaddrs again; true when it changed. */
bool vg_grants_read_self(struct vg_keeper *k);

/* ---- incidents.c --------------------------------------------------------- */

int vg_incidents_start(struct vg_keeper *k);
void vg_incidents_stop(struct vg_keeper *k);
/* Fill in what is common and hand R to the sinks.  UNIT may be NULL. */
void vg_incident(struct vg_keeper *k, const struct vg_unit *unit,
		 struct vg_record *r);
void vg_incident_finding(struct vg_target *t, const struct vg_finding *f);
/* degraded / recovered about SUBJECT, with one sentence. */
void vg_incident_state(struct vg_keeper *k, bool degraded, const char *subject,
		       const char *detail);
/* For the self-test: the callback of vg_selftest. */
bool vg_incidents_saw(void *keeper, uint32_t service, enum vg_layer layer);
/* Drain now (before an answer that counts). */
void vg_incidents_drain(struct vg_keeper *k);
void vg_incidents_tick(struct vg_keeper *k, uint64_t now);

/* ---- health.c ------------------------------------------------------------ */

/* A line for each reason why the state is "degraded"; none: all is well. */
void vg_health_reasons(struct vg_keeper *k, struct vg_buf *out);
/* Once a second: tells when that changed. */
void vg_health_tick(struct vg_keeper *k);

/* ---- answers*.c, gauges.c ------------------------------------------------ */

int vg_answers_start(struct vg_keeper *k, int listen_fd);
void vg_answers_stop(struct vg_keeper *k);
/* A unit became ready or ended: answer who waits for it. */
void vg_answers_ready(struct vg_keeper *k);

int vg_gauges_start(struct vg_keeper *k);
void vg_gauges_stop(struct vg_keeper *k);
