/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The control socket: the verbs that change something or wait for something.
 * Those that only show are in answers_show.c.
 */
#include "daemon/answers.h"

#include <errno.h>
#include <grp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/clock.h"
#include "base/json.h"
#include "base/log.h"
#include "base/num.h"
#include "control/server.h"
#include "control/watch.h"
#include "daemon/state.h"
#include "events/sink.h"
#include "policy/diff.h"

#define SINCE_MAX_S (365 * 86400U)

static bool wants_json(const struct vg_request *q)
{
	return q->flags & VG_REQUEST_JSON;
}

struct vg_unit *vg_answers_unit(struct vg_keeper *k, struct vg_session *s,
				const struct vg_request *q)
{
	struct vg_unit *u = vg_unit_find(k, vg_request_arg(q, 0));

	if (!u) {
		vg_session_errf(s,
				"there is no service '%s' in the policy in "
				"force\n",
				vg_request_arg(q, 0));
		vg_session_end(s, VG_EXIT_REFUSED);
	}
	return u;
}

void vg_answers_json(struct vg_session *s, struct vg_buf *out, uint8_t status)
{
	vg_buf_puts(out, "\n");
	if (vg_buf_error(out) < 0) {
		vg_session_err(s, "the answer does not fit into memory\n");
		status = VG_EXIT_REFUSED;
	} else {
		vg_session_out(s, vg_buf_text(out));
	}
	vg_session_end(s, status);
}

/* {"v":1,"ok":true|false,"service":...,KEY:VALUE} for verbs with little to say. */
static void end_simple(struct vg_session *s, const struct vg_request *q,
		       bool ok, const char *key, uint64_t value,
		       const char *text)
{
	vg_cleanup(vg_buf_freep) struct vg_buf out = {0};
	uint8_t status = ok ? VG_EXIT_OK : VG_EXIT_REFUSED;
	struct vg_json j;

	if (!wants_json(q)) {
		if (ok)
			vg_session_out(s, text);
		else
			vg_session_err(s, text);
		vg_session_end(s, status);
		return;
	}
	vg_json_begin(&j, &out);
	vg_json_object(&j, NULL);
	vg_json_uint(&j, "v", 1);
	vg_json_bool(&j, "ok", ok);
	if (q->n_args)
		vg_json_string(&j, "service", vg_request_arg(q, 0));
	if (key)
		vg_json_uint(&j, key, value);
	if (!ok)
		vg_json_string(&j, "error", text);
	vg_json_object_end(&j);
	vg_answers_json(s, &out, status);
}

const char *vg_answers_distance(uint64_t t, char ret[static 24])
{
	uint64_t now = vg_clock_now();
	uint64_t s = (t > now ? t - now : now - t) / VG_NS_PER_S;

	if (s < 120)
		snprintf(ret, 24, "%llu s", (unsigned long long)s);
	else if (s < 7200)
		snprintf(ret, 24, "%llu min", (unsigned long long)s / 60);
	else
		snprintf(ret, 24, "%llu h", (unsigned long long)s / 3600);
	return ret;
}

/* ---- waiting ------------------------------------------------------------- */

static void on_gone(void *arg, struct vg_session *s)
{
	struct vg_waiter *w = arg;

	(void)s;
	LIST_REMOVE(w, all);
	free(w);
}

static bool is_ready(struct vg_keeper *k, const struct vg_waiter *w)
{
	struct vg_unit *u;

	if (!k->layers_tested)
		return false;
	if (w->service[0]) {
		u = vg_unit_find(k, w->service);
		return !u || u->ready;
	}
	for (size_t i = 0; i < k->n_units; i++)
		if (!k->units[i]->ready)
			return false;
	return true;
}

static bool layers_failed(const struct vg_keeper *k)
{
	for (size_t i = 0; i < VG_LAYER_COUNT; i++)
		if (k->layers[i].state == VG_LAYER_FAILED)
			return true;
	return false;
}

static void finish(struct vg_keeper *k, struct vg_waiter *w)
{
	struct vg_session *s = w->session;
	const struct vg_request q = {
		.flags = w->json ? VG_REQUEST_JSON : 0,
	};

	LIST_REMOVE(w, all);
	if (w->service[0] && !vg_unit_find(k, w->service))
		end_simple(s, &q, false, NULL, 0,
			   "the service left the policy meanwhile\n");
	else if (layers_failed(k))
		end_simple(
			s, &q, false, NULL, 0,
			"not every layer is proven: see `verigress status`\n");
	else
		end_simple(s, &q, true, NULL, 0, "");
	free(w);
}

void vg_answers_ready(struct vg_keeper *k)
{
	struct vg_waiter *w, *next;

	for (w = LIST_FIRST(&k->waiters); w; w = next) {
		next = LIST_NEXT(w, all);
		if (is_ready(k, w))
			finish(k, w);
	}
}

