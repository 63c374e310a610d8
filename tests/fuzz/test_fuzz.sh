#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# A short run of every fuzzer (FUZZ_SECONDS, default 10), and the proof that
# the runner notices a fuzzer that finds something, or that does nothing.
set -u
# shellcheck source=tests/lib.sh
. "$(dirname "$0")/../lib.sh"
run=$TOP/tests/fuzz/run.sh
T=$(mktemp -d)
trap 'rm -rf "$T"' EXIT

# fake NAME: a fuzzer with the corpus of the first real one, made of stdin.
fake() {
    local name=$1
    cat >"$T/$name"
    chmod 755 "$T/$name"
}

first=
for source in "$TOP"/tests/fuzz/fuzz_*.c; do
    name=$(basename "$source" .c)
    first=${first:-$name}
    check "$name has a corpus" test -n "$(ls -A "$TOP/tests/fuzz/corpus/${name#fuzz_}" 2>&1)"
    check "$name was built" test -x "$TOP/build/fuzz/fuzz/$name"
done

output=$("$run" "${FUZZ_SECONDS:-10}" 2>&1)
note "$output"
for source in "$TOP"/tests/fuzz/fuzz_*.c; do
    name=$(basename "$source" .c)
    has "$name finds nothing in a short run" "$output" "^pass  $name "
done

export VG_FUZZ_DIR=$T VG_FUZZ_FOUND=$T/found
fake "$first" <<<'#!/bin/sh
echo "stat::number_of_executed_units: 7"
exit 77'
refuse "the runner fails when a fuzzer finds something" "$run" 1 >"$T/out" 2>&1
# The line of the check itself went to the file, too.
grep -E '^(not )?ok' "$T/out"
has "and says which" "$(cat "$T/out")" "^FAIL  $first: status 77 after 7"
fake "$first" <<<'#!/bin/sh
exit 0'
output=$("$run" 1 2>&1)
has "a fuzzer that executed nothing has failed" "$output" "^FAIL  $first: status 0 after no"
fake fuzz_without_corpus <<<'#!/bin/sh
echo "stat::number_of_executed_units: 7"'
output=$("$run" 1 fuzz_without_corpus 2>&1)
has "a fuzzer without corpus has failed" "$output" "^FAIL  fuzz_without_corpus: .* is empty"
fake "$first" <<<'#!/bin/sh
echo "stat::number_of_executed_units: 7"'
check "a fuzzer that executed and found nothing has passed" "$run" 1 "$first"
finish
