#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# The command line: help, options, and one clear sentence with the right status for bad input. No
# chip is needed: nothing here gets as far as one.
# shellcheck source=tests/cli_lib.sh
. "${top_srcdir:-.}/tests/cli_lib.sh"

head -c 5000 /dev/zero >"$tmp/small.bin"
: >"$tmp/empty.bin"
cd "$tmp" || exit 99

# ---- help and version: on stdout, status 0
expect 0 "" --help
grep -q "write-flash SOURCE|ADDR FILE" out || complain "--help does not list write-flash"
grep -q -- --fault out && complain "--help shows what is hidden"
expect 0 "" --help -v
grep -q -- --fault out || complain "--help -v does not show --fault"
for c in ports write-flash verify-flash read-flash erase-flash erase-region chips chip-id flash-id read-mac \
    get-security-info read-mem write-mem dump-mem load-ram run read-flash-status write-flash-status \
    read-flash-sfdp partitions image-info demo station; do
    expect 0 "" "$c" --help
    grep -q "^usage: espjig $c" out || complain "$c --help is not about $c"
done
expect 0 "" write_flash -h
grep -q -- --flash-mode out || complain "write_flash -h does not show --flash-mode"
expect 0 "" read-mac --help
grep -q -- --flash-mode out && complain "read-mac --help shows --flash-mode"
expect 0 "" --version
grep -Eq "^espjig [0-9]" out || complain "--version does not say it"
[ "$(wc -l <out)" = 1 ] || complain "--version says more than the version"
expect 0 "" --version -v
grep -q "ESP8266" out || complain "--version -v does not tell about stubs"

