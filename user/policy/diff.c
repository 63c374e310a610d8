/* SPDX-License-Identifier: Apache-2.0 */
#include "policy/diff.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "policy/fields.h"

/* ---- making ------------------------------------------------------------- */

static int add(struct vg_diff *d, const struct vg_change *change)
{
	/* It grows when its length is a power of two. */
	if ((d->n & (d->n - 1)) == 0) {
		struct vg_change *items = reallocarray(
			d->items, d->n ? d->n * 2 : 1, sizeof(*items));

		if (!items)
			return -ENOMEM;
		d->items = items;
	}
	d->items[d->n++] = *change;
	return 0;
}

/* An endpoint of a service, and which of those with the same target it is. */
struct target {
	const struct vg_endpoint *endpoint;
	size_t index, occurrence;
};

struct targets {
	struct target *items;
	size_t n;
};

static void targets_freep(struct targets *t)
{
	free(t->items);
}

static int compare_target(const struct target *a, const struct target *b)
{
	const struct vg_endpoint *x = a->endpoint, *y = b->endpoint;

	if (!x->host != !y->host)
		return x->host ? -1 : 1;
	return x->host ? strcmp(x->host, y->host)
		       : memcmp(&x->address, &y->address, sizeof(x->address));
}

static int by_index(const void *left, const void *right)
{
	const struct target *a = left, *b = right;
	const int order = compare_target(a, b);

	return order ? order : (a->index > b->index) - (a->index < b->index);
}

static int by_occurrence(const void *left, const void *right)
{
	const struct target *a = left, *b = right;
	const int order = compare_target(a, b);

	return order ? order
		     : (a->occurrence > b->occurrence) -
			       (a->occurrence < b->occurrence);
}

/* The endpoints of S sorted by what they are known by. */
static int sort(const struct vg_service *s, struct targets *ret)
{
	if (s->n_endpoints == 0)
		return 0;
	ret->items = calloc(s->n_endpoints, sizeof(*ret->items));
	if (!ret->items)
		return -ENOMEM;
	ret->n = s->n_endpoints;
	for (size_t i = 0; i < ret->n; i++) {
		ret->items[i].endpoint = &s->endpoints[i];
		ret->items[i].index = i;
	}
	qsort(ret->items, ret->n, sizeof(*ret->items), by_index);
	for (size_t i = 1; i < ret->n; i++)
		if (compare_target(&ret->items[i - 1], &ret->items[i]) == 0)
			ret->items[i].occurrence =
				ret->items[i - 1].occurrence + 1;
	return 0;
}

static const struct vg_endpoint *find(const struct targets *in,
				      const struct target *wanted)
{
	const struct target *t = NULL;

	if (in->n)
		t = bsearch(wanted, in->items, in->n, sizeof(*t),
			    by_occurrence);
	return t ? t->endpoint : NULL;
}

/* *RET[i] is the endpoint of B that is endpoint i of A, or NULL. */
static int match(const struct vg_service *a, const struct vg_service *b,
		 const struct vg_endpoint ***ret)
{
	vg_cleanup(targets_freep) struct targets of_a = {0};
	vg_cleanup(targets_freep) struct targets of_b = {0};
	const struct vg_endpoint **matches;
	int r;

	r = sort(a, &of_a);
	if (r < 0)
		return r;
	r = sort(b, &of_b);
	if (r < 0)
		return r;
	matches = calloc(of_a.n + 1, sizeof(*matches));
	if (!matches)
		return -ENOMEM;
	for (size_t i = 0; i < of_a.n; i++)
		matches[of_a.items[i].index] = find(&of_b, &of_a.items[i]);

	*ret = matches;
	return 0;
}

static int add_removed(struct vg_diff *d, struct vg_change change)
{
	vg_cleanup(vg_freep) const struct vg_endpoint **matches = NULL;
	int r;

	r = match(change.old, change.new, &matches);
	if (r < 0)
		return r;
	change.kind = VG_CHANGE_REMOVED;
	for (size_t i = 0; i < change.old->n_endpoints; i++) {
		if (matches[i])
			continue;
		change.old_endpoint = &change.old->endpoints[i];
		r = add(d, &change);
		if (r < 0)
			return r;
	}
	return 0;
}

