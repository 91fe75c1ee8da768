#!/bin/sh
# Counts the instructions of the core's workloads and compares them with instructions.txt.
# Fails on +3 %; `check-instructions.sh --write` records the counts instead.
# Where valgrind is missing it says so and passes: the count is a guard, not a test.
set -eu

here=$(cd "$(dirname "$0")" && pwd)
baseline="$here/instructions.txt"
limit_percent=3

if ! command -v valgrind >/dev/null; then
    echo "instructions: valgrind is not installed, nothing was counted"
    exit 0
fi
binary=$(cd "$here" && cargo bench --quiet -p windtunnel --bench instructions --no-run --message-format=json |
    sed -n 's/.*"executable":"\([^"]*instructions-[^"]*\)".*/\1/p' | tail -1)

# An empty environment, so that its size moves nothing.
count() {
    env -i "$(command -v valgrind)" --tool=callgrind --callgrind-out-file=/dev/null "$binary" "$1" 2>&1 |
        sed -n 's/.*Collected : *\([0-9]*\).*/\1/p'
}

if [ "${1:-}" = --write ]; then
    echo "# Instructions of each workload of instructions.rs; $(rustc --version), $(valgrind --version)." >"$baseline"
    for name in rpc messages timers starts; do
        echo "$name $(count "$name")" >>"$baseline"
    done
    cat "$baseline"
    exit 0
fi

failed=0
while read -r name before; do
    case $name in '#') echo "baseline: $before"; continue ;; esac
    now=$(count "$name")
    permille=$(((now - before) * 1000 / before))
    echo "$name: $before before, $now now ($permille permille)"
    if [ "$permille" -gt $((limit_percent * 10)) ]; then
        echo "$name: more than $limit_percent % above the baseline; if it is worth it, record it with --write"
        failed=1
    fi
done <"$baseline"
[ "$failed" = 1 ] || echo "now: $(rustc --version), $(valgrind --version): within $limit_percent %"
exit "$failed"
