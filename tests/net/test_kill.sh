#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# kill -9 of supervisor, keeper and verifier, VG_KILLS times each at random
# moments, while four threads connect and send all the time: nothing reaches an
# address that was not verified, nothing that was granted is refused.  What is
# granted is a name (over libunbound) and a literal.
set -u
cd "$(dirname "$0")/../.." || exit 2
# shellcheck source=tests/lib.sh
. tests/lib.sh
# shellcheck source=tests/net/lab.sh
. tests/net/lab.sh
# shellcheck source=tests/net/rig.sh
. tests/net/rig.sh
kills=${VG_KILLS:-200}
least=20 # attempts of either kind during each outage

sandbox
lab_up
rig_echo
rig_control
lab_config
lab_policy svc <<EOF
service: svc
cgroup: svc
endpoints:
  - host: $API
    ports: [$PORT/tcp, $PORT/udp]
    verify:
      dnssec: require
  - address: "$HONEST6"
    ports: [$PORT/tcp, $PORT/udp]
EOF
mkdir "$CGROUP/svc"
lab_daemon
check "every endpoint is verified" quiet verigress hold svc

declare -A killed=([supervisor]=0 [keeper]=0 [verifier]=0) few=()

# A pause of 0 to 0.127 s: while things start, and while they run.
pause() { read -r -t "0.$(printf %03d $((RANDOM % 128)))" <&"$never" || true; }
exec {never}<> <(:)

start_again() {
    lab_start verigressd app "$BIN/verigressd" --foreground --config "$T/verigress.yaml" \
        --policy-dir "$T/policy.d" --state-dir "$T/state" --run-dir "$T/run" \
        --bpffs "$BPFFS" --cgroup-root "$CGROUP"
}

# Until the load of this outage is enough to tell.
enough() {
    local step all_granted=0 all_refused=0
    for ((step = 0; step < 500; step++)); do
        read -r -t 0.005 <&"$never"
        rig_mark
        # shellcheck disable=SC2154 # rig.sh sets them
        all_granted=$((all_granted + granted)) all_refused=$((all_refused + refused))
        [ $all_granted -lt $least ] || [ $all_refused -lt $least ] || return 0
    done
    return 1
}

# Kill it.  The supervisor sleeps so long, that there is an outage; init is us.
kill_one() {
    local role=$1 pid supervisor
    supervisor=$(rig_wait_pid supervisor) || return 1
    pid=$supervisor
    if [ "$role" != supervisor ]; then
        pid=$(rig_wait_pid "$role") || return 1
        kill -STOP "$supervisor" || return 1
    fi
    rig_mark
    # It may have ended by itself, as a verifier does without its keeper.
    kill -9 "$pid" 2>/dev/null || { kill -CONT "$supervisor" && return 2; }
    enough || few[$role]=$((${few[$role]-0} + 1))
    killed[$role]=$((killed[$role] + 1))
    if [ "$role" = supervisor ]; then start_again; else kill -CONT "$supervisor"; fi
}

rig_load svc -t 4 -w 200
for ((round = 0; round < kills; round++)); do
    for role in $(shuf -e keeper verifier) supervisor; do
        pause
        kill_one "$role" || { [ $? -eq 2 ] && kill_one "$role"; } || break 2
    done
    # Every tenth life is a whole one.
    [ $((round % 10)) -ne 9 ] || wait_for 30 verigress status || break
done
for role in supervisor keeper verifier; do
    is "$role: killed at $kills random moments" "${killed[$role]}" "$kills"
    is "$role: at least $least attempts of each kind during every outage" \
        "${few[$role]-0}" 0
done
rig_load_was_right "under kill -9" $((kills * 3 * least))
check "after all of it the daemon is well" wait_for 30 verigress status
# shellcheck disable=SC2154 # it is of tests/lib.sh
[ $tap_failed -eq 0 ] || note "$(tail -n 30 "$T/verigressd.log")"
dials "after all of it: granted" 0 "$HONEST" $PORT
dials "after all of it: refused" 1 "$EVIL" $PORT
finish
