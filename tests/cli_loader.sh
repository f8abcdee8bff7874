#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# The way to a flash that is attached, against emulated chips: rates that do not carry, stubs that do
# not come up, flashes that are large, elsewhere, asleep or secured.
# shellcheck source=tests/cli_lib.sh
. "${top_srcdir:-.}/tests/cli_lib.sh"

emu=${ESPJIG_EMU:-$top_builddir/espjig-emu}
[ -x "$emu" ] || { echo "espjig-emu is missing"; exit 77; }
export ESPJIG_EMU="$emu"
cd "$tmp" || exit 99
head -c 20000 /dev/urandom >data.bin

# in_flash FLASH OFFSET FILE: the flash holds the file there.
in_flash()
{
    cmp -n "$(wc -c <"$3")" -i "$(($2)):0" "$1" "$3" >cmp.out 2>&1 ||
        complain "$1 does not hold $3 at $2: $(cat cmp.out)"
}

# ---- a flash that has to be woken up, with its own id gone until then
for stub in "" --no-stub; do
    rm -f x.flash
    # shellcheck disable=SC2086
    expect 0 "waking it up" write-flash -p emu:esp32c3,flash-quirk=xmc,flash-file=x.flash $stub 0x10000 data.bin
    in_flash x.flash 0x10000 data.bin
done

# ---- more flash than three address bytes reach: what lies beyond is refused before anything is done
large=emu:esp32c3,flash=32MB,flash-file=l.flash
expect 0 "only the first 16 MB" write-flash --no-stub -p "$large" 0xff0000 data.bin
in_flash l.flash 0xff0000 data.bin
cp l.flash before.flash
expect 6 "only the first 16 MB.*data.bin" write-flash -p "$large" 0x8000 "$samples/esp32c3/partition-table.bin" \
    0xffd000 data.bin
expect 6 "only the first 16 MB" erase-region -p "$large" 0xfff000 0x2000
expect 6 "only the first 16 MB" read-flash -p "$large" 0 ALL all.bin
expect 2 "only the first 16 MB" erase-flash -p "$large" --no-stub
cmp l.flash before.flash || complain "a flash was changed though it was refused"

# ---- where the flash is
expect 2 "no SPI connection" flash-id -p emu:esp32 --spi-connection 1,2,3
expect 2 "there twice" flash-id -p emu:esp32 -sc 1,2,3,4,1
expect 2 "no pin 34 for HD" flash-id -p emu:esp32 --spi_connection 0,1,2,34,4
expect 2 "HSPI" flash-id -p emu:esp8266 -sc HSPI --no-stub
expect 0 "" flash-id -p emu:esp32 -sc SPI
"$espjig" --help >help.out
grep -q 'spi-connection' help.out || complain "--spi-connection is not in the help"

stubs=$("$espjig" --version -v | grep -c '^stub for ESP32-C3: /')
if [ "$stubs" -gt 0 ]; then
    # ---- a line that does not carry the rate: found out by the proof, in the ROM and in the stub
    expect 0 "921600 baud" write-flash -b 921600 \
        -p emu:esp32c3,bad-above=460800,bad-rate=0.2,flash-file=b.flash 0x10000 data.bin
    in_flash b.flash 0x10000 data.bin

    # ---- a stub that does not come up: at the higher rate, at the connecting rate; then the ROM does it
    mkdir broken
    file=$("$espjig" --version -v | sed -n 's/^stub for ESP32-C3: \(.*\.json\).*/\1/p' | head -1)
    sed 's/\("text": *"\)...../\1AAAAA/' "$file" >broken/esp32c3.json
    cmp -s "$file" broken/esp32c3.json && complain "the stub could not be broken"
    expect 0 "again at the connecting rate" write-flash -b 921600 -p emu:esp32c3,flash-file=s.flash \
        --stub-dir broken 0x10000 data.bin
    grep -q "did not report within 3.0 s; trying the next best" err || complain "not tried again slowly"
    in_flash s.flash 0x10000 data.bin

    # ---- the stub of another chip is not even sent
    cp "$file" broken/esp32.json
    expect 0 "do not lie in the ESP32's RAM" write-flash -p emu:esp32,flash-file=w.flash --stub-dir broken \
        0x10000 data.bin
    in_flash w.flash 0x10000 data.bin
fi

# ---- a place for stubs that is none
expect 2 "missing: No such file" write-flash -p emu:esp32 --stub-dir missing 0x10000 data.bin
expect 2 "data.bin: not a directory" write-flash -p emu:esp32 --stub-dir data.bin 0x10000 data.bin

# ---- Secure Download Mode: written, but never a PASS. ENABLE_SECURITY_DOWNLOAD is bit 5 of the fifth
# eFuse word.
run read-mac -p emu:esp32c3,efuse-file=s.efuse
printf '\040' | dd of=s.efuse bs=1 seek=16 conv=notrunc 2>dd.err
secured=emu:esp32c3,efuse-file=s.efuse,flash-file=sdm.flash
run chip-id -p "$secured"
if grep -q "^security:.*secure download" out; then
    expect 6 "secure download" write-flash -p "$secured" 0x10000 data.bin
    expect 5 "lets nobody check it" write-flash --force -p "$secured" 0x10000 data.bin 0x20000 data.bin
    in_flash sdm.flash 0x10000 data.bin
    in_flash sdm.flash 0x20000 data.bin
    expect 6 "tell it with --flash-size" write-flash --force -p "$secured" 0x1ff000 data.bin
    expect 5 "lets nobody check it" write-flash --force -fs 4MB -p "$secured" 0x1ff000 data.bin
    in_flash sdm.flash 0x1ff000 data.bin
else
    echo "the emulated chip knows no Secure Download Mode: not tested"
fi

finish
