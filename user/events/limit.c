/* SPDX-License-Identifier: Apache-2.0 */
#include "events/limit.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"

/*
 * Invariants:
 * 1. Every event put in is emitted at once or is in the count of exactly one
 *    entry; `held` is the number of entries with a count above zero.
 * 2. index[] holds 1 + the place of each of the n_entries, and nothing else.
 */
#define ENTRIES_MAX    (2 * VG_LIMIT_KEYS)
#define INDEX_SIZE     (4 * ENTRIES_MAX) /* a power of two */
#define OVERFLOW_SIZE  (VG_SERVICES_MAX * 2 * VG_REASON_KERNEL_COUNT)
#define INDEX_NO_ENTRY 0

/* What makes two events the same.  Compared and hashed as octets. */
struct key {
	uint64_t cgroup_id;
	uint64_t netns;
	uint8_t dst[16];
	char comm[VG_COMM];
	uint32_t service;
	uint32_t pid;
	uint32_t uid;
	uint16_t dst_port;
	uint8_t layer;
	uint8_t reason;
	uint8_t proto;
	uint8_t family;
	uint8_t flags;
	uint8_t zero[5];
};
_Static_assert(sizeof(struct key) == 72, "key has a hole");

struct entry {
	struct key key;
	struct vg_limited held;
	bool seen; /* in this window */
};

struct vg_limit {
	vg_limit_emit emit;
	void *ctx;
	uint64_t seed;
	uint64_t window_end;
	uint32_t new_keys; /* in this window */
	uint32_t new_flows;
	uint32_t held;
	uint32_t n_entries;
	uint32_t n_dirty;
	struct entry *latest; /* an ongoing flood needs no search */
	uint16_t index[INDEX_SIZE];
	struct entry entries[ENTRIES_MAX];
	uint16_t dirty[OVERFLOW_SIZE]; /* places in overflow with a count */
	struct vg_limited overflow[OVERFLOW_SIZE];
};
_Static_assert(OVERFLOW_SIZE <= UINT16_MAX, "dirty[] is too narrow");

int vg_limit_new(uint64_t seed, vg_limit_emit emit, void *ctx,
		 struct vg_limit **ret)
{
	struct vg_limit *l;

	/* 3 MB, of which calloc() lets only the pages in use exist. */
	l = calloc(1, sizeof(*l));
	if (!l)
		return -ENOMEM;

	l->emit = emit;
	l->ctx = ctx;
	l->seed = seed;
	*ret = l;
	return 0;
}

void vg_limit_freep(struct vg_limit **l)
{
	free(*l);
	*l = NULL;
}

static struct key key_of(const struct vg_event *e)
{
	struct key k = {
		.cgroup_id = e->cgroup_id,
		.netns = e->netns,
		.service = e->service,
		.pid = e->pid,
		.uid = e->uid,
		.dst_port = e->dst_port,
		.layer = e->layer,
		.reason = e->reason,
		.proto = e->proto,
		.family = e->family,
		.flags = e->flags & (VG_EVENT_AUDIT | VG_EVENT_TASK),
	};

	memcpy(k.dst, e->dst, sizeof(k.dst));
	memcpy(k.comm, e->comm, sizeof(k.comm));
	return k;
}

static bool keys_equal(const struct key *a, const struct key *b)
{
	return memcmp(a, b, sizeof(*a)) == 0;
}

/* The finaliser of MurmurHash3, over each word; seeded. */
static uint32_t hash_of(const struct vg_limit *l, const struct key *k)
{
	uint64_t words[sizeof(*k) / sizeof(uint64_t)];
	uint64_t h = l->seed;

	memcpy(words, k, sizeof(words));
	for (size_t i = 0; i < VG_ARRAY_LEN(words); i++) {
		h = (h ^ words[i]) * 0xff51afd7ed558ccdULL;
		h ^= h >> 33;
	}
	return (uint32_t)(h * 0xc4ceb9fe1a85ec53ULL >> 32);
}

/* The place in index[] of K: its entry, or the free one where it belongs. */
static uint32_t place_of(const struct vg_limit *l, const struct key *k)
{
	uint32_t i = hash_of(l, k) & (INDEX_SIZE - 1);

	while (l->index[i] != INDEX_NO_ENTRY &&
	       !keys_equal(&l->entries[l->index[i] - 1].key, k))
		i = (i + 1) & (INDEX_SIZE - 1);
	return i;
}

static void emit(struct vg_limit *l, struct vg_limited *held)
{
	l->emit(l->ctx, held);
	held->count = 0;
	held->mixed = 0;
	l->held--;
}

void vg_limit_flush(struct vg_limit *l)
{
	for (uint32_t i = 0; i < l->n_entries; i++)
		if (l->entries[i].held.count > 0)
			emit(l, &l->entries[i].held);
	for (uint32_t i = 0; i < l->n_dirty; i++)
		emit(l, &l->overflow[l->dirty[i]]);
	l->n_dirty = 0;
}

/* Forget the entries that the window did not see. */
static void sweep(struct vg_limit *l)
{
	uint32_t kept = 0;

	memset(l->index, 0, sizeof(l->index));
	for (uint32_t i = 0; i < l->n_entries; i++) {
		if (!l->entries[i].seen)
			continue;
		if (kept != i)
			l->entries[kept] = l->entries[i];
		l->entries[kept].seen = false;
		l->index[place_of(l, &l->entries[kept].key)] =
			(uint16_t)(kept + 1);
		kept++;
	}
	l->n_entries = kept;
	l->latest = NULL;
}

