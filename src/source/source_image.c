/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A file that knows where it belongs: Intel HEX and UF2 by themselves; a merged image by what is in
 * it, because only one that begins at its address has a partition table at the right distance.
 */
#include "base/util.h"
#include "image/esp_image.h"
#include "image/partition.h"
#include "image/pieces.h"
#include "source/private.h"

enum { ESP8266_APP = 0x1000, EBOOT_MAX = 0x1000 };

/* The chip of the bootloader that is at `at`; only where it is this chip's place for one. */
static const struct chip *boot_chip(const uint8_t *head, size_t n, uint32_t at, uint32_t address)
{
    unsigned chip_id = 0;

    if (at >= n || esp_image_recognise(head + at, n - at, &chip_id) != ESP_IMAGE_EXTENDED)
        return NULL;
    const struct chip *chip = chip_by_image_id((int)chip_id);
    return chip && chip->bootloader_offset == address ? chip : NULL;
}

/* A merged file may begin at 0 or at the bootloader. */
static bool is_merged(const uint8_t *head, size_t n, uint32_t *address, const struct chip **chip)
{
    struct partition_table table;

    for (int id = CHIP_AUTO + 1; id < CHIP_COUNT; id++) {
        uint32_t boot = chip_get((enum chip_id)id)->bootloader_offset;
        for (int whole = 0; whole < 2; whole++) {
            uint32_t start = whole ? 0 : boot;
            size_t at = JOB_TABLE_ADDRESS - start;
            *chip = boot_chip(head, n, boot - start, boot);
            *address = start;
            if (*chip && at < n && partition_table_parse(head + at, n - at, &table))
                return true;
        }
    }
    return false;
}

/* esp8266/Arduino: eboot, padded to a sector, and the app behind it. */
static bool is_esp8266(const uint8_t *head, size_t n)
{
    struct esp_image boot;

    return n > ESP8266_APP + 8 && esp_image_parse(head, n, &boot, NULL) == 0 &&
           boot.form == ESP_IMAGE_PLAIN && boot.end <= EBOOT_MAX &&
           esp_image_recognise(head + ESP8266_APP, n - ESP8266_APP, NULL) == ESP_IMAGE_PLAIN;
}

static bool place_of(const uint8_t *head, size_t n, uint32_t *address, const struct chip **chip)
{
    *chip = NULL;
    *address = JOB_ADDRESS_OWN;
    enum file_form form = file_form(head, n);
    if (form == FORM_HEX || form == FORM_UF2)
        return true;
    if (is_merged(head, n, address, chip))
        return true;
    *address = 0;
    *chip = chip_get(CHIP_ESP8266);
    return is_esp8266(head, n);
}

bool source_image_is(const struct source_look *look)
{
    const struct chip *chip;
    uint32_t address;

    return !look->directory && place_of(look->head, look->n, &address, &chip);
}

int source_image_load(struct source *s)
{
    struct buffer head = {0};
    const struct chip *chip = NULL;
    uint32_t address = 0;
    int result;

    if (source_head(s->name, &head, SOURCE_LOOK_MAX) != 0 ||
        !place_of(head.data, head.len, &address, &chip))
        result = error_set(s->error, ERR_FILE_FORMAT, "%s has changed meanwhile", s->name);
    else
        result = source_chip_set(s, "it", chip);
    if (result == 0 && chip)
        source_note(s->notes, false, "%s is a whole image for the %s: it goes to 0x%x", s->name,
                    chip->name, address);
    if (result == 0)
        result = source_image_add(s, "it", s->name, address, ENCRYPT_NO);
    if (result == 0)
        result = source_images_resolve(s, NULL);
    buffer_done(&head);
    return result;
}
