#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# A thousand endpoints are no herd: never more than 32 at once, spread over time
# after an hour, few questions while nobody answers, and little memory.  What
# is counted is what a DNS server sees (tools/relay.py, before nsd).
set -u
# shellcheck source=tests/lib.sh
. "$(dirname "$0")/../lib.sh"
# shellcheck source=tests/net/lab.sh
. "$TOP/tests/net/lab.sh"
# shellcheck source=tests/net/rig.sh
. "$TOP/tests/net/rig.sh"
N=1000
RELAY=9.10.0.55
RATE=60 # an hour takes a minute
TTL=5   # 300 s of that time

mode() { echo "$*" >"$T/relay.mode.new" && mv "$T/relay.mode.new" "$T/relay.mode"; }
thousand() {
    lab_policy thousand <<END
service: thousand
cgroup: thousand
endpoints:
$(for ((i = 0; i < N; i++)); do
        echo "  - {host: h$i.legacy.example, ports: [443/tcp], verify: {ranges: [20.30.0.0/16]}}"
    done)
END
}
metric() { # NAME
    curl -sS --unix-socket "$T/run/metrics.sock" http://x/metrics | awk -v n="$1" '$1 == n {print $2}'
}
granted() { [ "$(metric 'verigress_endpoints{service="thousand",state="granted"}')" = "$1" ]; }
granted_leases() { [ "$(bpftool map dump pinned "$BPFFS/leases" | jq length)" = $N ]; }
questions() { grep -c . "$T/relay"; }

sandbox
lab_up
lab_address dns $RELAY
addresses() { for ((i = 0; i < N; i++)); do echo "h$i A 20.30.$((i / 250)).$((i % 250 + 1))"; done; }
addresses | LAB_TTL=$TTL lab_zone legacy.example unsigned
mode pass 0.02
lab_start relay dns $PYTHON "$LAB_DIR/tools/relay.py" $RELAY $DNS "$T/relay" legacy.example
lab_wait "the relay listens" lab_said "$T/relay.log" listening
lab_config $RELAY
thousand
mkdir "$CGROUP/thousand"
lab_daemon clock --clock-rate $RATE
start=$SECONDS

# ---- all of them, few at once --------------------------------------------------

check "all are judged and granted" wait_for 40 granted $N
check "the kernel has a lease for each" granted_leases
at_once=$(awk '$4 > most {most = $4} END {print most + 0}' "$T/relay")
check "never more than 32 at once ($at_once)" [ "$at_once" -le 32 ]
check "and more than a few" [ "$at_once" -ge 8 ]
mode pass 0

# ---- an hour ---------------------------------------------------------------------

while [ $(((SECONDS - start) * RATE)) -lt 3600 ]; do sleep 1; done
check "after an hour all are granted" wait_for 10 granted $N
for role in supervisor keeper verifier; do
    kib=$(awk '$1 == "VmRSS:" {print $2}' "/proc/$(rig_pid $role)/status")
    check "$role: $kib KiB of memory, less than 32 MiB" [ "$kib" -lt 32768 ]
done

# Names asked about within the last TTL, in steps of ten seconds of that time.
spread=$(awk -v rate=$RATE -v ttl=$TTL '
    $3 == 1 {time[++n] = $1}
    END {
        steps = ttl * rate / 10
        for (i = n; i > 0 && time[i] > time[n] - ttl; i--) {
            count[int((time[n] - time[i]) * rate / 10)]++
            all++
        }
        for (i = 0; i < steps; i++) {
            if (count[i] > most) most = count[i]
            if (count[i] * steps * 3 >= all) used++
        }
        print all, most, used * 100 / steps
    }' "$T/relay")
read -r all most used <<<"$spread"
note "of $all questions at most $most in ten seconds; $used % of the time is used"
check "the names are asked about ($all in five minutes)" [ "$all" -gt $((N / 2)) ]
check "no burst: at most $((most * 100 / all)) % within ten seconds" [ $((most * 100 / all)) -lt 15 ]
check "spread: $used % of the time is in use" [ "${used%.*}" -ge 75 ]

# ---- while no answer comes --------------------------------------------------------

attempts() { metric 'verigress_verifications_total{result="silent"}'; }
questions_before=$(questions) attempts_before=$(attempts)
mode fail
sleep 10 # 600 s: the refresh, then 5 + 10 + 20 + 40 + 80 + 160 s
attempts=$(($(attempts) - attempts_before)) questions=$(($(questions) - questions_before))
check "each name was tried a few times ($attempts attempts)" \
    [ "$((attempts > N && attempts <= 8 * N))" = 1 ]
check "the server was asked a few times for each ($questions questions)" \
    [ $questions -le $((attempts * 16)) ]
check "what was granted is granted still" granted_leases
has "status says what is wrong" "$(verigress status)" 'h1\.legacy\.example: SERVFAIL'
mode pass 0
check "well again: all are granted, within a back-off" wait_for 15 granted $N

# One name alone, which fails from its first look-up on: its pauses, in seconds
# of that time.
rm "$T/policy.d/thousand.yaml"
lab_policy late <<END
service: late
cgroup: late
endpoints:
  - {host: late.legacy.example, ports: [443/tcp]}
END
mode fail
check "the policy is in force" verigress reload
read -r -a pauses <<<"$($PYTHON "$LAB_DIR/tools/pauses.py" "$BIN/verigress" late $RATE 650)"
note "pauses of ${pauses[*]} s"
wanted=5
for pause in "${pauses[@]:0:7}"; do
    check "a pause of $pause s, of $wanted s and a tenth" \
        [ "$((pause >= wanted * 88 / 100 - 4 && pause <= wanted * 112 / 100 + 15))" = 1 ]
    wanted=$((wanted > 150 ? 300 : 2 * wanted))
done
is "the pauses double, from 5 s to 300 s" "${#pauses[@]}" 7

# ---- a verifier that owes nothing may be quiet -----------------------------------------

# A name that is not there, by a slow server: between two look-ups are longer
# pauses than a verifier is given to answer.
lab_stop verigressd
mv "$T/verigressd.log" "$T/thousand.log"
rm "$T/policy.d/late.yaml"
lab_policy slow <<END
service: slow
cgroup: slow
endpoints:
  - {host: nothing.legacy.example, ports: [443/tcp]}
END
LAB_TTL=1 lab_zone legacy.example unsigned <<<"h1 A $HONEST"
mode pass 0
RATE=40
lab_start verigressd app "$TOP/build/clock/verigressd" --foreground --config "$T/verigress.yaml" \
    --policy-dir "$T/policy.d" --state-dir "$T/state" --run-dir "$T/run" \
    --bpffs "$BPFFS" --cgroup-root "$CGROUP" --clock-rate $RATE
failures() { verigress show -j slow | jq '.endpoints[0].failures'; }
failed() { [ "$(failures)" -ge "$1" ]; }
lab_wait "some failures" failed 6
mode pass 0.4 # the next look-up is under way when the second of housekeeping comes
check "quiet: looked up again after 160 s" wait_for 15 failed 7
refuse "quiet: no verifier was replaced for that" lab_said "$T/verigressd.log" "has been silent"
finish