static int add_others(struct vg_diff *d, struct vg_change change)
{
	vg_cleanup(vg_freep) const struct vg_endpoint **matches = NULL;
	int r;

	r = match(change.new, change.old, &matches);
	if (r < 0)
		return r;
	for (size_t i = 0; i < change.new->n_endpoints; i++) {
		change.new_endpoint = &change.new->endpoints[i];
		change.old_endpoint = matches[i];
		change.kind = VG_CHANGE_ADDED;
		change.fields = 0;
		if (matches[i]) {
			change.kind = VG_CHANGE_CHANGED;
			change.fields = vg_fields_differ(&vg_endpoint_fields,
							 change.old_endpoint,
							 change.new_endpoint);
		}
		if (matches[i] && !change.fields)
			continue;
		r = add(d, &change);
		if (r < 0)
			return r;
	}
	return 0;
}

static int add_changed(struct vg_diff *d, const struct vg_service *old,
		       const struct vg_service *new)
{
	struct vg_change change = {
		.kind = VG_CHANGE_CHANGED,
		.old = old,
		.new = new,
		.fields = vg_fields_differ(&vg_service_fields, old, new),
	};
	int r = 0;

	if (change.fields)
		r = add(d, &change);
	change.fields = 0;
	if (r == 0)
		r = add_removed(d, change);
	if (r == 0)
		r = add_others(d, change);
	return r;
}

static int compare(struct vg_diff *d, const struct vg_policy *old,
		   const struct vg_policy *new)
{
	int r = 0;

	for (size_t i = 0; i < old->n_services && r == 0; i++) {
		const struct vg_change gone = {
			.kind = VG_CHANGE_REMOVED,
			.old = &old->services[i],
		};

		if (!vg_policy_service(new, gone.old->name))
			r = add(d, &gone);
	}
	for (size_t i = 0; i < new->n_services &&r == 0; i++) {
		const struct vg_change come = {
			.kind = VG_CHANGE_ADDED,
			.new = &new->services[i],
		};
		const struct vg_service *was =
			vg_policy_service(old, come.new->name);

		r = was ? add_changed(d, was, come.new) : add(d, &come);
	}
	return r;
}

int vg_diff_make(const struct vg_policy *old, const struct vg_policy *new,
		 struct vg_diff **ret)
{
	static const struct vg_policy none = {0};
	vg_cleanup(vg_diff_freep) struct vg_diff *diff = NULL;
	int r;

	diff = calloc(1, sizeof(*diff));
	if (!diff)
		return -ENOMEM;
	r = compare(diff, old ? old : &none, new ? new : &none);
	if (r < 0)
		return r;

	*ret = VG_TAKE_PTR(diff);
	return 0;
}

void vg_diff_freep(struct vg_diff **d)
{
	if (!*d)
		return;
	free((*d)->items);
	free(*d);
	*d = NULL;
}

/* ---- printing ----------------------------------------------------------- */

static const struct {
	const char *word, *sign, *colour;
} kinds[] = {
	[VG_CHANGE_ADDED] = {"added", "+", "\033[32m"},
	[VG_CHANGE_REMOVED] = {"removed", "-", "\033[31m"},
	[VG_CHANGE_CHANGED] = {"changed", "~", "\033[33m"},
};
#define PLAIN "\033[0m"

static const char *service_name(const struct vg_change *c)
{
	return c->new ? c->new->name : c->old->name;
}

/* The endpoint that C is about; NULL: the service itself. */
static const struct vg_endpoint *endpoint_of(const struct vg_change *c)
{
	return c->new_endpoint ? c->new_endpoint : c->old_endpoint;
}

