# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
# What the tests of bpf/ and user/enforce/ share: a network namespace with
# loopback only, one confined cgroup, and an echo server outside of it.
#   keep COMMAND...      tests/tools/enforce on $BPFFS
#   inside WAY ARGS...   tests/tools/reach.py in the confined cgroup, as nobody
#   as_root WAY ARGS...  the same as root
#   outside WAY ARGS...  not confined

# A network of its own: nothing leaves, and ports are free.
if [ "${VG_RIG:-}" != inside ]; then
    VG_RIG=inside exec unshare --net -- "$0" "$@"
fi
ip link set lo up

# shellcheck source=tests/lib.sh
. "$(dirname "${BASH_SOURCE[0]}")/../lib.sh"
sandbox
REACH=$T/reach.py
cp "$TOP/tests/tools/reach.py" "$REACH"
WEB=$CGROUP/web
mkdir "$WEB"
echo "0 2147483647" >/proc/sys/net/ipv4/ping_group_range

keep() { "$BIN/tools/enforce" "$BPFFS" "$@"; }
inside_dir() {
    local dir=$1; shift
    in_cgroup "$dir" setpriv --reuid 65534 --regid 65534 --clear-groups \
        /usr/bin/python3 "$REACH" "$@"
}
inside() { inside_dir "$WEB" "$@"; }
as_root() { in_cgroup "$WEB" /usr/bin/python3 "$REACH" "$@"; }
outside() { /usr/bin/python3 "$REACH" "$@"; }

# An echo server at HOST PORT, in the cgroup of DIR or outside.
serve() {
    local dir=$1 pid; shift
    : >"$T/serve"
    if [ -n "$dir" ]; then
        in_cgroup "$dir" /usr/bin/python3 "$REACH" serve "$@" >"$T/serve" &
    else
        /usr/bin/python3 "$REACH" serve "$@" >"$T/serve" &
    fi
    pid=$!
    at_exit "kill $pid; wait $pid"
    wait_for 5 grep -q ready "$T/serve"
    # shellcheck disable=SC2034 # for the tests
    SERVER=$pid
}

# A conversation that stays open: talk_start, then talk_on prints one result.
talk_start() {
    local dir=$1; shift
    coproc TALK { inside_dir "$dir" "$@"; }
    read -r -t 20 talk_line <&"${TALK[0]}"
    # shellcheck disable=SC2154
    at_exit "kill $TALK_PID"
}
talk_on() { echo >&"${TALK[1]}"; read -r -t 20 talk_line <&"${TALK[0]}"; echo "$talk_line"; }
# shellcheck disable=SC1083,SC2093 # bash closes the descriptor in TALK[1]
talk_end() { exec {TALK[1]}>&-; wait "$TALK_PID" 2>/dev/null; }
