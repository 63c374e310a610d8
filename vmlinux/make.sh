#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
# Prints vmlinux.h: of all the types of a kernel, those that bpf/ uses.
#   make.sh [BTF]     default /sys/kernel/btf/vmlinux
# See README.md for when.
set -eu
btf=${1:-/sys/kernel/btf/vmlinux}
dump=$(mktemp)
trap 'rm -f "$dump"' EXIT
bpftool btf dump file "$btf" format c >"$dump"

cat <<'HEAD'
/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Made by vmlinux/make.sh; do not edit.  See vmlinux/README.md. */
#pragma once

typedef unsigned char __u8;
typedef short int __s16;
typedef unsigned short __u16;
typedef int __s32;
typedef unsigned int __u32;
typedef long long int __s64;
typedef unsigned long long __u64;
typedef __u16 __be16;
typedef __u32 __be32;
typedef __u32 __wsum;
typedef _Bool bool;
enum { false = 0, true = 1 };
HEAD

# A block is one type at the outermost level.  Named types are wanted by name,
# anonymous enums by one of their members.
awk '
BEGIN {
	n = split("enum bpf_map_type;struct bpf_sock;struct bpf_sock_addr;" \
		  "struct bpf_sock_ops;struct __sk_buff;struct bpf_spin_lock", \
		  list, ";")
	for (i = 1; i <= n; i++)
		named[list[i]] = 1
	n = split("BPF_F_RDONLY_PROG BPF_RB_FORCE_WAKEUP BPF_RB_AVAIL_DATA " \
		  "BPF_SK_STORAGE_GET_F_CREATE BPF_SOCK_OPS_TCP_CONNECT_CB " \
		  "BPF_SOCK_OPS_STATE_CB_FLAG BPF_TCP_LISTEN IPPROTO_TCP", \
		  list, " ")
	for (i = 1; i <= n; i++)
		member[list[i]] = 1
}
/^(struct|union|enum)( [A-Za-z_0-9]+)? \{$/ {
	block = ""
	inside = 1
	wanted = ($1 " " $2) in named
}
inside {
	block = block $0 "\n"
	word = $1
	sub(/,$/, "", word)
	if (word in member)
		wanted = 1
}
/^\};?/ && inside {
	inside = 0
	if (wanted)
		printf "\n%s", block
}' "$dump"
