/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What lies where in the flash, to scale: partitions, images and gaps, and where they are in each
 * other's way. For lists and for the drawn map; draws nothing itself.
 */
#ifndef ESPJIG_IMAGE_FLASH_MAP_H
#define ESPJIG_IMAGE_FLASH_MAP_H

#include "image/partition.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum map_kind {
    MAP_BOOTLOADER, /* the place before the partition table */
    MAP_TABLE,
    MAP_PARTITION,
    MAP_IMAGE
};

struct map_span {
    enum map_kind kind;
    uint64_t start, end; /* bytes; end is behind the last */
    char name[64];       /* partition's label or file's name */
    bool enabled;        /* images: is to be written */
    bool conflict;       /* overlaps another image, leaves its partition, or the flash */
    size_t index;        /* of the row or image that it came from */
};

struct flash_map {
    uint64_t size; /* of the flash; where it is not known, the end of what is in the map, rounded up
                      to the next size that flash comes in */
    struct map_span *spans; /* partitions and table first, then images; each ascending */
    size_t n;
};

/* An image as the map needs it. */
struct map_image {
    uint32_t address;
    uint64_t size;
    const char *name;
    bool enabled;
};

/* `table` may be NULL. Paired with flash_map_done(). */
void flash_map_make(struct flash_map *map, uint64_t flash_size, uint32_t bootloader_offset,
                    uint32_t table_address, const struct partition_table *table,
                    const struct map_image *images, size_t n);
void flash_map_done(struct flash_map *map);

/* The span that a cell of the drawn map shows, when the flash is drawn as `cells` cells of the same
 * size: what is in conflict first, then images that are written, then other images, then what else
 * there is; NULL: free. A span that is smaller than a cell still gets the one that it begins in. */
const struct map_span *flash_map_cell(const struct flash_map *map, size_t cell, size_t cells);

#endif
