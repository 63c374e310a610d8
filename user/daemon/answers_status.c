/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The control socket: status.
 */
#include <stdio.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/clock.h"
#include "base/json.h"
#include "daemon/answers.h"
#include "daemon/state.h"
#include "enforce/stats.h"
#include "events/format.h"
#include "events/sink.h"

/* ---- numbers of a unit --------------------------------------------------- */

struct tally {
	uint32_t granted, refused, waiting, stale;
	uint32_t leases;
	uint32_t cgroups, late;
	uint64_t denied, would;
};

static struct tally tally_of(const struct vg_unit *u)
{
	uint64_t counters[VG_COUNTERS] = {0};
	struct tally n = {0};

	for (size_t i = 0; i < u->n_targets; i++) {
		const struct vg_target *t = u->targets[i];

		if (!t->judged)
			n.waiting++;
		else if (t->endpoint->host && (!t->proof || !t->proof->granted))
			n.refused++;
		else
			n.granted++;
		if (t->failures &&
		    vg_book_claimed_by(u->keeper->book, t->number))
			n.stale++;
	}
	for (size_t i = 0; i < u->n_tags; i++) {
		n.cgroups += u->tags[i].id != 0;
		n.late += u->tags[i].late;
	}
	n.leases = vg_book_used_by(u->keeper->book, u->id);
	if (vg_stats_service(u->keeper->load, u->id, counters) == 0)
		for (size_t i = 1; i < VG_REASON_KERNEL_COUNT; i++) {
			n.denied += vg_stats_refused(counters, i);
			n.would += counters[VG_COUNTER_WOULD + i];
		}
	return n;
}

/* ---- status -------------------------------------------------------------- */

static void status_services(const struct vg_keeper *k, struct vg_buf *out)
{
	if (!k->n_units)
		return;
	vg_buf_printf(out, "\n%-20s %-8s %-9s %8s %10s %7s %8s\n", "SERVICE",
		      "MODE", "STATE", "CGROUPS", "ENDPOINTS", "LEASES",
		      "DENIED");
	for (size_t i = 0; i < k->n_units; i++) {
		const struct vg_unit *u = k->units[i];
		const struct tally n = tally_of(u);
		bool locked = vg_services_state(k->services, u->id).lockdown;

		vg_buf_printf(
			out, "%-20s %-8s %-9s %5u/%-2zu %7u/%-2zu %7u %8llu",
			u->service->name,
			u->service->audit ? "audit" : "enforce",
			locked	   ? "lockdown"
			: u->ready ? "ready"
				   : "judging",
			n.cgroups, u->n_tags, n.granted, u->n_targets, n.leases,
			(unsigned long long)(n.denied + n.would));
		if (n.stale)
			vg_buf_printf(out, "  %u stale", n.stale);
		if (n.late)
			vg_buf_puts(out, "  tagged_late");
		vg_buf_puts(out, "\n");
	}
}

static void status_text(struct vg_keeper *k, const char *reasons, bool colour,
			struct vg_buf *out)
{
	struct vg_stats_ring ring = {0};
	const char *on = "", *off = "";
	char since[24];

	(void)vg_stats_ring(k->load, &ring);
	if (colour) {
		on = reasons[0] ? "\033[1;33m" : "\033[1;32m";
		off = "\033[0m";
	}
	vg_buf_printf(out, "%s%s%s, policy %llu, up %s\n", on,
		      reasons[0] ? "degraded" : "enforcing", off,
		      (unsigned long long)k->policy_rev,
		      vg_answers_distance(k->started_ns, since));
	vg_buf_puts(out, "layers  ");
	for (size_t i = 0; i < VG_LAYER_COUNT; i++)
		vg_buf_printf(out, "%s %s", i ? "," : "",
			      vg_layer_name((enum vg_layer)i));
	vg_buf_puts(out, ":");
	for (size_t i = 0; i < VG_LAYER_COUNT; i++)
		vg_buf_printf(out, " %s",
			      vg_layer_state_name(k->layers[i].state));
	vg_buf_printf(out, "\nresolver %s\n",
		      vg_health_name(k->verifier.health));
	vg_buf_printf(out,
		      "events   %llu, %llu denials and %llu flow ends lost\n",
		      (unsigned long long)vg_sink_seq(k->sink),
		      (unsigned long long)ring.lost,
		      (unsigned long long)ring.lost_flows);
	vg_buf_printf(out, "leases   %u of %u\n", vg_book_used(k->book),
		      vg_book_max(k->book));
	status_services(k, out);
	if (reasons[0])
		vg_buf_printf(out, "\nwhy it is degraded:\n%s", reasons);
}

