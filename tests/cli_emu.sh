#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# The command line against emulated chips: what lands in the flash, and what is said when the line
# or the chip goes bad. The emulator's flash file is the judge, not espjig.
# shellcheck source=tests/cli_lib.sh
. "${top_srcdir:-.}/tests/cli_lib.sh"

emu=${ESPJIG_EMU:-$top_builddir/espjig-emu}
[ -x "$emu" ] || { echo "espjig-emu is missing"; exit 77; }
export ESPJIG_EMU="$emu"
cd "$tmp" || exit 99
seq 1 4000 >data.bin  # 18893 bytes: no multiple of 4, and compressible
seq 4000 4400 >other.bin # 2005 bytes

# in_flash FLASH OFFSET FILE: the flash holds the file there.
in_flash()
{
    cmp -n "$(wc -c <"$3")" -i "$(($2)):0" "$1" "$3" >cmp.out 2>&1 ||
        complain "$1 does not hold $3 at $2: $(cat cmp.out)"
}

# erased FLASH OFFSET SIZE
erased()
{
    left=$(tail -c +$(($2 + 1)) "$1" | head -c $(($3)) | tr -d '\377' | wc -c)
    [ "$left" -eq 0 ] || complain "$1 is not erased at $2: $left bytes are left"
}

bootloader_at()
{
    case $1 in esp32) echo 0x1000 ;; *) echo 0x0 ;; esac
}

# ---- a flash that is smaller than its id says begins anew behind its end
expect 5 "data.bin at 0x10000 was verified, but is damaged since" \
    write-flash -p emu:esp32c3,flash=2MB,flash-id=ef4016 0x10000 data.bin 0x210000 other.bin
run write-flash --json -p emu:esp32c3,flash=2MB,flash-id=ef4016 0x10000 data.bin 0x210000 other.bin
grep -q '"op":"verify-flash","ok":false,"data":{"file":"data.bin"' out || complain "no result takes back that data.bin is well"

# ---- every op, three chips, with and without the stub
every_op()
{
    chip=$1
    shift
    port=emu:$chip,flash-file=$chip.flash,mac=24:0a:c4:00:12:34
    boot=$samples/$chip/bootloader.bin at=$(bootloader_at "$chip")
    rm -f "$chip.flash"

    expect 0 "" chip-id -p "$port" "$@"
    grep -q "^chip: $chip\$" out || complain "chip-id does not say $chip"
    expect 0 "" read-mac -q -p "$port" "$@"
    grep -q "^mac: 24:0a:c4:00:12:34\$" out || complain "read-mac says $(cat out)"
    case $chip in
    esp8266) want="mac_ap: 26:0a:c4:00:12:34" ;;
    *) want="mac_ap: 24:0a:c4:00:12:35 mac_bt: 24:0a:c4:00:12:36 mac_ethernet: 24:0a:c4:00:12:37" ;;
    esac
    [ "$(grep -v ^mac: out | tr '\n' ' ')" = "$want " ] || complain "read-mac says $(cat out)"
    expect 0 "" flash_id -p "$port" --json "$@"
    [ "$("$json_lines" flash size <out)" = 4194304 ] || complain "flash-id: the size is not 4 MB"

    said="other.bin at 0x8000 puts something else to 0x8000"
    [ "$chip" != esp8266 ] || said="" # which needs no partition table
    expect 0 "$said" write-flash -p "$port" "$@" -fs keep "$at" "$boot" 0x8000 other.bin 0x10000 data.bin
    grep -q "PASS" out || complain "$chip $*: no PASS"
    in_flash "$chip.flash" "$at" "$boot"
    in_flash "$chip.flash" 0x8000 other.bin
    in_flash "$chip.flash" 0x10000 data.bin
    erased "$chip.flash" $((0x10000 + 18896)) 1024

    expect 0 "" verify-flash -p "$port" "$@" -fs keep "$at" "$boot" 0x10000 data.bin
    printf X | dd of="$chip.flash" bs=1 seek=$((0x10000 + 5000)) conv=notrunc 2>dd.err
    expect 5 "data.bin at 0x10000" verify-flash -p "$port" "$@" 0x10000 data.bin 0x8000 other.bin
    grep -q "other.bin at 0x8000: the flash holds it" out || complain "other.bin was not compared"

    expect 0 "" read-flash -p "$port" "$@" 0x8000 2005 read.bin
    cmp read.bin other.bin || complain "$chip $*: read-flash"
    expect 6 "past the end of the flash" read-flash -p "$port" "$@" 0x3fff00 0x200 read.bin
    expect 0 "" read-flash -p "$port" "$@" 0x3ff800 ALL read.bin
    [ "$(wc -c <read.bin)" -eq 2048 ] || complain "$chip $*: ALL is not the rest"

    expect 0 "" erase-region -p "$port" "$@" 0x8000 0x1000
    erased "$chip.flash" 0x8000 0x1000
    in_flash "$chip.flash" "$at" "$boot"
    expect 6 "past the end of the flash" erase-region -p "$port" "$@" 0x3ff000 0x2000
    expect 0 "" erase_flash -p "$port" "$@" --json
    by=md5
    [ "$chip $*" = "esp8266 --no-stub" ] && by=status # that ROM has no MD5
    grep -q "\"confirmed_by\":\"$by\"" out || complain "$chip $*: erased, but who says so?"
    erased "$chip.flash" 0 0x400000
}

