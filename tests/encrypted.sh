#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# Files that the chip encrypts while it gets them. The emulator's flash file is the judge, and where
# ESPTOOL names one, espsecure: it makes the files again of what the flash holds.
# shellcheck source=tests/cli_lib.sh
. "${top_srcdir:-.}/tests/cli_lib.sh"

emu=${ESPJIG_EMU:-$top_builddir/espjig-emu}
[ -x "$emu" ] || { echo "espjig-emu is missing"; exit 77; }
emu=$(realpath "$emu") espjig=$(realpath "$espjig") samples=$(realpath "$samples")
json_lines=$(realpath "$json_lines")
export ESPJIG_EMU="$emu"
cd "$tmp" || exit 99

seq 1 3000 >nvs.txt # 13893 bytes
head -c 32 /dev/urandom >key.bin
burned=flash-encryption-key=key.bin
on=flash-encryption,$burned

# held AT FILE: the flash holds the file as it is.
held()
{
    cmp -s -n "$(wc -c <"$2")" -i "$(($1)):0" a.flash "$2"
}

# decrypted CHIP AT FILE: what the flash holds there is the file, encrypted with the key, and filled
# up with FF.
decrypted()
{
    held "$2" "$3" && complain "$1: $3 is in the flash as it is"
    [ -n "${ESPTOOL:-}" ] || return 0
    align=16 xts=--aes-xts
    [ "$1" = esp32 ] && align=32 xts=
    size=$(wc -c <"$3")
    whole=$(((size + align - 1) / align * align))
    tail -c "+$(($2 + 1))" a.flash | head -c "$whole" >cipher
    # shellcheck disable=SC2086 # a command with arguments
    ${ESPTOOL%esptool.py}espsecure.py decrypt-flash-data $xts -k key.bin -a "$2" -o plain cipher >espsecure.out 2>&1 ||
        complain "espsecure: $(cat espsecure.out)"
    head -c "$((whole - size))" /dev/zero | tr '\0' '\377' | cat "$3" - | cmp -s - plain ||
        complain "$1: $3 is not what comes out when the flash is decrypted"
    tail -c "+$(($2 + whole + 1))" a.flash | head -c 16 | tr -d '\377' | grep -q . &&
        complain "$1: more than $3 was written"
}

# refused STATUS PATTERN ARGUMENT...: not a byte is written, forced or not.
refused()
{
    cp a.flash before.flash
    expect "$@"
    want=$1 pattern=$2
    shift 2
    expect "$want" "$pattern" "$@" --force
    cmp -s a.flash before.flash || complain "espjig $*: something was written though it was refused"
}

# ---- with a stub and without: all of them, and in the same job what stays readable
for row in "esp32 0x1000 " "esp32c3 0 " "esp32s3 0 " "esp32c3 0 --no-stub"; do
    # shellcheck disable=SC2086 # words
    set -- $row
    chip=$1 boot=$2 stub=${3:-}
    files=$samples/$chip
    port=emu:$chip,$on,flash-file=a.flash,efuse-file=a.efuse
    rm -f a.flash a.efuse
    # 600 KB that fill no block
    { cat "$files/app.bin" && echo odd; } >odd.bin
    if [ "$chip" = esp32 ] && [ ! -e "$ESPJIG_STUB_DIR/esp32.json" ]; then
        echo "no stub: $chip is left out"
        continue
    fi
    # shellcheck disable=SC2086 # no word or one
    expect 5 "nobody can check what the chip has encrypted: .*bootloader.bin at .* and 2 more" write-flash $stub \
        -p "$port" 0x9000 nvs.txt --encrypt-files $boot "$files/bootloader.bin" 0x8000 "$files/partition-table.bin" \
        0x10000 "$files/app.bin"
    decrypted "$chip" "$boot" "$files/bootloader.bin"
    decrypted "$chip" 0x8000 "$files/partition-table.bin"
    decrypted "$chip" 0x10000 "$files/app.bin"
    held 0x9000 nvs.txt || complain "$chip: what is not to be encrypted is not in the flash"
    # What is there can't be told from something else: all of it is sent again. Odd sizes are filled up.
    # shellcheck disable=SC2086 # no word or one
    run --json write-flash $stub -p "$port" --encrypt 0x10000 odd.bin
    [ "$status" -eq 5 ] || complain "$chip: status $status"
    [ "$("$json_lines" done error <out)" = not-verified ] || complain "$chip: the error is not not-verified"
    grep -q '"confirmed_by":"nothing"' out || complain "$chip: something confirms it"
    grep -q '"encrypted":"yes"' out || complain "$chip: the result does not tell of the encryption"
    grep -q '"skipped":"0"' out || complain "$chip: something is left out"
    decrypted "$chip" 0x10000 odd.bin
