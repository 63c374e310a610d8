#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# The backstop: what open connections, servers and odd sockets may send.
set -u
# shellcheck source=tests/bpf/rig.sh
. "$(dirname "$0")/rig.sh"

serve "" 0.0.0.0 80
serve "" ::1 80
events() { keep events; }

# ---- what skips the address hooks ------------------------------------------
ways=("ping 127.0.0.2" "raw 132 127.0.0.2" "raw 47 127.0.0.2"
    "raw-tcp 127.0.0.2 80" "udp-options 127.0.0.2 80" "udp-extension ::1 80")
[ "$(as_root udplite 127.0.0.2 80)" = ok ] && ways+=("udplite 127.0.0.2 80")
for way in "${ways[@]}"; do
    # shellcheck disable=SC2086
    is "open before: $way" "$(as_root $way)" ok
done
keep add web any cidrs , attach web "$WEB"
for proto in tcp udp; do
    keep lease web $proto 80 127.0.0.2 600000 , lease web $proto 80 ::1 600000
done
keep lease web tcp 0 127.0.0.0/8 600000 , lease web udp 0 127.0.0.0/8 600000
for way in "${ways[@]}"; do
    # shellcheck disable=SC2086
    is "refused whatever is leased: $way" "$(as_root $way)" EPERM
done
# The kernel forgets the error of an ICMPv6 ping: the event tells.
as_root ping6 ::1 >/dev/null
events >"$T/events"
has "refused: ping6" "$(cat "$T/events")" 'layer=egress reason=socket_kind .*proto=58 .*dst=::1:'
has "icmp: reason" "$(cat "$T/events")" 'layer=egress reason=socket_kind .*proto=1 .*dst=127.0.0.2:'
has "sctp: reason" "$(cat "$T/events")" 'layer=egress reason=socket_kind .*proto=132 '
has "a hand-made SYN: reason" "$(cat "$T/events")" 'layer=egress reason=socket_kind .*proto=6 .*dst=127.0.0.2:80'
has "options: reason" "$(cat "$T/events")" 'layer=egress reason=family .*proto=17 .*dst=127.0.0.2:0'
has "extension header: reason" "$(cat "$T/events")" 'layer=egress reason=socket_kind .*proto=60 family=10 dst=::1:'
keep add web , end web tcp 0 127.0.0.0/8 , end web udp 0 127.0.0.0/8

# ---- connections from before the attach -------------------------------------
mkdir "$CGROUP/late"
talk_start "$CGROUP/late" talk 127.0.0.3 80
is "open before the attach" "$(talk_on)" ok
keep add late , attach late "$CGROUP/late"
is "carries nothing after it" "$(talk_on)" timeout
events >"$T/events"
has "egress tells" "$(cat "$T/events")" 'layer=egress reason=no_lease .*dst=127.0.0.3:80'
keep destroy "$CGROUP/late" >"$T/n"
is "one is destroyed" "$(cat "$T/n")" 1
is "at once" "$(talk_on)" ECONNABORTED
talk_end
mkdir "$CGROUP/late2"
talk_start "$CGROUP/late2" talk 127.0.0.2 80
keep add late , lease late tcp 80 127.0.0.2 600000 , attach late "$CGROUP/late2"
is "one that is leased goes on" "$(talk_on)" ok
keep bump late
is "and after an epoch" "$(talk_on)" ok
talk_end
mkdir "$CGROUP/late3"
talk_start "$CGROUP/late3" talk-udp 127.0.0.3 80
is "connected UDP before the attach" "$(talk_on)" ok
keep attach late "$CGROUP/late3"
is "is refused at the next datagram" "$(talk_on)" EPERM
talk_end

# ---- revocation ---------------------------------------------------------------
talk_start "$WEB" talk 127.0.0.2 80
is "granted" "$(talk_on)" ok
keep end web tcp 80 127.0.0.2
is "without an epoch nothing is judged again" "$(talk_on)" ok
keep bump web
is "revoked: carries nothing" "$(talk_on)" timeout
keep lease web tcp 80 127.0.0.2 600000
is "destroyed by target" "$(keep destroy "$WEB" tcp 81 127.0.0.2) $(keep destroy "$WEB" udp 80 127.0.0.2) $(keep destroy "$WEB" tcp 80 127.0.0.2)" "0 0 1"
is "the application knows" "$(talk_on)" ECONNABORTED
talk_end

# The supervisor opens the socket and may not destroy; the keeper may.
talk_start "$WEB" talk 127.0.0.2 80
is "open" "$(talk_on)" ok
cat >"$T/hand.py" <<'END'
import os, socket, subprocess, sys
os.seteuid(65534)
s = socket.socket(socket.AF_NETLINK, socket.SOCK_DGRAM, 4)  # NETLINK_SOCK_DIAG
os.seteuid(0)
os.environ["NETLINK"] = str(s.fileno())
sys.exit(subprocess.run(sys.argv[1:], pass_fds=[s.fileno()]).returncode)
END
is "a socket of an unprivileged opener destroys" "$(/usr/bin/python3 "$T/hand.py" "$BIN/tools/enforce" "$BPFFS" destroy "$WEB")" 1
is "it is gone" "$(talk_on)" ECONNABORTED
talk_end

