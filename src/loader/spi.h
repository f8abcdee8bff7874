/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The SPI controller that talks to the flash, worked by its registers; private to loader/. */
#ifndef ESPJIG_LOADER_SPI_H
#define ESPJIG_LOADER_SPI_H

#include "loader/loader.h"

enum {
    SPI_DATA_MAX = 64 /* bytes written, or read, by one command: the controller's W registers */
};

/* One command to the flash chip: opcode, address, dummy cycles, bytes written, bytes read. */
struct spi_command {
    uint8_t opcode;
    uint8_t address_bits; /* 0, 24 or 32 */
    uint8_t dummy_bits;
    uint32_t address;
    const uint8_t *write;
    size_t write_n, read_n; /* at most SPI_DATA_MAX */
    uint32_t pause_us;      /* to wait before it, by the chip itself */
};

/* Runs it; what was read goes to `data` (may be NULL when read_n is 0). One round trip, and one
 * more for each four bytes read; the first time two more, for the registers that are put back
 * (the ESP8266's ROM takes one for every register). */
int spi_run(struct loader *loader, const struct spi_command *command, uint8_t *data,
            struct error *error);

/* Up to SPI_SEVERAL_MAX of them in one go; what is read is the last one's. */
enum { SPI_SEVERAL_MAX = 5 };
int spi_run_several(struct loader *loader, const struct spi_command *commands, size_t n,
                    uint8_t *data, struct error *error);

/* Until the flash has finished what it does: ERR_NO_FLASH when it has not in that time. */
int spi_poll_ready(struct loader *loader, int64_t timeout_ms, struct error *error);
/* The same after an erase, with `address` for the error text. */
int spi_wait_ready(struct loader *loader, uint32_t address, int64_t timeout_ms,
                   struct error *error);

/* Enables writing, runs an erase command at `address`, waits until the flash is ready again. */
int spi_erase(struct loader *loader, uint8_t opcode, uint32_t address, int64_t timeout_ms,
              struct error *error);

/* n bytes, at most SPI_DATA_MAX, of what the flash says of itself (JESD216). */
int spi_read_sfdp(struct loader *loader, uint32_t address, uint8_t *data, size_t n,
                  struct error *error);

enum spi_opcode {
    SPI_READ = 0x03,
    SPI_READ_STATUS = 0x05,
    SPI_WRITE_ENABLE = 0x06,
    SPI_ERASE_SECTOR = 0x20,
    SPI_READ_SFDP = 0x5A,
    SPI_ENABLE_RESET = 0x66,
    SPI_RESET = 0x99,
    SPI_READ_ID = 0x9F,
    SPI_ERASE_BLOCK = 0xD8
};

#endif
