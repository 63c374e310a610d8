#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Several services with several cgroups each: every one has its own leases, in
# all of its cgroups and in what is nested there.  Cgroups that come late, go,
# and come again.
set -u
# shellcheck source=tests/lib.sh
. "$(dirname "$0")/../lib.sh"
# shellcheck source=tests/net/lab.sh
. "$TOP/tests/net/lab.sh"

FIRST=20.30.0.11 SECOND=20.30.0.12
literal_policy() { # SERVICE CGROUPS ADDRESS
    lab_policy "$1" <<EOF
service: $1
cgroup: $2
endpoints:
  - address: $3
    ports: [80/tcp]
EOF
}

# connects CGROUP ADDRESS: "yes", or why not.
connects() {
    local said
    # shellcheck disable=SC2016 # $0 is the inner bash's
    said=$(in_cgroup "$CGROUP/$1" nsenter --net="/run/netns/$LAB_ID-app" -- \
        timeout 5 bash -c ': >"/dev/tcp/$0/80"' "$2" 2>&1) && echo yes && return
    grep -o "Operation not permitted" <<<"$said" | head -n 1 || echo "$said"
}
refused="Operation not permitted"
# cgroup PATH FIELD: what status says of it.
cgroup() {
    verigress status -j |
        jq -r ".services[].cgroups[] | select(.path == \"$1\") | $2"
}

sandbox
lab_up
lab_address honest $FIRST $SECOND
lab_server honest honest --http 80
lab_config
literal_policy first "[first/web, first/worker]" $FIRST
literal_policy second "[second/web, second/worker]" $SECOND
literal_policy late "late" $FIRST
literal_policy again "again" $FIRST
mkdir -p "$CGROUP"/{first,second}/{web,worker} "$CGROUP/first/worker/nested/deeper" \
    "$CGROUP/again"
lab_daemon

for group in first/web first/worker first/worker/nested/deeper; do
    is "$group reaches the first address" "$(connects $group $FIRST)" yes
    is "$group does not reach the second" "$(connects $group $SECOND)" "$refused"
done
for group in second/web second/worker; do
    is "$group reaches the second address" "$(connects $group $SECOND)" yes
    is "$group does not reach the first" "$(connects $group $FIRST)" "$refused"
done
mkdir "$CGROUP/second/web/born"
is "a cgroup born inside is confined" "$(connects second/web/born $FIRST)" "$refused"
mkdir "$CGROUP/other"
is "a cgroup that nobody named is left alone" "$(connects other $SECOND)" yes

# hold: confined before its first instruction.
refuse "hold says that there is no such service" verigress hold nobody
mkdir "$CGROUP/late"
check "hold confines" verigress hold late
is "the first act after hold is refused" "$(connects late $SECOND)" "$refused"
is "what was asked for in time is not late" "$(events '.event == "tagged_late"')" ""

# A cgroup that has processes before verigress knows of it: noticed, and said.
gone() { [ "$(cgroup late .confined)" = false ]; }
confined() { [ "$(cgroup "$1" .confined)" = true ]; }
# verigress is frozen while it appears, or it might win the race.
appears_populated() {
    echo 1 >"$CGROUP/lab/verigressd/cgroup.freeze"
    mkdir "$CGROUP/$1"
    in_cgroup "$CGROUP/$1" sleep 300 &
    disown
    lab_wait "a process is in $1" grep -q . "$CGROUP/$1/cgroup.procs"
    echo 0 >"$CGROUP/lab/verigressd/cgroup.freeze"
}
remove_cgroup "$CGROUP/late"
check "a cgroup that vanishes is released" wait_for 10 gone
appears_populated late
check "one that appears is confined, without hold" wait_for 10 confined late
is "the second act of what was early is refused" "$(connects late $SECOND)" "$refused"
check "an event says tagged_late" wait_for 5 lab_event \
    '.event == "tagged_late" and .service == "late" and .cgroup.path == "late"'
is "status says so, too" "$(cgroup late .tagged_late)" true
has "for people as well" "$(verigress status)" '^late .*tagged_late'

# Gone and made again under the same name: a new one, with its own confinement.
old=$(cgroup again .id)
for _ in 1 2 3; do
    rmdir "$CGROUP/again"
    mkdir "$CGROUP/again"
    check "made again, it is held" verigress hold again
    is "it reaches its address" "$(connects again $FIRST)" yes
    is "and no other" "$(connects again $SECOND)" "$refused"
done
refuse "it is another cgroup" test "$old" = "$(cgroup again .id)"

# A service leaves the policy: its cgroups are free, the others are not.
rm "$T/policy.d/second.yaml"
check "reload" verigress reload --wait
is "what the policy no longer names is free" "$(connects second/web $FIRST)" yes
is "the others are confined as before" "$(connects first/web $SECOND)" "$refused"

# ---- metrics ----
metrics=$(curl -sS --unix-socket "$T/run/metrics.sock" http://localhost/metrics)
check "promtool has nothing to say against the metrics" \
    promtool check metrics <<<"$metrics"
has "denials are counted" "$metrics" '^verigress_denials_total\{.*service="first".*\} [1-9]'
has "late tagging is counted" "$metrics" '^verigress_tagged_late_total\{service="late"\} [1-9]'
refuse "no label is an address" grep -qF "$FIRST" <<<"$metrics"
finish
