#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# The real program on a real terminal: keys in, screen out. Runs `espjig demo` in a private tmux.
set -u
build=$(cd "${top_builddir:-.}" && pwd) || exit 99
espjig=$build/espjig
export ESPJIG_EMU=${ESPJIG_EMU:-$build/espjig-emu}
LONG=60 # seconds that a loaded machine may need for what takes a moment

command -v tmux >/dev/null || { echo "skipped: no tmux"; exit 77; }
work=$(mktemp -d /tmp/espjig-ui-XXXXXX) || exit 99
mkdir -m 700 "$work/run" "$work/home" "$work/tmux"
export HOME=$work/home XDG_RUNTIME_DIR=$work/run TMUX_TMPDIR=$work/tmux
export XDG_CONFIG_HOME=$work/home XDG_STATE_HOME=$work/home XDG_CACHE_HOME=$work/home
export LC_ALL=C.UTF-8 TZ=UTC
unset TMUX NO_COLOR ESCDELAY ESPJIG_SOCKET

tm() { tmux -L ui -f /dev/null "$@"; }

# shellcheck disable=SC2317 # called by the trap
clean_up() {
    if [ -s "$work/pid" ]; then kill -HUP "$(cat "$work/pid")" 2>/dev/null; fi
    tm kill-server 2>/dev/null
    rm -rf "$work" 2>/dev/null || { sleep 1; rm -rf "$work"; } # the demo's station removes its own
}
trap clean_up EXIT

screen() { tm capture-pane -p; }
keys() { tm send-keys "$@"; }

fail() {
    echo "FAILED: $*"
    echo "--- the screen:"
    screen
    exit 1
}

# Polls until a command succeeds.
until_true() {
    local what=$1 end=$((SECONDS + LONG))
    shift
    until "$@"; do
        [ $SECONDS -lt $end ] || fail "$what"
        sleep 0.05
    done
}
shows() { screen | grep -qE -- "$1"; }
shows_not() { ! screen | grep -qE -- "$1"; }
see() { until_true "never saw: $1" shows "$1"; }
see_not() { until_true "still there: $1" shows_not "$1"; }

alternate_is() { [ "$(tm display-message -p '#{alternate_on}')" = "$1" ]; }

# Starts the program from the shell; what follows it names the run.
start() {
    keys "clear" Enter
    keys "sh -c 'echo \$\$ >$work/pid; exec $* $espjig demo -n 2'; echo \"left \$?\"" Enter
    see '^espjig · demo'
    until_true "not on the alternate screen" alternate_is 1
}

# Back in the shell, with the terminal as it was.
left() {
    see "^left $1"
    until_true "still on the alternate screen" alternate_is 0
    stty_now=$work/stty-$RANDOM
    keys "stty -g >$stty_now" Enter
    until_true "the shell does not answer" test -s "$stty_now"
    cmp -s "$work/stty" "$stty_now" || fail "the terminal's modes are not restored after: left $1"
    [ "$(tm display-message -p '#{cursor_flag}')" = 1 ] || fail "the cursor is not restored"
    : >"$work/pid"
}

percent() { screen | grep -oE '[0-9]+ %' | head -n 1; }
moved() { [ "$(percent)" != "$before" ]; }

mkdir "$work/fw"
seq 2000 | head -c 4096 >"$work/fw/app.bin"
cat >"$work/fw/flasher_args.json" <<'END'
{"flash_settings": {"flash_mode": "dio", "flash_size": "detect", "flash_freq": "40m"},
 "flash_files": {"0x10000": "app.bin"}, "extra_esptool_args": {"chip": "esp32"}}
END

tm new-session -d -c "$work" -x 80 -y 24 "env PS1='$ ' sh" || { echo "skipped: tmux does not start"; exit 77; }
see '^\$'
keys "stty -g >$work/stty" Enter
until_true "the shell does not answer" test -s "$work/stty"

echo "# a board is written with a moving bar"
start env
see 'IDLE'
see '^▌.*IDLE'
keys Enter
see 'DOWNLOAD.* %'
before=$(percent)
until_true "the bar does not move" moved
see 'FINISH'
see 'verified'
see '1 passed'

