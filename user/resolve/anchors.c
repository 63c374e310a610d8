/* SPDX-License-Identifier: Apache-2.0 */
#include "resolve/anchors.h"

#include <assert.h>
#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/buf.h"
#include "base/cleanup.h"

#define ZONE_MAX 254

void vg_anchors_freep(struct vg_anchors **a)
{
	if (!*a)
		return;
	for (size_t i = 0; i < (*a)->n; i++) {
		free((*a)->items[i].zone);
		free((*a)->items[i].record);
	}
	free(*a);
	*a = NULL;
}

/* The next word of *TEXT, which moves on; 0 at its end. */
static size_t next_word(const char **text, const char **ret)
{
	*text += strspn(*text, " \t");
	*ret = *text;
	*text += strcspn(*text, " \t");
	return (size_t)(*text - *ret);
}

static bool word_is(const char *word, size_t n, const char *wanted)
{
	return n == strlen(wanted) && strncasecmp(word, wanted, n) == 0;
}

static bool all_digits(const char *word, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (!isdigit((unsigned char)word[i]))
			return false;
	return n > 0;
}

/* WORD as a zone: absolute, lower case, without the dot at its end. */
static int read_zone(const char *word, size_t n, char **ret)
{
	char *zone;

	if (n == 0 || n > ZONE_MAX || word[n - 1] != '.')
		return -EINVAL;
	if (n > 1)
		n--;
	zone = strndup(word, n);
	if (!zone)
		return -ENOMEM;
	for (size_t i = 0; i < n; i++)
		zone[i] = (char)tolower((unsigned char)zone[i]);
	*ret = zone;
	return 0;
}

/* Fields of DS and DNSKEY are numbers, hexadecimal and base64. */
static bool is_rdata(const char *word, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (!isalnum((unsigned char)word[i]) && !strchr("+/=", word[i]))
			return false;
	return true;
}

/* REST behind the type, word for word, at least four of them. */
static int write_record(const char *zone, const char *type, size_t n_type,
			const char *rest, char **ret)
{
	vg_cleanup(vg_buf_freep) struct vg_buf b = {.max = VG_ANCHORS_LINE};
	const char *word;
	size_t n, words = 0;

	vg_buf_printf(&b, "%s%s IN %.*s", zone,
		      strcmp(zone, ".") == 0 ? "" : ".", (int)n_type, type);
	while ((n = next_word(&rest, &word)) > 0) {
		if (!is_rdata(word, n))
			return -EINVAL;
		vg_buf_puts(&b, " ");
		vg_buf_add(&b, word, n);
		words++;
	}
	if (vg_buf_error(&b))
		return vg_buf_error(&b) == -ENOMEM ? -ENOMEM : -E2BIG;
	if (words < 4)
		return -EINVAL;
	*ret = VG_TAKE_PTR(b.data);
	return 0;
}

static int parse_record(const char *line, struct vg_anchor *ret)
{
	vg_cleanup(vg_freep) char *zone = NULL;
	const char *word;
	size_t n;
	int r;

	/* A blank in front would mean "the owner of the line before". */
	if (*line == ' ')
		return -EINVAL;
	n = next_word(&line, &word);
	r = read_zone(word, n, &zone);
	if (r < 0)
		return r;

	n = next_word(&line, &word);
	if (all_digits(word, n)) /* a TTL */
		n = next_word(&line, &word);
	if (word_is(word, n, "IN"))
		n = next_word(&line, &word);
	if (!word_is(word, n, "DS") && !word_is(word, n, "DNSKEY"))
		return -EINVAL;
	r = write_record(zone, word, n, line, &ret->record);
	if (r < 0)
		return r;
	ret->zone = VG_TAKE_PTR(zone);
	return 0;
}

/*
 * One logical line from *TEXT: without comments, parentheses joined.  False
 * at the end of the text.  A blank line is "".
 */
static bool next_line(const char **text, struct vg_buf *ret, int *ret_depth)
{
	bool comment = false;
	const char *at = *text;
	char c;

	vg_buf_clear(ret);
	*ret_depth = 0;
	if (!*at)
		return false;
	for (; (c = *at) && (c != '\n' || *ret_depth > 0); at++) {
		if (c == '\n')
			comment = false;
		else if (c == ';')
			comment = true;
		if (!comment && (c == '(' || c == ')'))
			*ret_depth += c == '(' ? 1 : -1;
		if (!comment && strchr("()\r\n\t ", c))
			vg_buf_puts(ret, " ");
		else if (!comment)
			vg_buf_add(ret, &c, 1);
	}
	*text = c ? at + 1 : at;
	return true;
}

static bool is_blank(const char *line)
{
	return line[strspn(line, " ")] == '\0';
}

int vg_anchors_parse(const char *text, struct vg_anchors **ret)
{
	vg_cleanup(vg_buf_freep) struct vg_buf line = {.max = VG_ANCHORS_LINE};
	vg_cleanup(vg_anchors_freep) struct vg_anchors *a = NULL;
	int r, depth;

	a = calloc(1, sizeof(*a));
	if (!a)
		return -ENOMEM;
	while (next_line(&text, &line, &depth)) {
		if (vg_buf_error(&line))
			return vg_buf_error(&line) == -ENOMEM ? -ENOMEM
							      : -E2BIG;
		if (depth != 0)
			return -EINVAL;
		if (is_blank(vg_buf_text(&line)))
			continue;
		if (a->n == VG_ANCHORS_RECORDS)
			return -E2BIG;
		r = parse_record(vg_buf_text(&line), &a->items[a->n]);
		if (r < 0)
			return r;
		a->n++;
	}
	*ret = VG_TAKE_PTR(a);
	return 0;
}

const char *vg_anchors_canary(const struct vg_anchors *a)
{
	for (size_t i = 0; i < a->n; i++)
		if (strcmp(a->items[i].zone, ".") == 0)
			return ".";
	return a->n > 0 ? a->items[0].zone : ".";
}

bool vg_zone_contains(const char *zone, const char *name)
{
	size_t nz = strlen(zone), nn = strlen(name);

	if (strcmp(zone, ".") == 0)
		return true;
	if (nn < nz || strcasecmp(name + nn - nz, zone) != 0)
		return false;
	return nn == nz || name[nn - nz - 1] == '.';
}

bool vg_anchors_cover(const struct vg_anchors *a, const char *zone)
{
	for (size_t i = 0; i < a->n; i++)
		if (strcmp(a->items[i].zone, ".") != 0 &&
		    vg_zone_contains(a->items[i].zone, zone))
			return true;
	return false;
}
