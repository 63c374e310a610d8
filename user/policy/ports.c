/* SPDX-License-Identifier: Apache-2.0 */
#include "policy/ports.h"

#include <errno.h>
#include <netinet/in.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/num.h"

#define PORT_MAX   65535
#define PORTS_TEXT 15 /* "65535-65535/udp" */

static const struct {
	const char *name;
	uint8_t proto;
} protocols[] = {
	{"tcp", IPPROTO_TCP},
	{"udp", IPPROTO_UDP},
};

const char *vg_ports_proto_name(uint8_t proto)
{
	for (size_t i = 0; i < VG_ARRAY_LEN(protocols); i++)
		if (protocols[i].proto == proto)
			return protocols[i].name;
	return "?";
}

static bool proto_parse(const char *name, uint8_t *ret)
{
	for (size_t i = 0; i < VG_ARRAY_LEN(protocols); i++) {
		if (strcmp(protocols[i].name, name) == 0) {
			*ret = protocols[i].proto;
			return true;
		}
	}
	return false;
}

static const char *port_parse(const char *text, uint16_t *ret)
{
	uint32_t port;
	int r;

	r = vg_num_u32(text, 1, PORT_MAX, &port);
	if (r == -ERANGE)
		return "a port is a number from 1 to 65535";
	if (r < 0)
		return "not a port number, FIRST-LAST or '*'";

	*ret = (uint16_t)port;
	return NULL;
}

/* NUMBERS is what stands before the slash; it is cut into pieces. */
static const char *numbers_parse(char *numbers, struct vg_ports *p)
{
	char *dash = strchr(numbers, '-');
	const char *error;

	if (strcmp(numbers, "*") == 0)
		return NULL; /* first and last stay 0 */
	if (dash)
		*dash = '\0';
	error = port_parse(numbers, &p->first);
	if (error)
		return error;
	p->last = p->first;
	if (!dash)
		return NULL;

	error = port_parse(dash + 1, &p->last);
	if (error)
		return error;
	if (p->last < p->first)
		return "the range is reversed";
	if (vg_ports_count(p) > VG_PORT_RANGE_MAX)
		return "the range is wider than 256 ports";
	return NULL;
}

const char *vg_ports_parse(const char *text, struct vg_ports *ret)
{
	char copy[PORTS_TEXT + 1];
	struct vg_ports p = {0};
	const char *error;
	char *slash;

	if (strlen(text) > PORTS_TEXT)
		return "not PORT/PROTOCOL";
	memcpy(copy, text, strlen(text) + 1);
	slash = strchr(copy, '/');
	if (!slash)
		return "the protocol is missing (/tcp or /udp)";
	*slash = '\0';
	if (!proto_parse(slash + 1, &p.proto))
		return "the protocol is not tcp or udp";
	error = numbers_parse(copy, &p);
	if (error)
		return error;

	*ret = p;
	return NULL;
}

void vg_ports_text(const struct vg_ports *p, struct vg_buf *out)
{
	if (p->first == 0)
		vg_buf_puts(out, "*");
	else if (p->first == p->last)
		vg_buf_printf(out, "%u", p->first);
	else
		vg_buf_printf(out, "%u-%u", p->first, p->last);
	vg_buf_printf(out, "/%s", vg_ports_proto_name(p->proto));
}

void vg_ports_list(const struct vg_ports *p, size_t n, struct vg_buf *out)
{
	for (size_t i = 0; i < n; i++) {
		if (i > 0)
			vg_buf_puts(out, ", ");
		vg_ports_text(&p[i], out);
	}
}

bool vg_ports_equal(const struct vg_ports *a, const struct vg_ports *b)
{
	return a->proto == b->proto && a->first == b->first &&
	       a->last == b->last;
}

bool vg_ports_overlap(const struct vg_ports *a, const struct vg_ports *b)
{
	if (a->proto != b->proto)
		return false;
	if (a->first == 0 || b->first == 0)
		return true;
	return a->first <= b->last && b->first <= a->last;
}

bool vg_ports_contain(const struct vg_ports *p, uint8_t proto, uint16_t port)
{
	if (p->proto != proto)
		return false;
	return p->first == 0 || (port >= p->first && port <= p->last);
}

uint32_t vg_ports_count(const struct vg_ports *p)
{
	return 1U + p->last - p->first;
}
