/* SPDX-License-Identifier: Apache-2.0 */
/* The daemon's own file. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/num.h"
#include "policy/parse.h"
#include "policy/values.h"
#include "policy/yaml.h"
#include "verigress/abi.h"

#define DEFAULT_ANCHOR "/usr/share/dns/root.key"
#define DEFAULT_EVENTS "/var/log/verigress/events.jsonl"
#define DNS_PORT       "53"
#define DNS_TLS_PORT   853
#define LEASES_MIN     1U
#define LEASES_MAX     (1U << 20)
#define RING_MIN       (64ULL << 10)
#define RING_MAX       (256ULL << 20)
#define SERVER_TEXT    (VG_ADDRESS_TEXT + 8)

/* The upper end of sun_path, see unix(7). */
#define SOCKET_PATH_MAX 107

/* ---- resolver ----------------------------------------------------------- */

/* The SIZE octets at ADDRESS, and PORT. */
static bool pair(const char *address, size_t size, const char *port,
		 struct vg_address *ret, uint32_t *ret_port)
{
	char copy[VG_ADDRESS_TEXT];

	if (size >= sizeof(copy))
		return false;
	memcpy(copy, address, size);
	copy[size] = '\0';
	return vg_address_parse(copy, ret) == 0 &&
	       vg_num_u32(port, 1, 65535, ret_port) == 0;
}

/* ADDRESS or ADDRESS@PORT */
static bool server_parse(const char *text, struct vg_address *ret,
			 uint32_t *ret_port)
{
	const char *at = strchr(text, '@');

	if (!at)
		return pair(text, strlen(text), DNS_PORT, ret, ret_port);
	return pair(text, (size_t)(at - text), at + 1, ret, ret_port);
}

static const char *server_error(const char *text, struct vg_address *address,
				uint32_t *port)
{
	if (strchr(text, '#'))
		return "DNS over TLS is not possible: libunbound of Debian is "
		       "built without it and would ask in clear text";
	if (!server_parse(text, address, port))
		return "not ADDRESS or ADDRESS@PORT";
	if (*port == DNS_TLS_PORT)
		return "853 is the port of DNS over TLS, which libunbound of "
		       "Debian cannot speak";
	if (vg_class_of(address) == VG_CLASS_RESERVED)
		return "a multicast or reserved address";
	return NULL;
}

static char *read_server(struct vg_walk *w, const struct vg_yaml_node *node)
{
	const char *text = vg_walk_text(w, node);
	char address[VG_ADDRESS_TEXT], server[SERVER_TEXT];
	struct vg_address a;
	const char *error;
	uint32_t port;

	if (!text)
		return NULL;
	error = server_error(text, &a, &port);
	if (error) {
		vg_walk_error(w, &node->mark, NULL, "server '%.80s': %s", text,
			      error);
		return NULL;
	}
	vg_address_text(&a, address);
	(void)snprintf(server, sizeof(server), "%s@%u", address, port);
	return vg_walk_strdup(w, server);
}

static void append_text(struct vg_walk *w, char ***items, size_t *n, char *text)
{
	char **item = vg_walk_append(w, items, n, sizeof(*item));

	if (item)
		*item = text;
	else
		free(text);
}

static void read_forwarder(struct vg_walk *w, const struct vg_yaml_node *node,
			   void *into)
{
	struct vg_config *config = into;
	char *server = read_server(w, node);

	if (server)
		append_text(w, &config->forward, &config->n_forward, server);
}

static void read_forward(struct vg_walk *w, const struct vg_yaml_node *node,
			 void *into)
{
	vg_walk_one_or_many(w, node, VG_LIST_MAX, read_forwarder, into);
}

static bool zone_is_taken(struct vg_walk *w, const struct vg_yaml_node *key,
			  const struct vg_config *config, const char *zone)
{
	for (size_t i = 0; i < config->n_stubs; i++) {
		if (strcmp(config->stubs[i].zone, zone) != 0)
			continue;
		vg_walk_error(w, &key->mark, NULL, "zone '%s' is repeated",
			      zone);
		return true;
	}
	return false;
}

static void read_stub(struct vg_walk *w, const struct vg_yaml_node *key,
		      struct vg_config *config)
{
	vg_cleanup(vg_freep) char *zone = vg_value_zone(w, key);
	vg_cleanup(vg_freep) char *server = read_server(w, key->next);
	struct vg_stub *stub;

