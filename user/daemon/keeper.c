/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/keeper.h"

#include <errno.h>
#include <event2/event.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/clock.h"
#include "base/fd.h"
#include "base/log.h"
#include "control/server.h"
#include "daemon/lastgood.h"
#include "daemon/ephemeral.h"
#include "daemon/notify.h"
#include "daemon/parent.h"
#include "daemon/priv.h"
#include "daemon/state.h"
#include "events/format.h"
#include "policy/load.h"

#define RESOLVERS_PERIOD_NS (300 * VG_NS_PER_S)
#define SELF_PERIOD_NS	    (10 * VG_NS_PER_S)
#define WALK_BUDGET	    8192 /* some 100 ms */

/* ---- the supervisor ------------------------------------------------------ */

static void end(struct vg_keeper *k, int status)
{
	k->ending = true;
	k->status = status;
	event_base_loopbreak(k->base);
}

static void on_reload(evutil_socket_t fd, short what, void *arg)
{
	vg_cleanup(vg_diags_freep) struct vg_diags diags = {0};

	(void)fd;
	(void)what;
	(void)vg_units_reload(arg, &diags); /* it says so itself */
}

/*
 * This comes also while we wait for an answer of the supervisor, in the middle
 * of work on units and targets: none of them may be freed from here.
 */
static void on_parent_said(void *ctx, enum vg_power op, int fd)
{
	struct vg_keeper *k = ctx;

	switch (op) {
	case VG_POWER_CHANNEL:
		if (fd >= 0)
			vg_proving_channel(k, fd);
		return;
	case VG_POWER_RELOAD:
		event_active(k->reload, EV_TIMEOUT, 0);
		break;
	case VG_POWER_STOP:
		end(k, vg_ephemeral_unused(k) ? VG_CHILD_DONE : EXIT_SUCCESS);
		break;
	default: /* of a later build: nothing we know how to do */
		break;
	}
	vg_fd_closep(&fd);
}

static void on_parent(evutil_socket_t fd, short what, void *arg)
{
	struct vg_keeper *k = arg;

	(void)fd;
	(void)what;
	if (vg_parent_read(k->parent) < 0)
		end(k, EXIT_FAILURE);
}

/* ---- housekeeping -------------------------------------------------------- */

static void renew_resolvers(struct vg_keeper *k, uint64_t now)
{
	if (now < k->resolvers_due_ns)
		return;
	k->resolvers_due_ns = now + RESOLVERS_PERIOD_NS;
	for (size_t i = 0; i < k->n_units; i++)
		vg_grants_resolvers(k->units[i]);
}

static void read_self(struct vg_keeper *k, uint64_t now)
{
	if (now < k->self_due_ns)
		return;
	k->self_due_ns = now + SELF_PERIOD_NS;
	if (vg_grants_read_self(k))
		vg_proving_tell_self(k);
}

static void tell_ready(struct vg_keeper *k)
{
	static bool told;

	if (told || !k->ready)
		return;
	told = true;
	vg_info("ready");
	(void)vg_notify("READY=1");
}

static void on_second(evutil_socket_t fd, short what, void *arg)
{
	struct vg_keeper *k = arg;
	uint64_t now = vg_clock_now();

	(void)fd;
	(void)what;
	k->walk_budget = WALK_BUDGET;
	renew_resolvers(k, now);
	read_self(k, now);
	vg_attach_reap(k->attach);
	vg_grants_tick(k, now);
	vg_proving_tick(k, now);
	vg_incidents_tick(k, now);
	vg_tags_tick(k, now);
	vg_units_check_ready(k);
	vg_health_tick(k);
	tell_ready(k);
	if (vg_ephemeral_over(k, now))
		end(k, VG_CHILD_DONE);
}

/* ---- start --------------------------------------------------------------- */

static int say(const char *what, int r)
{
	if (r < 0)
		vg_err("%s: %s", what, strerror(-r));
	return r;
}

/* In the run dir, so that several daemons do not meet there. */
static int default_metrics(struct vg_keeper *k)
{
	if (k->config->metrics)
		return 0;
	if (asprintf(&k->config->metrics, "unix:%s/metrics.sock",
		     k->options->run_dir) < 0) {
		k->config->metrics = NULL;
		return -ENOMEM;
	}
	return 0;
}

static int read_config(struct vg_keeper *k)
{
	vg_cleanup(vg_diags_freep) struct vg_diags diags = {0};
	vg_cleanup(vg_buf_freep) struct vg_buf text = {0};
	int r;

	r = vg_config_load(k->options->config, false, true, &k->config, &diags);
	if (r < 0) {
		vg_diags_print(&diags, false, &text);
		fputs(vg_buf_text(&text), stderr);
		return r;
	}
	if (!k->options->ephemeral)
		return default_metrics(k);
	/* `run` keeps its traces together, and nobody scrapes it. */
	free(k->config->metrics);
	k->config->metrics = NULL;
	k->config->journal = false;
	free(k->config->events_file);
	k->config->events_file = NULL;
	if (asprintf(&k->config->events_file, "%s/events.jsonl",
		     k->options->run_dir) < 0) {
		k->config->events_file = NULL;
		return -ENOMEM;
	}
	return 0;
}

