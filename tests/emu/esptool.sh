#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# The emulated chip against a client that nobody here wrote: esptool, unchanged, over RFC 2217 with
# its own reset. ESPTOOL is the command that runs it (v5.3.1 was tried), e.g.
#   ESPTOOL="python3 esptool.py" make check TESTS=tests/emu/esptool.sh
set -u

if [ -z "${ESPTOOL:-}" ]; then
    echo "SKIP: ESPTOOL does not name an esptool"
    exit 77
fi
emu=${top_builddir:-.}/espjig-emu
case $ESPTOOL in
*esptool.py) espsecure=${ESPTOOL%esptool.py}espsecure.py ;;
*) espsecure=${ESPTOOL%esptool}espsecure ;;
esac
dir=$(mktemp -d)
pid=
failed=0
passed=0
trap 'test -n "$pid" && kill "$pid" 2>/dev/null; rm -rf "$dir"' EXIT
trap 'exit 130' INT TERM

start() { # persona, further options
    rm -f "$dir/flash" "$dir/ready"
    "$emu" --chip "$@" --rfc2217 0 --flash-file "$dir/flash" --log "$dir/frames" >"$dir/ready" &
    pid=$!
    n=0
    until grep -qs '^ready' "$dir/ready"; do
        n=$((n + 1))
        if [ $n -gt 100 ]; then
            echo "FAIL: $*: espjig-emu did not become ready"
            exit 1
        fi
        sleep 0.05
    done
    port=rfc2217://$(sed -n 's/^ready rfc2217 //p' "$dir/ready")
}

stop() {
    kill "$pid"
    wait "$pid" || { echo "FAIL: espjig-emu ended with status $?"; failed=$((failed + 1)); }
    pid=
}

result() { # status, words
    status=$1
    shift
    if [ "$status" -eq 0 ]; then
        passed=$((passed + 1))
    else
        failed=$((failed + 1))
        echo "FAIL: $*"
        sed 's/^/    /' "$dir/out" | tr '\r' '\n' | tail -15
    fi
}

run() { # what is tested, esptool's arguments
    what=$1
    shift
    # shellcheck disable=SC2086 # ESPTOOL is a command with arguments
    timeout 60 $ESPTOOL --chip "${auto:-${chip%-rev1}}" --port "$port" "$@" >"$dir/out" 2>&1
    result $? "$chip $what: esptool $*"
}

refuses() { # words that must be said, esptool's arguments
    words=$1
    shift
    # shellcheck disable=SC2086
    if timeout 60 $ESPTOOL --chip "${chip%-rev1}" --port "$port" "$@" >"$dir/out" 2>&1; then
        result 1 "$chip: esptool $* is not refused"
    else
        says "$words"
    fi
}

says() { # what the last output must contain
    grep -qF -- "$1" "$dir/out"
    result $? "$chip: esptool did not say \"$1\""
}

logged() { # what the emulated chip must have noted
    grep -qF -- "$1" "$dir/frames"
    result $? "$chip: the emulated chip's log has no \"$1\""
}

same() { # file, offset, length: what is in flash there
    dd if="$dir/flash" of="$dir/part" bs=4096 skip=$(($2 / 4096)) count=$((($3 + 4095) / 4096)) 2>/dev/null
    head -c "$3" "$dir/part" | cmp -s - "$1"
    result $? "$chip: flash at $2 differs from $1"
}

blank() { # offset, length
    dd if="$dir/flash" bs=4096 skip=$(($1 / 4096)) count=$(($2 / 4096)) 2>/dev/null |
        tr -d '\377' | cmp -s - /dev/null
    result $? "$chip: flash at $1 is not blank"
}

