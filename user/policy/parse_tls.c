/* SPDX-License-Identifier: Apache-2.0 */
/*
 * `verify.tls`: checked whole, so that a policy written for what comes later
 * is told all its errors now; then refused.
 */
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "policy/draft.h"
#include "policy/values.h"

#define PIN_PREFIX "sha256/"
#define PIN_DIGITS 43 /* base64 of 32 octets, without its '=' */

struct tls {
	struct vg_mark cert, key; /* line 0: not there */
};

static void read_ca(struct vg_walk *w, const struct vg_yaml_node *node,
		    void *into)
{
	(void)into;
	if (node->kind != VG_YAML_SCALAR || strcmp(node->text, "system") != 0)
		free(vg_value_path(w, node));
}

/*
 * Strictly the base64 of 32 octets: the last digit holds four bits, so only
 * every fourth digit of the alphabet can stand there.
 */
static bool is_pin(const char *text)
{
	static const char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
				       "abcdefghijklmnopqrstuvwxyz"
				       "0123456789+/";
	const char *digits = text + strlen(PIN_PREFIX);

	if (strncmp(text, PIN_PREFIX, strlen(PIN_PREFIX)) != 0)
		return false;
	if (strspn(digits, alphabet) != PIN_DIGITS)
		return false;
	if ((strchr(alphabet, digits[PIN_DIGITS - 1]) - alphabet) % 4 != 0)
		return false;
	return strcmp(digits + PIN_DIGITS, "=") == 0;
}

static void read_pin(struct vg_walk *w, const struct vg_yaml_node *node,
		     void *into)
{
	const char *text = vg_walk_text(w, node);

	(void)into;
	if (text && !is_pin(text))
		vg_walk_error(w, &node->mark,
			      "write 'sha256/' and the base64 of 32 octets",
			      "'%.80s' is not a pin", text);
}

static void read_pins(struct vg_walk *w, const struct vg_yaml_node *node,
		      void *into)
{
	vg_walk_items(w, node, VG_LIST_MAX, read_pin, into);
}

static void read_min_version(struct vg_walk *w, const struct vg_yaml_node *node,
			     void *into)
{
	static const char *const words[] = {"1.2", "1.3"};
	size_t i;

	(void)into;
	(void)vg_walk_choice(w, node, words, VG_ARRAY_LEN(words), &i);
}

static void read_dane(struct vg_walk *w, const struct vg_yaml_node *node,
		      void *into)
{
	static const char *const words[] = {"off", "prefer", "require"};
	size_t i;

	(void)into;
	(void)vg_walk_choice(w, node, words, VG_ARRAY_LEN(words), &i);
}

static void read_cert(struct vg_walk *w, const struct vg_yaml_node *node,
		      void *into)
{
	struct tls *tls = into;

	free(vg_value_path(w, node));
	tls->cert = node->mark;
}

static void read_private_key(struct vg_walk *w, const struct vg_yaml_node *node,
			     void *into)
{
	struct tls *tls = into;

	free(vg_value_path(w, node));
	tls->key = node->mark;
}

static void read_server_name(struct vg_walk *w, const struct vg_yaml_node *node,
			     void *into)
{
	(void)into;
	free(vg_value_host(w, node));
}

static const struct vg_key keys[] = {
	{"ca", read_ca, false},
	{"pins", read_pins, false},
	{"min_version", read_min_version, false},
	{"dane", read_dane, false},
	{"client_cert", read_cert, false},
	{"client_key", read_private_key, false},
	{"server_name", read_server_name, false},
};

void vg_draft_tls(struct vg_walk *w, const struct vg_yaml_node *node,
		  void *into)
{
	struct tls tls = {0};

	(void)into;
	if (node->kind == VG_YAML_SCALAR && strcmp(node->text, "off") == 0)
		return;
	if (node->kind == VG_YAML_SCALAR) {
		vg_walk_error(w, &node->mark, NULL,
			      "expected 'off' or a mapping, found '%.80s'",
			      node->text);
		return;
	}
	if (!vg_walk_mapping(w, node, "'tls'", keys, VG_ARRAY_LEN(keys), &tls))
		return;
	if (tls.cert.line && !tls.key.line)
		vg_walk_error(w, &tls.cert, NULL,
			      "'client_cert' needs 'client_key'");
	if (tls.key.line && !tls.cert.line)
		vg_walk_error(w, &tls.key, NULL,
			      "'client_key' needs 'client_cert'");
	vg_walk_unsupported(w, &node->mark, "'verify.tls' other than 'off'");
}
