/* SPDX-License-Identifier: Apache-2.0 */
#include "enforce/lease.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include <bpf/bpf.h>

#include "base/cleanup.h"
#include "base/clock.h"
#include "enforce/load.h"

/*
 * Kernels before 6.13 refuse to replace an entry of a trie that is full: one
 * place always stays free.
 */
#define CIDRS_USABLE (VG_CIDRS_MAX - 1)

struct vg_leases {
	int leases_fd; /* all borrowed */
	int cidrs_fd;
	int listens_fd;
	uint32_t max;
	uint32_t exact; /* entries of `leases` */
	uint32_t cidrs; /* entries of `cidrs` */
};

/* ---- keys and values ------------------------------------------------------- */

static struct vg_prefix_key permission_key(const struct vg_permission *p)
{
	struct vg_prefix_key key = {0};

	key.prefixlen = VG_PREFIX_FIXED + (uint32_t)p->prefix.bits;
	key.dst.service = p->service;
	key.dst.proto = p->proto;
	key.dst.port = htons(p->port);
	memcpy(key.dst.addr, p->prefix.address.octets, sizeof(key.dst.addr));
	return key;
}

static struct vg_permission key_permission(const struct vg_lease_key *key,
					   uint32_t bits)
{
	struct vg_permission p = {0};

	p.service = key->service;
	p.proto = key->proto;
	p.port = ntohs(key->port);
	p.prefix.bits = (uint8_t)bits;
	memcpy(p.prefix.address.octets, key->addr, sizeof(key->addr));
	return p;
}

static struct vg_lease make_lease(const struct vg_permission *p,
				  const struct vg_lease_info *info)
{
	struct vg_lease lease = {0};

	lease.until_ns = vg_clock_to_kernel(info->until);
	lease.endpoint = info->endpoint;
	lease.port = p->port;
	lease.bits = p->prefix.bits;
	memcpy(lease.name, info->name, strnlen(info->name, VG_HOST_NAME - 1));
	return lease;
}

/* ---- reading --------------------------------------------------------------- */

/* A trie answers with the longest prefix; only the same one counts here. */
static int read_cidr(const struct vg_leases *l, const struct vg_permission *p,
		     struct vg_lease *ret)
{
	struct vg_prefix_key key = permission_key(p);
	struct vg_lease lease;
	int r;

	r = bpf_map_lookup_elem(l->cidrs_fd, &key, &lease);
	if (r < 0)
		return r;
	if (lease.bits != p->prefix.bits)
		return -ENOENT;
	*ret = lease;
	return 0;
}

static int read_lease(const struct vg_leases *l, const struct vg_permission *p,
		      struct vg_lease *ret)
{
	struct vg_prefix_key key = permission_key(p);

	if (!vg_prefix_is_single(&p->prefix))
		return read_cidr(l, p, ret);
	return bpf_map_lookup_elem(l->leases_fd, &key.dst, ret);
}

int vg_leases_get(const struct vg_leases *l, const struct vg_permission *p,
		  uint64_t *ret_until, char *name)
{
	struct vg_lease lease;
	int r;

	r = read_lease(l, p, &lease);
	if (r < 0)
		return r;
	*ret_until = vg_clock_from_kernel(lease.until_ns);
	if (name) {
		memcpy(name, lease.name, VG_HOST_NAME - 1);
		name[VG_HOST_NAME - 1] = '\0';
	}
	return 0;
}

static int give(int fd, const void *key, const struct vg_permission *p,
		vg_lease_fn fn, void *ctx)
{
	struct vg_lease_info info;
	struct vg_lease lease;
	int r;

	r = bpf_map_lookup_elem(fd, key, &lease);
	if (r < 0)
		return r == -ENOENT ? 0 : r;
	lease.name[VG_HOST_NAME - 1] = '\0';
	info = (struct vg_lease_info){
		.until = vg_clock_from_kernel(lease.until_ns),
		.endpoint = lease.endpoint,
		.name = lease.name,
	};
	return fn(ctx, p, &info);
}