stubs=$("$espjig" --version -v | grep -c '^stub for .*: /')
[ "$stubs" -gt 0 ] || echo "no stubs are found: the ROM alone is tested"
for chip in esp8266 esp32 esp32c3; do
    every_op "$chip" --no-stub
    [ "$stubs" -eq 0 ] || every_op "$chip"
done

# ---- the header's settings; a sector that is used already is erased first
port=emu:esp32,flash-file=esp32.flash
expect 0 "" write-flash -p "$port" -fm dout -ff 20m -fs 2MB bootloader "$samples/{chip}/bootloader.bin"
[ "$(od -An -tx1 -j $((0x1002)) -N 2 esp32.flash | tr -d ' \n')" = 0312 ] ||
    complain "mode, frequency and size are not in the header"
expect 0 "data.bin at 0x1000 is no image" write-flash -p "$port" -u -e 0x1000 data.bin
in_flash esp32.flash 0x1000 data.bin
expect 0 "other.bin at 0x1000 is no image" write-flash -p "$port" -z 0x1000 other.bin
in_flash esp32.flash 0x1000 other.bin

# ---- refused before anything is erased
cp esp32.flash before.flash
expect 6 "esp32|ESP32" write-flash -p "$port" -c esp32c3 0x10000 data.bin
expect 6 "bootloader.bin" write-flash -p "$port" 0x1000 "$samples/esp32c3/bootloader.bin"
expect 6 "24:0a:c4:99:99:99" write-flash -p "$port" --expect-mac 24:0a:c4:99:99:99 0x10000 data.bin
expect 6 "data.bin.*past the end of the 4 MB" write-flash -p "$port" 0x3fe000 data.bin
expect 3 "no-such-chip" chip-id -p emu:no-such-chip
expect 2 "." chip-id -p "$port" --fault explode=1
cmp esp32.flash before.flash || complain "something was written though it was refused"

# ---- a size that is larger than the flash: addresses, and MD5s with them, would wrap around
small=emu:esp32,flash=1MB,flash-file=small.flash
expect 6 "data.bin.*past the end of the 1 MB" write-flash -p "$small" -fs 4MB 0x180000 data.bin
erased small.flash 0x80000 0x8000
expect 0 "the flash has 1 MB, not the 4 MB that were asked for" write-flash -p "$small" -fs 4MB 0x80000 data.bin
in_flash small.flash 0x80000 data.bin

# ---- a chip with flash encryption: bit 0 of FLASH_CRYPT_CNT is bit 20 of the first eFuse word
expect 0 "" read-mac -p emu:esp32,efuse-file=secured.efuse
printf '\020' | dd of=secured.efuse bs=1 seek=2 conv=notrunc 2>dd.err
port=emu:esp32,flash-file=esp32.flash,efuse-file=secured.efuse
expect 6 "flash encryption" write-flash -p "$port" 0x10000 data.bin
expect 6 "flash encryption" erase-flash -p "$port"
cmp esp32.flash before.flash || complain "a secured chip was written to"
expect 0 "" chip-id -p "$port"
grep -q "^security: flash encryption" out || complain "chip-id does not say that it is secured"
expect 0 "flash encryption enabled; going on as forced" erase-region --force -p "$port" 0x3ff000 0x1000
port=emu:esp32,flash-file=esp32.flash

# ---- a damaged stub: the ROM does it
mkdir bad && echo '{"entry":' >bad/esp32.json
limit=60 run write-flash -p "$port" --stub-dir bad 0x10000 data.bin
[ "$status" -eq 0 ] || complain "a damaged stub file is not survived"
in_flash esp32.flash 0x10000 data.bin

# ---- several ports at once, the worst status counts
expect 0 "" write-flash -p emu:esp32,flash-file=a.flash -p emu:esp32c3,flash-file=b.flash 0x10000 data.bin
in_flash a.flash 0x10000 data.bin
in_flash b.flash 0x10000 data.bin
[ "$(grep -c "PASS" out)" -eq 2 ] || complain "two boards, but not two PASS"
run write-flash --json -c esp32 -p emu:esp32,flash-file=a.flash -p emu:esp32c3,flash-file=b.flash \
    -p /dev/nowhere 0x20000 data.bin
[ "$status" -eq 6 ] || complain "three boards: status $status, not 6"
[ "$("$json_lines" done exit <out | sort | tr '\n' ' ')" = "0 3 6 " ] ||
    complain "three boards: $("$json_lines" done exit <out | tr '\n' ' ')"
