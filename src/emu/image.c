/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "emu/image.h"

#include "base/buffer.h"
#include "emu/chip.h"
#include "emu/digest.h"
#include "emu/encryption.h"

#include <string.h>

enum { HEADER = 8, EXTENDED = 16, MAGIC = 0xe9, CHECKSUM_SEED = 0xef };

static uint32_t word_at(const struct chip *chip, uint32_t offset)
{
    uint8_t b[4];

    encryption_read(chip, offset, b, sizeof b);
    return le32_get(b);
}

static uint8_t sum_segment(const struct chip *chip, const struct image_segment *s, uint8_t sum)
{
    uint8_t part[FLASH_SECTOR];

    for (uint32_t at = 0; at < s->len; at += (uint32_t)sizeof part) {
        size_t n = s->len - at < sizeof part ? s->len - at : sizeof part;
        encryption_read(chip, s->offset + at, part, n);
        for (size_t i = 0; i < n; i++)
            sum ^= part[i];
    }
    return sum;
}

/* Segment by segment; stops where one does not fit into the flash. */
static uint32_t read_segments(struct image *image, const struct chip *chip, uint32_t at)
{
    size_t size = chip->flash.store.size;

    image->checksum_calculated = CHECKSUM_SEED;
    while (image->n_segments < image->segments_said && image->n_segments < IMAGE_SEGMENTS_MAX) {
        if (at + 8 > size)
            return at;
        struct image_segment *s = &image->segments[image->n_segments];
        *s = (struct image_segment){.load = word_at(chip, at), .offset = at + 8};
        s->len = word_at(chip, at + 4);
        if (s->len > size || s->offset + s->len > size)
            return at;
        s->sum = sum_segment(chip, s, image->checksum_calculated);
        image->checksum_calculated = s->sum;
        image->n_segments++;
        at = s->offset + s->len;
    }
    image->whole = image->n_segments == image->segments_said;
    return at;
}

static void read_digest(struct image *image, const struct chip *chip)
{
    size_t n = image->end - image->offset;
    struct buffer whole = {0};

    encryption_read(chip, image->offset, buffer_reserve(&whole, n), n);
    digest_sha256(whole.data, n, image->sha_calculated);
    buffer_done(&whole);
    encryption_read(chip, image->end, image->sha_stored, 32);
    image->end += 32;
}

void image_read(struct image *image, const struct chip *chip, uint32_t offset)
{
    bool extended = chip->persona->extended_header;
    uint8_t h[HEADER + EXTENDED];

    *image = (struct image){.offset = offset};
    if (offset + sizeof h > chip->flash.store.size)
        return;
    encryption_read(chip, offset, h, sizeof h);
    image->first_word = le32_get(h);
    image->magic = h[0];
    image->segments_said = h[1];
    image->mode = h[2];
    image->size_freq = h[3];
    image->entry = le32_get(h + 4);
    image->chip_id = extended ? le16_get(h + 12) : 0;
    image->digest_appended = extended && h[23] == 1;
    if (!image_header_good(image))
        return;
    uint32_t at = read_segments(image, chip, offset + HEADER + (extended ? EXTENDED : 0));
    /* The checksum is the last byte of a row of 16. */
    uint32_t sum_at = offset + ((at - offset) | 15);
    if (!image->whole || sum_at + 33 > chip->flash.store.size)
        return;
    encryption_read(chip, sum_at, &image->checksum_stored, 1);
    image->end = sum_at + 1;
    if (image->digest_appended)
        read_digest(image, chip);
}

bool image_header_good(const struct image *image)
{
    return image->magic == MAGIC && image->segments_said <= IMAGE_SEGMENTS_MAX;
}

bool image_checksum_good(const struct image *image)
{
    return image->whole && image->end != 0 && image->checksum_calculated == image->checksum_stored;
}

bool image_digest_good(const struct image *image)
{
    return !image->digest_appended || memcmp(image->sha_calculated, image->sha_stored, 32) == 0;
}

/* What a terminal can show; the field may be anything. */
static void copy_text(char *to, const uint8_t *from)
{
    size_t i = 0;

    for (; i < 32 && from[i] >= 0x20 && from[i] < 0x7f; i++)
        to[i] = (char)from[i];
    to[i] = '\0';
}

bool image_app_read(const struct image *image, const struct chip *chip, struct image_app *app)
{
    uint8_t d[80]; /* magic 4, secure version 4, reserved 8, version 32, project name 32 */

    *app = (struct image_app){0};
    if (image->n_segments == 0 || image->segments[0].len < sizeof d)
        return false;
    encryption_read(chip, image->segments[0].offset, d, sizeof d);
    if (le32_get(d) != 0xabcd5432)
        return false;
    copy_text(app->version, d + 16);
    copy_text(app->name, d + 48);
    return true;
}
