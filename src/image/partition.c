/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The table as it stands in the flash, and what can be asked of it. */
#include "image/partition.h"

#include "base/util.h"
#include "image/digest.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* All sources: ESP-IDF, components/bootloader_support/include/esp_flash_partitions.h and
 * components/partition_table/gen_esp32part.py. */
enum {
    MAGIC_0 = 0xAA,
    MAGIC_1 = 0x50,
    MD5_MAGIC = 0xEB,
    MD5_AT = 16, /* in its row */
    LABEL_SIZE = 16
};

/* ---- binary -------------------------------------------------------------------------------- */

static bool row_is(const uint8_t *row, uint8_t first, uint8_t second)
{
    return row[0] == first && row[1] == second;
}

static bool row_is_end(const uint8_t *row)
{
    return util_trimmed(row, PARTITION_ROW, 0xFF) == 0;
}

static void row_read(const uint8_t *row, struct partition *p)
{
    p->type = row[2];
    p->subtype = row[3];
    p->offset = le32_get(row + 4);
    p->size = le32_get(row + 8);
    memcpy(p->label, row + 12, strnlen((const char *)row + 12, LABEL_SIZE));
    p->flags = le32_get(row + 28);
}

static void row_write(const struct partition *p, struct buffer *out)
{
    uint8_t row[PARTITION_ROW] = {MAGIC_0, MAGIC_1, p->type, p->subtype};

    le32_put(row + 4, p->offset);
    le32_put(row + 8, p->size);
    memcpy(row + 12, p->label, strnlen(p->label, LABEL_SIZE));
    le32_put(row + 28, p->flags);
    buffer_append(out, row, sizeof row);
}

static int row_refuse(const uint8_t *data, size_t size, size_t at, struct error *error)
{
    size_t left = size - at;

    if (left == 0)
        return error_set(error, ERR_FILE_FORMAT,
                         "the data ends at offset 0x%zx, where a row of FF should end the table",
                         at);
    if (left < PARTITION_ROW)
        return error_set(error, ERR_FILE_FORMAT,
                         "offset 0x%zx: the data ends after %zu bytes of a row of %d", at, left,
                         PARTITION_ROW);
    return error_set(error, ERR_FILE_FORMAT,
                     "offset 0x%zx: found %02x %02x, expected a partition (aa 50)%s or a row of FF",
                     at, data[at], data[at + 1], at == 0 ? "" : ", its MD5 (eb eb)");
}

int partition_table_read(const uint8_t *data, size_t size, struct partition_table *table,
                         struct error *error)
{
    size_t at = 0;

    *table = (struct partition_table){0};
    for (; size - at >= PARTITION_ROW && row_is(data + at, MAGIC_0, MAGIC_1); at += PARTITION_ROW) {
        if (table->n == PARTITION_ROWS_MAX)
            return error_set(error, ERR_FILE_FORMAT,
                             "offset 0x%zx: found another partition, expected no more than %d", at,
                             PARTITION_ROWS_MAX);
        row_read(data + at, &table->rows[table->n++]);
    }
    if (size - at >= PARTITION_ROW && table->n > 0 && row_is(data + at, MD5_MAGIC, MD5_MAGIC)) {
        uint8_t md5[16];
        digest_md5(data, at, md5);
        table->md5_at = at;
        table->md5_ok = memcmp(md5, data + at + MD5_AT, sizeof md5) == 0;
        at += PARTITION_ROW;
    }
    if (at == PARTITION_TABLE_SIZE)
        return error_set(error, ERR_FILE_FORMAT,
                         "the table has no room for the row of FF that ends it: %zu partitions and "
                         "their MD5 fill all of its 0x%x bytes",
                         table->n, PARTITION_TABLE_SIZE);
    if (size - at < PARTITION_ROW || !row_is_end(data + at))
        return row_refuse(data, size, at, error);
    if (table->n == 0)
        return error_set(error, ERR_FILE_FORMAT, "the table is empty: its first row is all FF");
    return 0;
}

bool partition_table_parse(const uint8_t *data, size_t size, struct partition_table *table)
{
    if (partition_table_read(data, size, table, NULL) == 0)
        return true;
    /* The rest of the sector would be erased, and end it. */
    size_t rows = table->n + (table->md5_at > 0);
    return table->n > 0 && size - rows * PARTITION_ROW < PARTITION_ROW;
}

void partition_table_write(const struct partition_table *table, bool md5, struct buffer *out)
{
    size_t start = out->len;
    uint8_t row[PARTITION_ROW];

    for (size_t i = 0; i < table->n; i++)
        row_write(&table->rows[i], out);
    if (md5 && table->n < PARTITION_ROWS_MAX) {
        memset(row, 0xFF, sizeof row);
        memset(row, MD5_MAGIC, 2);
        digest_md5(out->data + start, out->len - start, row + MD5_AT);
        buffer_append(out, row, sizeof row);
    }
    buffer_append_fill(out, 0xFF, start + PARTITION_TABLE_SIZE - out->len);
}

/* ---- questions ----------------------------------------------------------------------------- */

bool partition_is_fixed(const struct partition *p)
{
    return (p->type == PARTITION_BOOTLOADER || p->type == PARTITION_TABLE) && p->subtype == 0;
}

const struct partition *partition_find(const struct partition_table *table, const char *name)
{
    char subtype[16];

    for (size_t i = 0; i < table->n; i++) {
        if (strcmp(table->rows[i].label, name) == 0)
            return &table->rows[i];
    }
    for (size_t i = 0; i < table->n; i++) {
        const struct partition *p = &table->rows[i];
        partition_subtype_name(subtype, sizeof subtype, p->type, p->subtype);
        if ((p->type == PARTITION_APP || p->type == PARTITION_DATA) && strcmp(subtype, name) == 0)
            return p;
    }
    return NULL;
}

const struct partition *partition_at(const struct partition_table *table, uint32_t address)
{
    for (size_t i = 0; i < table->n; i++) {
        const struct partition *p = &table->rows[i];
        if (address >= p->offset && address - p->offset < p->size)
            return p;
    }
    return NULL;
}
