#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# The ring of events full, and the map of leases full: verdicts stay right, and
# every loss is counted and visible in `status`.
set -u
cd "$(dirname "$0")/../.." || exit 2
# shellcheck source=tests/lib.sh
. tests/lib.sh
# shellcheck source=tests/net/lab.sh
. tests/net/lab.sh
# shellcheck source=tests/net/rig.sh
. tests/net/rig.sh
MAX=64        # limits.leases: the least that can be had
DENIALS=2000  # far more than a ring of 64 KiB takes

sandbox
rig_up "limits: {leases: $MAX, ring: 64KiB}"
rig_control
rig_policy
mkdir "$CGROUP/svc"
lab_daemon

sum() { jq -s "$1" "$T/events.jsonl"; }
status_is() { verigress status -j | jq -e "$1" >/dev/null; }

# ---- the ring ---------------------------------------------------------------

is "nothing is lost at first" "$(verigress status -j | jq .events.lost)" 0
before=$(sum "[.[] | select(.event == \"deny\" and .dst.ip == \"$EVIL\") | .count] | add // 0")
is "no denial at first" "$before" 0

kill -STOP "$(rig_pid keeper)"
is "keeper stopped: every attempt is refused" "$(dial "$EVIL" $PORT $DENIALS)" $DENIALS
dials "keeper stopped, ring full: granted" 0 "$HONEST" $PORT
dials "keeper stopped, ring full: refused" 1 -u "$EVIL6" $PORT
kill -CONT "$(rig_pid keeper)"

check "the loss is in status, and makes it degraded" wait_for 10 \
    status_is '.state == "degraded" and .events.lost > 0'
refuse "status ends with 1" quiet verigress status
check "an event tells of it" wait_for 10 lab_event '.event == "lost" and .count > 0'
has "the metrics count it" "$(curl -s --unix-socket "$T/run/metrics.sock" http://x/metrics)" \
    '^verigress_events_lost_total\{.*\} [1-9]|^verigress_events_lost_total [1-9]'

# One more denial, to EVIL6 by UDP, was seen or lost as well.
adds_up() {
    local told lost
    told=$(sum '[.[] | select(.event == "deny") | .count] | add')
    lost=$(verigress status -j | jq .events.lost)
    [ $((told + lost)) -eq $((DENIALS + 1)) ]
}
check "denials told and denials lost add up to those refused" wait_for 10 adds_up
adds_up || note "told $(sum '[.[] | select(.event == "deny") | .count] | add')" \
    "lost $(verigress status -j | jq .events.lost)"

# ---- the map of leases ------------------------------------------------------

# 4 are held; 40 ports by two protocols at one more address do not fit.
lab_address honest 20.30.0.12
rig_policy svc "" "  - address: 20.30.0.12
    ports: [$PORT-$((PORT + 39))/tcp, $PORT-$((PORT + 39))/udp]"
verigress reload >"$T/reload.log" 2>&1
check "a full map is in status" wait_for 10 status_is \
    '.state == "degraded" and (.why | any(test("leases")))'
check "it is a finding" wait_for 10 lab_event \
    '.event == "finding" and .finding.id == "LEASES_FULL"'
check "never more than there is room for" status_is ".leases.used <= $MAX and .leases.max == $MAX"
dials "map full: what was granted is granted" 0 "$HONEST" $PORT
dials "map full: by IPv6 too" 0 "$HONEST6" $PORT
dials "map full: what was refused is refused" 1 "$EVIL" $PORT

# What found no room is refused, what did is granted; nothing in between.
right=1
for ((port = PORT; port < PORT + 40; port++)); do
    verigress why svc "20.30.0.12:$port" >"$T/why" 2>&1
    said=$?
    dial 20.30.0.12 "$port" 2>>"$T/dial.log"
    did=$?
    # Only PORT has a server: elsewhere a granted connect meets a closed port.
    [ $((did == 1)) -eq "$said" ] || { right=0; note "port $port: why $said, dial $did"; }
done
is "\`why\` and the kernel agree on every port" $right 1
refuse "not all of them can have been granted" quiet dial 20.30.0.12 $((PORT + 39))

# Room again: the endpoint that waited gets its leases.
rig_policy
verigress reload >>"$T/reload.log" 2>&1
dials "room again: refused is what the policy no longer has" 1 20.30.0.12 $PORT
rig_nothing_leaked "all the while"
finish
