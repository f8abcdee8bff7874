/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The bench's images and partition table as a flash map, with a letter for each place. */
#ifndef ESPJIG_UI_BENCH_MAP_H
#define ESPJIG_UI_BENCH_MAP_H

#include "image/flash_map.h"
#include "ui/dash.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct bench_map {
    struct flash_map map;
    const struct partition_table *table; /* the ticked image that is one; NULL: there is none */
    uint32_t table_address;
    size_t *images; /* which image of the bench a MAP_IMAGE span is of, by the span's index */
    char *letters;  /* of each span; an image has that of the place that it begins in */
};

/* Paired with bench_map_done(). Points into the dash's facts. */
void bench_map_make(struct bench_map *map, const struct dash *dash);
void bench_map_done(struct bench_map *map);

/* Where that image begins on the chip; false while that is not known. */
bool bench_image_address(const struct dash *dash, const struct partition_table *table, size_t image,
                         uint32_t *address);

/* The table among the ticked images, else among the others; NULL. */
const struct partition_table *bench_table(const struct dash *dash);

/* Bytes of [start, end) that ticked images fill, and the first that begins there, else the first
 * that reaches into it; SIZE_MAX: none. */
uint64_t bench_map_fill(const struct bench_map *map, uint64_t start, uint64_t end, size_t *image);

#endif
