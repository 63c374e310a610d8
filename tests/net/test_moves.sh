#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# What a policy takes from one service and gives to another, or to nobody, is
# never open on the way: not by a reload, and not while nobody was there.
set -u
# shellcheck disable=SC2034,SC2119 # read by name; functions take no arguments here
# shellcheck source=tests/lib.sh
. "$(dirname "$0")/../lib.sh"
# shellcheck source=tests/net/lab.sh
. "$TOP/tests/net/lab.sh"
# shellcheck source=tests/net/rig.sh
. "$TOP/tests/net/rig.sh"

# one NAME CGROUP: the only service of the policy.
one() {
    rm -f "$T/policy.d"/*.yaml
    lab_policy "$1" <<END
service: $1
cgroup: $2
endpoints:
  - address: $HONEST
    ports: [$PORT/tcp]
END
}

# Tries to get out without a pause until its input ends; "leaked" when it could.
attempts() {
    # shellcheck disable=SC2016 # the inner shell's
    in_cgroup "$CGROUP/$1" nsenter --net="/run/netns/$LAB_ID-app" -- bash -c '
        n=0 leaked=0
        while ! read -rt 0; do
            if (: >"/dev/tcp/$0/$1") 2>/dev/null; then leaked=$((leaked + 1)); fi
            n=$((n + 1))
        done
        echo "$n $leaked"' "$EVIL" $PORT
}

sandbox
rig_up
rig_control
lab_start evil_echo evil "$TOOLS/echo" $PORT
lab_wait "the echo server of the attacker listens" lab_said "$T/evil_echo.log" listening
mkdir -p "$CGROUP/svc/inner" "$CGROUP/lab"
one first svc
lab_daemon
dials "confined: the attacker is refused" 1 "$EVIL" $PORT

# moved NAME: three seconds of attempts from the inner cgroup around "$@".
moved() {
    local name=$1 n=0 leaked=- in out pid; shift
    coproc TRY { attempts svc/inner 2>>"$T/attempts.log"; }
    in=${TRY[1]} out=${TRY[0]} pid=$TRY_PID
    sleep 0.3
    "$@"
    sleep 0.3
    echo >&"$in"
    read -r -t 30 n leaked <&"$out"
    wait "$pid"
    is "$name: none of $n attempts got out" "$leaked" 0
    check "$name: there were attempts" [ "$n" -gt 3 ]
    dials "$name: confined afterwards" 1 "$EVIL" $PORT
    dials "$name: and granted what the policy grants" 0 "$HONEST" $PORT
    is "$name: status has nothing to say" "$(verigress status -j | jq -c .why)" "[]"
}
reload() { verigress reload --wait >>"$T/quiet.log" 2>&1; }

one second svc
moved "a cgroup gets another service" reload
one second "[svc/inner, svc/other]"
dial() { rig_in svc/inner "$TOOLS/dial" "$@"; }
mkdir "$CGROUP/svc/other"
moved "only a cgroup inside stays" reload
one second svc
moved "the one around it comes back" reload
one third svc/inner
moved "another service, another cgroup" reload

again() {
    lab_stop verigressd
    lab_daemon
}
one fourth svc/inner
moved "while nobody was there, another service" again
one fourth svc
moved "while nobody was there, the cgroup around it" again

# The path has another owner now: its coming is still watched.
remove_cgroup "$CGROUP/svc"
one fifth svc
reload
mkdir -p "$CGROUP/svc/inner"
confined() { verigress status -j | jq -e '.services[].cgroups[] | select(.confined)'; }
check "a cgroup is confined when it comes, whoever had its path before" \
    wait_for 10 confined
finish
