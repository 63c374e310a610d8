/* SPDX-License-Identifier: Apache-2.0 */
#include "control/destination.h"

#include <errno.h>
#include <netinet/in.h>
#include <string.h>

#include "base/num.h"
#include "policy/host.h"

#define TEXT_MAX 300 /* a name, brackets, port and protocol */

/* Cut "/tcp" or "/udp" off TEXT. */
static int take_proto(char *text, uint8_t *ret)
{
	char *const slash = strchr(text, '/');

	*ret = 0;
	if (!slash)
		return 0;
	if (strcmp(slash, "/tcp") == 0)
		*ret = IPPROTO_TCP;
	else if (strcmp(slash, "/udp") == 0)
		*ret = IPPROTO_UDP;
	else
		return -EINVAL;
	*slash = '\0';
	return 0;
}

/* Where the port begins: after "]:", or after the only colon; else NULL. */
static char *find_port(char *text)
{
	char *const colon = strrchr(text, ':');

	if (!colon)
		return NULL;
	if (text[0] == '[')
		return colon > text && colon[-1] == ']' ? colon : NULL;
	return strchr(text, ':') == colon ? colon : NULL;
}

/* Cut ":443" off TEXT. */
static int take_port(char *text, uint16_t *ret)
{
	char *const colon = find_port(text);
	uint32_t port = 0;
	int r;

	*ret = 0;
	if (!colon)
		return 0;
	r = vg_num_u32(colon + 1, 1, 65535, &port);
	if (r < 0)
		return -EINVAL;
	*ret = (uint16_t)port;
	*colon = '\0';
	return 0;
}

/* "[2001:db8::1]" -> "2001:db8::1"; only an IPv6 address wears brackets. */
static int take_brackets(char *text, char **ret)
{
	const size_t length = strlen(text);

	*ret = text;
	if (text[0] != '[')
		return 0;
	if (text[length - 1] != ']' || !strchr(text, ':'))
		return -EINVAL;
	text[length - 1] = '\0';
	*ret = text + 1;
	return 0;
}

int vg_destination_parse(const char *text, struct vg_destination *ret)
{
	struct vg_destination d = {0};
	char copy[TEXT_MAX], *name;

	if (strlen(text) >= sizeof(copy))
		return -EINVAL;
	(void)strcpy(copy, text);
	if (take_proto(copy, &d.proto) < 0 || take_port(copy, &d.port) < 0 ||
	    take_brackets(copy, &name) < 0)
		return -EINVAL;

	d.is_address = vg_address_parse(name, &d.address) == 0;
	if (!d.is_address &&
	    (name != copy || vg_zone_parse(name, strlen(name), d.host)))
		return -EINVAL;
	*ret = d;
	return 0;
}
