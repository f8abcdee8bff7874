/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "image/image.h"

#include "base/util.h"
#include "image/esp_image.h"
#include "image/partition.h"

#include <stdio.h>

#define PARTITION_TABLE_AT 0x8000 /* ESP-IDF's default */

static const char *chip_name_of(const struct esp_image *image, char *unknown, size_t size)
{
    const struct chip *chip = image->form == ESP_IMAGE_EXTENDED
                                  ? chip_by_image_id((int)image->chip_id)
                                  : chip_get(CHIP_ESP8266);

    if (chip)
        return chip->name;
    snprintf(unknown, size, "chip id %u", image->chip_id);
    return unknown;
}

/* One file for the whole flash: the image at its start is followed by a partition table at the
 * usual place. */
static bool is_merged(const uint8_t *data, size_t size, const struct esp_image *image)
{
    const struct chip *chip =
        image->form == ESP_IMAGE_EXTENDED ? chip_by_image_id((int)image->chip_id) : NULL;
    size_t at = PARTITION_TABLE_AT - (chip ? chip->bootloader_offset : 0);
    struct partition_table table;

    return at >= image->end && at < size && partition_table_parse(data + at, size - at, &table);
}

/* ESP8266: a segment in mapped flash, which the boot ROM can't serve. The others: apps since
 * ESP-IDF 3.3 carry a descriptor, and what fits in front of the partition table is a bootloader. */
static bool is_app(const struct esp_image *image)
{
    if (image->project[0] || image->version[0] || image->form == ESP_IMAGE_V2)
        return true;
    if (image->form == ESP_IMAGE_EXTENDED)
        return image->end > PARTITION_TABLE_AT;
    for (unsigned i = 0; i < image->n_segments; i++) {
        if (image->segments[i].address >= 0x40200000 && image->segments[i].address < 0x40300000)
            return true;
    }
    return false;
}

static void image_text(const uint8_t *data, size_t size, const struct esp_image *image, char *what,
                       size_t what_size)
{
    char unknown[24], text[128];
    const char *kind = is_merged(data, size, image) ? "merged image"
                       : is_app(image)              ? "app"
                                                    : "bootloader";

    snprintf(text, sizeof text, "%s%s %s%s%s%s%s", image->is_signed ? "signed " : "",
             chip_name_of(image, unknown, sizeof unknown), kind, image->project[0] ? " " : "",
             image->project, image->version[0] ? " " : "", image->version);
    util_copy(what, what_size, text);
}

/* ... that begins with what is blank in front of the bootloader. */
static bool blank_text(const uint8_t *data, size_t size, char *what, size_t what_size)
{
    static const size_t bootloaders[] = {0x1000, 0x2000};
    struct esp_image image;

    for (size_t i = 0; size > 0 && data[0] == 0xFF && i < ARRAY_LEN(bootloaders); i++) {
        size_t at = bootloaders[i];
        if (size > at && esp_image_parse(data + at, size - at, &image, NULL) == 0 &&
            is_merged(data + at, size - at, &image)) {
            image_text(data + at, size - at, &image, what, what_size);
            return true;
        }
    }
    return false;
}

void image_describe(const uint8_t *data, size_t size, char *what, size_t what_size)
{
    struct esp_image image;
    struct partition_table table;
    unsigned chip_id;
    char text[64];

    if (esp_image_parse(data, size, &image, NULL) == 0) {
        image_text(data, size, &image, what, what_size);
    } else if (esp_image_recognise(data, size, &chip_id) != ESP_IMAGE_NONE) {
        util_copy(what, what_size, "damaged image");
    } else if (partition_table_parse(data, size, &table)) {
        snprintf(text, sizeof text, "partition table, %zu %s", table.n,
                 table.n == 1 ? "entry" : "entries");
        util_copy(what, what_size, text);
    } else if (file_form(data, size) != FORM_RAW) { /* of a file as it is on the disk */
        snprintf(text, sizeof text, "%s file", file_form_name(file_form(data, size)));
        util_copy(what, what_size, text);
    } else if (!blank_text(data, size, what, what_size)) {
        util_copy(what, what_size, "data");
    }
}
