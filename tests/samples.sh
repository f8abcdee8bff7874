#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# The sample images that the build made: there for every chip, the same when made again, and, when
# ESPTOOL names one, right by a judge that was not written here.
set -u
samples=$top_builddir/samples
tmp=$(mktemp -d) || exit 1
trap 'rm -rf "$tmp"' EXIT
failed=0

fail() {
    echo "FAIL: $*"
    failed=1
}

chips=$("$top_builddir/espjig" chips --json | sed -n 's/^{"chip":"\([^"]*\)".*/\1/p')
[ -n "$chips" ] || fail "espjig chips names none"
"$top_builddir/espjig-sample" "$tmp" || fail "espjig-sample does not make them"
for chip in $chips; do
    grep -qw "samples/$chip" "$top_srcdir/Makefile.am" || fail "$chip is not installed"
    for file in bootloader partition-table app; do
        cmp "$samples/$chip/$file.bin" "$tmp/$chip/$file.bin" ||
            fail "$chip/$file.bin differs when it is made again"
    done
done
"$top_builddir/espjig-sample" 2>/dev/null && fail "no directory, no error"
"$top_builddir/espjig-sample" "$tmp/none" 2>/dev/null && fail "an absent directory, no error"

if [ -z "${ESPTOOL:-}" ]; then
    [ $failed = 0 ] || exit 1
    echo "all made alike; ESPTOOL is not set, so esptool has not looked at them"
    exit 77
fi

# look CHIP FILE: prints what esptool says of the file.
look() {
    $ESPTOOL --chip "$1" image-info "$samples/$1/$2.bin" 2>&1 ||
        echo "esptool does not take $1/$2.bin"
}

# says CHIP FILE TEXT...: each TEXT is found in what it said.
says() {
    what=$1/$2 said=$tmp/$1/$2.txt
    shift 2
    for text in "$@"; do
        grep -q -- "$text" "$said" || fail "esptool on $what does not say: $text"
    done
}

# segments CHIP FILE TYPE...: esptool takes the segments' addresses for these kinds of memory.
segments() {
    what=$1/$2 said=$tmp/$1/$2.txt n=0
    shift 2
    for type in "$@"; do
        grep -q "^ *$n  0x.*[ ,]$type\>" "$said" || fail "segment $n of $what is not in $type"
        n=$((n + 1))
    done
}

for chip in $chips; do
    for file in bootloader app; do
        look "$chip" $file >"$tmp/$chip/$file.txt"
        says "$chip" $file '^Checksum: 0x[0-9a-f]* (valid)$'
        [ "$chip" = esp8266 ] || says "$chip" $file '^Validation hash: [0-9a-f]* (valid)$'
    done
    [ "$chip" = esp8266 ] && continue
    says "$chip" app '^Project name: sample$'
    segments "$chip" bootloader DRAM '\(IRAM\|CACHE_APP\)' IRAM
    segments "$chip" app DROM DRAM IRAM IROM
done
exit $failed
