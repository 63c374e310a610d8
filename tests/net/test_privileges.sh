#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# What each of the three processes really holds: user, groups, capabilities,
# no_new_privs, seccomp, descriptors.  Exactly that, and nothing more.
set -u
cd "$(dirname "$0")/../.." || exit 2
# shellcheck source=tests/lib.sh
. tests/lib.sh
# shellcheck source=tests/net/lab.sh
. tests/net/lab.sh
# shellcheck source=tests/net/rig.sh
. tests/net/rig.sh

# linux/capability.h
bit() { local sum=0 n; for n in "$@"; do sum=$((sum | 1 << n)); done; printf '%016x' $sum; }
KILL=5 SETGID=6 SETUID=7 NET_ADMIN=12 SYS_PTRACE=19 SYS_ADMIN=21 PERFMON=38 BPF=39
none=$(bit)
supervisor=$(bit $SETUID $SETGID $KILL $SYS_PTRACE $SYS_ADMIN)
keeper=$(bit $BPF $NET_ADMIN $PERFMON)
bound=$(bit $SETUID $SETGID $KILL $SYS_PTRACE $SYS_ADMIN $BPF $NET_ADMIN $PERFMON)

sandbox
rig_up
rig_policy
mkdir "$CGROUP/svc"
# A stray descriptor of the caller must reach nobody.
exec 7<"$T" 8>"$T/stray" 9<&0
lab_daemon
dial "$HONEST" $PORT && dial "$EVIL" $PORT
wait_for 5 lab_event '.event == "deny"' || not_ok "a denial was told, so all is open that will be"

field() { awk -v key="$2:" '$1 == key {$1 = ""; sub(/^ /, ""); print}' "/proc/$(rig_pid "$1")/status"; }
words() { tr -s ' \t' ' ' <<<"$1"; }

# ---- who --------------------------------------------------------------------

user=$(id -u verigress 2>/dev/null || id -u nobody)
group=$(id -g verigress 2>/dev/null || id -g nobody)
readers=$(getent group verigress | cut -d: -f3)
for role in supervisor keeper; do
    is "$role: user" "$(words "$(field $role Uid)")" "0 0 0 0"
done
is "verifier: user" "$(words "$(field verifier Uid)")" "$user $user $user $user"
is "verifier: group" "$(words "$(field verifier Gid)")" "$group $group $group $group"
is "verifier: no other group" "$(words "$(field verifier Groups)")" ""
is "keeper: no group but that of the readers" "$(words "$(field keeper Groups)" | xargs)" "$readers"

# ---- capabilities -----------------------------------------------------------

caps() { # ROLE PERMITTED BOUNDING
    is "$1: permitted" "$(field "$1" CapPrm)" "$2"
    is "$1: effective" "$(field "$1" CapEff)" "$2"
    is "$1: inheritable" "$(field "$1" CapInh)" "$none"
    is "$1: ambient" "$(field "$1" CapAmb)" "$none"
    is "$1: bounding" "$(field "$1" CapBnd)" "$3"
}
caps supervisor "$supervisor" "$bound"
caps keeper "$keeper" "$bound"
caps verifier "$none" "$bound"
is "keeper: no new privileges" "$(field keeper NoNewPrivs)" 1
is "verifier: no new privileges" "$(field verifier NoNewPrivs)" 1
is "verifier: seccomp filters" "$(field verifier Seccomp)" 2
has "verifier: no core dumps, few files" "$(cat "/proc/$(rig_pid verifier)/limits")" \
    'Max core file size +0 +0 '

# ---- descriptors ------------------------------------------------------------

# Each as "FD KIND": what it is, not which.
fds() {
    local fd to
    for fd in "/proc/$(rig_pid "$1")/fd/"*; do
        to=$(readlink "$fd") || continue # closed since
        case $to in
        socket:*) to="socket $(socket_kind "${to//[^0-9]/}")" ;;
        "$T"/*.log) to=log ;;
        "$CGROUP"*) to="cgroup ${to#"$CGROUP"}" ;;
        "$T"/*) to="file ${to#"$T"/}" ;;
        esac
        echo "${fd##*/} $to"
    done | sort -n
}

# The line of the socket of that inode: its family and type.
socket_kind() {
    local line
    line=$(in_ns app ss -Hapne 2>/dev/null | grep -E "ino:$1 |[* ]$1 " | head -n 1 | awk '{print $1}')
    echo "${line:-other}"
}

kinds() { fds "$1" | cut -d' ' -f2- | sort | uniq -c | awk '{$1 = $1; print}'; }

own=$(fds verifier)
note "$own"
is "verifier: 0 and 1 are /dev/null" "$(grep -cE '^[01] /dev/null$' <<<"$own")" 2
is "verifier: 2 is the log, 3 the channel to the keeper" \
    "$(sed -n '3,4p' <<<"$own" | cut -d' ' -f1,2 | xargs)" "2 log 3 socket"
refuse "verifier: no descriptor of BPF" grep -q bpf <<<"$own"
is "verifier: beyond these only its loop, its timers and internet sockets" \
    "$(sed 1,4d <<<"$own" | grep -vE '^[0-9]+ (anon_inode:\[(eventpoll|eventfd|timerfd)\]|socket (udp|tcp|other)|pipe:.*)')" ""

own=$(fds supervisor)
note "$own"
refuse "supervisor: no descriptor of BPF" grep -q bpf <<<"$own"
is "supervisor: its program, its namespace, signals, the lock, two sockets" \
    "$(sed 1,3d <<<"$own" | cut -d' ' -f2- | sed -E 's/^net:.*/netns/; s/^socket .*/socket/; s,^/.*/verigressd$,program,; s,^file run/lock$,lock,; s/.*signalfd.*/signals/' | sort | xargs)" \
    "/dev/null lock netns program signals socket socket"

own=$(fds keeper)
note "$own"
has "keeper: it holds the maps" "$own" 'anon_inode:bpf-map'
is "keeper: nothing but what it works with" \
    "$(sed 1,3d <<<"$own" | grep -vE '^[0-9]+ (anon_inode:(bpf-map|bpf-prog|bpf_link|bpf-link|btf|inotify|\[eventpoll\]|\[eventfd\]|\[timerfd\]|\[signalfd\])|socket .*|cgroup.*|file (events\.jsonl|bpf/.*)|pipe:.*)')" ""
for role in supervisor keeper verifier; do
    refuse "$role: no stray descriptor" grep -qE "stray|^[0-9]+ $T\$" <<<"$(fds $role)"
done

# ---- what it may not do -----------------------------------------------------

# Not dumpable: even the same user may not look into the verifier.
refuse "verifier: its user cannot read its memory" \
    quiet setpriv --reuid "$user" --regid "$group" --clear-groups \
    cat "/proc/$(rig_pid verifier)/environ"
is "verifier: knows no path" \
    "$(tr '\0' '\n' <"/proc/$(rig_pid verifier)/cmdline" | grep -c /)" 0
is "verifier: nothing in its environment" \
    "$(tr '\0' '\n' <"/proc/$(rig_pid verifier)/environ" | grep -vc '^JOURNAL_STREAM=')" 0
finish
