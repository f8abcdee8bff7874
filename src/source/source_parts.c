/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Builds that name no addresses: bootloader, partition table, app, boot_app0.bin and a file system,
 * told by their names and put where the chip and the table want them. (arduino-esp32 platform.txt:
 * tools.esptool_py.upload.pattern_args; platform-espressif32 builder/main.py and
 * builder/frameworks: FLASH_EXTRA_IMAGES, ESP32_APP_OFFSET.)
 */
#include "base/util.h"
#include "image/image.h"
#include "image/partition.h"
#include "source/private.h"

#include <glob.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    SUBTYPE_FACTORY = 0x00,
    SUBTYPE_OTA_0 = 0x10,
    SUBTYPE_OTADATA = 0x00, /* of type data */
    SUBTYPE_FAT = 0x81,
    SUBTYPE_SPIFFS = 0x82,
    SUBTYPE_LITTLEFS = 0x83,
    FAT_WEAR_LEVELLING = 0x1000 /* an Arduino FAT image begins behind it */
};

#define APP_USUAL 0x10000
#define OTADATA   0xe000

void source_parts_done(struct source_parts *parts)
{
    free(parts->bootloader);
    free(parts->table);
    free(parts->app);
    free(parts->boot_app0);
    free(parts->files);
    *parts = (struct source_parts){0};
}

/* The newest of the installed ones; they are all the same. */
char *source_boot_app0_find(void)
{
    static const char *const places[] = {
        "/.platformio/packages/framework-arduinoespressif32*/tools/partitions/boot_app0.bin",
        "/.arduino15/packages/esp32/hardware/esp32/*/tools/partitions/boot_app0.bin",
        "/Arduino/hardware/espressif/esp32/tools/partitions/boot_app0.bin",
    };
    const char *home = getenv("HOME");
    char *found = NULL;

    for (size_t i = 0; home && found == NULL && i < ARRAY_LEN(places); i++) {
        struct buffer pattern = {0};
        glob_t hits = {0};
        buffer_printf(&pattern, "%s%s", home, places[i]);
        if (glob((const char *)pattern.data, 0, NULL, &hits) == 0 && hits.gl_pathc > 0)
            found = xstrdup(hits.gl_pathv[hits.gl_pathc - 1]);
        globfree(&hits);
        buffer_done(&pattern);
    }
    return found;
}

static const struct partition *row_of(const struct partition_table *table, uint8_t type,
                                      uint8_t subtype)
{
    for (size_t i = 0; i < table->n; i++) {
        if (table->rows[i].type == type && table->rows[i].subtype == subtype)
            return &table->rows[i];
    }
    return NULL;
}

/* Where an app is started from: the usual place when there is a partition for apps, else the first
 * such one. */
static uint32_t app_address(const struct partition_table *table)
{
    const struct partition *first = NULL;

    for (size_t i = 0; i < table->n; i++) {
        const struct partition *p = &table->rows[i];
        if (p->type != PARTITION_APP ||
            (p->subtype != SUBTYPE_FACTORY && p->subtype != SUBTYPE_OTA_0))
            continue;
        if (p->offset == APP_USUAL)
            return APP_USUAL;
        if (first == NULL)
            first = p;
    }
    return first ? first->offset : APP_USUAL;
}

static int table_load(struct source *s, const char *path, struct partition_table *table)
{
    struct buffer head = {0};
    int result = 0;

    if (source_head(path, &head, PARTITION_SECTOR) != 0 ||
        !partition_table_parse(head.data, head.len, table))
        result = error_set(s->error, ERR_FILE_FORMAT, "%s is no partition table", path);
    buffer_done(&head);
    return result;
}

/* Without it the bootloader looks at what the flash holds in otadata: nothing (it starts the first
 * app), or the slot of the last update over the air. */
