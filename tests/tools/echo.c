/* SPDX-License-Identifier: Apache-2.0 */
/*
 * echo PORT -- sends back what it is told, TCP and UDP, IPv4 and IPv6, one
 * epoll loop for all.  Prints "listening" when it does.
 */
#include <err.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/num.h"

#define EVENTS 64

static int bind_any(int type, uint16_t port)
{
	const struct sockaddr_in6 any = {.sin6_family = AF_INET6,
					 .sin6_port = htons(port)};
	const int on = 1, off = 0;
	int fd;

	fd = socket(AF_INET6, type | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (fd < 0)
		err(1, "socket");
	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
	setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &off, sizeof(off));
	if (bind(fd, (const struct sockaddr *)&any, sizeof(any)) < 0)
		err(1, "bind");
	if (type == SOCK_STREAM && listen(fd, 4096) < 0)
		err(1, "listen");
	return fd;
}

static void watch(int loop, int fd)
{
	struct epoll_event e = {.events = EPOLLIN, .data.fd = fd};

	if (epoll_ctl(loop, EPOLL_CTL_ADD, fd, &e) < 0)
		err(1, "epoll_ctl");
}

static void accept_all(int loop, int listener)
{
	int fd;

	while ((fd = accept4(listener, NULL, NULL,
			     SOCK_NONBLOCK | SOCK_CLOEXEC)) >= 0)
		watch(loop, fd);
}

static void echo_datagrams(int fd)
{
	struct sockaddr_storage from;
	socklen_t size = sizeof(from);
	char data[2048];
	ssize_t n;

	while ((n = recvfrom(fd, data, sizeof(data), 0,
			     (struct sockaddr *)&from, &size)) >= 0) {
		sendto(fd, data, (size_t)n, 0, (struct sockaddr *)&from, size);
		size = sizeof(from);
	}
}

static void echo_stream(int fd)
{
	char data[2048];
	ssize_t n = recv(fd, data, sizeof(data), 0);

	if (n < 0 && errno == EAGAIN)
		return;
	if (n <= 0 || send(fd, data, (size_t)n, MSG_NOSIGNAL) != n)
		close(fd);
}

int main(int argc, char **argv)
{
	struct epoll_event events[EVENTS];
	int loop, tcp, udp, n;
	uint32_t port;

	if (argc != 2 || vg_num_u32(argv[1], 1, 65535, &port) < 0)
		errx(2, "usage: echo PORT");
	loop = epoll_create1(EPOLL_CLOEXEC);
	tcp = bind_any(SOCK_STREAM, (uint16_t)port);
	udp = bind_any(SOCK_DGRAM, (uint16_t)port);
	watch(loop, tcp);
	watch(loop, udp);
	puts("listening");
	fflush(stdout);
	for (;;) {
		n = epoll_wait(loop, events, EVENTS, -1);
		for (int i = 0; i < n; i++) {
			int fd = events[i].data.fd;

			if (fd == tcp)
				accept_all(loop, tcp);
			else if (fd == udp)
				echo_datagrams(udp);
			else
				echo_stream(fd);
		}
	}
}
