#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# abi.h means the same to the BPF compiler as to the C compiler, and a
# difference would be seen.
set -u
# shellcheck source=tests/lib.sh
. "$(dirname "$0")/../lib.sh"
T=$(mktemp -d)
trap 'rm -rf "$T"' EXIT

layout() { "$BIN/tools/layout" "$1"; }

# An object made with an abi.h that the sed SCRIPT changed.
made_with() {
    mkdir -p "$T/verigress"
    sed "$1" "$TOP/include/verigress/abi.h" >"$T/verigress/abi.h"
    cmp -s "$T/verigress/abi.h" "$TOP/include/verigress/abi.h" && return 1
    clang -target bpf -mcpu=v2 -g -O2 -std=gnu11 -I"$T" -I"$TOP/vmlinux" \
        -I"$TOP/bpf" -I/usr/include -c "$TOP/bpf/verigress.bpf.c" -o "$T/wrong.o"
}

check "the object is as abi.h has it" layout "$TOP/build/skel/verigress.bpf.o"

check "made: two fields of an event exchanged" made_with '
    s|__u64 sent;.*|__u64 keep_;|; s|__u64 received;.*|__u64 sent;|; s|__u64 keep_;|__u64 received;|'
has "and seen" "$(layout "$T/wrong.o")" '^vg_event.sent: object has offset 136 size 8, C has 128 8'


check "made: a wider field" made_with 's|__u16 src_port;.*|__u32 src_port;|; s|sizeof(struct vg_event) == 152|sizeof(struct vg_event) == 160|'
out=$(layout "$T/wrong.o")
has "and seen: size" "$out" '^vg_event: object has size 160'
has "and seen: what follows" "$out" '^vg_event.pid: object has offset'
finish
