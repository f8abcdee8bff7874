#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# image-info: what it says of images, of files that are none, and its exit status. Field by field it is compared with
# esptool's in image_info_esptool.sh; signatures are in test_signature.
# shellcheck source=tests/cli_lib.sh
. "${top_srcdir:-.}/tests/cli_lib.sh"
[ -d "$samples/esp32" ] || { echo "the samples are missing"; exit 77; }
samples=$(cd "$samples" && pwd)
espjig=$(cd "$(dirname "$espjig")" && pwd)/${espjig##*/}
cd "$tmp" || exit 99

# put FILE AT SOURCE: SOURCE's bytes into FILE
put() { dd if="$3" of="$1" bs=1024 seek="$2" conv=notrunc 2>/dev/null; }
# poke FILE AT OCTAL
poke() { printf "%b" "\\0$3" | dd of="$1" bs=1 seek="$2" conv=notrunc 2>/dev/null; }
says() { grep -Eq "$1" out || complain "nothing like \"$1\""; }

# ---- every chip, as text and as JSON
n=0
for dir in "$samples"/esp*; do
    chip=${dir##*/}
    expect 0 "" image-info "$dir/app.bin"
    says "^  project +sample\$"
    says "^  checksum +0x[0-9a-f]{2}, right\$"
    says "^  SHA-256 +[0-9a-f]{64}, right\$"
    expect 0 "" image-info --json "$dir/app.bin" "$dir/bootloader.bin"
    [ "$(grep -c "\"image\":{\"chip\":\"$chip\",.*\"checksum\":{[^}]*\"ok\":true}.*\"error\":\"\"" out)" = 2 ] ||
        complain "image-info --json does not say that of $chip"
    n=$((n + 1))
done
[ $n = 15 ] || complain "$n chips"

# ---- the words of one
expect 0 "" image-info "$samples/esp32c3/app.bin"
says "^.*/app.bin: ESP32-C3 app sample 1.0, [0-9]+ bytes\$"
says "^  chip +ESP32-C3 \\(id 5\\)\$"
says "^  chip revisions +v0.0 and later \\(old minimum: 0\\)\$"
says "^  entry point +0x40380000\$"
says "^  flash size +2MB\$"
says "^  flash frequency +40m\$"
says "^  flash mode +dio\$"
says "^  WP pin +0xee \\(none\\)\$"
says "^  0 +0x3c000020 +0x[0-9a-f]+ +0x00000018 +DROM\$"
says "^  1 .* DRAM, BYTE_ACCESSIBLE\$"
says "^  compiled +Jan  1 2026 12:00:00\$"
says "^  ESP-IDF +none: made by espjig\$"
cp "$samples/esp32c3/bootloader.bin" odd.bin
poke odd.bin 2 011    # mode 9
poke odd.bin 3 377    # size and frequency 15
run image-info odd.bin # is no image: no header has such a mode
[ "$status" = 2 ] || complain "mode 9: status $status"
poke odd.bin 2 5
poke odd.bin 17 307 # maximal revision
expect 6 "SHA-256" image-info odd.bin
says "^  flash mode +slowrd\$"
says "^  flash size +not known \\(0xf\\)\$"
says "^  chip revisions +v0.0 to v1.99 "

# ---- damage: said on both ways out, status 6
cp "$samples/esp32c3/app.bin" bad.bin
poke bad.bin 5000 1
expect 6 "bad.bin: damaged: the checksum at offset 0x[0-9a-f]+ is 0x" image-info bad.bin
says "^  checksum +0x[0-9a-f]{2}, WRONG: the contents give 0x[0-9a-f]{2}\$"
says "^  SHA-256 .*, WRONG\$"
expect 6 "" image-info --json bad.bin
says "\"checksum\":{[^}]*\"ok\":false},\"digest\":{[^}]*\"ok\":false}.*\"error\":\"image-damaged\",\"text\":\"damaged: "
head -c 100000 "$samples/esp32c3/app.bin" >cut.bin
expect 6 "cut.bin: cut off: segment 0 at offset 0x20 should have" image-info cut.bin
expect 6 "" image-info --json cut.bin
says "\"image\":null,\"error\":\"image-damaged\""
expect 6 "" image-info --json "$samples/esp32c3/app.bin" cut.bin "$samples/esp32/app.bin" missing.bin
[ "$(grep -c '"error":""' out)" = 2 ] || complain "not two of four are right"
says "\"error\":\"file-unreadable\""

# ---- what is no image
head -c 5000 /dev/zero >zero.bin
: >empty.bin
expect 2 "zero.bin is no firmware image: 0xe9 is expected at offset 0x0, 0x00 is there" image-info zero.bin
expect 2 "no firmware image but a partition table, 3 entries" image-info "$samples/esp32/partition-table.bin"
expect 2 "empty.bin is empty" image-info empty.bin
expect 2 "missing.bin" image-info missing.bin
expect 2 "image-info needs FILE" image-info
expect 2 "" image-info --json zero.bin
says "\"image\":null,\"error\":\"file-format\""

# ---- merged files: each part; what follows an image is not the image's
head -c 1048576 /dev/zero | tr '\0' '\377' >merged.bin
put merged.bin 4 "$samples/esp32/bootloader.bin"
put merged.bin 32 "$samples/esp32/partition-table.bin"
put merged.bin 64 "$samples/esp32/app.bin"
expect 0 "" image-info merged.bin
says "^merged.bin at 0x1000: ESP32 bootloader, "
says "^merged.bin at 0x8000: partition table, 3 entries, "
says "^merged.bin at 0x10000: ESP32 app sample 1.0, "
expect 0 "" image-info --json merged.bin
[ "$(wc -l <out)" = 3 ] || complain "not three parts"
expect 0 "" image-info --offset 64k merged.bin
[ "$(grep -c '^merged' out)" = 1 ] || complain "--offset does not begin there"
{ head -c 100 zero.bin; cat "$samples/esp32/app.bin"; } >shifted.bin
expect 2 "no firmware image" image-info shifted.bin
expect 0 "" image-info --offset 100 shifted.bin
says "^shifted.bin at 0x64: ESP32 app"
expect 2 "0x7fffffff is past the end of" image-info --offset 0x7fffffff merged.bin
expect 2 "no number|not a number" image-info --offset here merged.bin
poke merged.bin 70000 1
expect 6 "merged.bin: damaged" image-info merged.bin

# ---- other forms of files
od -An -v -tu1 -w16 "$samples/esp32/bootloader.bin" | awk -v at=4096 '
    { sum = NF + int(at / 256) + at % 256; printf ":%02X%04X00", NF, at
      for (i = 1; i <= NF; i++) { printf "%02X", $i; sum += $i }
      printf "%02X\n", (256 - sum % 256) % 256; at += NF }
    END { print ":00000001FF" }' >boot.hex
expect 0 "" image-info boot.hex
says "^boot.hex at 0x1000: ESP32 bootloader"
expect 2 "offset is for raw files" image-info --offset 16 boot.hex
sed 's/^:10100000E9/:10100000E8/; s/^\(:10100000E8.*\)..$/\1/' boot.hex | awk '/^:10100000E8/ { $0 = $0 "00" } 1' >bad.hex
expect 2 "bad.hex" image-info bad.hex
printf '\177ELF\001\001\001' >program.elf
expect 2 "program.elf is no firmware image but a linked program" image-info program.elf

# ---- the chip
expect 0 "" image-info -c esp32c3 "$samples/esp32c3/app.bin"
expect 0 "" image-info -c auto "$samples/esp32c3/app.bin"
expect 6 "it is for the ESP32-C3, not for the ESP32" image-info -c esp32 "$samples/esp32c3/app.bin"
expect 2 "no chip that espjig knows" image-info -c esp99 "$samples/esp32c3/app.bin"
cp "$samples/esp32c3/app.bin" unknown.bin
poke unknown.bin 12 310 # 200
run image-info unknown.bin
says "^  chip +not known \\(id 200\\)\$"

# ---- keys
cat >key.pem <<'END'
-----BEGIN PUBLIC KEY-----
MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAE7ZZoICWITJWoLMgFJHguxsuwodQV
d/qJRuF9HwTLNC+pN6vRvvBFhxMnDD1n+99p5heH4DQzPthqw4YfF2reog==
-----END PUBLIC KEY-----
END
expect 6 "it is not signed at all, so not by the key in key.pem" image-info --verify-key key.pem "$samples/esp32/app.bin"
expect 6 "" image-info --json --verify-key key.pem "$samples/esp32/app.bin"
says "\"signature\":null},\"error\":\"bad-signature\""
expect 2 "zero.bin holds no key that can be read" image-info --verify-key zero.bin "$samples/esp32/app.bin"
expect 2 "no.pem" image-info --verify-key no.pem "$samples/esp32/app.bin"

finish
