/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The control socket: status, list and show.
 */
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/clock.h"
#include "base/json.h"
#include "base/num.h"
#include "daemon/answers.h"
#include "daemon/state.h"
#include "enforce/stats.h"
#include "events/format.h"
#include "events/sink.h"
#include "policy/ports.h"
#include "verify/print.h"

static bool wants_json(const struct vg_request *q)
{
	return q->flags & VG_REQUEST_JSON;
}

/* ---- numbers of a unit --------------------------------------------------- */

struct tally {
	uint32_t granted, refused, waiting, stale;
	uint32_t leases;
	uint32_t cgroups, late;
	uint64_t denied, would;
};

static struct tally tally_of(const struct vg_unit *u)
{
	uint64_t counters[VG_COUNTERS] = { 0 };
	struct tally n = { 0 };

	for (size_t i = 0; i < u->n_targets; i++) {
		const struct vg_target *t = u->targets[i];

		if (!t->judged)
			n.waiting++;
		else if (t->endpoint->host && (!t->proof || !t->proof->granted))
			n.refused++;
		else
			n.granted++;
		if (t->failures && vg_book_claimed_by(u->keeper->book,
						      t->number))
			n.stale++;
	}
	for (size_t i = 0; i < u->n_tags; i++) {
		n.cgroups += u->tags[i].id != 0;
		n.late += u->tags[i].late;
	}
	n.leases = vg_book_used_by(u->keeper->book, u->id);
	if (vg_stats_service(u->keeper->load, u->id, counters) == 0)
		for (size_t i = 1; i < VG_REASON_KERNEL_COUNT; i++) {
			n.denied += counters[VG_COUNTER_REASON + i];
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

		vg_buf_printf(out, "%-20s %-8s %-9s %5u/%-2zu %7u/%-2zu %7u %8llu",
			      u->service->name,
			      u->service->audit ? "audit" : "enforce",
			      locked ? "lockdown" :
			      u->ready ? "ready" :
					 "judging",
			      n.cgroups, u->n_tags, n.granted, u->n_targets,
			      n.leases,
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
	struct vg_stats_ring ring = { 0 };
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
	vg_buf_printf(out, "events   %llu, %llu lost\n",
		      (unsigned long long)vg_sink_seq(k->sink),
		      (unsigned long long)(ring.lost + ring.lost_flows));
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

static void json_cgroups(const struct vg_unit *u, struct vg_json *j)
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
		vg_json_string(j, "mode", u->service->audit ? "audit" :
							      "enforce");
		vg_json_bool(j, "ready", u->ready);
		vg_json_bool(j, "lockdown",
			     vg_services_state(k->services, u->id).lockdown);
		json_cgroups(u, j);
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
	struct vg_stats_ring ring = { 0 };
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
	vg_json_uint(&j, "lost", ring.lost + ring.lost_flows);
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
	vg_cleanup(vg_buf_freep) struct vg_buf reasons = { 0 }, out = { 0 };
	struct vg_keeper *k = keeper;
	uint8_t status;

	vg_incidents_drain(k);
	vg_health_reasons(k, &reasons);
	status = vg_buf_text(&reasons)[0] ? VG_EXIT_REFUSED : VG_EXIT_OK;
	if (wants_json(q)) {
		status_json(k, vg_buf_text(&reasons), &out);
		vg_answers_json(s, &out, status);
		return;
	}
	status_text(k, vg_buf_text(&reasons), q->flags & VG_REQUEST_COLOUR,
		    &out);
	vg_session_out(s, vg_buf_text(&out));
	vg_session_end(s, status);
}

/* ---- list ---------------------------------------------------------------- */

static const char *verdict_of(const struct vg_target *t)
{
	if (!t->judged)
		return "waiting";
	if (!t->endpoint->host || (t->proof && t->proof->granted))
		return "granted";
	return vg_book_claimed_by(t->keeper->book, t->number) ? "stale" :
								 "refused";
}

static int latest(void *ctx, const struct vg_book_entry *e)
{
	uint64_t *until = ctx;

	if (e->until > *until)
		*until = e->until;
	return 0;
}

static void list_row(const struct vg_target *t, struct vg_buf *out)
{
	vg_cleanup(vg_buf_freep) struct vg_buf ports = { 0 };
	char name[VG_ENDPOINT_TEXT], left[24] = "-";
	uint64_t until = 0;

	vg_endpoint_text(t->endpoint, name);
	vg_ports_list(t->endpoint->ports, t->endpoint->n_ports, &ports);
	(void)vg_book_each_of(t->keeper->book, t->number, latest, &until);
	if (until > vg_clock_now())
		vg_answers_distance(until, left);
	vg_buf_printf(out, "%-20s %-36s %-16s %-8s %6u  %s\n",
		      t->unit->service->name, name, vg_buf_text(&ports),
		      verdict_of(t),
		      vg_book_claimed_by(t->keeper->book, t->number), left);
}

static void list_json(const struct vg_target *t, struct vg_json *j)
{
	vg_cleanup(vg_buf_freep) struct vg_buf ports = { 0 };
	char name[VG_ENDPOINT_TEXT], end[VG_CLOCK_TEXT] = "";
	uint64_t until = 0;

	vg_endpoint_text(t->endpoint, name);
	vg_ports_list(t->endpoint->ports, t->endpoint->n_ports, &ports);
	(void)vg_book_each_of(t->keeper->book, t->number, latest, &until);
	if (until)
		vg_clock_text(until, end);
	vg_json_object(j, NULL);
	vg_json_string(j, "service", t->unit->service->name);
	vg_json_string(j, "endpoint", name);
	vg_json_string(j, "ports", vg_buf_text(&ports));
	vg_json_string(j, "verdict", verdict_of(t));
	vg_json_uint(j, "leases",
		     vg_book_claimed_by(t->keeper->book, t->number));
	vg_json_string(j, "lease_end", end);
	vg_json_object_end(j);
}

void vg_answer_list(void *keeper, struct vg_session *s,
		    const struct vg_request *q)
{
	vg_cleanup(vg_buf_freep) struct vg_buf out = { 0 };
	struct vg_keeper *k = keeper;
	struct vg_json j;

	vg_json_begin(&j, &out);
	if (wants_json(q)) {
		vg_json_object(&j, NULL);
		vg_json_uint(&j, "v", 1);
		vg_json_array(&j, "endpoints");
	} else {
		vg_buf_printf(&out, "%-20s %-36s %-16s %-8s %6s  %s\n",
			      "SERVICE", "ENDPOINT", "PORTS", "VERDICT",
			      "LEASES", "FOR");
	}
	for (size_t i = 0; i < k->n_units; i++)
		for (size_t n = 0; n < k->units[i]->n_targets; n++) {
			if (wants_json(q))
				list_json(k->units[i]->targets[n], &j);
			else
				list_row(k->units[i]->targets[n], &out);
		}
	if (wants_json(q)) {
		vg_json_array_end(&j);
		vg_json_object_end(&j);
		vg_answers_json(s, &out, VG_EXIT_OK);
		return;
	}
	vg_session_out(s, vg_buf_text(&out));
	vg_session_end(s, VG_EXIT_OK);
}

/* ---- show ---------------------------------------------------------------- */

static int lease_line(void *ctx, const struct vg_book_entry *e)
{
	char address[VG_ADDRESS_TEXT], left[24], end[VG_CLOCK_TEXT];
	struct vg_buf *out = ctx;

	vg_prefix_text(&e->what.prefix, address);
	vg_clock_text(e->until, end);
	vg_buf_printf(out, "    lease %s ", address);
	if (e->what.port)
		vg_buf_printf(out, "port %u", e->what.port);
	else
		vg_buf_puts(out, "any port");
	vg_buf_printf(out, "/%s %s until %s (%s)\n",
		      e->what.proto == IPPROTO_UDP ? "udp" : "tcp",
		      e->class ? e->class : "", end, vg_answers_distance(e->until, left));
	return 0;
}

static int lease_json(void *ctx, const struct vg_book_entry *e)
{
	char address[VG_ADDRESS_TEXT], end[VG_CLOCK_TEXT];
	struct vg_json *j = ctx;

	vg_prefix_text(&e->what.prefix, address);
	vg_clock_text(e->until, end);
	vg_json_object(j, NULL);
	vg_json_string(j, "address", address);
	vg_json_uint(j, "port", e->what.port);
	vg_json_string(j, "proto", e->what.proto == IPPROTO_UDP ? "udp" :
								  "tcp");
	vg_json_string(j, "lease_end", end);
	vg_json_object_end(j);
	return 0;
}

/* A literal has no proof by DNS: what may be said of it is made here. */
static int proof_of(const struct vg_target *t, struct vg_proof **ret)
{
	struct vg_proof *p = calloc(1, sizeof(*p));

	if (!p)
		return -1;
	if (t->proof) {
		*p = *t->proof;
	} else if (!t->endpoint->host) {
		vg_endpoint_text(t->endpoint, p->host);
		p->granted = true;
		p->n_addresses = 1;
		p->addresses[0] = (struct vg_proof_address){
			.address = t->endpoint->address.address,
			.class = vg_class_of(&t->endpoint->address.address),
			.granted = true,
		};
	} else {
		vg_endpoint_text(t->endpoint, p->host);
	}
	*ret = p;
	return 0;
}

static void show_target(const struct vg_target *t, bool colour,
			struct vg_print_summary *sum, struct vg_buf *out)
{
	vg_cleanup(vg_freep) struct vg_proof *p = NULL;
	char when[24];

	if (proof_of(t, &p) < 0)
		return;
	vg_print_count(p, sum);
	vg_print_proof(t->unit->service, t->endpoint, p, colour, out);
	if (!t->judged)
		vg_buf_puts(out, "    not judged yet\n");
	else
		vg_buf_printf(out, "    judged %s ago\n",
			      vg_answers_distance(t->judged_ns, when));
	if (t->failures)
		vg_buf_printf(out, "    %u look-ups in a row did not prove it; "
			      "the next is in %s\n", t->failures,
			      vg_answers_distance(t->next_ns, when));
	(void)vg_book_each_of(t->keeper->book, t->number, lease_line, out);
}

/* When the lease of each address of P ends, as text. */
struct ends {
	const struct vg_proof *proof;
	char text[VG_PROOF_ADDRESSES][VG_CLOCK_TEXT];
	const char *pointers[VG_PROOF_ADDRESSES];
};

static int note_end(void *ctx, const struct vg_book_entry *e)
{
	struct ends *ends = ctx;

	for (uint32_t i = 0; i < ends->proof->n_addresses; i++)
		if (memcmp(&ends->proof->addresses[i].address,
			   &e->what.prefix.address,
			   sizeof(e->what.prefix.address)) == 0) {
			vg_clock_text(e->until, ends->text[i]);
			ends->pointers[i] = ends->text[i];
		}
	return 0;
}

static void show_target_json(const struct vg_target *t,
			     const struct vg_proof *p, struct vg_json *j)
{
	struct ends ends = { .proof = p };

	(void)vg_book_each_of(t->keeper->book, t->number, note_end, &ends);
	vg_json_object(j, NULL);
	vg_print_proof_fields(t->unit->service, t->endpoint, p, ends.pointers,
			      j);
	vg_json_bool(j, "judged", t->judged);
	vg_json_uint(j, "failures", t->failures);
	vg_json_array(j, "leases");
	(void)vg_book_each_of(t->keeper->book, t->number, lease_json, j);
	vg_json_array_end(j);
	vg_json_object_end(j);
}

static void show_json(const struct vg_unit *u, struct vg_buf *out)
{
	struct vg_print_summary sum = { 0 };
	struct vg_json j;

	vg_json_begin(&j, out);
	vg_json_object(&j, NULL);
	vg_json_uint(&j, "v", 1);
	json_cgroups(u, &j);
	vg_json_array(&j, "endpoints");
	for (size_t i = 0; i < u->n_targets; i++) {
		const struct vg_target *t = u->targets[i];
		vg_cleanup(vg_freep) struct vg_proof *p = NULL;

		if (proof_of(t, &p) < 0)
			continue;
		vg_print_count(p, &sum);
		show_target_json(t, p, &j);
	}
	vg_json_array_end(&j);
	vg_print_summary_json(&sum, &j, "summary");
	vg_json_object_end(&j);
}

static void show_head(const struct vg_unit *u, struct vg_buf *out)
{
	for (size_t i = 0; i < u->n_tags; i++)
		vg_buf_printf(out, "cgroup %s: %s%s\n", u->tags[i].path,
			      u->tags[i].id ? "confined" : "does not exist",
			      u->tags[i].late ? ", tagged_late" : "");
}

void vg_answer_show(void *keeper, struct vg_session *s,
		    const struct vg_request *q)
{
	vg_cleanup(vg_buf_freep) struct vg_buf out = { 0 };
	struct vg_unit *u = vg_answers_unit(keeper, s, q);
	bool colour = q->flags & VG_REQUEST_COLOUR;
	struct vg_print_summary sum = { 0 };

	if (!u)
		return;
	if (wants_json(q)) {
		show_json(u, &out);
		vg_answers_json(s, &out, VG_EXIT_OK);
		return;
	}
	show_head(u, &out);
	for (size_t i = 0; i < u->n_targets; i++)
		show_target(u->targets[i], colour, &sum, &out);
	(void)vg_book_each_of(u->keeper->book, u->resolvers, lease_line, &out);
	vg_print_summary(&sum, colour, &out);
	vg_session_out(s, vg_buf_text(&out));
	vg_session_end(s, VG_EXIT_OK);
}
