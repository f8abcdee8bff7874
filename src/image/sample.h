/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Sample images: a bootloader, a partition table and an app with valid headers, checksums and
 * digests. They are for the emulated chip and for tests; on silicon they would start and do
 * nothing. Made at build time by the program espjig-sample.
 */
#ifndef ESPJIG_IMAGE_SAMPLE_H
#define ESPJIG_IMAGE_SAMPLE_H

#include "base/buffer.h"
#include "chip/chip.h"

/* Append the file's bytes to `out`; there are samples for every chip. `app_size` is about how many
 * bytes the app is to have. */
void sample_bootloader(const struct chip *chip, struct buffer *out);
void sample_partition_table(const struct chip *chip, struct buffer *out);
void sample_app(const struct chip *chip, size_t app_size, struct buffer *out);

#endif
