/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What writing and erasing share; private to loader/. */
#ifndef ESPJIG_LOADER_FLASH_H
#define ESPJIG_LOADER_FLASH_H

#include "loader/command.h"

enum { ERASE_WRITE_SECONDS_PER_MB = 40 };

/* Sends FLASH_BEGIN or FLASH_DEFL_BEGIN. In the ROM this erases, and takes as long. */
struct flash_begin {
    bool deflated;
    bool encrypted; /* the chip encrypts what it gets */
    uint32_t address;
    uint32_t erase;  /* first word: bytes to erase, or in the stub to write */
    uint32_t blocks; /* of the loader's block size */
};
/* ERR_NOT_POSSIBLE where it is to be encrypted and this loader can't. */
int flash_begin(struct loader *loader, const struct flash_begin *begin, struct error *error);

uint32_t flash_block_size(const struct loader *loader);

/* What to ask the ESP8266's ROM for so that it erases `sectors` sectors from `first` on; it erases
 * the first ones of a 64 KiB block twice over. An odd number inside one block can't be had: then
 * the last sector is left out and *last_missing set. Returns sectors. */
uint32_t flash_esp8266_erase_sectors(uint32_t first, uint32_t sectors, bool *last_missing);

/* Past the end of the flash? ERR_TOO_BIG. */
int flash_check_range(const struct loader *loader, uint32_t address, uint64_t size,
                      struct error *error);

/* Calls progress when there is one. */
void flash_progress(const struct loader_progress *progress, uint64_t done, uint64_t total,
                    uint64_t wire);

#endif
