/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What the memory behind a segment's address is called: DRAM, IROM, RTC_DATA ... One address may
 * have several names. They are those of the chip's row, which are esptool's, and what ESP-IDF's
 * soc.h has beyond them.
 */
#ifndef ESPJIG_IMAGE_MEMORY_MAP_H
#define ESPJIG_IMAGE_MEMORY_MAP_H

#include "chip/chip.h"

#include <stddef.h>
#include <stdint.h>

/* Fills `names`, in the order of the map; returns how many. `chip` may be NULL: none. */
size_t memory_names(const struct chip *chip, uint32_t address,
                    const char *names[CHIP_MEMORY_NAMES_MAX]);

#endif
