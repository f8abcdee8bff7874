#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# merge-bin against esptool's own, byte for byte, for every chip, in every format, with every option; and what each writes is read
# by the other. ESPTOOL names one, for example "/usr/bin/python3 /path/to/esptool.py".
[ -n "${ESPTOOL:-}" ] || { echo "ESPTOOL is not set"; exit 77; }
# shellcheck source=tests/cli_lib.sh
. "${top_srcdir:-.}/tests/cli_lib.sh"
PYTHONDONTWRITEBYTECODE=1
export PYTHONDONTWRITEBYTECODE
samples=$(cd "$samples" && pwd) || exit 77
espjig=$(cd "$(dirname "$espjig")" && pwd)/$(basename "$espjig")
cd "$tmp" || exit 99
# shellcheck disable=SC2086
timeout 60 $ESPTOOL version >version 2>&1 || { echo "$ESPTOOL does not run"; exit 77; }

n=0
# both CHIP ARGUMENT...: the same file from both
both()
{
    chip=$1
    shift
    n=$((n + 1))
    rm -f theirs ours
    # shellcheck disable=SC2086
    timeout 120 $ESPTOOL --chip "$chip" merge-bin -o theirs "$@" >theirs.out 2>&1
    theirs=$?
    timeout 120 "$espjig" --chip "$chip" merge-bin -o ours "$@" >out 2>err
    status=$?
    if [ $theirs -ne 0 ]; then
        [ $status -ne 0 ] || complain "esptool refuses, espjig does not: $chip $*"
        [ ! -e ours ] || complain "refused, but written: $chip $*"
    elif [ $status -ne 0 ]; then
        complain "esptool writes, espjig does not: $chip $*"
    else
        cmp theirs ours >cmp.out 2>&1 || complain "$(cat cmp.out): $chip $*"
    fi
}

# ---- our own samples, every chip
for dir in "$samples"/*/; do
    chip=$(basename "$dir")
    boot=$("$espjig" chips "$chip" --json | sed -n 's/.*"bootloader_offset":\([0-9]*\).*/\1/p')
    set -- "$boot" "$dir/bootloader.bin" 0x8000 "$dir/partition-table.bin" 0x10000 "$dir/app.bin"
    both "$chip" "$@"
    both "$chip" -f hex "$@"
    both "$chip" -f uf2 "$@"
    both "$chip" -f uf2 --chunk-size 256 --flash-mode dout --flash-size 4MB "$@"
done
[ $n -ge 60 ] || complain "only $n comparisons"

# ---- options, on one
dir=$samples/esp32c3
set -- 0 "$dir/bootloader.bin" 0x8000 "$dir/partition-table.bin" 0x10000 "$dir/app.bin"
both esp32c3 --pad-to-size 4MB "$@"
both esp32c3 -f uf2 --md5-disable "$@"
both esp32c3 -f uf2 --md5-disable --chunk-size 476 "$@"
both esp32c3 -fm qio -ff 80m -fs 8MB "$@"
both esp32c3 -f hex -fm qio -ff 80m -fs 8MB "$@"
both esp32c3 --target-offset 0x8000 0x8000 "$dir/partition-table.bin" 0x10000 "$dir/app.bin"
both esp32c3 -t 0x1000 --pad-to-size 2MB 0x8000 "$dir/partition-table.bin" 0x10000 "$dir/app.bin"
both esp32c3 -t 0x1000 "$@" # begins before that
both esp32c3 0x8000 "$dir/bootloader.bin" 0x9000 "$dir/partition-table.bin" # overlap
both esp32c3 0 "$dir/bootloader.bin" 0x4c00 "$dir/partition-table.bin"      # in one sector

# ---- sizes and places at the edges of lines, blocks and 64 KB
head -c 1 "$dir/app.bin" >1
head -c 17 "$dir/app.bin" >17
head -c 4096 "$dir/app.bin" >4096
head -c 65536 "$dir/app.bin" >65536
for format in raw hex uf2; do
    both esp32 -f $format 0 1
    both esp32 -f $format 0x1004 17
    both esp32 -f $format 0 65536
    both esp32 -f $format 0 4096 0x1000 17 0x3008 17
    both esp32 -f $format 0xf000 4096 0x10000 4096 0x11000 1
    both esp32 -f $format 0xfff8 17 0x1f000 65536 0x123456 17
    both esp32 -f $format 0x7 17
done

# ---- a HEX file is an input, too, with its own addresses
"$espjig" -c esp32 merge-bin -f hex -o in.hex 0x3000 17 0x20000 4096 >out 2>err || complain "in.hex"
for format in raw hex uf2; do
    both esp32 -f $format 0x0 in.hex 0x30000 65536
done

# ---- real firmware, where esptool's own tests are next to it. Settings only for the chip that the image is for: esptool puts
# them into one for another chip, too.
images=$(dirname "${ESPTOOL##* }")/test/images
for file in "$images"/*.bin; do
    [ -s "$file" ] || continue
    both esp32 0x1000 "$file" 0x100000 17
    chip=$("$espjig" merge-bin -o x 0x1000 "$file" --json 2>err | sed -n 's/.*"chip":"\([^"]*\)".*/\1/p')
    [ -n "$chip" ] || continue
    boot=$("$espjig" chips "$chip" --json | sed -n 's/.*"bootloader_offset":\([0-9]*\).*/\1/p')
    for format in raw hex uf2; do
        both "$chip" -f $format -fm dio -ff 40m -fs 4MB "$boot" "$file" 0x100000 17
    done
done

echo "$n comparisons with $(tail -n 1 version)"
finish
