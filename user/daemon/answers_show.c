/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The control socket: list and show.
 */
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/clock.h"
#include "base/json.h"
#include "daemon/answers.h"
#include "daemon/state.h"
#include "policy/ports.h"
#include "verify/print.h"

static bool wants_json(const struct vg_request *q)
{
	return q->flags & VG_REQUEST_JSON;
}

/* ---- list ---------------------------------------------------------------- */

static const char *verdict_of(const struct vg_target *t)
{
	if (!t->judged)
		return "waiting";
	if (!t->endpoint->host || (t->proof && t->proof->granted))
		return "granted";
	return vg_book_claimed_by(t->keeper->book, t->number) ? "stale"
							      : "refused";
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
	vg_cleanup(vg_buf_freep) struct vg_buf ports = {0};
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
	vg_cleanup(vg_buf_freep) struct vg_buf ports = {0};
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
	vg_cleanup(vg_buf_freep) struct vg_buf out = {0};
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
		      e->class ? e->class : "", end,
		      vg_answers_distance(e->until, left));
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
	vg_json_string(j, "proto",
		       e->what.proto == IPPROTO_UDP ? "udp" : "tcp");
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
		vg_kept_proof(t->proof, p);
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
		vg_buf_printf(out,
			      "    %u look-ups in a row did not prove it; "
			      "the next is in %s\n",
			      t->failures,
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
	struct ends ends = {.proof = p};

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
	struct vg_print_summary sum = {0};
	struct vg_json j;

	vg_json_begin(&j, out);
	vg_json_object(&j, NULL);
	vg_json_uint(&j, "v", 1);
	vg_answers_cgroups(u, &j);
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
	vg_cleanup(vg_buf_freep) struct vg_buf out = {0};
	struct vg_unit *u = vg_answers_unit(keeper, s, q);
	bool colour = q->flags & VG_REQUEST_COLOUR;
	struct vg_print_summary sum = {0};

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
