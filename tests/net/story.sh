# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
# shellcheck disable=SC2154 # T, TOKEN ... are lab.sh's
# How a story is told.  A test sources lib.sh, lab.sh and this, and says
#   start     start the application (lab_app shop ...)
#   attack    what the attacker does to DNS
#   heal      and back
# as functions.  Then story_without, where the attacker must get the token, and
# story_with, where he must not get a byte.

# What the application says: the name of the server that answered it, or the
# errno that it was given instead.
answer() { ask | jq -r '.server // "errno \(.errno)"'; }

attacker_has() { lab_since "$T/evil.requests" | grep -q -- "$1"; }

# story_without NAME: without verigress the attack works.
story_without() {
    start
    is "$1: the honest server answers" "$(answer)" honest
    lab_forget
    attack
    is "$1, without verigress: the attacker answers" "$(answer)" evil
    check "$1, without verigress: the attacker has the token" attacker_has "$TOKEN"
    check "$1, without verigress: the witness saw it" test -n "$(lab_evil_packets)"
    lab_stop_app shop
    heal
    mkdir -p "$CGROUP/shop"
}

quick() { jq -e '.elapsed < 2' <<<"$1" >/dev/null; }

# refused_at_once NAME: the application gets EPERM, and does not wait for it.
refused_at_once() {
    local said
    said=$(ask)
    is "$1: the application is told EPERM" "$(jq .errno <<<"$said")" 1
    has "$1: in words" "$said" "Operation not permitted"
    check "$1: at once ($(jq .elapsed <<<"$said") s)" quick "$said"
}

# story_with NAME FINDING HOST ADDRESS PORT: verigress runs already.
story_with() {
    start
    is "$1, with verigress: the honest server answers" "$(answer)" honest
    check "$1: why says granted" lab_why "$3:$5"
    lab_forget
    attack
    refused_at_once "$1, before verigress looked again"
    check "$1: an event has service, address and reason" denied "$4" "$5" no_lease
    check "$1: verigress finds $2" lab_finding "$2" "$3"
    refused_at_once "$1, after it looked again"
    check "$1: an event has service, name, address and reason" denied "$4" "$5" no_lease "$3"
    not_a_byte "$1"
}
