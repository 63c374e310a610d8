/* SPDX-License-Identifier: Apache-2.0 */
#include "policy/yaml.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <yaml.h>

#include "base/cleanup.h"
#include "base/utf8.h"
#include "policy/source.h"

struct builder {
	const struct vg_source *source;
	struct vg_diags *diags;
	struct vg_yaml *tree;
	struct vg_yaml_node *last_document;
	struct vg_yaml_node
		*open[VG_YAML_DEPTH]; /* collections, outermost first */
	size_t depth;
	bool done;
};

void vg_yaml_freep(struct vg_yaml **y)
{
	if (!*y)
		return;
	for (struct vg_yaml_node *n = (*y)->made, *before; n; n = before) {
		before = n->made_before;
		free(n);
	}
	free(*y);
	*y = NULL;
}

__attribute__((format(printf, 4, 5))) static void
error_at(struct builder *b, const yaml_mark_t *mark, const char *hint,
	 const char *format, ...)
{
	const struct vg_place place =
		vg_source_place(b->source, b->diags, (uint32_t)mark->line + 1,
				(uint32_t)mark->column + 1);
	char message[256];
	va_list args;

	va_start(args, format);
	(void)vsnprintf(message, sizeof(message), format, args);
	va_end(args);
	vg_diag_add(b->diags, VG_DIAG_ERROR, &place, hint, "%s", message);
}

/* ---- the tree ----------------------------------------------------------- */

static void append(struct builder *b, struct vg_yaml_node *node)
{
	struct vg_yaml_node *parent;

	if (b->depth == 0) {
		if (b->last_document)
			b->last_document->next = node;
		else
			b->tree->documents = node;
		b->last_document = node;
		return;
	}
	parent = b->open[b->depth - 1];
	if (parent->last)
		parent->last->next = node;
	else
		parent->first = node;
	parent->last = node;
}

static int make(struct builder *b, const yaml_event_t *event,
		enum vg_yaml_kind kind, size_t size, struct vg_yaml_node **ret)
{
	struct vg_yaml_node *node;

	if (b->tree->n_nodes >= VG_YAML_NODES) {
		error_at(b, &event->start_mark, NULL,
			 "more than %d values in one file", VG_YAML_NODES);
		return -EINVAL;
	}
	node = calloc(1, sizeof(*node) + size + 1);
	if (!node)
		return -ENOMEM;
	node->kind = kind;
	node->size = size;
	node->mark.line = (uint32_t)event->start_mark.line + 1;
	node->mark.column = (uint32_t)event->start_mark.column + 1;
	node->made_before = b->tree->made;
	b->tree->made = node;
	b->tree->n_nodes++;
	append(b, node);

	*ret = node;
	return 0;
}

/* What a policy has no use for, and what hides things from its reader. */
static bool decorated(struct builder *b, const yaml_event_t *event,
		      const yaml_char_t *anchor, const yaml_char_t *tag)
{
	if (anchor)
		error_at(b, &event->start_mark, "write the value out",
			 "anchors are not supported");
	if (tag)
		error_at(b, &event->start_mark, NULL, "tags are not supported");
	return anchor || tag;
}

/* The file has none, but "\0" in double quotes makes one. */
static bool hides_control(const char *text, size_t size)
{
	uint32_t point;
	size_t n;

	for (size_t at = 0; at < size; at += n) {
		n = vg_utf8_next(text + at, size - at, &point);
		if (n == 0)
			return true;
		if (vg_utf8_is_control(point) && point != '\n' && point != '\t')
			return true;
	}
	return false;
}

static int add_scalar(struct builder *b, const yaml_event_t *event)
{
	const char *text = (const char *)event->data.scalar.value;
	const size_t size = event->data.scalar.length;
	struct vg_yaml_node *node;
	int r;

	r = make(b, event, VG_YAML_SCALAR, size, &node);
	if (r < 0)
		return r;
	memcpy(node->text, text, size);
	node->plain = event->data.scalar.style == YAML_PLAIN_SCALAR_STYLE;
	node->broken = decorated(b, event, event->data.scalar.anchor,
				 event->data.scalar.tag);
	if (!node->broken && hides_control(text, size)) {
		error_at(b, &event->start_mark, NULL,
			 "control character in the text");
		node->broken = true;
	}
	return 0;
}

static int add_alias(struct builder *b, const yaml_event_t *event)
{
	struct vg_yaml_node *node;
	int r;

	r = make(b, event, VG_YAML_SCALAR, 0, &node);
	if (r < 0)
		return r;
	error_at(b, &event->start_mark,
		 "write the value out, or quote what begins with '*'",
		 "aliases are not supported");
	node->broken = true;
	return 0;
}

