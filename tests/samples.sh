#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# The sample images that the build made: all there, the same when made again, and, when ESPTOOL
# names one, right by a judge that was not written here.
set -u
samples=$top_builddir/samples
tmp=$(mktemp -d) || exit 1
trap 'rm -rf "$tmp"' EXIT
failed=0

fail() {
    echo "FAIL: $*"
    failed=1
}

for chip in esp8266 esp32 esp32c3; do
    mkdir "$tmp/$chip"
    for file in bootloader partition-table app; do
        made=$samples/$chip/$file.bin again=$tmp/$chip/$file.bin
        "$top_builddir/espjig-sample" "$again" || fail "espjig-sample $chip/$file.bin"
        cmp "$made" "$again" || fail "$chip/$file.bin differs when it is made again"
    done
done
"$top_builddir/espjig-sample" "$tmp/esp32/other.bin" 2>/dev/null && fail "an unknown file was made"
"$top_builddir/espjig-sample" "$tmp/esp99/app.bin" 2>/dev/null && fail "an unknown chip was made"
"$top_builddir/espjig-sample" "$tmp/none/esp32/app.bin" 2>/dev/null && fail "no directory, no error"

if [ -z "${ESPTOOL:-}" ]; then
    [ $failed = 0 ] || exit 1
    echo "all made alike; ESPTOOL is not set, so esptool has not looked at them"
    exit 77
fi

# look CHIP FILE TEXT: esptool finds TEXT when it looks at the file.
look() {
    $ESPTOOL --chip "$1" image-info "$samples/$1/$2.bin" >"$tmp/info" 2>&1 ||
        fail "esptool does not take $1/$2.bin: $(tail -1 "$tmp/info")"
    grep -q "$3" "$tmp/info" || fail "esptool on $1/$2.bin does not say: $3"
}

for chip in esp8266 esp32 esp32c3; do
    for file in bootloader app; do
        look $chip $file '^Checksum: 0x[0-9a-f]* (valid)$'
        [ $chip = esp8266 ] || look $chip $file '^Validation hash: [0-9a-f]* (valid)$'
    done
    [ $chip = esp8266 ] || look $chip app '^Project name: sample$'
done
exit $failed
