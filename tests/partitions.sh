#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# Partition tables: shown, checked and turned over, from files and from emulated chips; images, reads
# and erases by a partition's name. The emulator's flash file is the judge of what was done.
# shellcheck source=tests/cli_lib.sh
. "${top_srcdir:-.}/tests/cli_lib.sh"

cd "$tmp" || exit 99
table=$samples/esp32c3/partition-table.bin app=$samples/esp32c3/app.bin

# said PATTERN: a whole line of stdout.
said()
{
    grep -Eqx -e "$1" out || complain "nothing like \"$1\" on stdout"
}

# same_at FILE ADDRESS FLASH: what the flash holds there is the file.
same_at()
{
    tail -c +$(($2 + 1)) "$3" | head -c "$(wc -c <"$1")" | cmp -s - "$1" || complain "$1 is not at $2 of $3"
}

# poke FILE OFFSET OCTAL
poke()
{
    printf "\\$3" | dd of="$1" bs=1 seek="$2" conv=notrunc 2>dd.err
}

# ---- files, both ways
expect 0 "" partitions "$table"
said "partition table at 0x8000, 3 partitions, MD5 right"
said "[a-z]  factory +app +factory +0x10000 +0x100000 +1 MB"
said "\[\.bd+\.+\]"
expect 0 "" partitions -q -o t.csv "$table"
[ ! -s out ] || complain "-q shows the table all the same"
expect 0 "" partitions -q -o t.bin t.csv
cmp -s t.bin "$table" || complain "the table is not the same after being CSV"
expect 0 "" partitions -q -o back --format csv t.bin
cmp -s back t.csv || complain "--format csv is not what .csv is"
expect 2 "--output: the name back says neither" partitions -o back t.bin
expect 2 "--format: \"xls\" is not csv or bin" partitions -o back --format xls t.bin
expect 2 "none is given" partitions --format csv t.bin
expect 2 "nowhere/t.csv" partitions -o nowhere/t.csv t.bin
expect 2 "no-such-file" partitions no-such-file
expect 2 "not both" partitions -p x t.csv

printf 'nvs,data,nvs,,24K,encrypted\napp0,app,ota_0,,1M\napp1,app,ota_1,,1M\nfs,data,littlefs,3M,512K,readonly\n' >own.csv
expect 0 "" partitions --flash-size 4MB --chip esp32 own.csv
said "a  bootloader +0x1000 +0x7000 +28 KB"
said "[a-z]  nvs .* 24 KB  encrypted"
said "\.  \(free\) +0xf000 +0x1000 +4 KB"
said "\.  \(free\) +0x380000 +0x80000 +512 KB"
expect 0 "" partitions --partition-table-offset 0x10000 --chip esp32p4 own.csv
said "[a-z]  nvs +data +nvs +0x11000 .*"
expect 2 "no address of a flash sector" partitions --partition-table-offset 0x8010 own.csv
expect 6 "own.csv: partition app1 ends at 0x210000, past the end of the flash" partitions --flash-size 2MB own.csv
said "[a-z]  fs .* readonly  CONFLICT"

# ---- tables that are wrong: shown all the same, and nothing is written
printf 'nvs,data,nvs,,8K\n' >wrong.csv
expect 6 "partition nvs for NVS has 0x2000 bytes" partitions -o never.bin wrong.csv
said "b  nvs .*"
[ ! -e never.bin ] || complain "a wrong table was written"
cp "$table" md5.bin && poke md5.bin 40 001
expect 6 "md5.bin: the MD5 at offset 0x60 does not fit the 3 partitions" partitions md5.bin
said "partition table at 0x8000, 3 partitions, MD5 WRONG"
printf 'nvs,data,nvs,,8K\nphy,date,phy,,4K\n' >wrong.csv
expect 2 "wrong.csv: line 2: type: found \"date\", expected app" partitions wrong.csv
head -c 70 "$table" >cut.bin
expect 2 "cut.bin: offset 0x40: the data ends after 6 bytes" partitions cut.bin
cp "$table" comma.bin && poke comma.bin 13 054 && poke comma.bin 96 377 && poke comma.bin 97 377
head -c 96 comma.bin >no-md5.bin && head -c 32 /dev/zero | tr '\0' '\377' >>no-md5.bin
expect 0 "" partitions no-md5.bin
said "partition table at 0x8000, 3 partitions, no MD5"
expect 2 "the name of partition 1 has a sign that a CSV can't hold" partitions -o never.csv no-md5.bin
[ ! -e never.csv ] || complain "a CSV that can't be read was written"

