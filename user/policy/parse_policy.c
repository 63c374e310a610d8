/* SPDX-License-Identifier: Apache-2.0 */
/* Policy files: one service a document. */
#include <errno.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "policy/draft.h"
#include "policy/parse.h"
#include "policy/ports.h"
#include "policy/values.h"
#include "policy/yaml.h"

#define NAME_MAX_OCTETS 63

/* ---- name, cgroups, switches -------------------------------------------- */

static void read_service(struct vg_walk *w, const struct vg_yaml_node *node,
			 void *into)
{
	static const char allowed[] = "abcdefghijklmnopqrstuvwxyz0123456789-";
	const char *text = vg_walk_text(w, node);
	struct vg_draft *draft = into;

	if (!text)
		return;
	if (node->size > NAME_MAX_OCTETS || text[strspn(text, allowed)]) {
		vg_walk_error(w, &node->mark, NULL,
			      "'%.80s' is not a service name: 1 to %d of a-z, "
			      "0-9 and '-'",
			      text, NAME_MAX_OCTETS);
		return;
	}
	draft->name = node->mark;
	draft->service.name = vg_walk_strdup(w, text);
}

static void read_cgroup(struct vg_walk *w, const struct vg_yaml_node *node,
			void *into)
{
	struct vg_draft *draft = into;
	struct vg_service *s = &draft->service;
	vg_cleanup(vg_freep) char *path = vg_value_cgroup(w, node);
	struct vg_mark *mark;
	char **item;

	if (!path)
		return;
	item = vg_walk_append(w, &s->cgroups, &s->n_cgroups, sizeof(*item));
	if (!item)
		return;
	*item = VG_TAKE_PTR(path);
	mark = vg_walk_append(w, &draft->cgroups, &draft->n_cgroups,
			      sizeof(*mark));
	if (mark)
		*mark = node->mark;
}

static void read_cgroups(struct vg_walk *w, const struct vg_yaml_node *node,
			 void *into)
{
	if (node->kind == VG_YAML_SEQUENCE && !node->first)
		vg_walk_error(w, &node->mark, NULL, "the list is empty");
	vg_walk_one_or_many(w, node, VG_LIST_MAX, read_cgroup, into);
}

/* One of two words; the second is true. */
static void read_switch(struct vg_walk *w, const struct vg_yaml_node *node,
			const char *const words[static 2], bool *ret)
{
	size_t i;

	if (vg_walk_choice(w, node, words, 2, &i))
		*ret = i == 1;
}

static void read_mode(struct vg_walk *w, const struct vg_yaml_node *node,
		      void *into)
{
	static const char *const words[] = {"enforce", "audit"};
	struct vg_draft *draft = into;

	read_switch(w, node, words, &draft->service.audit);
}

static void read_strict(struct vg_walk *w, const struct vg_yaml_node *node,
			void *into)
{
	struct vg_draft *draft = into;

	vg_walk_bool(w, node, &draft->service.strict);
}

static void read_on_change(struct vg_walk *w, const struct vg_yaml_node *node,
			   void *into)
{
	static const char *const words[] = {"drain", "destroy"};
	struct vg_draft *draft = into;

	read_switch(w, node, words, &draft->service.destroy_on_change);
}

static void read_on_expiry(struct vg_walk *w, const struct vg_yaml_node *node,
			   void *into)
{
	static const char *const words[] = {"keep", "destroy"};
	struct vg_draft *draft = into;

	read_switch(w, node, words, &draft->service.destroy_on_expiry);
}

/* ---- listen ------------------------------------------------------------- */

struct listen {
	struct vg_ports *ports;
	size_t n_ports;
	struct vg_prefix *from;
	size_t n_from;
	struct vg_mark at; /* of the ports */
	struct vg_mark from_at; /* line 0: no `from` */
};

static void listen_clear(struct listen *l)
{
	free(l->ports);
	free(l->from);
}

static void read_listen_ports(struct vg_walk *w,
			      const struct vg_yaml_node *node, void *into)
{
	struct listen *l = into;

	l->at = node->mark;
	vg_value_ports(w, node, &l->ports, &l->n_ports);
}