static void await(struct vg_keeper *k, struct vg_session *s,
		  const char *service, bool json)
{
	struct vg_waiter *w = calloc(1, sizeof(*w));

	if (!w) {
		vg_session_err(s, "no memory to wait with\n");
		vg_session_end(s, VG_EXIT_REFUSED);
		return;
	}
	w->session = s;
	w->json = json;
	memcpy(w->service, service, strlen(service)); /* a service's name */
	LIST_INSERT_HEAD(&k->waiters, w, all);
	vg_session_keep(s, on_gone, w);
	if (is_ready(k, w))
		finish(k, w);
}

/* ---- verbs --------------------------------------------------------------- */

static void on_hold(void *ctx, struct vg_session *s, const struct vg_request *q)
{
	struct vg_keeper *k = ctx;
	struct vg_unit *u = vg_answers_unit(k, s, q);
	int r;

	if (!u)
		return;
	r = vg_tags_hold(u);
	if (r == 0) {
		await(k, s, u->service->name, wants_json(q));
		return;
	}
	vg_session_errf(s, "cannot confine %s: %s\n", u->service->name,
			r == -ENOENT ? "none of its cgroups exists yet"
				     : strerror(-r));
	vg_session_end(s, VG_EXIT_REFUSED);
}

static void show_diags(struct vg_session *s, const struct vg_request *q,
		       const struct vg_diags *diags)
{
	vg_cleanup(vg_buf_freep) struct vg_buf out = {0};
	struct vg_json j;

	if (!wants_json(q)) {
		vg_diags_print(diags, q->flags & VG_REQUEST_COLOUR, &out);
		vg_session_err(s, vg_buf_text(&out));
		vg_session_end(s, VG_EXIT_REFUSED);
		return;
	}
	vg_json_begin(&j, &out);
	vg_json_object(&j, NULL);
	vg_json_uint(&j, "v", 1);
	vg_json_bool(&j, "ok", false);
	vg_diags_json(diags, &j, "errors");
	vg_json_object_end(&j);
	vg_answers_json(s, &out, VG_EXIT_REFUSED);
}

static void on_reload(void *ctx, struct vg_session *s,
		      const struct vg_request *q)
{
	vg_cleanup(vg_diags_freep) struct vg_diags diags = {0};
	struct vg_keeper *k = ctx;

	if (vg_units_reload(k, &diags) < 0) {
		show_diags(s, q, &diags);
		return;
	}
	if (q->flags & VG_REQUEST_WAIT)
		await(k, s, "", wants_json(q));
	else
		end_simple(s, q, true, "policy_rev", k->policy_rev, "");
}

static void on_diff(void *ctx, struct vg_session *s, const struct vg_request *q)
{
	vg_cleanup(vg_policy_freep) struct vg_policy *policy = NULL;
	vg_cleanup(vg_diags_freep) struct vg_diags diags = {0};
	vg_cleanup(vg_diff_freep) struct vg_diff *diff = NULL;
	vg_cleanup(vg_buf_freep) struct vg_buf out = {0};
	struct vg_keeper *k = ctx;
	struct vg_json j;

	if (vg_units_read(k, &policy, &diags) < 0) {
		show_diags(s, q, &diags);
		return;
	}
	if (vg_diff_make(k->policy, policy, &diff) < 0) {
		end_simple(s, q, false, NULL, 0, "out of memory\n");
		return;
	}
	if (!wants_json(q)) {
		vg_diff_print(diff, q->flags & VG_REQUEST_COLOUR, &out);
		vg_session_out(s, vg_buf_text(&out));
		vg_session_end(s, VG_EXIT_OK);
		return;
	}
	vg_json_begin(&j, &out);
	vg_json_object(&j, NULL);
	vg_json_uint(&j, "v", 1);
	vg_diff_json(diff, &j, "changes");
	vg_json_object_end(&j);
	vg_answers_json(s, &out, VG_EXIT_OK);
}

static void on_flush(void *ctx, struct vg_session *s,
		     const struct vg_request *q)
{
	vg_cleanup(vg_buf_freep) struct vg_buf text = {0};
	struct vg_unit *u = vg_answers_unit(ctx, s, q);
	uint32_t n;

	if (!u)
		return;
	n = vg_grants_flush(u);
	vg_buf_printf(&text, "%u connections destroyed\n", n);
	end_simple(s, q, true, "destroyed", n, vg_buf_text(&text));
}

