/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "image/chunks.h"

#include <stdlib.h>
#include <string.h>

void chunks_add(struct chunks *chunks, uint32_t address, const uint8_t *data, size_t size,
                size_t where)
{
    if (size == 0)
        return;
    if (chunks->n == chunks->cap) {
        chunks->cap = chunks->cap ? chunks->cap * 2 : 64;
        chunks->rows = xrealloc(chunks->rows, chunks->cap * sizeof *chunks->rows);
    }
    chunks->rows[chunks->n++] = (struct chunk){
        .address = address, .size = (uint32_t)size, .at = chunks->bytes.len, .where = where};
    buffer_append(&chunks->bytes, data, size);
}

static int chunk_compare(const void *a, const void *b)
{
    const struct chunk *x = a, *y = b;

    if (x->address != y->address)
        return x->address > y->address ? 1 : -1;
    return (x->where > y->where) - (x->where < y->where);
}

static uint64_t chunk_end(const struct chunk *chunk)
{
    return (uint64_t)chunk->address + chunk->size;
}

bool chunks_clash(struct chunks *chunks, const struct chunk **first, const struct chunk **second,
                  uint32_t *address)
{
    if (chunks->n > 1)
        qsort(chunks->rows, chunks->n, sizeof *chunks->rows, chunk_compare);
    for (size_t i = 1; i < chunks->n; i++) {
        const struct chunk *a = &chunks->rows[i - 1], *b = &chunks->rows[i];
        if (chunk_end(a) <= b->address)
            continue;
        *first = a->where < b->where ? a : b;
        *second = a->where < b->where ? b : a;
        *address = b->address;
        return true;
    }
    return false;
}

/* rows[first..last) are one piece. */
static void piece_join(const struct chunks *chunks, size_t first, size_t last, struct piece *piece)
{
    const struct chunk *rows = chunks->rows;
    uint32_t address = rows[first].address;

    *piece =
        (struct piece){.address = address, .size = (size_t)(chunk_end(&rows[last - 1]) - address)};
    piece->data = xmalloc(piece->size);
    for (size_t i = first; i < last; i++)
        memcpy(piece->data + (rows[i].address - address), chunks->bytes.data + rows[i].at,
               rows[i].size);
}

void chunks_join(const struct chunks *chunks, struct pieces *pieces)
{
    size_t last;

    for (size_t first = 0; first < chunks->n; first = last) {
        last = first + 1;
        while (last < chunks->n && chunk_end(&chunks->rows[last - 1]) == chunks->rows[last].address)
            last++;
        piece_join(chunks, first, last, piece_add(pieces));
    }
}

void chunks_done(struct chunks *chunks)
{
    buffer_done(&chunks->bytes);
    free(chunks->rows);
    *chunks = (struct chunks){0};
}