void vg_limit_tick(struct vg_limit *l, uint64_t now)
{
	if (now < l->window_end)
		return;

	vg_limit_flush(l);
	sweep(l);
	l->new_keys = 0;
	l->new_flows = 0;
	l->window_end = now + VG_LIMIT_WINDOW_NS;
}

uint64_t vg_limit_deadline(const struct vg_limit *l)
{
	return l->held > 0 ? l->window_end : UINT64_MAX;
}

static void mix_layer(struct vg_limited *into, const struct vg_event *e)
{
	if (into->event.layer == e->layer)
		return;
	into->mixed |= VG_MIXED_LAYER;
	into->event.layer = 0;
}

static void mix_process(struct vg_limited *into, const struct vg_event *e)
{
	struct vg_event *m = &into->event;

	if (m->pid == e->pid && m->uid == e->uid &&
	    m->cgroup_id == e->cgroup_id && m->netns == e->netns &&
	    memcmp(m->comm, e->comm, sizeof(m->comm)) == 0)
		return;
	into->mixed |= VG_MIXED_PROCESS;
	m->pid = 0;
	m->uid = 0;
	m->cgroup_id = 0;
	m->netns = 0;
	memset(m->comm, 0, sizeof(m->comm));
}

static void mix_dst(struct vg_limited *into, const struct vg_event *e)
{
	struct vg_event *m = &into->event;

	if (m->dst_port == e->dst_port && m->proto == e->proto &&
	    m->family == e->family &&
	    memcmp(m->dst, e->dst, sizeof(m->dst)) == 0)
		return;
	into->mixed |= VG_MIXED_DST;
	m->dst_port = 0;
	m->proto = 0;
	m->family = 0;
	memset(m->dst, 0, sizeof(m->dst));
}

static void mix_src(struct vg_limited *into, const struct vg_event *e)
{
	struct vg_event *m = &into->event;

	if (m->src_port == e->src_port && m->cookie == e->cookie &&
	    memcmp(m->src, e->src, sizeof(m->src)) == 0)
		return;
	into->mixed |= VG_MIXED_SRC;
	m->src_port = 0;
	m->cookie = 0;
	memset(m->src, 0, sizeof(m->src));
}

/* Count E in INTO, which forgets the fields that E has otherwise. */
static void merge(struct vg_limit *l, struct vg_limited *into,
		  const struct vg_event *e)
{
	if (into->count == 0) {
		*into = (struct vg_limited){.event = *e, .count = 1};
		l->held++;
		return;
	}
	into->count++;
	into->event.flags |= e->flags;
	into->event.sent += e->sent;
	into->event.received += e->received;
	into->event.duration_ns += e->duration_ns;
	mix_layer(into, e);
	mix_process(into, e);
	mix_dst(into, e);
	mix_src(into, e);
}

static void merge_overflow(struct vg_limit *l, const struct vg_event *e)
{
	/* Denials are told apart by mode, flows (reason 0) by direction. */
	const uint32_t apart =
		e->type == VG_EVENT_DENIAL ? VG_EVENT_AUDIT : VG_EVENT_ACCEPTED;
	const uint32_t side = e->flags & apart ? 1 : 0;
	const uint32_t place =
		(e->service * 2 + side) * VG_REASON_KERNEL_COUNT + e->reason;

	if (l->overflow[place].count == 0)
		l->dirty[l->n_dirty++] = (uint16_t)place;
	merge(l, &l->overflow[place], e);
}

static void emit_alone(struct vg_limit *l, const struct vg_event *e)
{
	const struct vg_limited one = {.event = *e, .count = 1};

	l->emit(l->ctx, &one);
}

static void put_flow(struct vg_limit *l, const struct vg_event *e)
{
	if (l->new_flows >= VG_LIMIT_KEYS) {
		merge_overflow(l, e);
		return;
	}
	l->new_flows++;
	emit_alone(l, e);
}

/* A denial of a kind that is not counted yet. */
static void put_new(struct vg_limit *l, const struct vg_event *e,
		    const struct key *k, uint32_t place)
{
	if (l->new_keys >= VG_LIMIT_KEYS || l->n_entries >= ENTRIES_MAX) {
		merge_overflow(l, e);
		return;
	}
	l->new_keys++;
	l->latest = &l->entries[l->n_entries++];
	*l->latest = (struct entry){.key = *k, .seen = true};
	l->index[place] = (uint16_t)l->n_entries;
	emit_alone(l, e);
}

static void put_denial(struct vg_limit *l, const struct vg_event *e)
{
	const struct key k = key_of(e);
	uint32_t place;

	if (!l->latest || !keys_equal(&l->latest->key, &k)) {
		place = place_of(l, &k);
		if (l->index[place] == INDEX_NO_ENTRY) {
			put_new(l, e, &k, place);
			return;
		}
		l->latest = &l->entries[l->index[place] - 1];
	}
	l->latest->seen = true;
	merge(l, &l->latest->held, e);
}

void vg_limit_put(struct vg_limit *l, const struct vg_event *e, uint64_t now)
{
	vg_limit_tick(l, now);
	if (e->type == VG_EVENT_DENIAL)
		put_denial(l, e);
	else
		put_flow(l, e);
}
