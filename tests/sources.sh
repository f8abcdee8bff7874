#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# Images the way people have them: build directories, manifests and argument files in their real layouts, written to emulated
# chips. The emulator's flash file is the judge, not espjig.
# shellcheck source=tests/cli_lib.sh
. "${top_srcdir:-.}/tests/cli_lib.sh"

emu=${ESPJIG_EMU:-$top_builddir/espjig-emu}
[ -x "$emu" ] || { echo "espjig-emu is missing"; exit 77; }
export ESPJIG_EMU="$emu"
samples=$(cd "$samples" && pwd)
espjig=$(cd "$(dirname "$espjig")" && pwd)/$(basename "$espjig")
json_lines=$(cd "$(dirname "$json_lines")" && pwd)/$(basename "$json_lines")
cd "$tmp" || exit 99

# holds FLASH OFFSET FILE [SKIP CUT]: the flash holds the file there, but for the first SKIP and last CUT bytes
holds()
{
    skip=${4:-0}
    cmp -n $(($(wc -c <"$3") - skip - ${5:-0})) -i "$(($2 + skip)):$skip" "$1" "$3" >cmp.out 2>&1 ||
        complain "$1 does not hold $3 at $2: $(cat cmp.out)"
}

# blank FLASH OFFSET SIZE
blank()
{
    left=$(tail -c +$(($2 + 1)) "$1" | head -c $(($3)) | tr -d '\377' | wc -c)
    [ "$left" -eq 0 ] || complain "$1 is not blank at $2: $left bytes are left"
}

said() # PATTERN: on stdout
{
    grep -Eq -e "$1" "$tmp/out" || complain "nothing like \"$1\" on stdout"
}

boot_of()
{
    case $1 in esp32 | esp32s2) echo 0x1000 ;; esp32p4 | esp32c5) echo 0x2000 ;; *) echo 0x0 ;; esac
}

le32()
{
    printf '%b' "$(printf '\\0%o\\0%o\\0%o\\0%o' $(($1 & 255)) $(($1 >> 8 & 255)) $(($1 >> 16 & 255)) $(($1 >> 24 & 255)))"
}

