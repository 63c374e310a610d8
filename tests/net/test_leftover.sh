#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Open connections of what the policy gave up: they carry nothing further,
# also when it gave it up while no keeper was there to see it; and what is
# still granted goes on.
set -u
# shellcheck disable=SC2034,SC2119 # read by name; functions take no arguments here
# shellcheck source=tests/lib.sh
. "$(dirname "$0")/../lib.sh"
# shellcheck source=tests/net/lab.sh
. "$TOP/tests/net/lab.sh"
# shellcheck source=tests/net/rig.sh
. "$TOP/tests/net/rig.sh"
OTHER=20.30.0.11 # granted by the first policy only

policy() { # [LISTEN LINES [ENDPOINT LINES]]
    rig_policy svc "${1-}" "${2-}"
}
more="  - address: $OTHER
    ports: [$PORT/tcp]"

# talker NAME ADDRESS [CGROUP]: a connection; `says NAME` tells whether it
# still echoes.
talker() {
    local name=$1
    mkfifo "$T/$name.in" "$T/$name.out"
    # shellcheck disable=SC2016 # the inner shell's
    rig_in "${3-svc}" bash -c 'exec 3<>"/dev/tcp/$0/$1" || exit
        while read -r word; do
            echo "$word" >&3
            read -rt 2 -u 3 back && [ "$back" = "$word" ] && echo yes || echo no
        done' "$2" $PORT <"$T/$name.in" >"$T/$name.out" 2>/dev/null &
    disown
}
open_talker() {
    talker "$@"
    eval "exec {in_$1}>'$T/$1.in' {out_$1}<'$T/$1.out'"
}
says() {
    local in=in_$1 out=out_$1 word=""
    { echo "word$RANDOM" >&"${!in}"; } 2>/dev/null || { echo no; return; }
    read -rt 5 word <&"${!out}"
    echo "${word:-no}"
}

sandbox
rig_up
lab_address honest $OTHER
# A cgroup that is closed to the keeper, as whoever it was delegated to may make.
mkdir -p "$CGROUP/svc/closed" "$CGROUP/lab"
chown 65534 "$CGROUP/svc/closed"
chmod 000 "$CGROUP/svc/closed"
policy "" "$more"
lab_daemon
open_talker kept "$HONEST"
open_talker lost "$OTHER"
is "a connection that is granted speaks" "$(says kept)" yes
is "so does the other" "$(says lost)" yes

policy
verigress reload >>"$T/quiet.log" 2>&1
is "reload: what is still granted goes on" "$(says kept)" yes
is "reload: what is not carries nothing further" "$(says lost)" no
check "and the event of it has its name" wait_for 5 lab_event \
    ".event == \"lease_end\" and .endpoint == \"$OTHER\""

policy "" "$more"
verigress reload >>"$T/quiet.log" 2>&1
open_talker late "$OTHER"
is "granted again, a new connection speaks" "$(says late)" yes
lab_stop verigressd
is "while nobody is there it goes on" "$(says late)" yes
policy
lab_daemon
is "restart: what is still granted goes on" "$(says kept)" yes
is "restart: what is not carries nothing further" "$(says late)" no

# A keeper that was killed between ending leases and raising the epoch.
open_talker last "$HONEST"
is "one more connection" "$(says last)" yes
lab_stop verigressd
state() { bpftool -j map dump pinned "$BPFFS/services" | jq ".[].formatted | select(.value.name == \"svc\") | .value.$1"; }
epoch=$(state epoch)
id=$(bpftool -j map dump pinned "$BPFFS/services" | jq '.[].formatted | select(.value.name == "svc") | .key')
value=$(bpftool -j map lookup pinned "$BPFFS/services" key "$id" 0 0 0 | jq -r '[.value[]] | .[10] = "0x01" | join(" ")')
# shellcheck disable=SC2086 # words
bpftool map update pinned "$BPFFS/services" key "$id" 0 0 0 value $value
is "the mark of it is there" "$(state ending)" 1
lab_daemon
is "the next keeper takes it away" "$(state ending)" 0
check "and raises the epoch" [ "$(state epoch)" -gt "$epoch" ]
is "what is granted goes on" "$(says last)" yes

has "flush finds them, whatever the service made of its cgroups" \
    "$(verigress flush svc)" '^[1-9][0-9]* connections destroyed'
is "and they are gone" "$(says last)" no

# A `listen` port that goes: whom it answered is answered no longer.
ask() { in_ns honest bash -c 'exec 3<>"/dev/tcp/$0/8000" || exit
    while read -r word; do
        echo "$word" >&3
        read -rt 2 -u 3 back && [ "$back" = "$word" ] && echo yes || echo no
    done' "$1"; }
policy "listen: [8000/tcp]"
verigress reload >>"$T/quiet.log" 2>&1
rig_in svc "$TOOLS/echo" 8000 >>"$T/svc_echo.log" 2>&1 &
disown
lab_wait "the service listens" lab_said "$T/svc_echo.log" listening
mkfifo "$T/caller.in" "$T/caller.out"
ask 9.10.0.10 <"$T/caller.in" >"$T/caller.out" 2>/dev/null &
disown
# shellcheck disable=SC2034 # read by name
exec {in_caller}>"$T/caller.in" {out_caller}<"$T/caller.out"
is "a caller of the listen port is answered" "$(says caller)" yes
policy
verigress reload >>"$T/quiet.log" 2>&1
is "no longer when the port goes" "$(says caller)" no

# A socket that outlives its cgroup is confined as long as it lives.
gone_policy() {
    lab_policy gone <<END
service: gone
cgroup: gone
endpoints:
  - address: $1
    ports: [$PORT/tcp]
END
}
mkdir "$CGROUP/gone" "$CGROUP/elsewhere"
gone_policy $OTHER
verigress reload >>"$T/quiet.log" 2>&1
open_talker heir $OTHER gone
is "a connection in a cgroup that will go" "$(says heir)" yes
while read -r pid; do echo "$pid" >"$CGROUP/elsewhere/cgroup.procs"; done <"$CGROUP/gone/cgroup.procs"
rmdir "$CGROUP/gone"
unconfined() { verigress status -j | jq -e '.services[].cgroups[] | select(.path == "gone" and (.confined | not))'; }
check "the cgroup is gone" wait_for 10 unconfined
is "what is granted goes on" "$(says heir)" yes
gone_policy "$HONEST"
verigress reload >>"$T/quiet.log" 2>&1
is "what is not carries nothing further" "$(says heir)" no
links() { find "$BPFFS/links/gone" -type f 2>/dev/null; }
check "its links are there while it lives" [ -n "$(links)" ]
in_ns app ss -K -tn dport = $PORT >/dev/null 2>&1
remove_cgroup "$CGROUP/elsewhere"
reaped() { [ -z "$(links)" ]; }
check "and go with it" wait_for 20 reaped
finish
