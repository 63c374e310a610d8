/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The reader of the ring against a real one, filled by a small BPF program
 * that the test runs itself (BPF_PROG_TEST_RUN).  Speaks TAP; needs root.
 */
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <unistd.h>

#include <bpf/bpf.h>
#include <linux/bpf.h>

#include "events/ring.h"

#define RING_BYTES (1 << 20)
#define NO_WAKEUP  1 /* BPF_RB_NO_WAKEUP */
#define FORCE	   2 /* BPF_RB_FORCE_WAKEUP */
#define FLOOD_RUNS 2000000
#define RECORD	   8

static int count, failed;
static uint64_t records, out_of_order, last;

static void ok(bool good, const char *name)
{
	printf("%sok %d - %s\n", good ? "" : "not ", ++count, name);
	failed += good ? 0 : 1;
}

static void on_event(void *ctx, const void *data, size_t size)
{
	uint64_t number;

	(void)ctx;
	if (size != RECORD) {
		out_of_order++;
		return;
	}
	memcpy(&number, data, sizeof(number));
	out_of_order += number <= last && last != 0 ? 1 : 0;
	last = number;
	records++;
}

/* socket filter: *(u64 *)(fp - 8) = ktime; ringbuf_output(map, fp - 8, 8, FLAGS) */
static int load_producer(int map, int flags)
{
	const struct bpf_insn code[] = {
		{.code = BPF_JMP | BPF_CALL, .imm = BPF_FUNC_ktime_get_ns},
		{.code = BPF_STX | BPF_MEM | BPF_DW,
		 .dst_reg = 10,
		 .src_reg = 0,
		 .off = -8},
		{.code = BPF_LD | BPF_IMM | BPF_DW,
		 .dst_reg = 1,
		 .src_reg = BPF_PSEUDO_MAP_FD,
		 .imm = map},
		{0},
		{.code = BPF_ALU64 | BPF_MOV | BPF_X,
		 .dst_reg = 2,
		 .src_reg = 10},
		{.code = BPF_ALU64 | BPF_ADD | BPF_K, .dst_reg = 2, .imm = -8},
		{.code = BPF_ALU64 | BPF_MOV | BPF_K,
		 .dst_reg = 3,
		 .imm = RECORD},
		{.code = BPF_ALU64 | BPF_MOV | BPF_K,
		 .dst_reg = 4,
		 .imm = flags},
		{.code = BPF_JMP | BPF_CALL, .imm = BPF_FUNC_ringbuf_output},
		{.code = BPF_JMP | BPF_EXIT},
	};

	return bpf_prog_load(BPF_PROG_TYPE_SOCKET_FILTER, "produce", "GPL",
			     code, sizeof(code) / sizeof(code[0]), NULL);
}

/* 0 or -1: what the last run of the program returned. */
static int produce(int prog, int runs)
{
	static const uint8_t packet[64] = {0};
	LIBBPF_OPTS(bpf_test_run_opts, opts, .data_in = packet,
		    .data_size_in = sizeof(packet), .repeat = runs);

	if (bpf_prog_test_run_opts(prog, &opts) < 0)
		return -1;
	return opts.retval == 0 ? 0 : -1;
}

static bool wakes(int fd, int ms)
{
	struct epoll_event e;
	const int outer = epoll_create1(EPOLL_CLOEXEC);
	struct epoll_event want = {.events = EPOLLIN};
	bool woke;

	if (outer < 0 || epoll_ctl(outer, EPOLL_CTL_ADD, fd, &want) < 0)
		return false;
	woke = epoll_wait(outer, &e, 1, ms) == 1;
	(void)close(outer);
	return woke;
}

static void drains_what_is_there(struct vg_ring *ring, int prog)
{
	ok(vg_ring_drain(ring, 100) == 0, "an empty ring gives nothing");
	ok(produce(prog, 250) == 0, "250 records are made");
	ok(vg_ring_drain(ring, 100) == 100, "at most so many as asked for");
	ok(vg_ring_drain(ring, 100) == 100, "and again");
	ok(vg_ring_drain(ring, 100) == 50, "and the rest");
	ok(vg_ring_drain(ring, 1) == 0, "and no more");
	ok(records == 250 && out_of_order == 0, "each once, in order");
}

static void wakes_only_when_told(struct vg_ring *ring, int silent, int loud)
{
	(void)produce(silent, 1);
	ok(!wakes(vg_ring_fd(ring), 50), "no wake: a record may lie there");
	ok(vg_ring_drain(ring, 10) == 1, "which a drain finds");
	(void)produce(loud, 1);
	ok(wakes(vg_ring_fd(ring), 1000), "a wake is seen on the fd");
	ok(vg_ring_drain(ring, 10) == 1, "and drained");
}

static atomic_bool flood_over;
static int flood_prog;

static void *flood(void *arg)
{
	(void)arg;
	(void)produce(flood_prog, FLOOD_RUNS);
	atomic_store(&flood_over, true);
	return NULL;
}

/* A flood never holds the loop: each drain ends after so many records. */
static void survives_a_flood(struct vg_ring *ring, int prog)
{
	pthread_t thread;
	bool bounded = true;
	int n, drains = 0;

	records = 0;
	flood_prog = prog;
	if (pthread_create(&thread, NULL, flood, NULL) != 0)
		return;
	do {
		n = vg_ring_drain(ring, 1000);
		bounded = bounded && n >= 0 && n <= 1000;
		drains++;
	} while (!atomic_load(&flood_over) || n > 0);
	(void)pthread_join(thread, NULL);
	ok(bounded, "no drain goes beyond its bound");
	ok(drains > 100 && records > 100000, "many drains, much drained");
	ok(out_of_order == 0, "in order to the end");
	printf("# %llu of %d records, %d drains\n", (unsigned long long)records,
	       FLOOD_RUNS, drains);
}

int main(void)
{
	struct vg_ring *ring = NULL;
	int map, silent, loud;

	(void)alarm(120);
	map = bpf_map_create(BPF_MAP_TYPE_RINGBUF, "ring", 0, 0, RING_BYTES,
			     NULL);
	silent = load_producer(map, NO_WAKEUP);
	loud = load_producer(map, FORCE);
	ok(map >= 0 && silent >= 0 && loud >= 0, "a ring and its producers");
	ok(vg_ring_new(silent, on_event, NULL, &ring) < 0 && !ring,
	   "only a ring is a ring");
	ok(vg_ring_new(map, on_event, NULL, &ring) == 0, "the reader starts");
	if (ring) {
		drains_what_is_there(ring, silent);
		wakes_only_when_told(ring, silent, loud);
		survives_a_flood(ring, silent);
	}
	vg_ring_freep(&ring);
	vg_ring_freep(&ring); /* twice is harmless */
	printf("1..%d\n", count);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
