#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# The layering of the house (src/README): includes go down only, rooms of one floor do not know each other, some libraries have one
# user, and the emulated chip shares base/ and nothing else.
set -u
src=${top_srcdir:-.}/src

# A room may include itself and what stands here.
allowed() {
    case $1 in
    base) echo "" ;;
    chip | link) echo "base" ;;
    image) echo "base chip" ;;
    loader) echo "base chip link image" ;;
    hint) echo "base chip link" ;;
    job) echo "base chip link image loader hint" ;;
    station) echo "base chip link image loader hint job" ;;
    source) echo "base chip link image job" ;;
    cli | ui) echo "base chip link image loader hint job source station" ;;
    emu) echo "base" ;;
    *) echo "?" ;;
    esac
}

# library header (regular expression) | the only files or rooms that may include it
sole_users='curses\.h|ui/term.c
libserialport\.h|link/
libudev\.h|link/
gpiod\.h|link/
mbedtls/|image/digest.c image/signature.c emu/
ini\.h|source/
zlib\.h|image/deflate.c emu/
libdeflate\.h|image/deflate.c
sqlite3\.h|station/records.c'

faults=$(
    for file in "$src"/*/*.[ch]; do
        name=${file#"$src"/}
        room=${name%%/*}
        may=" $room $(allowed "$room") "
        case $may in *\?*) echo "$name: the room $room is not in the house (tests/house.sh)" ;; esac
        sed -n 's/^[ \t]*#[ \t]*include[ \t]*"\([^"]*\)".*/\1/p' "$file" | while read -r header; do
            [ "$header" = config.h ] && continue
            case $header in
            */*) target=${header%%/*} ;;
            *) echo "$name: \"$header\" must be included with its room's name"; continue ;;
            esac
            case $may in *" $target "*) ;; *) echo "$name: includes $header, which is upward or sideways" ;; esac
        done
        echo "$sole_users" | while IFS='|' read -r header users; do
            grep -Eq "^[ 	]*#[ 	]*include[ 	]*<[^>]*$header" "$file" || continue
            ok=no
            for user in $users; do
                case $name in "$user"*) ok=yes ;; esac
            done
            [ $ok = yes ] || echo "$name: includes <$header>, which only $users may"
        done
    done
)

if [ -n "$faults" ]; then
    echo "$faults"
    exit 1
fi
set -- "$src"/*/*.[ch]
n=$#
[ "$n" -gt 20 ] || { echo "only $n files read below $src"; exit 1; }
echo "$n files, no arrow goes up"
