#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Story 4: the cache of the application's resolver is poisoned.  Told three
# times: verigress asks other servers; verigress must ask the very same
# resolver, and the name is signed; the same, and it is not.
set -u
# shellcheck source=tests/lib.sh
. "$(dirname "$0")/../lib.sh"
# shellcheck source=tests/net/lab.sh
. "$TOP/tests/net/lab.sh"
# shellcheck source=tests/net/story.sh
. "$TOP/tests/net/story.sh"

host=$API
start() { lab_app flask_billing.app shop "http://$host"; }
cache() { unbound-control -q -c "$T/unbound.conf" "$@"; }
attack() {
    cache local_data "$host 1 IN A $EVIL"
    lab_wait "the cache is poisoned" lab_resolves $host $EVIL
}
heal() {
    cache local_data_remove $host
    lab_wait "the cache is clean" lab_resolves $host $HONEST
}

again() { # NAME: the next part, with a new verigress
    lab_stop verigressd
    lab_stop_app shop
    heal
    rm -rf "$BPFFS" "$T/events.jsonl"
    mkdir -p "$CGROUP/shop"
}

sandbox
lab_up
lab_server honest honest --http 80
lab_server evil evil --http 80

story_without "poisoned cache"

# 1: verigress never hears the lie, and so cannot know the attacker's name.
lab_config
lab_shop_policy $host 80 "      dnssec: require"
lab_daemon
start
is "asking elsewhere: the honest server answers" "$(answer)" honest
lab_forget
attack
refused_at_once "asking elsewhere"
check "asking elsewhere: an event has service, address and reason" \
    denied $EVIL 80 no_lease
not_a_byte "asking elsewhere"
check "asking elsewhere: the true address stays granted" \
    lab_why "$HONEST:80"
again

# 2: verigress hears the lie and does not believe it; a lie takes nothing away.
lab_config $CACHE
lab_daemon
start
is "same resolver, signed: the honest server answers" "$(answer)" honest
lab_forget
attack
refused_at_once "same resolver, signed"
check "same resolver, signed: the finding has service and name" \
    lab_finding DNS_BOGUS $host
refused_at_once "same resolver, signed, after it looked again"
check "same resolver, signed: an event has service, address and reason" \
    denied $EVIL 80 no_lease
not_a_byte "same resolver, signed"
check "same resolver, signed: the true address stays granted" \
    lab_why "$HONEST:80"
again

# 3: nothing proves the lie false but the ranges.
host=api.legacy.example
lab_config $CACHE
lab_shop_policy $host 80
lab_daemon
story_with "same resolver, unsigned" ADDR_OUT_OF_RANGE $host $EVIL 80
finish
