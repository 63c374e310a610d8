/* SPDX-License-Identifier: Apache-2.0 */
#include "metrics/counters.h"

#include <assert.h>

#include "base/clock.h"

#define LINES_MAX (4UL << 20) /* octets of one metric */

static const struct vg_metric metrics[VG_METRIC_COUNT] = {
	[VG_METRIC_BUILD_INFO] =
		{
			.name = "verigress_build_info",
			.type = "gauge",
			.help = "Always 1; the version is the label.",
			.labels = {"version"},
		},
	[VG_METRIC_DEGRADED] =
		{
			.name = "verigress_degraded",
			.type = "gauge",
			.help = "1 while something that should protect does "
				"not work.",
		},
	[VG_METRIC_LAYER_PROVEN] =
		{
			.name = "verigress_layer_proven",
			.type = "gauge",
			.help = "1 when the layer refused in the self-test.",
			.labels = {"layer"},
		},
	[VG_METRIC_DENIALS] =
		{
			.name = "verigress_denials_total",
			.type = "counter",
			.help = "Refusals by the kernel; in mode audit those "
				"that would be.",
			.labels = {"service", "mode", "reason"},
		},
	[VG_METRIC_GRANTED] =
		{
			.name = "verigress_granted_total",
			.type = "counter",
			.help = "What the address hooks let pass.",
			.labels = {"service"},
		},
	[VG_METRIC_EVENTS] =
		{
			.name = "verigress_events_total",
			.type = "counter",
			.help = "Event lines, after identical denials were "
				"counted together.",
			.labels = {"event"},
		},
	[VG_METRIC_EVENTS_LOST] =
		{
			.name = "verigress_events_lost_total",
			.type = "counter",
			.help = "Events that did not reach a place.",
			.labels = {"place"},
		},
	[VG_METRIC_FAULTS] =
		{
			.name = "verigress_kernel_faults_total",
			.type = "counter",
			.help = "Failed helper calls in the kernel programs.",
			.labels = {"fault"},
		},
	[VG_METRIC_LEASES] =
		{
			.name = "verigress_leases",
			.type = "gauge",
			.help = "Leases in the kernel.",
			.labels = {"service"},
		},
	[VG_METRIC_LEASES_LIMIT] =
		{
			.name = "verigress_leases_limit",
			.type = "gauge",
			.help = "How many leases there is room for.",
		},
	[VG_METRIC_LEASES_REFUSED] =
		{
			.name = "verigress_leases_refused_total",
			.type = "counter",
			.help = "Leases for which there was no room.",
		},
	[VG_METRIC_LEASE_NEXT_END] =
		{
			.name = "verigress_lease_next_end_seconds",
			.type = "gauge",
			.help = "Time until the first lease of the service "
				"ends.",
			.labels = {"service"},
		},
	[VG_METRIC_ENDPOINTS] =
		{
			.name = "verigress_endpoints",
			.type = "gauge",
			.help = "Endpoints of the policy by their latest "
				"verdict.",
			.labels = {"service", "state"},
		},
	[VG_METRIC_VERIFICATIONS] =
		{
			.name = "verigress_verifications_total",
			.type = "counter",
			.help = "Verifications of endpoints by result.",
			.labels = {"result"},
		},
	[VG_METRIC_VERIFICATIONS_PENDING] =
		{
			.name = "verigress_verifications_pending",
			.type = "gauge",
			.help = "Verifications under way.",
		},
	[VG_METRIC_FINDINGS] =
		{
			.name = "verigress_findings_total",
			.type = "counter",
			.help = "Findings of verification.",
			.labels = {"finding", "severity"},
		},
	[VG_METRIC_CONNECTIONS_DESTROYED] =
		{
			.name = "verigress_connections_destroyed_total",
			.type = "counter",
			.help = "Open connections cut by a revocation or a "
				"flush.",
		},
	[VG_METRIC_POLICY_REVISION] =
		{
			.name = "verigress_policy_revision",
			.type = "gauge",
			.help = "The revision of the policy in force.",
		},
	[VG_METRIC_POLICY_LOADS] =
		{
			.name = "verigress_policy_loads_total",
			.type = "counter",
			.help = "Attempts to load the policy.",
			.labels = {"result"},
		},
	[VG_METRIC_TAGGED_LATE] =
		{
			.name = "verigress_tagged_late_total",
			.type = "counter",
			.help = "Cgroups that were confined only after they "
				"had started.",
			.labels = {"service"},
		},
	[VG_METRIC_RESTARTS] =
		{
			.name = "verigress_process_restarts_total",
			.type = "counter",
			.help = "Processes of the daemon that had to be "
				"started again.",
			.labels = {"process"},
		},
	[VG_METRIC_CONTROL_CLIENTS] =
		{
			.name = "verigress_control_clients",
			.type = "gauge",
			.help = "Clients on the control socket.",
		},
	[VG_METRIC_START_TIME] =
		{
			.name = "verigress_start_time_seconds",
			.type = "gauge",
			.help = "When the keeper started, in seconds since "
				"1970.",
		},
};

