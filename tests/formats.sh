#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# Files of every form on their way into an emulated flash: merged, as HEX, as UF2, with their gaps or without them, split and
# written back. The emulator's flash file is the judge, not espjig.
# shellcheck source=tests/cli_lib.sh
. "${top_srcdir:-.}/tests/cli_lib.sh"

emu=${ESPJIG_EMU:-$top_builddir/espjig-emu}
[ -x "$emu" ] || { echo "espjig-emu is missing"; exit 77; }
export ESPJIG_EMU="$emu"
samples=$(cd "$samples" && pwd) || exit 99
cd "$tmp" || exit 99
boot=$samples/esp32/bootloader.bin table=$samples/esp32/partition-table.bin
seq 1 14000 >data.bin

merge()
{
    expect 0 "" merge-bin -c esp32 "$@" 0x1000 "$boot" 0x8000 "$table" 0x200000 data.bin
}
port=emu:esp32,flash-file=flash.bin
# A board that has been in use: nvs at 0x9000 holds something, and so does what lies behind everything.
fresh()
{
    rm -f flash.bin
    expect 0 "" write-flash -p "$port" --no-stub -q 0x9000 used 0x300000 used
}
seq 1 40 >used
# holds OFFSET FILE
holds()
{
    cmp -n "$(wc -c <"$2")" -i "$(($1)):0" flash.bin "$2" >cmp.out 2>&1 || complain "the flash does not hold $2 at $1: $(cat cmp.out)"
}
all_there()
{
    holds 0x1000 "$boot"
    holds 0x8000 "$table"
    holds 0x200000 data.bin
    holds 0x300000 used
}

# ---- merge-bin: whole or not at all
merge -o merged.bin
grep -q "^merged.bin: $((0x200000 + $(wc -c <data.bin))) bytes, to be written at 0x0" out || complain "merge-bin does not say what it made"
cp merged.bin before.bin
expect 6 "overlap" merge-bin -c esp32 -o merged.bin 0x1000 "$boot" 0x2000 "$table"
cmp -s merged.bin before.bin || complain "a merge that was refused has changed the file"
expect 2 "needs the file to write to" merge-bin -c esp32 0x1000 "$boot"
expect 2 "no file tells for which chip" merge-bin -o x 0x8000 "$table"
expect 2 "\"esp99\" is no chip" merge-bin -c esp99 -o x 0x8000 "$table"
expect 2 "0x1000 lies before 0x8000" merge-bin -t 0x8000 -o x 0x1000 "$boot"
expect 2 "is not raw, hex or uf2" merge-bin -f elf -o x 0x1000 "$boot"
expect 2 "multiple of 4 from 4 to 476" merge-bin -f uf2 --chunk-size 477 -o x 0x1000 "$boot"
expect 2 "--trace does not go with merge-bin" -t 0x1000 merge-bin -o x 0x1000 "$boot"
expect 0 "warning: there is nothing at 0x1000" merge-bin -c esp32 -fm dio -o x 0x8000 "$table"
expect 2 "no-such-dir/x can't be written" merge-bin -o no-such-dir/x 0x1000 "$boot"
expect 0 "" merge-bin -o x bootloader "$boot" -c esp32
expect 0 "" merge-bin --json -o told.bin 0x1000 "$boot" 0x8000 "$table" # by the image
[ "$(sed -n 's/.*"chip":"\([^"]*\)".*/\1/p' out)" = esp32 ] || complain "the chip is not told by the image"
rm -f x

# ---- a merged raw file: its gaps are erased, and that is said once; or left alone
fresh
run write-flash -p "$port" 0 merged.bin
[ "$status" -eq 0 ] || complain "merged.bin was not written"
cat out err >all
[ "$(grep -c 'nvs at 0x9000.*will be erased.*--skip-gaps' all)" -eq 1 ] || complain "no warning, or several, that nvs is erased"
all_there
[ "$(tail -c +$((0x9001)) flash.bin | head -c 4096 | tr -d '\377' | wc -c)" -eq 0 ] || complain "nvs is still there"
fresh
run write-flash -p "$port" --skip-gaps 0 merged.bin
[ "$status" -eq 0 ] || complain "merged.bin was not written without its gaps"
cat out err >all
grep -q 'will be erased' all && complain "a warning about gaps that are left out"
all_there
holds 0x9000 used
expect 0 "" verify-flash -p "$port" --skip-gaps 0 merged.bin
expect 5 "merged.bin at 0x0" verify-flash -p "$port" 0 merged.bin

# ---- HEX and UF2 have no gaps to begin with
for format in hex uf2; do
    merge -f $format -o merged.$format
    for address in own 0; do
        fresh
        expect 0 "" write-flash -p "$port" $address merged.$format
        grep -q PASS out || complain "$format: no PASS"
        all_there
        holds 0x9000 used
    done
    expect 0 "" verify-flash -p "$port" own merged.$format
    expect 2 "can't be put at 0x10000" write-flash -p "$port" 0x10000 merged.$format
done
expect 2 "missing.bin: No such file" write-flash -p no-such-port own merged.uf2 0x300000 missing.bin
expect 6 "merged.uf2 is for ESP32 \(family 0x1c5f21b0\), it has nothing for ESP32-S3" write-flash -p emu:esp32s3 own merged.uf2
sed '3s/..$/00/' merged.hex >bad.hex
expect 2 "bad.hex, line 3: the checksum is 0x00" write-flash -p "$port" own bad.hex

# ---- and back
expect 0 "" split-bin merged.bin -o parts
cmp "$boot" parts/bootloader.bin && cmp "$table" parts/partition-table.bin || complain "split-bin"
[ "$(cat parts/flash_args | wc -l)" -eq 3 ] || complain "flash_args: $(cat parts/flash_args)"
grep -q "nvs: blank" out || complain "split-bin does not tell what is blank"
for source in merged.hex merged.uf2; do
    expect 0 "" split-bin $source -o parts-too --json
    grep -q '"file":"bootloader.bin"' out || complain "split-bin --json of $source"
    diff -r parts parts-too || complain "split-bin of $source gives other files"
    rm -r parts-too
done
# shellcheck disable=SC2046
expect 0 "" merge-bin -c esp32 -o again.bin $(sed 's|\(.*\) \(.*\)|\1 parts/\2|' parts/flash_args)
cmp again.bin merged.bin || complain "the parts do not give the whole"
fresh
expect 0 "" write-flash -p "$port" @parts/flash_args
all_there
holds 0x9000 used
expect 2 "it can't be split" split-bin data.bin -o nothing
[ ! -e nothing ] || complain "split-bin has made a directory for nothing"
expect 0 "" merge-bin -o cut.bin -t 0x1000 0x1000 "$boot" 0x8000 "$table"
expect 0 "" split-bin cut.bin
cmp "$boot" cut-parts/bootloader.bin || complain "split-bin does not know where cut.bin begins"
expect 2 "it can't be split" split-bin cut.bin --address 0

finish