static void read_listen_from(struct vg_walk *w, const struct vg_yaml_node *node,
			     void *into)
{
	struct listen *l = into;
	struct vg_prefix metadata;

	l->from_at = node->mark;
	if (node->kind == VG_YAML_SEQUENCE && !node->first)
		vg_walk_error(w, &node->mark, NULL, "the list is empty");
	vg_value_prefixes(w, node, &l->from, &l->n_from);
	for (size_t i = 0; i < l->n_from; i++)
		if (vg_class_metadata_within(&l->from[i], &metadata))
			vg_walk_warning(w, &node->mark, NULL,
					"'from' contains a cloud metadata "
					"address, to which the service may "
					"then send from these ports");
}

static bool check_listen(struct vg_walk *w, const struct listen *l,
			 const struct vg_ports *p)
{
	const bool udp = p->proto == IPPROTO_UDP;

	if (p->first == 0)
		vg_walk_error(w, &l->at, "name the ports",
			      "'listen' cannot be every port");
	else if (udp && !l->from_at.line)
		vg_walk_error(w, &l->at,
			      "write {ports: [...], from: [CIDR...]}",
			      "'listen' on UDP needs 'from'");
	else if (!udp && l->from_at.line)
		vg_walk_error(w, &l->from_at,
			      "accepted connections may answer anybody",
			      "'from' is for UDP ports only");
	else
		return !udp || l->n_from; /* an empty one was reported */
	return false;
}

static bool listens_already(struct vg_walk *w, const struct listen *l,
			    const struct vg_service *s,
			    const struct vg_ports *p)
{
	for (size_t i = 0; i < s->n_listen; i++) {
		if (!vg_ports_overlap(&s->listen[i].ports, p))
			continue;
		vg_walk_error(w, &l->at, NULL, "a port of it is listed before");
		return true;
	}
	return false;
}

static void append_listen(struct vg_walk *w, const struct listen *l,
			  struct vg_service *s, const struct vg_ports *p)
{
	struct vg_prefix *from = NULL;
	struct vg_listen_rule *rule;

	if (!check_listen(w, l, p) || listens_already(w, l, s, p))
		return;
	rule = vg_walk_append(w, &s->listen, &s->n_listen, sizeof(*rule));
	if (!rule)
		return;
	rule->ports = *p;
	if (l->n_from == 0)
		return;
	from = calloc(l->n_from, sizeof(*from));
	if (!from) {
		w->no_memory = true;
		return;
	}
	memcpy(from, l->from, l->n_from * sizeof(*from));
	rule->from = from;
	rule->n_from = l->n_from;
}

/* "8000/tcp", or {ports: ..., from: [...]}. */
static void read_listen_item(struct vg_walk *w, const struct vg_yaml_node *node,
			     void *into)
{
	static const struct vg_key keys[] = {
		{"ports", read_listen_ports, true},
		{"from", read_listen_from, false},
	};
	vg_cleanup(listen_clear) struct listen l = {0};
	struct vg_draft *draft = into;

	if (node->kind != VG_YAML_MAPPING)
		read_listen_ports(w, node, &l);
	else if (!vg_walk_mapping(w, node, "a 'listen' entry", keys,
				  VG_ARRAY_LEN(keys), &l))
		return;
	for (size_t i = 0; i < l.n_ports; i++)
		append_listen(w, &l, &draft->service, &l.ports[i]);
}

static void read_listen(struct vg_walk *w, const struct vg_yaml_node *node,
			void *into)
{
	vg_walk_items(w, node, VG_LIST_MAX, read_listen_item, into);
}

/* ---- the rest ----------------------------------------------------------- */

static void read_resolvers(struct vg_walk *w, const struct vg_yaml_node *node,
			   void *into)
{
	struct vg_draft *draft = into;

	vg_value_addresses(w, node, &draft->service.resolvers,
			   &draft->service.n_resolvers);
}

static void read_dns(struct vg_walk *w, const struct vg_yaml_node *node,
		     void *into)
{
	static const char *const words[] = {"managed"};
	size_t i;

	(void)into;
	if (vg_walk_choice(w, node, words, VG_ARRAY_LEN(words), &i))
		vg_walk_unsupported(w, &node->mark, "'dns: managed'");
}

/* A word for something that comes later; INTO is the key's name. */
static void read_later(struct vg_walk *w, const struct vg_yaml_node *node,
		       void *into)
{
	static const char allowed[] = "abcdefghijklmnopqrstuvwxyz0123456789_-";
	const char *text = vg_walk_text(w, node);

	if (!text)
		return;
	if (text[strspn(text, allowed)])
		vg_walk_error(w, &node->mark, NULL, "'%.80s' is not a word",
			      text);
	else
		vg_walk_unsupported(w, &node->mark, into);
}

