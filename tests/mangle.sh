#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# Whole commands on damaged files (tests/fuzz/mangle.c), and on small files that promise much.
# shellcheck source=tests/cli_lib.sh
. "${top_srcdir:-.}/tests/cli_lib.sh"

corpus=$(cd "$top_srcdir/tests/fuzz/corpus" && pwd) || exit 99
mangle=$(cd "$top_builddir" && pwd)/tests/mangle
espjig=$(cd "${espjig%/*}" && pwd)/${espjig##*/}
samples=$(cd "$samples" && pwd)
mkdir "$tmp/work" "$tmp/work/keep" "$tmp/files"
cp "$samples"/esp32/*.bin "$tmp/work/keep/"
cd "$tmp/files" || exit 99
cp "$samples"/esp32/*.bin .
cat >real.job <<'END'
[job]
chip = esp32
[image boot]
file = keep/bootloader.bin
address = bootloader
[image table]
file = keep/partition-table.bin
address = 0x8000
[image app]
file = keep/app.bin
address = 0x10000
[protect calibration]
start = 0x200000
end = 0x201000
END
cat >flasher_args.json <<'END'
{ "write_flash_args": ["--flash_mode", "dio", "--flash_size", "4MB", "--flash_freq", "40m"],
  "flash_files": { "0x1000": "keep/bootloader.bin", "0x8000": "keep/partition-table.bin", "0x10000": "keep/app.bin" },
  "extra_esptool_args": { "after": "hard_reset", "before": "default_reset", "stub": true, "chip": "esp32" } }
END
printf '%s\n' '--flash_mode dio --flash_size 4MB' '0x1000 keep/bootloader.bin' '0x8000 keep/partition-table.bin' \
    '0x10000 keep/app.bin' >flash_args
cd "$tmp/work" || exit 99

"$mangle" "${ESPJIG_MANGLE_RUNS:-150}" "${ESPJIG_MANGLE_SEED:-1}" "$espjig" "$tmp"/files/* "$corpus"/*/* >"$tmp/found" 2>&1 || {
    cat "$tmp/found"
    failures=1
}
tail -n 1 "$tmp/found"

# ---- what no one could flash costs no memory
printf ':020000040000FA\n:010000006A95\n:020000043FFFBC\n:010000006B94\n:00000001FF\n' >far.hex
expect 6 "to 0x3fff0001 it would be a file of more than 256 MB" merge-bin -c esp32 -o far.bin own far.hex
[ ! -e far.bin ] || complain "a file of 1 GB was begun"
truncate -s 3G sparse.bin
for command in image-info partitions "split-bin -o parts" "write-flash --dry-run 0"; do
    # shellcheck disable=SC2086
    expect 6 "sparse.bin has 3221225472 bytes, no flash holds more than 268435456" $command sparse.bin
done
rm -f sparse.bin

# ---- what a file says does not steer the terminal
printf '[job]\nchip = esp32\n[image a]\nfile = keep/\033[31m\302\2332J.bin\naddress = 0x1000\n' >red.job
for command in "job show" "job check" "write-flash --dry-run"; do
    # shellcheck disable=SC2086
    run $command red.job
    LC_ALL=C grep -q "$(printf '\033\|\302\233')" "$tmp/out" "$tmp/err" && complain "$command: control characters of a file's name are shown"
done

finish
