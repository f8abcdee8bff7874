# SPDX-License-Identifier: GPL-3.0-or-later
# shellcheck shell=sh
# For the tests of the command line: sourced, not run.

top_srcdir=${top_srcdir:-.}
top_builddir=${top_builddir:-.}
espjig=${ESPJIG:-$top_builddir/espjig}
json_lines=$top_builddir/tests/json_lines
samples=$top_builddir/samples
tmp=$(mktemp -d) || exit 99
trap 'rm -rf "$tmp"' EXIT
trap 'exit 99' INT TERM HUP

# Flasher stubs are looked for at the usual place, which is hidden next.
: "${ESPJIG_STUB_DIR:=${XDG_DATA_HOME:-$HOME/.local/share}/espjig/stubs}"
export ESPJIG_STUB_DIR

# Nothing of the user's is read or written, whatever the machine has in its environment.
export HOME="$tmp/home" XDG_RUNTIME_DIR="$tmp/run" XDG_STATE_HOME="$tmp/state" \
    XDG_DATA_HOME="$tmp/data" XDG_CONFIG_HOME="$tmp/config" XDG_CACHE_HOME="$tmp/cache"
mkdir -m 700 "$HOME" "$XDG_RUNTIME_DIR" "$XDG_STATE_HOME" "$XDG_DATA_HOME"
unset ESPJIG_PORT ESPTOOL_PORT ESPJIG_SOCKET NO_COLOR

failures=0
complain()
{
    echo "FAIL: $*"
    sed 's/^/    out: /' "$tmp/out"
    sed 's/^/    err: /' "$tmp/err"
    failures=$((failures + 1))
}

# run ARGUMENT...: $status, $tmp/out, $tmp/err. A hang is a failure too.
run()
{
    timeout "${limit:-120}" "$espjig" "$@" </dev/null >"$tmp/out" 2>"$tmp/err"
    status=$?
    # Said on every machine that has no stubs; what comes of it is what the tests look at.
    sed -i '/warning: no flasher stub for /d' "$tmp/err"
}

# expect STATUS PATTERN ARGUMENT...: the pattern (grep -E) is to be on stderr, "" for none at all
# there; PASS is never said unless the status is 0.
expect()
{
    want=$1 pattern=$2
    shift 2
    run "$@"
    [ "$status" -eq "$want" ] || complain "espjig $*: status $status, not $want"
    if [ -n "$pattern" ]; then
        grep -Eq -e "$pattern" "$tmp/err" || complain "espjig $*: nothing like \"$pattern\" on stderr"
    elif [ -s "$tmp/err" ]; then
        complain "espjig $*: stderr is not empty"
    fi
    if [ "$status" -ne 0 ] && grep -q PASS "$tmp/out"; then
        complain "espjig $*: status $status, but PASS is said"
    fi
}

# emu_start OPTION...: an emulator that stays, its output in $tmp/emu.out, as soon as it can be reached: $emu_pid and
# $emu_address. It takes its time on a busy machine: only one that ended or never says so is given up.
emu_start()
{
    rm -f "$tmp/emu.out" # what an earlier one said
    "${ESPJIG_EMU:-$top_builddir/espjig-emu}" "$@" >"$tmp/emu.out" 2>&1 &
    emu_pid=$!
    n=0
    until grep -q '^ready ' "$tmp/emu.out" 2>/dev/null; do
        n=$((n + 1))
        if [ $n -gt 600 ] || ! kill -0 $emu_pid 2>/dev/null; then
            echo "the emulator does not come up: $(cat "$tmp/emu.out")"
            kill $emu_pid 2>/dev/null
            exit 99
        fi
        sleep 0.1
    done
    emu_address=$(sed -n 's/^ready [^ ]* //p' "$tmp/emu.out")
}

finish()
{
    [ "$failures" -eq 0 ] || { echo "$failures failed"; exit 1; }
    exit 0
}
