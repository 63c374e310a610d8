/* SPDX-License-Identifier: Apache-2.0 */
/*
 * enforce -- drives user/enforce/ from a shell, without a daemon.
 *   enforce BPFFS COMMAND ARGS... [, COMMAND ARGS...]
 * Each run opens the pins, adopts what is there, does its commands and exits:
 * so every test of a behaviour is one of persistence too.  Prints what was
 * asked for; on an error `NAME: ERRNO` on stderr and exit 1.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <bpf/libbpf.h>

#include "base/cleanup.h"
#include "base/clock.h"
#include "base/fd.h"
#include "base/log.h"
#include "base/num.h"
#include "enforce/attach.h"
#include "enforce/cgroup.h"
#include "enforce/destroy.h"
#include "enforce/lease.h"
#include "enforce/load.h"
#include "enforce/selftest.h"
#include "enforce/service.h"
#include "enforce/stats.h"
#include "events/format.h"

struct keeper {
	const char *bpffs;
	struct vg_load *load;
	struct vg_services *services;
	struct vg_attach *attach;
	struct vg_leases *leases;
	struct ring_buffer *ring;
	uint32_t seen[VG_LAYER_COUNT]; /* denials of the self-test */
	bool print;
};

static const char *const reasons[VG_REASON_KERNEL_COUNT] = {
	"none",	  "no_lease",	 "expired",  "not_ready",
	"family", "socket_kind", "lockdown", "foreign_socket",
};

/* ---- words to values ------------------------------------------------------- */

static int service_of(struct keeper *k, const char *name, uint32_t *ret)
{
	return vg_services_add(k->services, name, ret);
}

static uint8_t proto_of(const char *word)
{
	return strcmp(word, "udp") == 0 ? IPPROTO_UDP : IPPROTO_TCP;
}

static int permission_of(struct keeper *k, char **a, struct vg_permission *ret)
{
	uint32_t port;
	int r;

	r = service_of(k, a[0], &ret->service);
	if (r < 0)
		return r;
	ret->proto = proto_of(a[1]);
	r = vg_num_u32(a[2], 0, 65535, &port);
	if (r < 0)
		return r;
	ret->port = (uint16_t)port;
	return vg_prefix_parse(a[3], &ret->prefix);
}

/* ---- events ---------------------------------------------------------------- */

static void print_event(const struct vg_event *e)
{
	struct vg_address dst, src;
	char to[VG_ADDRESS_TEXT], from[VG_ADDRESS_TEXT];

	memcpy(dst.octets, e->dst, 16);
	memcpy(src.octets, e->src, 16);
	vg_address_text(&dst, to);
	vg_address_text(&src, from);
	printf("%s layer=%s reason=%s service=%u proto=%u family=%u dst=%s:%u "
	       "src=%s:%u flags=%u pid=%u uid=%u comm=%s lost=%llu sent=%llu "
	       "received=%llu ms=%llu\n",
	       e->type == VG_EVENT_DENIAL ? "denial" : "flow_end",
	       vg_layer_name(e->layer), reasons[e->reason % 8], e->service,
	       e->proto, e->family, to, e->dst_port, from, e->src_port,
	       e->flags, e->pid, e->uid, e->comm, (unsigned long long)e->lost,
	       (unsigned long long)e->sent, (unsigned long long)e->received,
	       (unsigned long long)(e->duration_ns / VG_NS_PER_MS));
}

static int on_event(void *ctx, void *data, size_t size)
{
	const struct vg_event *e = data;
	struct keeper *k = ctx;

	if (size < sizeof(*e) || e->version != VG_ABI_VERSION)
		abort();
	if (e->service == VG_SERVICE_SELFTEST)
		k->seen[e->layer]++;
	if (k->print)
		print_event(e);
	return 0;
}

static bool saw(void *ctx, uint32_t service, enum vg_layer layer)
{
	struct keeper *k = ctx;

	(void)service;
	ring_buffer__consume(k->ring);
	return k->seen[layer] > 0;
}

