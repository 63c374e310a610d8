#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Runs every fuzzer of build/fuzz/fuzz on a copy of its corpus.
#   run.sh SECONDS [NAME...]      NAME like fuzz_policy; default all
# One line each: pass or FAIL, name, executions.  What a fuzzer found is kept in
# build/fuzz/found/NAME-*; give it to the fuzzer as an argument to see it again.
# FUZZ_JOBS at a time (default: as many as there are processors), each with a
# bound on memory and on the time of one input.
set -u
top=$(cd "$(dirname "$0")/../.." && pwd)
bin=${VG_FUZZ_DIR:-$top/build/fuzz/fuzz}
found=${VG_FUZZ_FOUND:-$top/build/fuzz/found}
seconds=${1-}
[[ $seconds =~ ^[1-9][0-9]{0,5}$ ]] || {
    echo "usage: tests/fuzz/run.sh SECONDS [NAME...]" >&2
    exit 2
}
shift
if [ $# -gt 0 ]; then
    list=("$@")
else
    list=()
    for file in "$bin"/fuzz_*; do
        case $file in *.d | *.o) continue ;; esac
        [ -x "$file" ] && list+=("$(basename "$file")")
    done
fi
[ ${#list[@]} -gt 0 ] || { echo "no fuzzers in $bin: make VARIANT=fuzz fuzzers" >&2; exit 2; }

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
mkdir -p "$found"
export ASAN_OPTIONS=detect_leaks=1:allocator_may_return_null=1
export UBSAN_OPTIONS=print_stacktrace=1

# A fuzzer that executed nothing has proven nothing, however it ended.
fuzz() {
    local name=$1 corpus=$work/$1.corpus log=$work/$1.log status execs dict=()
    mkdir "$corpus"
    cp -R "$top/tests/fuzz/corpus/${name#fuzz_}/." "$corpus/" 2>/dev/null
    if [ -z "$(ls -A "$corpus")" ]; then
        echo "FAIL  $name: tests/fuzz/corpus/${name#fuzz_} is empty"
        return 1
    fi
    [ -f "$top/tests/fuzz/$name.dict" ] && dict=("-dict=$top/tests/fuzz/$name.dict")
    "$bin/$name" -max_total_time="$seconds" -timeout=10 -rss_limit_mb=1024 \
        -malloc_limit_mb=256 -max_len=32768 -print_final_stats=1 \
        -artifact_prefix="$found/$name-" "${dict[@]}" "$corpus" >"$log" 2>&1
    status=$?
    execs=$(sed -n 's/^stat::number_of_executed_units: *//p' "$log")
    if [ $status -eq 0 ] && [ "${execs:-0}" -gt 0 ]; then
        printf 'pass  %-20s %10d executions in %d s\n' "$name" "$execs" "$seconds"
        return 0
    fi
    echo "FAIL  $name: status $status after ${execs:-no} executions"
    grep -vE '^(#[0-9]+|INFO:|[[:space:]]*NEW_FUNC)' "$log" | tail -n 40 | sed 's/^/      /'
    return 1
}

jobs=${FUZZ_JOBS:-$(nproc)} failed=0
for name in "${list[@]}"; do
    while [ "$(jobs -rp | wc -l)" -ge "$jobs" ]; do wait -n; done
    (fuzz "$name" && touch "$work/$name.passed") &
done
wait
for name in "${list[@]}"; do
    [ -e "$work/$name.passed" ] || failed=$((failed + 1))
done
echo "${#list[@]} fuzzers, $failed failed"
[ "$failed" -eq 0 ]