	if (!zone || !server || zone_is_taken(w, key, config, zone))
		return;
	stub = vg_walk_append(w, &config->stubs, &config->n_stubs,
			      sizeof(*stub));
	if (!stub)
		return;
	stub->zone = VG_TAKE_PTR(zone);
	stub->server = VG_TAKE_PTR(server);
}

/* The keys are zones, so no table can know them. */
static void read_stubs(struct vg_walk *w, const struct vg_yaml_node *node,
		       void *into)
{
	struct vg_config *config = into;
	size_t n = 0;

	if (node->kind != VG_YAML_MAPPING) {
		vg_walk_error(w, &node->mark, NULL,
			      "expected a mapping of zones to servers");
		return;
	}
	for (const struct vg_yaml_node *key = node->first; key;
	     key = key->next->next) {
		if (n++ == VG_LIST_MAX) {
			vg_walk_error(w, &key->mark, NULL,
				      "the list is longer than %d",
				      VG_LIST_MAX);
			return;
		}
		read_stub(w, key, config);
	}
}

static void read_anchor(struct vg_walk *w, const struct vg_yaml_node *node,
			void *into)
{
	struct vg_config *config = into;
	char *path = vg_value_path(w, node);

	if (path)
		append_text(w, &config->anchors, &config->n_anchors, path);
}

static void read_anchors(struct vg_walk *w, const struct vg_yaml_node *node,
			 void *into)
{
	if (node->kind == VG_YAML_SEQUENCE && !node->first)
		vg_walk_error(w, &node->mark, NULL,
			      "nothing can be validated without an anchor");
	vg_walk_one_or_many(w, node, VG_LIST_MAX, read_anchor, into);
}

static void read_resolver(struct vg_walk *w, const struct vg_yaml_node *node,
			  void *into)
{
	static const struct vg_key keys[] = {
		{"forward", read_forward, false},
		{"stub", read_stubs, false},
		{"trust_anchor", read_anchors, false},
	};

	(void)vg_walk_mapping(w, node, "'resolver'", keys, VG_ARRAY_LEN(keys),
			      into);
}

/* ---- events, metrics, limits -------------------------------------------- */

static void read_events_file(struct vg_walk *w, const struct vg_yaml_node *node,
			     void *into)
{
	struct vg_config *config = into;

	config->events_file = vg_value_path(w, node);
}

static void read_journal(struct vg_walk *w, const struct vg_yaml_node *node,
			 void *into)
{
	struct vg_config *config = into;

	vg_walk_bool(w, node, &config->journal);
}

static void read_events(struct vg_walk *w, const struct vg_yaml_node *node,
			void *into)
{
	static const struct vg_key keys[] = {
		{"file", read_events_file, false},
		{"journal", read_journal, false},
	};

	(void)vg_walk_mapping(w, node, "'events'", keys, VG_ARRAY_LEN(keys),
			      into);
}

/* ADDRESS:PORT, or [ADDRESS]:PORT for IPv6 */
static bool listener_parse(const char *text, struct vg_address *ret)
{
	const bool bracket = text[0] == '[';
	const char *end = bracket ? strstr(text, "]:") : strchr(text, ':');
	uint32_t port;

	if (!end)
		return false;
	if (bracket)
		text++;
	return pair(text, (size_t)(end - text), end + (bracket ? 2 : 1), ret,
		    &port);
}

/* Where only this host can connect to; 0.0.0.0 is not. */
static bool is_loopback(const struct vg_address *a)
{
	static const struct vg_address six = {.octets = {[15] = 1}};

	return vg_address_is_ipv4(a) ? a->octets[12] == 127
				     : memcmp(a, &six, sizeof(six)) == 0;
}

static const char *metrics_error(const char *text)
{
	static const char prefix[] = "unix:";
	struct vg_address a;

	if (strncmp(text, prefix, strlen(prefix)) == 0) {
		text += strlen(prefix);
		if (strpbrk(text, "\n\t"))
			return "holds a control character";
		return text[0] == '/' && strlen(text) <= SOCKET_PATH_MAX
			       ? NULL
			       : "is not unix:/PATH of at most 107 octets";
	}
	if (!listener_parse(text, &a))
		return "is not unix:/PATH or ADDRESS:PORT";
	return is_loopback(&a)
		       ? NULL
		       : "is reachable from elsewhere, and nothing asks who "
			 "reads the metrics: only loopback is allowed";
}

