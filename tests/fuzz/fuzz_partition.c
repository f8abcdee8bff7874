/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A binary table: whatever is taken comes out again as it went in, and can be asked, checked and
 * drawn. */
#include "image/flash_map.h"
#include "image/partition.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void draw(const struct partition_table *table)
{
    struct map_image images[] = {
        {.address = 0, .size = table->rows[0].size, .name = "image", .enabled = true}};
    struct flash_map map;

    flash_map_make(&map, 0, 0x1000, 0x8000, table, images, 1);
    for (size_t i = 0; i < 64; i++)
        flash_map_cell(&map, i, 64);
    flash_map_done(&map);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct partition_table table, again;
    struct error error = {0};
    struct buffer out = {0};

    bool parses = partition_table_parse(data, size, &table);
    int rc = partition_table_read(data, size, &again, &error);
    if ((rc == 0) != (error.code == 0) || (rc == 0 && !parses))
        abort();
    if (!parses)
        return 0;
    error_clear(&error);
    partition_table_check(&table, 0x8000, 0x400000, &error);
    partition_find(&table, table.rows[0].label);
    partition_at(&table, table.rows[0].offset);
    draw(&table);
    partition_csv_write(&table, &out);
    buffer_clear(&out);
    partition_table_write(&table, false, &out);
    if (partition_table_read(out.data, out.len, &again, &error) != 0 || again.n != table.n ||
        memcmp(again.rows, table.rows, table.n * sizeof *table.rows) != 0)
        abort();
    buffer_done(&out);
    return 0;
}
