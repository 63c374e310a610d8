/* SPDX-License-Identifier: Apache-2.0 */
#include "policy/walk.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "policy/source.h"

#define KEYS_MAX 32

static const char *const kinds[] = {
	[VG_YAML_SCALAR] = "a value",
	[VG_YAML_SEQUENCE] = "a list",
	[VG_YAML_MAPPING] = "a mapping",
};

int vg_walk_result(const struct vg_walk *w)
{
	if (w->no_memory)
		return -ENOMEM;
	return w->diags->errors ? -EINVAL : 0;
}

/* ---- reporting ---------------------------------------------------------- */

static void report(struct vg_walk *w, enum vg_diag_severity severity,
		   const struct vg_mark *at, const char *hint,
		   const char *message)
{
	const struct vg_place place =
		vg_source_place(w->source, w->diags, at->line, at->column);

	vg_diag_add(w->diags, severity, &place, hint, "%s", message);
}

void vg_walk_error(struct vg_walk *w, const struct vg_mark *at,
		   const char *hint, const char *format, ...)
{
	char message[512];
	va_list args;

	va_start(args, format);
	(void)vsnprintf(message, sizeof(message), format, args);
	va_end(args);
	report(w, VG_DIAG_ERROR, at, hint, message);
}

void vg_walk_warning(struct vg_walk *w, const struct vg_mark *at,
		     const char *hint, const char *format, ...)
{
	char message[512];
	va_list args;

	va_start(args, format);
	(void)vsnprintf(message, sizeof(message), format, args);
	va_end(args);
	report(w, VG_DIAG_WARNING, at, hint, message);
}

void vg_walk_unsupported(struct vg_walk *w, const struct vg_mark *at,
			 const char *what)
{
	vg_walk_error(w, at, NULL, "%s is not supported yet", what);
}

/* "did you mean 'WORD'?", if one is near. */
static const char *did_you_mean(const char *text, const char *const *words,
				size_t n, char *hint, size_t size)
{
	const char *word = vg_nearest(text, words, n);

	if (!word)
		return NULL;
	(void)snprintf(hint, size, "did you mean '%s'?", word);
	return hint;
}

static bool is_kind(struct vg_walk *w, const struct vg_yaml_node *node,
		    enum vg_yaml_kind kind)
{
	if (node->broken)
		return false;
	if (node->kind == kind)
		return true;
	vg_walk_error(w, &node->mark, NULL, "expected %s, found %s",
		      kinds[kind], kinds[node->kind]);
	return false;
}

/* ---- mappings ----------------------------------------------------------- */

static void unknown_key(struct vg_walk *w, const struct vg_yaml_node *key,
			const struct vg_key *keys, size_t n)
{
	const char *words[KEYS_MAX];
	char hint[64];

	for (size_t i = 0; i < n; i++)
		words[i] = keys[i].name;
	vg_walk_error(w, &key->mark,
		      did_you_mean(key->text, words, n, hint, sizeof(hint)),
		      "unknown key '%.80s'", key->text);
}

static bool is_key(struct vg_walk *w, const struct vg_yaml_node *key)
{
	if (key->broken)
		return false;
	if (key->kind != VG_YAML_SCALAR) {
		vg_walk_error(w, &key->mark, NULL, "a key must be a word");
		return false;
	}
	if (key->plain && strcmp(key->text, "<<") == 0) {
		vg_walk_error(w, &key->mark, NULL,
			      "merge keys are not supported");
		return false;
	}
	return true;
}

/* The first key of MAPPING that is called NAME. */
static const struct vg_yaml_node *find(const struct vg_yaml_node *mapping,
				       const char *name)
{
	for (const struct vg_yaml_node *key = mapping->first; key;
	     key = key->next->next)
		if (key->kind == VG_YAML_SCALAR && strcmp(key->text, name) == 0)
			return key;
	return NULL;
}

static void read_key(struct vg_walk *w, const struct vg_yaml_node *mapping,
		     const struct vg_yaml_node *key, const struct vg_key *keys,
		     size_t n, void *into)
{
	const struct vg_yaml_node *first;

	for (size_t i = 0; i < n; i++) {
		if (strcmp(keys[i].name, key->text) != 0)
			continue;
		first = find(mapping, key->text);
		if (first != key)
			vg_walk_error(w, &key->mark, NULL,
				      "key '%s' is repeated, first in line %u",
				      key->text, first->mark.line);
		else if (!key->next->broken)
			keys[i].read(w, key->next, into);
		return;
	}
	unknown_key(w, key, keys, n);
}

