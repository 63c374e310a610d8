#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# The Debian packages that verigress needs, in one place.
#   deps.sh need SET     say what is missing, exit 1 if anything is
#   deps.sh install SET  install what is missing (root), saying so first
# SET: build, demo (build and the laboratory), test (demo and all test tools).
set -eu

build="gcc libc6-dev pkg-config clang llvm libbpf-dev bpftool libelf-dev zlib1g-dev
linux-libc-dev libunbound-dev libldns-dev libssl-dev libevent-dev libyaml-dev
libseccomp-dev libcap-ng-dev"
demo="iproute2 nsd unbound ldnsutils openssl dns-root-data python3 python3-django
python3-flask python3-requests gunicorn procps util-linux"
tests="libcmocka-dev libclang-rt-dev shellcheck git prometheus dnsutils jq universal-ctags
libcap2-bin nginx-light curl clang-format man-db strace systemd"

usage() {
    echo "usage: deps.sh need|install build|demo|test" >&2
    exit 2
}
[ $# -eq 2 ] || usage
case $2 in
build) wanted=$build ;;
demo) wanted="$build $demo" ;;
test) wanted="$build $demo $tests" ;;
*) usage ;;
esac

missing=
for package in $wanted; do
    status=$(dpkg-query -W -f '${db:Status-Status}' "$package" 2>/dev/null || true)
    [ "$status" = installed ] || missing="$missing $package"
done
[ -n "$missing" ] || exit 0

if [ "$1" = need ]; then
    echo "missing Debian packages:$missing" >&2
    echo "install them with: sudo deploy/deps.sh install $2" >&2
    exit 1
fi
[ "$1" = install ] || usage
if [ "$(id -u)" -ne 0 ]; then
    echo "missing Debian packages:$missing" >&2
    echo "run this as root to install them" >&2
    exit 1
fi

echo "installing Debian packages:$missing"
# The test servers are started by the tests, never by the packages.
policy=/usr/sbin/policy-rc.d
if [ ! -e $policy ]; then
    trap 'rm -f $policy' EXIT
    printf '#!/bin/sh\nexit 101\n' >$policy
    chmod 755 $policy
fi
apt-get -qq update
# shellcheck disable=SC2086 # a list of words
DEBIAN_FRONTEND=noninteractive apt-get -qq install -y --no-install-recommends $missing >/dev/null
