/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A partition table as a list, and drawn to scale. */
#include "cli/partitions.h"

#include "base/util.h"
#include "image/flash_map.h"

#include <stdio.h>
#include <string.h>

enum { CELLS = 64 };

static const char letters[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789";

static char letter_of(const struct flash_map *map, const struct map_span *span)
{
    size_t i = (size_t)(span - map->spans);

    return i < sizeof letters - 1 ? letters[i] : '*';
}

/* Of what a table holds. */
static const char *safe(const char *text, char *to, size_t size)
{
    util_copy(to, size, text);
    return util_text_clean(to);
}

static void row_print(char letter, const char *name, const char *type, const char *subtype,
                      uint64_t start, uint64_t end, const char *flags, bool conflict)
{
    char offset[24], bytes[24], size[16];

    snprintf(offset, sizeof offset, "0x%llx", (unsigned long long)start);
    snprintf(bytes, sizeof bytes, "0x%llx", (unsigned long long)(end - start));
    printf("%c  %-16s  %-15s  %-10s  %10s  %10s  %8s%s%s%s\n", letter, name, type, subtype, offset,
           bytes, util_size_format(size, sizeof size, end - start), flags[0] ? "  " : "", flags,
           conflict ? "  CONFLICT" : "");
}

static void partition_print(char letter, const struct partition *p, bool conflict)
{
    char name[24], type[24], subtype[24], flags[64] = "";

    if (p->flags & ~(unsigned)(PARTITION_FLAG_ENCRYPTED | PARTITION_FLAG_READONLY))
        snprintf(flags, sizeof flags, "flags 0x%x", p->flags);
    else
        snprintf(flags, sizeof flags, "%s%s%s",
                 p->flags & PARTITION_FLAG_ENCRYPTED ? "encrypted" : "",
                 p->flags == (PARTITION_FLAG_ENCRYPTED | PARTITION_FLAG_READONLY) ? ", " : "",
                 p->flags & PARTITION_FLAG_READONLY ? "readonly" : "");
    row_print(letter, safe(p->label, name, sizeof name),
              partition_type_name(type, sizeof type, p->type),
              partition_subtype_name(subtype, sizeof subtype, p->type, p->subtype), p->offset,
              (uint64_t)p->offset + p->size, flags, conflict);
}

static void list_print(const struct event *event, const struct flash_map *map)
{
    uint64_t end = map->n ? map->spans[0].start : 0;

    printf("   %-16s  %-15s  %-10s  %10s  %10s\n", "NAME", "TYPE", "SUBTYPE", "OFFSET", "SIZE");
    for (size_t i = 0; i < map->n; i++) {
        const struct map_span *span = &map->spans[i];
        char letter = letter_of(map, span);
        if (span->start > end)
            row_print('.', "(free)", "", "", end, span->start, "", false);
        if (span->kind == MAP_PARTITION)
            partition_print(letter, &event->partitions.table.rows[span->index], span->conflict);
        else
            row_print(letter, span->name, "", "", span->start, span->end, "", span->conflict);
        end = span->end > end ? span->end : end;
    }
    if (event->partitions.flash_size > end)
        row_print('.', "(free)", "", "", end, event->partitions.flash_size, "", false);
}

static void map_print(const struct event *event, const struct flash_map *map)
{
    char cell[16], all[16];

    util_size_format(cell, sizeof cell, map->size / CELLS);
    util_size_format(all, sizeof all, map->size);
    putchar('[');
    for (size_t i = 0; i < CELLS; i++) {
        const struct map_span *span = flash_map_cell(map, i, CELLS);
        putchar(span == NULL ? '.' : span->conflict ? '!' : letter_of(map, span));
    }
    printf("]\n%s for each sign, %s%s\n", cell,
           event->partitions.flash_size ? "all of the flash: "
                                        : "in a flash of the smallest size that holds it: ",
           all);
}

void partitions_print(const struct event *event)
{
    const struct partition_table *table = &event->partitions.table;
    uint32_t address = event->partitions.address;
    struct flash_map map;

    /* A bootloader whose place is not known is left out. */
    uint32_t bootloader = event->partitions.bootloader;
    flash_map_make(&map, event->partitions.flash_size, bootloader, address, table, NULL, 0);
    printf("partition table at 0x%x, %zu partition%s, %s\n", address, table->n,
           table->n == 1 ? "" : "s",
           table->md5_at == 0 ? "no MD5"
           : table->md5_ok    ? "MD5 right"
                              : "MD5 WRONG");
    list_print(event, &map);
    map_print(event, &map);
    flash_map_done(&map);
}
