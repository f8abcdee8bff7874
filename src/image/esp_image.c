/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "image/esp_image.h"

#include "base/util.h"
#include "image/digest.h"

#include <string.h>

#define HEADER          8
#define HEADER_EXTENDED 24
#define DIGEST          32
#define EBOOT           4096 /* bytes of it, with what fills it up */
#define EBOOT_WORDS     8
#define SIGNATURE_1     68   /* version word 0, 64 bytes of ECDSA; at most 12 of alignment follow */
#define SIGNATURE_2     1216 /* one block of the signature sector */

/* Where the ESP8266 has RAM, instruction RAM and mapped flash (ESP8266 memory map; esptool
 * targets/esp8266.py). */
static bool is_8266_address(uint32_t a)
{
    return (a >= 0x3FFE8000 && a < 0x40000000) || (a >= 0x40100000 && a < 0x40110000) ||
           (a >= 0x40200000 && a < 0x40300000);
}

static bool is_plain(const uint8_t *data)
{
    uint32_t entry = le32_get(data + 4);

    return data[2] <= 3 && entry >= 0x40100000 && entry < 0x40110000 &&
           is_8266_address(le32_get(data + HEADER));
}

/* Chip ids are below 256, reserved bytes are 0, and the last one is a flag: 48 bits that plain data
 * does not have by chance. */
static bool is_extended(const uint8_t *data, size_t size)
{
    return size >= HEADER_EXTENDED && data[2] <= 5 && le32_get(data + 4) != 0 && data[13] == 0 &&
           le32_get(data + 19) == 0 && data[23] <= 1;
}

enum esp_image_form esp_image_recognise(const uint8_t *data, size_t size, unsigned *chip_id)
{
    if (size < HEADER + ESP_SEGMENT_HEADER)
        return ESP_IMAGE_NONE;
    if (data[0] == ESP_IMAGE_MAGIC_V2) {
        uint32_t entry = le32_get(data + 4);
        bool fits = data[1] == 4 && data[2] <= 3 && entry >= 0x40100000 && entry < 0x40110000 &&
                    le32_get(data + HEADER) == 0;
        return fits ? ESP_IMAGE_V2 : ESP_IMAGE_NONE;
    }
    if (data[0] != ESP_IMAGE_MAGIC || data[1] == 0 || data[1] > ESP_IMAGE_SEGMENTS_MAX)
        return ESP_IMAGE_NONE;
    if (is_plain(data))
        return ESP_IMAGE_PLAIN;
    if (!is_extended(data, size))
        return ESP_IMAGE_NONE;
    if (chip_id)
        *chip_id = le16_get(data + 12);
    return ESP_IMAGE_EXTENDED;
}

const struct chip *esp_image_chip(enum esp_image_form form, unsigned chip_id)
{
    if (form == ESP_IMAGE_NONE)
        return NULL;
    return form == ESP_IMAGE_EXTENDED ? chip_by_image_id((int)chip_id) : chip_get(CHIP_ESP8266);
}

/* Reads the segment whose header is at *at, moves *at behind its data. */
static int segment_read(const uint8_t *data, size_t size, size_t *at,
                        struct esp_image_segment *segment, unsigned number, struct error *error)
{
    if (size - *at < ESP_SEGMENT_HEADER)
        return error_set(error, ERR_FILE_FORMAT,
                         "cut off: it ends at offset 0x%zx, inside the header of segment %u", size,
                         number);
    segment->address = le32_get(data + *at);
    segment->size = le32_get(data + *at + 4);
    segment->offset = *at + ESP_SEGMENT_HEADER;
    if (segment->size > size - segment->offset)
        return error_set(
            error, ERR_FILE_FORMAT,
            "cut off: segment %u at offset 0x%zx should have %u bytes, the file has only %zu left",
            number, segment->offset, segment->size, size - segment->offset);
    *at = segment->offset + segment->size;
    return 0;
}

static uint8_t checksum_add(uint8_t sum, const uint8_t *data, size_t n)
{
    for (size_t i = 0; i < n; i++)
        sum ^= data[i];
    return sum;
}

/* Behind the last segment: padding, so that the checksum is the last byte of a row of 16, then
 * maybe the digest. Extended headers say whether there is one. The plain form has no such flag: an
 * RTOS SDK app is known by a digest that is right. */
