#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Installs what was built: install.sh BUILD, e.g. build/plain, with VERSION,
# PREFIX and DESTDIR in the environment (`make install` calls it).
# Everything goes below DESTDIR.  Nothing that an operator may have changed is
# overwritten: of /etc only an empty policy directory is made.
set -eu
cd "$(dirname "$0")/.."
build=$1
: "${VERSION:?}" "${PREFIX:?}"
case $PREFIX in
/*) ;;
*) echo "install.sh: PREFIX must be absolute, not '$PREFIX'" >&2; exit 2 ;;
esac
case $PREFIX in
*[!A-Za-z0-9/._+-]*) echo "install.sh: a character of PREFIX '$PREFIX' would need quoting" >&2; exit 2 ;;
esac
root=${DESTDIR:-}
doc=$PREFIX/share/doc/verigress

# place MODE FILE TARGET: TARGET without DESTDIR
place() {
    install -D -m "$1" "$2" "$root$3"
}

# fill FILE TARGET: with the paths of this installation in it
fill() {
    install -d -m 755 "$root${2%/*}"
    sed -e "s|@PREFIX@|$PREFIX|g" -e "s|@DOCDIR@|$doc|g" "$1" >"$root$2"
    chmod 644 "$root$2"
}

place 755 "$build/verigressd" "$PREFIX/sbin/verigressd"
place 755 "$build/verigress" "$PREFIX/bin/verigress"
for page in build/man/*.[1-8]; do
    name=${page##*/}
    fill "$page" "$PREFIX/share/man/man${name##*.}/$name"
done
fill deploy/systemd/verigressd.service.in "$PREFIX/lib/systemd/system/verigressd.service"
place 644 deploy/systemd/verigress.sysusers "$PREFIX/lib/sysusers.d/verigress.conf"
for file in README.md LICENSE docs/*.md; do
    place 644 "$file" "$doc/${file##*/}"
done
for file in docs/licenses/*; do
    place 644 "$file" "$doc/licenses/${file##*/}"
done
place 644 deploy/examples/billing.yaml "$doc/examples/billing.yaml"
place 644 deploy/examples/verigress.yaml "$doc/examples/verigress.yaml"
fill deploy/examples/hold.conf.in "$doc/examples/hold.conf"
[ -d "$root/etc/verigress/policy.d" ] || install -d -m 755 "$root/etc/verigress" "$root/etc/verigress/policy.d"
