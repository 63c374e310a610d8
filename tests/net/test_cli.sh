#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# The command line without a daemon: usage, exit status, help, and what
# `status` says when nobody answers.  Needs no root.
# shellcheck source=tests/lib.sh
. "$(dirname "$0")/../lib.sh"

T=$(mktemp -d)
trap 'rm -rf "$T"' EXIT
export VERIGRESS_RUN_DIR=$T/run

# exits STATUS TEXT ARGUMENT...: the status, and a regular expression in what it says.
exits() {
    local wanted=$1 pattern=$2 out got
    shift 2
    out=$(verigress "$@" 2>&1)
    got=$?
    if [ "$got" -eq "$wanted" ] && grep -qE -- "$pattern" <<<"$out"; then
        ok "verigress $* exits with $wanted"
    else
        not_ok "verigress $* exits with $wanted"
        note "got $got: $out"
    fi
}

exits 2 '^usage: ' # nothing at all
exits 2 "did you mean 'verigress status'" stauts
exits 2 "verigress help" frobnicate
exits 2 "did you mean 'verigress watch'" help wach
exits 0 'Every command takes -j' help
exits 0 'Every command takes -j' --help
for command in check verify run hold status list show why watch reload diff flush lockdown version; do
    exits 0 "^usage: verigress $command " "$command" --help
    exits 0 "^usage: verigress $command " help "$command"
    is "help does not talk on stderr: $command" "$(verigress $command --help 2>&1 >/dev/null)" ""
done

exits 2 'an argument is missing' show
exits 2 'an argument is missing' why billing
exits 2 'too many arguments' list billing
exits 2 'too many arguments' watch billing
exits 2 'no such option' reload --lift
exits 2 'no such option' list -f
exits 2 'no such option' status --wait
exits 2 'needs a value' watch --since
exits 2 'in the future' watch --since 2099-01-01T00:00:00Z
exits 2 'write 10m' watch --since yesterday
exits 2 '\[IPV6\]:PORT' why billing api.vendor.com:http
exits 2 '\[IPV6\]:PORT' why billing '[::1'
exits 2 'too long' show "$(printf '%2000s' x)"

for command in 'list' 'show billing' 'why billing a.example:443' 'why billing [2001:db8::1]:443' watch \
    'reload --wait' diff 'hold billing' 'flush billing' 'lockdown billing --lift'; do
    # shellcheck disable=SC2086 # words
    exits 1 'verigressd is not running' $command
done
exits 0 '^verigress [0-9.]+$' version
exits 0 '^verigress [0-9.]+$' --version
exits 0 '"daemon":null' version -j
check "version -j is JSON" bash -c 'verigress version -j | python3 -m json.tool >/dev/null'

exits 3 'no program is pinned' status --bpffs "$T/none"
mkdir -p "$T/bpf/links/billing"
touch "$T/bpf/links/billing/"{12_connect4,12_egress}
exits 3 'billing +2 links' status --bpffs "$T/bpf"
exits 3 '"service":"billing","links":2' status -j --bpffs "$T/bpf"
check "status -j is JSON" bash -c "verigress status -j --bpffs '$T/bpf' | python3 -m json.tool >/dev/null"
is "talk goes to stderr, data to stdout" "$(verigress list 2>/dev/null)" ""

# A full disk under stdout must not look like success.
for words in help 'help why' version; do
    # shellcheck disable=SC2086
    verigress $words >/dev/full 2>/dev/null
    is "verigress $words >/dev/full fails" $? 1
done

finish
