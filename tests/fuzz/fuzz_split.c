/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "image/merge.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Every byte that is not 0xFF is in one part; their names are names. */
static void check(const struct split *split, const uint8_t *data, size_t size)
{
    size_t at = 0;

    for (size_t i = 0; i < split->n; i++) {
        const struct split_part *part = &split->parts[i];
        if (part->offset < at || part->size == 0 || part->size > size - part->offset ||
            part->name[0] == '\0' || part->name[0] == '.' || part->name[0] == '-' ||
            strchr(part->name, '/'))
            abort();
        for (; at < part->offset; at++) {
            if (data[at] != 0xFF)
                abort();
        }
        at += part->size;
    }
    for (; at < size; at++) {
        if (data[at] != 0xFF)
            abort();
    }
}

/* The corpus would be large: a table of 3 KB behind a bootloader of 5 bytes takes 32 KB. So the
 * input is both in one, and what follows them; each is put at its place. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const size_t boot = 1024, table = 2048, all = 0x14000;
    struct split split;
    uint8_t *flash = malloc(all);

    memset(flash, 0xFF, all);
    if (size < boot + table) {
        split_make(&split, data, size, split_address(data, size));
        check(&split, data, size);
    } else {
        size_t rest = size - boot - table;
        memcpy(flash, data, boot);
        memcpy(flash + 0x8000, data + boot, table);
        memcpy(flash + 0x9000, data + boot + table, rest < 0xB000 ? rest : 0xB000);
        split_make(&split, flash, all, 0);
        check(&split, flash, all);
    }
    split_done(&split);
    free(flash);
    return 0;
}
