#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# The checks before the first byte, end to end: what is refused leaves the flash as it was, and what
# people do every day is not refused. The emulator's flash file is the judge.
# shellcheck source=tests/cli_lib.sh
. "${top_srcdir:-.}/tests/cli_lib.sh"

emu=${ESPJIG_EMU:-$top_builddir/espjig-emu}
[ -x "$emu" ] || { echo "espjig-emu is missing"; exit 77; }
export ESPJIG_EMU="$emu"
cd "$tmp" || exit 99
case $samples in /*) ;; *) samples=$OLDPWD/$samples ;; esac

boot=$samples/esp32/bootloader.bin table=$samples/esp32/partition-table.bin app=$samples/esp32/app.bin
c3=$samples/esp32c3
nowhere=/dev/no-such-port
seq 1 4000 >data.bin
port=emu:esp32,flash-file=esp32.flash

# damage FILE OFFSET COPY
damage()
{
    cp "$1" "$3"
    printf X | dd of="$3" bs=1 seek="$2" conv=notrunc 2>dd.err
}

# refused ID PATTERN ARGUMENT...: status 6, and nothing was written.
refused()
{
    id=$1 pattern=$2
    shift 2
    cp esp32.flash before.flash
    expect 6 "$pattern" "$@"
    [ "$(grep -Ec -e "$pattern" "$tmp/err")" -eq 1 ] || complain "espjig $*: \"$pattern\" is not said once"
    run --json "$@"
    [ "$("$json_lines" done error <out)" = "$id" ] ||
        complain "espjig $*: the error is not $id"
    [ "$("$json_lines" check refuses <out | head -n 1)" = true ] || complain "espjig $*: no check event refuses"
    cmp -s esp32.flash before.flash || complain "espjig $*: something was written though it was refused"
}

# ---- every day
expect 0 "" write-flash -p "$port" 0x1000 "$boot" 0x8000 "$table" 0x10000 "$app"
expect 0 "" write-flash -p "$port" 0x10000 "$app"
expect 0 "" write-flash -p "$port" bootloader "$boot"
expect 0 "" write-flash -p "$port" 0x8000 "$table"
expect 0 "" write-flash -p "$port" 0x1000 "$boot" 0x10000 "$app"
expect 0 "" write-flash -p "$port" --no-stub 0x10000 "$app"
expect 0 "" write-flash -p "$port" -e -fs detect 0x1000 "$boot" 0x8000 "$table" 0x10000 "$app"
{
    head -c $((0x1000)) /dev/zero | tr '\0' '\377'
    cat "$boot"
    head -c $((0x7000 - $(wc -c <"$boot"))) /dev/zero | tr '\0' '\377'
    cat "$table"
    head -c $((0x8000 - $(wc -c <"$table"))) /dev/zero | tr '\0' '\377'
    cat "$app"
} >merged.bin
expect 0 "merged file" write-flash -p "$port" 0 merged.bin
cmp -n "$(wc -c <merged.bin)" merged.bin esp32.flash || complain "the merged file is not in the flash"
expect 0 "" write-flash -p emu:esp8266 -e 0 "$samples/esp8266/app.bin"

# ---- before the port is opened, all together
damage "$app" 5000 damaged.bin
refused wrong-offset "bootloader.bin at 0x0 is an ESP32 bootloader.*its place is 0x1000 \(and 2 more\)" \
    write-flash -p "$nowhere" 0 "$boot" 0x8000 "$app" 0x100000 damaged.bin
[ "$("$json_lines" check error <out | tr '\n' ' ')" = "wrong-offset wrong-offset image-damaged " ] ||
    complain "not all of them are said"
expect 6 "error: damaged.bin at 0x100000: damaged: the checksum" \
    write-flash -p "$nowhere" 0 "$boot" 0x8000 "$app" 0x100000 damaged.bin
refused images-overlap "overlap \(and 1 more\)" write-flash -p "$nowhere" 0x10000 "$app" 0x30000 data.bin 0x40000 data.bin
for way in write-flash verify-flash; do
    expect 6 "^refused: .*overlap$" $way --dry-run 0x10000 "$app" 0x30000 data.bin
    grep -q data.bin out || complain "$way --dry-run: what overlaps is not listed"
done
expect 0 "" verify-flash --dry-run -c esp32 0x10000 "$c3/app.bin"
refused wrong-chip "is an ESP32-C3 image" write-flash -p "$nowhere" -c esp32 0x10000 "$c3/app.bin"
refused partition-conflict "erased before" write-flash -p "$nowhere" -e 0x1000 "$boot" 0x10000 "$app"
refused wrong-offset "it is inside factory" write-flash -p "$nowhere" 0x8000 "$table" 0x20000 "$app"
expect 3 "no-such-port" write-flash -p "$nowhere" --force 0 "$boot"

# ---- with the chip
refused wrong-chip "this chip is ESP32" write-flash -p "$port" 0x10000 "$c3/app.bin"
refused wrong-offset "it is inside factory" write-flash -p "$port" 0x20000 "$app"
refused header-size "says in its header that the flash has 8 MB, but 4 MB are fitted" \
    write-flash -p "$port" -fs 8MB 0x1000 "$boot"
refused image-too-big "past the end of the 4 MB flash" write-flash -p "$port" 0x3ff000 merged.bin
refused image-too-big "past the end" write-flash -p "$port" --force 0x3ff000 merged.bin
refused partition-conflict "the flash holds none" \
    write-flash -p emu:esp32 0x1000 "$boot" 0x10000 "$app"
refused partition-conflict "its partition factory ends at 0x110000, the flash at 0x100000" \
    write-flash -p emu:esp32,flash=1MB 0x8000 "$table"
refused image-damaged "the checksum at offset" \
    write-flash -p emu:esp32 --no-stub 0x1000 damaged.bin

# ---- forced: it is said all the same, and done
expect 0 "warning: .*it is inside factory; going on as forced" write-flash -p "$port" --force 0x20000 "$app"
cmp -i "$((0x20000)):0" -n "$(wc -c <"$app")" esp32.flash "$app" || complain "what was forced is not there"

# ---- a chip with flash encryption: bit 0 of FLASH_CRYPT_CNT is bit 20 of the first eFuse word
expect 0 "" read-mac -p emu:esp32,efuse-file=secured.efuse
printf '\020' | dd of=secured.efuse bs=1 seek=2 conv=notrunc 2>dd.err
secured=emu:esp32,flash-file=esp32.flash,efuse-file=secured.efuse
refused chip-secured "app.bin at 0x10000 is not encrypted" write-flash -p "$secured" 0x10000 "$app"
expect 6 "flash encryption" write-flash -p "$secured" -e 0x10000 "$app"
gzip -9 <"$app" | tail -c +32 >cipher.bin # bytes as even as ciphertext
expect 0 "" write-flash -p "$secured" 0x10000 cipher.bin

finish
