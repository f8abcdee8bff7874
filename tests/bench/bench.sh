#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# make bench: espjig, and esptool beside it when ESPTOOL names one, on the same paced emulated chip.
#
#   make bench                                        our own column, all cases, about 7 minutes
#   make bench ESPTOOL="python3 esptool.py"           both, about 13 minutes
#   make bench BENCH=quick                            what most targets need, about 2 minutes
#   make bench CASES="write-921600-1 connect scale-8" only these
#   BENCH_CHIP=esp32 BENCH_REPEAT=5 BENCH_OUT=f.tsv   chip, runs of the short cases, where figures go
#
# How it is kept fair. Every run gets an emulated chip of its own, with a flash of its own that holds
# another firmware (so it has to be erased) or what the case says, the same image, the same generation
# of stub, nothing in espjig's cache, and the Python files compiled. Both tools talk to a
# pseudo-terminal, which has no modem lines, so the chip starts in its loader and neither tool resets
# it: --before no-reset, --after no-reset-stub. Over RFC 2217 there would be a reset, but esptool's
# library for that waits 50 ms or more for each line and each setting, which on a serial port it does
# not, so that would be in our favour. (One case needs RFC 2217: default.) What was written is
# compared with the image after every run. Of the short cases the median of BENCH_REPEAT runs counts.
set -u

build=${top_builddir:-.}
espjig=$build/espjig
emu=$build/espjig-emu
meter=$build/tests/bench/meter
chip=${BENCH_CHIP:-esp32c3}
kind=${BENCH:-full}
repeat=${BENCH_REPEAT:-3}
size=1048576
at=65536
writes="115200-1 115200-16 460800-1 460800-16 921600-1 921600-16 2000000-1 2000000-16"
boards="1 8 16 32 64"
all="start connect same one one-old sixteen sixteen-old read"
case $kind in
quick)
    writes=921600-1
    boards="1 8"
    all="start connect same one"
    ;;
smoke) # does it work at all: a test
    writes=2000000-1
    boards="1 2"
    all="start connect"
    size=65536
    repeat=1
    ;;
esac
for w in $writes; do all="$all write-$w"; done
test "$kind" = full && all="$all default"
for n in $boards; do all="$all scale-$n"; done
cases=${CASES:-$all}

dir=$(mktemp -d "${TMPDIR:-/tmp}/espjig-bench.XXXXXX")
emus=
figures=${BENCH_OUT:-bench.tsv}
trap 'stop_all; rm -rf "$dir"' EXIT
trap 'exit 130' INT TERM

die() {
    echo "bench: $*" >&2
    exit 1
}

# ---- the emulated chips ----

stats=
"$emu" --help | grep -q -- '--stats' && stats=yes
limits_adapters=
"$emu" --help | grep -q -- '--max-baud' && limits_adapters=yes
adapter= # empty: a pseudo-terminal; else RFC 2217 with an adapter that refuses rates above this

start_emu() { # number, latency in ms, file that the flash begins with at $at, or ""
    rm -f "$dir/ready$1" "$dir/stats$1"
    head -c 4194304 /dev/zero | tr '\0' '\377' >"$dir/flash$1"
    test -z "$3" || dd if="$3" of="$dir/flash$1" bs=65536 seek=1 conv=notrunc 2>/dev/null
    if [ -z "$adapter" ]; then
        set -- "$@" --link "$dir/port$1"
    else
        set -- "$@" --rfc2217 0 ${limits_adapters:+--max-baud "$adapter"}
    fi
    board=$1 late=$2
    shift 3
    "$emu" --chip "$chip" --flash 4MB --flash-file "$dir/flash$board" "$@" --boot download --pace \
        --latency "$late" ${stats:+--stats "$dir/stats$board"} >"$dir/ready$board" &
    emus="$emus $!"
}

wait_emu() { # number
    i=0
    until grep -q '^ready' "$dir/ready$1" 2>/dev/null; do
        i=$((i + 1))
        test $i -lt 200 || die "espjig-emu did not become ready"
        sleep 0.05
    done
}

emu_cpu() { # seconds that all emulated chips have used
    for pid in $emus; do cat "/proc/$pid/stat" 2>/dev/null; done |
        awk -v hz="$(getconf CLK_TCK)" '{ sub(/.*\) /, ""); s += $12 + $13 } END { printf "%.2f", s / hz }'
}