# row TYPE SUBTYPE OFFSET SIZE LABEL: of a partition table
row()
{
    printf '%b' "$(printf '\\0252\\0120\\0%o\\0%o' "$1" "$2")"
    le32 "$3"
    le32 "$4"
    printf '%s' "$5"
    head -c $((16 - ${#5})) /dev/zero
    le32 0
}

ff() # COUNT
{
    head -c "$1" /dev/zero | tr '\0' '\377'
}

ota_table() # OTADATA [APP0]: about as Arduino's default.csv has it
{
    { row 1 2 0x9000 0x4000 nvs; row 1 0 "$1" 0x2000 otadata; row 0 16 "${2:-0x10000}" 0x100000 app0
      row 0 17 0x150000 0x140000 app1; row 1 130 0x290000 0x160000 spiffs; } >t
    { cat t; ff $((3072 - $(wc -c <t))); }
}

# ---- ESP-IDF: flasher_args.json
idf_make() # CHIP DIR
{
    mkdir -p "$2/bootloader" "$2/partition_table"
    cp "$samples/$1/bootloader.bin" "$2/bootloader/"
    cp "$samples/$1/partition-table.bin" "$2/partition_table/"
    cp "$samples/$1/app.bin" "$2/blink.bin"
    cat >"$2/flasher_args.json" <<END
{
    "write_flash_args" : [ "--flash_mode", "dout",
                           "--flash_size", "2MB",
                           "--flash_freq", "keep" ],
    "flash_settings" : { "flash_mode": "dout", "flash_size": "2MB", "flash_freq": "keep" },
    "flash_files" : {
        "0x8000" : "partition_table/partition-table.bin",
        "$(boot_of "$1")" : "bootloader/bootloader.bin",
        "0x10000" : "blink.bin"
    },
    "bootloader" : { "offset" : "$(boot_of "$1")", "file" : "bootloader/bootloader.bin", "encrypted" : "false" },
    "app" : { "offset" : "0x10000", "file" : "blink.bin", "encrypted" : "false" },
    "partition-table" : { "offset" : "0x8000", "file" : "partition_table/partition-table.bin", "encrypted" : "false" },
    "extra_esptool_args" : { "after" : "hard_reset", "before" : "default_reset", "stub" : true, "chip" : "$1" }
}
END
}

for chip in esp32 esp32c3 esp8266; do
    boot=$(boot_of $chip)
    idf_make $chip $chip/build
    expect 0 "" write-flash -p emu:$chip,flash-file=$chip.flash $chip/build
    holds $chip.flash "$boot" $samples/$chip/bootloader.bin 4 32 # header, digest
    [ "$(od -An -tu1 -j $((boot + 2)) -N 1 $chip.flash)" -eq 3 ] || complain "$chip: dout is not in the header"
    holds $chip.flash 0x8000 $samples/$chip/partition-table.bin
    holds $chip.flash 0x10000 $samples/$chip/app.bin
    expect 0 "" verify-flash -p emu:$chip,flash-file=$chip.flash $chip/build/flasher_args.json
    # the project instead of its build; an option wins over the build's
    rm $chip.flash
    expect 0 "note: $chip is a project" write-flash -p emu:$chip,flash-file=$chip.flash -fm keep -fs keep $chip
    holds $chip.flash "$boot" $samples/$chip/bootloader.bin
    # flash_args, by its name and as @FILE, there and from elsewhere
    { echo "--flash_mode dout --flash_freq keep --flash_size keep"; echo "$boot bootloader/bootloader.bin"
      echo "0x10000 blink.bin"; echo "0x8000 partition_table/partition-table.bin"; } >$chip/build/flash_args
    expect 0 "" write-flash --dry-run $chip/build/flash_args
    cp out by_name
    expect 0 "" write_flash --dry-run @$chip/build/flash_args
    diff by_name out >diff.out || complain "@FILE and FILE differ: $(cat diff.out)"
    grep -qi "^chip \(${chip%c3}\|ESP32-C3\)," out || complain "nobody says for which chip it is"
    grep -o '^0x[0-9a-f]*' out | tr '\n' ' ' | grep -qx "$boot 0x8000 0x10000 " || complain "not in the order of addresses"
    (cd $chip/build && expect 0 "" verify-flash -p "emu:$chip,flash-file=$tmp/$chip.flash" @flash_args -fm keep -fs keep
     exit $failures)
    failures=$?
    printf X | dd of=$chip.flash bs=1 seek=$((0x10000 + 5000)) conv=notrunc 2>dd.err
    expect 5 "blink.bin at 0x10000" verify-flash -p emu:$chip,flash-file=$chip.flash $chip -fm keep -fs keep -q
done
# other images beside it; --json says notes as events behind hello
seq 1 5000 >assets.bin
expect 0 "" write-flash --dry-run esp32c3/build 0x1f0000 assets.bin
said "^0x1f0000 .* assets.bin"
said "^chip ESP32-C3, flash mode dout, frequency keep, size 2MB"
expect 6 "refused: assets.bin .*past the end of the 2 MB flash" write-flash --dry-run esp32c3/build 0x300000 assets.bin
run write-flash --dry-run --json esp32c3/build 0x300000 assets.bin
[ "$status" -eq 6 ] && grep -q '"event":"check".*"refuses":true' out || complain "--json --dry-run does not refuse"
run write-flash --dry-run --json esp32c3
[ "$(head -n 2 out | "$json_lines" log level)" = info ] || complain "the note is no event"
# encrypted ones
sed 's/"blink.bin", "encrypted" : "false"/"blink.bin", "encrypted" : "true"/' esp32c3/build/flasher_args.json >e &&
    mv e esp32c3/build/flasher_args.json
expect 0 "" write-flash --dry-run esp32c3/build
said "0x10000 .*to be encrypted"
[ "$(grep -c "to be encrypted" out)" -eq 1 ] || complain "more than one file is to be encrypted"
# no chip is named: the header tells; another chip than the build's
sed -i 's/, "chip" : "esp32c3"//' esp32c3/build/flasher_args.json
expect 0 "names no chip: .* is for the ESP32-C3" write-flash --dry-run esp32c3/build
expect 2 "is for the ESP32-C3, not for the ESP32 that was chosen" write-flash -c esp32 --dry-run esp32c3/build

# a project whose name PlatformIO uses, too
cp -r esp32 firmware
mv firmware/build/blink.bin firmware/build/firmware.bin && : >firmware/build/firmware.elf
sed -i 's/blink/firmware/' firmware/build/flasher_args.json
expect 0 "" write-flash --dry-run firmware/build
[ "$(grep -c "^0x" out)" -eq 3 ] || complain "not three files: $(cat out)"

# ---- PlatformIO
for chip in esp32 esp32c3; do
    pio=pio_$chip/.pio/build/board
    mkdir -p $pio
    cp $samples/$chip/bootloader.bin $pio
    ota_table 0xe000 >$pio/partitions.bin
    cp $samples/$chip/app.bin $pio/firmware.bin
    rm -f $chip.flash
    expect 0 "no boot_app0.bin: .* 0x2000 bytes at 0xe000" write-flash -p emu:$chip,flash-file=$chip.flash $pio
    holds $chip.flash "$(boot_of $chip)" $pio/bootloader.bin
    holds $chip.flash 0x8000 $pio/partitions.bin
    holds $chip.flash 0x10000 $pio/firmware.bin
    blank $chip.flash 0xe000 0x2000
done
core=$HOME/.platformio/packages/framework-arduinoespressif32/tools/partitions
mkdir -p "$core"
{ le32 1; ff 24; le32 0x4743989a; ff 8160; } >"$core/boot_app0.bin"
head -c 65536 assets.bin >$pio/littlefs.bin
expect 0 "littlefs.bin is written, too, to the partition spiffs at 0x290000" write-flash -p emu:$chip,flash-file=$chip.flash $pio
holds $chip.flash 0xe000 "$core/boot_app0.bin"
holds $chip.flash 0x290000 assets.bin
# otadata elsewhere; what idedata.json adds; a table without otadata
ota_table 0xd000 >$pio/partitions.bin
cp assets.bin $pio/models.bin
echo '{"extra": {"flash_images": [{"offset": "0x0", "path": "/elsewhere/bootloader.bin"}, {"offset": "0x3f0000",
 "path": "C:/x/models.bin"}, {"offset": "0x3e0000", "path": "/elsewhere/gone.bin"}], "application_offset": "0x150000"}}' >$pio/idedata.json
