/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Linked programs as compilers leave them: ELF files of 32 bits, little-endian, for Xtensa or
 * RISC-V. Takes hostile files: what is returned lies inside the file. (System V ABI, chapters 4 and
 * 5; which parts are loaded: esptool bin_image.py, ELFFile.)
 */
#ifndef ESPJIG_IMAGE_ELF_H
#define ESPJIG_IMAGE_ELF_H

#include "base/error.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* A section or program header with bytes to be loaded. */
struct elf_part {
    const char *name; /* in the file; of a program header: "" */
    uint32_t address; /* not 0; address + size is at most 2^32 */
    uint32_t align;   /* as the file says: 0 and anything else is possible */
    const uint8_t *data;
    uint32_t size; /* > 0 */
};

struct elf_parts {
    struct elf_part *rows; /* in the file's order; owned */
    size_t n;
};

struct elf {
    bool xtensa; /* else RISC-V */
    uint32_t entry;
    struct elf_parts sections, segments;
};

#define ELF_MACHINE_AT 0x12 /* offset of the header's e_machine, for messages */

/* `name` is for messages. ERR_FILE_FORMAT names offset, found and expected; *elf is empty then.
 * The names and data of the parts belong to data[0..size). */
int elf_read(struct elf *elf, const char *name, const uint8_t *data, size_t size,
             struct error *error);
void elf_done(struct elf *elf); /* also right for a zeroed struct */

/* The first section whose name has this text in it, or NULL. */
const struct elf_part *elf_section_find(const struct elf *elf, const char *text);

#endif
