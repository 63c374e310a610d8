#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Another program on the same cgroup sends a connection elsewhere after
# connect4 has judged it: sock_ops judges again, and nothing gets there.
set -u
# shellcheck source=tests/bpf/rig.sh
. "$(dirname "$0")/rig.sh"

# $WEB is confined by ours first; what is attached later runs later.
serve "" 127.0.0.3 80
rewritten() { "$BIN/tools/rewrite" "$WEB" 127.0.0.2 127.0.0.3 "$@"; }
try() { rewritten bash -c 'echo $$ >"$1/cgroup.procs"; shift; exec setpriv --reuid 65534 --regid 65534 --clear-groups /usr/bin/python3 "$@"' try "$WEB" "$REACH" "$@"; }

is "nobody at the granted address" "$(inside tcp 127.0.0.2 80)" ECONNREFUSED
is "rewritten without confinement: it works" "$(try tcp 127.0.0.2 80)" ok
keep add web , attach web "$WEB" , lease web tcp 80 127.0.0.2 600000
is "the granted one is still granted" "$(inside tcp 127.0.0.2 80)" ECONNREFUSED
read -r result ms <<<"$(try tcp-time 127.0.0.2 80)"
is "rewritten: refused" "$result" ETIMEDOUT
check "and soon: $ms ms" test "$ms" -lt 4000
keep events >"$T/events"
has "sock_ops tells, and asks for its end" "$(cat "$T/events")" 'layer=sock_ops reason=no_lease .*dst=127.0.0.3:80 src=127.0.0.1:[0-9]* flags=2 '
has "egress dropped the SYN" "$(cat "$T/events")" 'layer=egress reason=no_lease .*dst=127.0.0.3:80'

# One socket, used again: its mark is for the first connection's tuple.
serve "" 127.0.0.5 80
keep lease web tcp 80 127.0.0.5 600000
is "used again for a rewritten one" "$(try reuse 127.0.0.5 127.0.0.2 80)" ETIMEDOUT
keep listen web tcp 8000 ::/0
try accept-reuse 127.0.0.9 8000 127.0.0.2 80 >"$T/reuse" &
reuser=$!
wait_for 5 grep -q ready "$T/reuse"
is "accepted" "$(outside ask-tcp 127.0.0.9 8000)" ok
wait $reuser
is "an accepted one, used again for a rewritten one" "$(tail -n 1 "$T/reuse")" ETIMEDOUT
keep end web tcp 80 127.0.0.5

keep lease web tcp 80 127.0.0.3 600000
is "rewritten to a granted one" "$(try tcp 127.0.0.2 80)" ok
keep add web audit , end web tcp 80 127.0.0.3 , bump web , events >/dev/null
is "audit: it passes" "$(try tcp 127.0.0.2 80)" ok
keep events >"$T/events"
is "audit: told once" "$(grep -c 'layer=sock_ops reason=no_lease .*flags=1 ' "$T/events")" 1
is "audit: and by nobody else" "$(grep -c '^denial' "$T/events")" 1
finish