poke no-md5.bin 13 033 && poke no-md5.bin 9 020
expect 6 "partition n\?s for NVS has 0x1000 bytes" partitions no-md5.bin
said "[a-z]  n\?s .*"

# ---- an image of the flash, and directories
head -c 65536 /dev/zero | tr '\0' '\377' >merged.bin
dd if="$table" of=merged.bin bs=4096 seek=8 conv=notrunc 2>dd.err
expect 0 "" partitions merged.bin
said "partition table at 0x8000, 3 partitions, MD5 right"
tail -c +4097 merged.bin >from-0x1000.bin
expect 0 "" partitions from-0x1000.bin
said "partition table at 0x7000, 3 partitions, MD5 right" # where it is in that file
expect 2 "with a table at 0x9000" partitions --partition-table-offset 0x9000 merged.bin
expect 2 "found neither a partition table" partitions "$app"
printf ':020000040001F9\n:10800000FFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFF80\n:00000001FF\n' >elsewhere.hex
expect 2 "elsewhere.hex: found no partition table for 0x8000" partitions elsewhere.hex
head -c 128 "$table" | od -An -v -tx1 -w16 | awk '{ gsub(" ", ""); s = toupper($0)
    at = sprintf("%04X", 32768 + 16 * (NR - 1)); line = "10" at "00" s
    sum = 0; for (i = 1; i < length(line); i += 2) sum += (index("0123456789ABCDEF", substr(line, i, 1)) - 1) * 16 + index("0123456789ABCDEF", substr(line, i + 1, 1)) - 1
    printf ":%s%02X\n", line, (256 - sum % 256) % 256 } END { print ":00000001FF" }' >table.hex
expect 0 "" partitions table.hex
said "partition table at 0x8000, 3 partitions, MD5 right"
mkdir -p idf/partition_table pio arduino empty
cp "$table" idf/partition_table/partition-table.bin
printf '{"partition-table":{"offset":"0x9000","file":"x"}}' >idf/flasher_args.json
cp own.csv pio/partitions.csv && cp "$table" pio/partitions.bin && cp "$table" "arduino/Blink It.ino.partitions.bin"
expect 6 "idf: partition nvs begins at 0x9000, but what is below 0xa000" partitions idf
expect 0 "" partitions --partition-table-offset 0x7000 idf
for d in pio arduino; do
    expect 0 "" partitions $d
    said "partition table at 0x8000, 3 partitions, MD5 right"
done
expect 2 "empty: there is no partition table in this directory" partitions empty

# ---- for programs
expect 0 "" partitions --json own.csv
"$json_lines" <out || complain "not JSON"
grep -q '"event":"partitions".*"address":32768,.*"md5":"none","partitions":\[{"label":"nvs","type":"data","subtype":"nvs","offset":36864,"size":24576,"encrypted":true,"readonly":false}' out ||
    complain "the event is another"
run partitions --json md5.bin
[ "$status" -eq 6 ] || complain "status $status of a wrong MD5 with --json"
grep -q '"md5":"wrong"' out || complain "the wrong MD5 is not in the event"
tail -n 1 out | grep -q '"event":"done".*"error":"partition-conflict".*"exit":6' || complain "no done event"

# ---- chips
emu=${ESPJIG_EMU:-$top_builddir/espjig-emu}
[ -x "$emu" ] || { echo "espjig-emu is missing: only files were tried"; finish; }
export ESPJIG_EMU="$emu"
board=emu:esp32c3,flash-file=flash.bin

expect 6 "the chip has no partition table at 0x8000: the table is empty" partitions $board
expect 6 "app.bin: partition ota_0 can't be looked up: the chip has no partition table at 0x8000" \
    write-flash -p $board ota_0 "$app"
expect 0 "" partitions -q -o own.bin own.csv

