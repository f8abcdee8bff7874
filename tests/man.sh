#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# The manual pages say what the program does: every command and every option of the tables is in
# espjig(1) and the other way round, every event and command of the wire and every error id is in
# espjig-events(5), and every example is executed.
# shellcheck source=tests/cli_lib.sh
. "${top_srcdir:-.}/tests/cli_lib.sh"

man=$top_srcdir/man
make_elf=$(cd "$top_builddir" && pwd)/tests/make_elf
sed 's/\\-/-/g; s/\\fR//g' "$man/espjig.1" >"$tmp/espjig.1"
sed 's/\\-/-/g' "$man/espjig-events.5" >"$tmp/events.5"
export ESPJIG_EMU="${ESPJIG_EMU:-$top_builddir/espjig-emu}"
cd "$tmp" || exit 99

# ---- the tables, as --help -v shows them
expect 0 "" --help -v
sed -n '/^Options/,$p' out | grep -Eo '^  (-[a-zA-Z]+, |    )--[a-z-]+' >options
sed -n '/^Commands:/,/^$/s/^  \([a-z][a-z-]*\).*/\1/p' out >commands
[ "$(wc -l <options)" -gt 30 ] || complain "only $(wc -l <options) options are found in --help"
[ "$(wc -l <commands)" -gt 9 ] || complain "only $(wc -l <commands) commands are found in --help"
grep -Eo -- '--[a-z-]+' options | sort -u >long
grep -Eo '^  -[a-zA-Z]+' options | tr -d ' ' | sort -u >short
sed -n '/^\.SH OPTIONS/,/^\.SH PORTS/p' espjig.1 | grep -A1 '^\.TP' | grep -Eo -- '--[a-z-]+' | sort -u >man.long
sed -n '/^\.SH OPTIONS/,/^\.SH PORTS/p' espjig.1 | grep -A1 '^\.TP' |
    grep -Eo '^\.BR -[a-zA-Z]+ ' | sed 's/^.BR //; s/ $//' | sort -u >man.short
sed -n '/^\.SH COMMANDS/,/^\.SH OPTIONS/p' espjig.1 | grep -A1 '^\.TP' |
    sed -n 's/^\.BI* \([a-z-]*\).*/\1/p' | sort -u >man.commands
sort -u commands -o commands
for what in long short commands; do
    diff "$what" "man.$what" >diff.out || complain "espjig.1 and --help differ in $what: $(cat diff.out)"
done

# ---- what goes over the wire.
for word in hello state chip flash progress log rx hint result partitions done port bench reply; do
    grep -Eq "^\.(TP|B )?.*\b$word\b" events.5 || complain "the event $word is not in espjig-events.5"
done
for word in idle sync connect stub erase write verify read reset boot-check finish error com-fail remove; do
    grep -Eq "^\.BR? $word( |\$)" events.5 || complain "the state $word is not in espjig-events.5"
done
sed -n 's/^ *\[-ERR_[A-Z0-9_]*\] = *{*"\([a-z0-9-]*\)".*/\1/p; s/^ *{"\([a-z0-9-]*\)", *[0-9]*,.*/\1/p' \
    "$top_srcdir/src/base/error.c" | grep -v '^ok$' | sort -u >ids
[ "$(wc -l <ids)" -gt 30 ] || complain "only $(wc -l <ids) error ids are found"
sed -n '/^\.SH "ERROR IDS"/,/^\.SH "COMMANDS WITHOUT/p' events.5 | grep -v '^\.' | grep -v '^Exit' |
    tr ' ' '\n' | grep . | sort -u >man.ids
diff ids man.ids >diff.out || complain "espjig-events.5 and base/error.c differ: $(cat diff.out)"
grep -Eo '"[a-z0-9_]+", [a-z0-9_.]+, FIELD_[A-Z0-9]+' "$top_srcdir/src/job/event_json.c" | cut -d '"' -f 2 |
    sort -u >members
