#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Story 5: DNS rebinding.  The name's owner lets it alternate between its public
# address and addresses that mean something else where the application stands:
# its own host, the private network, the cloud's metadata service.
set -u
# shellcheck source=tests/lib.sh
. "$(dirname "$0")/../lib.sh"
# shellcheck source=tests/net/lab.sh
. "$TOP/tests/net/lab.sh"
# shellcheck source=tests/net/story.sh
. "$TOP/tests/net/story.sh"

# type, address in DNS, finding, address in the event
turns=(
    "A 127.0.0.1 REBIND_LOOPBACK 127.0.0.1"
    "A 10.66.0.5 REBIND_PRIVATE 10.66.0.5"
    "A 169.254.169.254 REBIND_METADATA 169.254.169.254"
    "AAAA ::1 REBIND_LOOPBACK ::1"
    "AAAA ::ffff:10.66.0.5 REBIND_EMBEDDED 10.66.0.5"
    "AAAA ::ffff:127.0.0.1 REBIND_EMBEDDED 127.0.0.1"
)

start() { lab_app flask_billing.app shop "http://$API"; }
bind_to() { lab_move corp.example signed "api $1 $2" $API "$2" "$1"; }

# What reached port 80 inside the application's own host: on its loopback the
# witness sees the application's users, too.
loopback_packets() {
    lab_settle app app 127.0.0.1 || return
    lab_since "$T/app.packets" | awk '$1 == 6 && $5 == 80'
}

# not_a_byte_inside NAME: neither on its own host nor elsewhere.
not_a_byte_inside() {
    not_a_byte "$1"
    is "$1: not one packet on the application's own host" "$(loopback_packets)" ""
    is "$1: the server there was told nothing" "$(lab_since "$T/local.requests")" ""
}

reached() { # the token arrived somewhere where it must not
    { lab_since "$T/evil.requests"; lab_since "$T/local.requests"; } | grep -q "$TOKEN"
}

sandbox
lab_up
lab_address evil 10.66.0.5 169.254.169.254
lab_server honest honest --http 80
lab_server evil evil --http 80
lab_server local app --http 80
lab_witness app

start
for turn in "${turns[@]}"; do
    read -r type address _ _ <<<"$turn"
    bind_to A $HONEST
    is "$address: the honest server answers" "$(answer)" honest
    lab_forget
    bind_to "$type" "$address"
    has "$address, without verigress: another answers" "$(answer)" '^(evil|local)$'
    check "$address, without verigress: it has the token" reached
done
lab_stop_app shop

# Time runs 20 times faster: verigress looks again every 15 of its seconds.
bind_to A $HONEST
mkdir -p "$CGROUP/shop"
lab_config
lab_shop_policy $API 80 "      dnssec: require"
lab_daemon clock --clock-rate 20
start
for turn in "${turns[@]}"; do
    read -r type address finding shown <<<"$turn"
    check "$address: the public address is granted" \
        wait_for 20 lab_why "$API:80"
    is "$address, with verigress: the honest server answers" "$(answer)" honest
    lab_forget
    : >"$T/events.jsonl"
    bind_to "$type" "$address"
    refused_at_once "$address, before verigress looked again"
    check "$address: verigress finds $finding" lab_finding "$finding" $API
    refused_at_once "$address, after it looked again"
    check "$address: an event has service, name, address and reason" \
        denied "$shown" 80 no_lease $API
    refuse "$address: the public address is revoked" lab_why "$HONEST:80"
    not_a_byte_inside "$address"
    bind_to A $HONEST
done
finish