sed -i 's,C:/x/,/elsewhere/,' $pio/idedata.json
expect 0 "boot_app0.bin goes to 0xd000" write-flash --dry-run $pio
grep -q "warning: .*idedata.json names /elsewhere/gone.bin for 0x3e0000: it is not here" err || complain "gone.bin is not missed"
said "^0xd000 .*boot_app0.bin"
said "^0x3f0000 .*models.bin"
said "^0x150000 .*firmware.bin"
# ... on Windows: what lies here is not missed, what does not is, once
cat >$pio/idedata.json <<'END'
{"extra": {"flash_images": [{"offset": "0x0", "path": "C:\\Users\\x\\bootloader.bin"}, {"offset": "0x8000",
 "path": "C:\\Users\\x\\partitions.bin"}, {"offset": "0xe000", "path": "C:\\.platformio\\boot_app0.bin"},
 {"offset": "0x3f0000", "path": "C:\\x\\models.bin"}, {"offset": "0x3e0000", "path": "C:\\x\\gone.bin"}]}}
END
run write-flash --dry-run $pio
[ "$(grep -c "is not here" err)" -eq 1 ] || complain "not one file is missed"
grep -q 'warning: .*names C:.x.gone.bin for 0x3e0000: it is not here' err || complain "gone.bin is not missed"
said "^0x3f0000 .*/models.bin"
rm $pio/idedata.json
# the project, or what is between it and its build
for project in pio_$chip pio_$chip/.pio; do
    expect 0 "note: $project is a project: its build $project/.*board is taken" write-flash --dry-run $project
    said "^0x10000 .*/board/firmware.bin"
done
cp -r $pio pio_$chip/.pio/build/other
expect 2 "pio_$chip has several builds, choose one: .*/board, .*/other" write-flash --dry-run pio_$chip
rm -r pio_$chip/.pio/build/other
ota_table 0xd000 0x20000 >$pio/partitions.bin
expect 0 "boot_app0.bin goes to 0xd000" write-flash --dry-run $pio
said "^0x20000 .*firmware.bin"
cp $samples/$chip/partition-table.bin $pio/partitions.bin
expect 0 "boot_app0.bin is not written: the partition table has no otadata" write-flash --dry-run $pio
grep -q "warning: .*littlefs.bin is not written" err || complain "littlefs.bin has no place, and nobody says so"

# with the ESP-IDF framework: its names are not those of the files, its addresses are right
cp $samples/$chip/partition-table.bin $pio/ota_data_initial.bin
ota_table 0xd000 >$pio/partitions.bin
echo '{"flash_files": {}, "partition-table": {"offset": "0x7000", "file": "partition_table/x.bin"}}' >$pio/flasher_args.json
expect 0 "ota_data_initial.bin goes to 0xd000" write-flash --dry-run $pio
said "^0x7000 .*partitions.bin"

