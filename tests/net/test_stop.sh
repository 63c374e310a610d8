#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# SIGSTOP of every process of the daemon: no verdict changes; then leases run out
# by themselves and the services are closed, not open.  Time runs RATE times
# faster for the daemon, so that a quarter of an hour takes seconds.
set -u
cd "$(dirname "$0")/../.." || exit 2
# shellcheck source=tests/lib.sh
. tests/lib.sh
# shellcheck source=tests/net/lab.sh
. tests/net/lab.sh
# shellcheck source=tests/net/rig.sh
. tests/net/rig.sh
RATE=120

sandbox
rig_up
rig_control
rig_policy svc
rig_policy strict "on_expiry: destroy"
mkdir "$CGROUP/svc" "$CGROUP/strict"
lab_daemon clock --clock-rate $RATE

# An established connection in each: `keep` lets it live, `destroy` does not.
coproc KEEP { rig_in svc "$TOOLS/dial" -k "$HONEST" $PORT 2>&1; }
keep_in=${KEEP[1]} keep_out=${KEEP[0]}
exec {keep_in2}>&"$keep_in" {keep_out2}<&"$keep_out"
mkfifo "$T/strict.in"
rig_in strict "$TOOLS/dial" -k "$HONEST" $PORT <"$T/strict.in" >"$T/strict.out" 2>&1 &
exec {strict_in}>"$T/strict.in"

keeps() { # what the open connection of `svc` says
    local answer
    echo >&"$keep_in2"
    read -r -t 10 answer <&"$keep_out2"
    echo "$answer"
}
strict_lines() { wc -l <"$T/strict.out"; }
strict_says() { # its next word; "ok" must come within 10 s, an error may
    local before
    before=$(strict_lines)
    echo >&"$strict_in"
    wait_for 10 eval '[ "$(strict_lines)" -gt '"$before"' ]'
    tail -n "+$((before + 1))" "$T/strict.out"
}

read -r -t 10 answer <&"$keep_out2"
is "keep: connected" "$answer" ok
wait_for 5 grep -q ok "$T/strict.out"
is "destroy: connected and speaking" "$(strict_says)" ok

# shellcheck disable=SC2046 # a list of pids
stop() { kill "-$1" $(rig_pids); }
all_stopped() {
    local pid
    for pid in $(rig_pids); do grep -q '^State:.T' "/proc/$pid/status" || return 1; done
}

stop STOP
check "three processes are stopped" wait_for 5 all_stopped
is "and there are three" "$(rig_pids | wc -l)" 3
dials "stopped: granted by IPv4" 0 "$HONEST" $PORT
dials "stopped: granted by IPv6" 0 "$HONEST6" $PORT
dials "stopped: granted by UDP" 0 -u "$HONEST" $PORT
dials "stopped: refused by IPv4" 1 "$EVIL" $PORT
dials "stopped: refused by IPv6" 1 "$EVIL6" $PORT
dials "stopped: refused by UDP" 1 -u "$EVIL" $PORT
is "keep: goes on" "$(keeps)" ok

# 900 s and a hold of 60 s, at RATE: 8 s.
closed() { dial "$HONEST" $PORT 2>>"$T/dial.log"; [ $? -eq 1 ]; }
check "the leases run out by themselves" wait_for 40 closed
dials "run out: IPv6 too" 1 "$HONEST6" $PORT
dials "run out: UDP too" 1 -u "$HONEST" $PORT
dials "run out: what was refused still is" 1 "$EVIL" $PORT
is "keep: an established connection goes on" "$(keeps)" ok
refuse "destroy: an established connection carries nothing" \
    [ "$(strict_says)" = ok ]
refuse "status does not answer for a daemon that is stopped" \
    quiet timeout 2 verigress status

# Awake again: verified again, granted again, and told.
stop CONT
check "awake: granted again" wait_for 20 dial "$HONEST" $PORT
dials "awake: refused still" 1 "$EVIL" $PORT
is "keep: it never broke" "$(keeps)" ok
check "the denials of that time come out as events" wait_for 10 lab_event \
    ".event == \"deny\" and .reason == \"expired\" and .dst.ip == \"$HONEST\""
rig_nothing_leaked "all the while"
finish
