#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# Memory, programs in RAM, the flash's own registers, security information and each way to leave, on
# emulated chips. The emulator's files and its log of frames are the judges, not espjig.
# shellcheck source=tests/cli_lib.sh
. "${top_srcdir:-.}/tests/cli_lib.sh"

emu=${ESPJIG_EMU:-$top_builddir/espjig-emu}
[ -x "$emu" ] || { echo "espjig-emu is missing"; exit 77; }
export ESPJIG_EMU="$emu"
cd "$tmp" || exit 99

# said LINE: it is on stdout, whole.
said()
{
    grep -qx -e "$1" out || complain "nothing like \"$1\" on stdout"
}

# logged PATTERN [FILE]: in the emulator's log.
logged()
{
    grep -Eq -e "$1" "${2:-frames.log}" || complain "no \"$1\" in the emulator's log: $(tail -n 5 "${2:-frames.log}")"
}

not_logged()
{
    if grep -Eq -e "$1" "${2:-frames.log}"; then
        complain "\"$1\" is in the emulator's log"
    fi
}

# A board that stays: $port, $control; stopped by board_off. The client leaves it as --after says.
board_on() # OPTION...
{
    rm -f control
    emu_start "$@" --rfc2217 0 --control control --log board.log
    port=rfc2217://$emu_address
}

power_cycle()
{
    [ "$("$top_builddir/tests/socket_line" control power-cycle)" = ok ] || complain "no power cycle"
}

board_off()
{
    kill $emu_pid
    wait $emu_pid 2>wait.err
}
trap '[ -z "${emu_pid:-}" ] || kill $emu_pid 2>/dev/null; rm -rf "$tmp"' EXIT

magic_of()
{
    case $1 in esp8266) echo 0xfff0c101 ;; esp32) echo 0x00f01d83 ;; esp32c3) echo 0x1b31506f ;; esac
}

ram_of()
{
    case $1 in esp8266) echo 0x3ffe8000 ;; esp32) echo 0x3ffb0000 ;; esp32c3) echo 0x3fc90000 ;; esac
}

# ---- words of memory, on each chip
words()
{
    ram=$(ram_of "$1")
    next=$(printf '0x%08x' $((ram + 4)))
    expect 0 "" read-mem -q -p "emu:$1" 0x40001000
    said "address: 0x40001000"
    said "value: $(magic_of "$1")"

    board_on --chip "$1"
    expect 0 "" write-mem -a no-reset -p "$port" "$ram" 0x12345678
    said "0x12345678 with mask 0xffffffff written to $ram"
    expect 0 "" --before no-reset -a no-reset write_mem -p "$port" "$ram" 0xaabbccdd 0x00ffff00
    expect 0 "" --before no-reset -a no-reset write-mem -p "$port" "$next" 0x9abcdef0
    expect 0 "" --before no-reset -a no-reset read-mem -q -p "$port" "$ram"
    said "value: 0x12bbcc78"
    expect 0 "" --before no-reset -a no-reset --json dump_mem -p "$port" $((ram + 1)) 6 dump.bin
    [ "$("$json_lines" result op <out)" = dump-mem ] || complain "$1: dump-mem has no result"
    grep -q "\"md5\":\"$(md5sum <dump.bin | cut -d' ' -f1)\"" out || complain "$1: another MD5 than dump.bin"
    printf '\314\273\022\360\336\274' | cmp - dump.bin || complain "$1: dump-mem: $(od -tx1 dump.bin)"
    board_off
}
for chip in esp8266 esp32 esp32c3; do
    words $chip
done

# The eFuses: the same words as in the emulator's file. No stub is put over what is dumped.
expect 0 "" dump-mem -p emu:esp32,efuse-file=e.efuse,log=frames.log 0x3ff5a000 28 dump.bin
cmp -n 28 e.efuse dump.bin || complain "dump-mem of the eFuses"
not_logged MEM_BEGIN
expect 0 "" dump-mem -p emu:esp32,efuse-file=e.efuse --json 0x3ff5a000 0x1000 dump.bin
[ "$(wc -c <dump.bin)" -eq 4096 ] || complain "dump-mem: $(wc -c <dump.bin) bytes, not 4096"
"$json_lines" progress "done" <out | grep -qx 4096 || complain "dump-mem: no progress to its end"

