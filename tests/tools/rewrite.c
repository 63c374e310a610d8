/* SPDX-License-Identifier: Apache-2.0 */
/*
 * rewrite -- another program on the same cgroup, which changes where TCP
 * connections go after ours has judged them.
 *   rewrite CGROUP FROM TO COMMAND...
 * Attaches for as long as COMMAND runs.  IPv4 addresses.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <bpf/bpf.h>

#include "base/cleanup.h"
#include "base/fd.h"

#define INSN(c, d, s, o, i)                                                    \
	((struct bpf_insn){.code = (c),                                        \
			   .dst_reg = (d),                                     \
			   .src_reg = (s),                                     \
			   .off = (o),                                         \
			   .imm = (i)})

/* if (ctx->user_ip4 == from) ctx->user_ip4 = to; return 1; */
static int load(uint32_t from, uint32_t to)
{
	const short at = offsetof(struct bpf_sock_addr, user_ip4);
	const struct bpf_insn program[] = {
		INSN(BPF_LDX | BPF_MEM | BPF_W, 2, 1, at, 0),
		INSN(BPF_LD | BPF_DW | BPF_IMM, 3, 0, 0, (int)from),
		INSN(0, 0, 0, 0, 0),
		INSN(BPF_JMP | BPF_JNE | BPF_X, 2, 3, 3, 0),
		INSN(BPF_LD | BPF_DW | BPF_IMM, 2, 0, 0, (int)to),
		INSN(0, 0, 0, 0, 0),
		INSN(BPF_STX | BPF_MEM | BPF_W, 1, 2, at, 0),
		INSN(BPF_ALU64 | BPF_MOV | BPF_K, 0, 0, 0, 1),
		INSN(BPF_JMP | BPF_EXIT, 0, 0, 0, 0),
	};
	LIBBPF_OPTS(bpf_prog_load_opts, opts,
		    .expected_attach_type = BPF_CGROUP_INET4_CONNECT);

	return bpf_prog_load(BPF_PROG_TYPE_CGROUP_SOCK_ADDR, "rewrite", "GPL",
			     program, VG_ARRAY_LEN(program), &opts);
}

static int run(char **command)
{
	pid_t pid = fork();
	int status;

	if (pid < 0)
		return -errno;
	if (pid == 0) {
		execvp(command[0], command);
		_exit(127);
	}
	if (waitpid(pid, &status, 0) < 0)
		return -errno;
	return WIFEXITED(status) ? WEXITSTATUS(status) : EXIT_FAILURE;
}

int main(int argc, char **argv)
{
	vg_cleanup(vg_fd_closep) int cgroup = -1, program = -1, link = -1;
	struct in_addr from, to;

	if (argc < 5 || inet_pton(AF_INET, argv[2], &from) != 1 ||
	    inet_pton(AF_INET, argv[3], &to) != 1) {
		fputs("usage: rewrite CGROUP FROM TO COMMAND...\n", stderr);
		return 2;
	}
	cgroup = open(argv[1], O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	program = load(from.s_addr, to.s_addr);
	if (cgroup < 0 || program < 0) {
		fprintf(stderr, "rewrite: %s\n", strerror(errno));
		return EXIT_FAILURE;
	}
	link = bpf_link_create(program, cgroup, BPF_CGROUP_INET4_CONNECT, NULL);
	if (link < 0) {
		fprintf(stderr, "rewrite: %s\n", strerror(errno));
		return EXIT_FAILURE;
	}
	return run(argv + 4);
}
