/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * UF2: blocks of 512 bytes, each with its address, its number and a family id that says for which
 * chip it is. Source: github.com/microsoft/uf2; esptool docs "merge-bin".
 *
 * The blocks of one family are numbered through in Microsoft's tools. esptool begins anew with each
 * file that it puts into one UF2, so that a file is a number of sequences behind each other.
 */
#include "image/chunks.h"

#include "base/util.h"
#include "image/digest.h"

#include <stdio.h>
#include <string.h>

struct block {
    size_t offset; /* in the file */
    uint32_t flags, address, size, number, total, family;
    const uint8_t *data;
};

struct reader {
    const char *name;
    struct chunks *chunks;
    struct error *error;
    bool any_family; /* the first one that there is counts */
    bool has_family;
    uint32_t family;
    uint32_t next, total; /* the sequence: number of the next block; 0, 0: between two */
    bool foreign_seen;    /* blocks for another chip */
    uint32_t foreign;
};

static uint32_t word(const uint8_t *block, size_t index)
{
    return le32_get(block + 4 * index);
}

bool uf2_is(const uint8_t *data, size_t size)
{
    return size >= 8 && word(data, 0) == UF2_MAGIC && word(data, 1) == UF2_MAGIC_2;
}

/* "ESP32-C3 (family 0xd42ba06c)" */
static const char *family_text(char to[64], uint32_t family)
{
    const struct chip *chip = chip_by_uf2_family(family);

    snprintf(to, 64, "%s%sfamily 0x%08x%s", chip ? chip->name : "", chip ? " (" : "", family,
             chip ? ")" : "");
    return to;
}

static int block_read(const struct reader *r, const uint8_t *data, size_t offset,
                      struct block *block)
{
    static const struct {
        uint32_t index, is;
    } magics[] = {{0, UF2_MAGIC}, {1, UF2_MAGIC_2}, {127, UF2_MAGIC_END}};

    data += offset;
    for (size_t i = 0; i < ARRAY_LEN(magics); i++) {
        if (word(data, magics[i].index) != magics[i].is)
            return error_set(
                r->error, ERR_FILE_FORMAT, "%s, offset 0x%zx: 0x%08x, where a UF2 block has 0x%08x",
                r->name, offset + 4 * magics[i].index, word(data, magics[i].index), magics[i].is);
    }
    *block = (struct block){.offset = offset,
                            .flags = word(data, 2),
                            .address = word(data, 3),
                            .size = word(data, 4),
                            .number = word(data, 5),
                            .total = word(data, 6),
                            .family = word(data, 7),
                            .data = data + UF2_HEAD};
    return 0;
}

/* The numbers that a block has are those of a stranger. */
static int block_check(const struct reader *r, const struct block *b)
{
    uint32_t room = b->flags & UF2_HAS_MD5 ? UF2_DATA - UF2_MD5_TAG : UF2_DATA;

    if (b->flags & UF2_FILE)
        return error_set(r->error, ERR_FILE_FORMAT,
                         "%s, block at offset 0x%zx: a file of a file system, not data for the "
                         "flash",
                         r->name, b->offset);
    if (b->size == 0 || b->size > room)
        return error_set(r->error, ERR_FILE_FORMAT,
                         "%s, block at offset 0x%zx: says that it holds %u bytes, it can hold 1 to "
                         "%u",
                         r->name, b->offset, b->size, room);
    if ((uint64_t)b->address + b->size > (uint64_t)UINT32_MAX + 1)
        return error_set(r->error, ERR_FILE_FORMAT,
                         "%s, block at offset 0x%zx: %u bytes at 0x%x reach past 32 bits", r->name,
                         b->offset, b->size, b->address);
    return 0;
}

static int sequence_check(struct reader *r, const struct block *b)
{
    if (b->number != r->next || (r->next > 0 && b->total != r->total))
        return error_set(r->error, ERR_FILE_FORMAT,
                         "%s, block at offset 0x%zx: is number %u of %u, number %u%s should come "
                         "here",
                         r->name, b->offset, b->number, b->total, r->next,
                         r->next ? " of the same" : "");
    if (b->number >= b->total)
        return error_set(r->error, ERR_FILE_FORMAT,
                         "%s, block at offset 0x%zx: is number %u of %u, and they count from 0",
                         r->name, b->offset, b->number, b->total);
    r->total = b->total;
    r->next = b->number + 1 < b->total ? b->number + 1 : 0;
    return 0;
}

