/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A linked program (ELF) made into a firmware image, byte for byte as esptool's elf2image does:
 * segments, alignment of what is mapped from flash, checksum, digest, the ELF's own SHA-256 in the
 * app descriptor. Takes hostile files. Nothing here blocks.
 */
#ifndef ESPJIG_IMAGE_ELF_IMAGE_H
#define ESPJIG_IMAGE_ELF_IMAGE_H

#include "base/buffer.h"
#include "base/error.h"
#include "chip/chip.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct elf_options {
    unsigned version;     /* ESP8266: 1 or 2; 0: esptool's default */
    int min_rev, max_rev; /* 100 * major + minor; -1: not given */
    int min_rev_v0;       /* the old one-byte form (--min-rev); -1: not given */
    bool secure_pad, secure_pad_v2;
    uint32_t elf_sha256_offset; /* 0: not given */
    bool no_digest;             /* --dont-append-digest */
    bool use_segments;          /* program headers instead of sections */
    uint32_t mmu_page_size;     /* bytes; 0: the descriptor's or the chip's default */
    uint64_t pad_to_size;       /* bytes; 0 */
    bool ram_only_header;
    uint8_t mode, size_freq; /* header bytes 2 and 3 */
};

/* Options as esptool's elf2image has them when none is given. */
void elf_options_init(struct elf_options *options, const struct chip *chip);

/* Builds the image. ESP8266 version 1 has a second file, for the address *irom_address (flash
 * offset); `irom` stays empty elsewhere. `name` is for messages: ERR_FILE_FORMAT names offset,
 * found and expected. */
int elf_image_build(const char *name, const uint8_t *elf, size_t size, const struct chip *chip,
                    const struct elf_options *options, struct buffer *image, struct buffer *irom,
                    uint32_t *irom_address, struct error *error);

#endif
