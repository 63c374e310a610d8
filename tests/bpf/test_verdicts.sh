#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Who gets through, by every ordinary way of sending.
set -u
# shellcheck source=tests/bpf/rig.sh
. "$(dirname "$0")/rig.sh"

serve "" 0.0.0.0 80
serve "" ::1 80

# Without confinement every way works: what follows can fail.
for way in tcp tcp-mapped tcp-fastopen mptcp udp udp-mapped udp-connected udp-unspec udp-options; do
    is "open before: $way" "$(as_root $way 127.0.0.2 80)" ok
done
is "open before: tcp ::1" "$(inside tcp ::1 80)" ok
is "open before: sendmmsg" "$(inside sendmmsg 127.0.0.2 127.0.0.3 80)" 2

keep add web , attach web "$WEB"
is "an empty policy refuses" "$(inside tcp 127.0.0.2 80)" EPERM
is "root as well" "$(as_root tcp 127.0.0.2 80)" EPERM
keep lease web tcp 80 127.0.0.2 600000 honest.example \
    , lease web udp 80 127.0.0.2 600000 honest.example \
    , lease web tcp 80 ::1 600000 six.example , lease web udp 80 ::1 600000

for way in tcp tcp-mapped tcp-fastopen mptcp udp udp-mapped udp-connected udp-unspec; do
    is "granted: $way" "$(inside $way 127.0.0.2 80)" ok
    is "refused: $way, another address" "$(inside $way 127.0.0.3 80)" EPERM
    is "refused: $way, another port" "$(inside $way 127.0.0.2 81)" EPERM
done
for way in tcp udp udp-connected udp-connect; do
    is "granted: $way ::1" "$(inside $way ::1 80)" ok
    is "refused: $way ::1, another port" "$(inside $way ::1 81)" EPERM
    is "refused: $way, another address" "$(inside $way fd00::1 80)" EPERM
done
keep end web udp 80 127.0.0.2
is "the protocol counts: tcp" "$(inside tcp 127.0.0.2 80)" ok
is "the protocol counts: udp" "$(inside udp 127.0.0.2 80)" EPERM
is "a route probe of what TCP may reach sends nothing" "$(inside udp-connect 127.0.0.2 80)" ok
is "nor can anything be sent on it" "$(inside udp-connected 127.0.0.2 80)" EPERM
is "a route probe without a port" "$(inside udp-connect 127.0.0.3 0)" ok
is "a route probe of another address" "$(inside udp-connect 127.0.0.3 80)" EPERM
is "a route probe of another port" "$(inside udp-connect 127.0.0.2 81)" EPERM
keep lease web udp 80 127.0.0.2 600000
is "sendmmsg: one of two" "$(inside sendmmsg 127.0.0.2 127.0.0.3 80)" 1
is "an address on a connected socket" "$(inside udp-connected 127.0.0.2 80 127.0.0.3)" EPERM
is "more than a packet" "$(inside udp-large 127.0.0.2 80)" ok

# Zeros reach loopback: they are 127.0.0.1 and ::1, or the bound address.
is "0.0.0.0 is refused without 127.0.0.1" "$(inside tcp 0.0.0.0 80)" EPERM
is "0.0.0.0 by udp" "$(inside udp 0.0.0.0 80)" EPERM
is ":: is granted with ::1" "$(inside tcp :: 80)" ok
is ":: by udp" "$(inside udp :: 80)" ok
is "::ffff:0.0.0.0" "$(inside tcp-mapped 0.0.0.0 80)" EPERM
is "0.0.0.0 from 127.0.0.3 is 127.0.0.3" "$(inside tcp-from 127.0.0.3 0.0.0.0 80)" EPERM
is "0.0.0.0 from 127.0.0.2 is 127.0.0.2" "$(inside tcp-from 127.0.0.2 0.0.0.0 80)" ok
keep lease web tcp 80 127.0.0.1 600000 , lease web udp 80 127.0.0.1 600000 \
    , end web tcp 80 ::1 , end web udp 80 ::1
is "0.0.0.0 is granted with 127.0.0.1" "$(inside tcp 0.0.0.0 80)" ok
is "::ffff:0.0.0.0 too" "$(inside tcp-mapped 0.0.0.0 80)" ok
is ":: is refused without ::1" "$(inside tcp :: 80)" EPERM
is ":: by udp is refused" "$(inside udp :: 80)" EPERM
keep end web tcp 80 127.0.0.1 , end web udp 80 127.0.0.1