/* The changed fields of C one after another, through EACH. */
static void each_field(const struct vg_change *c, void *into,
		       void (*each)(const struct vg_field *f, const char *was,
				    const char *is, void *into))
{
	const bool of_endpoint = endpoint_of(c);
	const struct vg_fields *fields =
		of_endpoint ? &vg_endpoint_fields : &vg_service_fields;
	const void *old = of_endpoint ? (const void *)c->old_endpoint : c->old;
	const void *new = of_endpoint ? (const void *)c->new_endpoint : c->new;

	for (size_t i = 0; i < fields->n; i++) {
		const struct vg_field *f = &fields->items[i];
		vg_cleanup(vg_buf_freep) struct vg_buf was = {0};
		vg_cleanup(vg_buf_freep) struct vg_buf is = {0};

		if (!(c->fields & f->bit))
			continue;
		f->text(f, old, &was);
		f->text(f, new, &is);
		each(f, vg_buf_text(&was), vg_buf_text(&is), into);
	}
}

static void print_field(const struct vg_field *f, const char *was,
			const char *is, void *into)
{
	struct vg_buf *out = into;

	vg_buf_printf(out, "      %s: ", f->name);
	vg_buf_puts(out, was);
	vg_buf_puts(out, " -> ");
	vg_buf_puts(out, is);
	vg_buf_puts(out, "\n");
}

/* "api.example.com [443/tcp]" */
static void print_endpoint(const struct vg_endpoint *e, struct vg_buf *out)
{
	char text[VG_ENDPOINT_TEXT];

	vg_endpoint_text(e, text);
	vg_buf_puts(out, text);
	for (size_t i = 0; i < vg_endpoint_fields.n; i++) {
		const struct vg_field *f = &vg_endpoint_fields.items[i];

		if (f->bit != VG_CHANGE_PORTS)
			continue;
		vg_buf_puts(out, " ");
		f->text(f, e, out);
	}
}

static void print_change(const struct vg_change *c, bool colour,
			 struct vg_buf *out)
{
	const struct vg_endpoint *e = endpoint_of(c);

	vg_buf_printf(out, "%s%s %s", colour ? kinds[c->kind].colour : "",
		      kinds[c->kind].sign, service_name(c));
	if (e) {
		vg_buf_puts(out, ": ");
		print_endpoint(e, out);
	} else if (c->kind != VG_CHANGE_CHANGED) {
		const struct vg_service *s = c->new ? c->new : c->old;

		vg_buf_printf(out, " (%zu endpoint%s)", s->n_endpoints,
			      s->n_endpoints == 1 ? "" : "s");
	}
	vg_buf_printf(out, "%s\n", colour ? PLAIN : "");
	each_field(c, out, print_field);
}

void vg_diff_print(const struct vg_diff *d, bool colour, struct vg_buf *out)
{
	for (size_t i = 0; i < d->n; i++)
		print_change(&d->items[i], colour, out);
}

static void json_field(const struct vg_field *f, const char *was,
		       const char *is, void *into)
{
	struct vg_json *j = into;

	vg_json_object(j, NULL);
	vg_json_string(j, "field", f->name);
	vg_json_string(j, "old", was);
	vg_json_string(j, "new", is);
	vg_json_object_end(j);
}

void vg_diff_json(const struct vg_diff *d, struct vg_json *j, const char *key)
{
	char text[VG_ENDPOINT_TEXT];

	vg_json_array(j, key);
	for (size_t i = 0; i < d->n; i++) {
		const struct vg_change *c = &d->items[i];

		vg_json_object(j, NULL);
		vg_json_string(j, "change", kinds[c->kind].word);
		vg_json_string(j, "service", service_name(c));
		if (endpoint_of(c)) {
			vg_endpoint_text(endpoint_of(c), text);
			vg_json_string(j, "endpoint", text);
		}
		vg_json_array(j, "fields");
		each_field(c, j, json_field);
		vg_json_array_end(j);
		vg_json_object_end(j);
	}
	vg_json_array_end(j);
}