static void on_lockdown(void *ctx, struct vg_session *s,
			const struct vg_request *q)
{
	bool on = !(q->flags & VG_REQUEST_LIFT);
	struct vg_keeper *k = ctx;
	struct vg_unit *u = vg_answers_unit(k, s, q);
	int r;

	if (!u)
		return;
	r = vg_services_lockdown(k->services, u->id, on);
	if (r < 0) {
		end_simple(s, q, false, NULL, 0, strerror(-r));
		return;
	}
	vg_warn("%s: lockdown %s by uid %u", u->service->name,
		on ? "ordered" : "lifted",
		(unsigned int)vg_session_peer(s)->uid);
	if (on)
		(void)vg_grants_flush(u);
	end_simple(
		s, q, true, NULL, 0,
		on ? "everything is refused until `verigress lockdown --lift`\n"
		   : "the policy is in force again\n");
}

static void on_version(void *ctx, struct vg_session *s,
		       const struct vg_request *q)
{
	vg_cleanup(vg_buf_freep) struct vg_buf out = {0};
	struct vg_json j;

	(void)ctx;
	if (!wants_json(q)) {
		vg_session_out(s, "verigressd " VG_VERSION "\n");
		vg_session_end(s, VG_EXIT_OK);
		return;
	}
	vg_json_begin(&j, &out);
	vg_json_object(&j, NULL);
	vg_json_uint(&j, "v", 1);
	vg_json_string(&j, "daemon", VG_VERSION);
	vg_json_uint(&j, "abi", VG_ABI_VERSION);
	vg_json_object_end(&j);
	vg_answers_json(s, &out, VG_EXIT_OK);
}

/* ---- watch --------------------------------------------------------------- */

struct replay {
	struct vg_session *session;
	uint32_t flags;
};

static bool replay_line(void *ctx, const struct vg_line *line)
{
	const struct replay *r = ctx;
	const char *text = line->plain;

	if (r->flags & VG_REQUEST_JSON)
		text = line->json;
	else if (r->flags & VG_REQUEST_COLOUR)
		text = line->colour;
	/* Bounded by the backlog, and all of it at once: nothing may be lost
	 * because the client could not read yet. */
	vg_session_out(r->session, text);
	vg_session_out(r->session, "\n");
	return true;
}

static void on_watch(void *ctx, struct vg_session *s,
		     const struct vg_request *q)
{
	const char *service = vg_request_arg(q, 0);
	struct replay r = {s, q->flags};
	struct vg_keeper *k = ctx;
	uint64_t since = 0, now;
	uint32_t seconds;

	if (vg_request_arg(q, 1)[0]) {
		if (vg_num_u32(vg_request_arg(q, 1), 0, SINCE_MAX_S, &seconds) <
		    0) {
			vg_session_err(s, "not a number of seconds\n");
			vg_session_end(s, VG_EXIT_USAGE);
			return;
		}
		now = vg_clock_now();
		since = now > seconds * VG_NS_PER_S
				? now - seconds * VG_NS_PER_S
				: 0;
	} else if (q->flags & VG_REQUEST_FOLLOW) {
		since = UINT64_MAX; /* from now on */
	}
	vg_incidents_drain(k);
	vg_backlog_walk(vg_sink_backlog(k->sink), since,
			service[0] ? service : NULL, replay_line, &r);
	if (q->flags & VG_REQUEST_FOLLOW)
		(void)vg_watch_add(k->watch, s, q);
	else
		vg_session_end(s, VG_EXIT_OK);
}

/* ---- start and end ------------------------------------------------------- */

static const vg_handler handlers[VG_VERB_COUNT] = {
	[VG_VERB_STATUS] = vg_answer_status,
	[VG_VERB_LIST] = vg_answer_list,
	[VG_VERB_SHOW] = vg_answer_show,
	[VG_VERB_WHY] = vg_answer_why,
	[VG_VERB_WATCH] = on_watch,
	[VG_VERB_RELOAD] = on_reload,
	[VG_VERB_DIFF] = on_diff,
	[VG_VERB_HOLD] = on_hold,
	[VG_VERB_FLUSH] = on_flush,
	[VG_VERB_LOCKDOWN] = on_lockdown,
	[VG_VERB_VERSION] = on_version,
};

int vg_answers_start(struct vg_keeper *k, int listen_fd)
{
	const struct group *group = getgrnam(VG_CONTROL_GROUP);
	const struct vg_server_setup setup = {
		.base = k->base,
		.listen_fd = listen_fd,
		.group = group ? group->gr_gid : (gid_t)-1,
		.handlers = handlers,
		.ctx = k,
		.confined = vg_tags_confines,
		.identify = vg_peer_get,
	};
	int r;

	r = vg_watch_new(&k->watch);
	if (r < 0)
		return r;
	return vg_server_new(&setup, &k->server);
}

void vg_answers_stop(struct vg_keeper *k)
{
	vg_watch_freep(&k->watch);
	vg_server_freep(&k->server);
}
