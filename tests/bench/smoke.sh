#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# bench.sh still runs: the smallest of its cases, and figures in every column that it promises.
set -u

dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
bench=${top_srcdir:-.}/tests/bench/bench.sh

if ! "${top_builddir:-.}/espjig" -v --version | grep -q "ESP32-C3: /"; then
    echo "SKIP: no stub for the ESP32-C3, and with the ROM alone this takes too long"
    exit 77
fi
ESPTOOL='' CASES='' BENCH=smoke BENCH_OUT="$dir/figures" timeout 120 sh "$bench" >"$dir/out" 2>&1 || {
    echo "FAIL: status $?"
    cat "$dir/out"
    exit 1
}
for c in start connect write-2000000-1 scale-1 scale-2; do
    awk -F '\t' -v c="$c" '$1 == c && $2 == "espjig" && $3 > 0 && $4 > 0 && $5 > 500 { ok = 1 } END { exit !ok }' \
        "$dir/figures" || {
        echo "FAIL: no figures for $c"
        cat "$dir/out" "$dir/figures"
        exit 1
    }
done
awk -F '\t' '$1 == "scale-2" && $2 == "espjig" && $6 > 500 { ok = 1 } END { exit !ok }' "$dir/figures" || {
    echo "FAIL: no memory of two boards"
    cat "$dir/figures"
    exit 1
}
# The lower limit is one.
awk -F '\t' '$1 == "write-2000000-1" { v[$2] = $3 } END { exit !(v["limit"] > 0.1 && v["espjig"] > v["limit"]) }' \
    "$dir/figures" || {
    echo "FAIL: faster than possible"
    cat "$dir/figures"
    exit 1
}
echo "bench.sh works"
