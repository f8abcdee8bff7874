/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "image/pieces.h"

#include "image/chunks.h"
#include "image/elf_image.h"

#include <stdlib.h>
#include <string.h>

static const char *const names[] = {
    [FORM_RAW] = "raw binary", [FORM_HEX] = "Intel HEX", [FORM_UF2] = "UF2", [FORM_ELF] = "ELF"};

enum file_form file_form(const uint8_t *data, size_t size)
{
    if (size >= 4 && memcmp(data,
                            "\x7F"
                            "ELF",
                            4) == 0)
        return FORM_ELF;
    if (uf2_is(data, size))
        return FORM_UF2;
    return hex_is(data, size) ? FORM_HEX : FORM_RAW;
}

const char *file_form_name(enum file_form form)
{
    return names[form];
}

bool file_form_needs_chip(enum file_form form)
{
    return form == FORM_ELF || form == FORM_UF2;
}

struct piece *piece_add(struct pieces *pieces)
{
    pieces->rows = xrealloc(pieces->rows, (pieces->n + 1) * sizeof *pieces->rows);
    return &pieces->rows[pieces->n++];
}

static void piece_copy(struct pieces *pieces, const uint8_t *data, size_t size, uint32_t address)
{
    struct piece *piece = piece_add(pieces);

    *piece = (struct piece){.address = address, .data = xmalloc(size), .size = size};
    memcpy(piece->data, data, size);
}

static int address_check(const struct pieces *pieces, const char *name, uint32_t address,
                         struct error *error)
{
    if (address != PIECES_OWN_ADDRESS)
        return 0;
    return error_set(error, ERR_BAD_ADDRESS,
                     "%s is a %s file, which has no address of its own: one has to be given", name,
                     names[pieces->form]);
}

static int with_address(struct pieces *pieces, const char *name, const uint8_t *data, size_t size,
                        uint32_t address, struct error *error)
{
    int rc = address_check(pieces, name, address, error);

    if (rc == 0)
        piece_copy(pieces, data, size, address);
    return rc;
}

/* Two images of one program (ESP8266), of which only the first can be moved. */
static int both_put(struct pieces *pieces, const char *name, const struct buffer *image,
                    uint32_t address, const struct buffer *irom, uint32_t irom_address,
                    struct error *error)
{
    bool first = address < irom_address;
    uint64_t end = first ? (uint64_t)address + image->len : (uint64_t)irom_address + irom->len;

    if (end > (first ? irom_address : address))
        return error_set(error, ERR_OVERLAP,
                         "%s: its image of 0x%zx bytes at 0x%x and its mapped code, 0x%zx bytes at "
                         "0x%x, overlap",
                         name, image->len, address, irom->len, irom_address);
    if (first)
        piece_copy(pieces, image->data, image->len, address);
    piece_copy(pieces, irom->data, irom->len, irom_address);
    if (!first)
        piece_copy(pieces, image->data, image->len, address);
    return 0;
}

/* As elf2image makes it when no option is given. */
static int from_elf(struct pieces *pieces, const char *name, const uint8_t *data, size_t size,
                    uint32_t address, const struct chip *chip, struct error *error)
{
    struct buffer image = {0}, irom = {0};
    struct elf_options options;
    uint32_t irom_address;
    int rc = address_check(pieces, name, address, error);

    if (rc == 0 && chip == NULL)
        rc = error_set(error, ERR_USAGE,
                       "%s is an ELF file: for which chip it is has to be said (-c)", name);
    if (rc != 0)
        return rc;
    elf_options_init(&options, chip);
    rc = elf_image_build(name, data, size, chip, &options, &image, &irom, &irom_address, error);
    if (rc == 0 && irom.len > 0)
        rc = both_put(pieces, name, &image, address, &irom, irom_address, error);
    else if (rc == 0)
        piece_copy(pieces, image.data, image.len, address);
    buffer_done(&image);
    buffer_done(&irom);
    return rc;
}

/* An address beside those that the file has: esptool takes any and heeds none, and in its
 * documentation it is 0. What is meant by another one can't be known. */
static int own_address_check(const struct pieces *pieces, const char *name, uint32_t address,
                             struct error *error)
{
    if (address == PIECES_OWN_ADDRESS || address == 0 || address == pieces->rows[0].address)
        return 0;
    return error_set(error, ERR_BAD_ADDRESS,
                     "%s (%s) has addresses of its own, from 0x%x on: it can't be put at 0x%x "
                     "(\"own\" stands for its addresses)",
                     name, names[pieces->form], pieces->rows[0].address, address);
}

static int with_own_addresses(struct pieces *pieces, const char *name, const uint8_t *data,
                              size_t size, uint32_t address, const struct chip *chip,
                              struct error *error)
{
    struct chunks chunks = {0};
    int rc = pieces->form == FORM_HEX ? hex_read(&chunks, name, data, size, error)
                                      : uf2_read(&chunks, name, data, size, chip, error);

    if (rc == 0) {
        chunks_join(&chunks, pieces);
        rc = own_address_check(pieces, name, address, error);
    }
    chunks_done(&chunks);
    return rc;
}

int pieces_read(struct pieces *pieces, const char *name, const uint8_t *data, size_t size,
                uint32_t address, const struct chip *chip, struct error *error)
{
    int rc;

    *pieces = (struct pieces){.form = file_form(data, size)};
    switch (pieces->form) {
    case FORM_HEX:
    case FORM_UF2:
        rc = with_own_addresses(pieces, name, data, size, address, chip, error);
        break;
    case FORM_ELF:
        rc = from_elf(pieces, name, data, size, address, chip, error);
        break;
    default:
        rc = with_address(pieces, name, data, size, address, error);
    }
    if (rc != 0)
        pieces_done(pieces);
    return rc;
}

void pieces_done(struct pieces *pieces)
{
    for (size_t i = 0; i < pieces->n; i++)
        free(pieces->rows[i].data);
    free(pieces->rows);
    *pieces = (struct pieces){.form = pieces->form};
}
