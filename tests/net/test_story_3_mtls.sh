#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Story 3: a Django application with mutual TLS.  The name moves to a rogue
# server inside the same company, whose certificate the company's own CA issued
# for that name: TLS has nothing to object to.
set -u
# shellcheck source=tests/lib.sh
. "$(dirname "$0")/../lib.sh"
# shellcheck source=tests/net/lab.sh
. "$TOP/tests/net/lab.sh"
# shellcheck source=tests/net/story.sh
. "$TOP/tests/net/story.sh"

start() {
    lab_app django_shop.wsgi shop "https://$API" API_CA="$T/tls/corp.crt" \
        API_CERT="$T/tls/shop.crt" API_KEY="$T/tls/shop.key"
}
attack() { lab_move corp.example signed "api A $EVIL" $API $EVIL; }
heal() { lab_move corp.example signed "api A $HONEST" $API $HONEST; }

sandbox
lab_up
lab_ca corp
lab_certificate shop corp clientAuth DNS:shop.corp.example
for who in honest evil; do
    lab_certificate $who corp serverAuth "DNS:$API"
    lab_server $who $who --https 443 --cert "$T/tls/$who.crt" --key "$T/tls/$who.key" \
        --client-ca "$T/tls/corp.crt"
done

story_without "rogue server"
check "rogue server, without verigress: it saw the client's certificate" \
    attacker_has '"certificate": "shop"'

lab_config
lab_shop_policy $API 443 "      dnssec: require"
lab_daemon
story_with "rogue server" ADDR_OUT_OF_RANGE $API $EVIL 443
finish