# persona | what esptool finds: type | features | crystal in MHz | base MAC | EUI-64, where it has one | chip id of the
# security information, "none" without, "-" where the command is unknown | generations of its stub | can reset
# itself by watchdog
expected() {
    sed -n "s/^$1|//p" <<EOF
esp8266|ESP8266EX|Wi-Fi, 160MHz|26|5c:cf:7f:12:34:56||-|2 1|no
esp32|ESP32-D0WD-V3 (revision v3.1)|Wi-Fi, BT, Dual Core + LP Core, 240MHz, Vref calibration in eFuse, Coding Scheme None|40|24:6f:28:12:34:56||-|2 1|no
esp32s2|ESP32-S2FNR2 (revision v1.0)|Wi-Fi, Single Core, 240MHz, Embedded Flash 4MB, Embedded PSRAM 2MB, ADC and temperature sensor calibration in BLK2 of eFuse V2|40|84:f7:03:12:34:56||none|2 1|yes
esp32s3|ESP32-S3 (QFN56) (revision v0.2)|Wi-Fi, BT 5 (LE), Dual Core + LP Core, 240MHz, Embedded PSRAM 8MB (AP_3v3)|40|34:85:18:12:34:56||9|2 1|yes
esp32c2|ESP8684H (revision v1.2)|Wi-Fi, BT 5 (LE), Single Core, 120MHz, Embedded Flash 4MB (GD)|26|10:97:bd:12:34:56||12|2 1|yes
esp32c3|ESP32-C3 (QFN32) (revision v0.4)|Wi-Fi, BT 5 (LE), Single Core, 160MHz|40|7c:df:a1:12:34:56||5|2 1|yes
esp32c5|ESP32-C5 (revision v1.0)|Wi-Fi 6 (dual-band), BT 5 (LE), IEEE802.15.4, Single Core + LP Core, 240MHz|48|30:ed:a0:12:34:56|30:ed:a0:ff:fe:12:34:56|23|2 1|yes
esp32c6|ESP32-C6FH4 (QFN32) (revision v0.1)|Wi-Fi 6, BT 5 (LE), IEEE802.15.4, Single Core + LP Core, 160MHz, Embedded Flash 4MB|40|40:4c:ca:12:34:56|40:4c:ca:ff:fe:12:34:56|13|2 1|no
esp32c61|ESP32-C61 (revision v1.0)|Wi-Fi 6, BT 5 (LE), Single Core, 160MHz|40|10:51:db:12:34:56||20|2|yes
esp32h2|ESP32-H2 (revision v1.2)|BT 5 (LE), IEEE802.15.4, Single Core, 96MHz|32|74:4d:bd:12:34:56|74:4d:bd:ff:fe:12:34:56|16|2 1|no
esp32h21|ESP32-H21 (revision v0.1)|BT 5 (LE), IEEE802.15.4, Single Core, 96MHz|32|60:55:f9:12:34:56|60:55:f9:ff:fe:12:34:56|25||no
esp32h4|ESP32-H4 (QFN40) (revision v0.1)|BT 5 (LE), IEEE802.15.4, Dual Core, 96MHz|32|60:55:f9:12:34:57|60:55:f9:ff:fe:12:34:57|28|2|no
esp32p4|ESP32-P4 (revision v3.1)|Dual Core + LP Core, 400MHz|40|e8:f6:0a:12:34:56||18|2|yes
esp32p4-rev1|ESP32-P4 (revision v1.3)|Dual Core + LP Core, 400MHz|40|80:f1:b2:12:34:56||18|2 1|yes
esp32s31|ESP32-S31 (revision v0.0)|Wi-Fi 6, BT 5.4 (LE), IEEE802.15.4, Dual Core + LP Core, 300MHz|40|38:44:be:12:34:56||32|2|yes
esp32e22|ESP32-E22 (revision v0.0)|Wi-Fi 6E (tri-band, 2x2 MU-MIMO), BT 5.4 (LE) + Classic, Dual Core, 500MHz|40|38:44:be:65:43:21||31||no
EOF
}

# Sets type, features, crystal, mac, eui64, id, stubs, watchdog.
expect() {
    row=$(expected "$1")
    old=$IFS
    IFS='|'
    # shellcheck disable=SC2086 # to be split
    set -- $row
    IFS=$old
    type=$1 features=$2 crystal=$3 mac=$4 eui64=$5 id=$6 stubs=$7 watchdog=$8
}

same_read() { # name, file: what read-flash has brought
    cmp -s "$dir/read" "$2"
    result $? "$chip $1: read-flash read something else"
}

detected() { # without being told which chip it is
    auto=auto
    run detection flash-id
    auto=
    says "Chip type:          $type"
    says "Features:           $features"
    says "Crystal frequency:  ${crystal}MHz"
    says "MAC:                ${eui64:-$mac}"
    [ -z "$eui64" ] || says "BASE MAC:           $mac"
    says "Detected flash size: 4MB"
    # Without a stub esptool stays in the ROM and says so.
    if [ -n "$stubs" ]; then says "Stub flasher running"; else says "Stub flasher is not yet supported"; fi
}

secured() {
    if [ "$id" = - ]; then
        # shellcheck disable=SC2086
        if timeout 60 $ESPTOOL --chip "$chip" --port "$port" get-security-info >"$dir/out" 2>&1; then
            result 1 "$chip: there was security information"
        fi
    else
        run "security information" get-security-info
        says "Flags: 0x00000000"
        [ "$id" = none ] || says "Chip ID: $id"
    fi
}

with_stub() { # generation
    ESPTOOL_STUB_VERSION=$1
    export ESPTOOL_STUB_VERSION
    run "stub v$1" --baud 460800 write-flash 0x20000 "$a"
    says "Stub flasher running"
    says "Hash of data verified"
    logged "stub $1"
    same "$a" 131072 "$size"
    run "stub v$1" --baud 921600 write-flash -u 0x21000 "$b"
    same "$b" 135168 "$size"
    if [ "$1" = 2 ]; then
        run "stub v$1" verify-flash 0x21000 "$b"
        run "stub v$1" erase-region 0x20000 0x1000
        blank 131072 4096
    fi
    run "stub v$1" read-flash 0x21000 "$size" "$dir/read"
    same_read "stub v$1" "$b"
    [ "$1" = 2 ] || return
    run "stub v$1" erase-flash
    blank 0 4194304
}

