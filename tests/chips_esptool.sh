#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# The tables of chips, and what is made of eFuses, against esptool's own classes. ESPTOOL names one, for example
# "/usr/bin/python3 /path/to/esptool.py".
set -eu
[ -n "${ESPTOOL:-}" ] || { echo "ESPTOOL is not set"; exit 77; }
program=${top_builddir:-.}/tests/chip_words
python=${ESPTOOL%% *}
script=${ESPTOOL##* }
[ -x "$program" ] || { echo "$program is not built"; exit 77; }
case $script in
*.py) ;;
*) python=python3 ;; # an installed command: its package is found by Python
esac
PYTHONDONTWRITEBYTECODE=1
export PYTHONDONTWRITEBYTECODE
"$python" -c 'import sys; sys.path.insert(0, sys.argv[1]); import esptool.targets' "$(dirname "$script")" 2>/dev/null ||
    { echo "$python can't import esptool"; exit 77; }
exec "$python" "${top_srcdir:-.}/tests/chips_esptool.py" "$program" "$(dirname "$script")"
