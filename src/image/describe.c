/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "image/image.h"

#include "base/util.h"
#include "image/esp_image.h"
#include "image/merge.h"
#include "image/partition.h"

#include <stdio.h>

/* One file for the whole flash. */
static const struct chip *merged_for(const uint8_t *data, size_t size, uint32_t address)
{
    struct merged_head head;

    return merged_head_find(data, size, address, &head) ? head.chip : NULL;
}

static const char *chip_name_of(const struct esp_image *image, char *unknown, size_t size)
{
    const struct chip *chip = esp_image_chip(image->form, image->chip_id);

    if (chip)
        return chip->name;
    snprintf(unknown, size, "chip id %u", image->chip_id);
    return unknown;
}

/* ESP8266: a segment in mapped flash, which the boot ROM can't serve. The others: apps since
 * ESP-IDF 3.3 carry a descriptor, and what fits in front of the partition table is a bootloader. */
static bool is_app(const struct esp_image *image)
{
    if (image->app.project[0] || image->app.version[0] || image->form == ESP_IMAGE_V2)
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
    const struct esp_app_desc *app = &image->app;
    char unknown[24], text[128];
    const char *kind = merged_for(data, size, split_address(data, size)) ? "merged image"
                       : is_app(image)                                   ? "app"
                                                                         : "bootloader";

    snprintf(text, sizeof text, "%s%s %s%s%s%s%s", image->is_signed ? "signed " : "",
             chip_name_of(image, unknown, sizeof unknown), kind, app->project[0] ? " " : "",
             app->project, app->version[0] ? " " : "", app->version);
    util_copy(what, what_size, text);
}

void image_describe(const uint8_t *data, size_t size, char *what, size_t what_size)
{
    struct esp_image image;
    struct partition_table table;
    const struct chip *chip;
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
    } else if ((chip = merged_for(data, size, 0)) != NULL) { /* begins before its bootloader */
        snprintf(text, sizeof text, "%s merged image", chip->name);
        util_copy(what, what_size, text);
    } else if (file_form(data, size) != FORM_RAW) { /* of a file as it is on the disk */
        snprintf(text, sizeof text, "%s file", file_form_name(file_form(data, size)));
        util_copy(what, what_size, text);
    } else {
        util_copy(what, what_size, "data");
    }
}
