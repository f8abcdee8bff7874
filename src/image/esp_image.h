/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Espressif's firmware image format, read only. Everything here takes hostile bytes: nothing is
 * read outside data[0..size), nothing is allocated.
 *
 * Three forms. "Plain": 8 header bytes, then segments (ESP8266; what its boot ROM loads, and its
 * RTOS SDK's apps, those with a SHA-256 at the end). "Extended": the same with 16 more header bytes
 * that name the chip (ESP32 and all later). "Version 2": a header with magic 0xEA and one flash
 * segment, then a plain image (ESP8266 OTA apps). Source: esptool docs "Firmware Image Format";
 * ESP-IDF esp_image_format.h and esp_app_desc.h; ESP8266_RTOS_SDK esp_image_format.c.
 */
#ifndef ESPJIG_IMAGE_ESP_IMAGE_H
#define ESPJIG_IMAGE_ESP_IMAGE_H

#include "base/error.h"
#include "chip/chip.h"
#include "image/esp_desc.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define ESP_IMAGE_MAGIC        0xE9
#define ESP_IMAGE_MAGIC_V2     0xEA
#define ESP_IMAGE_SEGMENTS_MAX 16
#define ESP_IMAGE_CHECKSUM     0xEF /* what the XOR begins with */
#define ESP_SEGMENT_HEADER     8    /* bytes before a segment's data: its address and size */
#define ESP_IMAGE_WP_NONE      0xEE /* wp_pin: no pin is given */

enum esp_image_form {
    ESP_IMAGE_NONE, /* no image, as far as the header tells */
    ESP_IMAGE_PLAIN,
    ESP_IMAGE_V2,
    ESP_IMAGE_EXTENDED
};

enum esp_image_drive {
    ESP_DRIVE_CLK,
    ESP_DRIVE_Q,
    ESP_DRIVE_D,
    ESP_DRIVE_CS,
    ESP_DRIVE_HD,
    ESP_DRIVE_WP,
    ESP_DRIVE_PINS
};

struct esp_image_segment {
    uint32_t address; /* where it is loaded or mapped */
    uint32_t size;
    size_t offset; /* of its data, from the start of the image */
};

struct esp_image {
    enum esp_image_form form;
    unsigned chip_id; /* extended form only */
    uint8_t mode;     /* header byte 2 */
    uint8_t size_freq;
    uint32_t entry;
    unsigned n_segments;
    struct esp_image_segment segments[ESP_IMAGE_SEGMENTS_MAX];
    size_t checksum_at; /* offset of the checksum byte */
    uint8_t checksum;   /* as computed */
    size_t digest_at;   /* offset of the SHA-256, which is over all bytes before it; 0: has none */
    size_t end;         /* first byte behind the image */
    bool is_signed; /* a Secure Boot signature follows: changing a byte would make it worthless */

    /* The extended form's. */
    uint8_t wp_pin;                /* ESP_IMAGE_WP_NONE */
    uint8_t drive[ESP_DRIVE_PINS]; /* of the flash pins: enum esp_image_drive */
    bool digest_flag;              /* it says that a SHA-256 is appended */
    /* Chip revisions, 100 * major + minor. ESP-IDF: 0, and 65535 too, is no limit; it does not
     * compare a bootloader's maximum, and no longer looks at the old minimum (major alone). */
    unsigned min_revision_old, min_revision, max_revision;

    unsigned signature_version; /* of Secure Boot, 1 or 2; 0: not signed */
    size_t signature_at;        /* of what follows; all before it is signed */
    size_t signature_end;       /* first byte behind it */

    size_t second_header_at; /* ESP_IMAGE_V2: of the plain image inside; 0: other forms */
    struct esp_app_desc app;
    struct esp_boot_desc boot; /* only where there is no app descriptor */
};

/* By the header alone, which must make sense in every field: plain data that happens to start with
 * 0xE9 is ESP_IMAGE_NONE. `chip_id` (may be NULL) is set for the extended form. */
enum esp_image_form esp_image_recognise(const uint8_t *data, size_t size, unsigned *chip_id);

/* Who an image of that form and id is for: NULL for none and for an id that is not known. */
const struct chip *esp_image_chip(enum esp_image_form form, unsigned chip_id);

/* Walks header and segments. ERR_FILE_FORMAT when it is none or is cut off; the text begins with
 * what is wrong, so that callers put the file's name in front. *image is zeroed on error. */
int esp_image_parse(const uint8_t *data, size_t size, struct esp_image *image, struct error *error);

/* Compares checksum and digest of a parsed image: 0 or ERR_FILE_FORMAT. */
int esp_image_verify(const uint8_t *data, const struct esp_image *image, struct error *error);

#endif
