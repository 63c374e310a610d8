/* SPDX-License-Identifier: Apache-2.0 */
/*
 * run_report -- what `run` says at the end: the denials of one command.
 *
 * Fed with the JSON lines of `watch`; keeps at most VG_RUN_LINES of them and
 * counts all.  For people, equal sentences become one line with their sum.
 * Pure.  Does not log.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"

#define VG_RUN_LINES 1000 /* kept; more are only counted */
#define VG_RUN_LINE  65536 /* octets; a longer one is not ours and is lost */

struct vg_run_report;

int vg_run_report_new(struct vg_run_report **ret);
void vg_run_report_freep(struct vg_run_report **r);

/* The next octets of the stream of lines; a line may come in pieces. */
void vg_run_report_feed(struct vg_run_report *r, const char *data, size_t size);

/* Lines (or events behind them) that we know to have missed. */
void vg_run_report_missed(struct vg_run_report *r, uint64_t n);

/* Refused, or in audit mode would have been: the sum of the counts. */
uint64_t vg_run_report_denials(const struct vg_run_report *r);
/* Events that were lost on the way: what they told is not known. */
uint64_t vg_run_report_lost(const struct vg_run_report *r);

/* Lines for people; says nothing where nothing happened. */
void vg_run_report_text(const struct vg_run_report *r, struct vg_buf *out);
/* {"v":1,"service","status","denials","lost","omitted","events":[...]} */
void vg_run_report_json(const struct vg_run_report *r, const char *service,
			int status, struct vg_buf *out);
