/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The SPI controller that talks to the flash, worked by its registers; private to loader/. */
#ifndef ESPJIG_LOADER_SPI_H
#define ESPJIG_LOADER_SPI_H

#include "loader/loader.h"

/* One command to the flash chip. */
struct spi_command {
    uint8_t opcode;
    bool has_address;
    uint32_t address; /* 24 bits */
    size_t read_n;    /* bytes to read, at most 64 */
};

/* Runs it; what was read goes to `data` (may be NULL when read_n is 0). The controller's USR
 * registers are put back. */
int spi_run(struct loader *loader, const struct spi_command *command, uint8_t *data,
            struct error *error);

/* Enables writing, runs an erase command at `address`, waits until the flash is ready again. */
int spi_erase(struct loader *loader, uint8_t opcode, uint32_t address, int64_t timeout_ms,
              struct error *error);

enum { SPI_ERASE_SECTOR = 0x20, SPI_ERASE_BLOCK = 0xD8, SPI_READ = 0x03, SPI_READ_ID = 0x9F };

#endif
