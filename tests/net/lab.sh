# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
# shellcheck disable=SC2154,SC2153 # T, TOP, CGROUP ... are tests/lib.sh's
# shellcheck disable=SC2034 # the names below are for the tests, too
# A laboratory in network namespaces.  Source it after tests/lib.sh; then
#   sandbox; lab_up
# and everything goes away at exit.
#
# Each role is a namespace, and a host with addresses of public class, linked
# to a hub that forwards and that has no uplink: nothing can leave.
#   app     the application, and verigressd
#   dns     nsd: a signed root, corp.example (signed), legacy.example and
#           cloud.example (unsigned)
#   cache   unbound: the resolver of the application, which does not validate
#   honest  the API that the application means
#   evil    the attacker
# In `evil` a witness writes down every packet that comes in (tools/witness.py).

LAB_DIR=$TOP/tests/net
PYTHON=/usr/bin/python3
# For the stories, too.
DNS=9.10.0.53 CACHE=9.10.0.54
HONEST=20.30.0.10 HONEST6=2a00:1450::10 HONEST_RANGES="20.30.0.0/24, \"2a00:1450::/64\""
EVIL=51.66.0.66 EVIL6=2a00:6666::66
TOKEN=sesame-4f9c2b7e
API=api.corp.example
lab_roles="app dns cache honest evil"

# ---- namespaces -------------------------------------------------------------

lab_ns() { echo "$LAB_ID-$1"; }

# in_ns ROLE command...: not `ip netns exec`, which hides cgroups and bpffs
# behind a new /sys.
in_ns() {
    local role=$1; shift
    nsenter --net="/run/netns/$LAB_ID-$role" -- "$@"
}

lab_sysctl() { # ROLE NAME VALUE
    in_ns "$1" sh -c "echo $3 >/proc/sys/net/$2"
}

lab_address() { # ROLE ADDRESS...: one more address, and the way to it
    local role=$1 address; shift
    for address in "$@"; do
        case $address in
        *:*) ip -n "$(lab_ns "$role")" addr add "$address/128" dev eth0 nodad ;;
        *) ip -n "$(lab_ns "$role")" addr add "$address/32" dev eth0 ;;
        esac
        ip -n "$(lab_ns hub)" route replace "$address" dev "$role"
    done
}

lab_host() { # ROLE ADDRESS...: a namespace on the hub
    local role=$1 ns hub
    ns=$(lab_ns "$role") hub=$(lab_ns hub)
    ip netns add "$ns"
    ip -n "$ns" link set lo up
    ip -n "$hub" link add "$role" type veth peer name eth0 netns "$ns"
    ip -n "$hub" addr add 9.9.9.1/32 dev "$role"
    ip -n "$hub" addr add fe80::1/64 dev "$role" nodad
    ip -n "$hub" link set "$role" up
    ip -n "$ns" link set eth0 up
    lab_address "$@"
    ip -n "$ns" route add 9.9.9.1 dev eth0
    ip -n "$ns" route add default via 9.9.9.1 dev eth0
    ip -n "$ns" route add default via fe80::1 dev eth0
}

lab_network() {
    ip netns add "$(lab_ns hub)"
    ip -n "$(lab_ns hub)" link set lo up
    lab_sysctl hub ipv4/ip_forward 1
    lab_sysctl hub ipv6/conf/all/forwarding 1
    lab_sysctl hub ipv4/conf/all/rp_filter 0
    lab_sysctl hub ipv4/conf/default/rp_filter 0
    lab_host app 9.10.0.10 2a00:9::10
    lab_host dns "$DNS"
    lab_host cache "$CACHE"
    lab_host honest "$HONEST" "$HONEST6"
    lab_host evil "$EVIL" "$EVIL6"
}

lab_down() {
    local role
    remove_cgroup "$CGROUP"
    for role in $lab_roles hub; do ip netns del "$(lab_ns "$role")"; done
}