const struct vg_metric *vg_metric_info(enum vg_metric_id id)
{
	return &metrics[id];
}

void vg_samples_freep(struct vg_samples *s)
{
	for (int id = 0; id < VG_METRIC_COUNT; id++)
		vg_buf_freep(&s->lines[id]);
}

/* Text format 0.0.4 knows three escapes, and wants UTF-8. */
static void put_value(struct vg_buf *b, const char *value)
{
	for (const char *c = value; *c; c++) {
		if (*c == '\\')
			vg_buf_puts(b, "\\\\");
		else if (*c == '"')
			vg_buf_puts(b, "\\\"");
		else if (*c == '\n')
			vg_buf_puts(b, "\\n");
		else if (*c >= ' ' && *c <= '~')
			vg_buf_add(b, c, 1);
		else
			vg_buf_puts(b, "?");
	}
}

static void put_labels(struct vg_buf *b, const struct vg_metric *m,
		       const char *const *values)
{
	for (int i = 0; i < VG_METRIC_LABELS && m->labels[i]; i++) {
		assert(values && values[i]);
		vg_buf_printf(b, "%s%s=\"", i ? "," : "{", m->labels[i]);
		put_value(b, values[i]);
		vg_buf_puts(b, "\"");
	}
	if (m->labels[0])
		vg_buf_puts(b, "}");
}

static struct vg_buf *begin(struct vg_samples *s, enum vg_metric_id id,
			    const char *const *values)
{
	struct vg_buf *b = &s->lines[id];

	b->max = LINES_MAX;
	vg_buf_puts(b, metrics[id].name);
	put_labels(b, &metrics[id], values);
	return b;
}

void vg_samples_add(struct vg_samples *s, enum vg_metric_id id, uint64_t value,
		    const char *const *values)
{
	vg_buf_printf(begin(s, id, values), " %llu\n",
		      (unsigned long long)value);
}

void vg_samples_add_ns(struct vg_samples *s, enum vg_metric_id id, uint64_t ns,
		       const char *const *values)
{
	vg_buf_printf(begin(s, id, values), " %llu.%03llu\n",
		      (unsigned long long)(ns / VG_NS_PER_S),
		      (unsigned long long)(ns % VG_NS_PER_S / VG_NS_PER_MS));
}

void vg_samples_text(const struct vg_samples *s, struct vg_buf *out)
{
	for (int id = 0; id < VG_METRIC_COUNT; id++) {
		const struct vg_metric *m = &metrics[id];
		const struct vg_buf *b = &s->lines[id];

		if (vg_buf_error(b) < 0 && out->error == 0)
			out->error = vg_buf_error(b);
		if (b->size == 0)
			continue;
		vg_buf_printf(out, "# HELP %s %s\n# TYPE %s %s\n", m->name,
			      m->help, m->name, m->type);
		vg_buf_add(out, b->data, b->size);
	}
}
