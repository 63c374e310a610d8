#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# The operator's hand: lockdown and its end, flush, watch; and who may not: a
# peer inside a confined cgroup, and users other than root.
set -u
cd "$(dirname "$0")/../.." || exit 2
# A /etc/group of our own, with the group that may read.
if [ -z "${VG_OWN_ETC-}" ]; then
    exec env VG_OWN_ETC=1 unshare --mount --propagation private "tests/net/${0##*/}"
fi
# shellcheck disable=SC2119 # functions that take no arguments here
# shellcheck source=tests/lib.sh
. tests/lib.sh
# shellcheck source=tests/net/lab.sh
. tests/net/lab.sh
# shellcheck source=tests/net/rig.sh
. tests/net/rig.sh

declare -A line
open_connection() { # NAME CGROUP ADDRESS
    local fd
    mkfifo "$T/$1.in"
    rig_in "$2" "$TOOLS/dial" -k "$3" $PORT <"$T/$1.in" >"$T/$1.out" 2>&1 &
    disown
    exec {fd}>"$T/$1.in"
    line[$1]=$fd
    wait_for 5 grep -qx ok "$T/$1.out"
}
more_than() { [ "$(grep -c . "$2")" -gt "$1" ]; }
speak() { # NAME: an octet there and back; "ok", or the error
    local n
    n=$(grep -c . "$T/$1.out")
    { echo >&"${line[$1]}"; } 2>>"$T/quiet.log"
    wait_for 5 more_than "$n" "$T/$1.out"
    tail -n 1 "$T/$1.out"
}
trap '' PIPE # a connection that ended takes its reader along

sandbox
{ grep -v '^verigress:' /etc/group; echo "verigress:x:64999:"; } >"$T/group"
mount --bind "$T/group" /etc/group || exit 2
rig_up
rig_control
rig_policy svc
rig_policy other
mkdir "$CGROUP"/{svc,svc/inner,other}
lab_daemon

# ---- lockdown ---------------------------------------------------------------------

check "a connection is open" open_connection one svc "$HONEST"
check "and one of another service" open_connection two other "$HONEST"
has "lockdown says what it did" "$(verigress lockdown svc)" 'everything is refused until'
refuse "lockdown cuts what is open" [ "$(speak one)" = ok ]
is "not of another service" "$(speak two)" ok
dials "lockdown refuses what is granted" 1 "$HONEST" $PORT
dials "by UDP" 1 -u "$HONEST" $PORT
check "an event gives the reason" wait_for 5 lab_event \
    ".event == \"deny\" and .service == \"svc\" and .reason == \"lockdown\" and .dst.ip == \"$HONEST\""
is "why gives it, too" "$(verigress why -j svc "$HONEST:$PORT" | jq -r .reason)" lockdown
check "a reload does not lift it" quiet verigress reload --wait
dials "still refused" 1 "$HONEST" $PORT
check "lift" quiet verigress lockdown svc --lift
dials "lifted: granted" 0 "$HONEST" $PORT
dials "lifted: refused is what was" 1 "$EVIL" $PORT

# ---- flush -------------------------------------------------------------------------

check "a connection is open again" open_connection three svc "$HONEST"
is "it works" "$(speak three)" ok
has "flush says how many" "$(verigress flush svc)" '^[1-9][0-9]* connections destroyed'
has "its end is told at once" "$(speak three)" 'ECONNABORTED|ETIMEDOUT|EPIPE'
is "another service's goes on" "$(speak two)" ok
dials "a new one is granted" 0 "$HONEST" $PORT
is "flush -j" "$(verigress flush -j svc | jq -c '[.ok, .service, .destroyed]')" '[true,"svc",0]'

# ---- watch -------------------------------------------------------------------------

shown() { grep -c "\"event\":\"deny\".*$1" "$T/watch"; }
verigress watch -j >"$T/watch"
check "watch shows what was" [ "$(shown "$EVIL")" -ge 1 ]
check "each line is an event" quiet jq -e '.v == 1' "$T/watch"
sleep 1.5
verigress watch -j --since 1s >"$T/watch"
is "--since leaves out what is older" "$(shown "$EVIL")" 0
rig_in other "$TOOLS/dial" "$EVIL" $PORT 2>>"$T/dial.log"
told() { verigress watch -j --since 1m | grep -q "\"event\":\"deny\".*\"service\":\"other\""; }
check "--since shows what is younger" wait_for 5 told
verigress watch -j --service other >"$T/watch"
is "--service shows one service" "$(jq -r '.service // empty' "$T/watch" | sort -u)" other
verigress watch -f -j --service svc >"$T/follow" 2>&1 &
follower=$!
sleep 0.3
dial "$EVIL6" $PORT 2>>"$T/dial.log"
rig_in other "$TOOLS/dial" "$EVIL6" $PORT 2>>"$T/dial.log"
check "-f shows what comes" wait_for 5 grep -q "\"ip\":\"$EVIL6\"" "$T/follow"
is "and of that service only" "$(jq -r .service "$T/follow" | sort -u)" svc
is "and not what was" "$(grep -c "\"ip\":\"$EVIL\"" "$T/follow")" 0
check "it goes on" kill -0 $follower
kill $follower

# ---- who may ------------------------------------------------------------------------

verbs="status list show:svc why:svc:$HONEST:$PORT watch reload diff flush:svc lockdown:svc"
as() { setpriv --reuid 65534 --regid 65534 "$@"; } # --clear-groups or --groups
ask() { # the verb of WORDS with its arguments
    local verb=${1%%:*} rest=${1#*:}
    [ "$rest" != "$1" ] || rest=
    case $verb in
    why) echo "why svc ${rest#svc:}" ;;
    *) echo "$verb $rest" ;;
    esac
}
cp "$BIN/verigress" "$T/verigress" # where anybody may read it
for words in $verbs; do
    read -r -a args <<<"$(ask "$words")"
    rig_in svc/inner "$T/verigress" "${args[@]}" >"$T/out" 2>&1
    status=$?
    check "inside a confined cgroup: ${args[0]} is refused" [ $status -ne 0 ]
    [ $status -ne 0 ] || note "$(cat "$T/out")"
    refuse "another user: ${args[0]}" quiet as --clear-groups "$T/verigress" "${args[@]}"
done
for words in status list show:svc "why:svc:$HONEST:$PORT" watch diff; do
    read -r -a args <<<"$(ask "$words")"
    check "the group may read: ${args[0]}" quiet as --groups 64999 "$T/verigress" "${args[@]}"
done
for args in reload "flush svc" "lockdown svc" "hold svc"; do
    # shellcheck disable=SC2086 # words
    refuse "the group may not: $args" quiet as --groups 64999 "$T/verigress" $args
done
metrics() { as "$@" curl -sS --fail -o /dev/null --unix-socket "$T/run/metrics.sock" http://x/metrics; }
check "the group may read the metrics" quiet metrics --groups 64999
refuse "another user may not" quiet metrics --clear-groups
dials "nothing of that changed anything" 0 "$HONEST" $PORT
rig_nothing_leaked "all the while"
finish
