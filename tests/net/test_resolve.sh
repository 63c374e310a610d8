#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Real look-ups: `verigress verify -j` against nsd, in a network namespace of
# its own, over signed, unsigned and broken zones; delv says what it thinks of
# the same answers.
#   vgt             signed; its key is the only trust anchor
#   sec.vgt         signed, delegated with DS
#   plain.vgt       unsigned, delegated without
#   island.vgt      signed, delegated without DS
#   tampered.vgt    signed; an address was changed afterwards
#   expired.vgt     signed a year ago for a month
#   stub.lan        unsigned; a private zone behind a stub of its own
set -u
# shellcheck source=tests/lib.sh
. "$(dirname "$0")/../lib.sh"
sandbox
NS=${T##*/}
DNS=9.10.0.53
children="sec plain island tampered expired"

in_ns() { nsenter --net="/run/netns/$NS" -- "$@"; }

ip netns add "$NS" && at_exit "ip netns del '$NS'"
ip -n "$NS" link set lo up
ip -n "$NS" addr add "$DNS/32" dev lo
mkdir "$T/dns" && cd "$T/dns" || exit 1

# ---- zones ------------------------------------------------------------------

head_of() { # ZONE
    echo "\$ORIGIN $1."
    echo "\$TTL 300"
    echo "@ SOA ns.vgt. admin.vgt. 1 3600 600 86400 300"
    echo "@ NS ns.vgt."
}

addresses() { # NAME PREFIX FIRST LAST
    local i
    for ((i = $3; i <= $4; i++)); do echo "$1 A $2.$i"; done
}

records_of_sec() {
    cat <<'ZONE'
api       A     20.30.0.10
api       AAAA  2a00:1450::10
chain1    600 CNAME chain2
chain2    30  CNAME api
to-plain  CNAME api.plain.vgt.
to-bad    CNAME api.tampered.vgt.
gone      CNAME released.sec.vgt.
empty     CNAME text
text      TXT   "no address"
loop1     CNAME loop2
loop2     CNAME loop1
private   A     10.0.0.1
loopback  AAAA  ::1
metadata  A     169.254.169.254
mapped    AAAA  ::ffff:20.30.0.10
mixed     A     20.30.0.10
mixed     A     192.168.1.1
split     A     20.30.0.10
split     AAAA  fd00::1
self      A     9.10.0.53
brief     5 A   20.30.0.10
*.wild    A     20.30.0.10
ZONE
    for i in 1 2 3 4 5 6 7 8 9 10; do echo "deep$i CNAME deep$((i + 1))"; done
    echo "deep11 A 20.30.0.10"
    addresses many 20.31.0 1 64
    addresses toomany 20.31.0 1 70
}

records_of_plain() {
    echo "api A 20.30.0.11"
    echo "rebind A 127.0.0.1"
}
records_of_island() { echo "api A 20.30.0.12"; }
records_of_tampered() {
    echo "api A 20.30.0.13"
    echo "api2 A 20.30.0.13"
}
records_of_expired() { echo "api A 20.30.0.14"; }

key() { # ZONE
    local base
    base=$(ldns-keygen -k -a ECDSAP256SHA256 "$1")
    for suffix in key private ds; do mv "$base.$suffix" "$1.key.$suffix"; done
}

sign() { # ZONE [option...]
    local zone=$1; shift
    ldns-signzone "$@" -f "$zone.served" -o "$zone" "$zone.zone" "$zone.key"
}

make_child() {
    local zone=$1.vgt
    { head_of "$zone"; "records_of_$1"; } >"$zone.zone"
    case $1 in
    plain) cp "$zone.zone" "$zone.served" ;;
    expired)
        key "$zone"
        sign "$zone" -i "$(date -d '-400 days' +%Y%m%d)" -e "$(date -d '-370 days' +%Y%m%d)" ;;
    *)  key "$zone"
        sign "$zone" ;;
    esac
}

for child in $children; do make_child "$child"; done
sed -i 's/^\(api\.tampered.*[[:space:]]A[[:space:]]*\)20.30.0.13/\151.66.0.66/' tampered.vgt.served
grep -q 51.66.0.66 tampered.vgt.served || { not_ok "the laboratory could not tamper"; finish; }
key vgt
{
    head_of vgt
    echo "ns A $DNS"
    for child in $children; do echo "$child NS ns.vgt."; done
    cat {sec,tampered,expired}.vgt.key.ds
} >vgt.zone
sign vgt
{ head_of stub.lan; echo "api A 20.30.0.15"; } >stub.lan.served