# From the table that is written in the same go; app0 is what its label says, ota_0 what it is.
expect 0 "" write-flash -p $board 0x8000 own.bin ota_0 "$app"
same_at own.bin 0x8000 flash.bin
same_at "$app" 0x10000 flash.bin
# From the chip's.
expect 0 "" write-flash -p $board app1 "$app"
same_at "$app" 0x110000 flash.bin
expect 0 "" verify-flash -p $board ota_1 "$app"
expect 0 "" verify-flash -p $board ota_0 "$app" ota_1 "$app"
expect 0 "" write-flash --no-stub -p $board ota_0 "$app"
expect 6 "there is no partition ota_2 in the partition table of the chip, which has nvs, app0 \(ota_0\), app1 \(ota_1\), fs \(littlefs\)" \
    write-flash -p $board ota_2 "$app"
expect 6 "there is no partition ota_2 in the partition table of .*own.bin, which has nvs" \
    write-flash -p $board 0x8000 own.bin ota_2 "$app"
expect 2 "no-such-file" write-flash -p $board ota_0 no-such-file
expect 6 "overlap" write-flash -p $board app0 "$app" ota_0 own.csv
expect 2 "is no address" write-flash -p $board "ota 0" "$app"

# What does not fit.
head -c 524289 /dev/urandom >big.bin
expect 6 "big.bin \(0x80004 bytes\) does not fit partition fs, which has 0x80000 bytes at 0x300000" \
    write-flash -p $board fs big.bin
head -c 524288 big.bin >fits.bin
expect 0 "" write-flash -p $board littlefs fits.bin
same_at fits.bin 0x300000 flash.bin

# Reading and erasing.
expect 0 "" read-flash -p $board fs read.bin
cmp -s read.bin fits.bin || complain "read-flash fs reads something else"
expect 0 "" erase-region -p $board fs
head -c 524288 /dev/zero | tr '\0' '\377' >blank.bin
same_at blank.bin 0x300000 flash.bin
same_at "$app" 0x110000 flash.bin
expect 6 "erase-region: there is no partition spiffs" erase-region -p $board spiffs
head -c 4096 big.bin >page.bin
expect 0 "" write-flash -q -p $board nvs page.bin
cp flash.bin other.bin
expect 0 "" erase-region -p $board -p emu:esp32c3,flash-file=other.bin nvs
head -c 4096 blank.bin >page.bin
same_at page.bin 0x9000 flash.bin
same_at page.bin 0x9000 other.bin
expect 2 "an address needs a size" erase-region -p $board 0x9000
expect 2 "an address needs a size" read-flash -p $board 0x9000 x.bin

# The table of the chip, and of one that has it elsewhere.
expect 0 "" partitions -o chip.csv $board
said "a  bootloader +0x0 +0x8000 +32 KB"
said "\.  \(free\) +0x380000 +0x80000 +512 KB"
expect 0 "" partitions -q -o chip.bin chip.csv
cmp -s chip.bin own.bin || complain "the table of the chip is another"
expect 0 "" partitions --no-stub -p $board --json
"$json_lines" <out || complain "not JSON"
grep -q '"event":"partitions".*"bootloader":0,"flash_size":4194304,"md5":"right"' out || complain "no event"
grep -q '"event":"result".*"op":"read-partitions","ok":true,"data":{"address":"0x8000","partitions":"4"}' out ||
    complain "no result"
expect 0 "" partitions -q --partition-table-offset 0xF000 -o later.bin own.csv
expect 0 "" write-flash -q -p $board --partition-table-offset 0xF000 0xF000 later.bin
expect 0 "" erase-region -p $board 0x8000 0x1000
expect 6 "no partition table at 0x8000" erase-region -p $board fs
expect 0 "" read-flash --partition-table-offset 0xF000 -p $board fs read.bin
expect 6 "past the end of the flash|but the flash ends at" partitions --partition-table-offset 0x400000 $board
expect 0 "going on as forced" write-flash -q -p $board 0x8000 md5.bin --force
expect 6 "the MD5 at offset 0x60 does not fit" partitions $board
expect 6 "its MD5 does not fit" write-flash -p $board factory "$app"

finish
