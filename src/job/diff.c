/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The order of the questions: a few single sectors spread over the region tell for next to nothing
 * that all of it is new. Then blocks of 64 KiB, all of which together say as much as the whole
 * region would; but that comes first where round trips are slow, as it ends it where nothing has
 * changed. Then halves of the blocks that differ.
 */
#include "job/diff.h"

#include "base/buffer.h"
#include "image/digest.h"

#include <stdlib.h>
#include <string.h>

enum {
    BLOCK = 16,     /* sectors; what the stub erases in one go */
    PROBES = 4,     /* of single sectors */
    PROBE_FROM = 32 /* sectors; the MD5 of less costs no more than probing it */
};

/* When this part of the cost is to be paid anyway, one piece is sent: it packs better. */
static const double nearly_all = 0.9;

struct search {
    const struct diff_region *region;
    const struct diff_chip *chip;
    struct diff *diff;
    size_t lead;   /* bytes of the first sector that lie in front of the region */
    size_t n;      /* sectors */
    bool *changed; /* for each */
};

/* Where sector i begins in the region. */
static size_t offset_of(const struct search *s, size_t i)
{
    size_t at = i * DIFF_SECTOR;

    if (at <= s->lead)
        return 0;
    return at - s->lead < s->region->size ? at - s->lead : s->region->size;
}

static void mark(struct search *s, size_t from, size_t to)
{
    memset(s->changed + from, true, to - from);
}

static bool known_to_differ(const struct search *s, size_t from, size_t to)
{
    return memchr(s->changed + from, true, to - from) != NULL;
}

static bool all_changed(const struct search *s, size_t from, size_t to)
{
    return memchr(s->changed + from, false, to - from) == NULL;
}

/* 1: the sectors differ; 0: they do not; or an error. */
static int ask(struct search *s, size_t from, size_t to)
{
    size_t at = offset_of(s, from), size = offset_of(s, to) - at;
    uint8_t here[16], there[16];

    if (known_to_differ(s, from, to))
        return 1;
    s->diff->questions++;
    int rc = s->chip->md5(s->chip->context, at, size, there);
    if (rc != 0)
        return rc;
    if (size == s->region->size)
        memcpy(here, s->region->md5, sizeof here);
    else
        digest_md5(s->region->data + at, size, here);
    bool differs = memcmp(here, there, sizeof here) != 0;
    if (differs && to - from == 1)
        mark(s, from, to);
    return differs;
}

/* Whether it can pay to find out which half of so many sectors differs: one half at least may be
 * saved, for one and a half questions on average. */
static bool worth_splitting(const struct search *s, size_t sectors)
{
    const struct diff_cost *cost = s->chip->cost;
    double half = (double)sectors / 2 * DIFF_SECTOR;

    return half * cost->send_byte > 1.5 * (cost->question + half * cost->md5_byte);
}

/* Of sectors that are known to differ. `dense`: so does much around them, and as soon as both
 * halves differ all of it is taken. */
static int split(struct search *s, size_t from, size_t to, bool dense)
{
    size_t middle = from + (to - from) / 2;

    if (all_changed(s, from, to))
        return 0;
    if (to - from < 2 || !worth_splitting(s, to - from)) {
        mark(s, from, to);
        return 0;
    }
    int left = ask(s, from, middle);
    if (left == 0)
        return split(s, middle, to, false);
    int right = left < 0 ? left : ask(s, middle, to);
    if (right == 0)
        return split(s, from, middle, false);
    if (right < 0)
        return right;
    if (dense) {
        mark(s, from, to);
        return 0;
    }
    int rc = split(s, from, middle, true);
    return rc < 0 ? rc : split(s, middle, to, true);
}

/* `differs`: it is known that a block does, so that the last one needs no question when no other
 * has. Behind a block that is new throughout the next one most likely is too, and behind two of
 * them nobody asks for its parts. */
static int find_in_blocks(struct search *s, bool differs)
{
    unsigned new_ones = 0;
    bool any = false;

    for (size_t from = 0; from < s->n; from += BLOCK) {
        size_t to = from + BLOCK < s->n ? from + BLOCK : s->n;
        int rc = to == s->n && differs && !any ? 1 : ask(s, from, to);
        if (rc > 0) {
            any = true;
            if (new_ones >= 2)
                mark(s, from, to);
            rc = split(s, from, to, new_ones > 0);
        }
        if (rc < 0)
            return rc;
        new_ones = all_changed(s, from, to) ? new_ones + 1 : 0;
    }
    return 0;
}

