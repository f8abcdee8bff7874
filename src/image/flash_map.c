/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "image/flash_map.h"

#include "base/buffer.h"
#include "base/util.h"
#include "chip/chip.h"

#include <stdlib.h>
#include <string.h>

enum { FLASH_MIN = 256 * 1024 };

/* ---- what there is ------------------------------------------------------------------------- */

static struct map_span *span_add(struct flash_map *map, enum map_kind kind, uint64_t start,
                                 uint64_t size, const char *name, size_t index)
{
    map->spans = xrealloc(map->spans, (map->n + 1) * sizeof *map->spans);
    struct map_span *span = &map->spans[map->n++];
    *span = (struct map_span){.kind = kind, .start = start, .end = start + size, .index = index};
    util_copy(span->name, sizeof span->name, name);
    return span;
}

/* Images behind all else; ascending, and as they were given where they begin at one place. */
static int by_place(const void *a, const void *b)
{
    const struct map_span *x = a, *y = b;
    bool x_image = x->kind == MAP_IMAGE, y_image = y->kind == MAP_IMAGE;

    if (x_image != y_image)
        return x_image - y_image;
    if (x->start != y->start)
        return x->start < y->start ? -1 : 1;
    if (x->kind != y->kind)
        return x->kind < y->kind ? -1 : 1;
    return (x->index > y->index) - (x->index < y->index);
}

/* A table may have rows for the bootloader and for itself. */
static bool has_row(const struct partition_table *table, uint8_t type)
{
    for (size_t i = 0; i < table->n; i++) {
        if (table->rows[i].type == type && partition_is_fixed(&table->rows[i]))
            return true;
    }
    return false;
}

static void table_add(struct flash_map *map, uint32_t bootloader_offset, uint32_t table_address,
                      const struct partition_table *table)
{
    if (bootloader_offset < table_address && !has_row(table, PARTITION_BOOTLOADER))
        span_add(map, MAP_BOOTLOADER, bootloader_offset, table_address - bootloader_offset,
                 "bootloader", 0);
    if (!has_row(table, PARTITION_TABLE))
        span_add(map, MAP_TABLE, table_address, PARTITION_SECTOR, "partition table", 0);
    for (size_t i = 0; i < table->n; i++) {
        const struct partition *p = &table->rows[i];
        span_add(map, MAP_PARTITION, p->offset, p->size, p->label, i);
    }
}

static uint64_t end_of_all(const struct flash_map *map)
{
    uint64_t end = 0;

    for (size_t i = 0; i < map->n; i++)
        end = map->spans[i].end > end ? map->spans[i].end : end;
    return end;
}

/* ---- what is in the way -------------------------------------------------------------------- */

static bool overlap(const struct map_span *a, const struct map_span *b)
{
    return a->start < b->end && b->start < a->end;
}

/* Flash is erased by the sector. */
static bool share_sector(const struct map_span *a, const struct map_span *b)
{
    return a->start < a->end && b->start < b->end &&
           a->start / FLASH_SECTOR <= (b->end - 1) / FLASH_SECTOR &&
           b->start / FLASH_SECTOR <= (a->end - 1) / FLASH_SECTOR;
}

/* One file for all of the flash: it holds the table that the partitions are from. */
static bool is_merged(const struct map_span *image, uint32_t bootloader_offset,
                      uint32_t table_address)
{
    return image->start <= bootloader_offset && bootloader_offset < table_address &&
           image->end > (uint64_t)table_address + PARTITION_SECTOR;
}

/* The image reaches out of what it begins in, or from free space into something. */
static bool leaves(const struct map_span *image, const struct map_span *place)
{
    bool begins_in = image->start >= place->start && image->start < place->end;

    return begins_in ? image->end > place->end : overlap(image, place);
}

static bool is_in_conflict(const struct flash_map *map, const struct map_span *span,
                           bool is_merged_image)
{
    bool image = span->kind == MAP_IMAGE;

    if (image && !span->enabled)
        return false;
    if (span->end > map->size)
        return true;
    for (const struct map_span *other = map->spans; other < map->spans + map->n; other++) {
        bool other_image = other->kind == MAP_IMAGE;
        if (other == span)
            continue;
        if (image && other_image ? other->enabled && share_sector(span, other)
            : image              ? !is_merged_image && leaves(span, other)
                                 : !other_image && overlap(span, other))
            return true;
    }
    return false;
}

void flash_map_make(struct flash_map *map, uint64_t flash_size, uint32_t bootloader_offset,
                    uint32_t table_address, const struct partition_table *table,
                    const struct map_image *images, size_t n)
{
    *map = (struct flash_map){.size = flash_size};
    if (table)
        table_add(map, bootloader_offset, table_address, table);
    for (size_t i = 0; i < n; i++)
        span_add(map, MAP_IMAGE, images[i].address, images[i].size, images[i].name, i)->enabled =
            images[i].enabled;
    if (map->n == 0)
        return;
    qsort(map->spans, map->n, sizeof *map->spans, by_place);
    if (map->size == 0) {
        for (map->size = FLASH_MIN; map->size < end_of_all(map);)
            map->size *= 2;
    }
    for (struct map_span *span = map->spans; span < map->spans + map->n; span++)
        span->conflict =
            is_in_conflict(map, span, is_merged(span, bootloader_offset, table_address));
}

void flash_map_done(struct flash_map *map)
{
    free(map->spans);
    *map = (struct flash_map){0};
}

/* ---- drawing ------------------------------------------------------------------------------- */

static int rank(const struct map_span *span)
{
    if (span->conflict)
        return 3;
    return span->kind != MAP_IMAGE ? 0 : span->enabled ? 2 : 1;
}

/* Where cell number `cell` begins; no overflow, a map has 32 bits of bytes and few cells. */
static uint64_t cell_start(const struct flash_map *map, size_t cell, size_t cells)
{
    return map->size * cell / cells;
}

/* Of equal rank: what has no other cell to be seen in, then what takes more of this one. */
static bool is_better(const struct map_span *a, const struct map_span *b, uint64_t start,
                      uint64_t end)
{
    if (b == NULL || rank(a) != rank(b))
        return b == NULL || rank(a) > rank(b);

    bool a_inside = a->start >= start && a->end <= end,
         b_inside = b->start >= start && b->end <= end;
    if (a_inside != b_inside)
        return a_inside;
    uint64_t a_n = (a->end < end ? a->end : end) - (a->start > start ? a->start : start);
    uint64_t b_n = (b->end < end ? b->end : end) - (b->start > start ? b->start : start);
    return a_n > b_n;
}

const struct map_span *flash_map_cell(const struct flash_map *map, size_t cell, size_t cells)
{
    const struct map_span *best = NULL;

    if (cells == 0 || cell >= cells)
        return NULL;
    uint64_t start = cell_start(map, cell, cells), end = cell_start(map, cell + 1, cells);
    for (size_t i = 0; i < map->n; i++) {
        const struct map_span *span = &map->spans[i];
        if (span->start < end && span->end > start && is_better(span, best, start, end))
            best = span;
    }
    return best;
}