stop_all() {
    for pid in $emus; do kill "$pid" 2>/dev/null; done
    for pid in $emus; do wait "$pid" 2>/dev/null; done
    emus=
}

holds() { # number, file: is it in the flash
    dd if="$dir/flash$1" bs=65536 skip=1 2>/dev/null | head -c "$size" | cmp -s - "$2"
}

# ---- one run, one figure line: wall cpu rss private round-trips others to-chip to-host ----

counter() { # name
    if [ -r "$dir/stats1" ]; then awk -v n="$1" '$1 == n { print $2 }' "$dir/stats1"; else echo -; fi
}

once() { # content, latency, image to compare with or "", command...
    content=$1 latency=$2 expect=$3
    shift 3
    rm -rf "$dir/xdg"
    mkdir "$dir/xdg"
    start_emu 1 "$latency" "$content"
    wait_emu 1
    line=$(ESPJIG_PORT=rfc2217://$(sed -n 's/^ready rfc2217 //p' "$dir/ready1") XDG_CACHE_HOME="$dir/xdg" XDG_STATE_HOME="$dir/xdg" XDG_CONFIG_HOME="$dir/xdg" \
        "$meter" run "$dir/out" 0 "$@") || die "meter failed"
    stop_all
    case $line in
    "0 "*) ;;
    *)
        tr '\r' '\n' <"$dir/out" | tail -15 >&2
        die "$* ended with status ${line%% *}"
        ;;
    esac
    test -z "$expect" || holds 1 "$expect" || die "$*: the flash does not hold the image"
    echo "${line#* } $(counter round-trips) $(counter round-trips-other) $(counter bytes-from-host)" \
        "$(counter bytes-to-host)" >>"$dir/runs"
}

record() { # case, tool, line
    printf '%s\t%s\t%s\n' "$1" "$2" "$(echo "$3" | tr ' ' '\t')" >>"$figures"
}

measure() { # runs, case, tool, then as once()
    runs=$1 name=$2 tool=$3
    shift 3
    : >"$dir/runs"
    for _ in $(seq "$runs"); do once "$@"; done
    record "$name" "$tool" "$(sort -n "$dir/runs" | sed -n "$(((runs + 1) / 2))p")"
}

value() { # case, tool, column from 1: wall cpu rss private trips others to from
    awk -F '\t' -v c="$1" -v t="$2" -v n="$3" '$1 == c && $2 == t { v = $(n + 2) } END { print v }' "$figures"
}

ratio() { # ours, theirs
    awk -v a="$1" -v b="$2" 'BEGIN { if (a != "" && b > 0) printf "%.3f", a / b }'
}

# ---- the two tools ----

after=no-reset-stub

ours() { # command and its arguments
    echo "$espjig" "$@" -p "$dir/port1" --before no-reset -a "$after"
}

theirs() { # options -- command and its arguments
    echo "$ESPTOOL" -p "$dir/port1" --before no-reset --after no-reset-stub "$@"
}

knows() { "$espjig" write-flash --help | grep -q -- "$1"; }
whole=
knows '--no-diff' && whole=--no-diff

# ---- the table ----

heading() {
    printf '%-16s %8s %8s %7s %8s %7s %13s %13s %9s %9s\n' case espjig esptool ratio limit over \
        'CPU s' 'RSS MiB' 'trips' 'KiB sent'
}

pair() { # ours, theirs, format of awk's printf for one
    awk -v a="$1" -v b="$2" -v f="$3" 'BEGIN {
        x = a ~ /^[0-9]/ ? sprintf(f, a) : "-"; y = b ~ /^[0-9]/ ? sprintf(f, b) : "-"; print x "/" y }'
}

row() { # case, limit or "", case that esptool's figure is from
    a=$(value "$1" espjig 1) b=$(value "$3" esptool 1)
    printf '%-16s %8.3f %8s %7s %8s %7s %13s %13s %9s %9s\n' "$1" "$a" \
        "$(test -z "$b" && echo - || printf %.3f "$b")" "$(ratio "$a" "$b")" "${2:--}" \
        "$(test -z "$2" && echo - || awk -v a="$a" -v l="$2" 'BEGIN { printf "%+.3f", a - l }')" \
        "$(pair "$(value "$1" espjig 2)" "$(value "$3" esptool 2)" %.3f)" \
        "$(pair "$(value "$1" espjig 3 | awk '{ print $1 / 1024 }')" \
            "$(value "$3" esptool 3 | awk 'NF { print $1 / 1024 }')" %.1f)" \
        "$(pair "$(value "$1" espjig 5)" "$(value "$3" esptool 5)" %d)" \
        "$(pair "$(value "$1" espjig 7 | awk '/^[0-9]/ { print $1 / 1024 }')" \
            "$(value "$3" esptool 7 | awk '/^[0-9]/ { print $1 / 1024 }')" %.1f)"
    test -z "$2" || printf '%s\tlimit\t%s\n' "$1" "$2" >>"$figures"
}