# ---- Arduino
for chip in esp32 esp32c3; do
    ino=ino_$chip/build/esp32.esp32.$chip
    mkdir -p $ino
    cp $samples/$chip/bootloader.bin $ino/Blink.ino.bootloader.bin
    ota_table 0xe000 >$ino/Blink.ino.partitions.bin
    cp $samples/$chip/app.bin $ino/Blink.ino.bin
    cp "$core/boot_app0.bin" $ino
    rm -f $chip.flash
    expect 0 "" write-flash -p emu:$chip,flash-file=$chip.flash $ino
    holds $chip.flash "$(boot_of $chip)" $samples/$chip/bootloader.bin
    holds $chip.flash 0x8000 $ino/Blink.ino.partitions.bin
    holds $chip.flash 0xe000 "$core/boot_app0.bin"
    holds $chip.flash 0x10000 $samples/$chip/app.bin
done
cp $ino/Blink.ino.bin $ino/Other.ino.bin
expect 2 "more than one sketch: .*(Blink.ino.bin and Other|Other.ino.bin and Blink)" write-flash --dry-run $ino
mkdir ino8266
# in place of eboot: an image of one segment, in a sector of its own
{ printf '\351\001\002\100'; le32 0x4010f000; le32 0x4010f000; le32 16; head -c 31 /dev/zero; printf '\357'; ff 4048; } >eboot
cat eboot $samples/esp8266/app.bin >ino8266/Blink.ino.bin
rm -f esp8266.flash
expect 0 "" write-flash -p emu:esp8266,flash-file=esp8266.flash ino8266
holds esp8266.flash 0 ino8266/Blink.ino.bin

# ---- ESP Web Tools
mkdir web
for chip in esp32 esp32c3; do
    for part in bootloader partition-table app; do cp $samples/$chip/$part.bin "web/$chip $part.bin"; done
done
manifest() # PATH of the app
{
    cat >web/manifest.json <<END
{ "name": "Blink", "version": "1.0", "home_assistant_domain": "esphome", "new_install_prompt_erase": true, "builds": [
  { "chipFamily": "ESP32", "improv": true, "parts": [ { "path": "esp32%20bootloader.bin", "offset": 4096 },
    { "path": "esp32 partition-table.bin", "offset": 32768 }, { "path": "$1", "offset": 65536 } ] },
  { "chipFamily": "ESP32-C3", "parts": [ { "path": "esp32c3 bootloader.bin", "offset": 0 },
    { "path": "esp32c3 partition-table.bin?v=2", "offset": 32768 }, { "path": "./esp32c3 app.bin", "offset": 65536 } ] },
  { "chipFamily": "RP2040", "parts": [] } ] }
END
}
manifest "esp32 app.bin"
for chip in esp32 esp32c3; do
    rm -f $chip.flash
    expect 0 "warning: .*erased before a first installation: that is done with --erase-all" \
        write-flash -p emu:$chip,flash-file=$chip.flash -c $chip web/manifest.json
    grep -q "warning: .*RP2040" err || complain "nothing is said of the RP2040"
    grep -q "note: .*what a browser would do afterwards is not done" err || complain "nothing is said of home_assistant_domain"
    for part in bootloader:$(boot_of $chip) partition-table:0x8000 app:0x10000; do
        holds $chip.flash "${part#*:}" "web/$chip ${part%:*}.bin"
    done
done
run verify-flash -q -p emu:esp32c3,flash-file=esp32c3.flash -c esp32c3 web
[ "$status" -eq 0 ] || complain "the folder of a manifest: status $status"
expect 2 "for several chips, choose one with -c: ESP32, ESP32-C3" write-flash --dry-run web/manifest.json
expect 2 "nothing for ESP32-S3: it is for ESP32, ESP32-C3" write-flash --dry-run -c esp32s3 web
for bad in ../assets.bin "$tmp/assets.bin" ..%2Fassets.bin link.bin; do
    ln -sf ../assets.bin web/link.bin
    manifest "$bad"
    expect 2 "which lies outside of .*allow-outside" write-flash --dry-run -c esp32 web
done
run write-flash --dry-run -c esp32 web --allow-outside
[ "$status" -eq 0 ] || complain "--allow-outside: status $status"
for bad in https://example.org/a.bin //example.org/a.bin data:text/plain,x; do
    manifest "$bad"
    expect 2 "is an address on the network: download" write-flash --dry-run -c esp32 web
