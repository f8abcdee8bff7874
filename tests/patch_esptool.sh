#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# What --flash-mode, --flash-freq and --flash-size make of a header, byte for byte against esptool:
# its merge-bin, and its write-flash on an emulated chip where the size is detected. Runs where
# ESPTOOL names one.
# shellcheck source=tests/cli_lib.sh
. "${top_srcdir:-.}/tests/cli_lib.sh"

[ -n "${ESPTOOL:-}" ] || { echo "ESPTOOL is not set"; exit 77; }
emu=${ESPJIG_EMU:-$top_builddir/espjig-emu}
[ -x "$emu" ] || { echo "espjig-emu is missing"; exit 77; }
emu=$(realpath "$emu") espjig=$(realpath "$espjig") samples=$(realpath "$samples")
export ESPJIG_EMU="$emu"
cd "$tmp" || exit 99

# esptool ARGUMENT...: its output in ./esptool.out
esptool()
{
    # shellcheck disable=SC2086 # a command with arguments
    timeout 120 $ESPTOOL "$@" >esptool.out 2>&1 || {
        complain "esptool $*"
        cat esptool.out
    }
}

# same CHIP AT FILE: the flash holds what esptool made.
same()
{
    cmp -n "$(wc -c <want.bin)" -i "$(($2)):0" espjig.flash want.bin >cmp.out 2>&1 ||
        complain "$1, $3 ($settings): not as esptool makes it: $(cat cmp.out)"
}

# by_merge CHIP AT FILE SETTING...
by_merge()
{
    chip=$1 at=$2 file=$3
    shift 3
    settings=$*
    rm -f espjig.flash
    esptool --chip "$chip" merge-bin -o want.bin --target-offset "$at" "$@" "$at" "$file"
    run write-flash --force -p "emu:$chip,flash=16MB,flash-file=espjig.flash" "$@" "$at" "$file"
    [ "$status" -eq 0 ] || complain "$chip: write-flash $settings: status $status"
    same "$chip" "$at" "$file"
}

# Where esptool finds the size out: on the same kind of chip.
by_writing()
{
    chip=$1 at=$2 file=$3
    shift 3
    settings=$*
    rm -f espjig.flash esptool.flash
    "$emu" --chip "$chip" --flash 8MB --flash-file esptool.flash --link "$tmp/port" --boot download >emu.out 2>&1 &
    pid=$!
    for _ in 1 2 3 4 5 6 7 8 9 10; do
        [ -e port ] && break
        sleep 0.1
    done
    esptool --chip "$chip" --port "$tmp/port" --before no-reset --after no-reset --no-stub \
        write-flash "$@" "$at" "$file"
    kill "$pid"
    wait "$pid" 2>/dev/null
    rm -f port
    run write-flash -p "emu:$chip,flash=8MB,flash-file=espjig.flash" --no-stub "$@" "$at" "$file"
    [ "$status" -eq 0 ] || complain "$chip: write-flash $settings: status $status"
    head -c $(($(wc -c <"$file") + at)) esptool.flash | tail -c +$((at + 1)) >want.bin
    same "$chip" "$at" "$file"
}

for chip in esp8266 esp32 esp32s2 esp32s3 esp32c2 esp32c3 esp32c5 esp32c6 esp32c61 esp32h2 esp32h21 esp32h4 esp32p4 \
    esp32s31 esp32e22; do
    boot=$samples/$chip/bootloader.bin
    case $chip in
    esp32 | esp32s2) at=0x1000 ;;
    esp32p4 | esp32c5 | esp32h4 | esp32s31 | esp32e22) at=0x2000 ;;
    *) at=0x0 ;;
    esac
    case $chip in
    esp32c2) fast=60m slow=15m ;;
    esp32h2*|esp32h4) fast=48m slow=12m ;;
    *) fast=80m slow=20m ;;
    esac
    by_merge $chip $at "$boot" --flash-mode qio --flash-freq $fast --flash-size 8MB
    by_merge $chip $at "$boot" --flash-mode dout --flash-freq $slow --flash-size keep
done
by_merge esp32 0x1000 "$samples/esp32/bootloader.bin" --flash-mode keep --flash-freq keep --flash-size 1MB
by_merge esp32 0x1000 "$samples/esp32/bootloader.bin" --flash-mode keep --flash-freq keep --flash-size keep
by_merge esp32 0x11000 "$samples/esp32/bootloader.bin" --flash-mode qio --flash-freq 80m --flash-size 8MB
by_writing esp8266 0 "$samples/esp8266/bootloader.bin" --flash-mode qio --flash-freq 80m --flash-size detect
by_writing esp32 0x1000 "$samples/esp32/bootloader.bin" --flash-mode keep --flash-freq keep --flash-size detect
by_writing esp32c3 0 "$samples/esp32c3/bootloader.bin" --flash-mode qio --flash-freq 80m --flash-size detect

# Real ones, where its source has them.
images=$(dirname "${ESPTOOL##* }")/test/images
if [ -d "$images" ]; then
    for file in bootloader_esp32 bootloader_esp32_v5_2; do
        by_merge esp32 0x1000 "$images/$file.bin" --flash-mode qio --flash-freq 80m --flash-size 8MB
    done
    by_merge esp32c3 0 "$images/bootloader_esp32c3.bin" --flash-mode qio --flash-freq 80m --flash-size 8MB
    by_merge esp8266 0 "$images/bootloader_esp8266.bin" --flash-mode dout --flash-freq 26m --flash-size 2MB-c1
fi
finish
