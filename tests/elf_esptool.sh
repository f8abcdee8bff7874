#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# elf2image beside esptool's, byte for byte: on programs that tests/make_elf makes up for every chip, and on those of
# esptool's own tests where they are. ESPTOOL names one, for example "/usr/bin/python3 /path/to/esptool.py".
# ELF_KINDS=200 takes more of the former.
set -eu
[ -n "${ESPTOOL:-}" ] || { echo "ESPTOOL is not set"; exit 77; }
top_builddir=${top_builddir:-.}
python=${ESPTOOL%% *}
script=${ESPTOOL##* }
[ -x "$top_builddir/tests/make_elf" ] || { echo "tests/make_elf is not built"; exit 77; }
case $script in
*.py) ;;
*) python=python3 ;; # an installed command: its package is found by Python
esac
PYTHONDONTWRITEBYTECODE=1
export PYTHONDONTWRITEBYTECODE
"$python" -c 'import sys; sys.path.insert(0, sys.argv[1]); import esptool' "$(dirname "$script")" 2>/dev/null ||
    { echo "$python can't import esptool"; exit 77; }
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
mkdir "$tmp/elf"
"$top_builddir/tests/make_elf" "$tmp/elf" ${ELF_KINDS:-}
"$python" "${top_srcdir:-.}/tests/elf_esptool.py" "${ESPJIG:-$top_builddir/espjig}" "$(dirname "$script")" "$tmp"
