#!/bin/sh
# Counts the instructions of the core's workloads and compares them with instructions.txt.
# Fails on +3 %; `check-instructions.sh --write` records the counts instead.
# Where valgrind or gungraun's runner is missing it says so and passes: the count is a guard, not a test.
set -eu

here=$(cd "$(dirname "$0")" && pwd)
baseline="$here/instructions.txt"
limit_permille=30
names="rpc messages timers starts"

version=$(sed -n 's/^gungraun = "\(.*\)"$/\1/p' "$here/../Cargo.toml")
if ! command -v valgrind >/dev/null; then
    echo "instructions: valgrind is not installed, nothing was counted"
    exit 0
fi
if ! command -v "${GUNGRAUN_RUNNER:-gungraun-runner}" >/dev/null; then
    echo "instructions: the runner is not installed, nothing was counted;"
    echo "              cargo install gungraun-runner --version ^$version"
    exit 0
fi

report=$(cd "$here" && cargo bench --quiet -p windtunnel --bench instructions 2>&1) || {
    echo "$report"
    echo "instructions: the benchmark failed"
    exit 2
}
# A head line names the workload; the line below it has "Instructions: now|before".
count() {
    echo "$report" | sed 's/\x1b\[[0-9;]*m//g' | awk -v head="count $1:" '
        index($0, head) { here = 1 }
        here && /Instructions:/ { split($2, number, "|"); print number[1]; exit }' | grep -x '[0-9]*' || {
        echo "instructions: no count for $1 in the report of gungraun" >&2
        exit 2
    }
}
tools="$(rustc --version), $(valgrind --version), gungraun $version"

if [ "${1:-}" = --write ]; then
    {
        echo "# Instructions of each workload of instructions.rs; $tools."
        for name in $names; do
            number=$(count "$name") || exit 2
            echo "$name $number"
        done
    } >"$baseline.new"
    mv "$baseline.new" "$baseline"
    cat "$baseline"
    exit 0
fi

failed=0
sed -n 's/^# /baseline: /p' "$baseline"
echo "now: $tools"
for name in $names; do
    before=$(sed -n "s/^$name //p" "$baseline")
    now=$(count "$name") || exit 2
    permille=$(((now - before) * 1000 / before))
    echo "$name: $before before, $now now ($permille permille)"
    if [ "$permille" -gt "$limit_permille" ]; then
        echo "$name: more than 3 % above the baseline; if it is worth it, record it with --write"
        failed=1
    fi
done
exit "$failed"