have() { test -n "${ESPTOOL:-}"; }

# The full write at this rate and latency by esptool; measured once, used by several cases.
full_theirs() { # case
    rest=${1#write-}
    have && test -z "$(value "$1" esptool 1)" || return 0
    # shellcheck disable=SC2046
    measure 1 "$1" esptool "$dir/old" "${rest#*-}" "$dir/image" \
        $(theirs -b "${rest%-*}" write-flash "$at" "$dir/image")
}

case_write() { # write-BAUD-LATENCY
    rest=${1#write-}
    # shellcheck disable=SC2046
    measure 1 "$1" espjig "$dir/old" "${rest#*-}" "$dir/image" \
        $(ours write-flash -b "${rest%-*}" $whole "$at" "$dir/image")
    full_theirs "$1"
    row "$1" "$("$meter" limit "$dir/image" "${rest%-*}" 1)" "$1"
}

# Nothing asked for but the write: esptool's default is 115200. An adapter has to be able to refuse a
# rate, which a pseudo-terminal can't, so ours is over RFC 2217 and does its two resets as well, and
# esptool's is the same as in write-115200-1, without: to its advantage.
case_default() {
    adapter=2000000
    measure 1 default espjig "$dir/old" 1 "$dir/image" "$espjig" write-flash "$at" "$dir/image"
    adapter=
    full_theirs write-115200-1
    row default "$("$meter" limit "$dir/image" 2000000 1)" write-115200-1
}

case_same() {
    # shellcheck disable=SC2046
    measure "$repeat" same espjig "$dir/image" 1 "$dir/image" $(ours write-flash -b 921600 "$at" "$dir/image")
    # shellcheck disable=SC2046
    have && measure "$repeat" same esptool "$dir/image" 1 "$dir/image" \
        $(theirs -b 921600 write-flash --skip-flashed "$at" "$dir/image")
    row same "$(awk -v n="$size" 'BEGIN { printf "%.3f", n / 4e6 }')" same
}

# N sectors differ from what the flash holds. Without the old file against esptool's full write, and
# (…-old) against esptool that was given the old file.
case_changed() { # case, sectors, file
    # shellcheck disable=SC2046
    test -n "$(value "$1" espjig 1)" ||
        measure "$repeat" "$1" espjig "$dir/image" 1 "$3" $(ours write-flash -b 921600 "$at" "$3")
    full_theirs write-921600-1
    row "$1" "$("$meter" limit "$3" 921600 2 "$2")" write-921600-1
}

case_changed_old() { # case, sectors, file
    # shellcheck disable=SC2046
    measure "$repeat" "$1" espjig "$dir/image" 1 "$3" $(ours write-flash -b 921600 "$at" "$3")
    # shellcheck disable=SC2046
    have && measure "$repeat" "$1" esptool "$dir/image" 1 "$3" \
        $(theirs -b 921600 write-flash --diff-with "$dir/image" -- "$at" "$3")
    row "$1" "$("$meter" limit "$3" 921600 1 "$2")" "$1"
}

case_read() {
    # shellcheck disable=SC2046
    measure 1 read espjig "$dir/image" 1 "" $(ours read-flash -b 921600 "$at" "$size" "$dir/back")
    cmp -s "$dir/back" "$dir/image" || die "espjig read something else back"
    if have; then
        # shellcheck disable=SC2046
        measure 1 read esptool "$dir/image" 1 "" $(theirs -b 921600 read-flash "$at" "$size" "$dir/back2")
        cmp -s "$dir/back2" "$dir/image" || die "esptool read something else back"
    fi
    row read "$(awk -v n="$size" 'BEGIN { printf "%.3f", n * 10 / 921600 }')" read
}

# Each in the way that is least work for it: with no-reset-stub espjig would have to upload a stub that
# it has no use for, with no-reset esptool would have to leave its own.
case_connect() {
    after=no-reset
    # shellcheck disable=SC2046
    measure "$repeat" connect espjig "" 1 "" $(ours chip-id)
    # shellcheck disable=SC2046
    have && measure "$repeat" connect esptool "" 1 "" $(theirs chip-id)
    row connect "" connect
    after=no-reset-stub
}

case_start() {
    measure "$repeat" start espjig "" 1 "" "$espjig" --version
    # shellcheck disable=SC2086
    have && measure "$repeat" start esptool "" 1 "" $ESPTOOL version
    row start "" start
}

# ---- many boards ----

case_scale() { # scale-N
    n=${1#scale-}
    ports=
    rm -rf "$dir/xdg"
    mkdir "$dir/xdg"
    for i in $(seq "$n"); do
        start_emu "$i" 1 "$dir/old"
        ports="$ports -p $dir/port$i"
    done
    for k in $(seq "$n"); do wait_emu "$k"; done
    before=$(emu_cpu)
    # shellcheck disable=SC2086
    line=$(XDG_CACHE_HOME="$dir/xdg" XDG_STATE_HOME="$dir/xdg" XDG_CONFIG_HOME="$dir/xdg" \
        "$meter" run "$dir/out" 500 "$espjig" write-flash $ports -b 921600 $whole --before no-reset \
        -a no-reset-stub "$at" "$dir/image") || die "meter failed"
    chips=$(awk -v a="$before" -v b="$(emu_cpu)" 'BEGIN { printf "%.2f", b - a }')
    stop_all
    test "${line%% *}" = 0 || die "$1: status ${line%% *}: $(tail -3 "$dir/out")"
    for k in $(seq "$n"); do holds "$k" "$dir/image" || die "$1: board $k does not hold the image"; done
    record "$1" espjig "${line#* }"
    printf '%s\tboards\t%s\n%s\temulators-cpu\t%s\n' "$1" "$n" "$1" "$chips" >>"$figures"
    scale_row "$1" "$n" "$chips"
}

scale_row() { # case, boards, seconds of the emulators
    awk -v name="$1" -v n="$2" -v chips="$3" -v wall="$(value "$1" espjig 1)" -v cpu="$(value "$1" espjig 2)" \
        -v kib="$(value "$1" espjig 4)" -v wall1="$(value scale-1 espjig 1)" \
        -v kib1="$(value scale-1 espjig 4)" 'BEGIN {
        printf "%-16s %8.3f %8s %10.3f %10.2f %12s %14.2f\n", name, wall,
            (wall1 > 0 ? sprintf("%.3f", wall / wall1) : "-"), cpu / n, kib / 1024 / n,
            (n > 1 && kib1 != "" ? sprintf("%.2f", (kib - kib1) / (n - 1) / 1024) : "-"), chips }'
}

# ---- the targets ----

target() { # words, measured or "", at most
    if [ -z "$2" ]; then
        verdict="not measured"
    else
        verdict=$(awk -v a="$2" -v b="$3" 'BEGIN { print a <= b ? "met" : "NOT MET" }')
    fi
    printf '%-66s %9s %9s  %s\n' "$1" "${2:--}" "$3" "$verdict"
    printf 'target\t%s\t%s\t%s\t%s\n' "$1" "$2" "$3" "$verdict" >>"$figures"
}

ratio_of() { # our case, column, esptool's case
    ratio "$(value "$1" espjig "$2")" "$(value "$3" esptool "$2")"
}

targets() {
    w=write-921600-1
    over=$(awk -v a="$(value $w espjig 1)" -v l="$(value $w limit 1)" \
        'BEGIN { if (a != "" && l != "") printf "%.3f", a - l }')
    most=$(awk -v a="$(value scale-32 espjig 1)" -v b="$(value scale-1 espjig 1)" \
        'BEGIN { if (a != "" && b > 0) printf "%.3f", a / b }')
    more=$(awk -v a="$(value scale-32 espjig 4)" -v b="$(value scale-1 espjig 4)" \
        'BEGIN { if (a != "" && b != "") printf "%.2f", (a - b) / 31 / 1024 }')
    printf '\n%-66s %9s %9s\n' target measured 'at most'
    target "full 1 MiB write, 921600, 1 ms latency, against esptool" "$(ratio_of $w 1 $w)" 0.92
    target "the same, seconds over the lower limit" "$over" 0.5
    target "the same, round trips besides the data blocks" \
        "$(value $w espjig 6 | grep '^[0-9]')" 40
    target "full 1 MiB write, 921600, 16 ms latency" "$(ratio_of write-921600-16 1 write-921600-16)" 0.86
    target "out of the box, an adapter that can do 2 Mbaud" "$(ratio_of default 1 write-115200-1)" 0.20
    target "identical image, against esptool --skip-flashed" "$(ratio_of same 1 same)" 0.6
    target "one changed sector, no old file, against esptool's full write" "$(ratio_of one 1 $w)" 0.25
    target "the same, against esptool --diff-with the old file" "$(ratio_of one-old 1 one-old)" 1.0
    target "connect and identify only" "$(ratio_of connect 1 connect)" 0.4
    target "start-up (--version)" "$(ratio_of start 1 start)" 0.05
    target "CPU of a 1 MiB write, compression included" "$(ratio_of $w 2 $w)" 0.25
    target "32 boards at once at 921600, wall against one board" "$most" 1.1
    target "private memory per further board, MiB" "$more" 2
}

legend() {
    cat <<EOF

Seconds of wall time; where there are two figures with a slash, espjig's is the first. ratio: espjig to
esptool. CPU: user and system, of the tool and its children. RSS: the largest process. trips: requests
that were answered. KiB sent: from host to chip. "-": not measured, or the emulator does not count yet.
limit: no tool that knows beforehand what to write could be faster, with connecting and uploading the
stub for nothing:
  max(10 * compressed bytes / baud, flash time) + MD5 time
  flash time: 150 ms to erase 64 KiB, 45 ms to erase 4 KiB, 0.4 ms to program 256 bytes (W25Q32 data
  sheet, typical; espjig-emu takes just these); MD5 time: 4 MB/s, for the image once, and twice where
  the tool has to find out first what differs. Reading: 10 * bytes / baud.
  Not in it, though no client of this stub can avoid it: after each of the first blocks the stub erases
  64 KiB ahead and takes one more 16 KiB frame meanwhile. Where that frame needs less time on the wire
  than erasing and programming do (921600: 0.18 s, 0.20 s) the line has to wait.
one, sixteen: that many of the sectors differ, esptool writes everything; one-old, sixteen-old: esptool
has the old file (--diff-with), espjig has not. default: nothing but the write asked for; esptool's
default is 115200; the limit is that of 2 Mbaud.
scale-N: N boards in one command; memory is Private_Clean + Private_Dirty of all its processes at the
worst of the moments looked at, twice a second; "chips' CPU" is what the emulated chips used meanwhile.
EOF
}

# ---- all of it ----

"$meter" image "$chip" "$size" "$dir/image" || die "no image for $chip"
"$meter" old "$dir/image" "$dir/old"
"$meter" change "$dir/image" "$dir/one" 1
"$meter" change "$dir/image" "$dir/sixteen" 16
printf 'case\ttool\twall\tcpu\trss_kib\tprivate_kib\ttrips\tother_trips\tto_chip\tto_host\n' >"$figures"
echo "$("$espjig" --version | head -1), $chip, image of $size bytes, $(nproc) processors"
if have; then
    # shellcheck disable=SC2086
    echo "esptool $($ESPTOOL version | tail -1)"
    ESPTOOL_STUB_VERSION=2
    export ESPTOOL_STUB_VERSION
fi
printf '\n'
heading
for c in $cases; do
    case $c in
    write-*) case_write "$c" ;;
    one | sixteen) case_changed "$c" "$(test "$c" = one && echo 1 || echo 16)" "$dir/$c" ;;
    one-old | sixteen-old)
        case_changed_old "$c" "$(test "$c" = one-old && echo 1 || echo 16)" "$dir/${c%-old}"
        ;;
    default | same | read | connect | start) "case_$c" ;;
    scale-*) ;;
    *) die "there is no case \"$c\"; there are: $all" ;;
    esac
done
case " $cases" in
*" scale-"*)
    printf '\n%-16s %8s %8s %10s %10s %12s %14s\n' case wall 'to one' 'CPU/board' 'MiB/board' \
        'MiB/further' "chips' CPU"
    ;;
esac
for c in $cases; do
    case $c in scale-*) case_scale "$c" ;; esac
done
test "$kind" = smoke || targets
test "$kind" = smoke || legend
echo "figures: $figures"
