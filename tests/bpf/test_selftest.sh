#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# The self-test proves each layer, says what is missing, and notices a program
# that is attached and does not refuse.
set -u
# shellcheck source=tests/bpf/rig.sh
. "$(dirname "$0")/rig.sh"

all='connect4 proven
connect6 proven
sendmsg4 proven
sendmsg6 proven
sock_ops proven
egress proven'
tidy() { sed 's/ *$//'; }
scratch() { find "$CGROUP" -mindepth 1 -maxdepth 1 -name 'verigress-selftest*' | wc -l; }

is "every layer is proven" "$(keep selftest "$CGROUP" | tidy)" "$all"
is "no scratch cgroup is left" "$(scratch)" 0
is "nothing stays attached" "$(keep attached)" ""
is "again" "$(keep selftest "$CGROUP" | tidy)" "$all"

# Exactly what the keeper has; the supervisor raises this limit for it, which
# kernels before 5.11 need.
ulimit -l unlimited
is "with BPF, NET_ADMIN and PERFMON alone" "$(setpriv \
    --bounding-set -all,+bpf,+net_admin,+perfmon --inh-caps -all \
    -- env LD_PRELOAD= "$BIN/tools/enforce" "$BPFFS" selftest "$CGROUP" 2>&1 | tidy)" "$all"

echo 1 >/proc/sys/net/ipv6/conf/all/disable_ipv6
out=$(keep selftest "$CGROUP")
has "without IPv6 connect6 is missing" "$out" '^connect6 missing this host has no IPv6'
has "and sendmsg6" "$out" '^sendmsg6 missing'
has "the others are proven" "$out" '^egress proven'
echo 0 >/proc/sys/net/ipv6/conf/all/disable_ipv6

# A layer that lets everything pass: the reserved service in audit mode would
# do; here its leases grant what is provoked.
id=1023
key() { printf '%s ' "$((id & 255))" "$((id >> 8))" 0 0 17 0 0 9 0 0 0 0 0 0 0 0 0 0 255 255 127 0 0 1; }
# shellcheck disable=SC2046
bpftool map update pinned "$BPFFS/leases" key $(key) value 255 255 255 255 255 255 255 127 \
    $(printf '0 %.0s' $(seq 264))
out=$(keep selftest "$CGROUP")
has "a grant is no proof: connect4" "$out" '^connect4 failed .*granted'
has "a grant is no proof: egress" "$out" '^egress failed .*granted'
has "connect6 is still proven" "$out" '^connect6 proven'
is "and it cleaned up" "$(scratch)" 0
finish
