/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What `espjig image-info` found out about one part of a file, for the two ways to print it. */
#ifndef ESPJIG_CLI_IMAGE_INFO_H
#define ESPJIG_CLI_IMAGE_INFO_H

#include "chip/chip.h"
#include "image/esp_image.h"
#include "image/signature.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct image_facts {
    const char *file;
    size_t offset;       /* in the file; of HEX and UF2 the flash address */
    const uint8_t *data; /* from there on */
    size_t size;         /* to the end of the file */
    bool part;           /* one of several, or not at the file's beginning */
    char what[64];

    bool is_image;           /* what follows is filled in */
    const struct chip *chip; /* NULL: its id is not known */
    struct esp_image image;
    uint32_t
        entry; /* these three as the loader sees them: of the second header where there is one */
    uint8_t mode, size_freq;
    uint8_t sha256[32]; /* as the contents give it; with image.digest_at */
    struct signature signature;
    const char *signed_by[SIGNATURE_BLOCKS_MAX]; /* file of the --verify-key that fits; NULL */

    struct error error; /* the first thing that is wrong */
};

const char *image_info_mode(const struct image_facts *facts); /* "dio"; NULL: there is no such */
const char *image_info_freq(const struct image_facts *facts);
const char *image_info_size(const struct image_facts *facts);

void image_info_print(const struct image_facts *facts);      /* image_info_text.c */
void image_info_print_json(const struct image_facts *facts); /* image_info_json.c */

#endif
