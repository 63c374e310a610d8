#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# What becomes of connections that are open already: a mere change of address
# leaves them alone, or ends them where the policy says so; evidence of attack
# ends them at once, whatever it says.
set -u
# shellcheck source=tests/lib.sh
. "$(dirname "$0")/../lib.sh"
# shellcheck source=tests/net/lab.sh
. "$TOP/tests/net/lab.sh"
# shellcheck source=tests/net/rig.sh
. "$TOP/tests/net/rig.sh"

NEXT=20.30.0.77
host_policy() { # SERVICE ON_CHANGE
    lab_policy "$1" <<EOF
service: $1
cgroup: $1
on_change: $2
endpoints:
  - host: $API
    ports: [$PORT/tcp]
    verify: {dnssec: require, ranges: [$HONEST_RANGES]}
EOF
}

# open_connection CGROUP ADDRESS: kept by a process of that cgroup.
declare -A line
open_connection() {
    local fd
    rm -f "$T/$1.in"
    mkfifo "$T/$1.in"
    rig_in "$1" "$TOOLS/dial" -k "$2" $PORT <"$T/$1.in" >"$T/$1.out" 2>&1 &
    disown
    exec {fd}>"$T/$1.in"
    line[$1]=$fd
    wait_for 5 grep -qx ok "$T/$1.out"
}

# speak CGROUP: an octet there and back; "ok", or the error.
speak() {
    local n
    n=$(grep -c . "$T/$1.out")
    { echo >&"${line[$1]}"; } 2>>"$T/quiet.log"
    wait_for 5 more_than "$n" "$T/$1.out"
    tail -n 1 "$T/$1.out"
}
more_than() { [ "$(grep -c . "$2")" -gt "$1" ]; }

granted_to() { verigress why "$1" "$2:$PORT" >/dev/null; }
ended() { [ "$(speak "$1")" != ok ]; }
trap '' PIPE # a connection that ended takes its reader along

sandbox
lab_up
lab_address honest $NEXT
rig_echo
lab_config
host_policy steady drain
host_policy strict destroy
mkdir "$CGROUP/steady" "$CGROUP/strict"
lab_daemon clock --clock-rate 20

for service in steady strict; do
    check "$service: connected" open_connection $service "$HONEST"
    is "$service: alive" "$(speak $service)" ok
done

# The name moves inside its ranges.
lab_zone corp.example signed <<<"api A $NEXT"
for service in steady strict; do
    check "$service: the new address is granted" \
        wait_for 10 granted_to $service $NEXT
done
check "on_change: destroy ends what is open to the old address" wait_for 5 ended strict
refuse "and it is granted no longer" granted_to strict "$HONEST"
is "on_change: drain lets it go on" "$(speak steady)" ok
check "and it may be opened again while the lease lasts" granted_to steady "$HONEST"

# The name moves to the attacker: nobody keeps anything.
check "strict: connected to the new address" open_connection strict $NEXT
is "strict: alive" "$(speak strict)" ok
lab_zone corp.example signed <<<"api A $EVIL"
for service in steady strict; do
    check "$service: what is open ends" wait_for 10 ended $service
    has "$service: the application is told so" "$(tail -n 1 "$T/$service.out")" \
        "ECONNABORTED|ETIMEDOUT"
    refuse "$service: the old address is revoked" granted_to $service "$HONEST"
    refuse "$service: the new one too" granted_to $service $NEXT
done
is "the attacker saw nothing of it" "$(lab_evil_packets)" ""
finish
