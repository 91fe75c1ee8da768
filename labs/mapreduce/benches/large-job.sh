#!/usr/bin/env bash
# A job of 1,000 map tasks and 100 reduce tasks on 50 workers: 10 s and 300 MB at the most, and the output of one go, byte for byte.
# Options are those of `cargo lab job`, such as --submission DIR.
set -euo pipefail
cd "$(dirname "$0")/../../.."
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT

mkdir "$scratch/in"
# 1,000 files of 400 words each, of 20,011 words that are numbers in letters.
awk -v into="$scratch/in" 'BEGIN {
  for (file = 0; file < 1000; file++) {
    name = sprintf("%s/%04d", into, file)
    for (place = 0; place < 400; place++) {
      number = (file * 7919 + place * 104729) % 20011 ""
      word = ""
      for (digit = 1; digit <= length(number); digit++) word = word substr("abcdefghij", substr(number, digit, 1) + 1, 1)
      printf "%s ", word > name
    }
    print "" > name
    close(name)
  }
}'

job() { cargo lab job wordcount --input "$scratch/in/*" --reduces 100 --format json "$@"; }
job --workers 50 --seed 1 --output "$scratch/out" "$@" > "$scratch/told"
job --sequential --output "$scratch/one" "$@" > /dev/null
diff -r "$scratch/out" "$scratch/one"

# Of memory not every system tells.
told() { { grep -o "\"$1\":[0-9]*" "$scratch/told" || echo "$1:0"; } | tail -n 1 | cut -d: -f2; }
wall=$(told wall_ms) peak=$(told peak_worker_bytes)
echo "1,000 map and 100 reduce tasks on 50 workers: $wall ms, $((peak / 1000)) kB"
if [ "$wall" -gt 10000 ] || [ "$peak" -gt 300000000 ]; then
  echo "10,000 ms and 300,000 kB are allowed"
  exit 1
fi