[ "$(wc -l <members)" -gt 40 ] || complain "only $(wc -l <members) members are found"
while read -r member; do
    grep -Eq "^\.BR? (.*[ ,])?$member( |,|\$)" events.5 ||
        complain "the member $member is not in espjig-events.5"
done <members

# ---- the examples
if [ -x "$ESPJIG_EMU" ] && [ -d "$samples/esp32" ]; then
    mkdir bin && ln -s "$(cd "$(dirname "$espjig")" && pwd)/$(basename "$espjig")" bin/espjig
    PATH=$tmp/bin:$PATH
    cp "$samples"/esp32/*.bin .
    "$make_elf" . 1 && cp esp32-0.elf app.elf
    mkdir build && cp ./*.bin build
    echo '{"flash_files": {"0x1000": "bootloader.bin", "0x8000": "partition-table.bin", "0x10000": "app.bin"}}' >build/flasher_args.json
    echo '0x1000 bootloader.bin 0x8000 partition-table.bin 0x10000 app.bin' >build/flash_args
    sed -n '/^\.SH EXAMPLES/,/^\.SH "SEE/p' espjig.1 | grep '^espjig ' >examples
    [ "$(wc -l <examples)" -gt 8 ] || complain "only $(wc -l <examples) examples are found"
    while read -r example; do
        timeout 120 sh -c "$example" </dev/null >out 2>err
        status=$?
        [ $status -eq 0 ] || complain "status $status: $example"
    done <examples
    cmp -s -n 65536 saved.bin board.bin && complain "the last example did not erase the board"
    [ -s line.txt ] || complain "the example with --trace has written nothing"
else
    echo "espjig-emu or the samples are missing: the examples are not executed"
fi

# ---- espjig-job(5): its keys are those of the table, its example is a job, and its commands work
sed 's/\\-/-/g' "$man/espjig-job.5" >job.5
sed -n 's/^ *{SECTION_\([A-Z_]*\), "\([a-z-]*\)".*/\1 \2/p' "$top_srcdir/src/source/job_keys.c" |
    tr 'A-Z_' 'a-z-' | sort >keys
[ "$(wc -l <keys)" -gt 20 ] || complain "only $(wc -l <keys) keys are found in job_keys.c"
awk '/^\.SH "\[/ { section = $2; gsub(/["\[\]]/, "", section) }
    /^\.SH/ && !/"\[/ { section = "" }
    /^\.RS/ { inner = 1 }
    /^\.RE/ { inner = 0 }
    was_tp && !inner && section != "" && /^\.B [a-z]/ { print section, $2 }
    { was_tp = /^\.TP$/ }' job.5 | sort >man.keys
diff keys man.keys >diff.out || complain "espjig-job.5 and job_keys.c differ: $(cat diff.out)"
if [ -d bin ]; then
    sed -n '/^\.EX/,/^\.EE/p' job.5 | sed -n '/^# The lamp/,/^\.EE/p' | grep -v '^\.EE' >lamp.job
    rm -f board.bin
    sed -n '/^\.SH EXAMPLES/,/^\.SH "SEE/p' job.5 | grep '^espjig ' >examples
    [ "$(wc -l <examples)" -gt 7 ] || complain "only $(wc -l <examples) examples are found in espjig-job.5"
    while read -r example; do
        timeout 120 sh -c "$example" </dev/null >out 2>err
        status=$?
        [ $status -eq 0 ] || complain "status $status: $example"
    done <examples
    cmp -s -n 4096 -i 0:65536 app.bin board.bin || complain "the job of espjig-job.5 is not in the flash"
fi

# ---- nothing that man(1) would stumble over
if command -v mandoc >/dev/null; then
    mandoc -T lint -W warning "$man"/espjig.1 "$man"/espjig-events.5 "$man"/espjig-job.5 >out 2>&1 || complain "mandoc"
fi

finish
