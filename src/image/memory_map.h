/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What the memory behind an address of a chip is called: DRAM, IROM, RTC_DATA ... One address may
 * have several names. Names are ESP-IDF's (soc.h: SOC_..._LOW and _HIGH), as esptool shows them.
 */
#ifndef ESPJIG_IMAGE_MEMORY_MAP_H
#define ESPJIG_IMAGE_MEMORY_MAP_H

#include "chip/chip.h"

#include <stddef.h>
#include <stdint.h>

/* From `start` up to, and without, `end`. */
struct memory_range {
    uint32_t start, end;
    const char *name;
};

/* Ended by name NULL. `chip` may be NULL: no names at all. */
const struct memory_range *memory_map(const struct chip *chip);

#define MEMORY_NAMES_MAX 8

/* Of the address, in the order of the map; returns how many. */
size_t memory_names(const struct chip *chip, uint32_t address, const char *names[MEMORY_NAMES_MAX]);

#endif
