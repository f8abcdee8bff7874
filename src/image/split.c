/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "image/merge.h"

#include "base/util.h"
#include "image/esp_image.h"
#include "image/partition.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define SECTOR        4096
#define TABLE_AT      0x8000   /* ESP-IDF's default */
#define TABLE_AT_LAST 0x100000 /* no bootloader is that long */
#define TABLE_SIZE    (PARTITION_ROW * PARTITION_ROWS_MAX)

struct view {
    const uint8_t *data;
    size_t size;
    uint32_t address; /* of data[0] */
};

/* ---- finding ------------------------------------------------------------------------------- */

/* Offset of a flash address; SIZE_MAX when the file does not reach there. */
static size_t offset_of(const struct view *v, uint64_t address)
{
    return address >= v->address && address - v->address < v->size ? (size_t)(address - v->address)
                                                                   : SIZE_MAX;
}

static bool is_for(const struct esp_image *image, const struct chip *chip)
{
    if (chip->image_chip_id < 0)
        return image->form == ESP_IMAGE_PLAIN;
    return image->form == ESP_IMAGE_EXTENDED && (int)image->chip_id == chip->image_chip_id;
}

/* An image where the chip that it is for has its bootloader. */
static bool bootloader_find(const struct view *v, size_t *offset, struct esp_image *image)
{
    for (int id = CHIP_AUTO + 1; id < CHIP_COUNT; id++) {
        const struct chip *chip = chip_get((enum chip_id)id);
        *offset = offset_of(v, chip->bootloader_offset);
        if (*offset != SIZE_MAX &&
            esp_image_parse(v->data + *offset, v->size - *offset, image, NULL) == 0 &&
            is_for(image, chip))
            return true;
    }
    return false;
}

static bool table_is(const struct view *v, size_t offset, struct partition_table *table)
{
    size_t rest = v->size - offset;

    return partition_table_parse(v->data + offset, rest < TABLE_SIZE ? rest : TABLE_SIZE, table);
}

/* At the usual place, else at the first sector that has one with a digest that fits. */
static bool table_find(const struct view *v, size_t from, size_t *offset,
                       struct partition_table *table)
{
    *offset = offset_of(v, TABLE_AT);
    if (*offset != SIZE_MAX && *offset >= from && table_is(v, *offset, table))
        return true;
    for (uint64_t at = ((uint64_t)v->address + from + SECTOR - 1) / SECTOR * SECTOR;
         at <= TABLE_AT_LAST; at += SECTOR) {
        *offset = offset_of(v, at);
        if (*offset == SIZE_MAX)
            return false;
        if (table_is(v, *offset, table) && table->md5_at && table->md5_ok)
            return true;
    }
    return false;
}

/* Behind the last byte of data[from..to) that is not 0xFF; `from` when there is none. */
static size_t content_end(const struct view *v, size_t from, size_t to)
{
    while (to > from && v->data[to - 1] == 0xFF)
        to--;
    return to;
}

/* Offset behind the sector that data[last] is in; no more than there is. */
static size_t sector_end(const struct view *v, uint64_t last)
{
    uint64_t end = ((v->address + last) / SECTOR + 1) * SECTOR - v->address;

    return end < v->size ? (size_t)end : v->size;
}

/* ---- names --------------------------------------------------------------------------------- */

/* A label is whatever a stranger wrote into 16 bytes; a name is what every file system and shell
 * takes for nothing but a name. */
static void name_make(char name[32], const char *label)
{
    size_t n = 0;

    for (; *label && n < 16; label++) {
        unsigned char c = (unsigned char)*label;
        bool plain = c < 0x80 && (isalnum(c) || c == '_' || c == '-' || (c == '.' && n > 0));
        name[n] = plain && !(c == '-' && n == 0) ? (char)c : '_';
        n++;
    }
    name[n] = '\0';
}

static bool name_taken(const struct split *split, const char *name)
{
    for (size_t i = 0; i < split->n; i++) {
        if (strcasecmp(split->parts[i].name, name) == 0)
            return true;
    }
    return false;
}

/* No two parts begin at the same address, so that this ends. */
static void name_choose(const struct split *split, const char *label, uint32_t address,
                        char name[32])
{
    char plain[32];

    name_make(plain, label);
    util_copy(name, 32, plain);
    if (plain[0] == '\0')
        snprintf(name, 32, "data-0x%x", address);
    else if (name_taken(split, name))
        snprintf(name, 32, "%.16s-0x%x", plain, address);
    if (name_taken(split, name))
        snprintf(name, 32, "data-0x%x", address);
}

/* ---- parts --------------------------------------------------------------------------------- */

static struct split_part *row_add(struct split_part **rows, size_t *n)
{
    if ((*n & (*n - 1)) == 0)
        *rows = xrealloc(*rows, (*n ? 2 * *n : 1) * sizeof **rows);
    return &(*rows)[(*n)++];
}