{
    cat <<CONF
server:
  ip-address: $DNS
  server-count: 1
  username: ""
  zonesdir: "$T/dns"
  pidfile: "$T/dns/nsd.pid"
  xfrdfile: "$T/dns/xfrd.state"
  zonelistfile: "$T/dns/zone.list"
  cookie-secret-file: ""
  rrl-ratelimit: 0
remote-control:
  control-enable: no
CONF
    for zone in vgt sec.vgt plain.vgt island.vgt tampered.vgt expired.vgt stub.lan; do
        printf 'zone:\n  name: "%s"\n  zonefile: "%s.served"\n' "$zone" "$zone"
    done
} >nsd.conf
mkdir "$CGROUP/nsd"
in_cgroup "$CGROUP/nsd" nsenter --net="/run/netns/$NS" -- \
    nsd -d -c "$T/dns/nsd.conf" >"$T/nsd.log" 2>&1 &
disown
signal_nsd() { xargs kill "-$1" <"$CGROUP/nsd/cgroup.procs"; }
answers() { in_ns timeout 1 drill -Q "@$DNS" api.stub.lan A | grep -q 20.30.0.15; }
wait_for 10 answers || { not_ok "nsd answers"; sed 's/^/# /' "$T/nsd.log"; finish; }

# ---- what verigress thinks --------------------------------------------------

cat >"$T/config.yaml" <<EOF2
resolver:
  stub: {"vgt": "$DNS@53", "stub.lan": "$DNS@53"}
  trust_anchor: $T/dns/vgt.key.key
EOF2

