/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "image/esp_desc.h"

#include "base/util.h"

#include <string.h>

#define APP_DESC        256
#define BOOT_DESC       80
#define BOOT_DESC_MAGIC 0x50

/* How many printable ASCII characters it begins with, whatever the locale takes for printable. */
static size_t text_length(const uint8_t *from, size_t width)
{
    size_t n = 0;

    while (n < width && from[n] >= 0x20 && from[n] <= 0x7E)
        n++;
    return n;
}

/* A fixed-width field, whose terminating zero may be missing. */
static void text_read(char *to, const uint8_t *from, size_t width)
{
    size_t n = text_length(from, width);

    memcpy(to, from, n);
    to[n] = '\0';
}

bool esp_app_desc_read(const uint8_t *data, size_t size, struct esp_app_desc *desc)
{
    *desc = (struct esp_app_desc){0};
    if (size < APP_DESC || le32_get(data) != ESP_APP_DESC_MAGIC)
        return false;
    desc->present = true;
    desc->secure_version = le32_get(data + 4);
    text_read(desc->version, data + 16, 32);
    text_read(desc->project, data + 48, 32);
    text_read(desc->time, data + 80, 16);
    text_read(desc->date, data + 96, 16);
    text_read(desc->idf_version, data + 112, 32);
    memcpy(desc->elf_sha256, data + 144, sizeof desc->elf_sha256);
    desc->min_efuse_revision = le16_get(data + 176);
    desc->max_efuse_revision = le16_get(data + 178);
    if (data[180] > 0 && data[180] < 32) /* a power of two */
        desc->mmu_page_size = (uint32_t)1 << data[180];
    return true;
}

/* Printable up to a terminating zero. */
static bool is_text(const uint8_t *from, size_t width)
{
    size_t n = text_length(from, width);

    return n < width && from[n] == 0;
}

/* The magic is a single byte, which code and data have by chance: the texts must be texts, too. (Of
 * a reproducible build the date is empty.) */
bool esp_boot_desc_read(const uint8_t *data, size_t size, struct esp_boot_desc *desc)
{
    *desc = (struct esp_boot_desc){0};
    if (size < BOOT_DESC || data[0] != BOOT_DESC_MAGIC || data[8] == 0 || !is_text(data + 8, 32) ||
        !is_text(data + 40, 24))
        return false;
    desc->present = true;
    desc->secure_version = data[3];
    desc->version = le32_get(data + 4);
    text_read(desc->idf_version, data + 8, 32);
    text_read(desc->date_time, data + 40, 24);
    return true;
}
