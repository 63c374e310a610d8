/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The metrics: samples of what the keeper knows, at each scrape, and the
 * socket at which they are served.
 */
#include <errno.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/clock.h"
#include "base/fd.h"
#include "base/log.h"
#include "base/num.h"
#include "control/server.h"
#include "control/watch.h"
#include "daemon/state.h"
#include "enforce/stats.h"
#include "events/format.h"
#include "events/sink.h"
#include "metrics/http.h"

/* ---- samples ------------------------------------------------------------- */

static void fill_service(const struct vg_unit *u, struct vg_samples *s)
{
	uint64_t counters[VG_COUNTERS] = {0};
	uint32_t states[3] = {0};
	const char *name = u->service->name;

	if (vg_stats_service(u->keeper->load, u->id, counters) == 0) {
		vg_samples_add(s, VG_METRIC_GRANTED, counters[0],
			       VG_LABELS(name));
		for (size_t i = 1; i < VG_REASON_KERNEL_COUNT; i++) {
			const char *reason = vg_reason_name((enum vg_reason)i);

			vg_samples_add(s, VG_METRIC_DENIALS,
				       vg_stats_refused(counters, i),
				       VG_LABELS(name, "enforce", reason));
			vg_samples_add(s, VG_METRIC_DENIALS,
				       counters[VG_COUNTER_WOULD + i],
				       VG_LABELS(name, "audit", reason));
		}
	}
	for (size_t i = 0; i < u->n_targets; i++) {
		const struct vg_target *t = u->targets[i];

		if (!t->judged)
			states[2]++;
		else if (t->endpoint->host && (!t->proof || !t->proof->granted))
			states[1]++;
		else
			states[0]++;
	}
	vg_samples_add(s, VG_METRIC_ENDPOINTS, states[0],
		       VG_LABELS(name, "granted"));
	vg_samples_add(s, VG_METRIC_ENDPOINTS, states[1],
		       VG_LABELS(name, "refused"));
	vg_samples_add(s, VG_METRIC_ENDPOINTS, states[2],
		       VG_LABELS(name, "waiting"));
	vg_samples_add(s, VG_METRIC_LEASES,
		       vg_book_used_by(u->keeper->book, u->id),
		       VG_LABELS(name));
	vg_samples_add(s, VG_METRIC_TAGGED_LATE, u->tagged_late,
		       VG_LABELS(name));
}

static int soonest(void *ctx, const struct vg_book_entry *e)
{
	uint64_t *end = ctx;

	if (e->until < *end)
		*end = e->until;
	return 0;
}

static void fill_next_end(const struct vg_unit *u, struct vg_samples *s)
{
	uint64_t end = UINT64_MAX, now = vg_clock_now();

	(void)vg_book_each(u->keeper->book, u->id, soonest, &end);
	if (end != UINT64_MAX)
		vg_samples_add_ns(s, VG_METRIC_LEASE_NEXT_END,
				  end > now ? end - now : 0,
				  VG_LABELS(u->service->name));
}

static void fill_events(struct vg_keeper *k, struct vg_samples *s)
{
	struct vg_stats_ring ring = {0};

	for (int i = 0; i < VG_RECORD_COUNT; i++)
		vg_samples_add(
			s, VG_METRIC_EVENTS,
			vg_sink_count(k->sink, (enum vg_record_kind)i),
			VG_LABELS(vg_record_kind_name((enum vg_record_kind)i)));
	for (int i = 0; i < VG_SINK_PLACES; i++)
		vg_samples_add(
			s, VG_METRIC_EVENTS_LOST,
			vg_sink_lost(k->sink, (enum vg_sink_place)i),
			VG_LABELS(vg_sink_place_name((enum vg_sink_place)i)));
	if (vg_stats_ring(k->load, &ring) == 0)
		vg_samples_add(s, VG_METRIC_EVENTS_LOST,
			       ring.lost + ring.lost_flows, VG_LABELS("ring"));
	vg_samples_add(s, VG_METRIC_EVENTS_LOST, vg_watch_lost(k->watch),
		       VG_LABELS("watch"));
}

static void fill_kernel(struct vg_keeper *k, struct vg_samples *s)
{
	uint64_t faults[VG_FAULT_COUNT] = {0};

	for (int i = 0; i < VG_LAYER_COUNT; i++)
		vg_samples_add(s, VG_METRIC_LAYER_PROVEN,
			       k->layers[i].state == VG_LAYER_PROVEN,
			       VG_LABELS(vg_layer_name((enum vg_layer)i)));
	if (vg_stats_faults(k->load, faults) == 0)
		for (int i = 0; i < VG_FAULT_COUNT; i++)
			vg_samples_add(
				s, VG_METRIC_FAULTS, faults[i],
				VG_LABELS(vg_fault_name((enum vg_fault)i)));
}

static void fill_verification(struct vg_keeper *k, struct vg_samples *s)
{
	static const char *const results[] = {"granted", "refused", "silent"};
	const struct vg_verifier_link *v = &k->verifier;
	const struct vg_target *t;
	uint64_t pending = v->in_flight;

	for (size_t i = 0; i < VG_ARRAY_LEN(results); i++)
		vg_samples_add(s, VG_METRIC_VERIFICATIONS, k->n_proofs[i],
			       VG_LABELS(results[i]));
	TAILQ_FOREACH(t, &v->waiting, queue)
	pending++;
	vg_samples_add(s, VG_METRIC_VERIFICATIONS_PENDING, pending, NULL);
	for (int i = 0; i < VG_FINDING_COUNT; i++) {
		const struct vg_finding_kind *kind =
			vg_finding_kind((enum vg_finding_id)i);

		if (k->n_findings[i])
			vg_samples_add(
				s, VG_METRIC_FINDINGS, k->n_findings[i],
				VG_LABELS(kind->name,
					  vg_severity_name(kind->severity)));
	}
}