# An old file survives a dump that fails; a stopped one ends at once.
echo precious >dump.bin
run dump-mem -p emu:esp32 --fault cut=3000 0x3ffb0000 0x10000 dump.bin
[ "$status" -eq 3 ] || complain "a cut while dumping: status $status, not 3"
[ "$(cat dump.bin)" = precious ] || complain "dump.bin is lost"
: >out
"$espjig" dump-mem --json -p emu:esp32,pace 0x3ffb0000 0x20000 dump.bin </dev/null >out 2>err &
pid=$!
n=0
until grep -Eq '"op":"dump-mem".*"done":[1-9]' out || [ $n -gt 300 ]; do
    n=$((n + 1))
    sleep 0.1
done
kill -s INT $pid
wait $pid
status=$?
[ $status -eq 130 ] || complain "dump-mem stopped: status $status, not 130"
[ "$(cat dump.bin)" = precious ] || complain "dump.bin is lost"

# ---- programs in RAM: bootloaders are such
for chip in esp8266 esp32 esp32c3; do
    expect 0 "" load-ram -p emu:$chip,log=frames.log "$samples/$chip/bootloader.bin"
    grep -q "bootloader.bin is in RAM and runs from 0x40" out || complain "$chip: load-ram says nothing"
    logged "> MEM_END"
    sed '1,/> MEM_END/d' frames.log >after.log
    not_logged "EN low" after.log # it is left alone
done
[ "$(grep -c '> MEM_BEGIN' frames.log)" -eq "$(od -An -tu1 -j1 -N1 "$samples/esp32c3/bootloader.bin")" ] ||
    complain "load-ram: not one MEM_BEGIN for each segment"
cp frames.log before.log
expect 6 "is an image for ESP32, the chip is ESP32-C3" load-ram -p emu:esp32c3,log=frames.log "$samples/esp32/bootloader.bin"
not_logged MEM_BEGIN
expect 2 "is not in the RAM of ESP32" load-ram -p emu:esp32,log=frames.log "$samples/esp32/app.bin"
not_logged MEM_BEGIN
expect 2 "is not in the RAM of ESP32" load-ram -c esp32 -p /dev/nowhere "$samples/esp32/app.bin"
cp "$samples/esp32/bootloader.bin" damaged.bin
printf X | dd of=damaged.bin bs=1 seek=100 conv=notrunc 2>dd.err
expect 2 "damaged.bin: damaged" load-ram -p /dev/nowhere damaged.bin
expect 2 "not an Espressif firmware image" load-ram -p /dev/nowhere "$samples/esp32/partition-table.bin"

# ---- run
board=flash-file=8266.flash
expect 0 "" write-flash -p emu:esp8266,$board 0 "$samples/esp8266/bootloader.bin" 0x10000 "$samples/esp8266/app.bin"
expect 0 "" run -p emu:esp8266,$board,log=frames.log
logged "> FLASH_END 000404000000000001000000"
logged "reset \(software\) into flash"
sed '1,/> FLASH_END/d' frames.log >after.log
not_logged "EN low" after.log
expect 0 "" run -p emu:esp32,log=frames.log
logged "> FLASH_END 000404000000000001000000"
sed '1,/> FLASH_END/d' frames.log >after.log
logged "EN low" after.log # its ROM can't be relied upon

