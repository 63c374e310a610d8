/* SPDX-License-Identifier: Apache-2.0 */
#include "enforce/departed.h"

#include <errno.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <sys/queue.h>

#include "base/cleanup.h"
#include "enforce/table.h"

struct record {
	LIST_ENTRY(record) in_bucket;
	TAILQ_ENTRY(record) by_age;
	struct vg_departed_entry entry; /* name and text are ours */
};
LIST_HEAD(bucket, record);

struct vg_departed {
	uint32_t max;
	uint32_t n;
	uint32_t mask;
	TAILQ_HEAD(, record) by_age; /* oldest first */
	struct bucket *buckets;
};

int vg_departed_new(uint32_t max, struct vg_departed **ret)
{
	vg_cleanup(vg_departed_freep) struct vg_departed *d = NULL;

	d = calloc(1, sizeof(*d));
	if (!d)
		return -ENOMEM;
	TAILQ_INIT(&d->by_age);
	d->max = max;
	d->mask = vg_table_mask(max);
	d->buckets = calloc((size_t)d->mask + 1, sizeof(*d->buckets));
	if (!d->buckets)
		return -ENOMEM;

	*ret = VG_TAKE_PTR(d);
	return 0;
}

static void forget(struct vg_departed *d, struct record *r)
{
	LIST_REMOVE(r, in_bucket);
	TAILQ_REMOVE(&d->by_age, r, by_age);
	d->n--;
	free((char *)r->entry.name);
	free((char *)r->entry.text);
	free(r);
}

void vg_departed_freep(struct vg_departed **d)
{
	struct record *r;

	if (!*d)
		return;
	while ((r = TAILQ_FIRST(&(*d)->by_age)))
		forget(*d, r);
	free((*d)->buckets);
	free(*d);
	*d = NULL;
}

static struct record *find(const struct vg_departed *d, uint32_t service,
			   const struct vg_prefix *prefix)
{
	uint32_t i = vg_table_hash_place(service, prefix) & d->mask;
	struct record *r;

	LIST_FOREACH(r, &d->buckets[i], in_bucket)
	if (r->entry.what.service == service &&
	    vg_table_prefix_equal(&r->entry.what.prefix, prefix))
		return r;
	return NULL;
}

const struct vg_departed_entry *vg_departed_find(const struct vg_departed *d,
						 uint32_t service,
						 const struct vg_prefix *prefix)
{
	const struct record *r = find(d, service, prefix);

	return r ? &r->entry : NULL;
}

void vg_departed_drop(struct vg_departed *d, uint32_t service,
		      const struct vg_prefix *prefix)
{
	struct record *r = find(d, service, prefix);

	if (r)
		forget(d, r);
}

/* ---- ports ----------------------------------------------------------------- */

/* Port 0 is every port, and stays so. */
static void widen(bool *has, uint16_t *first, uint16_t *last, uint16_t port)
{
	if (!*has) {
		*has = true;
		*first = *last = port;
	} else if (port == 0 || *first == 0) {
		*first = *last = 0;
	} else if (port < *first) {
		*first = port;
	} else if (port > *last) {
		*last = port;
	}
}

static void add_port(struct vg_departed_entry *e, uint8_t proto, uint16_t port)
{
	if (proto == IPPROTO_TCP)
		widen(&e->has_tcp, &e->tcp_first, &e->tcp_last, port);
	else
		widen(&e->has_udp, &e->udp_first, &e->udp_last, port);
}

bool vg_departed_covers(const struct vg_departed_entry *e, uint8_t proto,
			uint16_t port)
{
	if (proto == IPPROTO_TCP)
		return e->has_tcp &&
		       (e->tcp_first == 0 ||
			(port >= e->tcp_first && port <= e->tcp_last));
	return e->has_udp && (e->udp_first == 0 ||
			      (port >= e->udp_first && port <= e->udp_last));
}

/* ---- putting --------------------------------------------------------------- */

static bool is_same_leaving(const struct vg_departed_entry *a,
			    const struct vg_departed_entry *b)
{
	return a->endpoint == b->endpoint && a->cause == b->cause &&
	       strcmp(a->text, b->text) == 0;
}

static struct record *make(const struct vg_departed_entry *e)
{
	struct record *r = calloc(1, sizeof(*r));

	if (!r)
		return NULL;
	r->entry = *e;
	r->entry.name = strdup(e->name);
	r->entry.text = strdup(e->text);
	if (r->entry.name && r->entry.text)
		return r;
	free((char *)r->entry.name);
	free((char *)r->entry.text);
	free(r);
	return NULL;
}

void vg_departed_put(struct vg_departed *d, const struct vg_departed_entry *e)
{
	struct record *r = find(d, e->what.service, &e->what.prefix);
	uint32_t i;

	if (r && is_same_leaving(&r->entry, e)) {
		add_port(&r->entry, e->what.proto, e->what.port);
		return;
	}
	if (r)
		forget(d, r);
	r = make(e);
	if (!r)
		return;
	r->entry.has_tcp = r->entry.has_udp = false;
	add_port(&r->entry, e->what.proto, e->what.port);
	if (d->n >= d->max)
		forget(d, TAILQ_FIRST(&d->by_age));
	i = vg_table_hash_place(e->what.service, &e->what.prefix) & d->mask;
	LIST_INSERT_HEAD(&d->buckets[i], r, in_bucket);
	TAILQ_INSERT_TAIL(&d->by_age, r, by_age);
	d->n++;
}