bool vg_walk_mapping(struct vg_walk *w, const struct vg_yaml_node *node,
		     const char *what, const struct vg_key *keys, size_t n,
		     void *into)
{
	if (!is_kind(w, node, VG_YAML_MAPPING))
		return false;
	for (const struct vg_yaml_node *key = node->first; key;
	     key = key->next->next)
		if (is_key(w, key))
			read_key(w, node, key, keys, n, into);
	for (size_t i = 0; i < n; i++)
		if (keys[i].required && !find(node, keys[i].name))
			vg_walk_error(w, &node->mark, NULL, "%s needs '%s'",
				      what, keys[i].name);
	return true;
}

bool vg_walk_has(const struct vg_yaml_node *node, const char *name)
{
	return node->kind == VG_YAML_MAPPING && find(node, name);
}

/* ---- lists -------------------------------------------------------------- */

void vg_walk_items(struct vg_walk *w, const struct vg_yaml_node *node,
		   size_t max,
		   void (*read)(struct vg_walk *w,
				const struct vg_yaml_node *item, void *into),
		   void *into)
{
	size_t n = 0;

	if (!is_kind(w, node, VG_YAML_SEQUENCE))
		return;
	for (const struct vg_yaml_node *item = node->first; item;
	     item = item->next) {
		if (n++ == max) {
			vg_walk_error(w, &item->mark, NULL,
				      "the list is longer than %zu", max);
			return;
		}
		if (!item->broken)
			read(w, item, into);
	}
}

void vg_walk_one_or_many(struct vg_walk *w, const struct vg_yaml_node *node,
			 size_t max,
			 void (*read)(struct vg_walk *w,
				      const struct vg_yaml_node *item,
				      void *into),
			 void *into)
{
	if (node->kind == VG_YAML_SCALAR)
		read(w, node, into);
	else
		vg_walk_items(w, node, max, read, into);
}

/* ---- values ------------------------------------------------------------- */

const char *vg_walk_text(struct vg_walk *w, const struct vg_yaml_node *node)
{
	if (!is_kind(w, node, VG_YAML_SCALAR))
		return NULL;
	if (node->size == 0) {
		vg_walk_error(w, &node->mark, NULL, "the value is empty");
		return NULL;
	}
	return node->text;
}

char *vg_walk_strdup(struct vg_walk *w, const char *text)
{
	char *copy = strdup(text);

	if (!copy)
		w->no_memory = true;
	return copy;
}

void vg_walk_bool(struct vg_walk *w, const struct vg_yaml_node *node, bool *ret)
{
	static const char *const words[] = {"false", "true"};

	if (!is_kind(w, node, VG_YAML_SCALAR))
		return;
	for (size_t i = 0; i < VG_ARRAY_LEN(words); i++) {
		if (node->plain && strcmp(node->text, words[i]) == 0) {
			*ret = i == 1;
			return;
		}
	}
	vg_walk_error(w, &node->mark, NULL,
		      "expected true or false, found '%.80s'", node->text);
}

/* "enforce, audit" */
static void list_words(const char *const *words, size_t n, char *text,
		       size_t size)
{
	size_t at = 0;

	text[0] = '\0';
	for (size_t i = 0; i < n && at < size; i++)
		at += (size_t)snprintf(text + at, size - at, "%s%s",
				       i ? ", " : "", words[i]);
}

bool vg_walk_choice(struct vg_walk *w, const struct vg_yaml_node *node,
		    const char *const *words, size_t n, size_t *ret)
{
	const char *text = vg_walk_text(w, node);
	char all[128], hint[64];

	if (!text)
		return false;
	for (size_t i = 0; i < n; i++) {
		if (strcmp(text, words[i]) == 0) {
			*ret = i;
			return true;
		}
	}
	list_words(words, n, all, sizeof(all));
	vg_walk_error(w, &node->mark,
		      did_you_mean(text, words, n, hint, sizeof(hint)),
		      "'%.80s' is not one of: %s", text, all);
	return false;
}

void *vg_walk_append(struct vg_walk *w, void *array, size_t *n, size_t size)
{
	char *items;

	memcpy(&items, array, sizeof(items));
	/* It grows when its length is a power of two. */
	if ((*n & (*n - 1)) == 0) {
		items = reallocarray(items, *n ? *n * 2 : 1, size);
		if (!items) {
			w->no_memory = true;
			return NULL;
		}
		memcpy(array, &items, sizeof(items));
	}
	memset(items + *n * size, 0, size);
	return items + (*n)++ * size;
}
