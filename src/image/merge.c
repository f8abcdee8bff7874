/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "image/merge.h"

#include "base/util.h"
#include "image/chunks.h"
#include "image/digest.h"

#include <string.h>

static const char *const formats[] = {
    [MERGE_RAW] = "raw", [MERGE_HEX] = "hex", [MERGE_UF2] = "uf2"};

bool merge_format_parse(const char *name, enum merge_format *format)
{
    for (size_t i = 0; i < ARRAY_LEN(formats); i++) {
        if (strcmp(formats[i], name) == 0) {
            *format = (enum merge_format)i;
            return true;
        }
    }
    return false;
}

const char *merge_format_name(enum merge_format format)
{
    return formats[format];
}

/* ---- raw ----------------------------------------------------------------------------------- */

static int raw_check(const struct plan *plan, const struct merge_options *options, uint64_t end,
                     struct error *error)
{
    const struct region *first = &plan->regions[0];

    if (first->address < options->target_offset)
        return error_set(error, ERR_USAGE,
                         "%s at 0x%x lies before 0x%x, where the merged file is to begin",
                         first->path, first->address, options->target_offset);
    if (options->pad_to_size && end > options->pad_to_size)
        return error_set(error, ERR_USAGE,
                         "%s ends at 0x%llx, past the 0x%llx bytes to which the merged file is to "
                         "be padded",
                         plan->regions[plan->n - 1].path, (unsigned long long)end,
                         (unsigned long long)options->pad_to_size);
    end = options->pad_to_size ? options->pad_to_size : end;
    if (end - options->target_offset > MERGE_RAW_MAX)
        return error_set(
            error, ERR_TOO_BIG,
            "from 0x%x to 0x%llx it would be a file of more than %u MB, most of it 0xFF",
            options->target_offset, (unsigned long long)end, MERGE_RAW_MAX >> 20);
    return 0;
}

static int raw_build(const struct plan *plan, const struct merge_options *options,
                     struct buffer *out, struct error *error)
{
    const struct region *last = &plan->regions[plan->n - 1];
    uint64_t at = options->target_offset, end = (uint64_t)last->address + last->file_size;
    int rc = raw_check(plan, options, end, error);

    for (size_t i = 0; rc == 0 && i < plan->n; i++) {
        const struct region *region = &plan->regions[i];
        buffer_append_fill(out, 0xFF, (size_t)(region->address - at));
        buffer_append(out, region->data, region->file_size);
        at = (uint64_t)region->address + region->file_size;
    }
    if (rc == 0 && options->pad_to_size)
        buffer_append_fill(out, 0xFF, (size_t)(options->pad_to_size - at));
    return rc;
}

/* ---- hex ----------------------------------------------------------------------------------- */

enum { HEX_BYTES = 16, HEX_LINEAR = 4, HEX_PAGE = 0x10000 };

static void record_append(struct buffer *out, unsigned type, uint32_t address, const uint8_t *data,
                          size_t n)
{
    static const char digits[] = "0123456789ABCDEF";
    uint8_t record[4 + HEX_BYTES + 1] = {(uint8_t)n, (uint8_t)(address >> 8), (uint8_t)address,
                                         (uint8_t)type};
    uint8_t sum = 0;
    char line[2 * sizeof record + 2];
    size_t len = 0;

    memcpy(record + 4, data, n);
    for (size_t i = 0; i < 4 + n; i++)
        sum = (uint8_t)(sum - record[i]);
    record[4 + n] = sum;
    line[len++] = ':';
    for (size_t i = 0; i < 5 + n; i++) {
        line[len++] = digits[record[i] >> 4];
        line[len++] = digits[record[i] & 15];
    }
    line[len++] = '\n';
    buffer_append(out, line, len);
}

/* Bytes of the plan as one row of runs: regions that touch are one. */
struct cursor {
    const struct plan *plan;
    size_t region, offset;
};

static bool cursor_here(struct cursor *c, uint32_t *address)
{
    while (c->region < c->plan->n && c->offset == c->plan->regions[c->region].file_size) {
        c->region++;
        c->offset = 0;
    }
    if (c->region == c->plan->n)
        return false;
    *address = c->plan->regions[c->region].address + (uint32_t)c->offset;
    return true;
}

