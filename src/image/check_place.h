/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The checks of one place in the flash that a chip looks at by itself. For check.c only. */
#ifndef ESPJIG_IMAGE_CHECK_PLACE_H
#define ESPJIG_IMAGE_CHECK_PLACE_H

#include "image/check.h"
#include "image/esp_image.h"
#include "image/partition.h"

struct check {
    const struct plan *plan;
    const struct check_target *target;
    struct findings *findings;
    const struct chip *chip;           /* NULL: nobody knows */
    const struct region *chip_told_by; /* where target->chip did not: whose image did */
    struct partition_table table;      /* the one that will be in the flash; n 0: not known */
    uint32_t table_at;
    const struct region *table_region; /* NULL: it is the flash's, or there is none */
    bool table_is_missing;             /* the flash was looked at and holds none */
    /* Of what check_place_look() has seen at the places where it would be started. */
    bool has_boot, has_app, has_idf_app;
    bool has_stray; /* an image where nothing is known to start one */
    uint64_t boot_end; /* of the bootloader; 0 */
    const struct region *app_region;
    const struct region *too_long; /* said to be larger than its partition */
    const struct region *farthest; /* of those that were checked, the one that ends last */
    uint64_t too_long_end;
};

typedef void check_fn(struct check *c, const struct region *region, uint32_t at);
check_fn check_place_look; /* notes what there is */
check_fn check_place;

/* Where the region as a whole ends: in the next partition, over the table. */
void check_reach(struct check *c, const struct region *region);

/* Short enough for a sentence. */
const char *check_name(const struct region *region);

/* The region's bytes at a flash address, and how many there are from there on; NULL: it has none
 * there. */
const uint8_t *check_at(const struct region *region, uint32_t address, size_t *size);

/* The table says that nobody starts what is there. */
bool check_is_data(const struct check *c, uint32_t address);

#endif