# ---- each way to leave
leave() # CHIP AFTER WARNING EVENT|- OPTION...
{
    chip=$1 after=$2 warning=$3 event=$4
    shift 4
    expect 0 "$warning" chip-id -p "emu:$chip,log=frames.log" -a "$after" "$@"
    sed '1,/> SYNC/d' frames.log >after.log # the reset into the loader is before
    if [ "$event" = - ]; then
        not_logged "EN low|reset \(" after.log
    else
        logged "$event" after.log
    fi
}
for chip in esp8266 esp32 esp32c3; do
    leave "$chip" hard-reset "" "EN low"
    leave "$chip" no-reset "" -
    leave "$chip" no-reset-stub "" - --no-stub
done
leave esp8266 soft-reset "" "reset \(software\) into flash"
leave esp32 soft-reset "the ROM of ESP32 can't do a soft reset: hard reset instead" "EN low"
leave esp32c3 watchdog-reset "" "reset \(RTC watchdog\)"
leave esp32c3 watchdog_reset "" "reset \(RTC watchdog\)"
not_logged "EN low" after.log
leave esp32 watchdog-reset "ESP32 can't be reset by its watchdog: hard reset instead" "EN low"
leave esp8266 watchdog-reset "ESP8266 can't be reset by its watchdog: hard reset instead" "EN low"

# ---- the flash's status: until its next reset, which is at the next command; or for good
for chip in esp8266 esp32 esp32c3; do
    board_on --chip $chip
    expect 0 "" read-flash-status -q -p "$port"
    said "status: 0x0000"
    expect 0 "" write-flash-status -p "$port" 0x021c
    said "the status of the flash was 0x0000 and is 0x021c until its next reset"
    expect 0 "" read_flash_status -q -p "$port" --bytes 1
    said "status: 0x00"
    expect 0 "" write-flash-status -p "$port" --bytes 3 --non-volatile 0x600218
    said "the status of the flash was 0x000000 and is 0x600218"
    expect 0 "" write-flash-status -p "$port" --bytes 1 --non-volatile 4
    power_cycle
    expect 0 "" read-flash-status -q -p "$port" --bytes 3
    said "status: 0x600204"
    board_off
done

# ---- a write-protected flash says that it was erased
board_on --chip esp32 --flash 1MB --flash-file protected.flash
head -c 4096 /dev/zero >one.bin
expect 0 "" write-flash --no-stub -p "$port" 0xff000 one.bin
expect 0 "" write-flash-status --no-stub -p "$port" --bytes 1 --non-volatile 4 # BP0: its end
expect 5 "said that .* were erased, but they are not blank" erase-flash --no-stub -p "$port"
expect 5 "said that .* were erased, but they are not blank" write-flash --no-stub --erase-all -p "$port" 0x1000 one.bin
cmp -s -n 4096 one.bin protected.flash 0 $((0xff000)) || complain "the protected sector was erased"
board_off

# ---- SFDP: the signature, and any part of it
expect 0 "" read-flash-sfdp -q -p emu:esp32 0 64
said "bytes: 53464450.*"
whole=$(sed -n 's/^bytes: //p' out)
for chip in esp8266 esp32c3; do
    expect 0 "" read_flash_sfdp -q -p emu:$chip 4 7
    said "bytes: $(echo "$whole" | cut -c 9-22)"
done

# ---- security information
expect 0 "" get-security-info -q -p emu:esp32c3
for line in "flags: 0x00000000" "secure_boot: off" "secure_download: off" "flash_encryption: off" "chip_id: 5"; do
    said "$line"
done
said "key_purposes: 0 USER/EMPTY, .*, 5 USER/EMPTY"
expect 0 "" get-security-info -q -p emu:esp32c2 # whose key blocks have no purposes
said "chip_id: 12"
for chip in esp8266 esp32; do
    expect 2 "does not tell its security information" get-security-info -p emu:$chip
done