static int tail_read(const uint8_t *data, size_t size, size_t at, struct esp_image *image,
                     struct error *error)
{
    image->checksum_at = at | 15;
    if (image->checksum_at >= size)
        return error_set(error, ERR_FILE_FORMAT,
                         "cut off: the checksum should be at offset 0x%zx, the file has %zu bytes",
                         image->checksum_at, size);
    image->end = image->checksum_at + 1;

    size_t left = size - image->end;
    if (image->form == ESP_IMAGE_EXTENDED && data[23] == 1) {
        if (left < DIGEST)
            return error_set(
                error, ERR_FILE_FORMAT,
                "cut off: a SHA-256 of 32 bytes should be at offset 0x%zx, the file has %zu bytes",
                image->end, size);
        image->digest_at = image->end;
    } else if (image->form == ESP_IMAGE_PLAIN && left >= DIGEST) {
        uint8_t sha256[DIGEST];
        digest_sha256(data, image->end, sha256);
        if (memcmp(sha256, data + image->end, DIGEST) == 0)
            image->digest_at = image->end;
    }
    if (image->digest_at)
        image->end += DIGEST;
    return 0;
}

/* Signature blocks begin with E7 and a version, 2 for RSA or 3 for ECDSA. */
static bool is_signature_v2(const uint8_t *data, size_t size, size_t at)
{
    return at <= size && size - at >= SIGNATURE_2 && data[at] == 0xE7 &&
           (data[at + 1] == 2 || data[at + 1] == 3);
}

/* A word 0 and two numbers, then at most what fills up a row of 16, or a flash that is erased. */
static bool is_signature_v1(const uint8_t *data, size_t size, size_t at)
{
    size_t left = size - at, end = at + SIGNATURE_1;

    if (left < SIGNATURE_1 || le32_get(data + at) != 0 || util_trimmed(data + at + 4, 64, 0) == 0)
        return false;
    size_t sector = (end + FLASH_SECTOR - 1) / FLASH_SECTOR * FLASH_SECTOR;
    size_t rest = (sector < size ? sector : size) - end;
    return left <= SIGNATURE_1 + 12 || util_trimmed(data + end, rest, 0xFF) == 0;
}

/* Secure Boot: version 2 puts a sector of signature blocks at the start of the next sector, or,
 * where the padding was left out, at the end of the file; version 1 puts 68 bytes right behind the
 * image. (ESP-IDF security docs; espsecure.) */
static void signature_find(const uint8_t *data, size_t size, struct esp_image *image)
{
    size_t at = (image->end + FLASH_SECTOR - 1) / FLASH_SECTOR * FLASH_SECTOR;

    if (!is_signature_v2(data, size, at) && size >= image->end + FLASH_SECTOR &&
        size - FLASH_SECTOR < at)
        at = size - FLASH_SECTOR;
    if (is_signature_v2(data, size, at)) {
        image->signature_version = 2;
        image->signature_at = at;
        image->signature_end = size - at < FLASH_SECTOR ? size : at + FLASH_SECTOR;
    } else if (is_signature_v1(data, size, image->end)) {
        image->signature_version = 1;
        image->signature_at = image->end;
        image->signature_end = image->end + SIGNATURE_1;
    }
    image->is_signed = image->signature_version != 0;
}

/* ESP-IDF's own loader reads both where the first segment begins, and elf2image puts them there;
 * older and other builds have the app's in a later one. */
static void descriptors_read(const uint8_t *data, struct esp_image *image)
{
    const struct esp_image_segment *s = image->segments;

    for (unsigned i = 0; i < image->n_segments && !image->app.present; i++)
        esp_app_desc_read(data + s[i].offset, s[i].size, &image->app);
    if (!image->app.present && image->form == ESP_IMAGE_EXTENDED)
        esp_boot_desc_read(data + s[0].offset, s[0].size, &image->boot);
}

/* ESP-IDF esp_app_format.h: esp_image_header_t; two drive settings a byte, the first one low. */
static void extended_read(const uint8_t *data, struct esp_image *image)
{
    image->wp_pin = data[8];
    for (size_t i = 0; i < ESP_DRIVE_PINS; i++)
        image->drive[i] = (data[9 + i / 2] >> (i % 2 * 4)) & 0x0F;
    image->min_revision_old = data[14];
    image->min_revision = le16_get(data + 15);
    image->max_revision = le16_get(data + 17);
    image->digest_flag = data[23] == 1;
}

