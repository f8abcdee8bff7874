/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Runs of 0xFF in what is to be written: erased flash reads as that, so that writing them does
 * nothing but erase what lies there. */
#include "image/image.h"

#include "base/buffer.h"
#include "base/util.h"
#include "image/esp_image.h"
#include "image/merge.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* One byte for each sector that the region has a part in: whether it stays. */
static size_t sector_count(const struct region *region)
{
    return (region->address % FLASH_SECTOR + region->size + FLASH_SECTOR - 1) / FLASH_SECTOR;
}

static void range_keep(const struct region *region, uint8_t *keep, size_t from, size_t to)
{
    size_t lead = region->address % FLASH_SECTOR;

    if (from < to)
        memset(keep + (lead + from) / FLASH_SECTOR, 1,
               (lead + to - 1) / FLASH_SECTOR - (lead + from) / FLASH_SECTOR + 1);
}

static void content_keep(const struct region *region, uint8_t *keep, size_t from)
{
    size_t lead = region->address % FLASH_SECTOR;

    for (size_t i = from; i < region->size; i++) {
        if (region->data[i] == 0xFF)
            continue;
        keep[(lead + i) / FLASH_SECTOR] = 1;
        i = ((lead + i) / FLASH_SECTOR + 1) * FLASH_SECTOR - lead - 1; /* on to the next sector */
    }
}

/* Which sectors stay; caller frees. A chip that starts an image reads all of it, so that what is
 * 0xFF in it has to be so in the flash. */
static uint8_t *sectors_keep(const struct region *region)
{
    uint8_t *keep = xcalloc(sector_count(region), 1);
    struct split split;
    struct esp_image image;

    split_make(&split, region->data, region->size, region->address);
    if (split.is_merged) {
        for (size_t i = 0; i < split.n; i++)
            range_keep(region, keep, split.parts[i].offset,
                       split.parts[i].offset + split.parts[i].size);
    } else {
        size_t end = 0;
        if (esp_image_parse(region->data, region->size, &image, NULL) == 0)
            end = image.end < region->size ? image.end : region->size;
        range_keep(region, keep, 0, end);
        content_keep(region, keep, end);
    }
    split_done(&split);
    return keep;
}

/* The next run of sectors that stay, from sector *at on, as offsets in the region. */
static bool run_next(const struct region *region, const uint8_t *keep, size_t *at, size_t *from,
                     size_t *to)
{
    size_t n = sector_count(region), lead = region->address % FLASH_SECTOR;

    while (*at < n && !keep[*at])
        ++*at;
    if (*at == n)
        return false;
    *from = *at == 0 ? 0 : *at * FLASH_SECTOR - lead;
    while (*at < n && keep[*at])
        ++*at;
    *to = *at == n ? region->size : *at * FLASH_SECTOR - lead;
    return true;
}

static void run_copy(const struct region *from, size_t begin, size_t end, struct region *to)
{
    size_t file_end = end < from->file_size ? end : from->file_size;

    *to = (struct region){.path = xstrdup(from->path),
                          .address = from->address + (uint32_t)begin,
                          .data = xmalloc(end - begin),
                          .size = end - begin,
                          .file_size = file_end > begin ? file_end - begin : 0,
                          .encrypted = from->encrypted};
    memcpy(to->data, from->data + begin, to->size);
    image_describe(to->data, to->file_size, to->what, sizeof to->what);
}

/* Appends what stays of one region to the plan `to`. */
static void region_skip(const struct region *region, struct plan *to)
{
    uint8_t *keep = sectors_keep(region);
    size_t at = 0, begin, end;

    while (run_next(region, keep, &at, &begin, &end)) {
        to->regions = xrealloc(to->regions, (to->n + 1) * sizeof *to->regions);
        run_copy(region, begin, end, &to->regions[to->n++]);
        to->total += end - begin;
    }
    free(keep);
}

int plan_skip_gaps(struct plan *plan, struct error *error)
{
    struct plan rest = {0};

    for (size_t i = 0; i < plan->n; i++)
        region_skip(&plan->regions[i], &rest);
    if (rest.n == 0)
        return error_set(error, ERR_USAGE,
                         "%s has nothing but 0xFF: without gaps, nothing is left of it",
                         plan->n ? plan->regions[0].path : "the plan");
    plan_done(plan);
    *plan = rest;
    return 0;
}

bool region_gaps_text(const struct region *region, char *to, size_t size)
{
    struct split split;
    size_t len = 0, i = 0;

    to[0] = '\0';
    split_make(&split, region->data, region->size, region->address);
    for (; i < split.n_blanks && len + 48 < size; i++)
        len += (size_t)snprintf(to + len, size - len, "%s%s at 0x%x", i ? ", " : "",
                                split.blanks[i].name, split.blanks[i].address);
    if (i < split.n_blanks)
        snprintf(to + len, size - len, " and %zu more", split.n_blanks - i);
    split_done(&split);
    return to[0] != '\0';
}
