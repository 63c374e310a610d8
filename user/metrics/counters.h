/* SPDX-License-Identifier: Apache-2.0 */
/*
 * counters -- the table of metrics, and samples of them as Prometheus text.
 *
 * At each scrape the keeper's callback appends samples, in any order; the text
 * (format 0.0.4) comes out in the order of the table.  Labels are services,
 * reasons and the like: never an address or a host name, for those are what
 * strangers choose and there is no end of them.  Pure.  Does not log.
 */
#pragma once

#include <stdint.h>

#include "base/buf.h"

enum vg_metric_id {
	VG_METRIC_BUILD_INFO = 0, /* version */
	VG_METRIC_DEGRADED, /* 0 or 1 */
	VG_METRIC_LAYER_PROVEN, /* layer: 0 or 1 */
	VG_METRIC_DENIALS, /* service, mode, reason */
	VG_METRIC_GRANTED, /* service */
	VG_METRIC_EVENTS, /* event */
	VG_METRIC_EVENTS_LOST, /* place: ring file journal memory watch */
	VG_METRIC_FAULTS, /* fault: helpers that failed in the kernel */
	VG_METRIC_LEASES, /* service */
	VG_METRIC_LEASES_LIMIT,
	VG_METRIC_LEASES_REFUSED, /* no room in the map */
	VG_METRIC_LEASE_NEXT_END, /* service; seconds from now */
	VG_METRIC_ENDPOINTS, /* service, state: granted refused waiting */
	VG_METRIC_VERIFICATIONS, /* result: granted refused silent */
	VG_METRIC_VERIFICATIONS_PENDING,
	VG_METRIC_FINDINGS, /* finding, severity */
	VG_METRIC_CONNECTIONS_DESTROYED,
	VG_METRIC_POLICY_REVISION,
	VG_METRIC_POLICY_LOADS, /* result: ok error */
	VG_METRIC_TAGGED_LATE, /* service */
	VG_METRIC_RESTARTS, /* process: keeper verifier */
	VG_METRIC_CONTROL_CLIENTS,
	VG_METRIC_START_TIME, /* seconds since 1970 */
	VG_METRIC_COUNT,
};

#define VG_METRIC_LABELS 3

struct vg_metric {
	const char *name; /* verigress_... */
	const char *type; /* "counter" or "gauge" */
	const char *help;
	const char *labels[VG_METRIC_LABELS]; /* NULL: no more */
};
/* ID below VG_METRIC_COUNT; never NULL. */
const struct vg_metric *vg_metric_info(enum vg_metric_id id);

/* One scrape.  {} is empty; its buffers are bounded. */
struct vg_samples {
	struct vg_buf lines[VG_METRIC_COUNT];
};
void vg_samples_freep(struct vg_samples *s);

/* A sample; VALUES are those of the labels, as many as the metric has. */
void vg_samples_add(struct vg_samples *s, enum vg_metric_id id, uint64_t value,
		    const char *const *values);
/* The same for a metric in seconds, from nanoseconds. */
void vg_samples_add_ns(struct vg_samples *s, enum vg_metric_id id, uint64_t ns,
		       const char *const *values);
/* Label values in place: VG_LABELS("billing", "enforce", "no_lease"). */
#define VG_LABELS(...) ((const char *const[VG_METRIC_LABELS]){__VA_ARGS__})

/* The text of all samples.  Metrics without one are left out.  Errors stick in
 * OUT. */
void vg_samples_text(const struct vg_samples *s, struct vg_buf *out);