# ---- processes --------------------------------------------------------------

# lab_start NAME ROLE command...: in the background; output in $T/NAME.log;
# its cgroup is $CGROUP/lab/NAME, by which lab_stop finds all of it.
lab_start() {
    local name=$1 role=$2; shift 2
    mkdir -p "$CGROUP/lab/$name"
    in_cgroup "$CGROUP/lab/$name" nsenter --net="/run/netns/$LAB_ID-$role" -- \
        "$@" </dev/null >>"$T/$name.log" 2>&1 &
    disown
}

lab_stop() { remove_cgroup "$CGROUP/lab/$1"; }

lab_said() { grep -q "$2" "$1" 2>/dev/null; } # FILE PATTERN

# lab_wait WHAT command...: the laboratory itself must work, or nothing is shown.
lab_wait() {
    local what=$1; shift
    wait_for 15 "$@" && return 0
    not_ok "laboratory: $what"
    tail -n 20 "$T"/*.log | sed 's/^/# /'
    exit 1
}

# ---- DNS --------------------------------------------------------------------

lab_zone_files() { local zone=${1%.}; echo "$T/dns/${zone:-root}"; }

# lab_zone ZONE signed|unsigned <records: publish a zone, and wait until it is
# served.  The apex is added here.  Names in RECORDS are relative.
lab_zone() {
    local zone=$1 how=$2 base serial
    base=$(lab_zone_files "$1")
    serial=$(($(cat "$base.serial" 2>/dev/null || echo 0) + 1))
    echo "$serial" >"$base.serial"
    {
        echo "\$ORIGIN ${zone%.}."
        echo "\$TTL ${LAB_TTL:-1}"
        echo "@ IN SOA ns.dns.example. admin.dns.example. $serial 60 60 3600 ${LAB_TTL:-1}"
        echo "@ IN NS ns.dns.example."
        cat
    } >"$base.zone"
    if [ "$how" = signed ]; then
        ldns-signzone -f "$base.served" -o "${zone%.}." "$base.zone" "$base.key"
    else
        cp "$base.zone" "$base.served"
    fi
    [ -e "$T/dns/nsd.pid" ] || return 0
    kill -HUP "$(cat "$T/dns/nsd.pid")"
    lab_wait "nsd serves ${zone%.}. of serial $serial" lab_serial "$zone" "$serial"
}

lab_serial() {
    in_ns dns timeout 0.5 drill -Q "@$DNS" "$1" SOA | grep -q " $2 60 60 3600 "
}

lab_key() { # ZONE: its key pair, as $T/dns/ZONE.key.{key,private,ds}
    local base suffix
    base=$(cd "$T/dns" && ldns-keygen -k -a ECDSAP256SHA256 "$1")
    for suffix in key private ds; do
        mv "$T/dns/$base.$suffix" "$(lab_zone_files "$1").key.$suffix"
    done
}

lab_zone_config() { # ZONE
    printf 'zone:\n  name: "%s"\n  zonefile: "%s.served"\n' "$1" "$(lab_zone_files "$1")"
}

lab_nsd_config() {
    cat <<EOF
server:
  ip-address: $DNS
  server-count: 1
  username: ""
  zonesdir: "$T/dns"
  database: ""
  pidfile: "$T/dns/nsd.pid"
  xfrdfile: "$T/dns/xfrd.state"
  zonelistfile: "$T/dns/zone.list"
  cookie-secret-file: ""
  rrl-ratelimit: 0
remote-control:
  control-enable: no
EOF
    for zone in . corp.example legacy.example cloud.example; do
        lab_zone_config $zone
    done
}

# The root holds its delegations and the name server's address, nothing else.
# corp.example is signed, and the root says so; the other two are not.
lab_nsd() {
    mkdir "$T/dns"
    lab_key .
    lab_key corp.example
    {
        echo "ns.dns.example. A $DNS"
        for zone in corp legacy cloud; do echo "$zone.example. NS ns.dns.example."; done
        cat "$T/dns/corp.example.key.ds"
    } | LAB_TTL=3600 lab_zone . signed
    lab_zone corp.example signed <<<"api A $HONEST"
    lab_zone legacy.example unsigned <<<"api A $HONEST"
    lab_zone cloud.example unsigned <<<"shop-7 A $HONEST"
    lab_nsd_config >"$T/dns/nsd.conf"
    lab_start nsd dns nsd -d -c "$T/dns/nsd.conf"
    lab_wait "nsd answers" lab_serial corp.example 1
}

lab_unbound() {
    cat >"$T/unbound.conf" <<EOF
server:
  interface: $CACHE
  access-control: 0.0.0.0/0 allow
  do-daemonize: no
  use-syslog: no
  chroot: ""
  username: ""
  directory: "$T"
  pidfile: ""
  module-config: "iterator"
  num-threads: 1
  cache-max-ttl: 1
  cache-max-negative-ttl: 1
  local-zone: "." nodefault
remote-control:
  control-enable: yes
  control-interface: $T/unbound.sock
  control-use-cert: no
stub-zone:
  name: "."
  stub-addr: $DNS
EOF
    lab_start unbound cache unbound -c "$T/unbound.conf"
    lab_wait "unbound answers" lab_resolves $API "$HONEST"
}

# lab_resolves NAME ADDRESS [TYPE]: as the application would be told.
lab_resolves() {
    in_ns app timeout 0.5 drill -Q "@$CACHE" "$1" "${3:-A}" 2>/dev/null | grep -qx -- "$2"
}

# lab_move ZONE signed|unsigned RECORDS NAME ADDRESS [TYPE]: change a zone and
# wait until the application's resolver says so.
lab_move() {
    lab_zone "$1" "$2" <<<"$3"
    lab_wait "$4 is $5 for the application" lab_resolves "$4" "$5" "${6-A}"
}

# ---- certificates -----------------------------------------------------------

# lab_ca NAME: a certificate authority, $T/tls/NAME.{crt,key}.
lab_ca() {
    mkdir -p "$T/tls"
    openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes \
        -keyout "$T/tls/$1.key" -out "$T/tls/$1.crt" -days 2 -subj "/CN=$1" \
        -addext basicConstraints=critical,CA:TRUE \
        -addext keyUsage=critical,keyCertSign,cRLSign 2>>"$T/openssl.log"
}

# lab_certificate NAME CA USAGE SAN: USAGE is serverAuth or clientAuth.
lab_certificate() {
    local base=$T/tls/$1 ca=$T/tls/$2
    openssl req -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes \
        -keyout "$base.key" -out "$base.csr" -subj "/CN=$1" 2>>"$T/openssl.log"
    printf '%s\n' basicConstraints=critical,CA:FALSE \
        keyUsage=critical,digitalSignature "extendedKeyUsage=$3" \
        subjectKeyIdentifier=hash authorityKeyIdentifier=keyid \
        "subjectAltName=$4" >"$base.ext"
    openssl x509 -req -in "$base.csr" -CA "$ca.crt" -CAkey "$ca.key" -days 2 \
        -CAcreateserial -extfile "$base.ext" -out "$base.crt" 2>>"$T/openssl.log"
    chmod 644 "$base.key" # the application is somebody else
}

# ---- servers and witnesses --------------------------------------------------

# lab_server NAME ROLE [option of tools/server.py]...: what it is told is
# written to $T/NAME.requests.
lab_server() {
    local name=$1 role=$2; shift 2
    rm -f "$T/$name.requests"
    lab_start "$name" "$role" $PYTHON "$LAB_DIR/tools/server.py" \
        --name "$name" --log "$T/$name.requests" "$@"
    lab_wait "server $name listens" lab_said "$T/$name.requests" listening
}

lab_witness() { # ROLE
    rm -f "$T/$1.packets"
    lab_start "witness-$1" "$1" $PYTHON "$LAB_DIR/tools/witness.py" "$T/$1.packets"
    lab_wait "the witness in $1 listens" lab_said "$T/$1.packets" listening
}

lab_marker=0
# lab_settle WITNESS FROM ADDRESS: all that arrived until now is written down.
lab_settle() {
    lab_marker=$((lab_marker + 1))
    # shellcheck disable=SC2016 # $0 and $1 are the inner bash's
    in_ns "$2" bash -c 'echo -n "$0" >"/dev/udp/$1/9"' "$lab_marker" "$3"
    lab_wait "the witness in $1 sees marker $lab_marker" \
        lab_said "$T/$1.packets" "^marker $lab_marker$"
}

# lab_forget: what witnesses and servers wrote so far does not count any more.
lab_forget() {
    local file
    for file in "$T"/*.packets "$T"/*.requests; do
        [ -e "$file" ] && grep -c . "$file" >"$file.seen"
    done
}

lab_since() { # FILE: what was written since lab_forget
    tail -n "+$(($(cat "$1.seen" 2>/dev/null || echo 0) + 1))" "$1"
}

# Every packet from elsewhere in the namespace `evil`.
lab_evil_packets() {
    lab_settle evil honest "$EVIL" || return
    lab_since "$T/evil.packets" | grep -vE '^(marker|listening)'
}

# not_a_byte NAME: the attacker got nothing since lab_forget: no packet at all,
# on any port, hence no connection, hence no request.
not_a_byte() {
    is "$1: not one packet reached the attacker" "$(lab_evil_packets)" ""
    is "$1: the attacker's server was told nothing" \
        "$(lab_since "$T/evil.requests" | grep -v listening)" ""
}

# ---- the application --------------------------------------------------------

# The application's own view of /etc: its resolver, and no other name service.
lab_etc() {
    mkdir -p "$T/etc"
    echo "nameserver $CACHE" >"$T/etc/resolv.conf"
    echo "options timeout:2 attempts:2" >>"$T/etc/resolv.conf"
    echo "hosts: files dns" >"$T/etc/nsswitch.conf"
    printf '127.0.0.1 localhost\n::1 localhost\n' >"$T/etc/hosts"
    # shellcheck disable=SC2016 # $0 and $@ are the inner sh's
    lab_mounts='for f in resolv.conf nsswitch.conf hosts; do
        mount --bind "$0/$f" "$(readlink -f /etc/$f)" || exit
    done
    exec "$@"'
}

# lab_app MODULE CGROUP URL [NAME=VALUE]...: the application MODULE under
# gunicorn, on port 8000, as nobody, in $CGROUP/CGROUP, from its first
# instruction; its secrets are in its environment.
lab_app() {
    local module=$1 cgroup=$2 url=$3; shift 3
    [ -d "$T/apps" ] || cp -r "$LAB_DIR/apps" "$T/apps"
    chmod -R a+rX "$T/apps"
    mkdir -p "$CGROUP/$cgroup"
    in_cgroup "$CGROUP/$cgroup" nsenter --net="/run/netns/$LAB_ID-app" -- \
        unshare -m sh -c "$lab_mounts" "$T/etc" \
        env -C "$T/apps" -i PATH=/usr/bin:/bin PYTHONPATH="$T/apps" PYTHONDONTWRITEBYTECODE=1 \
        SHOP_SECRET_KEY=unused API_URL="$url" API_TOKEN=$TOKEN "$@" \
        setpriv --reuid 65534 --regid 65534 --clear-groups --no-new-privs \
        --bounding-set -all --inh-caps -all \
        $PYTHON -m gunicorn --bind 127.0.0.1:8000 --workers 1 --threads 2 \
        --worker-tmp-dir /tmp --chdir "$T/apps" "$module:application" \
        </dev/null >>"$T/app.log" 2>&1 &
    disown
    lab_wait "the application $module starts" lab_said "$T/app.log" "Booting worker"
    lab_wait "the application $module listens" lab_port app 8000
}

lab_port() { # ROLE PORT: somebody listens there, on 127.0.0.1
    in_ns "$1" bash -c ": >/dev/tcp/127.0.0.1/$2" 2>/dev/null
}

lab_stop_app() { remove_cgroup "$CGROUP/$1"; rm -f "$T/app.log"; }

# ask [PORT]: call the application, as its users do; one line of JSON.
ask() { in_ns app $PYTHON "$LAB_DIR/tools/ask.py" "$@"; }

# ---- all of it --------------------------------------------------------------

lab_up() {
    LAB_ID=vg$$-$RANDOM
    at_exit lab_down
    lab_network
    lab_nsd
    lab_unbound
    lab_etc
    lab_witness evil
}

# ---- verigress --------------------------------------------------------------

# lab_config [RESOLVER]: the daemon's file; without an argument it asks nsd.
lab_config() {
    mkdir -p "$T/policy.d" "$T/state" "$T/run"
    cat >"$T/verigress.yaml" <<EOF
resolver:
    forward: ["${1:-$DNS}@53"]
    trust_anchor: $T/dns/root.key.key
events: {file: $T/events.jsonl, journal: false}
EOF
}

lab_policy() { cat >"$T/policy.d/$1.yaml"; } # NAME <text

# lab_shop_policy HOST PORT [LINES]: what the application needs; LINES are more
# of the endpoint's `verify`.
lab_shop_policy() {
    lab_policy shop <<EOF
service: shop
cgroup: shop
listen: [8000/tcp]
resolvers: [$CACHE]
endpoints:
  - host: $1
    ports: [$2/tcp]
    verify:
      ranges: [$HONEST_RANGES]
${3-}
EOF
}

# lab_daemon [VARIANT [option]...]: verigressd, in the application's network
# namespace; returns when it is ready.  CGROUP is its cgroup root, so that
# policies say `cgroup: shop`.
lab_daemon() {
    local bin=$TOP/build/${1:-plain}
    [ $# -eq 0 ] || shift
    export VERIGRESS_RUN_DIR=$T/run
    lab_start verigressd app "$bin/verigressd" --foreground --config "$T/verigress.yaml" \
        --policy-dir "$T/policy.d" --state-dir "$T/state" --run-dir "$T/run" \
        --bpffs "$BPFFS" --cgroup-root "$CGROUP" "$@"
    lab_wait "verigressd is ready" lab_ready
}

# Nothing is degraded, and every endpoint was judged.
lab_ready() {
    local said
    said=$(verigress status -j) && [[ $said == *'"state":"enforcing","ready":true'* ]]
}

# lab_why HOST:PORT|ADDRESS:PORT: it is granted to `shop`.
lab_why() { verigress why shop "$1" >/dev/null; }

# events FILTER: those for which the jq expression holds, one a line.
events() { jq -c "select($1)" "$T/events.jsonl"; }

lab_event() { events "$1" | grep -q .; }

# lab_finding ID HOST: verigress made that finding of service `shop`; within a
# refresh.  Without jq, which the demonstration does not need otherwise.
lab_finding() { wait_for 20 lab_found "$@"; }

lab_found() {
    grep -F '"event":"finding"' "$T/events.jsonl" | grep -F '"service":"shop"' |
        grep -F "\"id\":\"$1\"" | grep -qF "\"endpoint\":\"$2\""
}

# denied ADDRESS PORT REASON [HOST]: an event says so; HOST is the name that the
# address is known by.
denied() {
    wait_for 5 lab_event ".event == \"deny\" and .service == \"shop\" and
        .dst.ip == \"$1\" and .dst.port == $2 and .reason == \"$3\" and
        (\"${4-}\" == \"\" or .dst.name == \"${4-}\")"
}