static bool sector_is_blank(const struct search *s, size_t i)
{
    size_t at = offset_of(s, i), end = offset_of(s, i + 1);

    while (at < end && s->region->data[at] == 0xFF)
        at++;
    return at == end;
}

/* 1: every sector that was looked at differs. Blank ones tell nothing: any flash may have them. */
static int probe(struct search *s)
{
    for (size_t k = 0; k < PROBES; k++) {
        size_t i = (2 * k + 1) * s->n / (2 * PROBES), end = (k + 1) * s->n / PROBES;
        while (i < end && sector_is_blank(s, i))
            i++;
        int rc = i < end ? ask(s, i, i + 1) : 1;
        if (rc <= 0)
            return rc;
    }
    return known_to_differ(s, 0, s->n);
}

/* One question about all of it has the chip read all of it once more if something has changed; if
 * not, it saves the round trips for the blocks. Nobody knows which it will be. */
static bool whole_comes_first(const struct search *s)
{
    const struct diff_cost *cost = s->chip->cost;
    double blocks = (double)((s->n + BLOCK - 1) / BLOCK);

    return (blocks - 1) * cost->question > (double)s->region->size * cost->md5_byte / 2;
}

static int search(struct search *s)
{
    if (s->region->begun)
        return find_in_blocks(s, false);

    int rc = s->n >= PROBE_FROM ? probe(s) : 0;
    if (rc > 0)
        mark(s, 0, s->n);
    if (rc != 0)
        return rc;
    if (s->n > BLOCK && !whole_comes_first(s)) {
        rc = find_in_blocks(s, false);
        s->diff->confirmed = rc == 0 && !known_to_differ(s, 0, s->n);
        return rc;
    }
    rc = ask(s, 0, s->n);
    s->diff->confirmed = rc == 0;
    if (rc <= 0)
        return rc;
    return s->n <= BLOCK ? split(s, 0, s->n, s->n <= BLOCK / 2) : find_in_blocks(s, true);
}

static void add_range(struct diff *diff, size_t offset, size_t size, size_t gap)
{
    struct diff_range *last = diff->n ? &diff->ranges[diff->n - 1] : NULL;

    if (last && offset - (last->offset + last->size) <= gap) {
        diff->bytes += offset + size - (last->offset + last->size);
        last->size = offset + size - last->offset;
        return;
    }
    diff->ranges[diff->n++] = (struct diff_range){offset, size};
    diff->bytes += size;
}

/* A gap that costs less than a range of its own is sent as well. */
static void make_ranges(struct search *s)
{
    const struct diff_cost *cost = s->chip->cost;
    struct diff *diff = s->diff;
    size_t gap = (size_t)(cost->range / cost->send_byte);

    diff->ranges = xcalloc(s->n, sizeof *diff->ranges);
    for (size_t i = 0; i < s->n; i++) {
        if (!s->changed[i])
            continue;
        diff->changed++;
        add_range(diff, offset_of(s, i), offset_of(s, i + 1) - offset_of(s, i), gap);
    }
    double ranges = (double)diff->bytes * cost->send_byte + (double)diff->n * cost->range;
    double all = (double)s->region->size * cost->send_byte + cost->range;
    if (diff->n && ranges >= nearly_all * all) {
        diff->ranges[0] = (struct diff_range){0, s->region->size};
        diff->n = 1;
        diff->bytes = s->region->size;
        diff->whole = true;
    }
}

static size_t sectors_of(const struct diff_region *region)
{
    return (region->address % DIFF_SECTOR + region->size + DIFF_SECTOR - 1) / DIFF_SECTOR;
}

int diff_find(struct diff *diff, const struct diff_region *region, const struct diff_chip *chip)
{
    struct search s = {.region = region,
                       .chip = chip,
                       .diff = diff,
                       .lead = region->address % DIFF_SECTOR,
                       .n = sectors_of(region)};

    *diff = (struct diff){.sectors = s.n};
    s.changed = xcalloc(s.n, sizeof *s.changed);
    int rc = search(&s);
    if (rc >= 0)
        make_ranges(&s);
    free(s.changed);
    return rc < 0 ? rc : 0;
}

void diff_take_all(struct diff *diff, const struct diff_region *region)
{
    *diff = (struct diff){.ranges = xcalloc(1, sizeof *diff->ranges),
                          .n = 1,
                          .bytes = region->size,
                          .sectors = sectors_of(region),
                          .whole = true};
    diff->changed = diff->sectors;
    diff->ranges[0] = (struct diff_range){0, region->size};
}

void diff_done(struct diff *diff)
{
    free(diff->ranges);
    *diff = (struct diff){0};
}
