/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "image/partition.h"

#include "base/util.h"
#include "image/digest.h"

#include <string.h>

static bool row_is(const uint8_t *row, uint8_t first, uint8_t second)
{
    return row[0] == first && row[1] == second;
}

static void row_read(const uint8_t *row, struct partition *p)
{
    p->type = row[2];
    p->subtype = row[3];
    p->offset = le32_get(row + 4);
    p->size = le32_get(row + 8);
    memcpy(p->label, row + 12, 16);
    p->label[16] = '\0';
}

bool partition_table_parse(const uint8_t *data, size_t size, struct partition_table *table)
{
    size_t at = 0;

    *table = (struct partition_table){0};
    for (; size - at >= PARTITION_ROW && table->n < PARTITION_ROWS_MAX; at += PARTITION_ROW) {
        if (!row_is(data + at, 0xAA, 0x50))
            break;
        row_read(data + at, &table->rows[table->n++]);
    }
    if (table->n == 0)
        return false;
    if (size - at >= PARTITION_ROW && row_is(data + at, 0xEB, 0xEB)) {
        uint8_t md5[16];
        digest_md5(data, at, md5);
        table->md5_at = at;
        table->md5_ok = memcmp(md5, data + at + 16, sizeof md5) == 0;
        at += PARTITION_ROW;
    }
    /* Data that merely begins like a table is none: a table ends, with the file or with FF. */
    return size - at < PARTITION_ROW || row_is(data + at, 0xFF, 0xFF);
}
