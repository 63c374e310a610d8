#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Runs tests and ends with one line: N passed, N failed, N skipped.
#   run.sh check          unit tests and style: no root, seconds
#   run.sh all            everything (root)
#   run.sh FILE...        just these
# Tests are discovered, not listed: tests/unit/test_*.c (built by make),
# tests/{style,bpf,net,fuzz}/test_*.sh.  A test speaks TAP: "ok 1 - name", "not ok 2 -
# name", "ok 3 - name # SKIP reason".  One that says nothing, or that exits
# otherwise than it spoke, has failed.  With VG_NO_SKIP=1 a skip is a failure.
set -u
cd "$(dirname "$0")/.." || exit 2
export CMOCKA_MESSAGE_OUTPUT=TAP
export ASAN_OPTIONS=detect_leaks=1:abort_on_error=0 UBSAN_OPTIONS=print_stacktrace=1

units=(build/san/unit/test_*)
style=(tests/style/test_*.sh)
system=(tests/bpf/test_*.sh tests/net/test_*.sh tests/fuzz/test_*.sh)
case ${1-} in
check) list=("${units[@]}" "${style[@]}") ;;
all) list=("${units[@]}" "${style[@]}" "${system[@]}") ;;
"") echo "usage: tests/run.sh check|all|FILE..." >&2; exit 2 ;;
*) list=("$@") ;;
esac

passed=0 failed=0 skipped=0
failures=() skips=()
log=$(mktemp -d)
trap 'rm -rf "$log"' EXIT

for file in "${list[@]}"; do
    [ -x "$file" ] || { case $file in *.d) continue ;; esac; }
    name=$(basename "$file" .sh)
    start=$SECONDS
    timeout --kill-after=30 "${VG_TEST_TIMEOUT:-600}" "$file" >"$log/out" 2>"$log/err"
    status=$?
    # What cmocka 1.1 makes of a skip.
    sed -i -E 's/^not (ok [0-9]+ # SKIP)/\1/' "$log/out"
    ok=$(grep -cE '^ok [0-9]+' "$log/out")
    bad=$(grep -cE '^not ok [0-9]+' "$log/out")
    skip=$(grep -cE '^ok [0-9]+.*# SKIP' "$log/out")
    if [ "${VG_NO_SKIP:-0}" = 1 ] && [ "$skip" -gt 0 ]; then
        bad=$((bad + skip))
        skip_counted=0
    else
        skip_counted=$skip
    fi
    if [ $((ok + bad)) -eq 0 ] || { [ $status -ne 0 ] && [ "$bad" -eq 0 ]; }; then
        bad=$((bad + 1))
        echo "not ok - $name ended with status $status" >>"$log/out"
    fi
    passed=$((passed + ok - skip)) failed=$((failed + bad)) skipped=$((skipped + skip_counted))
    while IFS= read -r line; do skips+=("$name: $line"); done < <(grep -E '# SKIP' "$log/out")
    if [ "$bad" -gt 0 ]; then
        failures+=("$file")
        printf 'FAIL  %s (%d s)\n' "$name" $((SECONDS - start))
        grep -A 4 '^not ok' "$log/out" | grep -v '^ok' | head -n 60 | sed 's/^/      /'
        tail -n 12 "$log/out" | sed 's/^/      | /'
        sed 's/^/      /' "$log/err" | tail -n 60
    else
        printf 'pass  %-32s %3d tests, %d s\n' "$name" $((ok - skip)) $((SECONDS - start))
    fi
done

for line in "${skips[@]}"; do echo "skip  $line"; done
for line in "${failures[@]}"; do echo "failed: $line"; done
echo "$passed passed, $failed failed, $skipped skipped"
[ "$failed" -eq 0 ] && [ "$passed" -gt 0 ]
