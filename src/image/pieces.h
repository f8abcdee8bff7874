/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A file in any form that people have, as bytes at flash addresses. The form is told by the
 * content, never by the name. Takes hostile files.
 *
 *   raw   as it is, at the address that was given
 *   hex   Intel HEX: has its own addresses (flash addresses, as esptool's merge-bin writes them)
 *   uf2   Microsoft's UF2: has its own addresses, and a family id that says for which chip
 *   elf   a linked program, made into a firmware image (image/elf_image.h)
 */
#ifndef ESPJIG_IMAGE_PIECES_H
#define ESPJIG_IMAGE_PIECES_H

#include "base/error.h"
#include "chip/chip.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum file_form { FORM_RAW, FORM_HEX, FORM_UF2, FORM_ELF };

/* No address was given: hex and uf2 have their own; for the others it is an error. */
#define PIECES_OWN_ADDRESS UINT32_MAX

struct piece {
    uint32_t address;
    uint8_t *data; /* owned */
    size_t size;   /* > 0 */
};

struct pieces {
    enum file_form form;
    struct piece *rows; /* ascending, not overlapping, not touching */
    size_t n;
};

/* Of a file's beginning, or all of it. */
enum file_form file_form(const uint8_t *data, size_t size);
const char *file_form_name(enum file_form form); /* "Intel HEX" */

/* Whether the bytes can only be told once the chip is known (ELF, UF2 of several families). */
bool file_form_needs_chip(enum file_form form);

/* Turns data[0..size) into pieces; `name` is for messages. `chip` may be NULL where the form does
 * not need it. ERR_FILE_FORMAT names the file, the line or offset, what was found and what was
 * expected; ERR_WRONG_CHIP for a UF2 without blocks for this chip. Empty on error. */
int pieces_read(struct pieces *pieces, const char *name, const uint8_t *data, size_t size,
                uint32_t address, const struct chip *chip, struct error *error);
void pieces_done(struct pieces *pieces);

#endif
