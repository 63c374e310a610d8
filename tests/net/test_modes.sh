#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# What a policy may say, end to end: audit and back while connections are open,
# resolvers, listen, every kind of endpoint, internal names, strict, hold; and
# the reasons that `why` gives.
set -u
# shellcheck disable=SC2119 # functions that take no arguments here
# shellcheck source=tests/lib.sh
. "$(dirname "$0")/../lib.sh"
# shellcheck source=tests/net/lab.sh
. "$TOP/tests/net/lab.sh"
# shellcheck source=tests/net/rig.sh
. "$TOP/tests/net/rig.sh"
APP=9.10.0.10 INTERNAL=10.9.8.7 NEXT=20.30.0.77 NET=20.30.1

# policy SERVICE [LINE]... on stdin: its endpoints.
policy() {
    local name=$1; shift
    { printf '%s\n' "service: $name" "cgroup: $name" "$@" "endpoints:"; cat; } |
        lab_policy "$name"
}
reload() { verigress reload --wait >>"$T/reload.log" 2>&1; }
dial_in() { local group=$1; shift; rig_in "$group" "$TOOLS/dial" "$@" 2>>"$T/dial.log"; }
# goes SERVICE STATUS NAME [option]... ADDRESS PORT
goes() {
    local group=$1 wanted=$2 name=$3; shift 3
    dial_in "$group" "$@"
    is "$group: $name" $? "$wanted"
}

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
why() { verigress why -j "$@" | jq -r .reason; }
trap '' PIPE # a connection that ended takes its reader along

sandbox
lab_up
lab_address honest $INTERNAL $NEXT $NET.1 $NET.2 $NET.5 2a00:1450:0:1::5
rig_echo
lab_start evil_echo evil "$TOOLS/echo" $PORT
lab_wait "the attacker's echo server listens" lab_said "$T/evil_echo.log" listening
lab_zone corp.example signed <<END
api A $HONEST
one A $HONEST
two A $HONEST
inner A $INTERNAL
public-inner A $HONEST
private A $INTERNAL
END
lab_config
policy modes "mode: audit" "resolvers: [$CACHE]" <<<"  - {address: $HONEST, ports: [$PORT/tcp]}"
policy serves "listen: [$PORT/tcp, {ports: $PORT/udp, from: [20.30.0.0/24]}]" <<<"  []"
policy kinds <<END
  - {address: $NET.0/30, ports: ["*/tcp"]}
  - {address: $HONEST, ports: [$((PORT - 1))-$((PORT + 1))/tcp], hold: 1m}
  - {address: "$HONEST6", ports: [$PORT/tcp], hold: 24h}
  - {address: "2a00:1450:0:1::/64", ports: [$PORT/udp]}
END
policy names <<END
  - {host: inner.corp.example, ports: [$PORT/tcp], scope: internal, verify: {ranges: [10.9.8.0/24]}}
  - {host: public-inner.corp.example, ports: [$PORT/tcp], scope: internal, verify: {ranges: [10.9.9.0/24]}}
  - {host: private.corp.example, ports: [443/tcp]}
  - {host: api.legacy.example, ports: [80/tcp]}
END
policy strict "strict: true" <<<"  - {host: api.legacy.example, ports: [$PORT/tcp]}"
policy two "on_change: destroy" <<END
  - {host: one.corp.example, ports: [$PORT/tcp]}
  - {host: two.corp.example, ports: [$PORT/tcp]}
END
mkdir "$CGROUP"/{modes,serves,kinds,names,strict,two}

# What cannot be granted leaves verigress degraded: ready is enough here.
ready() { verigress status -j | jq -e .ready; }
export VERIGRESS_RUN_DIR=$T/run
lab_start verigressd app "$BIN/verigressd" --foreground --config "$T/verigress.yaml" \
    --policy-dir "$T/policy.d" --state-dir "$T/state" --run-dir "$T/run" \
    --bpffs "$BPFFS" --cgroup-root "$CGROUP"
lab_wait "verigressd is ready" ready

# ---- audit, enforce, audit ------------------------------------------------------

