#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# Jobs as files, on emulated chips: import, check, show, export, run; protected ranges and the boot check. The emulator's flash
# file is the judge.
# shellcheck source=tests/cli_lib.sh
. "${top_srcdir:-.}/tests/cli_lib.sh"

emu=${ESPJIG_EMU:-$top_builddir/espjig-emu}
[ -x "$emu" ] || { echo "espjig-emu is missing"; exit 77; }
export ESPJIG_EMU="$emu"
cd "$tmp" || exit 99

# said PATTERN [FILE]: a line like that is on stdout.
said()
{
    grep -Eq -e "$1" "${2:-out}" || complain "nothing like \"$1\" in ${2:-out}: $(cat "${2:-out}")"
}

# bytes FILE OFFSET SIZE: in hexadecimal.
bytes()
{
    od -An -v -tx1 -j "$(($2))" -N "$(($3))" "$1" | tr -d ' \n'
}

mkdir line && cp "$samples"/esp32/*.bin line/
cat >line/lamp.job <<'END'
[job]
chip = esp32
[image boot]
file = bootloader.bin
address = bootloader
[image table]
file = partition-table.bin
address = 0x8000
[image app]
file = app.bin
address = 0x10000
[protect calibration]
start = 0x200000
end = 0x201000
[boot-check]
expect = Hello
timeout = 20
END

# ---- without a board
expect 0 "" job check line/lamp.job
said 'nothing is wrong'
expect 0 "" job show line/lamp.job
said '^\+ 0x10000 .*line/app.bin .*app sample'
said '^protect .*0x200000 to 0x201000'
expect 0 "" job show line/lamp.job --json
said '"expect":"Hello"'
printf '[job]\nbauds = 9600\n' >bad.job
expect 2 'bad.job: line 2: .*did you mean "baud"' job check bad.job
expect 2 'half a command' job
expect 2 'no command "job chek"' job chek
expect 0 "" job --help
said 'job export'
sed 's/0x10000/0x200000/' line/lamp.job >line/clash.job
expect 6 'protects 0x200000' job check line/clash.job
# What a job says does not steer the terminal; a file that is not there is named.
printf '[job]\n[image 1]\nfile = gone.bin\naddress = 0\n[boot-check]\nexpect = "a\\x1b[31mb"\n' >line/red.job
run job show line/red.job
said 'boot-check expect +a.\[31mb'
grep -q "$(printf '\033')" out && complain "job show lets an escape sequence through"
said 'line/gone.bin  .*No such file'
# A name that is no UTF-8 can't stand in JSON as it is.
odd=$(printf 'line/\377.job')
cp line/clash.job "$odd"
run job check --json "$odd"
said '^[{]"job":"line/.uFFFD[.]job","ok":false'
run job check --json line/clash.job
[ "$status" -eq 6 ] || complain "job check --json: status $status"
said '"ok":false.*"error":"protected-range","refuses":true'

# ---- run: written, started, heard
cp line/lamp.job line/away.job # a folder can be copied
expect 0 "" job run line/lamp.job -p emu:esp32,flash-file=board.bin
said 'the board said "Hello"'
said PASS
cmp -n "$(wc -c <line/app.bin)" -i 0:65536 line/app.bin board.bin || complain "the app is not in the flash"
expect 0 "" write-flash -p emu:esp32,flash-file=board.bin line/lamp.job --json
said '"state":"boot-check"'
said '"op":"boot-check","ok":true'
mkdir elsewhere && cp -r line elsewhere/
(cd elsewhere && "$OLDPWD/$espjig" job check line/lamp.job >out 2>err) 2>/dev/null ||
    "$espjig" job check elsewhere/line/lamp.job >out 2>err || complain "a copied folder"

# ---- what the board says decides
expect 1 'did not say "Goodbye" within 1 s.*its last lines: .*"Hello' \
    job run line/lamp.job -p emu:esp32,flash-file=board.bin --expect Goodbye --expect-timeout 1
expect 1 'it was asked' write-flash -p emu:esp32,flash-file=board.bin line/lamp.job \
    --expect-send AT --expect-delay 2 --expect-timeout 0.5
expect 0 "" write-flash -p emu:esp8266 0 "$samples/esp8266/bootloader.bin" 0x10000 "$samples/esp8266/app.bin" \
    --expect boot --expect-baud 74880 --expect-timeout 20
expect 0 "" write-flash -p emu:esp32c3,usb=jtag --before usb-reset 0 "$samples/esp32c3/bootloader.bin" \
    0x8000 "$samples/esp32c3/partition-table.bin" 0x10000 "$samples/esp32c3/app.bin" --expect Hello --expect-timeout 20
expect 2 'hard-reset or watchdog-reset' job run line/lamp.job -p emu:esp32 --after no-reset
expect 2 'is empty' write-flash -p emu:esp32 line/lamp.job --expect ''

# ---- several boards, through a station
expect 1 "emu:esp32#2: espjig: the board did not say" job run line/lamp.job -p emu:esp32 -p emu:esp32,mac=24:0a:c4:00:00:02 \
    --expect Goodbye --expect-timeout 1
expect 0 "" job run line/lamp.job -p emu:esp32 -p emu:esp32,mac=24:0a:c4:00:00:02 --erase-all
[ "$(grep -c PASS out)" -eq 2 ] || complain "two boards do not pass"
[ "$(grep -c 'is protected' out)" -eq 2 ] || complain "a protected range has not come through the station"

# ---- protected ranges: a mark in the flash outlives everything
{ bytes line/app.bin 0 0x1000; bytes line/app.bin 0x1000 0x1000; } >mark.bin
mark=$(bytes mark.bin 0x2000 0x1000)
erased=$(printf '%08192d' 0 | tr 0 f)
for way in "erase-flash --protect 0x200000-0x201000" "job run line/lamp.job --erase-all"; do
    expect 0 "" write-flash -p emu:esp32,flash-file=board.bin 0x1fe000 mark.bin
    # shellcheck disable=SC2086
    expect 0 "" $way -p emu:esp32,flash-file=board.bin
    said '0x200000 to 0x201000 is protected'
    [ "$(bytes board.bin 0x200000 0x1000)" = "$mark" ] || complain "$way: the protected sector is gone"
    [ "$(bytes board.bin 0x201000 0x1000)" = "$erased" ] || complain "$way: the sector behind it is not erased"
    [ "$(bytes board.bin 0x1ff000 0x1000)" = "$erased" ] || complain "$way: the sector before it is not erased"
done
expect 0 "" erase-flash --no-stub --protect 0x200000-0x201000 -p emu:esp32,flash-file=board.bin
[ "$(bytes board.bin 0x200000 0x1000)" = "$mark" ] || complain "by the ROM: the protected sector is gone"
expect 6 'protected range from 0x200800' erase-region 0x1ff000 0x2000 --protect 0x200800-0x200900 -p emu:esp32,flash-file=board.bin
expect 6 'protected range' erase-region 0x100000 ALL --protect 0x200000-0x201000 -p emu:esp32,flash-file=board.bin
expect 6 'nothing is left to be erased' erase-flash --protect 0-0x400000 -p emu:esp32,flash-file=board.bin
expect 0 "" erase-region 0x1ff000 0x1000 --protect 0x200800-0x200900 -p emu:esp32,flash-file=board.bin
[ "$(bytes board.bin 0x200000 0x1000)" = "$mark" ] || complain "erase-region has reached the protected sector"
expect 6 'protects' write-flash -p emu:esp32,flash-file=board.bin 0x1ff000 mark.bin --protect 0x200000-0x201000
expect 2 'no range such as' erase-flash -p emu:esp32 --protect 0x2000
expect 2 'no range such as' erase-flash -p emu:esp32 --protect 0x2000-0x1000

# ---- ports by rule
expect 3 'no port fits the rule "usb:ffff:fff1"' job run line/lamp.job -p usb:ffff:fff1
sed 's/^chip = esp32/&\nport = serial:NOT THERE/' line/lamp.job >line/rule.job
expect 3 'no port fits the rule "serial:NOT THERE"' job run line/rule.job
expect 2 'no rule for ports' job run line/lamp.job -p usb:1
expect 0 "" job run line/rule.job -p emu:esp32 --expect-timeout 20

# ---- import and export
expect 2 'needs -o' job import line/lamp.job
expect 2 'nothing that a job file can say' job import line/lamp.job -o x.job --force
expect 0 "" job import 0x1000 line/bootloader.bin ota_0 line/app.bin -o sub.job --baud 921600 -c esp32 -p any \
    --protect 0x9000-0xf000 --expect-timeout 7 --expect up
for line in 'chip = esp32' 'port = any' 'baud = 921600' 'address = ota_0' 'file = line/app.bin' 'end = 0xf000' \
    'timeout = 7' 'expect = up'; do
    grep -qx "$line" sub.job || complain "job import: no \"$line\" in $(cat sub.job)"
done
expect 2 'needs --to' job export line/lamp.job -o x
expect 2 'not zip' job export line/lamp.job --to zip -o x
expect 0 "protected ranges" job export line/lamp.job --to flash-args -o line/flash_args
grep -qx '0x10000 app.bin' line/flash_args || complain "flash_args: $(cat line/flash_args)"
expect 0 "" write-flash -p emu:esp32 line/flash_args
expect 0 "115200" job export line/lamp.job --to fdt -o tool
cmp tool/bin/app.bin line/app.bin || complain "export to fdt: the app is not copied"
expect 0 "tool is a project: its build tool/configure/esp32 is taken" job import tool -o tool.job
grep -q "^file = tool/bin/app.bin" tool.job || complain "import of the tool's own directory: no app"
run job import tool/configure/esp32/spi_download.conf -o back.job
[ "$status" -eq 0 ] || complain "job import of what was exported: status $status"
expect 0 "" job run back.job -p emu:esp32,flash-file=other.bin
said 'the board said "Hello"'
run job import --json tool/configure/esp32 -o back.job
said '"written":"back.job".*"lost":true'

# ---- esptool reads what is exported for it
if [ -n "${ESPTOOL:-}" ]; then
    emu_start --rfc2217 0 --flash-file esptool.bin
    port=$emu_address
    # shellcheck disable=SC2086
    (cd line && $ESPTOOL --port "rfc2217://$port" write-flash @flash_args >../esptool.out 2>&1) ||
        complain "esptool @flash_args: $(tail -n 3 esptool.out)"
    kill $emu_pid
    wait $emu_pid
    cmp -n "$(wc -c <line/app.bin)" -i 0:65536 line/app.bin esptool.bin || complain "esptool wrote something else"
fi

finish
