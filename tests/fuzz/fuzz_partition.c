/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "image/partition.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct partition_table table;

    partition_table_parse(data, size, &table);
    return 0;
}