/* ---- commands -------------------------------------------------------------- */

/* add SERVICE [audit|cidrs|any|kills]... */
static int do_add(struct keeper *k, char **a)
{
	struct vg_service_rules rules = {0};
	uint32_t id;
	int r;

	r = service_of(k, *a++, &id);
	if (r < 0)
		return r;
	for (; *a; a++) {
		rules.audit |= strcmp(*a, "audit") == 0;
		rules.has_cidrs |= strcmp(*a, "cidrs") == 0;
		rules.any_port |= strcmp(*a, "any") == 0;
		rules.expiry_kills |= strcmp(*a, "kills") == 0;
	}
	return vg_services_set(k->services, id, &rules);
}

static int open_cgroup(const char *path, int *ret)
{
	*ret = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	return *ret < 0 ? -errno : 0;
}

/* attach SERVICE CGROUP */
static int do_attach(struct keeper *k, char **a)
{
	vg_cleanup(vg_fd_closep) int fd = -1;
	uint32_t id;
	int r;

	r = service_of(k, a[0], &id);
	if (r == 0)
		r = open_cgroup(a[1], &fd);
	return r < 0 ? r : vg_attach_add(k->attach, id, fd);
}

/* detach SERVICE */
static int do_detach(struct keeper *k, char **a)
{
	uint32_t id;
	int r;

	r = service_of(k, a[0], &id);
	return r < 0 ? r : vg_attach_remove_service(k->attach, id);
}

/* attached: CGROUPID SERVICE LAYERS-IN-FORCE a line */
static int do_attached(struct keeper *k, char **a)
{
	const struct vg_attachment *at;
	size_t i;

	(void)a;
	for (i = 0; i < vg_attach_count(k->attach); i++) {
		at = vg_attach_get(k->attach, i);
		printf("%llu %s %x\n", (unsigned long long)at->cgroup_id,
		       vg_services_name(k->services, at->service),
		       vg_attach_check(k->attach, at->cgroup_id));
	}
	return 0;
}

/* lease SERVICE PROTO PORT PREFIX MILLISECONDS [NAME] */
static int do_lease(struct keeper *k, char **a)
{
	struct vg_lease_info info = {.endpoint = 1, .name = a[3]};
	struct vg_permission p;
	uint64_t ms;
	int r;

	r = permission_of(k, a, &p);
	if (r == 0)
		r = vg_num_u64(a[4], 0, UINT32_MAX, &ms);
	if (r < 0)
		return r;
	info.until = vg_clock_now() + ms * VG_NS_PER_MS;
	if (a[5])
		info.name = a[5];
	return vg_leases_set(k->leases, &p, &info);
}

/* end SERVICE PROTO PORT PREFIX */
static int do_end(struct keeper *k, char **a)
{
	struct vg_permission p;
	int r;

	r = permission_of(k, a, &p);
	return r < 0 ? r : vg_leases_end(k->leases, &p);
}

/* get SERVICE PROTO PORT PREFIX: the name */
static int do_get(struct keeper *k, char **a)
{
	char name[VG_HOST_NAME];
	struct vg_permission p;
	uint64_t until;
	int r;

	r = permission_of(k, a, &p);
	if (r == 0)
		r = vg_leases_get(k->leases, &p, &until, name);
	if (r == 0)
		printf("%s\n", name);
	return r;
}

/* count: entries of the lease maps */
static int do_count(struct keeper *k, char **a)
{
	(void)a;
	printf("%u of %u\n", vg_leases_count(k->leases),
	       vg_leases_max(k->leases));
	return 0;
}

