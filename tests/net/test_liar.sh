#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# The verifier was taken over (tests/tools/liar.c): whatever it says, the kernel
# gets no lease but what the policy tolerates, the keeper lives, somebody is
# told, and the services that it does not lie about go on.
set -u
# shellcheck disable=SC2119 # functions that take no arguments here
# shellcheck source=tests/lib.sh
. "$(dirname "$0")/../lib.sh"
# shellcheck source=tests/net/lab.sh
. "$TOP/tests/net/lab.sh"
# shellcheck source=tests/net/rig.sh
. "$TOP/tests/net/rig.sh"
RATE=60 # a refresh of a minute's TTL takes 0.8 s
LIAR=$TOP/build/clock/tools/liar

# service NAME [LINES of verify [PORTS]]: what the lie is, is in the name.
service() {
    lab_policy "$1" <<END
service: $1
cgroup: $1
endpoints:
  - host: $1.corp.example
    ports: [${3-$PORT/tcp}]
    verify: {dnssec: require${2:+, $2}}
END
}
reload() { verigress reload >>"$T/reload.log" 2>&1; }

# What the kernel holds for a service, one "PORT ADDRESS UNTIL" a line.
leases() {
    bpftool map dump pinned "$BPFFS/leases" | jq -r --arg name "$1.corp.example" '.[] |
        select(.value.name == $name) |
        "\(.value.port) \(.key.addr[10:] | map(tostring) | join(".")) \(.value.until_ns)"'
}
number() { leases "$1" | grep -c .; }
has_lease() { leases "$1" | grep -q .; }
uptime_s() { cut -d. -f1 /proc/uptime; } # the clock of leases, here

log_from=1
log_mark() { log_from=$(($(wc -l <"$T/verigressd.log") + 1)); }
# told [TIMES] PATTERN: the log says so, since the mark.
told() {
    local times=1
    [ $# -eq 1 ] || { times=$1; shift; }
    [ "$(tail -n "+$log_from" "$T/verigressd.log" | grep -c -- "$1")" -ge "$times" ]
}
refused_as() { # HOST EVIDENCE: an event says so
    lab_event ".event == \"finding\" and .finding.id == \"BAD_ANSWER\" and
        .endpoint == \"$1.corp.example\" and (.finding.evidence | test(\"$2\"))"
}
honest_end() { leases honest | cut -d' ' -f3; }
renewed() { [ "$(honest_end)" -gt "$1" ]; }

start_liar() {
    export VERIGRESS_RUN_DIR=$T/run
    lab_start verigressd app "$LIAR" --foreground \
        --config "$T/verigress.yaml" --policy-dir "$T/policy.d" --state-dir "$T/state" \
        --run-dir "$T/run" --bpffs "$BPFFS" --cgroup-root "$CGROUP" --clock-rate $RATE
    lab_wait "verigressd is ready" lab_ready
    lab_wait "what is honest is granted" has_lease honest
}

sandbox
rig_up
rig_control
mkdir "$CGROUP/honest"
dial() { rig_in honest "$TOOLS/dial" "$@"; }
service honest
start_liar
keeper=$(rig_pid keeper)
dials "what is honest is granted" 0 "$HONEST" $PORT

# ---- lies that are proper messages -------------------------------------------

# Without ranges the class of an address decides alone.
forbidden="loopback loopback6 zero private metadata self mapped mixed partial"
for lie in $forbidden insecure stranger unasked; do service "$lie"; done
service outside "ranges: [$HONEST_RANGES]"
service forever
service crowd "" "$PORT-$((PORT + 99))/tcp"
check "the policy is in force" reload
for lie in $forbidden outside; do
    check "$lie: an event says what was refused" wait_for 10 \
        refused_as "$lie" "granted"
done
check "insecure: an event says so" wait_for 10 refused_as insecure "without DNSSEC"
check "stranger: the log says so" wait_for 10 told \
    "answered about honest.corp.example when asked about stranger.corp.example"
check "unasked: it spoke" wait_for 10 told "lie: unasked"
for lie in $forbidden outside insecure stranger unasked; do
    is "$lie: nothing in the kernel" "$(leases "$lie")" ""
done

check "forever: granted" wait_for 10 has_lease forever
left=$((($(leases forever | cut -d' ' -f3) / 1000000000 - $(uptime_s)) * RATE))
check "forever: ends within an hour and the hold ($left s)" \
    [ "$((left > 3600 && left <= 4500 + RATE))" = 1 ]
check "crowd: some is granted" wait_for 10 has_lease crowd
check "crowd: no more than an endpoint may have ($(number crowd))" \
    [ "$(number crowd)" -le 4096 ]
check "crowd: an event tells of the rest" wait_for 5 lab_event \
    '.event == "finding" and .endpoint == "crowd.corp.example"'
is "all the kernel holds is known" "$(bpftool map dump pinned "$BPFFS/leases" |
    jq -r '[.[].value.name] | unique | join(" ")')" \
    "crowd.corp.example forever.corp.example honest.corp.example"
is "the keeper lives" "$(rig_pid keeper)" "$keeper"
rm "$T/policy.d"/*.yaml
service honest
reload
is "what leaves the policy leaves the kernel" \
    "$(bpftool map dump pinned "$BPFFS/leases" | jq length)" 1

# ---- contradictions, no messages, too many, none ------------------------------

# violation LIE WORD: it is replaced, and what is honest is renewed by the next.
violation() {
    local lie=$1 end
    log_mark
    end=$(honest_end)
    service "$lie"
    reload
    check "$lie: told" wait_for 8 told 2 "lie: $lie"
    check "$lie: the log says so" wait_for 8 told "$2"
    check "$lie: the honest endpoint is renewed" wait_for 8 renewed "$end"
    is "$lie: nothing in the kernel" "$(leases "$lie")" ""
    is "$lie: the keeper lives" "$(rig_pid keeper)" "$keeper"
    dials "$lie: what is honest is granted" 0 "$HONEST" $PORT
    rm "$T/policy.d/$lie.yaml"
    reload
}
for lie in revoke both empty garbage truncated long huge version direction hello fd many; do
    violation $lie "does not keep to the protocol"
done
violation dead "verifier was killed by signal"
violation deaf "the verifier has been silent"

# Silent about one name: that is asked again and again, the others go on.
log_mark
end=$(honest_end)
service silence
reload
check "silence: asked again" wait_for 15 told 2 "lie: silence"
no_answer() { verigress status -j | jq -e '.why | any(test("silence.corp.example: no answer"))'; }
check "silence: status says so" wait_for 5 no_answer
check "silence: the honest endpoint is renewed" wait_for 8 renewed "$end"
is "silence: nothing in the kernel" "$(leases silence)" ""

# A flood: the keeper has time for others, and tells of it in few words.
before=$(grep -c . "$T/events.jsonl")
end=$(honest_end)
service flood
reload
check "flood: it came" wait_for 8 told "lie: flood"
check "flood: the keeper answers" quiet timeout 2 verigress list
check "flood: the honest endpoint is renewed" wait_for 15 renewed "$end"
is "flood: nothing in the kernel" "$(leases flood)" ""
more=$(($(grep -c . "$T/events.jsonl") - before))
check "flood: few events for 40,000 messages ($more)" [ $more -lt 200 ]

is "after all of it: the same keeper" "$(rig_pid keeper)" "$keeper"
dials "after all of it: what is honest is granted" 0 "$HONEST" $PORT
dials "after all of it: nothing else" 1 "$EVIL" $PORT
rig_nothing_leaked "all the while"
finish