static struct vg_permission exact_permission(const void *key)
{
	return key_permission(key, 128);
}

static struct vg_permission cidr_permission(const void *at)
{
	const struct vg_prefix_key *key = at;

	return key_permission(&key->dst, key->prefixlen - VG_PREFIX_FIXED);
}

typedef struct vg_permission (*key_fn)(const void *key);

/*
 * Bounded by what the map can hold: where somebody deletes under the walk, it
 * begins anew.
 */
static int walk(int fd, uint32_t max, key_fn read_key, vg_lease_fn fn,
		void *ctx)
{
	struct vg_permission p;
	struct vg_prefix_key key, next; /* the larger of the two kinds */
	void *at = NULL;
	uint32_t i;
	int r;

	for (i = 0; i <= max; i++) {
		r = bpf_map_get_next_key(fd, at, &next);
		if (r < 0)
			return r == -ENOENT ? 0 : r;
		key = next;
		at = &key;
		p = read_key(&key);
		r = give(fd, &key, &p, fn, ctx);
		if (r < 0)
			return r;
	}
	return 0;
}

int vg_leases_each(const struct vg_leases *l, vg_lease_fn fn, void *ctx)
{
	int r;

	r = walk(l->leases_fd, l->max, exact_permission, fn, ctx);
	if (r < 0)
		return r;
	return walk(l->cidrs_fd, VG_CIDRS_MAX, cidr_permission, fn, ctx);
}

/* ---- making ---------------------------------------------------------------- */

static int count_one(void *ctx, const struct vg_permission *p,
		     const struct vg_lease_info *info)
{
	struct vg_leases *l = ctx;

	(void)info;
	if (vg_prefix_is_single(&p->prefix))
		l->exact++;
	else
		l->cidrs++;
	return 0;
}

int vg_leases_new(const struct vg_load *load, struct vg_leases **ret)
{
	vg_cleanup(vg_leases_freep) struct vg_leases *l = NULL;
	int r;

	l = calloc(1, sizeof(*l));
	if (!l)
		return -ENOMEM;
	l->leases_fd = vg_load_map(load, VG_MAP_LEASES);
	l->cidrs_fd = vg_load_map(load, VG_MAP_CIDRS);
	l->listens_fd = vg_load_map(load, VG_MAP_LISTENS);
	l->max = vg_load_leases_max(load);
	r = vg_leases_each(l, count_one, l);
	if (r < 0)
		return r;

	*ret = VG_TAKE_PTR(l);
	return 0;
}

void vg_leases_freep(struct vg_leases **l)
{
	free(*l);
	*l = NULL;
}

uint32_t vg_leases_count(const struct vg_leases *l)
{
	return l->exact + l->cidrs;
}

uint32_t vg_leases_max(const struct vg_leases *l)
{
	return l->max;
}

/* ---- writing --------------------------------------------------------------- */

/*
 * Replace, else make: so the count stays right.  The kernel swaps the whole
 * value: no look-up sees half of it, or nothing.
 */
static int put_exact(struct vg_leases *l, const struct vg_lease_key *key,
		     const struct vg_lease *lease)
{
	int r;

	r = bpf_map_update_elem(l->leases_fd, key, lease, BPF_EXIST);
	if (r != -ENOENT)
		return r;
	r = bpf_map_update_elem(l->leases_fd, key, lease, BPF_NOEXIST);
	if (r < 0)
		return r == -E2BIG ? -ENOSPC : r;
	l->exact++;
	return 0;
}

/* Tries of kernels before 6.13 ignore BPF_EXIST: look first. */
static int put_cidr(struct vg_leases *l, const struct vg_permission *p,
		    const struct vg_lease *lease)
{
	struct vg_prefix_key key = permission_key(p);
	struct vg_lease old;
	int known, r;

	known = read_cidr(l, p, &old);
	if (known < 0 && known != -ENOENT)
		return known;
	if (known == -ENOENT && l->cidrs >= CIDRS_USABLE)
		return -ENOSPC;
	r = bpf_map_update_elem(l->cidrs_fd, &key, lease, BPF_ANY);
	if (r < 0)
		return r;
	if (known == -ENOENT)
		l->cidrs++;
	return 0;
}