/* fill SERVICE N: leases of 10.0.0.0 and on, until the map is full */
static int do_fill(struct keeper *k, char **a)
{
	struct vg_lease_info info = {.endpoint = 1, .name = "filler"};
	struct vg_permission p = {.proto = IPPROTO_TCP, .port = 1};
	uint32_t n, i, word;
	int r;

	r = service_of(k, a[0], &p.service);
	if (r == 0)
		r = vg_num_u32(a[1], 1, 1 << 22, &n);
	if (r < 0)
		return r;
	info.until = vg_clock_now() + 3600 * VG_NS_PER_S;
	p.prefix.bits = 128;
	p.prefix.address.octets[10] = p.prefix.address.octets[11] = 0xff;
	for (i = 0; i < n; i++) {
		word = htonl(0x0a000000 + i);
		memcpy(p.prefix.address.octets + 12, &word, 4);
		r = vg_leases_set(k->leases, &p, &info);
		if (r < 0)
			return r;
	}
	return 0;
}

/* listen SERVICE [PROTO PORT FROM]... */
static int do_listen(struct keeper *k, char **a)
{
	struct vg_listen_entry entries[16];
	uint32_t id, port;
	size_t n;
	int r;

	r = service_of(k, *a++, &id);
	for (n = 0; r == 0 && n < 16 && *a; n++, a += 3) {
		entries[n] = (struct vg_listen_entry){.proto = proto_of(a[0])};
		r = vg_num_u32(a[1], 1, 65535, &port);
		entries[n].port = (uint16_t)port;
		if (r == 0)
			r = vg_prefix_parse(a[2], &entries[n].from);
	}
	if (r == 0)
		r = vg_leases_listen(k->leases, id, entries, n);
	return r < 0 ? r : vg_services_bump(k->services, id);
}

/* bump SERVICE */
static int do_bump(struct keeper *k, char **a)
{
	uint32_t id;
	int r;

	r = service_of(k, a[0], &id);
	return r < 0 ? r : vg_services_bump(k->services, id);
}

/* lockdown SERVICE on|off */
static int do_lockdown(struct keeper *k, char **a)
{
	uint32_t id;
	int r;

	r = service_of(k, a[0], &id);
	if (r < 0)
		return r;
	return vg_services_lockdown(k->services, id, strcmp(a[1], "on") == 0);
}

/* remove SERVICE: not present */
static int do_remove(struct keeper *k, char **a)
{
	uint32_t id;
	int r;

	r = service_of(k, a[0], &id);
	return r < 0 ? r : vg_services_remove(k->services, id);
}

/* events: print and take what is in the ring */
static int do_events(struct keeper *k, char **a)
{
	int r;

	(void)a;
	k->print = true;
	r = ring_buffer__consume(k->ring);
	k->print = false;
	return r < 0 ? r : 0;
}

/* taken: how many events there were */
static int do_taken(struct keeper *k, char **a)
{
	int r;

	(void)a;
	r = ring_buffer__consume(k->ring);
	if (r >= 0)
		printf("%d\n", r);
	return r < 0 ? r : 0;
}

/* wait: sleep in epoll until an event wakes us */
static int do_wait(struct keeper *k, char **a)
{
	int r;

	(void)a;
	r = ring_buffer__poll(k->ring, 5000);
	return r > 0 ? 0 : -ETIMEDOUT;
}

/* stats SERVICE: granted and each reason */
static int do_stats(struct keeper *k, char **a)
{
	uint64_t counters[VG_COUNTERS];
	uint32_t id;
	int i, r;

	r = service_of(k, a[0], &id);
	if (r == 0)
		r = vg_stats_service(k->load, id, counters);
	if (r < 0)
		return r;
	printf("granted=%llu", (unsigned long long)counters[0]);
	for (i = 1; i < VG_REASON_KERNEL_COUNT; i++)
		printf(" %s=%llu would_%s=%llu", reasons[i],
		       (unsigned long long)counters[i], reasons[i],
		       (unsigned long long)counters[VG_COUNTER_WOULD + i]);
	printf("\n");
	return 0;
}

/* ring: seq lost lost_flows */
static int do_ring(struct keeper *k, char **a)
{
	struct vg_stats_ring ring;
	int r;

	(void)a;
	r = vg_stats_ring(k->load, &ring);
	if (r == 0)
		printf("seq=%llu lost=%llu lost_flows=%llu\n",
		       (unsigned long long)ring.seq,
		       (unsigned long long)ring.lost,
		       (unsigned long long)ring.lost_flows);
	return r;
}