metric() { curl -sS --unix-socket "$T/run/metrics.sock" http://x/metrics | grep -F "$1"; }
told_would() { lab_event ".event == \"would_deny\" and .mode == \"audit\" and .service == \"modes\" and
    .dst.ip == \"$EVIL\" and .dst.port == $PORT and .reason == \"no_lease\""; }
goes modes 0 "audit: granted" "$HONEST" $PORT
goes modes 0 "audit: what is not granted passes, too" "$EVIL" $PORT
goes modes 0 "audit: by UDP" -u "$EVIL" $PORT
check "audit: an event says would_deny" wait_for 5 told_would
is "audit: none says deny" "$(events '.event == "deny" and .service == "modes"')" ""
has "audit: counted as such" \
    "$(metric 'verigress_denials_total{service="modes",mode="audit",reason="no_lease"}')" ' [1-9]'
has "audit: nothing is counted as refused" \
    "$(metric 'verigress_denials_total{service="modes",mode="enforce",reason="no_lease"}')" ' 0$'
is "audit: status counts them so" "$(verigress status -j | jq -c \
    '.services[] | select(.service == "modes") | [.denied, .would_deny]')" "[0,2]"
has "audit: why says so" "$(verigress why modes "$EVIL:$PORT")" 'refused: .*no_lease, but mode audit lets it pass'
check "audit: a connection to the granted address" open_connection good modes "$HONEST"
check "audit: one to the other" open_connection bad modes "$EVIL"

sed -i 's/^mode:.*/mode: enforce/' "$T/policy.d/modes.yaml"
reload
is "enforce: the granted connection goes on" "$(speak good)" ok
refuse "enforce: the other carries nothing" [ "$(speak bad)" = ok ]
goes modes 1 "enforce: a new one is refused" "$EVIL" $PORT
check "enforce: an event says deny" wait_for 5 lab_event \
    ".event == \"deny\" and .service == \"modes\" and .mode == \"enforce\" and .dst.ip == \"$EVIL\""
sed -i 's/^mode:.*/mode: audit/' "$T/policy.d/modes.yaml"
reload
is "audit again: the granted connection goes on" "$(speak good)" ok
goes modes 0 "audit again: what is not granted passes" "$EVIL" $PORT
sed -i 's/^mode:.*/mode: enforce/' "$T/policy.d/modes.yaml"
reload

# ---- resolvers --------------------------------------------------------------------

resolves() { rig_in modes timeout 3 drill -Q "$@" "@$CACHE" $API A 2>&1 | grep -qx "$HONEST"; }
check "resolvers: may be asked by UDP" resolves -u
check "resolvers: and by TCP" resolves -t
goes modes 1 "resolvers: on no other port" "$CACHE" 54
goes modes 1 "resolvers: nor by UDP" -u "$CACHE" 54
goes serves 1 "resolvers: not of another service" -u "$CACHE" 53

# ---- listen ------------------------------------------------------------------------

rig_in serves "$TOOLS/echo" $PORT >"$T/serves.log" 2>&1 &
disown
lab_wait "the server of the service listens" lab_said "$T/serves.log" listening
from() { local role=$1; shift; in_ns "$role" "$TOOLS/dial" "$@" 2>>"$T/dial.log"; }
check "listen: TCP is answered" from honest $APP $PORT
check "listen: whoever asks" from evil $APP $PORT
check "listen: UDP is answered where 'from' says so" from honest -u $APP $PORT
refuse "listen: nobody else is" from evil -u $APP $PORT
goes serves 1 "listen: is no way out" "$EVIL" $PORT
goes serves 1 "listen: nor by UDP" -u "$EVIL" $PORT

# ---- kinds of endpoints ---------------------------------------------------------------

goes kinds 2 "a CIDR with every port: the first, a closed one" $NET.1 9
goes kinds 0 "a CIDR with every port: another address" $NET.2 $PORT
goes kinds 1 "a CIDR: not beyond it" $NET.5 $PORT
goes kinds 1 "a CIDR: of that protocol" -u $NET.2 $PORT
goes kinds 0 "a range of ports: inside" "$HONEST" $PORT
goes kinds 2 "a range of ports: its first" "$HONEST" $((PORT - 1))
goes kinds 2 "a range of ports: its last" "$HONEST" $((PORT + 1))
goes kinds 1 "a range of ports: before" "$HONEST" $((PORT - 2))
goes kinds 1 "a range of ports: after" "$HONEST" $((PORT + 2))
goes kinds 0 "IPv6" "$HONEST6" $PORT
goes kinds 1 "IPv6: of that protocol" -u "$HONEST6" $PORT
goes kinds 1 "IPv6: another address" "$EVIL6" $PORT
goes kinds 0 "an IPv6 CIDR" -u 2a00:1450:0:1::5 $PORT
goes kinds 1 "an IPv6 CIDR: not beyond it" -u 2a00:1450:0:2::5 $PORT
# ends ADDRESS: how long its lease goes on, in seconds.
ends() {
    local end
    end=$(verigress show -j kinds | jq -r ".endpoints[].leases[] | select(.address == \"$1\") | .lease_end" | head -n 1)
    echo $(($(date -d "$end" +%s) - $(date +%s)))
}
short=$(ends "$HONEST") long=$(ends "$HONEST6")
check "hold: 24h is longer than 1m by that ($short s, $long s)" \
    [ "$((long - short > 86340 - 60 && long - short < 86340 + 60))" = 1 ]

# ---- names ----------------------------------------------------------------------------

goes names 0 "internal: inside its ranges" $INTERNAL $PORT
found() { # SERVICE HOST ID
    lab_event ".event == \"finding\" and .service == \"$1\" and .endpoint == \"$2\" and .finding.id == \"$3\""
}
check "internal: a public address is an attack" wait_for 5 found names public-inner.corp.example SCOPE_PUBLIC_FOR_INTERNAL
goes names 1 "internal: and not granted" "$HONEST" $PORT
check "not internal: a private address is an attack" wait_for 5 found names private.corp.example REBIND_PRIVATE
goes names 1 "not internal: and not granted" $INTERNAL 443
check "strict: medium findings are made of the same name" wait_for 5 found strict api.legacy.example DNS_INSECURE
goes strict 1 "strict: and block" "$HONEST" $PORT
is "not strict: they do not" "$(why names "$HONEST:80")" granted

# ---- two names, one address ----------------------------------------------------------

goes two 0 "two names: one address, granted" "$HONEST" $PORT
lab_zone corp.example signed <<END
api A $HONEST
one A $HONEST
two A $NEXT
inner A $INTERNAL
public-inner A $HONEST
private A $INTERNAL
END
granted_next() { [ "$(why two $NEXT:$PORT)" = granted ]; }
check "two names: one moves" wait_for 30 granted_next
check "two names: that it gave the address up is a finding" wait_for 5 found two two.corp.example CLAIM_LOST
goes two 0 "two names: the other holds it still" "$HONEST" $PORT

# ---- why --------------------------------------------------------------------------------

is "why: granted" "$(why kinds "$HONEST:$PORT")" granted
is "why: granted by a CIDR" "$(why kinds $NET.3:1)" granted
is "why: granted by IPv6" "$(why kinds "[$HONEST6]:$PORT")" granted
is "why: granted by name" "$(why names inner.corp.example:$PORT)" granted
is "why: no_lease" "$(why kinds "$EVIL:$PORT")" no_lease
is "why: no_lease of a name" "$(why kinds no.such.example)" no_lease
is "why: wrong_port" "$(why kinds "$HONEST:1")" wrong_port
is "why: wrong_port of a name" "$(why names inner.corp.example:1)" wrong_port
is "why: wrong_proto" "$(why kinds "[$HONEST6]:$PORT/udp")" wrong_proto
verigress why kinds "$HONEST:1" >/dev/null
is "why: refused is status 1" $? 1
lab_zone corp.example signed <<<"one A $HONEST"
policy two <<<"  - {host: one.corp.example, ports: [$PORT/tcp]}"
reload
lab_zone corp.example signed <<<"one A 127.0.0.1"
reason_is() { [ "$(why "$1" "$2")" = "$3" ]; }
check "why: revoked" wait_for 30 reason_is two "$HONEST:$PORT" revoked
has "why: revoked, and for what" "$(verigress why two "$HONEST:$PORT")" REBIND_LOOPBACK
# Ready without a judgement only after its deadline: before it, it is not ready.
lab_stop nsd
policy waits <<<"  - {host: never-seen.legacy.example, ports: [80/tcp]}"
mkdir "$CGROUP/waits"
verigress reload >>"$T/reload.log" 2>&1
is "why: not_ready" "$(why waits never-seen.legacy.example)" not_ready
is "why: not_ready of an address" "$(why waits "$HONEST:80")" not_ready
finish