int vg_leases_set(struct vg_leases *l, const struct vg_permission *p,
		  const struct vg_lease_info *info)
{
	struct vg_prefix_key key = permission_key(p);
	struct vg_lease lease = make_lease(p, info);

	if (p->service == 0 || p->service >= VG_SERVICES_MAX)
		return -EINVAL;
	if (vg_prefix_is_single(&p->prefix))
		return put_exact(l, &key.dst, &lease);
	return put_cidr(l, p, &lease);
}

static int drop(int fd, const void *key, uint32_t *count)
{
	int r;

	r = bpf_map_delete_elem(fd, key);
	if (r == -ENOENT)
		return 0;
	if (r < 0)
		return r;
	(*count)--;
	return 0;
}

int vg_leases_end(struct vg_leases *l, const struct vg_permission *p)
{
	struct vg_prefix_key key = permission_key(p);

	if (vg_prefix_is_single(&p->prefix))
		return drop(l->leases_fd, &key.dst, &l->exact);
	return drop(l->cidrs_fd, &key, &l->cidrs);
}

/* ---- listen ---------------------------------------------------------------- */

static struct vg_prefix_key listen_key(uint32_t service,
				       const struct vg_listen_entry *e)
{
	struct vg_permission p = {
		.service = service,
		.proto = e->proto,
		.port = e->port,
		.prefix = e->from,
	};

	return permission_key(&p);
}

static bool is_wanted(const struct vg_prefix_key *key, uint32_t service,
		      const struct vg_listen_entry *entries, size_t n)
{
	struct vg_prefix_key wanted;
	size_t i;

	for (i = 0; i < n; i++) {
		wanted = listen_key(service, &entries[i]);
		if (memcmp(key, &wanted, sizeof(wanted)) == 0)
			return true;
	}
	return false;
}

static int add_listens(int fd, uint32_t service,
		       const struct vg_listen_entry *entries, size_t n)
{
	const struct vg_listen value = {0};
	struct vg_prefix_key key;
	size_t i;
	int r;

	for (i = 0; i < n; i++) {
		key = listen_key(service, &entries[i]);
		r = bpf_map_update_elem(fd, &key, &value, BPF_ANY);
		if (r < 0)
			return r;
	}
	return 0;
}

/* Some key of SERVICE that nobody wants any more. */
static int next_unwanted(int fd, uint32_t service,
			 const struct vg_listen_entry *entries, size_t n,
			 struct vg_prefix_key *ret)
{
	struct vg_prefix_key key, next;
	void *at = NULL;
	uint32_t i;
	int r;

	for (i = 0; i <= VG_LISTENS_MAX; i++) {
		r = bpf_map_get_next_key(fd, at, &next);
		if (r < 0)
			return r;
		if (next.dst.service == service &&
		    !is_wanted(&next, service, entries, n)) {
			*ret = next;
			return 0;
		}
		key = next;
		at = &key;
	}
	return -ENOENT;
}

int vg_leases_listen(struct vg_leases *l, uint32_t service,
		     const struct vg_listen_entry *entries, size_t n)
{
	struct vg_prefix_key key;
	int added, removed = 0, r;

	added = add_listens(l->listens_fd, service, entries, n);
	/* What is not wanted goes also when there is no room for the rest. */
	for (;;) {
		r = next_unwanted(l->listens_fd, service, entries, n, &key);
		if (r == -ENOENT)
			return added < 0 ? added : removed;
		if (r < 0)
			return r;
		r = bpf_map_delete_elem(l->listens_fd, &key);
		if (r < 0)
			return r;
		removed = 1;
	}
}