/* faults: each with its count */
static int do_faults(struct keeper *k, char **a)
{
	uint64_t faults[VG_FAULT_COUNT];
	int i, r;

	(void)a;
	r = vg_stats_faults(k->load, faults);
	for (i = 0; r == 0 && i < VG_FAULT_COUNT; i++)
		printf("%s=%llu ", vg_fault_name((enum vg_fault)i),
		       (unsigned long long)faults[i]);
	printf("\n");
	return r;
}

/* selftest CGROUPROOT: NAME STATE WHY a line */
static int do_selftest(struct keeper *k, char **a)
{
	struct vg_layer_proof proofs[VG_LAYER_COUNT];
	vg_cleanup(vg_fd_closep) int fd = -1;
	struct vg_selftest t = {
		.load = k->load, .services = k->services, .saw = saw, .ctx = k};
	int i, r;

	r = open_cgroup(a[0], &fd);
	t.cgroup_root_fd = fd;
	if (r == 0)
		r = vg_selftest_run(&t, proofs);
	for (i = 0; r == 0 && i < VG_LAYER_COUNT; i++)
		printf("%s %s %s\n", vg_layer_name((enum vg_layer)i),
		       vg_layer_state_name(proofs[i].state), proofs[i].why);
	return r;
}

/* A socket that somebody else opened and handed over, or one of our own. */
static int open_netlink(int *ret)
{
	const char *text = getenv("NETLINK");
	uint32_t fd;
	int r;

	if (!text)
		return vg_destroy_open(ret);
	r = vg_num_u32(text, 3, 1024, &fd);
	if (r == 0)
		*ret = (int)fd;
	return r;
}

/* destroy CGROUP [PROTO PORT PREFIX]: how many */
static int do_destroy(struct keeper *k, char **a)
{
	vg_cleanup(vg_fd_closep) int fd = -1, netlink = -1;
	vg_cleanup(vg_freep) uint64_t *ids = NULL;
	struct vg_destroy_target target;
	struct vg_destroy_request q = {.targets = &target};
	uint32_t port = 0, n;
	int r;

	(void)k;
	r = open_cgroup(a[0], &fd);
	if (r == 0)
		r = vg_cgroup_ids(fd, &ids, &q.n_cgroups);
	if (r == 0)
		r = open_netlink(&netlink);
	if (r == 0 && a[1]) {
		q.n_targets = 1;
		r = vg_num_u32(a[2], 0, 65535, &port);
		target.ports = (struct vg_ports){.proto = proto_of(a[1]),
						 .first = (uint16_t)port,
						 .last = (uint16_t)port};
	}
	if (r == 0 && a[1])
		r = vg_prefix_parse(a[3], &target.prefix);
	if (r < 0)
		return r;
	q.cgroups = ids;
	r = vg_destroy_run(netlink, &q, &n);
	printf("%u\n", n);
	return r;
}

/* die: as in a crash, with everything open */
static int do_die(struct keeper *k, char **a)
{
	(void)k;
	(void)a;
	fflush(stdout);
	raise(SIGKILL);
	return 0;
}

/* say WORD: marks a place in the output */
static int do_say(struct keeper *k, char **a)
{
	(void)k;
	printf("%s\n", a[0]);
	fflush(stdout);
	return 0;
}

/* pause MILLISECONDS */
static int do_pause(struct keeper *k, char **a)
{
	uint32_t ms;
	int r;

	(void)k;
	r = vg_num_u32(a[0], 0, 60000, &ms);
	if (r == 0)
		usleep(ms * 1000);
	return r;
}

/* wipe: the last command */
static int do_wipe(struct keeper *k, char **a)
{
	(void)a;
	return vg_load_wipe(&k->load);
}

struct command {
	const char *name;
	int min_args;
	int (*run)(struct keeper *k, char **args); /* ends with NULL */
};

