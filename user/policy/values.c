/* SPDX-License-Identifier: Apache-2.0 */
#include "policy/values.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/num.h"
#include "policy/host.h"
#include "policy/ports.h"

/* ---- addresses ---------------------------------------------------------- */

/* TEXT with the bits after the length cleared; false when that is not it. */
static bool masked(const char *text, char ret[static VG_ADDRESS_TEXT])
{
	const char *slash = strchr(text, '/');
	char address[VG_ADDRESS_TEXT];
	struct vg_prefix p;
	uint32_t bits;

	if (!slash || (size_t)(slash - text) >= sizeof(address))
		return false;
	(void)snprintf(address, sizeof(address), "%.*s", (int)(slash - text),
		       text);
	if (vg_address_parse(address, &p.address) < 0 ||
	    vg_num_u32(slash + 1, 0, strchr(address, ':') ? 128 : 32, &bits) <
		    0)
		return false;

	if (!strchr(address, ':'))
		bits += 96;
	for (size_t i = bits; i < 128; i++)
		p.address.octets[i / 8] &= (uint8_t) ~(0x80U >> i % 8);
	p.bits = (uint8_t)bits;
	vg_prefix_text(&p, ret);
	return true;
}

bool vg_value_prefix(struct vg_walk *w, const struct vg_yaml_node *node,
		     struct vg_prefix *ret)
{
	const char *text = vg_walk_text(w, node);
	char right[VG_ADDRESS_TEXT], hint[VG_ADDRESS_TEXT + 32];

	if (!text)
		return false;
	if (vg_prefix_parse(text, ret) == 0)
		return true;
	if (!masked(text, right)) {
		vg_walk_error(w, &node->mark, NULL,
			      "'%.80s' is not an address or a CIDR", text);
		return false;
	}
	(void)snprintf(hint, sizeof(hint), "did you mean '%s'?", right);
	vg_walk_error(w, &node->mark, hint,
		      "'%.80s' has bits set after its length", text);
	return false;
}

struct prefix_list {
	struct vg_prefix **items;
	size_t *n;
};

static void append_prefix(struct vg_walk *w, const struct vg_yaml_node *node,
			  const struct prefix_list *list,
			  const struct vg_prefix *p)
{
	struct vg_prefix *item;

	for (size_t i = 0; i < *list->n; i++) {
		if (memcmp(&(*list->items)[i], p, sizeof(*p)) == 0) {
			vg_walk_error(w, &node->mark, NULL,
				      "'%.80s' is listed twice", node->text);
			return;
		}
	}
	item = vg_walk_append(w, list->items, list->n, sizeof(*item));
	if (item)
		*item = *p;
}

static void read_prefix(struct vg_walk *w, const struct vg_yaml_node *node,
			void *into)
{
	struct vg_prefix p;

	if (vg_value_prefix(w, node, &p))
		append_prefix(w, node, into, &p);
}

void vg_value_prefixes(struct vg_walk *w, const struct vg_yaml_node *node,
		       struct vg_prefix **items, size_t *n)
{
	struct prefix_list list = {items, n};

	vg_walk_items(w, node, VG_LIST_MAX, read_prefix, &list);
}

static void read_address(struct vg_walk *w, const struct vg_yaml_node *node,
			 void *into)
{
	const char *text = vg_walk_text(w, node);
	struct vg_prefix p = {.bits = 128};

	if (!text)
		return;
	if (vg_address_parse(text, &p.address) < 0)
		vg_walk_error(w, &node->mark, NULL, "'%.80s' is not an address",
			      text);
	else if (vg_class_of(&p.address) == VG_CLASS_RESERVED)
		vg_walk_error(w, &node->mark, NULL, "'%.80s' %s", text,
			      vg_class_literal_error(&p));
	else
		append_prefix(w, node, into, &p);
}

void vg_value_addresses(struct vg_walk *w, const struct vg_yaml_node *node,
			struct vg_prefix **items, size_t *n)
{
	struct prefix_list list = {items, n};

	vg_walk_items(w, node, VG_LIST_MAX, read_address, &list);
}

/* ---- ports -------------------------------------------------------------- */

struct ports_list {
	struct vg_ports **items;
	size_t *n;
};

static bool overlaps(struct vg_walk *w, const struct vg_yaml_node *node,
		     const struct ports_list *list, const struct vg_ports *p)
{
	vg_cleanup(vg_buf_freep) struct vg_buf other = {0};

	for (size_t i = 0; i < *list->n; i++) {
		if (!vg_ports_overlap(&(*list->items)[i], p))
			continue;
		vg_ports_text(&(*list->items)[i], &other);
		vg_walk_error(w, &node->mark, NULL, "'%s' overlaps '%s'",
			      node->text, vg_buf_text(&other));
		return true;
	}
	return false;
}