static int find_cgroups(struct vg_keeper *k)
{
	vg_cleanup(vg_freep) char *text = NULL;
	vg_cleanup(vg_freep) char *mount = NULL;
	size_t size, n;
	int r;

	r = vg_cgroup_root_open(k->options->cgroup_root, &k->cgroup_root,
				&k->cgroup_path);
	if (r < 0)
		return say("the cgroup2 root", r);
	/* Which part of /proc/PID/cgroup's paths lies above our root. */
	r = vg_file_read(AT_FDCWD, "/proc/self/mountinfo", 1 << 20, &text,
			 &size);
	if (r == 0)
		r = vg_cgroup_find_mount(text, &mount);
	if (r < 0)
		return say("/proc/self/mountinfo", r);
	n = strlen(mount);
	if (strncmp(k->cgroup_path, mount, n) != 0)
		n = strlen(k->cgroup_path); /* another mount: no prefix */
	k->cgroup_below = strdup(k->cgroup_path + n);
	return k->cgroup_below ? 0 : -ENOMEM;
}

static int book_set(void *ctx, const struct vg_permission *p,
		    const struct vg_lease_info *info)
{
	return vg_leases_set(ctx, p, info);
}

static int book_end(void *ctx, const struct vg_permission *p)
{
	return vg_leases_end(ctx, p);
}

static int load_kernel(struct vg_keeper *k)
{
	const struct vg_load_options o = {
		.bpffs = k->options->bpffs,
		.leases_max = k->config->leases_max,
		.ring_bytes = (uint32_t)k->config->ring_size,
	};
	char reason[VG_LOAD_REASON] = "";
	int r;

	/* A keeper that was killed a moment ago may hold the lock still. */
	for (int i = 0; i < 50; i++) {
		r = vg_load_new(&o, reason, &k->load);
		if (r != -EBUSY)
			break;
		usleep(100000);
	}
	if (r < 0) {
		vg_err("cannot load the programs: %s",
		       reason[0] ? reason : strerror(-r));
		return r;
	}
	if (reason[0])
		vg_warn("%s", reason);
	memcpy(k->load_warning, reason, sizeof(reason));
	return 0;
}

static int start_kernel(struct vg_keeper *k)
{
	struct vg_book_kernel kernel = {.set = book_set, .end = book_end};
	int r;

	r = load_kernel(k);
	if (r < 0)
		return r;
	r = vg_services_new(k->load, &k->services);
	if (r < 0)
		return say("services", r);
	r = vg_leases_new(k->load, &k->leases);
	if (r < 0)
		return say("leases", r);
	kernel.ctx = k->leases;
	r = vg_book_new(vg_load_leases_max(k->load), &kernel, &k->book);
	if (r < 0)
		return say("book", r);
	return say("attachments",
		   vg_attach_new(k->load, k->services, &k->attach));
}

/* The policy that was in force before, when today's cannot be read. */
static int fall_back(struct vg_keeper *k)
{
	vg_cleanup(vg_policy_freep) struct vg_policy *policy = NULL;
	vg_cleanup(vg_diags_freep) struct vg_diags diags = {0};
	int r;

	r = vg_lastgood_load(k->options->state_dir, &policy, &diags);
	if (r == 0)
		r = vg_units_apply(k, policy);
	if (r < 0)
		return r;
	policy = NULL; /* taken */
	return 0;
}

/*
 * Adopt before anything is changed.  A policy that cannot be read leaves all
 * as it was found: what was confined stays confined.
 */
static int start_policy(struct vg_keeper *k)
{
	vg_cleanup(vg_diags_freep) struct vg_diags diags = {0};
	int r;

	r = vg_attach_adopt(k->attach);
	if (r < 0)
		vg_incident_state(k, true, "attachments", strerror(-r));
	r = vg_units_reload(k, &diags);
	if (r == 0)
		return 0;
	if (vg_attach_count(k->attach) == 0) {
		vg_cleanup(vg_buf_freep) struct vg_buf text = {0};

		vg_diags_print(&diags, false, &text);
		fputs(vg_buf_text(&text), stderr);
		return r;
	}
	if (fall_back(k) == 0) {
		vg_incident_state(k, true, "policy",
				  "it cannot be read; what was in force before "
				  "goes on: mend it and reload");
		return 0;
	}
	vg_incident_state(k, true, "policy",
			  "it cannot be read: what is confined stays confined, "
			  "leases run out; mend it and reload");
	return 0;
}

