# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
# What the shell tests share: TAP, and a sandbox of cgroup, bpffs and files
# that goes away also when a test fails.  Source it; then
#   check "name" command...      ok when the command succeeds
#   refuse "name" command...     ok when it fails
#   skip "name" "reason"
#   finish                       the plan, and the exit status
# Needs root: sandbox makes $T (files), $BPFFS, $CGROUP (path), $CGROUP_NAME (below
# the mount $CGROUP_ROOT).  at_exit "command" adds to the clean-up (last first).

TOP=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
export TOP
BIN=${VG_BIN:-$TOP/build/plain}
PATH=$BIN:$PATH
tap_count=0 tap_failed=0
cleanups=()

ok() { tap_count=$((tap_count + 1)); echo "ok $tap_count - $*"; }
not_ok() { tap_count=$((tap_count + 1)); tap_failed=$((tap_failed + 1)); echo "not ok $tap_count - $*"; }
skip() { tap_count=$((tap_count + 1)); echo "ok $tap_count - $1 # SKIP $2"; }
note() { sed 's/^/# /' <<<"$*"; }

check() {
    local name=$1; shift
    if "$@"; then ok "$name"; else not_ok "$name (status $?: $*)"; fi
}

refuse() {
    local name=$1; shift
    if "$@"; then not_ok "$name (succeeded: $*)"; else ok "$name"; fi
}

# is NAME GOT WANTED
is() {
    if [ "$2" = "$3" ]; then ok "$1"; else not_ok "$1"; note "got:    $2"; note "wanted: $3"; fi
}

# has NAME TEXT PATTERN: the extended regular expression occurs in TEXT.
has() {
    if grep -qE -- "$3" <<<"$2"; then ok "$1"; else not_ok "$1"; note "no match of: $3"; note "in: $2"; fi
}

# wait_for SECONDS command...: try 20 times a second.
wait_for() {
    local end=$((SECONDS + $1)); shift
    until "$@" >/dev/null 2>&1; do
        [ $SECONDS -lt $end ] || return 1
        sleep 0.05
    done
}

finish() {
    echo "1..$tap_count"
    [ $tap_failed -eq 0 ]
    exit
}

at_exit() { cleanups+=("$1"); }

clean_up() {
    local i
    set +e
    for ((i = ${#cleanups[@]} - 1; i >= 0; i--)); do eval "${cleanups[i]}" >/dev/null 2>&1; done
}

# Kill what is in a cgroup subtree, then remove it.
remove_cgroup() {
    local dir=$1 i
    [ -d "$dir" ] || return 0
    for i in $(seq 40); do
        # shellcheck disable=SC2038 # what comes through the pipe are pids
        find "$dir" -name cgroup.procs -exec cat {} + 2>/dev/null | xargs -r kill -9 2>/dev/null
        find "$dir" -depth -type d -exec rmdir {} \; 2>/dev/null
        [ -d "$dir" ] || return 0
        sleep 0.05
    done
    echo "could not remove $dir" >&2
}

sandbox() {
    [ "$(id -u)" -eq 0 ] || { echo "1..0"; echo "needs root" >&2; exit 1; }
    trap clean_up EXIT
    trap 'exit 130' INT TERM
    T=$(mktemp -d /tmp/verigress-test.XXXXXX)
    chmod 755 "$T"
    at_exit "rm -rf '$T'"
    CGROUP_ROOT=$(awk '{for (i = 7; i <= NF; i++) if ($i == "-" && $(i + 1) == "cgroup2") {print $5; exit}}' /proc/self/mountinfo)
    [ -n "$CGROUP_ROOT" ] || { echo "no cgroup2 mount" >&2; exit 1; }
    CGROUP_NAME=$(basename "$T")
    CGROUP=$CGROUP_ROOT/$CGROUP_NAME
    mkdir "$CGROUP"
    at_exit "remove_cgroup '$CGROUP'"
    mkdir "$T/bpf"
    mount -t bpf -o mode=0700 bpffs "$T/bpf"
    at_exit "umount '$T/bpf' || umount -l '$T/bpf'"
    BPFFS=$T/bpf/verigress
    # Tests also run programs as nobody, who may not enter a clone in /root.
    mkdir "$T/bin"
    cp -r "$BIN"/verigress "$BIN"/verigressd "$T/bin/"
    [ ! -d "$BIN/tools" ] || cp -r "$BIN/tools" "$T/bin/"
    BIN=$T/bin PATH=$T/bin:$PATH
    export T CGROUP_ROOT CGROUP_NAME CGROUP BPFFS
}

# in_cgroup DIR command...: run it inside, from its first instruction.
in_cgroup() {
    local dir=$1; shift
    (echo "$BASHPID" >"$dir/cgroup.procs" && exec "$@")
}