static void read_sockets(struct vg_walk *w, const struct vg_yaml_node *node,
			 void *into)
{
	char what[] = "'sockets'";

	(void)into;
	vg_walk_items(w, node, VG_LIST_MAX, read_later, what);
}

static void read_require(struct vg_walk *w, const struct vg_yaml_node *node,
			 void *into)
{
	char what[] = "'require'";

	(void)into;
	vg_walk_items(w, node, VG_LIST_MAX, read_later, what);
}

static void read_endpoints(struct vg_walk *w, const struct vg_yaml_node *node,
			   void *into)
{
	vg_walk_items(w, node, VG_SERVICE_ENDPOINTS_MAX, vg_draft_endpoint,
		      into);
}

static const struct vg_key keys[] = {
	{"service", read_service, true},
	{"cgroup", read_cgroups, true},
	{"mode", read_mode, false},
	{"strict", read_strict, false},
	{"listen", read_listen, false},
	{"dns", read_dns, false},
	{"resolvers", read_resolvers, false},
	{"sockets", read_sockets, false},
	{"require", read_require, false},
	{"on_change", read_on_change, false},
	{"on_expiry", read_on_expiry, false},
	{"endpoints", read_endpoints, false},
};

/* ---- files -------------------------------------------------------------- */

void vg_drafts_freep(struct vg_drafts *d)
{
	for (size_t i = 0; i < d->n; i++) {
		vg_service_clear(&d->items[i].service);
		free(d->items[i].cgroups);
		free(d->items[i].endpoints);
	}
	free(d->items);
	*d = (struct vg_drafts){0};
}

static void read_document(struct vg_walk *w, const struct vg_yaml_node *node,
			  struct vg_drafts *drafts)
{
	struct vg_draft *draft;

	draft = vg_walk_append(w, &drafts->items, &drafts->n, sizeof(*draft));
	if (!draft)
		return;
	draft->source = w->source;
	draft->service.line = node->mark.line;
	draft->service.file = vg_walk_strdup(w, w->source->name);
	(void)vg_walk_mapping(w, node, "a service", keys, VG_ARRAY_LEN(keys),
			      draft);
}

static void read_source(struct vg_walk *w, const struct vg_source *source,
			struct vg_drafts *drafts)
{
	static const struct vg_mark whole = {0};
	vg_cleanup(vg_yaml_freep) struct vg_yaml *yaml = NULL;
	int r;

	w->source = source;
	r = vg_yaml_parse(source, &yaml, w->diags);
	if (r == -ENOMEM)
		w->no_memory = true;
	if (r < 0)
		return;
	if (!yaml->documents)
		vg_walk_error(w, &whole, NULL, "the file holds no service");
	for (const struct vg_yaml_node *node = yaml->documents; node;
	     node = node->next)
		read_document(w, node, drafts);
}

/* The services move; the marks stay behind. */
static int publish(struct vg_drafts *drafts, struct vg_policy **ret)
{
	vg_cleanup(vg_policy_freep) struct vg_policy *policy = NULL;

	policy = calloc(1, sizeof(*policy));
	if (!policy)
		return -ENOMEM;
	if (drafts->n) {
		policy->services = calloc(drafts->n, sizeof(*policy->services));
		if (!policy->services)
			return -ENOMEM;
	}
	for (size_t i = 0; i < drafts->n; i++) {
		policy->services[i] = drafts->items[i].service;
		drafts->items[i].service = (struct vg_service){0};
	}
	policy->n_services = drafts->n;

	*ret = VG_TAKE_PTR(policy);
	return 0;
}

int vg_policy_parse(const struct vg_source *sources, size_t n,
		    struct vg_policy **ret, struct vg_diags *diags)
{
	vg_cleanup(vg_drafts_freep) struct vg_drafts drafts = {0};
	struct vg_walk w = {.diags = diags};
	int r;

	for (size_t i = 0; i < n; i++)
		read_source(&w, &sources[i], &drafts);
	if (!w.no_memory)
		vg_drafts_check(&w, &drafts);
	r = vg_walk_result(&w);
	if (r < 0)
		return r;
	return publish(&drafts, ret);
}
