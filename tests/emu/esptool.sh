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
dir=$(mktemp -d)
pid=
failed=0
passed=0
trap 'test -n "$pid" && kill "$pid" 2>/dev/null; rm -rf "$dir"' EXIT
trap 'exit 130' INT TERM

start() { # chip
    rm -f "$dir/flash" "$dir/ready"
    "$emu" --chip "$1" --rfc2217 0 --flash-file "$dir/flash" --log "$dir/frames" >"$dir/ready" &
    pid=$!
    n=0
    until grep -q '^ready' "$dir/ready"; do
        n=$((n + 1))
        if [ $n -gt 100 ]; then
            echo "FAIL: $1: espjig-emu did not become ready"
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
    timeout 60 $ESPTOOL --chip "$chip" --port "$port" "$@" >"$dir/out" 2>&1
    result $? "$chip $what: esptool $*"
}

says() { # what the last output must contain
    grep -q "$1" "$dir/out"
    result $? "$chip: esptool did not say \"$1\""
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

description() {
    case $1 in
    esp8266) echo "ESP8266EX" ;;
    esp32) echo "ESP32-D0WD-V3 (revision v3.1)" ;;
    esp32c3) echo "ESP32-C3 (QFN32) (revision v0.4)" ;;
    esac
}

with_stub() { # generation
    ESPTOOL_STUB_VERSION=$1
    export ESPTOOL_STUB_VERSION
    run "stub v$1" --baud 460800 write-flash 0x20000 "$a"
    says "Stub flasher running"
    says "Hash of data verified"
    same "$a" 131072 "$size"
    run "stub v$1" --baud 921600 write-flash -u 0x21000 "$b"
    same "$b" 135168 "$size"
    run "stub v$1" verify-flash 0x21000 "$b"
    run "stub v$1" read-flash 0x21000 "$size" "$dir/read"
    cmp -s "$dir/read" "$b"
    result $? "$chip stub v$1: read-flash read something else"
    run "stub v$1" erase-region 0x21000 0x2000
    blank 135168 8192
    run "stub v$1" erase-flash
    blank 0 4194304
}

with_rom() {
    run ROM --no-stub flash-id
    says "Detected flash size: 4MB"
    run ROM --no-stub --baud 230400 write-flash 0x20000 "$a"
    same "$a" 131072 "$size"
    if [ "$chip" != esp8266 ]; then
        says "Hash of data verified"
        run ROM --no-stub write-flash -z 0x21000 "$b"
        same "$b" 135168 "$size"
        run ROM --no-stub verify-flash 0x21000 "$b"
        run ROM --no-stub read-flash 0x21000 4096 "$dir/read"
        head -c 4096 "$b" | cmp -s - "$dir/read"
        result $? "$chip ROM: read-flash read something else"
    fi
}

one_chip() { # everything for one chip, in a directory of its own
    chip=$1
    dir=$dir/$chip
    mkdir "$dir"
    trap 'test -n "$pid" && kill "$pid" 2>/dev/null' EXIT
    start "$chip"
    run id chip-id
    says "$(description "$chip")"
    run id flash-id
    says "Detected flash size: 4MB"
    with_stub 2
    with_stub 1
    with_rom
    stop
    echo "$chip: $passed passed, $failed failed"
    exit $((failed != 0))
}

size=100000
a=$dir/a
b=$dir/b
head -c $size /dev/urandom >"$a"
# Half of it compresses.
{ head -c $((size / 2)) /dev/urandom; head -c $((size / 2)) /dev/zero; } >"$b"

# pyserial waits 50 ms for each line and setting, so most of the time nothing happens: all at once.
jobs=
for chip in esp8266 esp32 esp32c3; do
    (one_chip $chip) &
    jobs="$jobs $!"
done
status=0
for job in $jobs; do
    wait "$job" || status=1
done
exit $status
