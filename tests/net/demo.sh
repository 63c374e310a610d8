#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Story 1 of the README for a person: a dangling name, before and after.
# Runs in network namespaces of its own; as root, by `make demo`.  On a terminal
# it stays open at the end, for a look inside, until Enter is pressed.
set -u
# shellcheck source=tests/lib.sh
. "$(dirname "$0")/../lib.sh"
# shellcheck source=tests/net/lab.sh
. "$TOP/tests/net/lab.sh"

bold='' dim='' red='' green='' blue='' plain=''
if [ -z "${NO_COLOR-}" ] && { [ -t 1 ] || [ -n "${CLICOLOR_FORCE-}" ]; }; then
    bold=$'\e[1m' dim=$'\e[2m' red=$'\e[1;31m' green=$'\e[1;32m' blue=$'\e[1;34m' plain=$'\e[0m'
fi
broken=0

title() { printf '\n%s%s%s\n' "$bold$blue" "$*" "$plain"; }
say() { printf '  %s\n' "$*"; }
# What a program printed: below what was said of it.
quote() { fold -s -w 90 | sed "s/^/    $dim|$plain /"; }
pause() { [ -t 1 ] && sleep "$1"; return 0; }

field() { # NAME JSON: a string or number of the application's answer
    $PYTHON -c 'import json, sys; print(json.loads(sys.argv[2]).get(sys.argv[1]))' "$@"
}

# A customer presses "pay".  WANTED is who should answer, or EPERM.
pay() { # WANTED
    local said who
    said=$(ask)
    who=$(field server "$said")
    case $who in
    honest) say "the shop pays:      ${green}the payments API answered$plain" ;;
    evil) say "the shop pays:      ${red}the stranger answered$plain, and TLS was content" ;;
    *)
        say "the shop pays:      ${green}refused$plain after $(field elapsed "$said") s, before a byte left:"
        say "                    \"$(field error "$said" | grep -o '\[Errno.*permitted')\""
        who=EPERM
        ;;
    esac
    [ "$who" = "$1" ] || broken=1
}

# What the stranger has: the token from his log, and packets on his wire.
loot() { # yes|no
    local token packets has=no
    token=$(lab_since "$T/evil.requests" | grep -o "Bearer [a-z0-9-]*" | tail -n 1)
    packets=$(lab_evil_packets | grep -c .)
    if [ -n "$token" ]; then
        say "the stranger's log: ${red}Authorization: $token$plain ($packets packets)"
        has=yes
    else
        say "the stranger's log: ${green}nothing$plain ($packets packets reached his machine)"
        [ "$packets" -eq 0 ] || has=packets
    fi
    [ "$has" = "$1" ] || broken=1
}

start() { lab_app django_shop.wsgi shop "https://$API" API_CA="$T/tls/public.crt"; }
release() {
    lab_move corp.example signed "api A $EVIL" $API $EVIL
    say "${bold}The host behind the name is given up, its DNS record is left behind, and a$plain"
    say "${bold}stranger takes it over: $API leads to $EVIL now.$plain"
    say "He has a valid certificate for it, as anybody gets who answers at a name."
}

look_inside() {
    title "What to look at next"
    if [ -t 0 ] && [ -t 1 ]; then
        say "${dim}as root, in another terminal, while this one waits:$plain"
    else
        say "${dim}as root, when this runs on a terminal, where it waits:$plain"
    fi
    say "export VERIGRESS_RUN_DIR=$T/run; cd $TOP/build/plain"
    say "./verigress status                   what is proven, what is lost"
    say "./verigress show shop                rule, name, address, proof, end of lease"
    say "./verigress why shop $EVIL:443   a verdict and its reason, without sending"
    say "./verigress watch                    the events so far; -f follows"
    say "bpftool map dump pinned $BPFFS/leases   what the kernel goes by"
}

sandbox
say "setting up: a shop, its payments API, DNS with DNSSEC, and a stranger ..."
lab_up
lab_ca public
for who in honest evil; do
    lab_certificate $who public serverAuth "DNS:$API"
    lab_server $who $who --https 443 --cert "$T/tls/$who.crt" --key "$T/tls/$who.key"
done
start

title "1. Without verigress"
say "A Django shop sends its bearer token to https://$API ($HONEST)."
pay honest
lab_forget
release
pay evil
loot yes
pause 3

lab_stop_app shop
lab_move corp.example signed "api A $HONEST" $API $HONEST
mkdir -p "$CGROUP/shop"
lab_config
lab_shop_policy $API 443 "      dnssec: require"

title "2. With verigress"
say "The same shop, confined by this policy:"
quote <"$T/policy.d/shop.yaml"
lab_daemon
start
pay honest
lab_forget
release
pay EPERM
loot no
pause 3
say "Within seconds verigress looks at the name again, finds where it leads, and"
say "takes back what it had granted:"
lab_finding ADDR_OUT_OF_RANGE $API || broken=1
pay EPERM
loot no
say "verigress watch:"
sleep 0.5
verigress watch | grep -E 'DENY|finding' | tail -n 3 | quote

look_inside
if [ -t 0 ] && [ -t 1 ]; then
    printf '\n%sPress Enter to remove it all.%s ' "$bold" "$plain"
    read -r _
fi
[ $broken -eq 0 ] || say "${red}This did not go as it should: see above.$plain"
exit $broken