done
manifest "x{chip}.bin"
expect 2 "can't be a name" write-flash --dry-run -c esp32 web
manifest "x%7Bchip}.bin"
expect 2 "can't be" write-flash --dry-run -c esp32 web

# ---- files that know their place
for chip in esp32 esp32c3; do
    { ff $(($(boot_of $chip))); cat $samples/$chip/bootloader.bin; } >m
    { cat m; ff $((0x8000 - $(wc -c <m))); cat $samples/$chip/partition-table.bin; } >m2
    { cat m2; ff $((0x10000 - $(wc -c <m2))); cat $samples/$chip/app.bin; } >merged.bin
    rm -f $chip.flash
    expect 0 "merged.bin is a whole image for the ESP32(-C3)?: it goes to 0x0" write-flash -p emu:$chip,flash-file=$chip.flash merged.bin
    holds $chip.flash 0 merged.bin
    tail -c +$(($(boot_of $chip) + 1)) merged.bin >tail.bin
    expect 0 "goes to $(printf '0x%x' $(($(boot_of $chip))))$" write-flash --dry-run tail.bin
done
expect 0 "whole image for the ESP8266: it goes to 0x0" write-flash --dry-run ino8266/Blink.ino.bin
printf ':020000040001F9\n:0400100001020304E2\n:00000001FF\n' >own.hex
expect 0 "" write-flash -p emu:esp32c3,flash-file=hex.flash own.hex
[ "$(od -An -tx1 -j $((0x10010)) -N 4 hex.flash)" = " 01 02 03 04" ] || complain "own.hex is not at its own address"
expect 2 "app.bin does not say where it belongs: give an address" write-flash --dry-run $samples/esp32/app.bin
cat $samples/esp32/app.bin /dev/zero | head -c 2000000 >big.bin # more than any text has
# what Windows' editors put before a text
manifest "esp32 app.bin"
for file in esp32/build/flash_args esp32/build/flasher_args.json web/manifest.json; do
    mkdir -p mark
    cp -r "${file%/*}" mark/
    at=mark/$(basename "${file%/*}")/${file##*/}
    { printf '\357\273\277'; cat "$file"; } >"$at"
    run write-flash --dry-run -c esp32 "$at"
    [ "$status" -eq 0 ] && [ "$(grep -c "^0x" out)" -eq 3 ] || complain "$file with a byte order mark: not three files"
done
expect 2 "big.bin does not say where it belongs: give an address" write-flash --dry-run big.bin

# ---- a job, beside a pair; settings of the command line win
printf '[job]\nchip = esp32c3\n[flash]\nmode = dio\nfreq = 40m\n[image app]\nfile = merged.bin\naddress = 0x0\n' >a.job
expect 0 "" write-flash --dry-run 0x300000 assets.bin a.job -ff 80m
said "^chip ESP32-C3, flash mode dio, frequency 80m"
said "^0x0 .*merged.bin"
said "^0x300000 .*assets.bin"

# ---- words
mkdir words && cd words || exit 99
idf_make esp32c3 build
seq 1 100 >ota_9
cp -r build ota_0
cp ../assets.bin a.bin
expect 2 "\"ota_0\" is a directory here, and could be the label of a partition for a.bin: write ./ota_0" write-flash --dry-run ota_0 a.bin
expect 0 "" write-flash --dry-run ./ota_0 0x1f0000 a.bin
expect 0 "" write-flash --dry-run ota_0 0x1f0000 a.bin
expect 2 "can't read build2: No such file" write-flash --dry-run build2
expect 2 "can't read nope.json: No such file" write-flash --dry-run nope.json
expect 2 "no build directory: it has neither flasher_args.json" write-flash --dry-run ..
# the words of esptool's files: quotes, backslashes, comments, whole command lines, no file in a file
mkdir "a dir"
cp a.bin "a dir/it's.bin"
printf '%s\n' '# a comment' '-b 460800 --chip esp32c3 write_flash -z --flash_mode dio' "  0x200000 'a dir/it'\\''s.bin'  " \
    '0x210000 "a dir/it'"'"'s.bin" 0x220000 a\ dir/it\'"'"'s.bin' >args
expect 0 "" --dry-run @args
said "^chip ESP32-C3, flash mode dio"
[ "$(grep -c "a dir/it's.bin" "$tmp/out")" -eq 3 ] || complain "not three files: $(cat "$tmp/out")"
expect 0 "" --dry-run @args -fm qout
said "flash mode qout"
echo "@args" >nested
expect 2 "no command \"@args\"" @nested
echo "0x0 'a.bin" >args
expect 2 "args: line 1: a quotation or a backslash has no end" write-flash --dry-run @args
expect 2 "can't read absent: No such file" write-flash @absent
printf '0x0 a.bin\0' >args
expect 2 "args is no text" write-flash @args
printf '%s\n' '--encrypt-files 0x0 a.bin' '--force 0x10000 ota_9' '--wizard' >flash_args
expect 0 "warning: .*--force is not taken over" write-flash --dry-run flash_args
grep -q "warning: .*the option wizard is not known" "$tmp/err" || complain "--wizard is dropped in silence"
[ "$(grep "to be encrypted" "$tmp/out" | grep -c "^0x0 ")" -eq 1 ] || complain "--encrypt-files"
expect 0 "" write-flash --dry-run 0x20000 ota_9 --encrypt-files 0x0 a.bin
[ "$(grep "to be encrypted" "$tmp/out" | grep -c "^0x0 ")" -eq 1 ] || complain "--encrypt-files on the command line"
cd .. || exit 99

# ---- what is wrong in a flasher_args.json, each with its sentence
wrong() # SENTENCE JSON
{
    mkdir -p w/build
    cp assets.bin w/build/a.bin
    printf '%s' "$2" >w/build/flasher_args.json
    expect 2 "flasher_args.json: $1" write-flash --dry-run w/build
}
wrong "line 1: no JSON" '{"flash_files": {"0x0": "a.bin"'
wrong "line 1: no JSON: duplicate" '{"flash_files": {"0x0": "a.bin", "0x0": "b.bin"}}'
wrong "flash_files: an object is expected, found nothing" '{"flash_settings": {}}'
wrong "flash_files: an object is expected, found a string" '{"flash_files": "a.bin"}'
wrong "flash_files/0x10000: a string is expected, found an array" '{"flash_files": {"0x10000": []}}'
wrong "flash_files/here: \"here\" is no flash address" '{"flash_files": {"here": "a.bin"}}'
wrong "flash_files/0x100000000: 0x100000000 is past the end of 32 bits" '{"flash_files": {"0x100000000": "a.bin"}}'
wrong ".*0x10000 is the address of a.bin and of b.bin" '{"flash_files": {"0x10000": "a.bin", "65536": "b.bin"}}'
wrong "flash_files/0x0: the name of the file is empty" '{"flash_files": {"0x0": ""}}'
wrong "flash_settings/flash_mode: a string is expected, found a whole number" '{"flash_files": {"0x0": "a.bin"}, "flash_settings": {"flash_mode": 1}}'
wrong "flash_settings/flash_mode: \"warp\" is no flash mode" '{"flash_files": {"0x0": "a.bin"}, "flash_settings": {"flash_mode": "warp"}}'
wrong "extra_esptool_args/chip: \"esp99\" is no chip" '{"flash_files": {"0x0": "a.bin"}, "extra_esptool_args": {"chip": "esp99"}}'
wrong "more than 32 levels" "{\"flash_files\": $(head -c 20000 /dev/zero | tr '\0' '[')"
mkdir -p w/build
head -c 1100000 /dev/zero | tr '\0' ' ' >w/build/flasher_args.json
expect 2 "flasher_args.json has more than 1048576 bytes" write-flash --dry-run w/build
printf '{"flash_files": {"0x0": "gone.bin"}}' >w/build/flasher_args.json
expect 2 "names w/build/gone.bin: No such file" write-flash --dry-run w/build
mkfifo w/build/pipe
printf '{"flash_files": {"0x0": "pipe"}}' >w/build/flasher_args.json
expect 2 "names w/build/pipe: it is no regular file" write-flash --dry-run w/build
cp assets.bin w/own.bin
printf '{"flash_files": {"0x0": "../own.bin"}}' >w/build/flasher_args.json
run write-flash --dry-run w/build
[ "$status" -eq 0 ] || complain "a file of the project is not taken"
printf '{"flash_files": {"0x0": "../../assets.bin"}}' >w/build/flasher_args.json
expect 2 "which lies outside of $tmp/w " write-flash --dry-run w/build
# control characters of a stranger don't reach the terminal
printf '{"flash_files": {"0x0": "a.bin"}, "x\\u001b[31my\\u009b": 1}' >w/build/flasher_args.json
run write-flash --dry-run w/build
grep -q 'the member "x?\[31my??" is not understood' err || complain "the strange member is not told, or as it is"

finish