in_flash a.flash 0x20000 data.bin

# ---- stopped, and unplugged, in the middle
# wait_for PATTERN: in the output of what runs in the background, at most 30 s.
wait_for()
{
    n=0
    until grep -Eq "$1" out; do
        n=$((n + 1))
        [ $n -lt 300 ] || return 1
        sleep 0.1
    done
}

background() # ARGUMENT...: $pid
{
    : >out # of the run before: it is not to be waited for
    "$espjig" "$@" </dev/null >out 2>err &
    pid=$!
}

app=$samples/esp32/app.bin
for signal in INT TERM; do
    background write-flash --json -p emu:esp32,pace,flash-file=c.flash 0x10000 "$app"
    wait_for '"op":"write-flash".*"done":[1-9]' || complain "no progress"
    kill -s $signal $pid
    wait $pid
    status=$?
    [ $status -eq 130 ] || complain "stopped by $signal: status $status, not 130"
    [ "$("$json_lines" done result <out)" = cancelled ] || complain "$signal: not cancelled"
    grep -q '"state":"reset"' out || complain "$signal: the chip was not reset"
done

background write-flash --json -p emu:esp32,pace,flash-file=a.flash \
    -p emu:esp32,pace,flash-file=b.flash 0x10000 "$app"
wait_for '"op":"write-flash".*"done":[1-9]' || complain "no progress of two"
kill -s TERM $pid
wait $pid
status=$?
[ $status -eq 130 ] || complain "two boards stopped: status $status, not 130"
[ "$("$json_lines" done result <out | sort -u)" = cancelled ] || complain "two boards stopped: not cancelled"

emu_start --chip esp32 --pace --rfc2217 0
address=$emu_address
background write-flash --json -p "rfc2217://$address" 0x10000 "$app"
wait_for '"op":"write-flash".*"done":[1-9]' || complain "no progress over rfc2217://$address"
kill -KILL $emu_pid
wait $pid
status=$?
[ $status -eq 3 ] || complain "the emulator was killed: status $status, not 3"
[ "$("$json_lines" done error <out)" = port-lost ] || complain "the emulator was killed: not port-lost"
grep -q '"pass"' out && complain "the emulator was killed: PASS"

# ---- nobody reads stdout any more
{ "$espjig" write-flash -p emu:esp32,flash-file=d.flash 0x10000 data.bin 2>err; echo $? >status; } | :
[ "$(cat status)" = 0 ] || complain "closed stdout: status $(cat status)"
in_flash d.flash 0x10000 data.bin

# ---- several boards: compressed once for all, and not again the next time
seq 1 20000 >many.bin
for built in 1 0; do
    rm -f m1.flash m2.flash m3.flash
    expect 0 "" write-flash -v -b 460800 -p emu:esp32,flash-file=m1.flash -p emu:esp32,flash-file=m2.flash \
        -p emu:esp32,flash-file=m3.flash 0x10000 many.bin
    for board in m1 m2 m3; do in_flash $board.flash 0x10000 many.bin; done
    count=$(cat out err | grep -c "many.bin: .* after compressing")
    [ "$count" -eq $built ] || complain "compressed $count times, not $built"
    count=$(cat out err | grep -c "many.bin: .* from the cache")
    [ "$count" -eq $((3 - built)) ] || complain "from the cache $count times, not $((3 - built))"
done

# ---- no connection
: >out
run chip-id -p emu:esp32 --fault stall=0 --connect-attempts 1
[ "$status" -eq 4 ] || complain "a silent chip: status $status, not 4"
grep -q '^hint: ' err || complain "a silent chip: no hint"

# ---- an old file survives a read that fails
echo precious >read.bin
run read-flash -p emu:esp32,flash-file=d.flash --fault cut=30000 0x10000 0x20000 read.bin
[ "$status" -eq 3 ] || complain "a cut while reading: status $status, not 3"
[ "$(cat read.bin)" = precious ] || complain "read.bin is lost"
[ -z "$(find . -name '.read.bin*')" ] || complain "a temporary file is left over"

# ---- a bad line: success or a clean error, and PASS only with the right flash
seed=1
while [ $seed -le "${FAULT_SEEDS:-6}" ]; do
    rm -f e.flash
    limit=100 run write-flash --json -p emu:esp32,flash-file=e.flash \
        --fault "seed=$seed,drop=0.00003,flip=0.00003,garbage=0.00001" 0x10000 data.bin
    case $status in
    0) in_flash e.flash 0x10000 data.bin ;;
    1 | 3 | 4 | 5) ;;
    *) complain "seed $seed: status $status" ;;
    esac
    [ "$("$json_lines" done exit <out)" = "$status" ] || complain "seed $seed: done does not say $status"
    seed=$((seed + 1))
done

finish
