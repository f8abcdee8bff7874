/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Whether a chip could work with a table: what gen_esp32part.py verifies. */
#include "image/partition.h"

#include "base/util.h"
#include "chip/chip.h"

#include <stdlib.h>
#include <string.h>

enum {
    APP_ALIGNMENT = 0x10000, /* the MMU maps pages of that size */
    NVS_RW_MIN = 0x3000,     /* one page less can't be written */
    OTADATA_SIZE = 0x2000,
    DATA_OTA = 0x00,
    DATA_NVS = 0x02,
    DATA_COREDUMP = 0x03,
    DATA_TEE_OTA = 0x90
};

static bool is_data(const struct partition *p, uint8_t subtype)
{
    return p->type == PARTITION_DATA && p->subtype == subtype;
}

static uint64_t end_of(const struct partition *p)
{
    return (uint64_t)p->offset + p->size;
}

static int alignment_check(const struct partition *p, struct error *error)
{
    uint32_t alignment = p->type == PARTITION_APP ? APP_ALIGNMENT : FLASH_SECTOR;

    if (p->offset % alignment != 0)
        return error_set(error, ERR_PARTITION,
                         "partition %s is at 0x%x, which is no multiple of 0x%x", p->label,
                         p->offset, alignment);
    if (p->type == PARTITION_APP && p->size % FLASH_SECTOR != 0)
        return error_set(error, ERR_PARTITION,
                         "partition %s for an app has 0x%x bytes, which is no multiple of 0x%x",
                         p->label, p->size, FLASH_SECTOR);
    return 0;
}

static int flags_check(const struct partition *p, struct error *error)
{
    bool readonly = p->flags & PARTITION_FLAG_READONLY;

    if (readonly && (is_data(p, DATA_OTA) || is_data(p, DATA_COREDUMP)))
        return error_set(error, ERR_PARTITION,
                         "partition %s is readonly, but %s is always written to", p->label,
                         p->subtype == DATA_OTA ? "OTA data" : "a core dump");
    if (!readonly && is_data(p, DATA_NVS) && p->size < NVS_RW_MIN)
        return error_set(error, ERR_PARTITION,
                         "partition %s for NVS has 0x%x bytes: it needs 0x%x, or the flag readonly",
                         p->label, p->size, NVS_RW_MIN);
    return 0;
}

static int place_check(const struct partition *p, uint32_t table_address, uint64_t flash_size,
                       struct error *error)
{
    if (p->offset < (uint64_t)table_address + PARTITION_SECTOR && !partition_is_fixed(p))
        return error_set(error, ERR_PARTITION,
                         "partition %s begins at 0x%x, but what is below 0x%x belongs to "
                         "bootloader and partition table",
                         p->label, p->offset, table_address + PARTITION_SECTOR);
    if (flash_size > 0 && end_of(p) > flash_size)
        return error_set(error, ERR_PARTITION,
                         "partition %s ends at 0x%llx, past the end of the flash at 0x%llx",
                         p->label, (unsigned long long)end_of(p), (unsigned long long)flash_size);
    return 0;
}

/* What must be there once, and be of one size. */
static int otadata_check(const struct partition_table *table, uint8_t subtype, struct error *error)
{
    const struct partition *first = NULL;

    for (size_t i = 0; i < table->n; i++) {
        const struct partition *p = &table->rows[i];
        if (!is_data(p, subtype))
            continue;
        if (first)
            return error_set(error, ERR_PARTITION,
                             "partitions %s and %s are both OTA data: there can be only one",
                             first->label, p->label);
        first = p;
    }
    if (first == NULL || first->size == OTADATA_SIZE)
        return 0;
    return error_set(error, ERR_PARTITION,
                     "partition %s for OTA data has 0x%x bytes, it must have 0x%x", first->label,
                     first->size, OTADATA_SIZE);
}

static int labels_check(const struct partition_table *table, struct error *error)
{
    for (size_t i = 0; i < table->n; i++) {
        for (size_t j = 0; j < i; j++) {
            if (strcmp(table->rows[i].label, table->rows[j].label) == 0)
                return error_set(error, ERR_PARTITION, "two partitions have the name %s",
                                 table->rows[i].label);
        }
    }
    return 0;
}

static int by_offset(const void *a, const void *b)
{
    const struct partition *const *x = a, *const *y = b;

    if ((*x)->offset != (*y)->offset)
        return (*x)->offset < (*y)->offset ? -1 : 1;
    return *x < *y ? -1 : *x > *y; /* of one place, as they stand in the table */
}

static int overlap_check(const struct partition_table *table, struct error *error)
{
    const struct partition *sorted[PARTITION_ROWS_MAX];

    for (size_t i = 0; i < table->n; i++)
        sorted[i] = &table->rows[i];
    qsort(sorted, table->n, sizeof *sorted, by_offset);
    for (size_t i = 1; i < table->n; i++) {
        const struct partition *a = sorted[i - 1], *b = sorted[i];
        if (b->offset < end_of(a))
            return error_set(error, ERR_PARTITION,
                             "partitions %s (0x%x to 0x%llx) and %s (0x%x to 0x%llx) overlap",
                             a->label, a->offset, (unsigned long long)end_of(a) - 1, b->label,
                             b->offset, (unsigned long long)end_of(b) - 1);
    }
    return 0;
}

int partition_table_check(const struct partition_table *table, uint32_t table_address,
                          uint64_t flash_size, struct error *error)
{
    int rc = 0;

    if (table->md5_at && !table->md5_ok)
        return error_set(error, ERR_PARTITION,
                         "the MD5 at offset 0x%zx does not fit the %zu partitions before it",
                         table->md5_at, table->n);
    for (size_t i = 0; rc == 0 && i < table->n; i++) {
        const struct partition *p = &table->rows[i];
        rc = alignment_check(p, error);
        if (rc == 0)
            rc = flags_check(p, error);
        if (rc == 0)
            rc = place_check(p, table_address, flash_size, error);
    }
    if (rc == 0)
        rc = labels_check(table, error);
    if (rc == 0)
        rc = overlap_check(table, error);
    if (rc == 0)
        rc = otadata_check(table, DATA_OTA, error);
    if (rc == 0)
        rc = otadata_check(table, DATA_TEE_OTA, error);
    return rc;
}