static uint64_t start_time_s(const struct vg_keeper *k)
{
	struct timespec wall;

	clock_gettime(CLOCK_REALTIME, &wall);
	return (uint64_t)wall.tv_sec -
	       (vg_clock_now() - k->started_ns) / VG_NS_PER_S;
}

static void fill(void *ctx, struct vg_samples *s)
{
	struct vg_keeper *k = ctx;

	vg_samples_add(s, VG_METRIC_BUILD_INFO, 1, VG_LABELS(VG_VERSION));
	vg_samples_add(s, VG_METRIC_DEGRADED, k->degraded, NULL);
	fill_kernel(k, s);
	for (size_t i = 0; i < k->n_units; i++) {
		fill_service(k->units[i], s);
		fill_next_end(k->units[i], s);
	}
	fill_events(k, s);
	fill_verification(k, s);
	vg_samples_add(s, VG_METRIC_LEASES_LIMIT, vg_book_max(k->book), NULL);
	vg_samples_add(s, VG_METRIC_LEASES_REFUSED, k->n_leases_refused, NULL);
	vg_samples_add(s, VG_METRIC_CONNECTIONS_DESTROYED, k->n_destroyed,
		       NULL);
	vg_samples_add(s, VG_METRIC_POLICY_REVISION, k->policy_rev, NULL);
	vg_samples_add(s, VG_METRIC_POLICY_LOADS, k->loads_ok, VG_LABELS("ok"));
	vg_samples_add(s, VG_METRIC_POLICY_LOADS, k->loads_failed,
		       VG_LABELS("error"));
	vg_samples_add(s, VG_METRIC_RESTARTS,
		       k->verifier.starts ? k->verifier.starts - 1 : 0,
		       VG_LABELS("verifier"));
	vg_samples_add(s, VG_METRIC_CONTROL_CLIENTS,
		       vg_server_clients(k->server), NULL);
	vg_samples_add(s, VG_METRIC_START_TIME, start_time_s(k), NULL);
}

/* ---- the socket ---------------------------------------------------------- */

static int listen_at(int fd, const void *address, socklen_t size)
{
	const int on = 1;

	(void)setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
	if (bind(fd, address, size) < 0)
		return -errno;
	return listen(fd, VG_HTTP_CLIENTS) < 0 ? -errno : 0;
}

static int listen_unix(const char *path, int *ret)
{
	vg_cleanup(vg_fd_closep) int fd = -1;
	struct sockaddr_un a = {.sun_family = AF_UNIX};
	gid_t group;
	int r;

	if (strlen(path) >= sizeof(a.sun_path))
		return -ENAMETOOLONG;
	memcpy(a.sun_path, path, strlen(path));
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0)
		return -errno;
	/* The run dir's lock says that no other daemon is at work there. */
	if (unlink(path) < 0 && errno != ENOENT)
		return -errno;
	r = listen_at(fd, &a, sizeof(a));
	if (r < 0)
		return r;
	/* The group that may read is our one supplementary group, if any. */
	if (getgroups(1, &group) == 1 && chown(path, 0, group) == 0 &&
	    chmod(path, 0660) < 0)
		return -errno;

	*ret = VG_TAKE_FD(fd);
	return 0;
}

static int listen_tcp(const char *text, int *ret)
{
	vg_cleanup(vg_fd_closep) int fd = -1;
	struct sockaddr_in6 in6 = {.sin6_family = AF_INET6};
	struct sockaddr_in in = {.sin_family = AF_INET};
	char host[VG_ADDRESS_TEXT];
	struct vg_address a;
	const char *colon = strrchr(text, ':');
	uint32_t port;
	size_t n;
	bool v4;
	int r;

	if (!colon || vg_num_u32(colon + 1, 1, 65535, &port) < 0)
		return -EINVAL;
	n = (size_t)(colon - text);
	if (n >= 2 && text[0] == '[' && text[n - 1] == ']') {
		text++;
		n -= 2;
	}
	if (n >= sizeof(host))
		return -EINVAL;
	memcpy(host, text, n);
	host[n] = '\0';
	if (vg_address_parse(host, &a) < 0)
		return -EINVAL;
	v4 = vg_address_is_ipv4(&a);
	memcpy(&in.sin_addr, &a.octets[12], 4);
	memcpy(&in6.sin6_addr, a.octets, 16);
	in.sin_port = in6.sin6_port = htons((uint16_t)port);

	fd = socket(v4 ? AF_INET : AF_INET6,
		    SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0)
		return -errno;
	r = v4 ? listen_at(fd, &in, sizeof(in))
	       : listen_at(fd, &in6, sizeof(in6));
	if (r < 0)
		return r;
	*ret = VG_TAKE_FD(fd);
	return 0;
}

int vg_gauges_start(struct vg_keeper *k)
{
	vg_cleanup(vg_fd_closep) int fd = -1;
	const char *at = k->config->metrics;
	int r;

	if (!at)
		return 0;
	r = strncmp(at, "unix:", 5) == 0 ? listen_unix(at + 5, &fd)
					 : listen_tcp(at, &fd);
	if (r == 0)
		r = vg_http_new(k->base, fd, fill, k, &k->http);
	if (r < 0) {
		vg_err("metrics at %s: %s", at, strerror(-r));
		return r;
	}
	(void)VG_TAKE_FD(fd);
	return 0;
}

void vg_gauges_stop(struct vg_keeper *k)
{
	vg_http_freep(&k->http);
}
