/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Between the files elf_*.c. What happens in which order is esptool's bin_image.py. */
#ifndef ESPJIG_IMAGE_ELF_PRIVATE_H
#define ESPJIG_IMAGE_ELF_PRIVATE_H

#include "image/elf.h"
#include "image/elf_image.h"
#include "image/esp_image.h"

enum {
    SEGMENT_HEADER = 8,
    SEGMENT_LIMIT = 16 << 20, /* what an image's segment must stay below */
    SHA256_SIZE = 32,
};

struct elf_segment {
    const char *name; /* of its first section */
    uint32_t address;
    struct buffer data; /* a multiple of 4 bytes */
};

/* An image in the making. */
struct elf_firmware {
    const char *name; /* of the ELF file, for messages */
    const struct chip
        *chip; /* whose format it is: version 3 of the ESP8266's is much the ESP32's */
    const struct elf_options *options;
    bool (*is_flash)(const struct chip *chip, uint32_t address);
    uint32_t entry;
    uint32_t page;   /* of mapped flash, bytes */
    uint32_t sha_at; /* offset in the image where the ELF's SHA-256 goes; 0: nowhere */
    uint8_t sha[SHA256_SIZE];
    struct elf_segment segments[ESP_IMAGE_SEGMENTS_MAX];
    size_t n_segments;
    struct buffer *out;
    uint8_t checksum;
    unsigned n_put; /* segments that are in `out` */
    struct error *error;
};

/* elf_segments.c: sections that follow one another become one segment. */
int elf_segments_make(struct elf_firmware *fw, const struct elf_parts *parts);
void elf_segments_done(struct elf_firmware *fw);
/* Those that are mapped from flash, or the others, in their order. Returns how many. */
size_t elf_segments_pick(struct elf_firmware *fw, bool flash,
                         struct elf_segment *picked[ESP_IMAGE_SEGMENTS_MAX]);
/* The same by address, but the one of the name `first` (may be NULL) in front. */
size_t elf_segments_pick_sorted(struct elf_firmware *fw, bool flash, const char *first,
                                struct elf_segment *picked[ESP_IMAGE_SEGMENTS_MAX]);

/* elf_write.c: parts of all formats, and the format of the ESP32 and later. */
void elf_header_put(struct elf_firmware *fw, uint8_t magic, size_t n);
int elf_segment_put(struct elf_firmware *fw, uint32_t address, const uint8_t *data, size_t size,
                    bool in_checksum);
void elf_checksum_put(struct elf_firmware *fw);
void elf_digest_put(struct elf_firmware *fw);
int elf_pages_check(struct elf_firmware *fw, struct elf_segment *const *flash, size_t n);
int elf_write_extended(struct elf_firmware *fw);

/* elf_write_8266.c */
bool elf_is_flash_v3(const struct chip *chip, uint32_t address);
int elf_write_v1(struct elf_firmware *fw, struct buffer *irom, uint32_t *irom_address);
int elf_write_v2(struct elf_firmware *fw, uint32_t *irom_address);
int elf_write_v3(struct elf_firmware *fw);

#endif