static void read_ports(struct vg_walk *w, const struct vg_yaml_node *node,
		       void *into)
{
	const struct ports_list *list = into;
	const char *text = vg_walk_text(w, node);
	struct vg_ports p, *item;
	const char *error;

	if (!text)
		return;
	error = vg_ports_parse(text, &p);
	if (error) {
		vg_walk_error(w, &node->mark,
			      "ports are written '443/tcp', '8000-8015/tcp' or "
			      "'*/udp'",
			      "'%.80s': %s", text, error);
		return;
	}
	if (overlaps(w, node, list, &p))
		return;
	item = vg_walk_append(w, list->items, list->n, sizeof(*item));
	if (item)
		*item = p;
}

void vg_value_ports(struct vg_walk *w, const struct vg_yaml_node *node,
		    struct vg_ports **items, size_t *n)
{
	struct ports_list list = {items, n};

	if (node->kind == VG_YAML_SEQUENCE && !node->first)
		vg_walk_error(w, &node->mark, NULL, "the list is empty");
	vg_walk_one_or_many(w, node, VG_LIST_MAX, read_ports, &list);
}

/* ---- the rest ----------------------------------------------------------- */

bool vg_value_duration(struct vg_walk *w, const struct vg_yaml_node *node,
		       uint32_t min_s, uint32_t max_s, uint32_t *ret)
{
	const char *text = vg_walk_text(w, node);
	int r;

	if (!text)
		return false;
	r = vg_num_duration(text, min_s, max_s, ret);
	if (r == -ERANGE)
		vg_walk_error(w, &node->mark, NULL,
			      "'%.80s' is outside %us to %us", text, min_s,
			      max_s);
	else if (r < 0)
		vg_walk_error(w, &node->mark,
			      "write a number and its unit: 90s, 15m, 24h, 1d",
			      "'%.80s' is not a duration", text);
	return r == 0;
}

static char *name_or_error(struct vg_walk *w, const struct vg_yaml_node *node,
			   const struct vg_host_error *error, const char *name)
{
	if (!error)
		return vg_walk_strdup(w, name);
	vg_walk_error(w, &node->mark, error->hint, "'%.80s': %s", node->text,
		      error->message);
	return NULL;
}

char *vg_value_host(struct vg_walk *w, const struct vg_yaml_node *node)
{
	char name[VG_ENDPOINT_TEXT];

	if (!vg_walk_text(w, node))
		return NULL;
	return name_or_error(w, node,
			     vg_host_parse(node->text, node->size, name), name);
}

char *vg_value_zone(struct vg_walk *w, const struct vg_yaml_node *node)
{
	char name[VG_ENDPOINT_TEXT];

	if (!vg_walk_text(w, node))
		return NULL;
	return name_or_error(w, node,
			     vg_zone_parse(node->text, node->size, name), name);
}

/* What one of the components of PATH, between slashes, is wrong with. */
static const char *components_error(const char *path)
{
	size_t size;

	do {
		size = strcspn(path, "/");
		if (size == 0)
			return "has an empty component";
		if (size > NAME_MAX)
			return "has a component longer than 255 octets";
		if (path[0] == '.' && size == 1)
			return "has a component '.'";
		if (path[0] == '.' && path[1] == '.' && size == 2)
			return "has a component '..'";
		path += size + 1;
	} while (path[-1]);
	return NULL;
}

static const char *path_error(const char *path)
{
	if (path[0] != '/')
		return "is not an absolute path";
	if (strlen(path) >= PATH_MAX)
		return "is too long";
	if (strpbrk(path, "\n\t"))
		return "holds a control character";
	return components_error(path + 1);
}

char *vg_value_path(struct vg_walk *w, const struct vg_yaml_node *node)
{
	const char *text = vg_walk_text(w, node);
	const char *error;

	if (!text)
		return NULL;
	error = path_error(text);
	if (!error)
		return vg_walk_strdup(w, text);
	vg_walk_error(w, &node->mark, NULL, "'%.80s' %s", text, error);
	return NULL;
}

static const char *cgroup_error(const char *path)
{
	if (!*path || strcmp(path, ".") == 0)
		return "is the root cgroup, which cannot be confined";
	if (strlen(path) >= PATH_MAX / 2)
		return "is too long";
	if (strpbrk(path, "\n\t"))
		return "holds a control character";
	if (strchr(path, '*'))
		return "is a pattern, and patterns are not supported";
	if (strncmp(path, "sys/fs/cgroup", strlen("sys/fs/cgroup")) == 0)
		return "is not below the cgroup2 mount (leave the mount out)";
	return components_error(path);
}

char *vg_value_cgroup(struct vg_walk *w, const struct vg_yaml_node *node)
{
	const char *text = vg_walk_text(w, node);
	vg_cleanup(vg_freep) char *path = NULL;
	const char *error;
	size_t size;

	if (!text)
		return NULL;
	/* As /proc/PID/cgroup has it, or as a directory is written. */
	path = vg_walk_strdup(w, text[0] == '/' ? text + 1 : text);
	if (!path)
		return NULL;
	size = strlen(path);
	if (size > 1 && path[size - 1] == '/')
		path[size - 1] = '\0';

	error = cgroup_error(path);
	if (!error)
		return VG_TAKE_PTR(path);
	vg_walk_error(w, &node->mark, NULL, "cgroup '%.80s' %s", text, error);
	return NULL;
}