static int begin(struct builder *b, const yaml_event_t *event,
		 enum vg_yaml_kind kind)
{
	const bool sequence = kind == VG_YAML_SEQUENCE;
	struct vg_yaml_node *node;
	int r;

	if (b->depth == VG_YAML_DEPTH) {
		error_at(b, &event->start_mark, NULL,
			 "nesting is deeper than %d", VG_YAML_DEPTH);
		return -EINVAL;
	}
	r = make(b, event, kind, 0, &node);
	if (r < 0)
		return r;
	node->broken =
		sequence
			? decorated(b, event, event->data.sequence_start.anchor,
				    event->data.sequence_start.tag)
			: decorated(b, event, event->data.mapping_start.anchor,
				    event->data.mapping_start.tag);
	b->open[b->depth++] = node;
	return 0;
}

static int add_sequence(struct builder *b, const yaml_event_t *event)
{
	return begin(b, event, VG_YAML_SEQUENCE);
}

static int add_mapping(struct builder *b, const yaml_event_t *event)
{
	return begin(b, event, VG_YAML_MAPPING);
}

static int end(struct builder *b, const yaml_event_t *event)
{
	(void)event;
	b->depth--;
	return 0;
}

static int finish(struct builder *b, const yaml_event_t *event)
{
	(void)event;
	b->done = true;
	return 0;
}

/* By yaml_event_type_t; what is NULL carries nothing for us. */
static int (*const handlers[])(struct builder *b, const yaml_event_t *event) = {
	[YAML_STREAM_END_EVENT] = finish,
	[YAML_ALIAS_EVENT] = add_alias,
	[YAML_SCALAR_EVENT] = add_scalar,
	[YAML_SEQUENCE_START_EVENT] = add_sequence,
	[YAML_SEQUENCE_END_EVENT] = end,
	[YAML_MAPPING_START_EVENT] = add_mapping,
	[YAML_MAPPING_END_EVENT] = end,
};

/* ---- libyaml ------------------------------------------------------------ */

/* '*' begins an alias, and our ports and wildcards begin with it. */
static bool in_alias(const yaml_parser_t *parser)
{
	return parser->context && strstr(parser->context, "alias");
}

/* What people meet most, said in words that help. */
static const char *hint_for(const yaml_parser_t *parser)
{
	if (in_alias(parser))
		return "quote what begins with '*'";
	if (strstr(parser->problem, "start any token"))
		return "quote it; a tab cannot indent";
	if (strstr(parser->problem, "expected node content"))
		return "quote what begins with ':', as IPv6 addresses do";
	if (strstr(parser->problem, "mapping values"))
		return "quote a value that holds ': '";
	return NULL;
}

static int syntax_error(struct builder *b, const yaml_parser_t *parser)
{
	if (parser->error == YAML_MEMORY_ERROR || !parser->problem)
		return -ENOMEM;
	error_at(b,
		 in_alias(parser) ? &parser->context_mark
				  : &parser->problem_mark,
		 hint_for(parser), "%s%s%s",
		 parser->context ? parser->context : "",
		 parser->context ? ": " : "", parser->problem);
	return -EINVAL;
}

static int build(struct builder *b, yaml_parser_t *parser)
{
	while (!b->done) {
		vg_cleanup(yaml_event_delete) yaml_event_t event;
		int r = 0;

		if (!yaml_parser_parse(parser, &event))
			return syntax_error(b, parser);
		if (event.type < VG_ARRAY_LEN(handlers) && handlers[event.type])
			r = handlers[event.type](b, &event);
		if (r < 0)
			return r;
	}
	return 0;
}

int vg_yaml_parse(const struct vg_source *source, struct vg_yaml **ret,
		  struct vg_diags *diags)
{
	vg_cleanup(vg_yaml_freep) struct vg_yaml *tree = NULL;
	struct builder b = {.source = source, .diags = diags};
	const size_t begin = vg_source_begin(source);
	const char *text = source->size ? source->text + begin : "";
	yaml_parser_t parser;
	int r;

	r = vg_source_check(source, diags);
	if (r < 0)
		return r;
	tree = calloc(1, sizeof(*tree));
	if (!tree || !yaml_parser_initialize(&parser))
		return -ENOMEM;

	/* Said, not guessed: UTF-16 has no place here. */
	yaml_parser_set_encoding(&parser, YAML_UTF8_ENCODING);
	yaml_parser_set_input_string(&parser, (const unsigned char *)text,
				     source->size - begin);
	b.tree = tree;
	r = build(&b, &parser);
	yaml_parser_delete(&parser);
	if (r < 0)
		return r;

	*ret = VG_TAKE_PTR(tree);
	return 0;
}
