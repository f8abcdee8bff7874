/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Regions that the input makes up, merged in each form: HEX and UF2 can be read again and give the
 * same bytes; skipped gaps hold nothing but 0xFF. */
#include "base/buffer.h"
#include "base/util.h"
#include "image/merge.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { REGIONS = 5, HEAD = 4, PLACE = 6 };

/* Ascending, apart; half of them right behind the one before. */
static void plan_make(struct plan *plan, const uint8_t *data, size_t size)
{
    uint64_t from = 0;

    while (plan->n < REGIONS && size > PLACE) {
        size_t n = (size_t)le16_get(data + 4) % 1024 + 1, gap = le32_get(data) >> 8;
        n = n < size - PLACE ? n : size - PLACE;
        from += data[0] & 1 ? gap % 0x20000 : 0;
        size_t padded = (n + 3) / 4 * 4;
        struct region *region = &plan->regions[plan->n++];
        *region = (struct region){.path = xstrdup("x.bin"),
                                  .address = (uint32_t)from,
                                  .data = xmalloc(padded),
                                  .size = padded,
                                  .file_size = n};
        memset(region->data, 0xFF, padded);
        memcpy(region->data, data + PLACE, n);
        from = (from + padded + 4095) / 4096 * 4096;
        data += PLACE + n;
        size -= PLACE + n;
    }
}

static void pieces_check(const struct plan *plan, const struct pieces *pieces)
{
    const struct piece *piece = pieces->rows;
    size_t at = 0, total = 0, expected = 0;

    for (size_t i = 0; i < pieces->n; i++)
        total += pieces->rows[i].size;
    for (size_t i = 0; i < plan->n; i++) {
        const struct region *region = &plan->regions[i];
        expected += region->file_size;
        if (at == piece->size) {
            piece++;
            at = 0;
        }
        if (piece == pieces->rows + pieces->n || piece->address + at != region->address ||
            piece->size - at < region->file_size ||
            memcmp(piece->data + at, region->data, region->file_size) != 0)
            abort();
        at += region->file_size;
    }
    if (total != expected)
        abort();
}

static void read_again(const struct plan *plan, const struct chip *chip, const struct buffer *file)
{
    struct error error = {0};
    struct pieces pieces;

    if (pieces_read(&pieces, "made", file->data, file->len, PIECES_OWN_ADDRESS, chip, &error) != 0)
        abort();
    pieces_check(plan, &pieces);
    pieces_done(&pieces);
}

static void gaps_check(struct plan *plan)
{
    struct error error = {0};
    uint64_t total = 0;
    char text[256];

    for (size_t i = 0; i < plan->n; i++)
        region_gaps_text(&plan->regions[i], text, sizeof text);
    if (plan_skip_gaps(plan, &error) != 0)
        return;
    for (size_t i = 0; i < plan->n; i++) {
        total += plan->regions[i].size;
        if (plan->regions[i].size == 0)
            abort();
    }
    if (total != plan->total)
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct plan plan = {.regions = xcalloc(REGIONS, sizeof *plan.regions)};
    struct buffer file = {0};
    struct error error = {0};

    if (size > HEAD)
        plan_make(&plan, data + HEAD, size - HEAD);
    if (plan.n > 0) {
        const struct chip *chip = chip_get((enum chip_id)(1 + data[0] % (CHIP_COUNT - 1)));
        struct merge_options options = {.format = (enum merge_format)(data[1] % 3),
                                        .target_offset = data[2] * 4096u,
                                        .pad_to_size = (uint64_t)(data[1] >> 4) << 18,
                                        .chunk_size = data[3] * 4u,
                                        .no_md5 = data[1] & 8};
        int rc = merge_build(&plan, chip, &options, &file, &error);
        if ((rc == 0) != (error.code == 0))
            abort();
        if (rc == 0 && options.format != MERGE_RAW)
            read_again(&plan, chip, &file);
        gaps_check(&plan);
    }
    buffer_done(&file);
    plan_done(&plan);
    return 0;
}
