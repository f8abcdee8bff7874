# SPDX-License-Identifier: GPL-3.0-or-later
# Completion for bash. Commands and options are asked from espjig itself, so that they never differ.

_espjig()
{
    local cur prev word command='' i
    cur=${COMP_WORDS[COMP_CWORD]}
    prev=${COMP_WORDS[COMP_CWORD-1]}
    local commands
    commands=$(espjig --help 2>/dev/null | sed -n '/^Commands:/,/^$/s/^  \([a-z][a-z-]*\).*/\1/p')

    case $prev in
    -p | --port)
        COMPREPLY=($(compgen -W "$(espjig ports --json 2>/dev/null |
            sed -n 's/.*"event":"port".*"port":"\([^"]*\)".*/\1/p') emu:esp8266 emu:esp32 emu:esp32c3" -- "$cur"))
        return ;;
    -c | --chip)
        COMPREPLY=($(compgen -W "esp8266 esp32 esp32c3" -- "$cur"))
        return ;;
    -b | --baud)
        COMPREPLY=($(compgen -W "115200 230400 460800 921600" -- "$cur"))
        return ;;
    --before)
        COMPREPLY=($(compgen -W "default-reset usb-reset no-reset no-reset-no-sync" -- "$cur"))
        return ;;
    -a | --after)
        COMPREPLY=($(compgen -W "hard-reset soft-reset no-reset no-reset-stub" -- "$cur"))
        return ;;
    -fm | --flash-mode)
        COMPREPLY=($(compgen -W "keep qio qout dio dout" -- "$cur"))
        return ;;
    esac
    for ((i = 1; i < COMP_CWORD; i++)); do
        for word in $commands; do
            [[ ${COMP_WORDS[i]//_/-} == "$word" ]] && command=$word
        done
    done
    if [[ $cur == -* ]]; then
        # shellcheck disable=SC2086 # no command: the options of all
        COMPREPLY=($(compgen -W "$(espjig $command --help 2>/dev/null |
            sed -n 's/^ .\{5\}--\([a-z-]*\).*/--\1/p; s/^  -[a-z]*, *--\([a-z-]*\).*/--\1/p')" -- "$cur"))
    elif [[ -z $command ]]; then
        COMPREPLY=($(compgen -W "$commands" -- "$cur"))
    else
        COMPREPLY=($(compgen -f -- "$cur"))
    fi
}
complete -o filenames -F _espjig espjig