/* The tag stands at the end of the room for data, or, from esptool, right behind the data. It may
 * be about more than this block: then it is for bootloaders that want to know what they have. */
static int md5_check(const struct reader *r, const struct block *b)
{
    const size_t places[] = {b->size, UF2_DATA - UF2_MD5_TAG};
    uint8_t md5[16];

    for (size_t i = 0; b->flags & UF2_HAS_MD5 && i < ARRAY_LEN(places); i++) {
        const uint8_t *tag = b->data + places[i];
        if (word(tag, 0) != b->address || word(tag, 1) != b->size)
            continue;
        digest_md5(b->data, b->size, md5);
        if (memcmp(md5, tag + 8, sizeof md5) == 0)
            return 0;
        return error_set(r->error, ERR_FILE_FORMAT,
                         "%s, block at offset 0x%zx: damaged, its MD5 does not fit its %u bytes",
                         r->name, b->offset, b->size);
    }
    return 0;
}

static bool is_ours(struct reader *r, const struct block *b)
{
    bool has = b->flags & UF2_FAMILY;

    if (has && r->any_family && !r->has_family) {
        r->family = b->family;
        r->has_family = true;
    }
    if (has && r->has_family && b->family == r->family)
        return true;
    if (has && !r->foreign_seen) {
        r->foreign = b->family;
        r->foreign_seen = true;
    }
    return false;
}

static int block_take(struct reader *r, const uint8_t *data, size_t offset)
{
    struct block b = {0};
    int rc = block_read(r, data, offset, &b);

    if (rc == 0)
        rc = sequence_check(r, &b);
    if (rc != 0 || b.flags & UF2_NOT_FLASH)
        return rc;
    rc = block_check(r, &b);
    if (rc == 0)
        rc = md5_check(r, &b);
    if (rc == 0 && is_ours(r, &b))
        chunks_add(r->chunks, b.address, b.data, b.size, b.offset);
    return rc;
}

static int family_check(const struct reader *r, const struct chip *chip)
{
    char found[64], wanted[64];

    if (r->any_family && r->has_family && r->foreign_seen)
        return error_set(r->error, ERR_USAGE,
                         "%s is for several chips, among them %s and %s: which one has to be said",
                         r->name, family_text(found, r->family), family_text(wanted, r->foreign));
    if (r->chunks->n > 0)
        return 0;
    if (!r->foreign_seen)
        return error_set(r->error, ERR_WRONG_CHIP,
                         "%s does not say for which chip it is: none of its blocks has a family id",
                         r->name);
    snprintf(wanted, sizeof wanted, "%s (family 0x%08x)", chip ? chip->name : "?", r->family);
    return error_set(r->error, ERR_WRONG_CHIP, "%s is for %s, it has nothing for %s", r->name,
                     family_text(found, r->foreign), wanted);
}

int uf2_read(struct chunks *chunks, const char *name, const uint8_t *data, size_t size,
             const struct chip *chip, struct error *error)
{
    struct reader r = {.name = name,
                       .chunks = chunks,
                       .error = error,
                       .any_family = chip == NULL,
                       .has_family = chip != NULL,
                       .family = chip ? chip->uf2_family : 0};
    const struct chunk *first, *second;
    uint32_t address;
    int rc = 0;

    for (size_t at = 0; rc == 0 && size - at >= UF2_BLOCK; at += UF2_BLOCK)
        rc = block_take(&r, data, at);
    if (rc != 0)
        return rc;
    if (size % UF2_BLOCK != 0)
        return error_set(error, ERR_FILE_FORMAT,
                         "%s has %zu bytes, which is no multiple of %d: it is cut off", name, size,
                         UF2_BLOCK);
    if (r.next != 0)
        return error_set(error, ERR_FILE_FORMAT, "%s is cut off: block %u of %u does not come",
                         name, r.next, r.total);
    rc = family_check(&r, chip);
    if (rc == 0 && chunks_clash(chunks, &first, &second, &address))
        rc = error_set(error, ERR_FILE_FORMAT,
                       "%s, block at offset 0x%zx: there is data for 0x%x already, from the block "
                       "at offset 0x%zx",
                       name, second->where, address, first->where);
    return rc;
}