static const struct command commands[] = {
	{"add", 1, do_add},	    {"attach", 2, do_attach},
	{"detach", 1, do_detach},   {"attached", 0, do_attached},
	{"lease", 5, do_lease},	    {"end", 4, do_end},
	{"get", 4, do_get},	    {"count", 0, do_count},
	{"fill", 2, do_fill},	    {"listen", 1, do_listen},
	{"bump", 1, do_bump},	    {"lockdown", 2, do_lockdown},
	{"remove", 1, do_remove},   {"events", 0, do_events},
	{"taken", 0, do_taken},	    {"wait", 0, do_wait},
	{"stats", 1, do_stats},	    {"ring", 0, do_ring},
	{"faults", 0, do_faults},   {"selftest", 1, do_selftest},
	{"destroy", 1, do_destroy}, {"die", 0, do_die},
	{"say", 1, do_say},	    {"pause", 1, do_pause},
	{"wipe", 0, do_wipe},
};

/* ---- running --------------------------------------------------------------- */

static int run_one(struct keeper *k, char **args, int n)
{
	size_t i;
	int r;

	for (i = 0; i < VG_ARRAY_LEN(commands); i++) {
		if (strcmp(args[0], commands[i].name) != 0)
			continue;
		if (n - 1 < commands[i].min_args)
			return -EINVAL;
		r = commands[i].run(k, args + 1);
		if (r < 0)
			fprintf(stderr, "%s: %s\n", args[0],
				strerrorname_np(-r));
		return r;
	}
	fprintf(stderr, "%s: no such command\n", args[0]);
	return -EINVAL;
}

static int run_all(struct keeper *k, char **args)
{
	char **end;
	bool last;
	int r;

	for (; *args; args = last ? end : end + 1) {
		for (end = args; *end && strcmp(*end, ",") != 0; end++)
			;
		last = !*end;
		*end = NULL;
		r = run_one(k, args, (int)(end - args));
		if (r < 0)
			return r;
	}
	return 0;
}

static uint32_t size_of(const char *variable)
{
	const char *text = getenv(variable);
	uint32_t n = 0;

	if (text && vg_num_u32(text, 1, UINT32_MAX, &n) < 0)
		exit(2);
	return n;
}

static int open_all(struct keeper *k)
{
	struct vg_load_options o = {
		.bpffs = k->bpffs,
		.leases_max = size_of("LEASES"),
		.ring_bytes = size_of("RING"),
	};
	char reason[VG_LOAD_REASON];
	int r;

	r = vg_load_prepare(k->bpffs, reason);
	if (r == 0)
		r = vg_load_new(&o, reason, &k->load);
	if (reason[0])
		fprintf(stderr, "load: %s\n", reason);
	if (r == 0)
		r = vg_services_new(k->load, &k->services);
	if (r == 0)
		r = vg_attach_new(k->load, k->services, &k->attach);
	if (r == 0)
		r = vg_attach_adopt(k->attach);
	if (r == 0)
		r = vg_leases_new(k->load, &k->leases);
	if (r < 0)
		return r;
	k->ring = ring_buffer__new(vg_load_map(k->load, VG_MAP_EVENTS),
				   on_event, k, NULL);
	return k->ring ? 0 : -errno;
}

int main(int argc, char **argv)
{
	struct keeper k = {.bpffs = argc > 1 ? argv[1] : NULL};
	int r;

	if (argc < 3) {
		fputs("usage: enforce BPFFS COMMAND ARGS... [, COMMAND ...]\n",
		      stderr);
		return 2;
	}
	vg_log_setup("enforce", getenv("DEBUG") ? VG_LOG_DEBUG : VG_LOG_INFO);
	r = open_all(&k);
	if (r < 0)
		fprintf(stderr, "open: %s\n", strerrorname_np(-r));
	else
		r = run_all(&k, argv + 2);
	ring_buffer__free(k.ring);
	vg_leases_freep(&k.leases);
	vg_attach_freep(&k.attach);
	vg_services_freep(&k.services);
	vg_load_freep(&k.load);
	return r < 0 ? EXIT_FAILURE : EXIT_SUCCESS;
}
