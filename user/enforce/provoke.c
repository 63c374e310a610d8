/* SPDX-License-Identifier: Apache-2.0 */
#include "enforce/provoke.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdbool.h>
#include <string.h>
#include <sys/socket.h>

#include "base/cleanup.h"
#include "base/fd.h"

#define DISCARD 9

union address {
	struct sockaddr any;
	struct sockaddr_in v4;
	struct sockaddr_in6 v6;
};

/* How each layer is provoked. */
struct way {
	bool ipv6;
	int type;
	bool connected; /* before the attach */
	int (*provoke)(int fd, const union address *to, socklen_t size);
};

static int do_connect(int fd, const union address *to, socklen_t size)
{
	return connect(fd, &to->any, size) < 0 ? -errno : 0;
}

static int do_sendto(int fd, const union address *to, socklen_t size)
{
	return sendto(fd, "", 1, 0, &to->any, size) < 0 ? -errno : 0;
}

static int do_send(int fd, const union address *to, socklen_t size)
{
	(void)to;
	(void)size;
	return send(fd, "", 1, 0) < 0 ? -errno : 0;
}

static const struct way ways[VG_LAYER_COUNT] = {
	[VG_LAYER_CONNECT4] = {.type = SOCK_DGRAM, .provoke = do_connect},
	[VG_LAYER_CONNECT6] = {.ipv6 = true,
			       .type = SOCK_DGRAM,
			       .provoke = do_connect},
	[VG_LAYER_SENDMSG4] = {.type = SOCK_DGRAM, .provoke = do_sendto},
	[VG_LAYER_SENDMSG6] = {.ipv6 = true,
			       .type = SOCK_DGRAM,
			       .provoke = do_sendto},
	[VG_LAYER_SOCK_OPS] = {.type = SOCK_STREAM, .provoke = do_connect},
	[VG_LAYER_EGRESS] = {.type = SOCK_DGRAM,
			     .connected = true,
			     .provoke = do_send},
};

static socklen_t make_address(bool ipv6, union address *ret)
{
	memset(ret, 0, sizeof(*ret));
	if (ipv6) {
		ret->v6.sin6_family = AF_INET6;
		ret->v6.sin6_port = htons(DISCARD);
		ret->v6.sin6_addr = in6addr_loopback;
		return sizeof(ret->v6);
	}
	ret->v4.sin_family = AF_INET;
	ret->v4.sin_port = htons(DISCARD);
	ret->v4.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	return sizeof(ret->v4);
}

/* A host may have the family and no address of it: bind tells. */
static int check_ipv6(int fd)
{
	union address any;
	socklen_t size = make_address(true, &any);

	any.v6.sin6_port = 0;
	return bind(fd, &any.any, size) < 0 ? -errno : 0;
}

int vg_provoke_prepare(enum vg_layer layer, int *ret_fd)
{
	const struct way *way = &ways[layer];
	vg_cleanup(vg_fd_closep) int fd = -1;
	union address to;
	socklen_t size = make_address(way->ipv6, &to);
	int r = 0;

	fd = socket(way->ipv6 ? AF_INET6 : AF_INET,
		    way->type | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0)
		return -errno;
	if (way->ipv6)
		r = check_ipv6(fd);
	else if (way->connected)
		r = do_connect(fd, &to, size);
	if (r < 0)
		return r;

	*ret_fd = VG_TAKE_FD(fd);
	return 0;
}

int vg_provoke(enum vg_layer layer, int fd)
{
	const struct way *way = &ways[layer];
	union address to;
	socklen_t size = make_address(way->ipv6, &to);

	return way->provoke(fd, &to, size);
}