/* Up to 16 bytes that follow each other, none of them past a multiple of 64 KB. */
static size_t cursor_take(struct cursor *c, uint32_t address, uint8_t data[HEX_BYTES])
{
    uint32_t here = address;
    size_t n = 0;

    while (n < HEX_BYTES && cursor_here(c, &here) && here == address + n &&
           (n == 0 || here % HEX_PAGE != 0)) {
        data[n++] = c->plan->regions[c->region].data[c->offset++];
    }
    return n;
}

/* Line by line as Python's intelhex, with which esptool writes: a linear address record before the
 * first byte of every 64 KB, none at all when everything is in the first. */
static void hex_build(const struct plan *plan, struct buffer *out)
{
    const struct region *last = &plan->regions[plan->n - 1];
    bool linear = (uint64_t)last->address + last->file_size > HEX_PAGE;
    struct cursor cursor = {.plan = plan};
    uint32_t address, page = UINT32_MAX;
    uint8_t data[HEX_BYTES];

    while (cursor_here(&cursor, &address)) {
        if (linear && address / HEX_PAGE != page) {
            page = address / HEX_PAGE;
            const uint8_t base[2] = {(uint8_t)(page >> 8), (uint8_t)page};
            record_append(out, HEX_LINEAR, 0, base, sizeof base);
        }
        size_t n = cursor_take(&cursor, address, data);
        record_append(out, 0, address & (HEX_PAGE - 1), data, n);
    }
    buffer_printf(out, ":00000001FF\n");
}

/* ---- uf2 ----------------------------------------------------------------------------------- */

static void block_append(struct buffer *out, uint32_t address, const uint8_t *data, uint32_t n,
                         uint32_t number, uint32_t total, uint32_t family, bool md5)
{
    const uint32_t head[] = {UF2_MAGIC, UF2_MAGIC_2, UF2_FAMILY | (md5 ? UF2_HAS_MD5 : 0u),
                             address,   n,           number,
                             total,     family};
    uint8_t block[UF2_BLOCK] = {0};
    uint8_t *at = block;

    for (size_t i = 0; i < ARRAY_LEN(head); i++, at += 4)
        le32_put(at, head[i]);
    memcpy(at, data, n);
    at += n;
    if (md5) {
        le32_put(at, address);
        le32_put(at + 4, n);
        digest_md5(data, n, at + 8);
    }
    le32_put(block + UF2_BLOCK - 4, UF2_MAGIC_END);
    buffer_append(out, block, sizeof block);
}

static int uf2_build(const struct plan *plan, const struct chip *chip,
                     const struct merge_options *options, struct buffer *out, struct error *error)
{
    uint32_t room = options->no_md5 ? UF2_DATA : UF2_DATA - UF2_MD5_TAG;
    uint32_t chunk = options->chunk_size ? options->chunk_size : room;

    if (chunk > room || chunk % 4 != 0)
        return error_set(error, ERR_USAGE,
                         "a UF2 block holds a multiple of 4 bytes and no more than %u%s, not %u",
                         room, options->no_md5 ? "" : " with its MD5", chunk);
    for (size_t i = 0; i < plan->n; i++) {
        const struct region *region = &plan->regions[i];
        uint32_t size = (uint32_t)region->file_size, total = (size + chunk - 1) / chunk;
        for (uint32_t k = 0; k < total; k++) {
            uint32_t at = k * chunk, n = size - at < chunk ? size - at : chunk;
            block_append(out, region->address + at, region->data + at, n, k, total,
                         chip->uf2_family, !options->no_md5);
        }
    }
    return 0;
}

int merge_build(const struct plan *plan, const struct chip *chip,
                const struct merge_options *options, struct buffer *out, struct error *error)
{
    int rc = plan_overlap(plan, error);

    if (rc != 0)
        return rc;
    switch (options->format) {
    case MERGE_HEX:
        hex_build(plan, out);
        return 0;
    case MERGE_UF2:
        return uf2_build(plan, chip, options, out, error);
    default:
        return raw_build(plan, options, out, error);
    }
}
