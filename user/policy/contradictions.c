/* SPDX-License-Identifier: Apache-2.0 */
/* What only all services together show. */
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "policy/draft.h"
#include "policy/ports.h"
#include "verigress/abi.h"

/* Endpoints of one host; a bound, since each is compared with each. */
#define SAME_TARGET_MAX 64

/* One thing of one draft, for sorting; INDEX is in the order it was read. */
struct item {
	const struct vg_draft *draft;
	const char *key; /* name, or cgroup */
	const struct vg_endpoint *endpoint;
	const struct vg_mark *mark;
	size_t index;
};

struct items {
	struct item *items;
	size_t n;
};

static void items_freep(struct items *list)
{
	free(list->items);
}

static struct item *add(struct vg_walk *w, struct items *list,
			const struct vg_draft *draft)
{
	struct item *item =
		vg_walk_append(w, &list->items, &list->n, sizeof(*item));

	if (item) {
		item->draft = draft;
		item->index = list->n;
	}
	return item;
}

static int by_index(const struct item *a, const struct item *b)
{
	return (a->index > b->index) - (a->index < b->index);
}

/* At the later of the two, with the place of the earlier. */
static void report(struct vg_walk *w, const struct item *a,
		   const struct item *b, const char *what, const char *how)
{
	const struct item *later = a->index > b->index ? a : b;
	const struct item *earlier = later == a ? b : a;

	w->source = later->draft->source;
	vg_walk_error(w, later->mark, NULL, "%s '%.200s' %s in %.200s:%u", what,
		      later->key, how, earlier->draft->source->name,
		      earlier->mark->line);
}

/* ---- service names ------------------------------------------------------ */

static int by_name(const void *left, const void *right)
{
	const struct item *a = left, *b = right;
	const int order = strcmp(a->key, b->key);

	return order ? order : by_index(a, b);
}

static void check_names(struct vg_walk *w, const struct vg_drafts *d)
{
	vg_cleanup(items_freep) struct items list = {0};

	for (size_t i = 0; i < d->n; i++) {
		const struct vg_draft *draft = &d->items[i];
		struct item *item;

		if (!draft->service.name)
			continue;
		item = add(w, &list, draft);
		if (!item)
			return;
		item->key = draft->service.name;
		item->mark = &draft->name;
	}
	if (list.n)
		qsort(list.items, list.n, sizeof(*list.items), by_name);
	for (size_t i = 1; i < list.n; i++)
		if (strcmp(list.items[i - 1].key, list.items[i].key) == 0)
			report(w, &list.items[i - 1], &list.items[i], "service",
			       "is defined a second time, first");
}

/* ---- cgroups ------------------------------------------------------------ */

/* A slash sorts before all that can stand in a name. */
static int rank(char c)
{
	return c == '/' ? 1 : (unsigned char)c;
}

/* So that what is inside a cgroup follows it at once. */
static int by_path(const void *left, const void *right)
{
	const struct item *a = left, *b = right;
	const char *x = a->key, *y = b->key;

	while (*x && *x == *y) {
		x++;
		y++;
	}
	return *x == *y ? by_index(a, b) : rank(*x) - rank(*y);
}

static bool is_inside(const char *path, const char *dir)
{
	const size_t n = strlen(dir);

	return strncmp(path, dir, n) == 0 && (!path[n] || path[n] == '/');
}

static void check_cgroups(struct vg_walk *w, const struct vg_drafts *d)
{
	vg_cleanup(items_freep) struct items list = {0};
	size_t top = 0;

	for (size_t i = 0; i < d->n; i++) {
		const struct vg_draft *draft = &d->items[i];

		for (size_t k = 0; k < draft->service.n_cgroups; k++) {
			struct item *item = add(w, &list, draft);

			if (!item)
				return;
			item->key = draft->service.cgroups[k];
			item->mark = &draft->cgroups[k];
		}
	}
	if (list.n)
		qsort(list.items, list.n, sizeof(*list.items), by_path);
	/* TOP is the outermost of those seen last. */
	for (size_t i = 1; i < list.n; i++) {
		if (!is_inside(list.items[i].key, list.items[top].key))
			top = i;
		else
			report(w, &list.items[top], &list.items[i], "cgroup",
			       "overlaps the one");
	}
}

/* ---- endpoints ---------------------------------------------------------- */

static int compare_target(const struct vg_endpoint *a,
			  const struct vg_endpoint *b)
{
	if (!a->host != !b->host)
		return a->host ? -1 : 1;
	if (a->host)
		return strcmp(a->host, b->host);
	return memcmp(&a->address, &b->address, sizeof(a->address));
}

static int by_target(const void *left, const void *right)
{
	const struct item *a = left, *b = right;
	const int order = compare_target(a->endpoint, b->endpoint);

	return order ? order : by_index(a, b);
}

