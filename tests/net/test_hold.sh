#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# A service that connects as its first act, started again and again in a cgroup
# that is removed and made again each time.  With `hold` before, not one byte
# gets out; without it something may, and then it is said.
set -u
cd "$(dirname "$0")/../.." || exit 2
# shellcheck source=tests/lib.sh
. tests/lib.sh
# shellcheck source=tests/net/lab.sh
. tests/net/lab.sh
# shellcheck source=tests/net/rig.sh
. tests/net/rig.sh
starts=${VG_STARTS:-200}

sandbox
rig_up
rig_control
rig_policy
lab_daemon

remove_svc() { rmdir "$CGROUP/svc"; }

# ---- with hold --------------------------------------------------------------

# Each tenth time the keeper learns of the cgroup and of the request at once:
# it must not matter that it would notice the cgroup by itself.
hold_at_once() {
    kill -STOP "$(rig_pid keeper)"
    quiet verigress hold svc &
    local client=$!
    sleep 0.05
    mkdir "$CGROUP/svc"
    kill -CONT "$(rig_pid keeper)"
    wait $client
}
hold_soon() { mkdir "$CGROUP/svc" && quiet verigress hold svc; }

held=0 refused=0 reached=0
for ((i = 0; i < starts; i++)); do
    if [ $((i % 10)) -eq 5 ]; then hold=hold_at_once; else hold=hold_soon; fi
    $hold && held=$((held + 1))
    dial "$EVIL" $PORT 2>>"$T/dial.log"
    [ $? -ne 1 ] || refused=$((refused + 1))
    [ $((i % 10)) -ne 0 ] || { dial "$HONEST" $PORT && reached=$((reached + 1)); }
    wait_for 5 remove_svc || break
done
is "hold answers $starts times" $held "$starts"
is "the first act is refused $starts times" $refused "$starts"
is "and what is granted works at once" $reached $(((starts + 9) / 10))
rig_nothing_leaked "with hold"
is "nothing was confined late" "$(events '.event == "tagged_late"' | wc -l)" 0

# A cgroup that another one replaced under the same name is a new one.
mkdir "$CGROUP/svc"
quiet verigress hold svc
dials "one more start: refused" 1 "$EVIL" $PORT
refuse "hold of a service that the policy does not have fails" quiet verigress hold nobody
check "a second hold of the same cgroup is fine" quiet verigress hold svc

# ExecStartPre=+ runs inside the cgroup that it asks for.
wait_for 5 remove_svc
mkdir "$CGROUP/svc"
check "hold works from inside the cgroup, as systemd calls it" \
    quiet rig_in svc "$BIN/verigress" hold svc
sleep 2.2
is "and that is not late" "$(events '.event == "tagged_late"' | wc -l)" 0
refuse "but nothing else may be asked from there" \
    quiet rig_in svc "$BIN/verigress" status
wait_for 5 remove_svc

refuse "hold where the cgroup is not there fails" quiet verigress hold svc

# ---- without hold -----------------------------------------------------------

# The worst case, made certain: the keeper sleeps while the service starts.
kill -STOP "$(rig_pid keeper)"
mkdir "$CGROUP/svc"
dial "$EVIL" $PORT 2>>"$T/dial.log"
rig_in svc sleep 60 &
sleeper=$!
has "without hold the first act gets out (or this test shows nothing)" \
    "$(lab_evil_packets)" .
kill -CONT "$(rig_pid keeper)"
check "without hold: an event says that it was late" wait_for 5 lab_event \
    '.event == "tagged_late" and .service == "svc"'
is "without hold: status says so" "$(verigress status -j |
    jq '.services[0] | .tagged_late, .cgroups[0].tagged_late' | xargs)" "1 true"
lab_settle evil honest "$EVIL"
lab_forget
dials "from then on it is confined" 1 "$EVIL" $PORT
rig_nothing_leaked "from then on"
kill $sleeper

finish
