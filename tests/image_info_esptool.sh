#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# image-info against esptool's image-info, field by field, and --verify-key against espsecure. ESPTOOL names one, for
# example "/usr/bin/python3 /path/to/esptool.py". Other images by hand: tests/image_info_esptool.sh FILE...
set -eu
[ -n "${ESPTOOL:-}" ] || { echo "ESPTOOL is not set"; exit 77; }
program=${top_builddir:-.}/espjig
python=${ESPTOOL%% *}
script=${ESPTOOL##* }
[ -x "$program" ] || { echo "$program is not built"; exit 77; }
case $script in
*.py) ;;
*) python=python3 ;; # an installed command: its package is found by Python
esac
PYTHONDONTWRITEBYTECODE=1
export PYTHONDONTWRITEBYTECODE
"$python" -c 'import sys; sys.path.insert(0, sys.argv[1]); import esptool, espsecure' "$(dirname "$script")" 2>/dev/null ||
    { echo "$python can't import esptool and espsecure"; exit 77; }
exec "$python" "${top_srcdir:-.}/tests/image_info_esptool.py" "$program" "$(dirname "$script")" \
    "${top_builddir:-.}/samples" "$@"
