#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# The README's first service, under a systemd that is PID 1 of namespaces of its
# own: the installed unit with all its hardening, the drop-in, and what becomes
# of a unit that restarts, also when nobody is there to confine it.
set -u
# shellcheck source=tests/lib.sh
. "$(dirname "$0")/../lib.sh"
if [ ! -x /lib/systemd/systemd ]; then
    skip "the unit under systemd" "no /lib/systemd/systemd (package systemd)"
    finish
fi

sandbox
cd "$TOP" || exit 1
mkdir -p "$T/root"
cp tests/net/systemd/story.sh tests/net/systemd/billing.py "$T/"
check "install" env -u MAKEFLAGS -u MAKELEVEL make -s install \
    DESTDIR="$T/dest" PREFIX=/opt/verigress >"$T/install.log" 2>&1
cat "$T/install.log"

(
    echo "$BASHPID" >"$CGROUP/cgroup.procs"
    exec timeout 120 unshare --cgroup --mount --pid --net --uts --ipc --fork --kill-child \
        bash tests/net/systemd/boot.sh "$T" >"$T/boot.log" 2>&1 </dev/null
)
said() { sed -n "s/^$1=//p" "$T/said" 2>/dev/null; }

is "the unit starts, and is ready" "$(said start)" 0
is "every layer is proven, with all the hardening" "$(said layers)" proven
is "the unit with the drop-in starts in audit mode" "$(said audit_start)" 0
is "audit lets its first act pass" "$(said audit_act)" "ok ok"
is "systemctl reload applies the policy" "$(said reload)" 0
is "the unit starts in enforce mode" "$(said enforce_start)" 0
is "its first act is refused, what is granted works" "$(said enforce_act)" "1 ok"
is "and after a restart by systemd" "$(said restarted_act)" "1 ok"
is "verigressd is started again after SIGKILL" "$(said daemon)" active
is "the service starts again then" "$(said again_start)" 0
is "confined as before" "$(said again_act)" "1 ok"
is "the group may read" "$(said reader)" 0
is "others may not" "$(said stranger)" 1
has "the denials are told" "$(said denials)" "^[1-9]"
is "the verifier has a user of its own" "$(said users)" "root root verigress"
is "without verigressd the service does not start" "$(said alone_start)" 1
is "nor act" "$(said acts)" 4
# shellcheck disable=SC2154 # of lib.sh
[ $tap_failed -eq 0 ] || note "$(tail -n 30 "$T/boot.log" "$T/log" "$T/journal" 2>&1)"
finish