# policy [HOST [MORE-LINES]]...: one service, an endpoint for each host.
policy() {
    printf 'service: resolve\ncgroup: resolve.slice\nendpoints:\n'
    while [ $# -gt 0 ]; do
        printf '  - host: %s\n    ports: [443/tcp]\n' "$1"
        [ -z "${2-}" ] || printf '    %s\n' "$2"
        shift 2 || shift
    done
}

verify() { # FILE
    in_ns verigress verify -j --config "$T/config.yaml" "$1" 2>"$T/err"
}

# A second may pass between two look-ups that share a record: TTLs are rounded
# up to 5 s.  Of each endpoint: host, verdict, DNSSEC state, TTL, granted/all addresses, findings.
summary='.endpoints[] | "\(.host) \(.verdict) \(.dnssec) \((.ttl + 4) / 5 | floor * 5) " +
    "\([.addresses[] | select(.verdict == "granted")] | length)/\(.addresses | length) " +
    "\([.findings[] | "\(.id):\(.action)"] | unique | join(","))"'

hosts="api.sec.vgt chain1.sec.vgt to-plain.sec.vgt to-bad.sec.vgt gone.sec.vgt
empty.sec.vgt text.sec.vgt nothing.sec.vgt loop1.sec.vgt deep1.sec.vgt
private.sec.vgt loopback.sec.vgt metadata.sec.vgt mapped.sec.vgt mixed.sec.vgt
split.sec.vgt self.sec.vgt brief.sec.vgt any.wild.sec.vgt many.sec.vgt
toomany.sec.vgt api.plain.vgt api.island.vgt api.tampered.vgt
api2.tampered.vgt api.expired.vgt api.stub.lan rebind.plain.vgt"
list=()
for host in $hosts; do list+=("$host" ""); done
policy "${list[@]}" >"$T/all.yaml"
verify "$T/all.yaml" >"$T/all.json"
is "something was refused: exit status 1" $? 1
is "nothing is said on stderr" "$(cat "$T/err")" ""
is "the output is JSON of version 1" "$(jq .v "$T/all.json")" 1

# line NAME WANTED
line() {
    is "$1" "$(jq -r "$summary" "$T/all.json" | grep "^${2%% *} ")" "$2"
}

line "a signed name" "api.sec.vgt granted secure 300 2/2 "
line "the TTL is the least of the chain" "chain1.sec.vgt granted secure 30 2/2 "
line "a wildcard, proven" "any.wild.sec.vgt granted secure 300 1/1 "
line "64 addresses arrive whole" "many.sec.vgt granted secure 300 64/64 "
line "70 are cut, and that is said" "toomany.sec.vgt granted secure 300 64/64 ADDR_CHURN:warn"
line "a short TTL is said" "brief.sec.vgt granted secure 5 1/1 SHORT_TTL:report"
line "an unsigned zone" "api.plain.vgt granted insecure 300 1/1 DNS_INSECURE:warn"
line "a signed zone that nobody vouches for" "api.island.vgt granted insecure 300 1/1 DNS_INSECURE:warn"
line "a signed alias into an unsigned zone" "to-plain.sec.vgt granted insecure 300 1/1 DNS_INSECURE:warn"
line "a private zone behind a stub" "api.stub.lan granted insecure 300 1/1 DNS_INSECURE:warn"
line "a record changed after signing" "api.tampered.vgt refused bogus 0 0/0 DNS_BOGUS:block"
line "its neighbour was not" "api2.tampered.vgt granted secure 300 1/1 "
line "a signed alias to a changed record" "to-bad.sec.vgt refused bogus 300 0/0 DNS_BOGUS:block"
line "expired signatures" "api.expired.vgt refused bogus 0 0/0 DNS_BOGUS:block"
line "a dangling alias" "gone.sec.vgt refused secure 300 0/0 DANGLING_CNAME_NX:block"
line "an alias to a name without address" "empty.sec.vgt refused secure 300 0/0 DANGLING_NODATA:block"
line "a name without address" "text.sec.vgt refused secure 0 0/0 NODATA:block"
line "no such name" "nothing.sec.vgt refused secure 0 0/0 NXDOMAIN:block"
line "too deep a chain" "deep1.sec.vgt refused secure 300 0/0 CNAME_LOOP_OR_DEPTH:block"
has "a loop is refused" "$(jq -r "$summary" "$T/all.json")" "^loop1.sec.vgt refused .* (SERVFAIL|CNAME_LOOP_OR_DEPTH):block$"
line "a private address" "private.sec.vgt refused secure 300 0/1 REBIND_PRIVATE:block"
line "the loopback of IPv6" "loopback.sec.vgt refused secure 300 0/1 REBIND_LOOPBACK:block"
line "the metadata service" "metadata.sec.vgt refused secure 300 0/1 REBIND_METADATA:block"
line "IPv4 in IPv6" "mapped.sec.vgt refused secure 300 0/1 REBIND_EMBEDDED:block"
line "one forbidden address blocks all" "mixed.sec.vgt refused secure 300 0/2 REBIND_MIXED:block,REBIND_PRIVATE:block"
line "also when it came with the other type" "split.sec.vgt refused secure 300 0/2 REBIND_MIXED:block,REBIND_PRIVATE:block"
line "this host's own address" "self.sec.vgt refused secure 300 0/1 REBIND_SELF:block"
line "unsigned evidence, which was repeated" "rebind.plain.vgt refused insecure 300 0/1 REBIND_LOOPBACK:block"
is "every endpoint is there, in order" "$(jq -r '.endpoints[].host' "$T/all.json" | xargs)" "$(xargs <<<"$hosts")"
is "the summary counts them" "$(jq -c '.summary | [.endpoints, .granted, .refused]' "$T/all.json")" "[28,11,17]"
is "the chain is shown" "$(jq -r '.endpoints[] | select(.host == "chain1.sec.vgt") | .chain[] | "\(.name) \(.type) \(.target) \(.ttl)"' "$T/all.json" | xargs)" \
    "chain1.sec.vgt CNAME chain2.sec.vgt 600 chain2.sec.vgt CNAME api.sec.vgt 30 api.sec.vgt A 300 api.sec.vgt AAAA 300"
refuse "no forged address is anywhere in the output" grep -q '51\.66\.0\.66' "$T/all.json"

# ---- what delv thinks -------------------------------------------------------

anchor=$(awk '{print $4, $5, $6, "\"" $7 "\""}' vgt.key.key)
printf 'trust-anchors { vgt. static-key %s; };\n' "$anchor" >delv.anchors
delv_says() { # NAME
    local out
    out=$(in_ns delv "@$DNS" -a "$T/dns/delv.anchors" +root=vgt. "$1" A 2>&1)
    case $out in
    *"; fully validated"*) echo secure ;;
    *"; unsigned answer"*) echo insecure ;;
    *"resolution failed"*) echo bogus ;;
    *) echo "$out" ;;
    esac
}
for host in api.sec.vgt many.sec.vgt api.plain.vgt api.island.vgt api.tampered.vgt api2.tampered.vgt api.expired.vgt; do
    is "delv agrees about $host" "$(delv_says $host)" \
        "$(jq -r ".endpoints[] | select(.host == \"$host\") | .dnssec" "$T/all.json")"
done

# ---- rules of the endpoint --------------------------------------------------

# one NAME WANTED HOST LINES
one() {
    policy "$3" "$4" >"$T/one.yaml"
    is "$1" "$(verify "$T/one.yaml" | jq -r "$summary")" "$2"
}
one "ranges stand in for a signature" "api.plain.vgt granted insecure 300 1/1 " \
    api.plain.vgt 'verify: {ranges: [20.30.0.0/24]}'
