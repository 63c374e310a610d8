/* SPDX-License-Identifier: Apache-2.0 */
/*
 * hammer [-t THREADS] [-w PAUSE_US] [-g ADDRESS]... [-r ADDRESS]... PORT
 *
 * Connects and sends all the time: to the addresses of -g, where it must
 * always work (echo), and to those of -r, where EPERM must come each time.
 * TCP and UDP, connected and not; and each thread keeps one TCP connection to
 * the first -g open all the while.  A line on stdin is answered with
 *   granted N failed N refused N leaked N
 * since the last such line; at its end come the sums, and the exit status is
 * 0 only if nothing failed and nothing leaked.
 */
#include <arpa/inet.h>
#include <err.h>
#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include "base/num.h"

#define TARGETS_MAX 8
#define THREADS_MAX 16
#define TOLD_MAX    20 /* failures that are written to stderr */

struct target {
	struct sockaddr_storage address;
	socklen_t size;
	char text[64];
};

enum counter { GRANTED, FAILED, REFUSED, LEAKED, COUNTERS };

static struct target granted[TARGETS_MAX], refused[TARGETS_MAX];
static size_t n_granted, n_refused;
static uint32_t n_threads = 4, pause_us = 500;
static atomic_bool stopping;
static atomic_ullong counts[COUNTERS];
static atomic_int told;

static void parse(const char *text, uint32_t port, struct target *t)
{
	struct sockaddr_in *a = (struct sockaddr_in *)&t->address;
	struct sockaddr_in6 *a6 = (struct sockaddr_in6 *)&t->address;

	snprintf(t->text, sizeof(t->text), "%s", text);
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

static int open_socket(const struct target *t, int type)
{
	const struct linger abort = {.l_onoff = 1};
	const struct timeval patience = {.tv_sec = 10};
	int fd = socket(t->address.ss_family, type | SOCK_CLOEXEC, 0);

	if (fd < 0)
		err(2, "socket");
	/* No TIME_WAIT: the ports of one minute would not last. */
	if (type == SOCK_STREAM)
		setsockopt(fd, SOL_SOCKET, SO_LINGER, &abort, sizeof(abort));
	setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof(patience));
	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
	return fd;
}

static int exchange(int fd)
{
	char octet = 'x';
	ssize_t n;

	if (send(fd, &octet, 1, MSG_NOSIGNAL) != 1)
		return -errno;
	n = recv(fd, &octet, 1, 0);
	return n == 1 ? 0 : n == 0 ? -EPIPE : -errno;
}

static int try_connected(const struct target *t, int type)
{
	int fd = open_socket(t, type), r;

	r = connect(fd, (const struct sockaddr *)&t->address, t->size) < 0
		    ? -errno
		    : exchange(fd);
	close(fd);
	return r;
}

static int try_tcp(const struct target *t)
{
	return try_connected(t, SOCK_STREAM);
}

static int try_udp(const struct target *t)
{
	return try_connected(t, SOCK_DGRAM);
}

static int try_sendto(const struct target *t)
{
	int fd = open_socket(t, SOCK_DGRAM), r = 0;
	char octet = 'x';

	if (sendto(fd, &octet, 1, 0, (const struct sockaddr *)&t->address,
		   t->size) != 1 ||
	    recv(fd, &octet, 1, 0) != 1)
		r = -errno;
	close(fd);
	return r;
}

static const struct {
	const char *name;
	int (*fn)(const struct target *t);
} ways[] = {
	{"tcp", try_tcp},
	{"udp", try_udp},
	{"sendto", try_sendto},
};

static void tell(const char *what, const char *way, const struct target *t,
		 int r)
{
	if (atomic_fetch_add(&told, 1) < TOLD_MAX)
		fprintf(stderr, "hammer: %s: %s %s: %s\n", what, way, t->text,
			r < 0 ? strerrorname_np(-r) : "it worked");
}

