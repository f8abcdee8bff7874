/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The flash chip's status registers and its description of itself (JESD216; esptool loader.py:
 * read_status, write_status, read_spiflash_sfdp). */
#include "base/util.h"
#include "loader/command.h"
#include "loader/spi.h"

enum {
    BYTES_MAX = 3,
    WRITE_DISABLE = 0x04,
    VOLATILE_ENABLE = 0x50, /* what is written next is forgotten with the power */
    NO_SETTING = 0x03,      /* busy, write enable: they come and go by themselves */
    READY_TIMEOUT_MS = 1000 /* data sheets: 15 ms typical, some hundred at most */
};

static const uint8_t read_opcodes[BYTES_MAX] = {SPI_READ_STATUS, 0x35, 0x15};
static const uint8_t write_opcodes[BYTES_MAX] = {0x01, 0x31, 0x11};

static int check_possible(const struct loader *loader, struct error *error)
{
    if (!loader->secure_download)
        return 0;
    return error_set(error, ERR_NOT_POSSIBLE,
                     "the flash chip's registers are out of reach in Secure Download Mode");
}

int loader_flash_status_read(struct loader *loader, unsigned bytes, uint32_t *status,
                             struct error *error)
{
    int rc = check_possible(loader, error);

    *status = 0;
    for (unsigned i = 0; i < bytes && i < BYTES_MAX && rc == 0; i++) {
        struct spi_command command = {.opcode = read_opcodes[i], .read_n = 1};
        uint8_t byte = 0;
        rc = spi_run(loader, &command, &byte, error);
        *status |= (uint32_t)byte << (8 * i);
    }
    return rc;
}

static int write_one(struct loader *loader, uint8_t enable, uint8_t opcode, const uint8_t *bytes,
                     size_t n, struct error *error)
{
    const struct spi_command commands[] = {
        {.opcode = enable},
        {.opcode = opcode, .write = bytes, .write_n = n},
    };

    int rc = spi_run_several(loader, commands, ARRAY_LEN(commands), NULL, error);
    if (rc < 0)
        return rc;
    rc = spi_poll_ready(loader, READY_TIMEOUT_MS, error);
    return rc < 0 ? error_context(error, "after its status was written") : 0;
}

/* Some flashes take the second byte only behind the first in one WRSR, others only by its own
 * command: both is done, as esptool does. */
static int write_all(struct loader *loader, unsigned bytes, uint32_t status, uint8_t enable,
                     struct error *error)
{
    const uint8_t data[BYTES_MAX] = {(uint8_t)status, (uint8_t)(status >> 8),
                                     (uint8_t)(status >> 16)};
    const struct spi_command disable = {.opcode = WRITE_DISABLE};
    int rc = 0;

    if (bytes == 2)
        rc = write_one(loader, enable, write_opcodes[0], data, 2, error);
    for (unsigned i = 0; i < bytes && i < BYTES_MAX && rc == 0; i++)
        rc = write_one(loader, enable, write_opcodes[i], &data[i], 1, error);
    return rc < 0 ? rc : spi_run(loader, &disable, NULL, error);
}

/* A flash whose status is protected, or that has fewer bytes of it, takes the command and does
 * nothing. */
int loader_flash_status_write(struct loader *loader, unsigned bytes, uint32_t status,
                              bool non_volatile, uint32_t *now, struct error *error)
{
    int digits = (int)(2 * bytes);
    int rc = check_possible(loader, error);

    *now = 0;
    if (rc == 0)
        rc = write_all(loader, bytes, status, non_volatile ? SPI_WRITE_ENABLE : VOLATILE_ENABLE,
                       error);
    if (rc == 0)
        rc = loader_flash_status_read(loader, bytes, now, error);
    if (rc < 0 || ((status ^ *now) & ~(uint32_t)NO_SETTING) == 0)
        return rc;
    return error_set(error, ERR_VERIFY_FAILED,
                     "the status of the flash is 0x%0*x after 0x%0*x was written: the flash has "
                     "not taken all bits",
                     digits, *now, digits, status);
}

int loader_flash_sfdp(struct loader *loader, uint32_t address, uint8_t *data, size_t n,
                      struct error *error)
{
    int rc = check_possible(loader, error);

    return rc < 0 ? rc
                  : spi_read_sfdp(loader, address, data, n < FLASH_SFDP_MAX ? n : FLASH_SFDP_MAX,
                                  error);
}
