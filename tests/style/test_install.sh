#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# `make install` into a directory of its own: the tree, the paths in it, the
# manual pages, and the samples.  No root.
set -u
# shellcheck source=tests/lib.sh
. "$(dirname "$0")/../lib.sh"
T=$(mktemp -d)
trap 'rm -rf "$T"' EXIT
root="$T/a root"
cd "$TOP" || exit 1
unset MAKEFLAGS MFLAGS MAKELEVEL

install_into() { make -s install DESTDIR="$1" PREFIX="$2" >"$T/log" 2>&1; }
check "make install, into a directory with a blank in its name" install_into "$root" /usr
note "$(cat "$T/log")"

wanted="/etc/verigress
/etc/verigress/policy.d
/usr/bin/verigress
/usr/lib/systemd/system/verigressd.service
/usr/lib/sysusers.d/verigress.conf
/usr/sbin/verigressd
/usr/share/doc/verigress/LICENSE
/usr/share/doc/verigress/README.md
/usr/share/doc/verigress/architecture.md
/usr/share/doc/verigress/examples/billing.yaml
/usr/share/doc/verigress/examples/hold.conf
/usr/share/doc/verigress/examples/verigress.yaml
/usr/share/doc/verigress/findings.md
/usr/share/doc/verigress/licenses/BSD-2-Clause.txt
/usr/share/doc/verigress/licenses/GPL-2.0-only.txt
/usr/share/doc/verigress/promises.md
/usr/share/man/man1/verigress.1
/usr/share/man/man5/verigress-policy.5
/usr/share/man/man8/verigressd.8"
is "the tree is what it should be" "$(cd "$root" && find . ! -type d -o -path './etc/*' | sed 's/^\.//' | LC_ALL=C sort)" "$wanted"
is "nobody but the owner may write what was installed" "$(find "$root" -perm /022)" ""
is "no place holder is left" "$(grep -rlE '@[A-Z_]+@' "$root")" ""
is "nothing names DESTDIR" "$(grep -rl "$T" "$root")" ""
has "the unit starts what was installed" "$(cat "$root/usr/lib/systemd/system/verigressd.service")" "^ExecStart=/usr/sbin/verigressd$"
has "the drop-in calls what was installed" "$(cat "$root/usr/share/doc/verigress/examples/hold.conf")" "^ExecStartPre=\+/usr/bin/verigress hold %N$"

echo "kept" >"$root/etc/verigress/policy.d/mine.yaml"
echo "kept" >"$root/etc/verigress/verigress.yaml"
check "installing again" install_into "$root" /usr
is "leaves the operator's files alone" "$(cat "$root/etc/verigress/policy.d/mine.yaml" "$root/etc/verigress/verigress.yaml")" "kept
kept"
check "another PREFIX" install_into "$T/b" /opt/vg
has "is in the unit" "$(cat "$T/b/opt/vg/lib/systemd/system/verigressd.service")" "^ExecStart=/opt/vg/sbin/verigressd$"
refuse "a relative PREFIX is refused" install_into "$T/c" usr
refuse "a PREFIX that would need quoting is refused" install_into "$T/c" "/a b"
check "and then nothing is installed" test ! -e "$T/c"

# ---- the unit ----------------------------------------------------------------
if command -v systemd-analyze >/dev/null; then
    # As if it were installed here, for the paths in it must exist.
    mkdir "$T/unit"
    sed "s|=+\?/usr/s\?bin/verigressd\?|=$BIN/verigressd|" "$root/usr/lib/systemd/system/verigressd.service" >"$T/unit/verigressd.service"
    is "systemd has nothing to say about the unit" "$(systemd-analyze verify --man=no "$T/unit/verigressd.service" 2>&1 | grep -F verigressd.service)" ""
    echo "Bogus=1" >>"$T/unit/verigressd.service"
    has "and would have something to say" "$(systemd-analyze verify --man=no "$T/unit/verigressd.service" 2>&1)" "verigressd.service"
else
    skip "systemd has nothing to say about the unit" "no systemd-analyze (package systemd)"
fi

# ---- manual pages ------------------------------------------------------------
page() { groff -wmac -wmissing -wsyntax -wchar -mdoc -Tascii -rLL=200n -P-c -P-b -P-u "$1" 2>"$T/warnings"; }
for file in "$root"/usr/share/man/man?/*; do
    name=$(basename "$file")
    text=$(page "$file")
    is "$name renders without a warning" "$(cat "$T/warnings")" ""
    has "$name has the version" "$text" "verigress $("$BIN/verigress" version 2>/dev/null | grep -oE '[0-9]+\.[0-9]+\.[0-9]+' | head -n1)"
done
printf '.Dd x\n.Dt A 1\n.Os\n.Sh NAME\n.XX y\n' >"$T/bad.1"
page "$T/bad.1" >/dev/null
check "a wrong macro would be a warning" test -s "$T/warnings"

# options TEXT: the long options in it, each once
options() { grep -oE -- '(^|[^-[:alnum:]])--[a-z][a-z-]*' | grep -oE -- '--[a-z-]+' | sort -u; }
is "verigressd --help and its page name the same options" \
    "$("$BIN/verigressd" --help | options)" "$(page "$root/usr/share/man/man8/verigressd.8" | options)"

# The page of verigress has a subsection for each command.
section() { awk -v "c=$1" '/^   [^ ]/ {on = ($1 == c)} /^[^ ]/ {on = 0} on' "$T/verigress.txt"; }
page "$root/usr/share/man/man1/verigress.1" >"$T/verigress.txt"
commands=$(grep -oE '"[a-z]+", vg_cmd' user/cli/main.c | grep -oE '[a-z]+' | grep -vE '^(vg|cmd)$' | sort -u)
is "the table of commands and the page name the same" "$commands" \
    "$(awk '/^   [^ ]/ {print $1}' "$T/verigress.txt" | sort)"
for command in $commands; do
    case $command in
    check | verify | run) common="--help --json" ;;
    *) common="--help --json --run-dir" ;;
    esac
    is "$command: --help and the page name the same options" \
        "$("$BIN/verigress" "$command" --help | options)" \
        "$( (section "$command"; echo "$common") | options)"
done

# ---- samples ------------------------------------------------------------------
examples=$root/usr/share/doc/verigress/examples
check "the samples pass verigress check" \
    "$BIN/verigress" check --config "$examples/verigress.yaml" "$examples/billing.yaml"
quietly() { "$@" >"$T/log" 2>&1; }
refuse "which would have something to say" quietly "$BIN/verigress" check "$examples/verigress.yaml"
# Whole policies in documents, which start with the key `service`.
for file in README.md docs/*.md; do
    awk -v "to=$T/$(basename "$file")" '/^```yaml/ {n++; on = 1; next} /^```/ {on = 0} on {print > (to "." n ".yaml")}' "$file"
done
awk '/^service: /{on = 1} /^\.Ed/{on = 0} on' deploy/man/verigress-policy.5.in >"$T/page.yaml"
samples=0
for file in "$T"/*.yaml; do
    grep -q '^service: ' "$file" || continue
    samples=$((samples + 1))
    check "the policy in $(basename "$file" .yaml) passes verigress check" "$BIN/verigress" check "$file"
done
check "there are policies in the documents" test "$samples" -ge 2
finish
