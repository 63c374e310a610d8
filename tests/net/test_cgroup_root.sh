#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# The root of a cgroup2 mount has mode 0555: without CAP_DAC_OVERRIDE not even
# uid 0 can make or remove a cgroup in it.  So it is on every host, and the
# keeper has no such capability.
set -u
# shellcheck source=tests/lib.sh
. "$(dirname "$0")/../lib.sh"

sandbox
mkdir -p "$T/policy.d" "$T/state" "$T/run" "$CGROUP/svc"
cat >"$T/policy.d/svc.yaml" <<EOF
service: svc
cgroup: svc
endpoints:
  - address: 192.0.2.1
    ports: [9/udp]
EOF
cat >"$T/verigress.yaml" <<EOF
resolver: {forward: ["127.0.0.1@9"]}
events: {file: $T/events.jsonl, journal: false}
EOF
chmod 555 "$CGROUP"

export VERIGRESS_RUN_DIR=$T/run
start() {
    verigressd --foreground --config "$T/verigress.yaml" --policy-dir "$T/policy.d" \
        --state-dir "$T/state" --run-dir "$T/run" --bpffs "$BPFFS" --cgroup-root "$CGROUP" \
        >"$T/log" 2>&1 &
    daemon=$!
    at_exit "kill -9 $daemon"
    wait_for 10 verigress status >"$T/null"
}
check "a daemon starts there" start
note "$(cat "$T/log")"
is "every layer is proven" "$(verigress status -j | jq -r '[.layers[].state] | unique | join(" ")')" proven
check "hold confines" verigress hold svc
is "the self-test left nothing" "$(find "$CGROUP/verigress" -mindepth 1 -type d)" ""
kill "$daemon"
wait "$daemon"

traces() { find "$CGROUP_ROOT" -maxdepth 2 -name 'verigress-run-*'; }
before=$(traces)
check "run confines below the mount itself" verigress run -p "$T/policy.d/svc.yaml" \
    --config "$T/verigress.yaml" --bpffs "$T/bpf" --user nobody -- true
is "and leaves nothing behind" "$(traces)" "$before"
finish
