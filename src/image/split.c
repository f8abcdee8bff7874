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

#define TABLE_AT_LAST 0x100000 /* no bootloader is that long */

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

/* An image where the chip that it is for has its bootloader. */
static bool bootloader_find(const struct view *v, struct merged_head *head)
{
    struct esp_image image;

    for (int id = CHIP_AUTO + 1; id < CHIP_COUNT; id++) {
        head->chip = chip_get((enum chip_id)id);
        head->boot = offset_of(v, head->chip->bootloader_offset);
        if (head->boot == SIZE_MAX ||
            esp_image_parse(v->data + head->boot, v->size - head->boot, &image, NULL) != 0 ||
            image.form == ESP_IMAGE_V2 || esp_image_chip(image.form, image.chip_id) != head->chip)
            continue;
        head->boot_end = head->boot + image.end;
        return true;
    }
    return false;
}

static bool table_is(const struct view *v, size_t offset, struct partition_table *table)
{
    size_t rest = v->size - offset;

    return partition_table_parse(v->data + offset,
                                 rest < PARTITION_TABLE_SIZE ? rest : PARTITION_TABLE_SIZE, table);
}

static bool table_find(const struct view *v, struct merged_head *head)
{
    struct partition_table *table = &head->rows;

    head->table = offset_of(v, PARTITION_TABLE_AT);
    if (head->table != SIZE_MAX && head->table >= head->boot_end && table_is(v, head->table, table))
        return true;
    for (uint64_t at = ((uint64_t)v->address + head->boot_end + FLASH_SECTOR - 1) / FLASH_SECTOR *
                       FLASH_SECTOR;
         at <= TABLE_AT_LAST; at += FLASH_SECTOR) {
        head->table = offset_of(v, at);
        if (head->table == SIZE_MAX)
            return false;
        if (table_is(v, head->table, table) && table->md5_at && table->md5_ok)
            return true;
    }
    return false;
}

bool merged_head_find(const uint8_t *data, size_t size, uint32_t address, struct merged_head *head)
{
    const struct view v = {data, size, address};

    *head = (struct merged_head){0};
    return bootloader_find(&v, head) && table_find(&v, head);
}

/* Behind the last byte of data[from..to) that is not 0xFF; `from` when there is none. */
static size_t content_end(const struct view *v, size_t from, size_t to)
{
    return from + util_trimmed(v->data + from, to - from, 0xFF);
}

/* Offset behind the sector that data[last] is in; no more than there is. */
static size_t sector_end(const struct view *v, uint64_t last)
{
    uint64_t end = ((v->address + last) / FLASH_SECTOR + 1) * FLASH_SECTOR - v->address;

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

/* A stranger's label may be what stands for the address of other data. */
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
    for (unsigned n = 2; name_taken(split, name); n++)
        snprintf(name, 32, "data-0x%x-%u", address, n);
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
        if (begin == SIZE_MAX || begin < from || p->size == 0 || p->offset % FLASH_SECTOR != 0)
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
    size_t rows_end = PARTITION_TABLE_SIZE < v->size - at ? at + PARTITION_TABLE_SIZE : v->size;
    size_t end = content_end(v, at, sector_end(v, at));

    return end > rows_end ? end : rows_end;
}

void split_make(struct split *split, const uint8_t *data, size_t size, uint32_t address)
{
    const struct view v = {data, size, address};
    struct merged_head head;

    *split = (struct split){0};
    if (!merged_head_find(data, size, address, &head)) {
        if (size > 0)
            part_add(split, &v, "", 0, size);
        return;
    }
    split->is_merged = true;
    unnamed_add(split, &v, 0, head.boot);
    part_add(split, &v, "bootloader", head.boot, image_end(&v, head.boot, head.table));
    part_add(split, &v, "partition-table", head.table, table_part_end(&v, head.table));
    partitions_add(split, &v, &head.rows, sector_end(&v, head.table));
}

void split_done(struct split *split)
{
    free(split->parts);
    free(split->blanks);
    *split = (struct split){0};
}

uint32_t split_address(const uint8_t *data, size_t size)
{
    unsigned id = 0;
    enum esp_image_form form = esp_image_recognise(data, size, &id);
    const struct chip *chip = esp_image_chip(form, id);
    struct merged_head head;

    return chip && merged_head_find(data, size, chip->bootloader_offset, &head)
               ? chip->bootloader_offset
               : 0;
}
