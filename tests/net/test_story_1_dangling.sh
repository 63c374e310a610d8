#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Story 1: a Django application sends a bearer token to a name whose record was
# left behind and now leads to an attacker, outside the declared ranges.  He has
# a valid certificate for it: whoever answers at a name gets one.
set -u
# shellcheck source=tests/lib.sh
. "$(dirname "$0")/../lib.sh"
# shellcheck source=tests/net/lab.sh
. "$TOP/tests/net/lab.sh"
# shellcheck source=tests/net/story.sh
. "$TOP/tests/net/story.sh"

start() { lab_app django_shop.wsgi shop "https://$API" API_CA="$T/tls/public.crt"; }
attack() { lab_move corp.example signed "api A $EVIL" $API $EVIL; }
heal() { lab_move corp.example signed "api A $HONEST" $API $HONEST; }

sandbox
lab_up
lab_ca public
for who in honest evil; do
    lab_certificate $who public serverAuth "DNS:$API"
    lab_server $who $who --https 443 --cert "$T/tls/$who.crt" --key "$T/tls/$who.key"
done

story_without "dangling name"

lab_config
lab_shop_policy $API 443 "      dnssec: require"
lab_daemon
story_with "dangling name" ADDR_OUT_OF_RANGE $API $EVIL 443

# The lease of the honest address went with the name's good faith.
refuse "the old address is revoked, too" lab_why "$HONEST:443"
finish
