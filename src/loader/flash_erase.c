/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "loader/flash.h"
#include "loader/spi.h"

enum {
    STEP = 0x40000, /* small enough for progress and for sane time limits */
    BLOCK = 0x10000,
    BLOCK_TIMEOUT_MS = 10000,
    CHIP_TIMEOUT_MS = 120000
};

static int erase_by_stub(struct loader *loader, uint32_t address, uint32_t size,
                         struct error *error)
{
    uint8_t data[8];
    struct request request = {.op = OP_ERASE_REGION,
                              .data = data,
                              .n = WORDS(data, address, size),
                              .timeout_ms = command_limit_ms(size, ERASE_WRITE_SECONDS_PER_MB),
                              .address = address,
                              .has_address = true};
    return command_run(loader, &request, NULL, error);
}

/* The ROM has no erase command, but FLASH_BEGIN erases; nothing has to be written after it. */
static int erase_by_begin(struct loader *loader, uint32_t address, uint32_t size,
                          struct error *error)
{
    struct flash_begin begin = {.address = address, .erase = size, .blocks = size / ROM_BLOCK};
    return flash_begin(loader, &begin, error);
}

/* The ESP8266's ROM can't erase an odd number of sectors: the flash is told directly. */
static int erase_by_spi(struct loader *loader, uint32_t address, uint32_t size, struct error *error)
{
    bool block = size == BLOCK;
    return spi_erase(loader, block ? SPI_ERASE_BLOCK : SPI_ERASE_SECTOR, address, BLOCK_TIMEOUT_MS,
                     error);
}

/* How much to erase in one go from `address` on: up to a multiple of the step. */
static uint32_t piece(const struct loader *loader, uint32_t address, uint32_t left)
{
    uint32_t step = STEP;

    if (loader->stage != STAGE_STUB && loader->chip->rom_erase_bug)
        step = address % BLOCK == 0 && left >= BLOCK ? BLOCK : FLASH_SECTOR;
    uint32_t n = step - address % step;
    return n < left ? n : left;
}

int loader_flash_erase(struct loader *loader, uint32_t address, uint32_t size,
                       const struct loader_progress *progress, struct error *error)
{
    uint64_t wire = loader->wire_sent;
    uint32_t done = 0;

    if (address % FLASH_SECTOR != 0 || size % FLASH_SECTOR != 0)
        return error_set(error, ERR_BAD_ADDRESS,
                         "0x%08x and size 0x%x: only whole sectors of 4096 bytes can be erased",
                         address, size);
    int rc = flash_check_range(loader, address, size, error);

    flash_progress(progress, 0, size, 0);
    while (rc == 0 && done < size) {
        uint32_t at = address + done, n = piece(loader, at, size - done);
        if (loader->stage == STAGE_STUB)
            rc = erase_by_stub(loader, at, n, error);
        else if (loader->chip->rom_erase_bug)
            rc = erase_by_spi(loader, at, n, error);
        else
            rc = erase_by_begin(loader, at, n, error);
        if (rc == 0) {
            done += n;
            flash_progress(progress, done, size, loader->wire_sent - wire);
        }
    }
    return rc;
}

int loader_flash_erase_all(struct loader *loader, const struct loader_progress *progress,
                           struct error *error)
{
    uint64_t size = loader->flash_size;

    if (loader->stage != STAGE_STUB) {
        if (size == 0)
            return error_set(error, ERR_NOT_POSSIBLE,
                             "the ROM erases by region, and the size of the flash is not known");
        if (loader->flash_limit)
            return error_set(error, ERR_NOT_POSSIBLE, "the whole flash can't be erased: %s",
                             loader->flash_limit);
        return loader_flash_erase(loader, 0, (uint32_t)size, progress, error);
    }

    int64_t limit = command_limit_ms(size, ERASE_WRITE_SECONDS_PER_MB);
    struct request request = {.op = OP_ERASE_FLASH,
                              .timeout_ms = limit > CHIP_TIMEOUT_MS ? limit : CHIP_TIMEOUT_MS};
    uint64_t wire = loader->wire_sent;

    flash_progress(progress, 0, size, 0);
    int rc = command_run(loader, &request, NULL, error);
    if (rc == 0)
        flash_progress(progress, size, size, loader->wire_sent - wire);
    return rc;
}
