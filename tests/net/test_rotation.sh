#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# An honest name whose address changes all the time, inside its ranges, for an
# hour: not one call is refused.  Each address is published a refresh before it
# is used, as a careful operator does.
#
# The hour lasts a minute: the daemon's time runs 60 times faster (a test build).
# verigress asks nsd, where addresses are published; the application asks its
# own resolver, which names one of them only when it is to be used.
set -u
# shellcheck source=tests/lib.sh
. "$(dirname "$0")/../lib.sh"
# shellcheck source=tests/net/lab.sh
. "$TOP/tests/net/lab.sh"

RATE=60
STEPS=30                # addresses in the hour
STEP_NS=2000000000      # 3600 s / 30 / RATE
CALLS_MIN=$((STEPS * 4))

pool() { echo "20.30.0.$((100 + $1))"; }
now_ns() { date +%s%N; }
publish() { lab_zone corp.example signed <<<"api A $1
api A $2"; }
use() {
    unbound-control -q -c "$T/unbound.conf" local_data_remove $API
    unbound-control -q -c "$T/unbound.conf" local_data "$API 0 IN A $1"
}

# call ADDRESS: one call; what is not an honest answer is kept for the report.
call() {
    local said
    calls=$((calls + 1))
    said=$(ask)
    [ "$(jq -r .server <<<"$said")" = honest ] || bad+=("$1: $said")
}

calls=0
bad=()
sandbox
lab_up
for i in $(seq 0 $((STEPS + 1))); do lab_address honest "$(pool "$i")"; done
lab_server honest honest --http 80
publish "$(pool 0)" "$(pool 1)"
use "$(pool 0)"
lab_config
lab_shop_policy $API 80 "      dnssec: require"
mkdir -p "$CGROUP/shop"
lab_daemon clock --clock-rate $RATE
lab_app django_shop.wsgi shop "http://$API"

# At step I the application uses address I, and address I + 1 is published.
start=$(now_ns)
for i in $(seq 0 $((STEPS - 1))); do
    publish "$(pool "$i")" "$(pool $((i + 1)))"
    use "$(pool "$i")"
    while :; do
        call "$(pool "$i")"
        [ "$(now_ns)" -lt $((start + (i + 1) * STEP_NS)) ] || break
    done
done
simulated=$((($(now_ns) - start) * RATE / 1000000000))

check "an hour went by ($simulated s)" test $simulated -ge 3600
check "at least $CALLS_MIN calls ($calls)" test $calls -ge $CALLS_MIN
is "none was refused" "${bad[0]-}" ""
is "the honest server answered all of them" \
    "$(grep -c '"what": "request"' "$T/honest.requests")" "$calls"
is "on $STEPS addresses" \
    "$(grep '"what": "request"' "$T/honest.requests" | jq -r .address | sort -u | wc -l)" $STEPS
is "no denial was reported" "$(events '.event == "deny"' | head -n 3)" ""
check "the address before this one may still be used" \
    lab_why "$(pool $((STEPS - 2))):80"
refuse "an address of an hour ago may not" lab_why "$(pool 0):80"

# The same with an address that was never published: the ranges alone grant
# nothing, and a refusal would have been seen.
use "$(pool $((STEPS + 1)))"
is "an unpublished address of the range is refused" "$(ask | jq .errno)" 1
check "and reported" denied "$(pool $((STEPS + 1)))" 80 no_lease
finish