done

# ---- what a build marks follows the chip; what is asked for is done
files=$samples/esp32c3
for word in yes always; do
    cat >"$word.job" <<END
[job]
chip = esp32c3
[image boot]
file = $files/bootloader.bin
address = bootloader
encrypted = $word
[image table]
file = $files/partition-table.bin
address = 0x8000
encrypted = $word
[image app]
file = $files/app.bin
address = factory
encrypted = $word
END
done
rm -f a.flash a.efuse
new=emu:esp32c3,flash-file=a.flash,efuse-file=a.efuse
expect 0 "" job run yes.job -p "$new" -v
grep -q "flash encryption is not on yet" out || complain "that they are plain is not said"
held 0x10000 "$files/app.bin" || complain "the first flash is not plain"
refused 6 "no flash encryption key is burned" job run always.job -p "$new"
expect 5 "nobody can check" job run yes.job -p "$new,$on"
decrypted esp32c3 0x10000 "$files/app.bin"
rm -f a.efuse
expect 5 "flash encryption is not on: the chip can't read it" job run always.job -p "$new,$burned"
decrypted esp32c3 0x10000 "$files/app.bin"
expect 0 "" job show always.job
grep -q "to be encrypted" out || complain "job show says nothing of the encryption"

# ---- not possible: nothing is written, forced or not
app=$files/app.bin
rm -f a.flash a.efuse
expect 0 "" read-mac -p "$new"
refused 6 "is to be encrypted: .*no flash encryption key" write-flash -p "$new" --encrypt 0x10000 "$app"
refused 6 "forbid it in download mode" write-flash -p "$new,flash-encryption-release,$burned" \
    --encrypt 0x10000 "$app"
rm -f a.efuse
refused 2 "0x10010 is to be encrypted, .*beginning of a sector" write-flash -p "$new,$on" --encrypt 0x10010 nvs.txt
expect 6 "app.bin at 0x10000 is not encrypted" write-flash -p "$new,$on" 0x10000 "$app"
refused 2 "the ROM of the ESP32 can't encrypt" write-flash -p "emu:esp32,$on,flash-file=a.flash" --no-stub \
    --encrypt 0x10000 "$samples/esp32/app.bin"
refused 2 "the ESP8266 has no flash encryption" write-flash -p emu:esp8266,flash-file=a.flash --encrypt 0 \
    "$samples/esp8266/app.bin"

# ---- with other protection
rm -f a.flash a.efuse
expect 6 "secure download" write-flash -p "$new,$on,secure-download" -fs 4MB --encrypt 0x10000 "$app"
rm -f a.flash
expect 5 "Secure Download Mode" write-flash -p "$new,$on,secure-download" -fs 4MB --force --encrypt 0x10000 "$app"
decrypted esp32c3 0x10000 "$app"
rm -f a.flash a.efuse
expect 5 "nobody can check" write-flash -p "$new,$on,secure-boot" --encrypt 0x8000 "$files/partition-table.bin" 0x10000 "$app"
decrypted esp32c3 0x10000 "$app"
expect 6 "erasing could make it unusable" erase-flash -p "$new"

# The key is in the Key Manager (FORCE_USE_KEY_MANAGER_KEY of the ESP32-C5), which needs the first 8 KB.
managed=emu:esp32c5,flash-encryption,efuse=0.75=1,flash-file=a.flash
rm -f a.flash
expect 6 "nvs.txt at 0x0 would overwrite what the Key Manager" write-flash -p "$managed" --encrypt 0 nvs.txt
expect 5 "nobody can check" write-flash -p "$managed" --encrypt 0x12000 nvs.txt

finish