static void same_ports(struct vg_walk *w, const struct item *a,
		       const struct item *b)
{
	vg_cleanup(vg_buf_freep) struct vg_buf ports = {0};
	const struct vg_endpoint *e = a->endpoint, *f = b->endpoint;

	for (size_t i = 0; i < e->n_ports; i++) {
		for (size_t k = 0; k < f->n_ports; k++) {
			if (!vg_ports_overlap(&e->ports[i], &f->ports[k]))
				continue;
			vg_ports_text(&f->ports[k], &ports);
			vg_walk_error(w, b->mark, NULL,
				      "'%s' has %s already in line %u", b->key,
				      vg_buf_text(&ports), a->mark->line);
			return;
		}
	}
}

/* A and B name the same host or literal, A first. */
static void same_target(struct vg_walk *w, const struct item *a,
			const struct item *b)
{
	if (a->endpoint->host)
		same_ports(w, a, b);
	else
		vg_walk_error(w, b->mark, "put all its ports there",
			      "'%s' is listed already in line %u", b->key,
			      a->mark->line);
}

/* Items FIRST to LAST name one target: each pair of them. */
static void check_group(struct vg_walk *w, const struct item *first,
			const struct item *last)
{
	char text[VG_ENDPOINT_TEXT];

	vg_endpoint_text(first->endpoint, text);
	if (last - first >= SAME_TARGET_MAX) {
		vg_walk_error(w, last->mark, "put its ports in one endpoint",
			      "'%s' is listed more than %d times", text,
			      SAME_TARGET_MAX);
		return;
	}
	for (const struct item *b = first + 1; b <= last; b++) {
		const struct item *a = first;
		const size_t before = w->diags->errors;
		struct item named = *b;

		named.key = text;
		while (a < b && w->diags->errors == before)
			same_target(w, a++, &named);
	}
}

static void check_endpoints(struct vg_walk *w, const struct vg_draft *draft)
{
	const struct vg_service *s = &draft->service;
	vg_cleanup(items_freep) struct items list = {0};
	size_t first = 0;

	w->source = draft->source;
	for (size_t i = 0; i < s->n_endpoints; i++) {
		struct item *item = add(w, &list, draft);

		if (!item)
			return;
		item->endpoint = &s->endpoints[i];
		item->mark = &draft->endpoints[i];
	}
	if (list.n)
		qsort(list.items, list.n, sizeof(*list.items), by_target);
	for (size_t i = 1; i <= list.n; i++) {
		if (i < list.n && !compare_target(list.items[first].endpoint,
						  list.items[i].endpoint))
			continue;
		check_group(w, &list.items[first], &list.items[i - 1]);
		first = i;
	}
}

/* ---- limits ------------------------------------------------------------- */

/* What the kernel's tables would have to hold. */
struct totals {
	size_t services, endpoints, listens, cidrs;
};

static size_t ports_of(const struct vg_endpoint *e)
{
	size_t n = 0;

	for (size_t i = 0; i < e->n_ports; i++)
		n += vg_ports_count(&e->ports[i]);
	return n;
}

static struct totals count(const struct vg_drafts *d)
{
	struct totals t = {.services = d->n};

	for (size_t i = 0; i < d->n; i++) {
		const struct vg_service *s = &d->items[i].service;

		t.endpoints += s->n_endpoints;
		for (size_t k = 0; k < s->n_listen; k++)
			t.listens +=
				vg_ports_count(&s->listen[k].ports) *
				(s->listen[k].n_from ? s->listen[k].n_from : 1);
		for (size_t k = 0; k < s->n_endpoints; k++)
			if (!s->endpoints[k].host &&
			    !vg_prefix_is_single(&s->endpoints[k].address))
				t.cidrs += ports_of(&s->endpoints[k]);
	}
	return t;
}

static void check_limits(struct vg_walk *w, const struct vg_drafts *d)
{
	const struct totals t = count(d);
	const struct {
		const char *what;
		size_t n, max;
	} limits[] = {
		{"services", t.services, VG_SERVICES_MAX - 1},
		{"endpoints", t.endpoints, VG_ENDPOINTS_MAX},
		{"listening ports (times 'from')", t.listens, VG_LISTENS_MAX},
		{"CIDRs (times ports)", t.cidrs, VG_CIDRS_MAX},
	};
	const struct vg_mark nowhere = {0};

	for (size_t i = 0; i < VG_ARRAY_LEN(limits); i++)
		if (limits[i].n > limits[i].max)
			vg_walk_error(w, &nowhere, NULL,
				      "%zu %s in all files are more than %zu",
				      limits[i].n, limits[i].what,
				      limits[i].max);
}

void vg_drafts_check(struct vg_walk *w, const struct vg_drafts *d)
{
	check_names(w, d);
	check_cgroups(w, d);
	for (size_t i = 0; i < d->n; i++)
		check_endpoints(w, &d->items[i]);
	if (d->n)
		check_limits(w, d);
}
