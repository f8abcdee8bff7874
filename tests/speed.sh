#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# Only what changed is sent, and the rate that holds is found: whole jobs on the emulated chip, whose flash is compared
# byte for byte, on good lines and on bad ones.
# shellcheck source=tests/cli_lib.sh
. "${top_srcdir:-.}/tests/cli_lib.sh"

export ESPJIG_EMU="${ESPJIG_EMU:-$top_builddir/espjig-emu}"
[ "$("$espjig" --version -v | grep -c '^stub for .*: /')" -gt 0 ] || exit 77
cd "$tmp" || exit 99
size=$((512 * 1024)) at=65536
head -c "$size" /dev/urandom >data.bin

# change SECTOR...: one byte of each sector of data.bin becomes another one.
change()
{
    for sector; do
        old=$(od -An -tu1 -j $((sector * 4096 + 77)) -N1 data.bin)
        printf "\\$(printf %o $(((old + 1) % 256)))" |
            dd of=data.bin bs=1 seek=$((sector * 4096 + 77)) conv=notrunc 2>/dev/null
    done
}

# write STATUS EMULATOR-OPTIONS ARGUMENT...: writes data.bin; after status 0 the flash holds it.
write()
{
    want=$1 port=emu:esp32c3,flash-file=flash.bin$2
    shift 2
    run write-flash --json -p "$port" "$@" 0x10000 data.bin
    [ "$status" -eq "$want" ] || complain "write-flash $port $*: status $status, not $want"
    "$json_lines" <out >/dev/null || complain "write-flash $port $*: no lines of JSON"
    [ "$want" -ne 0 ] || cmp -s -n "$size" data.bin flash.bin 0 "$at" ||
        complain "write-flash $port $*: the flash holds something else"
}

# said PATTERN: in the events of the job.
said()
{
    grep -Eq -e "$1" out || complain "$port: nothing like \"$1\" is said"
}

# fresh: an empty flash.
fresh()
{
    rm -f flash.bin
}

# ---- only what changed
write 0 ""
said '"written":"524288","skipped":"0"'
write 0 ""
said 'data.bin: .* were already there'
said '"written":"0","skipped":"524288"'
said '"op":"verify-flash".*"done":524288'
change 40
write 0 "" -b 921600
said '1 of 128 sectors differ: 4 KB to send'
said '"written":"4096","skipped":"520192","baud":"921600"'
change 3 20 41 77 100 127
write 0 "" --no-stub
said '6 of 128 sectors differ'
change 9
write 0 "" --no-diff
said '"written":"524288","skipped":"0"'
change 9
write 0 "" --no-compress
said '"written":"4096"'
change 9
write 0 "" --erase-all
said '"written":"524288"'
# An address in mid-sector: what lies before it stays.
run write-flash -p "$port" 0x20c00 data.bin
[ "$status" -eq 0 ] && cmp -s -n $((0x10c00)) data.bin flash.bin 0 "$at" || complain "what lay before is not kept"
change 2 64
run write-flash -p "$port" 0x20c00 data.bin
[ "$status" -eq 0 ] && cmp -s -n "$size" data.bin flash.bin 0 $((0x20c00)) || complain "0x20c00: not all is there"

# ... also where the first try breaks off, when it may be erased already.
cp flash.bin before.bin
head -c 65536 /dev/urandom >small.bin
fell=0
for bytes in 3600 4200 4800 5400; do
    cp before.bin flash.bin
    run write-flash --no-stub -b 230400 0x20800 small.bin \
        -p "emu:esp32,flash-file=flash.bin,bad-above=115200,go-bad=$bytes,bad-rate=0.02,bad-direction=to-chip"
    [ "$status" -eq 0 ] || continue
    cmp -s -n $((0x20800)) before.bin flash.bin || complain "what lay before is lost when the line is bad after $bytes"
    grep -q "going on at 115200" err && fell=$((fell + 1))
done
[ "$fell" -gt 0 ] || complain "the line was never bad in time"

