#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Pins: they outlive every keeper, are taken over, and are never shared.
set -u
# shellcheck source=tests/bpf/rig.sh
. "$(dirname "$0")/rig.sh"

serve "" 0.0.0.0 80
keep add web , attach web "$WEB" , lease web tcp 80 127.0.0.2 600000 honest.example , die 2>/dev/null
is "after SIGKILL: granted" "$(inside tcp 127.0.0.2 80)" ok
is "after SIGKILL: refused" "$(inside tcp 127.0.0.3 80)" EPERM

# Looking inside.
is "the directory is closed" "$(stat -c %a "$BPFFS")" 700
# shellcheck disable=SC2010 # names of ours
is "maps and programs" "$(ls "$BPFFS" "$BPFFS/programs" | grep -E '^[a-z0-9_]+$' | sort | paste -sd ' ')" \
    "cidrs counters cpus events faults flows heard identity leases links listens meta programs services vg_connect4 vg_connect6 vg_egress vg_sendmsg4 vg_sendmsg6 vg_sock_ops"
dump=$(bpftool map dump pinned "$BPFFS/leases")
has "the dump names the host" "$dump" '"name": "honest.example"'
has "the dump has the port as a number" "$dump" '"port": 80'
has "the dump has the octets in order" "$(tr -d ' \n' <<<"$dump")" '"addr":\[0,0,0,0,0,0,0,0,0,0,255,255,127,0,0,2\]'
has "services by name" "$(bpftool map dump pinned "$BPFFS/services")" '"name": "web"'

# Adoption: the same links, the new programs.
id=$(stat -c %i "$WEB")
links() { for l in "$BPFFS"/links/web/*; do bpftool -j link show pinned "$l" | jq -r .id; done | sort -n | paste -sd ' '; }
programs() { for l in "$BPFFS"/links/web/*; do bpftool -j link show pinned "$l" | jq -r .prog_id; done | sort -n | paste -sd ' '; }
before=$(links) old=$(programs)
is "adopted, all layers in force" "$(keep attached)" "$id web 3f"
is "the links are the same" "$(links)" "$before"
refuse "the programs are new" test "$(programs)" = "$old"
is "pinned programs are those attached" "$(for p in "$BPFFS"/programs/*; do bpftool -j prog show pinned "$p" | jq .id; done | sort -n | paste -sd ' ')" "$(programs)"
is "leases are still there" "$(keep count)" "1 of 65536"
is "and their names" "$(keep get web tcp 80 127.0.0.2)" honest.example
is "still granted" "$(inside tcp 127.0.0.2 80)" ok
is "still refused" "$(inside tcp 127.0.0.3 80)" EPERM
is "attaching again changes nothing" "$(keep attach web "$WEB"; links)" "$before"
is "the ring kept what came while nobody read" "$(keep events | grep -c 'dst=127.0.0.3:80')" 2

# A pin that somebody removed is seen, and made again.
rm "$BPFFS/links/web/${id}_vg_egress"
is "a lost layer is seen" "$(keep attached)" "$id web 1f"
keep attach web "$WEB"
is "and completed" "$(keep attached)" "$id web 3f"

# Overlap and strangers.
keep add other
mkdir "$WEB/below"
has "the same cgroup for another service" "$(keep attach other "$WEB" 2>&1)" EEXIST
has "a cgroup below" "$(keep attach other "$WEB/below" 2>&1)" ENOTUNIQ
has "a cgroup above" "$(keep attach other "$CGROUP" 2>&1)" ENOTUNIQ
is "nothing of other is attached" "$(keep attached)" "$id web 3f"
has "not a cgroup" "$(keep attach other "$T" 2>&1)" EOPNOTSUPP

# Death and re-creation.
mkdir "$CGROUP/brief"
keep attach other "$CGROUP/brief"
old=$(stat -c %i "$CGROUP/brief")
has "two are attached" "$(keep attached | paste -sd ' ')" "$old other 3f"
rmdir "$CGROUP/brief"
gone() { [ "$(keep attached)" = "$id web 3f" ]; }
check "a dead cgroup is dropped" wait_for 5 gone
is "with its pins" "$(find "$BPFFS/links" -name "${old}_*" | wc -l)" 0
mkdir "$CGROUP/brief"
is "one of the same name is a new one" "$(inside_dir "$CGROUP/brief" tcp 127.0.0.3 80)" ok
keep attach other "$CGROUP/brief"
is "until it is confined" "$(inside_dir "$CGROUP/brief" tcp 127.0.0.2 80)" EPERM
keep detach other
is "detached is open" "$(inside_dir "$CGROUP/brief" tcp 127.0.0.3 80)" ok
# The storage of a cgroup outlives its links: it must not open it later.
keep remove other , add third , attach third "$CGROUP/brief"
is "attached anew it is closed" "$(inside_dir "$CGROUP/brief" tcp 127.0.0.2 80)" EPERM

# One keeper at a time; another directory is another world.
keep pause 1500 &
holder=$!
sleep 0.5
has "a second keeper is refused" "$(keep attached 2>&1)" 'EBUSY'
is "one beside it is not" "$("$BIN/tools/enforce" "$T/bpf/second" attached , wipe 2>&1)" ""
wait $holder

# A directory that is not ours alone, or no bpffs at all.
mkdir -m 755 "$T/bpf/open"
has "a directory that others may enter" "$("$BIN/tools/enforce" "$T/bpf/open" attached 2>&1)" 'mode 755'
mkdir "$T/plain"
has "not a bpffs" "$("$BIN/tools/enforce" "$T/plain/verigress" attached 2>&1)" 'not on a bpffs'

# Sizes stay, and that is said; another ABI is refused in words.
has "sizes stay" "$(LEASES=100 keep count 2>&1)" 'keep their sizes.*leases 65536'
is "and work" "$(LEASES=100 keep count 2>/dev/null)" "1 of 65536"
bpftool map update pinned "$BPFFS/meta" key 0 0 0 0 value 99 0 0 0 0 0 0 0
out=$(keep attached 2>&1)
has "another ABI: words" "$out" 'ABI 99 and this is ABI'
has "another ABI: EUCLEAN" "$out" EUCLEAN
is "another ABI: enforced all the same" "$(inside tcp 127.0.0.3 80)" EPERM
bpftool map update pinned "$BPFFS/meta" key 0 0 0 0 value 1 0 0 0 0 0 0 0

keep wipe
# shellcheck disable=SC2010
is "wiped: nothing is left" "$(ls "$T/bpf" | grep -v debug)" open
is "wiped: open" "$(inside tcp 127.0.0.3 80)" ok

# What a crash left before the mark was written is cleared.
mkdir -m 700 "$BPFFS"
bpftool map create "$BPFFS/leases" type hash key 4 value 4 entries 1 name leases
is "unfinished pins are made anew" "$(keep count)" "0 of 65536"
finish