with_rom() {
    run ROM --no-stub --baud 230400 write-flash 0x20000 "$a"
    same "$a" 131072 "$size"
    # What an ESP8266's ROM can do ends here.
    [ "$chip" != esp8266 ] || return
    says "Hash of data verified"
    run ROM --no-stub write-flash -z 0x21000 "$b"
    same "$b" 135168 "$size"
    run ROM --no-stub verify-flash 0x21000 "$b"
    run ROM --no-stub read-flash 0x21000 4096 "$dir/read"
    head -c 4096 "$b" >"$dir/part"
    same_read ROM "$dir/part"
}

ciphertext() { # offset, file: whether the flash has what espsecure makes of it
    xts=--aes-xts
    [ "$chip" != esp32 ] || xts=
    # shellcheck disable=SC2086
    $espsecure encrypt-flash-data $xts --keyfile "$dir/key" --address "$1" --output "$dir/want" "$2" >"$dir/out" 2>&1
    result $? "$chip: espsecure"
    same "$dir/want" "$1" "$size"
}

write_encrypted() { # what is tested, options: one file compresses, the other does not
    what=$1
    shift
    run "$what" --baud 921600 "$@" write-flash --encrypt 0x20000 "$b" 0x30000 "$a"
    ciphertext 131072 "$b"
    ciphertext 196608 "$a"
}

# Without a key, with one, and in release mode. Long keys for those that take them.
encrypted() {
    case $chip in
    esp8266)
        refuses "ESP8266 does not support encrypted flashing" write-flash --encrypt 0x20000 "$a"
        return
        ;;
    esp32s2 | esp32s3 | esp32h4 | esp32p4*) n=64 ;;
    esp32c2) n=16 ;;
    esp32e22) return ;;
    *) n=32 ;;
    esac
    ESPTOOL_STUB_VERSION=2
    refuses "Flash encryption key is not programmed" write-flash --encrypt 0x20000 "$a"
    stop
    head -c $n /dev/urandom >"$dir/key"
    start "$chip" --flash-encryption --flash-encryption-key "$dir/key"
    if [ "$chip" = esp32h21 ]; then write_encrypted ROM --no-stub; else write_encrypted "stub v2"; fi
    case $chip in
    esp32 | esp32s3 | esp32c3) ESPTOOL_STUB_VERSION=1 && write_encrypted "stub v1" ;;
    esp32s2 | esp32c6) write_encrypted ROM --no-stub ;;
    esac
    ESPTOOL_STUB_VERSION=2
    stop
    start "$chip" --flash-encryption-release
    refuses "in UART download mode disabled" write-flash --encrypt 0x20000 "$a"
    refuses "Flashing plaintext data may brick your device" write-flash 0x20000 "$a"
}

# The ROM's rates are wrong with the crystal that it does not expect; esptool knows.
other_crystal() { # MHz
    stop
    start "$chip" --crystal "$1"
    run "$1 MHz" --no-stub --baud 230400 write-flash 0x20000 "$a"
    says "Crystal frequency:  ${1}MHz"
    says "Changing baud rate to"
    same "$a" 131072 "$size"
}

one_chip() { # everything for one persona, in a directory of its own
    chip=$1
    dir=$dir/$chip
    mkdir "$dir"
    trap 'test -n "$pid" && kill "$pid" 2>/dev/null' EXIT
    expect "$chip"
    start "$chip"
    detected
    run id chip-id
    says "$type"
    secured
    for generation in $stubs; do
        with_stub "$generation"
    done
    with_rom
    if [ "$watchdog" = yes ]; then
        run "watchdog" --after watchdog-reset --no-stub read-mac
        logged "reset (RTC watchdog) into"
    fi
    case $chip in
    esp32c2 | esp32c5) other_crystal 40 ;;
    esac
    encrypted
    stop
    echo "$chip: $passed passed, $failed failed"
    exit $((failed != 0))
}

size=30000
a=$dir/a
b=$dir/b
head -c $size /dev/urandom >"$a"
# Half of it compresses.
{ head -c $((size / 2)) /dev/urandom; head -c $((size / 2)) /dev/zero; } >"$b"

# pyserial waits 50 ms for each line and setting, so most of the time nothing happens: several at once.
status=0
for group in "esp8266 esp32 esp32s2 esp32s3 esp32c2 esp32c3 esp32c5 esp32c6" \
    "esp32c61 esp32h2 esp32h21 esp32h4 esp32p4 esp32p4-rev1 esp32s31 esp32e22"; do
    jobs=
    for chip in $group; do
        (one_chip "$chip") &
        jobs="$jobs $!"
    done
    for job in $jobs; do
        wait "$job" || status=1
    done
done
exit $status
