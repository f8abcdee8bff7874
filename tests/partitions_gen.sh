#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# The same tables from ESP-IDF's own gen_esp32part.py, where GEN_ESP32PART names one: byte for byte,
# both ways, and the same are refused.
# shellcheck source=tests/cli_lib.sh
. "${top_srcdir:-.}/tests/cli_lib.sh"

[ -f "${GEN_ESP32PART:-}" ] || { echo "GEN_ESP32PART names no gen_esp32part.py"; exit 77; }
cd "$tmp" || exit 99

# compare NAME: the CSV of that name, by both.
compared=0 refused=0
compare()
{
    rm -f theirs.bin ours.bin
    python3 "$GEN_ESP32PART" -q "$1" theirs.bin >gen.out 2>&1
    theirs=$?
    run partitions -q -o ours.bin "$1"
    if [ $theirs -eq 0 ]; then
        [ "$status" -eq 0 ] || complain "$1 is refused: $(cat "$1")"
        cmp -s ours.bin theirs.bin || complain "$1 gives another table: $(cat "$1")"
        python3 "$GEN_ESP32PART" -q theirs.bin theirs.csv >gen.out 2>&1
        expect 0 "" partitions -q -o ours.csv ours.bin
        cmp -s ours.csv theirs.csv || complain "the CSV of $1 is another"
        compared=$((compared + 1))
    else
        [ "$status" -ne 0 ] || complain "$1 is taken, but gen_esp32part.py says: $(tail -n 1 gen.out)"
        refused=$((refused + 1))
    fi
}

# A file for each line; ; stands for a new line.
n=0
while read -r rows; do
    n=$((n + 1))
    echo "$rows" | tr ';' '\n' >$n.csv
    compare $n.csv
done <<'END'
nvs,data,nvs,0x9000,0x6000;phy,data,phy,,4K;factory,app,factory,,1M
# Name, Type, SubType, Offset, Size, Flags;nvs, data, nvs, 0x9000, 0x4000,;otadata, data, ota, , 0x2000,;ota_0, app, ota_0, , 1M;ota_1, app, ota_1, , 1M
nvs,data,nvs,,24K,encrypted;key,data,nvs_keys,,4K,encrypted:readonly;a,APP,Factory,64k,-2M;c,data,coredump,,64K
a,0x40,0xfe,,0x123;b,64,,,1kk;name_longer_than_16_bytes,data,0x99,,4K
a,data,fat,,1 k;b,data,spiffs,,0b1000;c,data,littlefs,,0o20;d,data,efuse,,1_0;e,data,esphttpd,,0X10,,,,
a,app,ota_15,,4K;b,app,test,,4K;c,app,tee_1,,4K;d,data,tee_ota,,8K
t,partition_table,primary,N/A,N/A;a,data,,,4K,::
nvs,data,nvs,,8K,readonly
nvs,data,nvs,,8K
a,app,factory,,0x1800
a,app,factory,0x11000,1M
a,app,ota_16,,1M
a,app,,,1M
a,data,factory,,1M
a,data,fat,,1G
a,data,fat,,010
a,data,fat,,
a,data,fat,0x8000,4K
a,data,fat,1M,4K;b,data,fat,0x10000,4K
a,data,fat,,4K;a,data,fat,,4K
a,data,ota,,8K;b,data,ota,,8K
a,data,ota,,4K
a,data,ota,,8K,readonly
a,data,fat,,4K,Encrypted
a,data,fat,,4K,# comment
a,256,0,,4K
a,-1,0,,4K
a,data,fat,,-0x8000
a,data,fat,0x9001,4K
b,bootloader,primary,N/A,N/A
END
[ $compared -ge 8 ] && [ $refused -ge 20 ] || complain "$compared were compared and $refused refused: fewer than thought"
echo "$compared compared, $refused refused by both"
finish
