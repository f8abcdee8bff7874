/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Bytes with addresses as the records of a HEX file or the blocks of a UF2 file bring them, in any
 * order. For image/ only. */
#ifndef ESPJIG_IMAGE_CHUNKS_H
#define ESPJIG_IMAGE_CHUNKS_H

#include "base/buffer.h"
#include "base/error.h"
#include "chip/chip.h"
#include "image/pieces.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct chunk {
    uint32_t address;
    uint32_t size; /* > 0; ends within 32 bits */
    size_t at;     /* in chunks.bytes */
    size_t where;  /* in the file: a line, or an offset */
};

struct chunks { /* zeroed: ready */
    struct buffer bytes;
    struct chunk *rows;
    size_t n, cap;
};

void chunks_add(struct chunks *chunks, uint32_t address, const uint8_t *data, size_t size,
                size_t where);
/* Sorts them. True when two have a byte in common: *first stands before *second in the file, and
 * *address is the first such byte. */
bool chunks_clash(struct chunks *chunks, const struct chunk **first, const struct chunk **second,
                  uint32_t *address);
/* Sorted ones that do not clash; what touches becomes one piece. */
void chunks_join(const struct chunks *chunks, struct pieces *pieces);
void chunks_done(struct chunks *chunks);

/* pieces.c: one more, to be filled. */
struct piece *piece_add(struct pieces *pieces);

/* hex.c, uf2.c: all of a file, sorted and without clashes. */
bool hex_is(const uint8_t *data, size_t size);
int hex_read(struct chunks *chunks, const char *name, const uint8_t *data, size_t size,
             struct error *error);
bool uf2_is(const uint8_t *data, size_t size);
/* The blocks for `chip`; NULL: for the only chip that the file is for. */
int uf2_read(struct chunks *chunks, const char *name, const uint8_t *data, size_t size,
             const struct chip *chip, struct error *error);

/* What UF2 blocks are made of; uf2.c reads them, merge.c writes them. Source: the description of
 * the format, github.com/microsoft/uf2. */
#define UF2_BLOCK     512
#define UF2_HEAD      32  /* eight words */
#define UF2_DATA      476 /* room for data, and tags behind it */
#define UF2_MD5_TAG   24  /* address, size, MD5 */
#define UF2_MAGIC     0x0A324655u
#define UF2_MAGIC_2   0x9E5D5157u
#define UF2_MAGIC_END 0x0AB16F30u
enum {
    UF2_NOT_FLASH = 0x1,  /* is not to be written */
    UF2_FILE = 0x1000,    /* a file of a file system */
    UF2_FAMILY = 0x2000,  /* the eighth word is a family id */
    UF2_HAS_MD5 = 0x4000, /* there is an MD5 tag */
};

#endif