# ---- a bad line. The emulated chip's damages bytes above a rate.
for option in bad-above=460800 max-baud=460800; do
    fresh
    write 0 ",$option"
    case $option in
    max*) said 'a lower rate is used' ;;
    *) said '"level":"warning".*baud does not hold .*: going on at' ;;
    esac
    said '"written":"524288","skipped":"0","baud":"'
done
fresh
write 0 ",bad-above=460800,go-bad=200000" -b 1500000 # one that was given falls, too
said '1500000 baud does not hold .*going on at 921600'
said '921600 baud does not hold .*going on at 460800'
said '[1-9][0-9]* of 128 sectors differ' # what had been written is not sent again
said '"written":"524288"'
fresh
write 1 "" --connect-attempts 2 --fault seed=3,stall=200000 # no line at all any more: the first cause, once
said '"event":"done".*"error":"no-reply"'
[ "$(grep -c 'baud does not hold' out)" -eq 1 ] || complain "a dead chip is tried at many rates"
cp data.bin first.bin

# ---- a line without reset lines: the chip has to be talked down
emu_pid=
trap '[ -z "$emu_pid" ] || kill "$emu_pid" 2>/dev/null; rm -rf "$tmp"' EXIT
in_loader() # OPTION...: on $tmp/tty
{
    emu_start --chip esp32c3 --flash-file flash.bin --boot download --link "$tmp/tty" "$@"
}
no_reset() # ARGUMENT...: writes data.bin
{
    run write-flash -v -p "$tmp/tty" --before no-reset -a no-reset-stub "$@" 0x10000 data.bin
    [ "$status" -eq 0 ] || complain "without a reset, $*: status $status"
    cmp -s -n "$size" data.bin flash.bin 0 "$at" || complain "without a reset: the flash holds something else"
    kill "$emu_pid"
    wait "$emu_pid" 2>/dev/null
}
for seed in 1 2 3; do
    fresh
    in_loader --bad-above 460800 --seed $seed
    no_reset
    grep -q '921600 baud does not hold .*going on at 460800' err || complain "no fall without a reset"
done
fresh
in_loader --bad-above 460800 --bad-rate 0.01 # a third of the shortest frames is damaged
no_reset -b 1500000
fresh
in_loader --max-baud 1000000 # accepts more, and makes noise of it: nothing could undo that
no_reset
grep -q 'written in .* at 921600 baud' out || complain "climbed above what can be undone"

# ---- reading falls back, and goes on
fresh
write 0 ""
run read-flash -p "emu:esp32c3,flash-file=flash.bin,bad-above=460800,go-bad=150000" 0x10000 "$size" back.bin
[ "$status" -eq 0 ] && cmp -s data.bin back.bin || complain "reading over a bad line: status $status, or another file"

# ---- what is remembered: not for emu:, but for a remote port
rates=$XDG_STATE_HOME/espjig/rates.json
[ ! -e "$rates" ] || complain "an emulated port was remembered"
fresh
emu_start --chip esp32c3 --flash-file flash.bin --max-baud 1500000 --rfc2217 0
port=rfc2217://$emu_address
expect 0 "" write-flash -v -p "$port" 0x10000 data.bin
grep -q '"failed": 2000000' "$rates" && grep -q '"good": 1500000' "$rates" || complain "not remembered: $(cat "$rates")"
change 5 6 7 8 9 10 11 12 13 14 15 16 17
expect 0 "" write-flash -v -p "$port" 0x10000 data.bin
grep -q 'debug: 1500000 baud' out && ! grep -q 'debug: 921600 baud' out && ! grep -q 'lower rate' out ||
    complain "what is remembered is not used"
echo '{"ports' >"$rates"
change 5 6 7 8 9 10 11 12 13 14 15 16 17
expect 0 "rates.json is damaged: the rates in it are ignored" write-flash -p "$port" 0x10000 data.bin
grep -q '"good": 921600' "$rates" || complain "the damaged file was not begun anew"
kill "$emu_pid"

# ---- what makes no sense
for baud in fast "" 0 -1 299 12000001 115200x auto1; do
    expect 2 "--baud: \"$baud\" is neither auto nor a rate" "--baud=$baud" chip-id -p x
done
finish
