/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A CSV: whatever is taken fits a binary table, and has no hole that would be read as something
 * else. */
#include "image/partition.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void try_with(const uint8_t *data, size_t size, uint32_t bootloader)
{
    struct partition_table table, again;
    struct error error = {0};
    struct buffer out = {0};
    int rc = partition_csv_read((const char *)data, size, 0x8000, bootloader, &table, &error);

    if ((rc == 0) != (error.code == 0) || (rc == 0 && table.n == 0))
        abort();
    if (rc != 0)
        return;
    partition_table_check(&table, 0x8000, 0x400000, &error);
    partition_table_write(&table, true, &out);
    if (partition_table_read(out.data, out.len, &again, NULL) != 0 || !again.md5_ok ||
        again.n != table.n || memcmp(again.rows, table.rows, table.n * sizeof *table.rows) != 0)
        abort();
    buffer_clear(&out);
    partition_csv_write(&table, &out);
    buffer_done(&out);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    try_with(data, size, PARTITION_NO_PLACE);
    try_with(data, size, 0x1000);
    return 0;
}
