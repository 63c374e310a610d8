/* SPDX-License-Identifier: Apache-2.0 */
/*
 * dial [-u] [-k] ADDRESS PORT [TIMES] -- connects as its first act, sends one
 * octet, waits for the echo.  Exit: 0 it came; 1 refused (EPERM); 2 anything
 * else.  With -u by UDP.  With TIMES it does so that often and prints how many
 * were refused.
 * With -k it keeps the connection: for each line of stdin it sends an octet,
 * waits for the echo, and prints "ok" or the name of the error.
 */
#include <arpa/inet.h>
#include <err.h>
#include <errno.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include "base/num.h"

struct target {
	struct sockaddr_storage address;
	socklen_t size;
	int type;
};

static void parse(const char *text, uint32_t port, struct target *t)
{
	struct sockaddr_in *a = (struct sockaddr_in *)&t->address;
	struct sockaddr_in6 *a6 = (struct sockaddr_in6 *)&t->address;

	if (inet_pton(AF_INET, text, &a->sin_addr) == 1) {
		a->sin_family = AF_INET;
		a->sin_port = htons((uint16_t)port);
		t->size = sizeof(*a);
	} else if (inet_pton(AF_INET6, text, &a6->sin6_addr) == 1) {
		a6->sin6_family = AF_INET6;
		a6->sin6_port = htons((uint16_t)port);
		t->size = sizeof(*a6);
	} else {
		errx(2, "%s: not an address", text);
	}
}

/* An fd, or -errno. */
static int dial(const struct target *t)
{
	const struct timeval patience = {.tv_sec = 3};
	int fd, r;

	fd = socket(t->address.ss_family, t->type | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return -errno;
	setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof(patience));
	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
	if (connect(fd, (const struct sockaddr *)&t->address, t->size) == 0)
		return fd;
	r = -errno;
	close(fd);
	return r;
}

static int exchange(int fd)
{
	char octet = 'x';

	if (send(fd, &octet, 1, MSG_NOSIGNAL) != 1)
		return -errno;
	switch (recv(fd, &octet, 1, 0)) {
	case 1:
		return 0;
	case 0:
		return -EPIPE;
	default:
		return -errno;
	}
}

static int once(const struct target *t)
{
	int fd, r;

	fd = dial(t);
	if (fd < 0)
		return fd;
	r = exchange(fd);
	close(fd);
	return r;
}

static int keep(const struct target *t)
{
	char line[64];
	int fd, r;

	fd = dial(t);
	puts(fd < 0 ? strerrorname_np(-fd) : "ok");
	fflush(stdout);
	while (fd >= 0 && fgets(line, sizeof(line), stdin)) {
		r = exchange(fd);
		puts(r < 0 ? strerrorname_np(-r) : "ok");
		fflush(stdout);
	}
	return 0;
}

int main(int argc, char **argv)
{
	struct target t = {.type = SOCK_STREAM};
	uint32_t port, times = 1, refused = 0;
	bool keeps = false;
	int option, r = 0;

	while ((option = getopt(argc, argv, "uk")) != -1) {
		if (option == 'u')
			t.type = SOCK_DGRAM;
		else if (option == 'k')
			keeps = true;
		else
			return 2;
	}
	argv += optind;
	argc -= optind;
	if (argc < 2 || vg_num_u32(argv[1], 1, 65535, &port) < 0 ||
	    (argc > 2 && vg_num_u32(argv[2], 1, 10000000, &times) < 0))
		errx(2, "usage: dial [-u] [-k] ADDRESS PORT [TIMES]");
	parse(argv[0], port, &t);
	if (keeps)
		return keep(&t);
	for (uint32_t i = 0; i < times; i++) {
		r = once(&t);
		refused += r == -EPERM;
	}
	if (argc > 2)
		printf("%u\n", refused);
	if (r < 0 && r != -EPERM)
		fprintf(stderr, "dial: %s\n", strerrorname_np(-r));
	return r == 0 ? 0 : r == -EPERM ? 1 : 2;
}