# ---- the end of a lease under an open connection -----------------------------
keep lease web tcp 80 127.0.0.2 1500
talk_start "$WEB" talk 127.0.0.2 80
is "before the end" "$(talk_on)" ok
sleep 1.6
is "on_expiry keep: it goes on" "$(talk_on)" ok
is "nobody new comes in" "$(inside tcp 127.0.0.2 80)" EPERM
keep bump web
is "also after an epoch: it ran out, it is not revoked" "$(talk_on)" ok
keep end web tcp 80 127.0.0.2 , bump web
is "revoked it is cut" "$(talk_on)" timeout
talk_end
keep add web kills , lease web tcp 80 127.0.0.2 1500
talk_start "$WEB" talk 127.0.0.2 80
is "on_expiry destroy: before the end" "$(talk_on)" ok
sleep 1.6
is "on_expiry destroy: after it" "$(talk_on)" timeout
talk_end
keep lease web tcp 80 127.0.0.2 1500
talk_start "$WEB" talk 127.0.0.2 80
keep lease web tcp 80 127.0.0.2 600000
sleep 1.6
is "on_expiry destroy: renewed in time" "$(talk_on)" ok
talk_end
keep add web , lease web udp 80 127.0.0.2 1500
talk_start "$WEB" talk-udp 127.0.0.2 80
is "a datagram before the end" "$(talk_on)" ok
sleep 1.6
is "none after it" "$(talk_on)" EPERM
keep lease web udp 80 127.0.0.2 600000
is "renewed it sends again" "$(talk_on)" ok
talk_end

# ---- one socket, another address ----------------------------------------------
keep lease web tcp 80 127.0.0.2 600000
is "reused for a refused address" "$(inside reuse 127.0.0.2 127.0.0.3 80)" EPERM
keep lease web tcp 80 127.0.0.3 600000
is "reused for a granted one" "$(inside reuse 127.0.0.2 127.0.0.3 80)" ok
keep end web tcp 80 127.0.0.3 , bump web

# ---- lockdown -------------------------------------------------------------------
talk_start "$WEB" talk 127.0.0.2 80
is "before lockdown" "$(talk_on)" ok
keep lockdown web on
is "lockdown cuts what is open" "$(talk_on)" timeout
keep lockdown web off
is "and lets it go on" "$(talk_on)" ok
talk_end

# ---- servers inside ---------------------------------------------------------------
serve "$WEB" 127.0.0.9 8000 5353
is "no listen: not even a SYN-ACK" "$(outside tcp 127.0.0.9 8000)" timeout
is "no listen: no datagram" "$(outside ask-udp 127.0.0.9 5353)" timeout
events >"$T/events"
has "the SYN-ACK is told" "$(cat "$T/events")" 'layer=egress reason=no_lease .*proto=6 .*src=127.0.0.9:8000'
keep listen web tcp 8000 ::/0
is "listen: accepted" "$(outside ask-tcp 127.0.0.9 8000)" ok
is "tcp listen is not udp" "$(outside ask-udp 127.0.0.9 5353)" timeout
is "listen opens no way out" "$(inside tcp 127.0.0.3 80)" EPERM
keep listen web tcp 8000 ::/0 udp 5353 127.0.0.0/31
is "udp from: granted" "$(outside ask-udp 127.0.0.9 5353)" ok
keep listen web tcp 8000 ::/0 udp 5353 127.0.0.2/32
is "udp from: another peer" "$(outside ask-udp 127.0.0.9 5353)" timeout
keep events >"$T/events"
has "udp from: told by sendmsg4" "$(cat "$T/events")" 'layer=sendmsg4 reason=no_lease .*src=[0-9.]*:5353'
coproc PEER { /usr/bin/python3 "$REACH" talk 127.0.0.9 8000; }
read -r -t 5 line <&"${PEER[0]}"
peer() { echo >&"${PEER[1]}"; read -r -t 6 line <&"${PEER[0]}"; echo "$line"; }
is "accepted: answers" "$(peer)" ok
keep bump web
is "accepted: answers after an epoch" "$(peer)" ok
keep listen web udp 5353 127.0.0.2/32
is "accepted: not when the port is listed no more" "$(peer)" timeout
keep listen web tcp 8000 ::/0
is "accepted: again when it is" "$(peer)" ok
# shellcheck disable=SC1083,SC2093 # bash closes the descriptor in PEER[1]
exec {PEER[1]}>&-
wait "$PEER_PID"

# ---- the end of a flow ---------------------------------------------------------------
keep events >/dev/null
inside ask-tcp 127.0.0.2 80 >/dev/null
outside ask-tcp 127.0.0.9 8000 >/dev/null
sleep 0.2
keep events >"$T/events"
has "flow_end of ours" "$(cat "$T/events")" 'flow_end layer=sock_ops .*dst=127.0.0.2:80 .*flags=0 .*sent=[123] received=[12] '
has "flow_end of an accepted one" "$(cat "$T/events")" 'flow_end layer=sock_ops .*src=127.0.0.9:8000 flags=8 '
is "no helper failed" "$(keep faults | grep -oE '[a-z]+=[1-9][0-9]*' | grep -v '^parse=')" ""
finish
