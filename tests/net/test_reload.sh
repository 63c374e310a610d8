#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# VG_RELOADS reloads in a loop under load, good and broken policies in turn:
# broken ones change nothing, and no granted connect is ever refused.
set -u
cd "$(dirname "$0")/../.." || exit 2
# shellcheck source=tests/lib.sh
. tests/lib.sh
# shellcheck source=tests/net/lab.sh
. tests/net/lab.sh
# shellcheck source=tests/net/rig.sh
. tests/net/rig.sh
reloads=${VG_RELOADS:-1000}
EXTRA=20.30.0.11 # granted by the second of two good policies only

sandbox
rig_up
rig_control
lab_address honest $EXTRA
mkdir -p "$T/good" "$T/broken" "$CGROUP/svc"

rig_policy svc
mv "$T/policy.d/svc.yaml" "$T/good/0"
rig_policy svc "" "  - address: $EXTRA
    ports: [$PORT/tcp]"
mv "$T/policy.d/svc.yaml" "$T/good/1"

# Each is good until its one mistake.
sed 's/^service:/servise:/' "$T/good/1" >"$T/broken/0"
sed "s,$PORT/tcp,${PORT}x/tcp," "$T/good/0" >"$T/broken/1"
sed 's/^mode:.*//; $a mode: open' "$T/good/0" >"$T/broken/2"
sed "s/$HONEST$/$HONEST.9/" "$T/good/1" >"$T/broken/3"
head -c 40 "$T/good/1" >"$T/broken/4"
{ cat "$T/good/0"; printf 'endpoints: []\n'; } >"$T/broken/5"
printf '\0\377\0' >"$T/broken/6"
sed '/^endpoints/,$d' "$T/good/0" | sed '$a endpoints: [' >"$T/broken/7"
sed 's/hold: 1m/hold: 1/' "$T/good/0" >"$T/broken/8"
sed 's/^cgroup:.*/cgroup: ..\/..\/escape/' "$T/good/0" >"$T/broken/9"

# Renamed into place: the daemon never sees half a file.
install_policy() { cp "$1" "$T/next" && mv "$T/next" "$T/policy.d/svc.yaml"; }

# What is in force, without what time alone changes.
in_force() {
    verigress show -j svc | jq -S 'del(.. | .lease_end?, .verified?, .judged?, .next?)'
}

install_policy "$T/good/0"
lab_daemon
rig_load svc -t 4 -w 200

applied=0 held_back=0 right=0 same=0 looks=0
for ((i = 0; i < reloads; i++)); do
    if [ $((i % 2)) -eq 0 ]; then
        which=$((i / 2 % 2))
        install_policy "$T/good/$which"
        verigress reload >>"$T/reload.log" 2>&1 && applied=$((applied + 1))
        [ $((i % 20)) -eq 0 ] || continue
        # 0: refused (1), 1: granted (0).
        dial $EXTRA $PORT 2>>"$T/dial.log"
        [ $? -ne $((1 - which)) ] || right=$((right + 1))
        continue
    fi
    [ $((i % 20)) -ne 1 ] || before=$(in_force)
    install_policy "$T/broken/$((i / 2 % 10))"
    verigress reload >>"$T/reload.log" 2>&1
    [ $? -ne 1 ] || held_back=$((held_back + 1))
    [ $((i % 20)) -ne 1 ] || {
        looks=$((looks + 1))
        [ -z "$before" ] || [ "$before" != "$(in_force)" ] || same=$((same + 1))
    }
done
is "every good policy is applied" $applied $(((reloads + 1) / 2))
is "every broken policy is refused, with status 1" $held_back $((reloads / 2))
is "a good one is in force as soon as reload returns" $right $(((reloads + 19) / 20))
is "a broken one changes nothing that can be shown" $same $looks
rig_load_was_right "under reloads" $((reloads * 4))
has "the error names the file, the line and the column" "$(cat "$T/reload.log")" \
    'svc\.yaml:[0-9]+:[0-9]+: error: '

# diff says what would be applied, and applies nothing.
install_policy "$T/good/0"
verigress reload >/dev/null 2>&1
install_policy "$T/good/1"
before=$(in_force)
has "diff names what would come" "$(verigress diff 2>&1)" "$EXTRA"
is "diff changes nothing" "$(in_force)" "$before"
install_policy "$T/broken/0"
verigress diff >"$T/diff" 2>&1
is "diff of a broken policy has status 2 or 1" "$(($? > 0))" 1
check "status says that the last reload failed" \
    sh -c 'verigress reload >/dev/null 2>&1; verigress status 2>&1 | grep -qi policy'
check "there is an event of the broken policy" lab_event '.event == "policy_error"'
finish