static void json_layers(const struct vg_keeper *k, struct vg_json *j)
{
	vg_json_array(j, "layers");
	for (size_t i = 0; i < VG_LAYER_COUNT; i++) {
		vg_json_object(j, NULL);
		vg_json_string(j, "name", vg_layer_name((enum vg_layer)i));
		vg_json_string(j, "state",
			       vg_layer_state_name(k->layers[i].state));
		vg_json_string(j, "why", k->layers[i].why);
		vg_json_object_end(j);
	}
	vg_json_array_end(j);
}

void vg_answers_cgroups(const struct vg_unit *u, struct vg_json *j)
{
	vg_json_array(j, "cgroups");
	for (size_t i = 0; i < u->n_tags; i++) {
		vg_json_object(j, NULL);
		vg_json_string(j, "path", u->tags[i].path);
		vg_json_uint(j, "id", u->tags[i].id);
		vg_json_bool(j, "confined", u->tags[i].id != 0);
		vg_json_bool(j, "tagged_late", u->tags[i].late);
		vg_json_object_end(j);
	}
	vg_json_array_end(j);
}

static void json_services(const struct vg_keeper *k, struct vg_json *j)
{
	vg_json_array(j, "services");
	for (size_t i = 0; i < k->n_units; i++) {
		const struct vg_unit *u = k->units[i];
		const struct tally n = tally_of(u);

		vg_json_object(j, NULL);
		vg_json_string(j, "service", u->service->name);
		vg_json_uint(j, "id", u->id);
		vg_json_string(j, "mode",
			       u->service->audit ? "audit" : "enforce");
		vg_json_bool(j, "ready", u->ready);
		vg_json_bool(j, "lockdown",
			     vg_services_state(k->services, u->id).lockdown);
		vg_answers_cgroups(u, j);
		vg_json_uint(j, "granted", n.granted);
		vg_json_uint(j, "refused", n.refused);
		vg_json_uint(j, "waiting", n.waiting);
		vg_json_uint(j, "stale", n.stale);
		vg_json_uint(j, "leases", n.leases);
		vg_json_uint(j, "denied", n.denied);
		vg_json_uint(j, "would_deny", n.would);
		vg_json_uint(j, "tagged_late", u->tagged_late);
		vg_json_object_end(j);
	}
	vg_json_array_end(j);
}

static void json_reasons(const char *reasons, struct vg_json *j)
{
	char line[512];

	vg_json_array(j, "why");
	while (*reasons) {
		size_t n = strcspn(reasons, "\n");

		snprintf(line, sizeof(line), "%.*s", (int)n, reasons);
		vg_json_string(j, NULL, line);
		reasons += n + (reasons[n] == '\n');
	}
	vg_json_array_end(j);
}

static void status_json(struct vg_keeper *k, const char *reasons,
			struct vg_buf *out)
{
	struct vg_stats_ring ring = {0};
	struct vg_json j;

	(void)vg_stats_ring(k->load, &ring);
	vg_json_begin(&j, out);
	vg_json_object(&j, NULL);
	vg_json_uint(&j, "v", 1);
	vg_json_string(&j, "state", reasons[0] ? "degraded" : "enforcing");
	vg_json_bool(&j, "ready", k->ready);
	json_reasons(reasons, &j);
	json_layers(k, &j);
	vg_json_object(&j, "resolver");
	vg_json_string(&j, "state", vg_health_name(k->verifier.health));
	vg_json_string(&j, "why", k->verifier.health_text);
	vg_json_object_end(&j);
	json_services(k, &j);
	vg_json_object(&j, "events");
	vg_json_uint(&j, "seq", vg_sink_seq(k->sink));
	/* Denials told and these are all that there were. */
	vg_json_uint(&j, "lost", ring.lost);
	vg_json_uint(&j, "lost_flow_ends", ring.lost_flows);
	vg_json_object_end(&j);
	vg_json_object(&j, "leases");
	vg_json_uint(&j, "used", vg_book_used(k->book));
	vg_json_uint(&j, "max", vg_book_max(k->book));
	vg_json_object_end(&j);
	vg_json_uint(&j, "policy_rev", k->policy_rev);
	vg_json_object_end(&j);
}

void vg_answer_status(void *keeper, struct vg_session *s,
		      const struct vg_request *q)
{
	vg_cleanup(vg_buf_freep) struct vg_buf reasons = {0}, out = {0};
	struct vg_keeper *k = keeper;
	uint8_t status;

	vg_incidents_drain(k);
	vg_health_reasons(k, &reasons);
	status = vg_buf_text(&reasons)[0] ? VG_EXIT_REFUSED : VG_EXIT_OK;
	if (q->flags & VG_REQUEST_JSON) {
		status_json(k, vg_buf_text(&reasons), &out);
		vg_answers_json(s, &out, status);
		return;
	}
	status_text(k, vg_buf_text(&reasons), q->flags & VG_REQUEST_COLOUR,
		    &out);
	vg_session_out(s, vg_buf_text(&out));
	vg_session_end(s, status);
}
