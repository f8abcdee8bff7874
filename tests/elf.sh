#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# elf2image on the command line: names of files, options, messages; and ELF files given to write-flash.
# shellcheck source=tests/cli_lib.sh
. "${top_srcdir:-.}/tests/cli_lib.sh"

make_elf=$top_builddir/tests/make_elf
[ -x "$make_elf" ] || { echo "$make_elf is not built"; exit 77; }
espjig=$(cd "$(dirname "$espjig")" && pwd)/${espjig##*/}
: "${ESPJIG_EMU:=$(cd "$top_builddir" && pwd)/espjig-emu}"
export ESPJIG_EMU
mkdir "$tmp/elf" && "$make_elf" "$tmp/elf" 5 || exit 99
cd "$tmp" || exit 99
cp elf/esp32-0.elf app.elf
cp elf/esp8266-0.elf old.elf

have()
{
    [ -s "$1" ] || complain "$1 was not written"
}
byte()
{
    od -An -tu1 -j "$2" -N 1 "$1" | tr -d ' '
}

# ---- names
expect 0 "" elf2image -c esp32 app.elf
have app.bin
expect 0 "" elf2image -c esp32 -o other.bin app.elf
cmp -s app.bin other.bin || complain "-o changes the image"
expect 0 "" elf2image --chip esp8266 old.elf
have old.elf-0x00000.bin
have old.elf-0x40010.bin
expect 0 "" elf2image --chip esp8266 -o prefix- old.elf
cmp -s old.elf-0x40010.bin prefix-0x40010.bin || complain "-o is no beginning of names"
expect 0 "" elf2image --version 2 --chip esp8266 old.elf
have old-0x40000.bin
[ "$(byte old-0x40000.bin 0)" = 234 ] || complain "version 2 does not begin with 0xea"
expect 0 "" elf2image -e 3 --chip esp8266 old.elf
have old.bin
mkdir with.dot && cp app.elf with.dot/.hidden && cp app.elf with.dot/noext
expect 0 "" elf2image -c esp32 with.dot/.hidden
expect 0 "" elf2image -c esp32 with.dot/noext
have with.dot/.hidden.bin
have with.dot/noext.bin

# ---- header, and v4's way to write options
expect 0 "" elf2image -c esp32 --flash_mode dout --flash_freq 80m --flash_size 4MB --min-rev-full 301 -o h.bin app.elf
[ "$(byte h.bin 2) $(byte h.bin 3)" = "3 47" ] || complain "the header has $(byte h.bin 2) $(byte h.bin 3)"
[ "$(byte h.bin 15) $(byte h.bin 16)" = "45 1" ] || complain "the header does not have the revision"
[ "$(byte app.bin 2) $(byte app.bin 3)" = "0 0" ] || complain "the header is not esptool's default"
expect 0 "" elf2image -c esp32 --pad-to-size 64KB -o p.bin app.elf
[ $(($(wc -c <p.bin) % 65536)) -eq 0 ] || complain "it is not padded"

# ---- what is said
expect 0 "" elf2image -q -c esp32 app.elf
[ ! -s out ] || complain "-q, and something is said"
expect 0 "" --json elf2image -c esp8266 old.elf
size=$(wc -c <old.elf-0x40010.bin | tr -d ' ')
grep -qx "{\"file\":\"old.elf-0x40010.bin\",\"chip\":\"esp8266\",\"size\":$size,\"address\":262160}" out ||
    complain "the file of mapped code is not in the JSON"
expect 0 "warning: --flash-mmu-page-size is ignored" elf2image -c esp32 --flash-mmu-page-size 16KB app.elf
expect 2 "needs the chip" elf2image app.elf
expect 2 "needs the chip" elf2image -c auto app.elf
expect 2 "is no chip" elf2image -c esp99 app.elf
expect 2 "no flash pages of 4 KB, but of 8, 16, 32, 64 KB" elf2image -c esp32c6 --flash-mmu-page-size 4KB elf/esp32c6-0.elf
expect 2 "--dont-append-digest leaves out" elf2image -c esp32 --secure-pad-v2 --dont-append-digest app.elf
expect 2 "--flash-freq: the ESP32-H2 has no" elf2image -c esp32h2 --flash-freq 80m elf/esp32h2-0.elf
expect 2 "--flash-mode: the ESP8266 has no fastrd" elf2image -c esp8266 --flash-mode fastrd old.elf
expect 2 "not a number from 0 to 255" elf2image -c esp32 --min-rev 256 app.elf
expect 2 "is no size" elf2image -c esp32 --pad-to-size 64QB app.elf
expect 2 "does not go with" chips --use-segments
expect 2 "can't read missing.elf" elf2image -c esp32 missing.elf
expect 6 "app.elf: it is a program for Xtensa" elf2image -c esp32c3 app.elf
expect 2 "begins with e9" elf2image -c esp32 app.bin
cp app.elf same.bin
expect 2 "would be replaced" elf2image -c esp32 same.bin
cmp -s app.elf same.bin || complain "the ELF file was replaced"
expect 2 "can't be written" elf2image -c esp32 -o no/such/dir.bin app.elf

# ---- into the flash
if [ -x "$ESPJIG_EMU" ]; then
    run -p emu:esp32,flash-file=board.bin write-flash 0x10000 app.elf
    [ "$status" -eq 0 ] || complain "write-flash of an ELF file: status $status"
    cmp -s -i 65536:0 -n "$(wc -c <app.bin)" board.bin app.bin || complain "the flash has not what elf2image writes"
    run -p emu:esp8266,flash-file=old-board.bin write-flash 0 old.elf
    [ "$status" -eq 0 ] || complain "write-flash of an ESP8266's ELF file: status $status"
    cmp -s -n "$(wc -c <old.elf-0x00000.bin)" old-board.bin old.elf-0x00000.bin || complain "its image is not there"
    cmp -s -i 262160:0 -n "$(wc -c <old.elf-0x40010.bin)" old-board.bin old.elf-0x40010.bin ||
        complain "its mapped code is not there"
    run -p emu:esp32c3 write-flash 0x10000 app.elf
    [ "$status" -eq 6 ] || complain "write-flash of another chip's program: status $status"
    grep -q "a program for Xtensa" err || complain "what is wrong is not said"
fi

finish