one "outside the ranges" "api.plain.vgt refused insecure 300 0/1 ADDR_OUT_OF_RANGE:block" \
    api.plain.vgt 'verify: {ranges: [20.99.0.0/24]}'
one "dnssec: require refuses what is unsigned" "api.plain.vgt refused insecure 300 0/0 DNSSEC_REQUIRED:block" \
    api.plain.vgt 'verify: {dnssec: require}'
one "dnssec: off takes what is broken" "api.expired.vgt granted insecure 300 1/1 DNS_INSECURE:warn" \
    api.expired.vgt 'verify: {dnssec: off}'

# ---- many -------------------------------------------------------------------

list=()
for ((i = 1; i <= 1000; i++)); do list+=("h$i.wild.sec.vgt" ""); done
policy "${list[@]}" >"$T/many.yaml"
start=$SECONDS
verify "$T/many.yaml" >"$T/many.json"
is "1,000 endpoints: exit status" $? 0
check "in less than 15 s" test $((SECONDS - start)) -lt 15
is "all are granted, in order" "$(jq -r '.endpoints[] | select(.verdict == "granted") | .host' "$T/many.json" | md5sum)" \
    "$(for ((i = 1; i <= 1000; i++)); do echo "h$i.wild.sec.vgt"; done | md5sum)"

# ---- when nothing can be validated, or reached ------------------------------

sed "s|$T/dns/vgt.key.key|$T/dns/wrong.key|" "$T/config.yaml" >"$T/wrong.yaml"
sed 's/^[^ \t]*/vgt./' sec.vgt.key.key >wrong.key
policy api.plain.vgt "" >"$T/one.yaml"
with_config() { in_ns verigress verify -j --config "$1" "$T/one.yaml" 2>"$T/err"; }
is "an anchor that is not the zone's" "$(with_config "$T/wrong.yaml" | jq -r "$summary")" \
    "api.plain.vgt refused bogus 0 0/0 DNSSEC_STRIPPED:warn,DNS_BOGUS:block"
echo "vgt. IN DS 1 13 2 nothex" >wrong.key
with_config "$T/wrong.yaml" >"$T/out"
is "an anchor that makes no sense: exit status" $? 1
has "and a word about it" "$(cat "$T/err")" "trust anchor"
rm wrong.key
with_config "$T/wrong.yaml" >"$T/out"
has "an anchor that is not there" "$(cat "$T/err")" "wrong.key: No such file"

signal_nsd STOP
start=$SECONDS
out=$(with_config "$T/config.yaml" | jq -r "$summary")
took=$((SECONDS - start))
signal_nsd CONT
is "a silent server takes nothing for granted" "$out" \
    "api.plain.vgt refused none 0 0/0 RESOLVER_TIMEOUT:block"
check "and is given up on in time ($took s)" test $took -le 13

# ---- for people -------------------------------------------------------------

policy split.sec.vgt "" api.sec.vgt "" >"$T/two.yaml"
in_ns verigress verify --config "$T/config.yaml" "$T/two.yaml" >"$T/text"
is "exit status for people" $? 1
has "the rung that blocks" "$(cat "$T/text")" "^  BLOCK +addresses +20\.30\.0\.10 public, refused"
has "the remedy" "$(cat "$T/text")" "Find out who published the forbidden address"
has "what was not reached" "$(cat "$T/text")" "^  - +identity +not reached"
has "the summary" "$(cat "$T/text")" "^2 endpoints: 1 granted \(2 addresses\), 1 refused, 0 warnings$"
refuse "no colour in a file" grep -q $'\033' "$T/text"
policy api.sec.vgt "" >"$T/one.yaml"
in_ns verigress verify --config "$T/config.yaml" "$T/one.yaml" >/dev/null
is "all granted: exit status 0" $? 0
echo "service: 7" >"$T/bad.yaml"
in_ns verigress verify --config "$T/config.yaml" "$T/bad.yaml" >/dev/null 2>&1
is "errors in the policy: exit status 1" $? 1
verigress verify --nonsense >/dev/null 2>&1
is "usage: exit status 2" $? 2
as_nobody() { in_ns setpriv --reuid=65534 --regid=65534 --clear-groups "$BIN/verigress" verify --config "$T/config.yaml" "$T/one.yaml"; }
check "root is not needed" as_nobody >"$T/out"
grep -E '^(not )?ok' "$T/out"
finish