echo "# sizes"
tm resize-window -x 40 -y 10
see_not 'MAC'
see 'FINISH'
see '\? help$'
tm resize-window -x 60 -y 17
see '^─ '
tm resize-window -x 200 -y 50
see 'ADAPTER'
tm resize-window -x 80 -y 24
see_not 'ADAPTER'

echo "# help, images, wrong input"
keys '?'
see 'Boards'
keys Escape
see 'PROGRESS'
keys i
see 'FILE.*ADDRESS'
keys a
see 'build to add:'
keys 'no-such-file.bin' Enter
see "! .*no-such-file.bin"
see 'build to add: no-such-file.bin'
keys Escape
see_not 'build to add'
keys q
see 'PROGRESS'

echo "# erase asks first"
keys e
see 'type the word erase:'
see '24:0a:c4:00:00:01'
keys 'no' Enter
see 'nothing is erased'
keys Escape
see_not 'type the word'
keys j e # this one has not said its MAC yet: it is asked first
see '24:0a:c4:00:00:02'
see 'type the word erase:'
keys 'erase' Enter
see_not 'type the word'
see '^▌ emu2 .* ERASE'
until_true "never erased" shows '^▌ emu2 .* FINISH'

echo "# to the shell and back"
keys C-z
until_true "not suspended" alternate_is 0
keys '' Enter
keys 'fg' Enter
until_true "did not come back" alternate_is 1
see 'PROGRESS'
keys q
until_true "did not leave" alternate_is 0
keys 'clear; echo "left $?"' Enter # the shell has counted the first one as over
left 0

echo "# colours, and none"
start env
keys Enter
see 'DOWNLOAD.* %|FINISH'
tm capture-pane -pe | grep -q $'\033\\[[0-9;]*3[1-7]' || fail "no colour at all"
keys s
see_not 'flashing'
see 'stopped'
keys q
left 0
start env NO_COLOR=1
keys Enter
see 'DOWNLOAD.* %|FINISH'
tm capture-pane -pe | grep -q $'\033\\[[0-9;]*[34][0-7][;m]' && fail "colours in spite of NO_COLOR"
keys s
see_not 'flashing'
see 'stopped'
keys q
left 0

echo "# the terminal goes away in mid-write: the job goes on"
start env
keys j Enter
see 'DOWNLOAD.* %'
kill -HUP "$(cat "$work/pid")"
left 0
start env
until_true "the job did not go on" shows 'FINISH .*verified'
keys q
left 0

echo "# a question while jobs run"
start env
keys Enter
see 'DOWNLOAD.* %|SYNC'
keys q
see 'Leave\?'
keys Escape
see_not 'Leave\?'
keys s
see_not 'flashing'

echo "# a crash"
kill -SEGV "$(cat "$work/pid")"
left '[1-9][0-9]*'

echo "# keys that the terminal is not said to have; it has no second screen either"
keys "clear; TERM=vt100 $espjig demo; echo left \$?" Enter
see '^espjig · demo'
keys i
see 'FILE.*ADDRESS'
keys End
see '^▌\[\+\]'
keys DC
see 'move to an image'
keys F7 PPage
see '^▌\[x\]'
keys q
see 'PROGRESS'
keys q
see '^left 0'
keys "clear" Enter

echo "# the flash map, a build from the file chooser, a file out of all"
start env
keys i
see 'flash map, .* MB'
see 'B bootloader'
keys p
see 'app factory'
keys Escape
see 'FILE.*ADDRESS'
keys o
see '\*fw/ .*ESP-IDF build directory'
tm resize-window -x 40 -y 10
see '\*fw/'
tm resize-window -x 80 -y 24
keys / fw Enter
see 'filter: fw'
keys Space
see 'replace the list'
keys Enter
see '1 of 1 ticked'
see 'speed 40 MHz/40m'
keys c C-u "$work/fw/one.bin" Enter
see 'one.bin: '
[ "$(wc -c <"$work/fw/one.bin")" = $((0x10000 + 4096)) ] || fail "the combined file has a wrong size"
keys D
see 'back to the defaults'
keys Escape
see_not 'back to the defaults'
keys q
see 'PROGRESS'
keys q
left 0
echo "ok"