static void part_add(struct split *split, const struct view *v, const char *label, size_t from,
                     size_t to)
{
    struct split_part part = {
        .address = v->address + (uint32_t)from, .offset = from, .size = to - from};

    name_choose(split, label, part.address, part.name);
    image_describe(v->data + from, part.size, part.what, sizeof part.what);
    *row_add(&split->parts, &split->n) = part;
}

static void blank_add(struct split *split, const struct view *v, const char *label, size_t from,
                      size_t to)
{
    struct split_part blank = {
        .address = v->address + (uint32_t)from, .offset = from, .size = to - from};

    name_make(blank.name, label);
    util_copy(blank.what, sizeof blank.what, "blank");
    *row_add(&split->blanks, &split->n_blanks) = blank;
}

/* Sectors of the flash that hold something, where nobody says what: each run of them is a part. */
static void unnamed_add(struct split *split, const struct view *v, size_t from, size_t to)
{
    size_t begin = SIZE_MAX, end = 0, at = from, next;

    for (; at < to; at = next) {
        next = sector_end(v, at);
        next = next < to ? next : to;
        size_t last = content_end(v, at, next);
        if (last > at) {
            begin = begin == SIZE_MAX ? at : begin;
            end = last;
        } else if (begin != SIZE_MAX) {
            part_add(split, v, "", begin, end);
            begin = SIZE_MAX;
        }
    }
    if (begin != SIZE_MAX)
        part_add(split, v, "", begin, end);
}

/* An image may end in bytes that are 0xFF. */
static size_t image_end(const struct view *v, size_t from, size_t to)
{
    struct esp_image image;
    size_t end = content_end(v, from, to);

    if (esp_image_parse(v->data + from, to - from, &image, NULL) == 0 && from + image.end > end)
        end = from + image.end;
    return end;
}

static void partition_add(struct split *split, const struct view *v, const struct partition *p,
                          size_t from, size_t to)
{
    if (content_end(v, from, to) == from)
        blank_add(split, v, p->label, from, to);
    else
        part_add(split, v, p->label, from, p->type == PARTITION_APP ? image_end(v, from, to) : to);
}

static int partition_compare(const void *a, const void *b)
{
    const struct partition *x = a, *y = b;

    return (x->offset > y->offset) - (x->offset < y->offset);
}

/* What stands behind the table. Rows that overlap, lie before it or begin in mid-sector are a
 * stranger's: what has a place already keeps it, and no two parts are in one sector. */
static void partitions_add(struct split *split, const struct view *v, struct partition_table *table,
                           size_t from)
{
    qsort(table->rows, table->n, sizeof table->rows[0], partition_compare);
    for (size_t i = 0; i < table->n && from < v->size; i++) {
        const struct partition *p = &table->rows[i];
        size_t begin = offset_of(v, p->offset);
        if (begin == SIZE_MAX || begin < from || p->size == 0 || p->offset % SECTOR != 0)
            continue;
        size_t end = sector_end(v, (uint64_t)begin + p->size - 1);
        unnamed_add(split, v, from, begin);
        partition_add(split, v, p, begin, end);
        from = end;
    }
    unnamed_add(split, v, from, v->size);
}

/* A signature may follow the rows. */
static size_t table_part_end(const struct view *v, size_t at)
{
    size_t rows_end = TABLE_SIZE < v->size - at ? at + TABLE_SIZE : v->size;
    size_t end = content_end(v, at, sector_end(v, at));

    return end > rows_end ? end : rows_end;
}

void split_make(struct split *split, const uint8_t *data, size_t size, uint32_t address)
{
    const struct view v = {data, size, address};
    struct esp_image image;
    struct partition_table table;
    size_t boot, at;

    *split = (struct split){0};
    if (!bootloader_find(&v, &boot, &image) || !table_find(&v, boot + image.end, &at, &table)) {
        if (size > 0)
            part_add(split, &v, "", 0, size);
        return;
    }
    split->is_merged = true;
    unnamed_add(split, &v, 0, boot);
    part_add(split, &v, "bootloader", boot, image_end(&v, boot, at));
    part_add(split, &v, "partition-table", at, table_part_end(&v, at));
    partitions_add(split, &v, &table, sector_end(&v, at));
}

void split_done(struct split *split)
{
    free(split->parts);
    free(split->blanks);
    *split = (struct split){0};
}

uint32_t split_address(const uint8_t *data, size_t size)
{
    struct esp_image image;

    if (esp_image_parse(data, size, &image, NULL) != 0)
        return 0;
    const struct chip *chip =
        image.form == ESP_IMAGE_EXTENDED ? chip_by_image_id((int)image.chip_id) : NULL;
    const struct view v = {data, size, chip ? chip->bootloader_offset : 0};
    struct partition_table table;
    size_t at;
    return v.address && table_find(&v, image.end, &at, &table) ? v.address : 0;
}