/* The Arduino core for the ESP8266 puts an app behind its bootloader "eboot", and, when all
 * checksums are made, the length of both and a CRC into the first 8 bytes of the first segment
 * (elf2bin.py). What the checksum was made over had zeros there. */
static void eboot_app_allow(const uint8_t *data, struct esp_image *image)
{
    const struct esp_image_segment *s = &image->segments[0];

    if (image->form == ESP_IMAGE_PLAIN && s->size >= EBOOT_WORDS &&
        le32_get(data + s->offset) == image->end + EBOOT)
        image->checksum = checksum_add(image->checksum, data + s->offset, EBOOT_WORDS);
}

static int image_walk(const uint8_t *data, size_t size, struct esp_image *image,
                      struct error *error)
{
    size_t at = image->form == ESP_IMAGE_EXTENDED ? HEADER_EXTENDED : HEADER;
    unsigned n = data[1], first = 0;

    if (image->form == ESP_IMAGE_V2) { /* flash segment, not in the checksum; then a plain image */
        if (segment_read(data, size, &at, &image->segments[0], 0, error) != 0)
            return ERR_FILE_FORMAT;
        if (size - at < HEADER || data[at] != ESP_IMAGE_MAGIC)
            return error_set(error, ERR_FILE_FORMAT,
                             "no second image header (0xe9) at offset 0x%zx", at);
        image->second_header_at = at;
        n = data[at + 1] + 1u;
        if (n > ESP_IMAGE_SEGMENTS_MAX)
            return error_set(error, ERR_FILE_FORMAT,
                             "%u segments at offset 0x%zx, at most %d are possible", n - 1, at + 1,
                             ESP_IMAGE_SEGMENTS_MAX - 1);
        at += HEADER;
        first = 1;
    }
    image->checksum = ESP_IMAGE_CHECKSUM;
    for (unsigned i = first; i < n; i++) {
        struct esp_image_segment *s = &image->segments[i];
        if (segment_read(data, size, &at, s, i, error) != 0)
            return ERR_FILE_FORMAT;
        image->checksum = checksum_add(image->checksum, data + s->offset, s->size);
    }
    image->n_segments = n;
    if (tail_read(data, size, at, image, error) != 0)
        return ERR_FILE_FORMAT;
    eboot_app_allow(data, image);
    return 0;
}

int esp_image_parse(const uint8_t *data, size_t size, struct esp_image *image, struct error *error)
{
    *image = (struct esp_image){0};
    image->form = esp_image_recognise(data, size, &image->chip_id);
    if (image->form == ESP_IMAGE_NONE)
        return error_set(error, ERR_FILE_FORMAT, "not an Espressif firmware image");
    image->mode = data[2];
    image->size_freq = data[3];
    image->entry = le32_get(data + 4);
    if (image->form == ESP_IMAGE_EXTENDED)
        extended_read(data, image);
    if (image_walk(data, size, image, error) != 0) {
        *image = (struct esp_image){0};
        return ERR_FILE_FORMAT;
    }
    signature_find(data, size, image);
    descriptors_read(data, image);
    return 0;
}

int esp_image_verify(const uint8_t *data, const struct esp_image *image, struct error *error)
{
    uint8_t sha256[DIGEST];
    char found[2 * DIGEST + 1], expected[2 * DIGEST + 1];

    if (data[image->checksum_at] != image->checksum)
        return error_set(
            error, ERR_FILE_FORMAT,
            "damaged: the checksum at offset 0x%zx is 0x%02x, the contents give 0x%02x",
            image->checksum_at, data[image->checksum_at], image->checksum);
    if (image->digest_at == 0)
        return 0;
    digest_sha256(data, image->digest_at, sha256);
    if (memcmp(sha256, data + image->digest_at, DIGEST) == 0)
        return 0;
    size_t at = 0; /* where they part */
    while (at < DIGEST - 4 && sha256[at] == data[image->digest_at + at])
        at++;
    return error_set(error, ERR_FILE_FORMAT,
                     "damaged: the SHA-256 at offset 0x%zx has %s at its byte %zu, the contents "
                     "give %s",
                     image->digest_at, util_hex_format(found, data + image->digest_at + at, 4), at,
                     util_hex_format(expected, sha256 + at, 4));
}
