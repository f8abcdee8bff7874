/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Sections (or what program headers say) become the segments of an image. */
#include "image/elf_private.h"

#include <stdlib.h>
#include <string.h>

/* A section with what is known before a byte is copied: hostile files can promise much. */
struct piece {
    const struct elf_part *part;
    uint64_t size; /* with padding */
    bool joined;   /* continues the segment of the one before */
};

static uint64_t round_up(uint64_t value, uint32_t to)
{
    uint64_t rest = to ? value % to : 0;

    return rest ? value + (to - rest) : value;
}

/* As esptool tells it: by the names, of which one may stand for several ranges. */
static bool same_memory(const struct chip *chip, uint32_t a, uint32_t b)
{
    const char *names_a[CHIP_MEMORY_NAMES_MAX], *names_b[CHIP_MEMORY_NAMES_MAX];
    size_t n = chip_memory_names(chip, a, names_a);

    if (chip_memory_names(chip, b, names_b) != n)
        return false;
    while (n > 0 && strcmp(names_a[n - 1], names_b[n - 1]) == 0)
        n--;
    return n == 0;
}

/* With a RAM-only header a gap that is only there because the next section is aligned is filled. */
static void fill_gap(struct piece *piece, const struct piece *next)
{
    uint64_t end = (uint64_t)piece->part->address + piece->size;
    uint64_t aligned = round_up(end, next->part->align);

    if (aligned == next->part->address)
        piece->size = aligned - piece->part->address;
}

static int by_address(const void *a, const void *b)
{
    const struct piece *x = a, *y = b;

    if (x->part->address != y->part->address)
        return x->part->address < y->part->address ? -1 : 1;
    return x->part < y->part ? -1 : 1; /* else in the file's order */
}

/* Only RAM-only images are sorted here: in others the order says what may be joined. */
static void pieces_plan(const struct elf_firmware *fw, struct piece *pieces, size_t n)
{
    bool ram_only = fw->options->ram_only_header;
    bool fill = ram_only && fw->chip->id != CHIP_ESP8266 && fw->is_flash != elf_is_flash_v3;

    if (ram_only)
        qsort(pieces, n, sizeof *pieces, by_address);
    for (size_t i = 1; i < n; i++) {
        struct piece *before = &pieces[i - 1];
        uint32_t address = pieces[i].part->address;
        if (fill)
            fill_gap(before, &pieces[i]);
        pieces[i].joined = (uint64_t)before->part->address + before->size == address &&
                           same_memory(fw->chip, before->part->address, address);
    }
}

/* Counts and sizes that no chip could load. */
static int pieces_check(const struct elf_firmware *fw, const struct piece *pieces, size_t n)
{
    size_t n_segments = 0;
    uint64_t size = 0;

    for (size_t i = 0; i < n; i++) {
        n_segments += !pieces[i].joined;
        size = pieces[i].size + (pieces[i].joined ? size : 0);
        if (size >= SEGMENT_LIMIT)
            return error_set(fw->error, ERR_FILE_FORMAT,
                             "%s: the segment with section %s at 0x%08x would have 0x%llx bytes or "
                             "more, the most is 0x%x",
                             fw->name, pieces[i].part->name, pieces[i].part->address,
                             (unsigned long long)size, SEGMENT_LIMIT - 4);
    }
    if (n_segments > ESP_IMAGE_SEGMENTS_MAX)
        return error_set(
            fw->error, ERR_FILE_FORMAT,
            "%s: has %zu segments, an image can have %d: the linker script leaves gaps", fw->name,
            n_segments, ESP_IMAGE_SEGMENTS_MAX);
    return 0;
}

static void pieces_join(struct elf_firmware *fw, const struct piece *pieces, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        const struct elf_part *part = pieces[i].part;
        if (!pieces[i].joined)
            fw->segments[fw->n_segments++] =
                (struct elf_segment){.name = part->name, .address = part->address};
        struct buffer *data = &fw->segments[fw->n_segments - 1].data;
        buffer_append(data, part->data, part->size);
        buffer_append_fill(data, 0, pieces[i].size - part->size);
    }
}

int elf_segments_make(struct elf_firmware *fw, const struct elf_parts *parts)
{
    struct piece *pieces;

    if (parts->n == 0)
        return error_set(fw->error, ERR_FILE_FORMAT,
                         "%s: has nothing to load (none of its %s has an address and bytes): it is "
                         "not linked",
                         fw->name, fw->options->use_segments ? "program headers" : "sections");
    pieces = xcalloc(parts->n, sizeof *pieces);
    for (size_t i = 0; i < parts->n; i++)
        pieces[i] = (struct piece){&parts->rows[i], round_up(parts->rows[i].size, 4), false};
    pieces_plan(fw, pieces, parts->n);
    int rc = pieces_check(fw, pieces, parts->n);
    if (rc == 0)
        pieces_join(fw, pieces, parts->n);
    free(pieces);
    return rc;
}

void elf_segments_done(struct elf_firmware *fw)
{
    for (size_t i = 0; i < fw->n_segments; i++)
        buffer_done(&fw->segments[i].data);
    fw->n_segments = 0;
}

size_t elf_segments_pick(struct elf_firmware *fw, bool flash,
                         struct elf_segment *picked[ESP_IMAGE_SEGMENTS_MAX])
{
    size_t n = 0;

    for (size_t i = 0; i < fw->n_segments; i++) {
        if (fw->is_flash(fw->chip, fw->segments[i].address) == flash)
            picked[n++] = &fw->segments[i];
    }
    return n;
}

/* To the front of the first n rows; the others keep their order. */
static void move_to(struct elf_segment **rows, size_t from, size_t to)
{
    struct elf_segment *moved = rows[from];

    memmove(rows + to + 1, rows + to, (from - to) * sizeof(struct elf_segment *));
    rows[to] = moved;
}

size_t elf_segments_pick_sorted(struct elf_firmware *fw, bool flash, const char *first,
                                struct elf_segment *picked[ESP_IMAGE_SEGMENTS_MAX])
{
    size_t n = elf_segments_pick(fw, flash, picked);

    for (size_t i = 1; i < n; i++) {
        size_t to = i;
        while (to > 0 && picked[to - 1]->address > picked[i]->address)
            to--;
        move_to(picked, i, to);
    }
    for (size_t i = 0; first && i < n; i++) {
        if (strcmp(picked[i]->name, first) == 0) {
            move_to(picked, i, 0);
            break;
        }
    }
    return n;
}
