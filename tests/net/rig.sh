# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
# shellcheck disable=SC2154,SC2034 # names of tests/lib.sh and lab.sh, and for the tests
# What the robustness tests share: the laboratory's network without its DNS,
# an echo server at the addresses that are granted, the witness at the
# attacker's, and the load between.  Source it after tests/lib.sh and lab.sh.
#   sandbox; rig_up [CONFIG LINES]; rig_policy; lab_daemon
PORT=7000
TOOLS=$BIN/tools

# The daemon's file with a resolver that does not answer: literals need none.
rig_config() { # [LINES]
    mkdir -p "$T/policy.d" "$T/state" "$T/run"
    {
        echo 'resolver: {forward: ["127.0.0.1@9"]}'
        echo "events: {file: $T/events.jsonl, journal: false}"
        echo "metrics: {listen: \"unix:$T/run/metrics.sock\"}"
        printf '%s\n' "$@"
    } >"$T/verigress.yaml"
}

rig_up() { # [LINES of the daemon's file]
    LAB_ID=vg$$-$RANDOM
    at_exit lab_down
    lab_network
    lab_witness evil
    rig_echo
    rig_config "$@"
}

rig_echo() {
    lab_start echo honest "$TOOLS/echo" $PORT
    lab_wait "the echo server listens" lab_said "$T/echo.log" listening
}

# Granted: the honest host, by both families; nothing else.
rig_policy() { # [SERVICE [LINES before the endpoints [LINES of endpoints]]]
    lab_policy "${1-svc}" <<EOF
service: ${1-svc}
cgroup: ${1-svc}
${2-}
endpoints:
  - address: $HONEST
    ports: [$PORT/tcp, $PORT/udp]
    hold: 1m
  - address: "$HONEST6"
    ports: [$PORT/tcp, $PORT/udp]
    hold: 1m
${3-}
EOF
}

# rig_in CGROUP command...: inside, from its first instruction, in `app`.
rig_in() {
    local cgroup=$1; shift
    in_cgroup "$CGROUP/$cgroup" nsenter --net="/run/netns/$LAB_ID-app" -- "$@"
}

# Without a word: of what `check` and `refuse` run, only the status counts.
quiet() { "$@" >>"$T/quiet.log" 2>&1; }

dial() { rig_in svc "$TOOLS/dial" "$@"; } # exit 0: echo, 1: EPERM, 2: else

# dials NAME STATUS [option]... ADDRESS PORT
dials() {
    local name=$1 wanted=$2; shift 2
    dial "$@" 2>>"$T/dial.log"
    is "$name" $? "$wanted"
}

# The process of ROLE (supervisor, keeper, verifier), or nothing.  A child that
# is not yet executed looks like the supervisor, but is not started by us.
rig_pid() {
    local pid role rest
    local -a args all
    mapfile -t all <"$CGROUP/lab/verigressd/cgroup.procs"
    for pid in "${all[@]}"; do
        { mapfile -d '' -t args <"/proc/$pid/cmdline"; } 2>/dev/null || continue
        [ ${#args[@]} -gt 0 ] || continue # it is dying
        role=supervisor
        [ "${args[1]-}" != --role ] || role=${args[2]}
        [ "$role" = "$1" ] || continue
        if [ "$role" = supervisor ]; then
            { rest=$(<"/proc/$pid/stat"); } 2>/dev/null || continue
            read -r _ rest _ <<<"${rest##*)}"
            [[ " ${all[*]} " != *" $rest "* ]] || continue
        fi
        echo "$pid"
        return 0
    done
    return 1
}

rig_wait_pid() {
    local end=$((SECONDS + 20))
    until rig_pid "$1"; do
        [ $SECONDS -lt $end ] || { echo "no $1" >&2; return 1; }
        sleep 0.01
    done
}

rig_pids() { cat "$CGROUP/lab/verigressd/cgroup.procs"; }

# ---- load -------------------------------------------------------------------

# rig_load CGROUP [option of hammer]...: start it, as a coprocess.
rig_load() {
    local cgroup=$1; shift
    coproc LOAD { rig_in "$cgroup" nice "$TOOLS/hammer" -g "$HONEST" -g "$HONEST6" \
        -r "$EVIL" -r "$EVIL6" "$@" $PORT 2>"$T/hammer.log"; }
    load_in=${LOAD[1]} load_out=${LOAD[0]} load_pid=$LOAD_PID
}

# What happened since the last call: sets granted failed refused leaked.
rig_mark() {
    local -a words
    echo >&"$load_in"
    read -r -t 30 -a words <&"$load_out" || return 1
    granted=${words[1]} failed=${words[3]} refused=${words[5]} leaked=${words[7]}
}

# End the load; its sums in the same four, and 0 when nothing went wrong.
rig_load_end() {
    local -a words
    exec {load_in}>&-
    read -r -t 30 -a words <&"$load_out" || return 1
    granted=${words[2]} failed=${words[4]} refused=${words[6]} leaked=${words[8]}
    wait "$load_pid"
}

# rig_load_was_right NAME LEAST: the sums say that nothing went wrong, and that
# enough was tried for that to mean something.
rig_load_was_right() {
    check "$1: no granted connect was refused, no refused one got through" rig_load_end
    [ ! -s "$T/hammer.log" ] || note "$(cat "$T/hammer.log")"
    check "$1: $granted granted and $refused refused attempts, at least $2 of each" \
        [ $((granted < refused ? granted : refused)) -ge "$2" ]
    rig_nothing_leaked "$1"
}

rig_nothing_leaked() {
    is "$1: not one packet reached a refused address" "$(lab_evil_packets | head -n 5)" ""
}

# The witness works, and without verigress everything gets through: else the
# silence of the tests would mean nothing.
rig_control() {
    in_ns app "$TOOLS/dial" "$EVIL" $PORT >/dev/null 2>&1
    in_ns app "$TOOLS/dial" "$EVIL6" $PORT >/dev/null 2>&1
    is "control: without verigress the witness sees packets of both families" \
        "$(lab_evil_packets | grep -cE "$EVIL|$EVIL6" | sed 's/^[1-9].*/some/')" some
    lab_forget
}
