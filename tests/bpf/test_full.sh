#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Full: the ring loses events and counts them, maps refuse, verdicts stay.
set -u
# shellcheck source=tests/bpf/rig.sh
. "$(dirname "$0")/rig.sh"

serve "" 0.0.0.0 80
export RING=4096 LEASES=8
keep add web , attach web "$WEB" , lease web tcp 80 127.0.0.2 600000
value() { grep -oE "$1=[0-9]+" | cut -d= -f2; }

# ---- the ring -----------------------------------------------------------------
# 25 records fit.  Two at once, on two CPUs and on one.
for cpus in 0,1 0; do
    before=$(keep stats web | value ' no_lease')
    seq=$(keep ring | value seq)
    lost=$(keep ring | value 'lost')
    inside flood 127.0.0.3 80 3000 >"$T/one" &
    one=$!
    in_cgroup "$WEB" taskset -c "$cpus" /usr/bin/python3 "$REACH" flood 127.0.0.3 80 3000 >"$T/two"
    wait $one
    is "cpus $cpus: every one was refused" "$(cat "$T/one" "$T/two" | paste -sd ' ')" "3000 3000"
    is "cpus $cpus: and counted" $(($(keep stats web | value ' no_lease') - before)) 6000
    taken=$(keep taken)
    now=$(keep ring)
    is "cpus $cpus: numbered" $(($(value seq <<<"$now") - seq)) 6000
    is "cpus $cpus: taken and lost are all" $((taken + $(value 'lost' <<<"$now") - lost)) 6000
    check "cpus $cpus: many were lost" test $(($(value 'lost' <<<"$now") - lost)) -gt 5000
done
is "what is granted is granted" "$(inside tcp 127.0.0.2 80)" ok
inside udp 127.0.0.3 80 >/dev/null
has "the next event says how many" "$(keep events)" 'lost=[1-9][0-9]{2,}'

# ---- flow ends leave room for denials -------------------------------------------
keep taken >/dev/null
for _ in $(seq 25); do inside ask-tcp 127.0.0.2 80 >/dev/null; done
sleep 0.2
check "flow ends were left out" test "$(keep ring | value lost_flows)" -gt 5
lost=$(keep ring | value 'lost')
for _ in 1 2 3 4 5; do inside udp 127.0.0.3 80 >/dev/null; done
is "no denial was lost for them" "$(keep ring | value 'lost')" "$lost"

# ---- waking ------------------------------------------------------------------------
keep taken , wait , events >"$T/events" 2>&1 &
waiter=$!
sleep 0.5
inside udp 127.0.0.3 80 >/dev/null
check "one event after a pause wakes the reader" wait $waiter

# ---- maps --------------------------------------------------------------------------
has "the lease map is full" "$(keep fill web 9 2>&1)" '^fill: ENOSPC'
is "as many as it may hold" "$(keep count)" "8 of 8"
is "what was in is still granted" "$(inside tcp 127.0.0.2 80)" ok
is "renewing needs no room" "$(keep lease web tcp 80 127.0.0.2 600000 2>&1)" ""
has "another one is refused" "$(keep lease web tcp 80 127.0.0.4 600000 2>&1)" ENOSPC
is "and stays refused" "$(inside tcp 127.0.0.4 80)" EPERM
keep end web tcp 1 10.0.0.0 , lease web tcp 80 127.0.0.4 600000
is "until there is room" "$(inside tcp 127.0.0.4 80)" ok
finish