# Every port, and CIDRs.
is "port 0 needs the flag" "$(keep lease web tcp 0 127.0.0.4 600000; inside tcp 127.0.0.4 80)" EPERM
keep add web any
is "every port" "$(inside tcp 127.0.0.4 80)" ok
is "every port, of that protocol" "$(inside udp 127.0.0.4 80)" EPERM
is "a CIDR needs the flag" "$(keep lease web tcp 80 127.1.0.0/16 600000; inside tcp 127.1.2.3 80)" EPERM
keep add web any cidrs
is "a CIDR" "$(inside tcp 127.1.2.3 80)" ok
is "a CIDR, through an IPv6 socket" "$(inside tcp-mapped 127.1.2.3 80)" ok
is "outside of the CIDR" "$(inside tcp 127.2.2.3 80)" EPERM
is "the CIDR's port" "$(inside tcp 127.1.2.3 81)" EPERM
keep lease web tcp 0 127.3.0.0/16 600000
is "every port of a CIDR" "$(inside tcp 127.3.2.3 80)" ok
keep lease web tcp 80 127.1.2.0/24 0
is "an ended CIDR does not hide the wider one" "$(inside tcp 127.1.2.3 80)" ok
keep lease web tcp 80 127.1.2.3 0
is "nor does an ended exact lease" "$(inside tcp 127.1.2.3 80)" ok
keep lease web tcp 80 127.1.0.0/16 0
is "until that has ended too" "$(inside tcp 127.1.2.3 80)" EPERM

# Time passes without user space.
keep lease web tcp 80 127.0.0.5 1200
is "before the end" "$(inside tcp 127.0.0.5 80)" ok
sleep 1.3
is "after the end" "$(inside tcp 127.0.0.5 80)" EPERM
keep events >"$T/events"
has "its reason is expired" "$(tail -n 1 "$T/events")" 'layer=connect4 reason=expired .*dst=127.0.0.5:80 '

# Below the cgroup, and another service beside it.
mkdir -p "$WEB/deep/deeper" "$CGROUP/other"
is "a nested cgroup is refused" "$(inside_dir "$WEB/deep/deeper" tcp 127.0.0.3 80)" EPERM
is "a nested cgroup is granted" "$(inside_dir "$WEB/deep/deeper" tcp 127.0.0.2 80)" ok
keep add other , attach other "$CGROUP/other"
is "a lease is of one service" "$(inside_dir "$CGROUP/other" tcp 127.0.0.2 80)" EPERM
is "the other one keeps its own" "$(inside tcp 127.0.0.2 80)" ok
is "not confined, not judged" "$(outside tcp 127.0.0.3 80)" ok

# Audit passes, and tells.
keep events >/dev/null
keep add web audit
is "audit: passes tcp" "$(inside tcp 127.0.0.3 80)" ok
is "audit: passes udp" "$(inside udp 127.0.0.3 80)" ok
keep events >"$T/events"
has "audit: told" "$(cat "$T/events")" 'layer=connect4 reason=no_lease .*dst=127.0.0.3:80 .*flags=5 '
is "audit: one attempt is one event" "$(grep -c 'dst=127.0.0.3:80' "$T/events")" 2
is "audit: and one count" "$(keep stats web | grep -oE 'would_no_lease=[0-9]+')" would_no_lease=2
is "audit: a connection" "$(inside ask-tcp 127.0.0.3 80; inside udp-connected 127.0.0.3 80)" $'ok\nok'
is "audit: likewise" "$(keep taken)" 2
has "audit: counted" "$(keep stats web)" 'would_no_lease=[1-9]'

# Lockdown refuses in audit too.
keep lockdown web on
is "lockdown in audit" "$(inside tcp 127.0.0.2 80)" EPERM
keep add web any cidrs
is "lockdown" "$(inside tcp 127.0.0.2 80)" EPERM
keep events >"$T/events"
has "its reason" "$(tail -n 1 "$T/events")" 'reason=lockdown '
keep lockdown web off
is "lockdown ends" "$(inside tcp 127.0.0.2 80)" ok

# A service that is not present refuses.
keep remove other
is "not present" "$(inside_dir "$CGROUP/other" tcp 127.0.0.2 80)" EPERM
keep events >"$T/events"
has "its reason is not_ready" "$(tail -n 1 "$T/events")" 'reason=not_ready '

has "who: pid, uid, comm" "$(cat "$T/events")" 'pid=[1-9][0-9]* uid=65534 comm=python3 '
has "granted ones are counted" "$(keep stats web)" 'granted=[1-9]'
is "no helper failed" "$(keep faults | grep -oE '[a-z]+=[1-9][0-9]*')" ""
finish