static void count(bool wanted, size_t way, const struct target *t, int r)
{
	const bool right = wanted ? r == 0 : r == -EPERM;

	atomic_fetch_add(&counts[wanted ? GRANTED : REFUSED], 1);
	if (right)
		return;
	atomic_fetch_add(&counts[wanted ? FAILED : LEAKED], 1);
	tell(wanted ? "failed" : "leaked", ways[way].name, t, r);
}

static void try_all(bool wanted, size_t way)
{
	const struct target *list = wanted ? granted : refused;
	const size_t n = wanted ? n_granted : n_refused;

	for (size_t i = 0; i < n; i++) {
		count(wanted, way, &list[i], ways[way].fn(&list[i]));
		usleep(pause_us);
	}
}

static void *work(void *arg)
{
	const struct target *t = &granted[0];
	int steady = n_granted ? open_socket(t, SOCK_STREAM) : -1, r;
	size_t way = (size_t)(uintptr_t)arg;

	if (steady >= 0 &&
	    connect(steady, (const struct sockaddr *)&t->address, t->size) < 0)
		err(2, "hammer: the connection that stays");
	while (!atomic_load(&stopping)) {
		way = (way + 1) % (sizeof(ways) / sizeof(ways[0]));
		try_all(true, way);
		try_all(false, way);
		r = steady >= 0 ? exchange(steady) : 0;
		if (r == 0)
			continue;
		atomic_fetch_add(&counts[FAILED], 1);
		tell("failed", "open connection", t, r);
		close(steady);
		steady = -1;
	}
	close(steady);
	return NULL;
}

/* What was counted since LAST, which moves on to now. */
static void print(const char *prefix, unsigned long long *last)
{
	static const char *const names[COUNTERS] = {
		[GRANTED] = "granted",
		[FAILED] = "failed",
		[REFUSED] = "refused",
		[LEAKED] = "leaked",
	};

	printf("%s", prefix);
	for (size_t i = 0; i < COUNTERS; i++) {
		unsigned long long now = atomic_load(&counts[i]);

		printf("%s %llu%c", names[i], now - last[i],
		       i + 1 < COUNTERS ? ' ' : '\n');
		last[i] = now;
	}
	fflush(stdout);
}

static void answer_lines(void)
{
	unsigned long long last[COUNTERS] = {0};
	char line[64];

	while (fgets(line, sizeof(line), stdin))
		print("", last);
}

/* What getopt found, kept until the port is known. */
static void take(int argc, char **argv)
{
	const char *grants[TARGETS_MAX], *denies[TARGETS_MAX];
	uint32_t port;
	int option;

	while ((option = getopt(argc, argv, "t:w:g:r:")) != -1) {
		if (option == 't' &&
		    vg_num_u32(optarg, 1, THREADS_MAX, &n_threads) == 0)
			continue;
		if (option == 'w' &&
		    vg_num_u32(optarg, 0, 1000000, &pause_us) == 0)
			continue;
		if (option == 'g' && n_granted < TARGETS_MAX)
			grants[n_granted++] = optarg;
		else if (option == 'r' && n_refused < TARGETS_MAX)
			denies[n_refused++] = optarg;
		else
			errx(2, "usage: see the head of hammer.c");
	}
	if (optind != argc - 1 || vg_num_u32(argv[optind], 1, 65535, &port) < 0)
		errx(2, "usage: hammer [options] PORT");
	for (size_t i = 0; i < n_granted; i++)
		parse(grants[i], port, &granted[i]);
	for (size_t i = 0; i < n_refused; i++)
		parse(denies[i], port, &refused[i]);
}

int main(int argc, char **argv)
{
	unsigned long long zero[COUNTERS] = {0};
	pthread_t threads[THREADS_MAX];

	take(argc, argv);
	for (uint32_t i = 0; i < n_threads; i++)
		if (pthread_create(&threads[i], NULL, work,
				   (void *)(uintptr_t)i) != 0)
			errx(2, "pthread_create");
	answer_lines();
	atomic_store(&stopping, true);
	for (uint32_t i = 0; i < n_threads; i++)
		pthread_join(threads[i], NULL);
	print("total ", zero);
	return atomic_load(&counts[FAILED]) || atomic_load(&counts[LEAKED]);
}
