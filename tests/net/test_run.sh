#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# verigress run: one command, confined from its first instruction, without
# daemon or set-up; and every trace of it gone afterwards, also when `run` is
# killed.
set -u
cd "$(dirname "$0")/../.." || exit 2
# A /run of its own, so that what others leave there is not taken for ours.
if [ -z "${VG_OWN_RUN-}" ]; then
    exec env VG_OWN_RUN=1 unshare --mount --propagation private "tests/net/${0##*/}"
fi
mount -t tmpfs -o mode=755 run /run || exit 2
# shellcheck source=tests/lib.sh
. tests/lib.sh
# shellcheck source=tests/net/lab.sh
. tests/net/lab.sh
# shellcheck source=tests/net/rig.sh
. tests/net/rig.sh

sandbox
rig_up
rig_control
rig_policy one
policy=$T/one.yaml
mv "$T/policy.d/one.yaml" "$policy"
unset SUDO_UID SUDO_GID
user=nobody uid=$(id -u nobody) gid=$(id -g nobody)

# In the namespace `app`, with pins and cgroups in the sandbox.
RUN=(nsenter --net="/run/netns/$LAB_ID-app" -- "$BIN/verigress" run -p "$policy"
    --config "$T/verigress.yaml" --bpffs "$T/bpf" --cgroup-root "$CGROUP")
run() { "${RUN[@]}" "$@"; }
run_as() { run --user $user "$@"; }

exits() { # NAME STATUS command...
    local name=$1 wanted=$2; shift 2
    "$@" >"$T/out" 2>"$T/err"
    is "$name" $? "$wanted"
    # shellcheck disable=SC2154 # of lib.sh
    [ "$tap_failed" -eq "${tap_told-0}" ] || note "$(cat "$T/err")"
    tap_told=$tap_failed
}

nothing_left() {
    ! find /run -name 'verigress-run-*' | grep -q . &&
        [ -z "$(find "$T/bpf" -name "verigress-run-*")" ] &&
        ! find "$CGROUP" -name 'verigress-run-*' | grep -q . &&
        [ "$(mine)" = 0 ]
}
# The daemons of this sandbox: others may run at the same time.
mine() { pgrep -f -- "--cgroup-root $CGROUP" | wc -l; }

# ---- exit status ------------------------------------------------------------

exits "the command's status" 0 run_as -- true
check "nothing is left afterwards" nothing_left
exits "the command's status, another" 7 run_as -- sh -c 'exit 7'
# shellcheck disable=SC2016 # the inner shell's
exits "128 and the signal" $((128 + 9)) run_as -- sh -c 'kill -9 $$'
exits "not found" 127 run_as -- /no/such/program
exits "cannot be executed" 126 run_as -- /etc/passwd
exits "no policy" 2 in_ns app "$BIN/verigress" run -- true
exits "no command" 2 run_as
exits "nobody to run it as" 125 run -- true
has "the hint names --user" "$(cat "$T/err")" '--user'
exits "not as root" 125 run --user 0 -- true
exits "not as root by name" 125 run --user root -- true
exits "not as who does not exist" 125 run --user no-such-user -- true
echo 'servise: one' >"$T/broken.yaml"
exits "a broken policy" 2 in_ns app "$BIN/verigress" run -p "$T/broken.yaml" --user $user -- true
has "its errors are shown at their place" "$(cat "$T/err")" 'broken\.yaml:1:1: error: '
exits "not as somebody who is not root" 125 setpriv --reuid "$uid" --regid "$gid" \
    --clear-groups "$BIN/verigress" run -p "$policy" -- true
exits "a cgroup root that is none" 125 in_ns app "$BIN/verigress" run -p "$policy" \
    --user $user --cgroup-root /tmp --bpffs "$T/bpf" -- true
exits "sudo's user is taken" 0 env SUDO_UID="$uid" SUDO_GID="$gid" "${RUN[@]}" -- id -u
is "and it runs the command" "$(cat "$T/out")" "$uid"
check "nothing is left after failures" wait_for 15 nothing_left

# ---- what the command is ----------------------------------------------------

exits "its own status" 0 run_as -- cat /proc/self/status
status=$(tr -s ' \t' ' ' <"$T/out")
has "user" "$status" "^Uid: $uid $uid $uid $uid"
has "group" "$status" "^Gid: $gid $gid $gid $gid"
has "no group that root had" "$status" "^Groups: ?$gid ?\$"
for set in Inh Prm Eff Bnd Amb; do
    has "no capability: $set" "$status" "^Cap$set: 0000000000000000\$"
done
has "no new privileges" "$status" '^NoNewPrivs: 1$'
has "no signal is blocked" "$status" '^SigBlk: 0000000000000000$'

exec 7<"$T"
exits "descriptors" 0 run_as -- sh -c 'ls /proc/self/fd'
is "none but three, and what ls opens" "$(xargs <"$T/out")" "0 1 2 3"
exec 7<&-
# shellcheck disable=SC2016 # the inner shell's
exits "environment" 0 run_as -- sh -c 'echo $USER $LOGNAME $HOME'
is "it is the user's" "$(cat "$T/out")" "$user $user $(getent passwd $user | cut -d: -f6)"
exits "its cgroup" 0 run_as -- grep ^0:: /proc/self/cgroup
has "is one of its own" "$(cat "$T/out")" "/$CGROUP_NAME/verigress-run-[0-9]+-......\$"
# shellcheck disable=SC2016 # the inner shell's
exits "it cannot leave it" 0 run_as -- sh -c \
    'for d in "$@"; do echo $$ >"$d/cgroup.procs" && exit 1; done; exit 0' sh \
    "$CGROUP_ROOT" "$CGROUP"
