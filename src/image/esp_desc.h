/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What an app and a bootloader say of themselves at the start of their first segment. Takes hostile
 * bytes; nothing is allocated. Sources: ESP-IDF esp_app_desc.h (3.3 and later; a few members since
 * 5.1) and esp_bootloader_desc.h (5.2 and later; its secure version since 5.5).
 */
#ifndef ESPJIG_IMAGE_ESP_DESC_H
#define ESPJIG_IMAGE_ESP_DESC_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define ESP_APP_DESC_MAGIC 0xABCD5432 /* first word of the first flash segment of an app */

/* Texts are printable ASCII, "" where there is none. */
struct esp_app_desc {
    bool present;
    uint32_t secure_version; /* for anti-rollback */
    char version[33], project[33];
    char time[17], date[17]; /* of compilation: "12:00:00", "Jan  1 2026" */
    char idf_version[33];
    uint8_t elf_sha256[32];
    unsigned min_efuse_revision, max_efuse_revision; /* of the eFuse block; 100 * major + minor */
    uint32_t mmu_page_size;                          /* bytes; 0: not said */
};

struct esp_boot_desc {
    bool present;
    uint8_t secure_version;
    uint32_t version;
    char idf_version[33], date_time[25];
};

/* From the data of a segment; false, with *desc all zero, when it does not begin with one. */
bool esp_app_desc_read(const uint8_t *data, size_t size, struct esp_app_desc *desc);
bool esp_boot_desc_read(const uint8_t *data, size_t size, struct esp_boot_desc *desc);

#endif
