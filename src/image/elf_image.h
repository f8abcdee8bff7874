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
#include "base/log.h"
#include "chip/chip.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct elf_options {
    unsigned version;     /* ESP8266: 1, 2 or 3 (its RTOS SDK's); 0: esptool's default, 1 */
    int min_rev, max_rev; /* 100 * major + minor, up to 65535; -1: not given */
    int min_rev_v0;       /* the old one-byte form (--min-rev), up to 255; -1: not given */
    bool secure_pad, secure_pad_v2;
    uint32_t elf_sha256_offset; /* 0: not given */
    bool no_digest;             /* --dont-append-digest */
    bool use_segments;          /* program headers instead of sections */
    uint32_t mmu_page_size;     /* bytes; 0: the descriptor's or the chip's default */
    uint64_t pad_to_size;       /* bytes, up to ELF_PAD_MAX; 0 */
    bool ram_only_header;
    uint8_t mode, size_freq; /* header bytes 2 and 3 */
    const struct log *log;   /* takes warnings; may be NULL */
};

#define ELF_PAD_MAX (1u << 30)

/* Options as esptool's elf2image has them when none is given: QIO, 1 MB, the frequency whose value
 * is 0 (40 MHz of most chips). */
void elf_options_init(struct elf_options *options, const struct chip *chip);

/* Whose names of sizes and frequencies stand in the header: the chip's own, but version 3 of the
 * ESP8266's has the ESP32's. */
const struct chip *elf_header_chip(const struct chip *chip, unsigned version);

/* Builds the image. ESP8266 version 1 has a second file, `irom`, for the address *irom_address
 * (flash offset); it stays empty elsewhere. Of version 2 *irom_address tells the offset that its
 * flash segment was linked for, 0 of all others. `name` is for messages: ERR_FILE_FORMAT names
 * offset, found and expected; ERR_WRONG_CHIP: a program for another kind of CPU; ERR_USAGE: options
 * that can't be had together or on this chip. The buffers are cleared first, and empty on error. */
int elf_image_build(const char *name, const uint8_t *elf, size_t size, const struct chip *chip,
                    const struct elf_options *options, struct buffer *image, struct buffer *irom,
                    uint32_t *irom_address, struct error *error);

#endif