static void read_metrics_listen(struct vg_walk *w,
				const struct vg_yaml_node *node, void *into)
{
	struct vg_config *config = into;
	const char *text = vg_walk_text(w, node);
	const char *error;

	if (!text)
		return;
	error = metrics_error(text);
	if (error)
		vg_walk_error(w, &node->mark, NULL, "'%.120s' %s", text, error);
	else
		config->metrics = vg_walk_strdup(w, text);
}

static void read_metrics(struct vg_walk *w, const struct vg_yaml_node *node,
			 void *into)
{
	static const struct vg_key keys[] = {
		{"listen", read_metrics_listen, false},
	};

	(void)vg_walk_mapping(w, node, "'metrics'", keys, VG_ARRAY_LEN(keys),
			      into);
}

static void read_leases(struct vg_walk *w, const struct vg_yaml_node *node,
			void *into)
{
	struct vg_config *config = into;
	const char *text = vg_walk_text(w, node);

	if (text &&
	    vg_num_u32(text, LEASES_MIN, LEASES_MAX, &config->leases_max) < 0)
		vg_walk_error(w, &node->mark, NULL,
			      "'%.80s' is not a number from %u to %u", text,
			      LEASES_MIN, LEASES_MAX);
}

static void read_ring(struct vg_walk *w, const struct vg_yaml_node *node,
		      void *into)
{
	struct vg_config *config = into;
	const char *text = vg_walk_text(w, node);
	uint64_t size;

	if (!text)
		return;
	if (vg_num_size(text, RING_MIN, RING_MAX, &size) < 0 ||
	    (size & (size - 1)) != 0)
		vg_walk_error(w, &node->mark, NULL,
			      "'%.80s' is not a power of two from 64KiB to "
			      "256MiB",
			      text);
	else
		config->ring_size = size;
}

static void read_limits(struct vg_walk *w, const struct vg_yaml_node *node,
			void *into)
{
	static const struct vg_key keys[] = {
		{"leases", read_leases, false},
		{"ring", read_ring, false},
	};

	(void)vg_walk_mapping(w, node, "'limits'", keys, VG_ARRAY_LEN(keys),
			      into);
}

/* ---- the whole ---------------------------------------------------------- */

static const struct vg_key keys[] = {
	{"resolver", read_resolver, false},
	{"events", read_events, false},
	{"metrics", read_metrics, false},
	{"limits", read_limits, false},
};

static struct vg_config *config_new(struct vg_walk *w)
{
	struct vg_config *config = calloc(1, sizeof(*config));

	if (!config) {
		w->no_memory = true;
		return NULL;
	}
	config->journal = true;
	config->leases_max = VG_LEASES_MAX;
	config->ring_size = VG_RING_BYTES;
	return config;
}

/* What has no default until we know that nobody set it. */
static void complete(struct vg_walk *w, struct vg_config *config)
{
	char *anchor;

	if (!config->events_file)
		config->events_file = vg_walk_strdup(w, DEFAULT_EVENTS);
	if (config->n_anchors)
		return;
	anchor = vg_walk_strdup(w, DEFAULT_ANCHOR);
	if (anchor)
		append_text(w, &config->anchors, &config->n_anchors, anchor);
}

static void read_config(struct vg_walk *w, const struct vg_yaml *yaml,
			struct vg_config *config)
{
	const struct vg_yaml_node *node = yaml->documents;

	if (!node)
		return; /* nothing but comments */
	(void)vg_walk_mapping(w, node, "the file", keys, VG_ARRAY_LEN(keys),
			      config);
	if (node->next)
		vg_walk_error(w, &node->next->mark, NULL,
			      "the file has more than one document");
}

int vg_config_parse(const struct vg_source *source, struct vg_config **ret,
		    struct vg_diags *diags)
{
	vg_cleanup(vg_config_freep) struct vg_config *config = NULL;
	vg_cleanup(vg_yaml_freep) struct vg_yaml *yaml = NULL;
	struct vg_walk w = {.source = source, .diags = diags};
	int r;

	r = vg_yaml_parse(source, &yaml, diags);
	if (r < 0)
		return r;
	config = config_new(&w);
	if (!config)
		return -ENOMEM;
	read_config(&w, yaml, config);
	complete(&w, config);
	r = vg_walk_result(&w);
	if (r < 0)
		return r;

	*ret = VG_TAKE_PTR(config);
	return 0;
}

int vg_config_default(struct vg_config **ret)
{
	vg_cleanup(vg_diags_freep) struct vg_diags diags = {0};
	const struct vg_source empty = {.name = "", .text = "", .size = 0};

	return vg_config_parse(&empty, ret, &diags);
}
