/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What is not as it should be: the reasons behind "degraded", for `status`,
 * the metric and the events.
 */
#include <stdio.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/clock.h"
#include "daemon/state.h"
#include "enforce/stats.h"
#include "events/format.h"
#include "events/sink.h"

/* A loss is a reason for as long as somebody may still want to know why. */
#define LOSS_MEMORY_NS (600 * VG_NS_PER_S)

static void layer_reasons(const struct vg_keeper *k, struct vg_buf *out)
{
	for (size_t i = 0; i < VG_LAYER_COUNT; i++)
		if (k->layers[i].state == VG_LAYER_FAILED)
			vg_buf_printf(out, "layer %s: %s\n",
				      vg_layer_name((enum vg_layer)i),
				      k->layers[i].why);
}

static bool asks_dns(const struct vg_keeper *k)
{
	for (size_t i = 0; i < k->n_units; i++)
		for (size_t j = 0; j < k->units[i]->n_targets; j++)
			if (k->units[i]->targets[j]->endpoint->host)
				return true;
	return false;
}

static void verifier_reasons(const struct vg_keeper *k, struct vg_buf *out)
{
	const struct vg_verifier_link *v = &k->verifier;

	if (!asks_dns(k))
		return;
	if (!v->greeted)
		vg_buf_puts(out, "verifier: not running\n");
	else if (v->health == VG_HEALTH_STRIPPED ||
		 v->health == VG_HEALTH_UNREACHABLE)
		vg_buf_printf(out, "resolver: %s: %s\n",
			      vg_health_name(v->health), v->health_text);
}

static const char *refusal(const struct vg_target *t)
{
	for (uint32_t i = 0; t->proof && i < t->proof->n_findings; i++)
		if (t->proof->findings[i].action == VG_ACTION_BLOCK)
			return vg_finding_kind(t->proof->findings[i].id)->name;
	return "no answer";
}

static void unit_reasons(const struct vg_unit *u, struct vg_buf *out)
{
	for (size_t i = 0; i < u->n_tags; i++)
		if (u->tags[i].error)
			vg_buf_printf(out,
				      "service %s: cannot confine %s: %s\n",
				      u->service->name, u->tags[i].path,
				      strerror(-u->tags[i].error));
	for (size_t i = 0; i < u->n_targets; i++) {
		const struct vg_target *t = u->targets[i];

		if (t->failures)
			vg_buf_printf(out, "service %s: %s: %s\n",
				      u->service->name, t->endpoint->host,
				      refusal(t));
	}
}

static void loss_reasons(struct vg_keeper *k, struct vg_buf *out)
{
	struct vg_stats_ring ring = {0};
	uint64_t now = vg_clock_now(), lost = 0;

	if (vg_stats_ring(k->load, &ring) == 0)
		lost = ring.lost + ring.lost_flows;
	for (int i = 0; k->sink && i < VG_SINK_PLACES; i++)
		lost += vg_sink_lost(k->sink, (enum vg_sink_place)i);
	if (!k->losses_read || lost > k->losses_seen) {
		/* What an earlier run lost is counted, but no news. */
		if (k->losses_read)
			k->loss_ns = now;
		k->losses_seen = lost;
		k->losses_read = true;
	}
	if (k->loss_ns && now - k->loss_ns < LOSS_MEMORY_NS)
		vg_buf_printf(out, "events: %llu lost\n",
			      (unsigned long long)lost);
	if (k->sink && vg_sink_file_error(k->sink) < 0)
		vg_buf_printf(out, "event file: %s\n",
			      strerror(-vg_sink_file_error(k->sink)));
	if (k->full_ns && now - k->full_ns < LOSS_MEMORY_NS)
		vg_buf_printf(out,
			      "leases: the map is full (%u of %u), %llu "
			      "were refused\n",
			      vg_book_used(k->book), vg_book_max(k->book),
			      (unsigned long long)k->n_leases_refused);
}

void vg_health_reasons(struct vg_keeper *k, struct vg_buf *out)
{
	if (!k->policy)
		vg_buf_puts(out, "policy: none could be loaded\n");
	if (k->policy_error)
		vg_buf_printf(out, "policy: the last load failed: %s\n",
			      k->policy_error);
	if (k->policy && !k->ready)
		vg_buf_puts(out, "not ready: endpoints are being judged\n");
	if (!k->layers_tested)
		vg_buf_puts(out, "layers: not tested yet\n");
	else
		layer_reasons(k, out);
	verifier_reasons(k, out);
	for (size_t i = 0; i < k->n_units; i++)
		unit_reasons(k->units[i], out);
	loss_reasons(k, out);
}

void vg_health_tick(struct vg_keeper *k)
{
	vg_cleanup(vg_buf_freep) struct vg_buf reasons = {0};
	const char *text;
	char first[200];

	if (!k->ready) /* the beginning is no degradation */
		return;
	vg_health_reasons(k, &reasons);
	text = vg_buf_text(&reasons);
	if (k->degraded == (text[0] != '\0'))
		return;
	k->degraded = text[0] != '\0';
	snprintf(first, sizeof(first), "%.*s", (int)strcspn(text, "\n"), text);
	vg_incident_state(k, k->degraded, "status",
			  k->degraded ? first : "all is well again");
}
