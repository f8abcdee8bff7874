#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# Every chip that is known and that can be emulated: told by itself, written with the stub and by the ROM alone, and
# not taken for another one.
# shellcheck source=tests/cli_lib.sh
. "${top_srcdir:-.}/tests/cli_lib.sh"

export ESPJIG_EMU="${ESPJIG_EMU:-$top_builddir/espjig-emu}"
[ -x "$ESPJIG_EMU" ] || { echo "$ESPJIG_EMU is not built"; exit 77; }
emulated=" $("$ESPJIG_EMU" --chip none 2>&1 | sed 's/.*there are //' | tr -d ',') "
cd "$tmp" || exit 99
head -c 9000 /dev/urandom >data.bin

expect 0 "" chips --json
sed 's/^{"chip":"\([^"]*\)","name":"\([^"]*\)".*/\1 \2/' out >all
known=0
while read -r chip name; do
    case $emulated in *" $chip "*) ;; *) echo "SKIP: $chip is not emulated"; continue ;; esac
    known=$((known + 1))
    port=emu:$chip,mac=24:0a:c4:00:12:34
    other=esp32
    [ "$chip" = esp32 ] && other=esp8266

    expect 0 "" chip-id -q -p "$port" -c "$name"
    grep -qx "chip: $chip" out || complain "$chip: chip-id says $(cat out)"
    grep -q "^name: .*ESP" out || complain "$chip: chip-id tells no name"
    grep -qx "mac: 24:0a:c4:00:12:34" out || complain "$chip: chip-id says $(cat out)"
    expect 6 "this chip is $name, not ESP" chip-id -p "$port" -c "$other"

    run write-flash -p "$port" 0x10000 data.bin
    [ "$status" = 0 ] && grep -q PASS out || complain "$chip: write-flash, status $status"
    if "$espjig" chips "$chip" | grep -q "^flasher stub: none"; then
        grep -q "no flasher stub for the $name" err || complain "$chip: says nothing of its having no stub"
    fi
    expect 0 "" write-flash --no-stub -p "$port" 0x10000 data.bin
    grep -q PASS out || complain "$chip --no-stub: no PASS"
done <all
[ "$known" -ge 3 ] || complain "only $known chips can be emulated ($emulated)"
echo "$known chips"
finish