static void test_layers(struct vg_keeper *k)
{
	const struct vg_selftest t = {
		.load = k->load,
		.services = k->services,
		.cgroup_root_fd = k->cgroup_root,
		.saw = vg_incidents_saw,
		.ctx = k,
	};
	int r;

	r = vg_selftest_run(&t, k->layers);
	for (size_t i = 0; i < VG_LAYER_COUNT; i++) {
		struct vg_layer_proof *p = &k->layers[i];

		if (r < 0) {
			p->state = VG_LAYER_FAILED;
			snprintf(p->why, sizeof(p->why), "no self-test: %s",
				 strerror(-r));
		}
		if (p->state != VG_LAYER_PROVEN)
			vg_incident_state(k, true,
					  vg_layer_name((enum vg_layer)i),
					  p->why);
	}
	k->layers_tested = true;
}

static int start_loop(struct vg_keeper *k)
{
	const struct timeval second = {.tv_sec = 1};
	int r;

	k->base = event_base_new();
	if (!k->base)
		return -ENOMEM;
	k->reload = evtimer_new(k->base, on_reload, k);
	if (!k->reload)
		return -ENOMEM;
	r = vg_parent_new(VG_FD_CHANNEL, on_parent_said, k, &k->parent);
	if (r < 0)
		return say("the supervisor's channel", r);
	k->parent_readable = event_new(k->base, VG_FD_CHANNEL,
				       EV_READ | EV_PERSIST, on_parent, k);
	k->second = event_new(k->base, -1, EV_PERSIST, on_second, k);
	if (!k->parent_readable || event_add(k->parent_readable, NULL) < 0 ||
	    !k->second || event_add(k->second, &second) < 0)
		return -ENOMEM;
	return 0;
}

static int start(struct vg_keeper *k)
{
	int r;

	r = read_config(k);
	if (r < 0)
		return r;
	r = find_cgroups(k);
	if (r < 0)
		return r;
	r = start_loop(k);
	if (r < 0)
		return r;
	r = start_kernel(k);
	if (r < 0)
		return r;
	r = vg_incidents_start(k);
	if (r < 0)
		return say("events", r);
	r = vg_tags_start(k);
	if (r < 0)
		return say("watching cgroups", r);
	vg_grants_read_self(k);
	r = vg_answers_start(k, VG_FD_CONTROL);
	if (r < 0)
		return say("the control socket", r);
	r = vg_gauges_start(k);
	if (r < 0)
		return say("metrics", r);
	r = start_policy(k);
	if (r < 0)
		return r;
	test_layers(k);
	return 0;
}

/* ---- end ----------------------------------------------------------------- */

static void free_event(struct event **e)
{
	if (*e)
		event_free(*e);
	*e = NULL;
}

/* Pins stay: whoever was confined is confined. */
static void stop(struct vg_keeper *k)
{
	(void)vg_notify("STOPPING=1");
	vg_answers_stop(k);
	vg_gauges_stop(k);
	vg_proving_stop(k);
	vg_units_free(k);
	vg_incidents_stop(k);
	free_event(&k->cgroups_readable);
	vg_cgroup_watch_freep(&k->cgroups);
	vg_book_freep(&k->book);
	vg_leases_freep(&k->leases);
	if (k->status == VG_CHILD_DONE)
		vg_ephemeral_wipe(k);
	vg_attach_freep(&k->attach);
	vg_services_freep(&k->services);
	vg_load_freep(&k->load);
	vg_config_freep(&k->config);
	free_event(&k->parent_readable);
	free_event(&k->reload);
	free_event(&k->second);
	vg_parent_freep(&k->parent);
	if (k->base)
		event_base_free(k->base);
	vg_fd_closep(&k->cgroup_root);
	free(k->cgroup_path);
	free(k->cgroup_below);
	free(k->policy_error);
	free(k->self);
}

int vg_keeper_main(const struct vg_options *o)
{
	static struct vg_keeper k;
	int r;

	k = (struct vg_keeper){
		.options = o,
		.cgroup_root = -1,
		.walk_budget = WALK_BUDGET,
		.verifier = {.fd = -1},
	};
	TAILQ_INIT(&k.verifier.waiting);
	LIST_INIT(&k.waiters);
	r = vg_priv_keeper();
	if (r < 0) {
		vg_err("needs CAP_BPF, CAP_NET_ADMIN and CAP_PERFMON: %s",
		       strerror(-r));
		return VG_CHILD_CONFIG;
	}
	if (prctl(PR_SET_PDEATHSIG, SIGKILL) < 0)
		return EXIT_FAILURE;
	signal(SIGPIPE, SIG_IGN);
	umask(0077);

	k.started_ns = vg_clock_now();
	r = start(&k);
	if (r < 0) {
		stop(&k);
		return VG_CHILD_CONFIG;
	}
	/* The answer to its first message may lie there already. */
	while (!k.ending && event_base_loop(k.base, EVLOOP_ONCE) >= 0)
		;
	stop(&k);
	return k.status;
}