is "stdin, stdout and stderr are the caller's" \
    "$(echo in | run_as -- sh -c 'cat; echo err >&2' 2>&1)" "$(printf 'in\nerr')"

# ---- confined from the first instruction ------------------------------------

chmod 755 "$TOOLS/dial"
cp "$TOOLS/dial" "$T/dial"
exits "granted" 0 run_as -- "$T/dial" "$HONEST" $PORT
is "nothing is said of what was granted" "$(cat "$T/err")" ""
exits "refused as its first act" 1 run_as -- "$T/dial" "$EVIL" $PORT
has "the denial is told" "$(cat "$T/err")" \
    "^verigress run: one \(dial, pid [0-9]+\) may not connect to $EVIL:$PORT/tcp: "
has "and counted" "$(cat "$T/err")" '^verigress run: 1 denial$'
exits "the same with --fail-on-deny" 99 run_as --fail-on-deny -- "$T/dial" "$EVIL" $PORT
exits "--fail-on-deny without a denial" 0 run_as --fail-on-deny -- "$T/dial" "$HONEST" $PORT
exits "many denials" 1 run_as -- "$T/dial" "$EVIL" $PORT 500
has "are one line with their number" "$(cat "$T/err")" '\(500 times\)$'
has "and their sum" "$(cat "$T/err")" '^verigress run: 500 denials$'

exits "-j" 1 run_as -j --report "$T/report.json" -- "$T/dial" -u "$EVIL6" $PORT 50
is "-j: stdout is the command's" "$(cat "$T/out")" 50
is "-j: stderr holds nothing of the report" "$(cat "$T/err")" ""
check "-j: one object that adds up" quiet jq -e '.v == 1 and .service == "one" and .status == 1 and
    .denials == 50 and .lost == 0 and ([.events[].count] | add) == 50' "$T/report.json"
check "-j: events are those of \`watch\`" quiet jq -e --arg ip "$EVIL6" \
    '.events | all(.event == "deny" and .dst.ip == $ip and .process.comm == "dial")' \
    "$T/report.json"
sed 's/^cgroup:.*/&\nmode: audit/' "$policy" >"$T/audit.yaml"
exits "audit: a denial is reported" 99 in_ns app "$BIN/verigress" run -p "$T/audit.yaml" \
    --config "$T/verigress.yaml" --bpffs "$T/bpf" --cgroup-root "$CGROUP" \
    --user $user --fail-on-deny -- "$T/dial" "$EVIL" $PORT
has "audit: though it was let through" "$(lab_evil_packets)" .
lab_forget
rig_nothing_leaked "all the while"
check "nothing is left afterwards" wait_for 15 nothing_left

# ---- signals, and what stays behind -----------------------------------------

"${RUN[@]}" --user $user -- \
    sh -c 'trap "exit 42" TERM; echo started; while :; do sleep 0.1; done' >"$T/out" 2>"$T/err" &
runner=$!
wait_for 20 grep -q started "$T/out"
kill -TERM $runner
wait $runner
is "SIGTERM is handed on" $? 42
check "nothing is left afterwards" wait_for 15 nothing_left

"${RUN[@]}" --user $user -- \
    sh -c 'echo started; sleep 4; "$0" "$1" "$2"; echo $? >"$3"' "$T/dial" "$EVIL" \
    $PORT "$T/last" >"$T/out" 2>"$T/err" &
runner=$!
install -m 666 /dev/null "$T/last"
wait_for 20 grep -q started "$T/out"
kill -9 $runner
refuse "after kill -9 of run the command goes on" nothing_left
check "and is confined until it ends" wait_for 10 grep -q 1 "$T/last"
check "then nothing is left: no pin, no cgroup, no file, no process" wait_for 15 nothing_left
rig_nothing_leaked "after kill -9 of run"

exits "what the command leaves behind does not hold run up" 0 run_as -- \
    sh -c 'sleep 3 </dev/null >/dev/null 2>&1 &'
has "and is told" "$(cat "$T/err")" 'processes of the command go on, confined'
check "it is gone when they are" wait_for 15 nothing_left

# A name that nobody answers for keeps `run` waiting, for this:
cat >"$T/slow.yaml" <<EOF
service: slow
cgroup: slow
endpoints:
  - host: api.vendor.com
    ports: [443/tcp]
EOF
prepares() { # SIGNAL STATUS NAME: sent while it prepares
    local runner
    "${RUN[@]}" -p "$T/slow.yaml" --user $user -- touch "$T/started" >"$T/out" 2>"$T/err" &
    runner=$!
    wait_for 10 eval 'test -S /run/verigress-run-*/run/control.sock'
    sleep 0.5
    kill "-$1" $runner
    wait $runner
    is "$3" $? "$2"
    check "then nothing is left" wait_for 20 nothing_left
}
prepares TERM $((128 + 15)) "SIGTERM before the command starts"
prepares KILL $((128 + 9)) "kill -9 before the command starts"
refuse "the command was not started" test -e "$T/started"

# Nothing given, nothing set up: it mounts its bpffs, here out of sight.
at_exit "rmdir '$CGROUP_ROOT/verigress'"
exits "where nothing is set up" 0 nsenter --net="/run/netns/$LAB_ID-app" -- \
    "$BIN/verigress" run -p "$policy" --user $user -- "$T/dial" "$HONEST" $PORT
none_there() { ! ls -d /sys/fs/bpf/verigress* && ! ls -d /run/verigress-run-*; }
check "and nothing is left there either" quiet none_there
finish
