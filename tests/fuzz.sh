#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# Every reader of foreign files, on its seed corpus and on damaged forms of it (tests/fuzz/replay.c). Longer and deeper:
#   ../configure --enable-fuzzing CC=clang && make fuzz FUZZ_SECONDS=600
set -u
failed=0 n=0
for program in "${top_builddir:-.}"/tests/fuzz/fuzz_*; do
    case $program in *.o | *.c | *.log | *.trs) continue ;; esac
    [ -x "$program" ] || continue
    target=${program##*/fuzz_}
    n=$((n + 1))
    "$program" "${top_srcdir:-.}/tests/fuzz/corpus/$target" >"$program.out" 2>&1 || {
        echo "$target failed:"
        tail -n 40 "$program.out"
        failed=1
        continue
    }
    echo "$target: $(tail -n 1 "$program.out")"
    rm -f "$program.out"
done
[ "$n" -gt 0 ] || { echo "no fuzz target was built"; exit 1; }
exit $failed
