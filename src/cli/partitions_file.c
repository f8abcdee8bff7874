/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Where people have their partition tables. */
#include "cli/partitions.h"

#include "base/util.h"
#include "image/image.h"
#include "image/pieces.h"

#include <glob.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

enum { SEARCH_END = 0x20000, TEXT_LOOK = 512 };

/* ---- a directory --------------------------------------------------------------------------- */

/* ESP-IDF says in flasher_args.json where it wants the table; what can't be read says nothing. */
static void directory_address(const char *directory, uint32_t *address)
{
    static const char *const keys[] = {"partition-table", "partition_table"};
    struct buffer path = {0};
    uint8_t *data = NULL;
    size_t size;
    uint64_t v;

    buffer_printf(&path, "%s/flasher_args.json", directory);
    if (image_file_read((const char *)path.data, &data, &size, NULL) == 0) {
        json_t *json = json_loadb((const char *)data, size, 0, NULL);
        for (size_t i = 0; i < ARRAY_LEN(keys); i++) {
            const char *offset =
                json_string_value(json_object_get(json_object_get(json, keys[i]), "offset"));
            if (offset && util_number_parse(offset, false, UINT32_MAX - PARTITION_SECTOR, &v))
                *address = (uint32_t)v;
        }
        json_decref(json);
    }
    free(data);
    buffer_done(&path);
}

/* The table of a build directory, by its usual names; caller frees. NULL: there is none. */
static char *directory_find(const char *directory)
{
    static const char *const names[] = {
        "partition_table/partition-table.bin", /* ESP-IDF */
        "partition-table.bin",                 /* the same, copied together */
        "partitions.bin",                      /* PlatformIO */
        "*.partitions.bin",                    /* Arduino: SKETCH.ino.partitions.bin */
        "build/partition_table/partition-table.bin",
        "partitions.csv",
    };
    struct buffer pattern = {0};
    char *found = NULL;

    for (size_t i = 0; i < ARRAY_LEN(names) && !found; i++) {
        glob_t matches;
        buffer_clear(&pattern);
        for (const char *c = directory; *c; c++)
            buffer_printf(&pattern, "%s%c", strchr("*?[\\", *c) ? "\\" : "", *c);
        buffer_printf(&pattern, "/%s", names[i]);
        if (glob((const char *)pattern.data, 0, NULL, &matches) == 0) {
            found = xstrdup(matches.gl_pathv[0]);
            globfree(&matches);
        }
    }
    buffer_done(&pattern);
    return found;
}

/* ---- a file -------------------------------------------------------------------------------- */

static bool is_text(const uint8_t *data, size_t size)
{
    for (size_t i = 0; i < size && i < TEXT_LOOK; i++) {
        if (data[i] < 0x20 && !strchr("\t\n\v\f\r", data[i]))
            return false;
    }
    return size > 0 && data[0] != 0xFF;
}

static bool is_table_at(const uint8_t *data, size_t size, uint32_t address,
                        struct partition_table *table)
{
    return address < size && partition_table_read(data + address, size - address, table, NULL) == 0;
}

/* An image of the flash from 0 on, or from the bootloader on. A table elsewhere than where it is
 * said to be is taken only when its MD5 proves it. */
static bool image_take(const uint8_t *data, size_t size, bool fixed, struct event *event)
{
    struct partition_table *table = &event->partitions.table;

    if (is_table_at(data, size, event->partitions.address, table))
        return true;
    for (uint32_t at = PARTITION_SECTOR; !fixed && at < SEARCH_END; at += PARTITION_SECTOR) {
        if (is_table_at(data, size, at, table) && table->md5_at && table->md5_ok) {
            event->partitions.address = at;
            return true;
        }
    }
    return false;
}

/* HEX and UF2 have their own addresses. */
static int pieces_take(const char *path, const uint8_t *data, size_t size, struct event *event,
                       struct error *error)
{
    uint32_t address = event->partitions.address;
    struct pieces pieces;
    bool found = false;
    int rc = pieces_read(&pieces, path, data, size, PIECES_OWN_ADDRESS, NULL, error);

    if (rc != 0)
        return rc;
    for (size_t i = 0; i < pieces.n && !found; i++) {
        const struct piece *piece = &pieces.rows[i];
        uint32_t at = address - piece->address;
        found = address >= piece->address && at < piece->size &&
                partition_table_parse(piece->data + at, piece->size - at, &event->partitions.table);
    }
    pieces_done(&pieces);
    if (found)
        return 0;
    return error_set(error, ERR_FILE_FORMAT, "%s: found no partition table for 0x%x", path,
                     address);
}

static int content_take(const uint8_t *data, size_t size, bool fixed, struct event *event,
                        struct error *error)
{
    struct partition_table *table = &event->partitions.table;

    if (size >= 2 && data[0] == 0xAA && data[1] == 0x50)
        return partition_table_read(data, size, table, error);
    if (image_take(data, size, fixed, event))
        return 0;
    if (is_text(data, size) || (size >= 2 && data[0] == 0xFF && data[1] == 0xFE))
        return partition_csv_read((const char *)data, size, event->partitions.address,
                                  event->partitions.bootloader, table, error);
    return error_set(error, ERR_FILE_FORMAT,
                     "found neither a partition table (aa 50 at offset 0), nor CSV, nor an image "
                     "of the flash with a table at 0x%x",
                     event->partitions.address);
}

int partitions_file_read(const char *path, bool fixed, struct event *event, struct error *error)
{
    char *found = NULL;
    uint8_t *data = NULL;
    struct stat st;
    size_t size;
    int rc = 0;

    if (stat(path, &st) == 0 && S_ISDIR(st.st_mode)) {
        found = directory_find(path);
        if (found == NULL)
            return error_set(error, ERR_FILE_UNREADABLE,
                             "%s: there is no partition table in this directory "
                             "(partition_table/partition-table.bin, partitions.bin or another of "
                             "the usual names)",
                             path);
        if (!fixed)
            directory_address(path, &event->partitions.address);
        path = found;
    }
    rc = image_file_read(path, &data, &size, error);
    enum file_form form = rc == 0 ? file_form(data, size) : FORM_RAW;
    if (form == FORM_HEX || form == FORM_UF2)
        rc = pieces_take(path, data, size, event, error);
    else if (rc == 0 && (rc = content_take(data, size, fixed, event, error)) != 0)
        error_context(error, "%s", path);
    free(data);
    free(found);
    return rc;
}
