/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Reads a firmware image as the boot code sees it (esptool documentation, firmware image format).
 */
#ifndef ESPJIG_EMU_IMAGE_H
#define ESPJIG_EMU_IMAGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct chip;

enum { IMAGE_SEGMENTS_MAX = 16 };

struct image_segment {
    uint32_t load;   /* address in the chip */
    uint32_t offset; /* of its data, from the start of the flash */
    uint32_t len;
    uint8_t sum; /* checksum so far, this segment included */
};

struct image {
    uint32_t offset; /* in flash */
    uint32_t first_word;
    uint8_t magic, segments_said, mode, size_freq;
    uint16_t chip_id;
    bool digest_appended;
    uint32_t entry;
    struct image_segment segments[IMAGE_SEGMENTS_MAX];
    size_t n_segments; /* those whose headers made sense */
    bool whole;        /* all of them did */
    uint8_t checksum_calculated, checksum_stored;
    uint8_t sha_calculated[32], sha_stored[32];
    uint32_t end; /* behind checksum and digest */
};

void image_read(struct image *image, const struct chip *chip, uint32_t offset);
bool image_header_good(const struct image *image);
bool image_checksum_good(const struct image *image);
bool image_digest_good(const struct image *image);

/* Project name and version from the app descriptor at the start of the first segment
 * (esp_app_desc_t, magic ABCD5432). Both empty when there is none. */
struct image_app {
    char name[33], version[33];
};
bool image_app_read(const struct image *image, const struct chip *chip, struct image_app *app);

#endif
