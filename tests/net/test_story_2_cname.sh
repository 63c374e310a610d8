#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Story 2: a Flask application sends a bearer token to a name that is a CNAME to
# a host at a cloud provider.  The host was released, and somebody else took its
# name: the CNAME itself never changes, and it is signed.
set -u
# shellcheck source=tests/lib.sh
. "$(dirname "$0")/../lib.sh"
# shellcheck source=tests/net/lab.sh
. "$TOP/tests/net/lab.sh"
# shellcheck source=tests/net/story.sh
. "$TOP/tests/net/story.sh"

start() { lab_app flask_billing.app shop "https://$API" API_CA="$T/tls/public.crt"; }
attack() { lab_move cloud.example unsigned "shop-7 A $EVIL" $API $EVIL; }
heal() { lab_move cloud.example unsigned "shop-7 A $HONEST" $API $HONEST; }

sandbox
lab_up
lab_move corp.example signed "api CNAME shop-7.cloud.example." $API $HONEST
lab_ca public
for who in honest evil; do
    lab_certificate $who public serverAuth "DNS:$API"
    lab_server $who $who --https 443 --cert "$T/tls/$who.crt" --key "$T/tls/$who.key"
done

story_without "released CNAME target"

lab_config
lab_shop_policy $API 443
lab_daemon
story_with "released CNAME target" ADDR_OUT_OF_RANGE $API $EVIL 443

# Released and not taken yet is not evidence of attack: nothing new is granted,
# and the application is refused as before.
lab_zone cloud.example unsigned <<<"other A $EVIL"
check "nothing behind the CNAME is dangling" lab_finding DANGLING_CNAME_NX $API
finish