# ---- Secure Download Mode: said plainly; what it does not allow is refused before it is tried. Its
# eFuse is bit 5 of EFUSE_RD_REPEAT_DATA3, the fifth word of the emulator's file.
expect 0 "" read-mac -p emu:esp32c3,efuse-file=sdm.efuse
printf '\040' | dd of=sdm.efuse bs=1 seek=16 conv=notrunc 2>dd.err
sdm=emu:esp32c3,efuse-file=sdm.efuse,log=frames.log
expect 0 "" get-security-info -p "$sdm"
said "Secure Download Mode is on"
said "flag_names: SECURE_DOWNLOAD_ENABLE"
said "secure_download: on"
for c in "read-mem 0" "write-mem 0 0" "dump-mem 0 16 dump.bin" "load-ram $samples/esp32c3/bootloader.bin" \
    "read-flash-status" "write-flash-status --force 0" "read-flash-sfdp 0 4" read-mac flash-id; do
    # shellcheck disable=SC2086 # words
    expect 2 "is in Secure Download Mode, which does not allow ${c%% *}" -p "$sdm" $c
    not_logged "READ_REG|WRITE_REG|MEM_BEGIN"
done
leave esp32c3,efuse-file=sdm.efuse watchdog-reset "out of reach in Secure Download Mode: hard reset" "EN low"
expect 5 "lets nobody check it" erase-region --force -fs 4MB -p "$sdm" 0x300000 0x1000

# ---- the ESP8266's ROM has no MD5 and no checksum of its requests: what is read must come twice
head -c 3000 "$espjig" >r.bin
{ head -c 65536 /dev/zero; cat r.bin; head -c $((4194304 - 65536 - 3000)) /dev/urandom; } >r.flash
expect 0 "" read-flash --no-stub -p emu:esp8266,flash-file=r.flash 0x10000 3000 back.bin
cmp -s back.bin r.bin || complain "what was read is not what the flash holds"
for seed in 9 11 12 13 20 30; do
    rm -f back.bin
    run read-flash --no-stub -b 115200 -p emu:esp8266,flash-file=r.flash \
        --fault "seed=$seed,drop=0.0003,dir=tx" 0x10000 3000 back.bin
    [ "$status" != 0 ] || cmp -s back.bin r.bin || complain "seed $seed: PASS over data that was never there"
done

# ---- to the end of the flash
expect 0 "" erase-region -p emu:esp32c3,flash=1MB,flash-file=all.flash 0xff000 ALL
expect 2 "multiples of" erase-region -p emu:esp32c3,flash=1MB,flash-file=all.flash 0xff800 ALL
expect 6 "past the end of the flash" erase-region -p emu:esp32c3,flash=1MB,flash-file=all.flash 0x100000 ALL
head -c 1048576 /dev/zero >all.flash
expect 0 "" erase-region -p emu:esp32c3,flash=1MB,flash-file=all.flash 0xfe000 all
[ "$(tr -d '\0' <all.flash | wc -c)" -eq 8192 ] || complain "erase-region ALL: not 8192 bytes"

# ---- a chip with flash encryption: its flash is not to be locked by accident
expect 0 "" read-mac -p emu:esp32,efuse-file=secured.efuse
printf '\020' | dd of=secured.efuse bs=1 seek=2 conv=notrunc 2>dd.err
expect 6 "flash encryption" write-flash-status -p emu:esp32,efuse-file=secured.efuse 0
expect 0 "going on as forced" write-flash-status --force -p emu:esp32,efuse-file=secured.efuse 0
expect 0 "" read-flash-status -p emu:esp32,efuse-file=secured.efuse

# ---- several boards: through a station, with the op's members in JSON
expect 0 "" write-flash-status --bytes 1 -p emu:esp32 -p emu:esp32c3 0x1c
[ "$(grep -c "the status of the flash was 0x00 and is 0x1c" out)" -eq 2 ] || complain "two boards: not both"
expect 0 "" write-mem -p emu:esp32 -p emu:esp32,mac=24:0a:c4:00:00:02 0x3ffb0000 0xff 0x0f
[ "$(grep -c "0x000000ff with mask 0x0000000f written" out)" -eq 2 ] || complain "two boards: another mask"

finish
