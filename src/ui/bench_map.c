/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "ui/bench_map.h"

#include "base/buffer.h"
#include "base/util.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

const struct partition_table *bench_table(const struct dash *dash)
{
    const struct partition_table *off = NULL;

    for (size_t i = 0; i < dash->bench.n_images && dash->facts; i++) {
        const struct partition_table *table = dash->facts[i]->table;
        if (table && dash->bench.images[i].enabled)
            return table;
        off = off ? off : table;
    }
    return off;
}

bool bench_image_address(const struct dash *dash, const struct partition_table *table, size_t image,
                         uint32_t *address)
{
    const struct job_image *row = &dash->bench.images[image];
    const struct chip *chip = dash_chip(dash, NULL);
    const struct partition *place;

    switch (row->address) {
    case JOB_ADDRESS_BOOTLOADER:
        *address = chip ? chip->bootloader_offset : 0;
        return chip != NULL;
    case JOB_ADDRESS_PARTITION:
        place = table ? partition_find(table, row->partition) : NULL;
        *address = place ? place->offset : 0;
        return place != NULL;
    case JOB_ADDRESS_OWN:
        *address = dash->facts[image]->n_spans ? dash->facts[image]->spans[0].address : 0;
        return dash->facts[image]->n_spans > 0;
    default:
        *address = row->address;
        return true;
    }
}

/* ---- images as the map needs them ------------------------------------------------------------ */

struct list {
    struct map_image *rows;
    size_t *images;
    size_t n;
};

static void list_add(struct list *list, const struct dash *dash, size_t image, uint32_t address,
                     uint64_t size)
{
    const struct job_image *row = &dash->bench.images[image];

    if (size == 0)
        return;
    list->rows = xrealloc(list->rows, (list->n + 1) * sizeof *list->rows);
    list->images = xrealloc(list->images, (list->n + 1) * sizeof *list->images);
    list->rows[list->n] = (struct map_image){.address = address,
                                             .size = size,
                                             .name = util_basename(row->path),
                                             .enabled = row->enabled};
    list->images[list->n++] = image;
}

static void list_make(struct list *list, const struct dash *dash,
                      const struct partition_table *table)
{
    uint32_t address;

    for (size_t i = 0; i < dash->bench.n_images && dash->facts; i++) {
        const struct file_facts *facts = dash->facts[i];
        for (size_t s = 0; s < facts->n_spans; s++)
            list_add(list, dash, i, facts->spans[s].address, facts->spans[s].size);
        if (facts->n_spans == 0 && bench_image_address(dash, table, i, &address))
            list_add(list, dash, i, address, facts->size);
    }
}

/* ---- letters --------------------------------------------------------------------------------- */

static bool letter_is_free(const struct bench_map *map, char letter)
{
    for (size_t i = 0; i < map->map.n; i++) {
        if (map->letters[i] == letter)
            return false;
    }
    return true;
}

/* Of its name the first that no other place has, else any. Those of an OTA row are numbers. */
static char letter_pick(const struct bench_map *map, const struct map_span *span)
{
    const char *name = span->kind == MAP_TABLE                                     ? "T"
                       : strncmp(span->name, "ota_", 4) == 0 && span->name[4] != 0 ? span->name + 4
                                                                                   : span->name;

    for (const char *s = name; *s; s++) {
        char letter = (char)toupper((unsigned char)*s);
        if (isalnum((unsigned char)letter) && (unsigned char)letter < 0x80 &&
            letter_is_free(map, letter))
            return letter;
    }
    for (const char *s = "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"; *s; s++) {
        if (letter_is_free(map, *s))
            return *s;
    }
    return '+';
}

/* The place that an image begins in. */
static char letter_of_place(const struct bench_map *map, const struct map_span *image)
{
    for (size_t i = 0; i < map->map.n; i++) {
        const struct map_span *span = &map->map.spans[i];
        if (span->kind != MAP_IMAGE && image->start >= span->start && image->start < span->end)
            return map->letters[i];
    }
    return '\0';
}

static void letters_make(struct bench_map *map)
{
    map->letters = xcalloc(map->map.n + 1, 1);
    for (size_t i = 0; i < map->map.n; i++) {
        const struct map_span *span = &map->map.spans[i];
        char letter = span->kind == MAP_IMAGE ? letter_of_place(map, span) : '\0';
        map->letters[i] = letter ? letter : letter_pick(map, span);
    }
}

/* Where bootloader and table have their places though no table is there: not on an ESP8266, which
 * most often has none, and not below one image for all (merged, or started by the ROM). */
static bool has_places(const struct chip *chip, const struct list *list, uint32_t table_address)
{
    for (size_t i = 0; i < list->n; i++) {
        const struct map_image *image = &list->rows[i];
        if (image->address < table_address && image->address + image->size > table_address)
            return false;
    }
    return chip && chip->id != CHIP_ESP8266 && list->n > 0;
}

void bench_map_make(struct bench_map *map, const struct dash *dash)
{
    static const struct partition_table no_rows;
    const struct chip *chip = dash_chip(dash, NULL);
    const struct partition_table *table;
    struct list list = {0};

    *map =
        (struct bench_map){.table = bench_table(dash), .table_address = dash->bench.table_address};
    list_make(&list, dash, map->table);
    table = map->table ? map->table : has_places(chip, &list, map->table_address) ? &no_rows : NULL;
    flash_map_make(&map->map, dash_flash_size(dash, NULL), chip ? chip->bootloader_offset : 0,
                   map->table_address, table, list.rows, list.n);
    map->images = list.images;
    letters_make(map);
    free(list.rows);
}

void bench_map_done(struct bench_map *map)
{
    flash_map_done(&map->map);
    free(map->images);
    free(map->letters);
    *map = (struct bench_map){0};
}

uint64_t bench_map_fill(const struct bench_map *map, uint64_t start, uint64_t end, size_t *image)
{
    uint64_t bytes = 0;
    bool begins_here = false;

    *image = SIZE_MAX;
    for (size_t i = 0; i < map->map.n; i++) {
        const struct map_span *span = &map->map.spans[i];
        if (span->kind != MAP_IMAGE || !span->enabled || span->end <= start || span->start >= end)
            continue;
        if (*image == SIZE_MAX || (span->start >= start && !begins_here))
            *image = map->images[span->index];
        begins_here |= span->start >= start;
        bytes += (span->end < end ? span->end : end) - (span->start > start ? span->start : start);
    }
    return bytes < end - start ? bytes : end - start; /* what overlaps counts once */
}