static int boot_app0_add(struct source *s, const char *path, const struct partition_table *table)
{
    const struct partition *otadata = row_of(table, PARTITION_DATA, SUBTYPE_OTADATA);

    if (otadata == NULL) {
        if (path)
            source_note(s->notes, false, "%s is not written: the partition table has no otadata",
                        path);
        return 0;
    }
    if (path == NULL) {
        source_note(s->notes, false,
                    "%s: there is no boot_app0.bin: a board that was updated over the air into "
                    "another slot goes on starting that one until 0x%x bytes at 0x%x are erased",
                    s->name, otadata->size, otadata->offset);
        return 0;
    }
    if (otadata->offset != OTADATA)
        source_note(s->notes, false, "%s goes to 0x%x, where the table has otadata", path,
                    otadata->offset);
    return source_image_add(s, "boot_app0.bin", path, otadata->offset, ENCRYPT_NO);
}

static int files_add(struct source *s, const char *path, const struct partition_table *table)
{
    static const uint8_t subtypes[] = {SUBTYPE_SPIFFS, SUBTYPE_LITTLEFS, SUBTYPE_FAT};
    const struct partition *p = NULL;

    for (size_t i = 0; p == NULL && i < ARRAY_LEN(subtypes); i++)
        p = row_of(table, PARTITION_DATA, subtypes[i]);
    if (p == NULL) {
        source_note(s->notes, true,
                    "%s is not written: the partition table has no place for a file system", path);
        return 0;
    }
    bool fat = p->subtype == SUBTYPE_FAT && p->size > FAT_WEAR_LEVELLING;
    uint32_t address = p->offset + (fat ? (uint32_t)FAT_WEAR_LEVELLING : 0);
    source_note(s->notes, false, "%s is written, too, to the partition %s at 0x%x", path, p->label,
                address);
    return source_image_add(s, "the file system", path, address, ENCRYPT_NO);
}

/* An ESP8266 without a table: the bootloader is part of the one file. */
static int single_add(struct source *s, const struct source_parts *parts)
{
    if (parts->files)
        source_note(s->notes, true,
                    "%s is not written: where it belongs only the linker's script knows",
                    parts->files);
    return source_image_add(s, "the app", parts->app, 0, ENCRYPT_NO);
}

static int with_table_add(struct source *s, const struct source_parts *parts,
                          const struct chip *chip)
{
    struct partition_table table;
    uint32_t boot = chip ? chip->bootloader_offset : JOB_ADDRESS_BOOTLOADER;
    int result = table_load(s, parts->table, &table);

    if (result == 0 && parts->bootloader)
        result = source_image_add(s, "the bootloader", parts->bootloader, boot, ENCRYPT_NO);
    else if (result == 0)
        source_note(s->notes, false, "%s has no bootloader: the one in the flash stays", s->name);
    if (result == 0)
        result = source_image_add(s, "the partition table", parts->table, s->job->table_address,
                                  ENCRYPT_NO);
    if (result == 0)
        result = boot_app0_add(s, parts->boot_app0, &table);
    if (result == 0)
        result = source_image_add(s, "the app", parts->app,
                                  parts->app_address ? parts->app_address : app_address(&table),
                                  ENCRYPT_NO);
    if (result == 0 && parts->files)
        result = files_add(s, parts->files, &table);
    return result;
}

int source_parts_add(struct source *s, const struct source_parts *parts)
{
    const struct chip *chip = parts->bootloader ? source_chip_of(parts->bootloader) : NULL;
    const char *by = parts->bootloader;
    int result;

    if (chip == NULL) {
        chip = source_chip_of(parts->app);
        by = parts->app;
    }
    if (chip == NULL)
        return error_set(s->error, ERR_FILE_FORMAT,
                         "%s is no firmware image for a chip that is known", parts->app);
    result = source_chip_set(s, by, chip);
    if (result != 0)
        return result;
    if (parts->table)
        return with_table_add(s, parts, chip);
    if (chip->id == CHIP_ESP8266)
        return single_add(s, parts);
    source_note(s->notes, false,
                "%s has no partition table: only the app is written, to 0x%x, and the flash must "
                "hold the rest",
                s->name, APP_USUAL);
    return source_image_add(s, "the app", parts->app,
                            parts->app_address ? parts->app_address : APP_USUAL, ENCRYPT_NO);
}