# ---- chips: all of them, one of them, and for programs
expect 0 "" chips
grep -Eq "^esp8266 +ESP8266 +- +0x0 +115200 +2000000" out || complain "chips does not show the ESP8266"
grep -Eq "^esp32p4 +ESP32-P4 +18 +0x2000 .*JTAG, OTG" out || complain "chips does not show the ESP32-P4"
grep -Eq "^esp32c3( +ROM code){5} +emulator\$" out || complain "chips does not say how the ESP32-C3 was tested"
[ "$(grep -c "^esp" out)" = 30 ] || complain "chips shows $(grep -c "^esp" out) rows"
expect 0 "" chips ESP32-P4
grep -qx "flasher stub: esp32p4.json, before v3.0 esp32p4-rev1.json" out || complain "chips ESP32-P4: $(cat out)"
expect 0 "" chips --json
[ "$(grep -c '^{"chip":"esp.*"tested":{"identify":".*}}$' out)" = 15 ] || complain "chips --json: $(cat out)"
expect 0 "" chips esp32h21 --json
grep -q '^{"chip":"esp32h21","name":"ESP32-H21","chip_id":25,.*"stub":null,.*"stub_write":"not"' out ||
    complain "chips esp32h21 --json: $(cat out)"
expect 2 "\"esp99\" is no chip" chips esp99
expect 2 "too much" chips esp32 esp32c3

# ---- usage
expect 2 "no command \"explode\"" explode
expect 2 "no option --explode" chip-id --explode
expect 2 "no option -x" -x chip-id
expect 2 "--port|-p needs a value" chip-id -p
expect 2 "no-stub takes no value" chip-id --no-stub=1
expect 2 "name of the port is empty" chip-id -p ""
expect 2 "flash-mode does not go with read-mac" read-mac -fm dio -p x
expect 2 "write-flash needs SOURCE\|ADDR FILE" write-flash
expect 2 "stands alone" write-flash 0x1000 small.bin 0x2000
expect 2 "an address needs a size" read-flash 0 16
expect 2 "\"more\" is too much" chip-id more
expect 2 "the dashboard needs a terminal"
expect 2 "--baud: \"fast\"" -b fast chip-id -p x
expect 2 "--baud: \"0\"" -b0 chip-id -p x
expect 2 "--connect-attempts: \"-1\"" chip-id --connect-attempts -1
expect 2 "--before: \"dance\"" chip-id --before dance
expect 2 "--after: \"dance\"" chip-id --after=dance
expect 2 "--flash-mode: \"xio\"" write-flash -fm xio 0 small.bin
expect 2 "flash frequency \"81m\"" write-flash -ff 81m 0 small.bin -p x
expect 2 "flash size \"3MB\"" write-flash -fs 3MB 0 small.bin -p x
expect 2 "expect-mac: \"12\"" write-flash --expect-mac 12 0 small.bin
expect 2 "\"esp99\" is no chip" -c esp99 chip-id -p x
expect 2 "\"esp99\" is no chip" demo --chip esp32,esp99
mkdir -p samples/esp32
ESPJIG_SAMPLES=$PWD/samples expect 6 "no sample images for the ESP32-E22" demo --chip esp32,esp32e22
expect 2 "--boards: \"0\"" demo -n 0
expect 2 "given twice" read-mac -p pty:/x -p pty:/x
expect 2 "read-flash takes one port" read-flash 0 16 f -p a -p b

# ---- files and addresses: told before any port is touched
expect 2 "absent.bin: No such file" write-flash 0x1000 absent.bin -p x
expect 2 "absent.bin: No such file" write-flash 0x1000 small.bin 0x10000 absent.bin -p x
expect 2 "empty.bin" write-flash 0x1000 empty.bin -p x
expect 2 "$tmp.*directory" write-flash 0x1000 "$tmp" -p x
if [ "$(id -u)" -ne 0 ]; then
    cp small.bin locked.bin && chmod 0 locked.bin
    expect 2 "locked.bin: Permission denied" write-flash 0x1000 locked.bin -p x
fi
expect 2 "\"0xZZ\" is no address" write-flash 0xZZ small.bin -p x
expect 2 "small.bin does not say where it belongs" write-flash small.bin 0x1000 -p x
expect 2 "past the end of 32 bits" write-flash 0x100000000 small.bin -p x
expect 2 "multiple of 4" write-flash 0x1001 small.bin -p x
expect 6 "small.bin.*overlap" write-flash 0x1000 small.bin 0x2000 small.bin -p x
expect 6 "small.bin.*sector" write-flash 0x1000 small.bin 0x2800 small.bin -p x
expect 6 "small.bin.*past" write-flash 0xFFFFFF00 small.bin -p x
expect 6 "small.bin.*past the end of the 512 KB" write-flash -c esp8266 -fs 512KB 0x80000 small.bin -p x
expect 2 "\"nine\" is no size" read-flash 0 nine f -p x
expect 2 "\"0\" is no size" read-flash 0 0 f -p x
expect 2 "nowhere/f can't be written" read-flash 0 16 nowhere/f -p x
expect 2 "can't be written: Is a directory" read-flash 0 16 "$tmp" -p x
expect 2 "multiples of 0x1000" erase-region 0x800 0x1000 -p x
expect 2 "multiples of 0x1000" erase-region 0x1000 0x800 -p x
expect 2 "\"0\" is no size" erase-region 0x1000 0 -p x

# ---- memory, the flash's registers
expect 2 "read-mem needs ADDR" read-mem -p x
expect 2 "write-mem needs ADDR VALUE" write-mem 0x3ffb0000 -p x
expect 2 "\"5\" is too much" write-mem 0 1 2 5 -p x
expect 2 "\"here\" is no address" read-mem here -p x
expect 2 "0x3ffb0002 is no multiple of 4" read-mem 0x3ffb0002 -p x
expect 2 "0x3ffb0001 is no multiple of 4" write-mem 0x3ffb0001 1 -p x
expect 2 "\"much\" is no value" write-mem 0x3ffb0000 much -p x
expect 2 "\"0x100000000\" is no value" write-mem 0x3ffb0000 0x100000000 -p x
expect 2 "\"-1\" is no mask|no option -1" write-mem 0x3ffb0000 1 -1 -p x
expect 2 "\"all\" is no mask" write-mem 0x3ffb0000 1 all -p x
expect 2 "dump-mem needs ADDR SIZE FILE" dump-mem 0 16 -p x
expect 2 "\"ALL\" is no size" dump-mem 0 ALL f -p x
expect 2 "reach past 32 bits" dump-mem 0xfffffff0 0x20 f -p x
expect 2 "nowhere/f can't be written" dump-mem 0 16 nowhere/f -p x
expect 2 "dump-mem takes one port" dump-mem 0 16 f -p a -p b
expect 2 "absent.bin: No such file" load-ram absent.bin -p x
expect 2 "small.bin: not an Espressif firmware image" load-ram small.bin -p x
expect 2 "--bytes: \"4\"" read-flash-status --bytes 4 -p x
expect 2 "--bytes does not go with read-mac" read-mac --bytes 1 -p x
expect 2 "--non-volatile does not go with read-flash-status" read-flash-status --non-volatile -p x
expect 2 "write-flash-status needs VALUE" write-flash-status -p x
expect 2 "\"protect\" is no value" write-flash-status protect -p x
expect 2 "0x10000 has more than 2 bytes" write-flash-status 0x10000 -p x
expect 2 "0x100 has more than 1 byte" write-flash-status --bytes 1 0x100 -p x
expect 2 "\"0\" is no size" read-flash-sfdp 0 0 -p x
expect 2 "1 to 64 bytes" read-flash-sfdp 0 65 -p x
expect 2 "more than 24 bits" read-flash-sfdp 0x1000000 4 -p x
expect 2 "\"now\" is too much" run now -p x

# ---- ports
expect 3 "/dev/nowhere" chip-id -p /dev/nowhere
expect 3 "/dev/nowhere" -p /dev/nowhere write_flash 0x1000 small.bin
expect 3 "127.0.0.1" chip-id -p socket://127.0.0.1:1
ESPTOOL_PORT=/dev/nowhere2 expect 3 "/dev/nowhere2" chip-id
ESPJIG_PORT=/dev/nowhere1 ESPTOOL_PORT=/dev/nowhere2 expect 3 "/dev/nowhere1" chip-id
ESPJIG_PORT=/dev/nowhere1 expect 3 "/dev/nowhere3" chip-id -p /dev/nowhere3
expect 2 "." chip-id -p explode://x
expect 0 "" ports
expect 0 "" ports --all --json
"$json_lines" <out || complain "ports --json is no JSON"

# ---- JSON: the same statuses, nothing on stderr, hello first and done last
json_status()
{
    want=$1 id=$2
    shift 2
    expect "$want" "" --json "$@"
    "$json_lines" done exit <out >exit || complain "--json $*: no JSON"
    [ "$(cat exit)" = "$want" ] || complain "--json $*: exit in done is $(cat exit)"
    [ "$("$json_lines" done error <out)" = "$id" ] || complain "--json $*: error is not $id"
    tail -n 1 out | grep -q '"event":"done"' || complain "--json $*: done is not last"
}
json_status 2 usage explode
json_status 2 usage chip-id --explode
json_status 2 file-unreadable write-flash 0x1000 absent.bin
json_status 2 bad-address write-flash 1x small.bin
json_status 3 port-missing chip-id -p /dev/nowhere
json_status 3 port-missing chip-id -p "/dev/$(printf 'a\377b')"
json_status 6 images-overlap write-flash 0 small.bin 0 small.bin -p x

finish
