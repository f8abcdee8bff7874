/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "loader/spi.h"

#include "base/clock.h"
#include "base/util.h"
#include "loader/command.h"

enum {
    WRITES_MAX = 8,
    WRITE_ENTRY = 16, /* address, value, mask, delay */
    BUSY_POLLS = 10,
    CMD_USR = 1 << 18,
    USR_COMMAND = 1u << 31,
    USR_ADDRESS = 1 << 30,
    USR_MISO = 1 << 28,
    COMMAND_BITS_SHIFT = 28,
    ADDRESS_BITS_SHIFT = 26,
    ADDRESS_BITS = 24,
    MISO_BITS_SHIFT_8266 = 8,
    WRITE_ENABLE = 0x06,
    READ_STATUS = 0x05,
    STATUS_BUSY = 1,
    ERASE_POLL_MS = 10
};

/* A list of register writes. ROM (seen in recordings of ESP32 and ESP32-C3) and stubs take several
 * in one WRITE_REG; of the ESP8266's ROM nobody says so, hence one by one there. */
struct writes {
    uint8_t data[WRITES_MAX * WRITE_ENTRY];
    size_t n;
};

static void add(struct writes *writes, uint32_t address, uint32_t value)
{
    writes->n += WORDS(writes->data + writes->n, address, value, 0xFFFFFFFF, 0);
}

static int flush(struct loader *loader, struct writes *writes, struct error *error)
{
    bool single = loader->stage != STAGE_STUB && loader->chip->id == CHIP_ESP8266;
    size_t step = single ? WRITE_ENTRY : writes->n;
    int rc = 0;

    for (size_t at = 0; at < writes->n && rc == 0; at += step) {
        struct request request = {.op = OP_WRITE_REG,
                                  .data = writes->data + at,
                                  .n = step,
                                  .address = le32_get(writes->data + at),
                                  .has_address = true};
        rc = command_run(loader, &request, NULL, error);
    }
    writes->n = 0;
    return rc;
}

static void set_up(const struct chip_spi *spi, const struct spi_command *command,
                   struct writes *writes)
{
    uint32_t usr = USR_COMMAND, usr1 = 0;
    uint32_t bits = (uint32_t)(8 * command->read_n);

    if (command->has_address) {
        usr |= USR_ADDRESS;
        usr1 |= (uint32_t)(ADDRESS_BITS - 1) << ADDRESS_BITS_SHIFT;
        add(writes, spi->base + 4,
            spi->address_in_msb ? command->address << (32 - ADDRESS_BITS) : command->address);
    }
    if (bits > 0) {
        usr |= USR_MISO;
        if (spi->mosi_dlen)
            add(writes, spi->base + spi->miso_dlen, bits - 1);
        else
            usr1 |= (bits - 1) << MISO_BITS_SHIFT_8266;
        add(writes, spi->base + spi->w0, 0);
    }
    if (usr1 != 0 || spi->mosi_dlen == 0)
        add(writes, spi->base + spi->usr1, usr1);
    add(writes, spi->base + spi->usr, usr);
    add(writes, spi->base + spi->usr2, 7u << COMMAND_BITS_SHIFT | command->opcode);
    add(writes, spi->base, CMD_USR);
}

static int wait_done(struct loader *loader, struct error *error)
{
    uint32_t value = CMD_USR;

    for (int i = 0; i < BUSY_POLLS && value & CMD_USR; i++) {
        int rc = loader_read_reg(loader, loader->chip->spi.base, &value, error);
        if (rc < 0)
            return rc;
    }
    if (value & CMD_USR)
        return error_set(error, ERR_NO_FLASH,
                         "the chip's SPI controller does not finish a command");
    return 0;
}

static int read_words(struct loader *loader, size_t n, uint8_t *data, struct error *error)
{
    const struct chip_spi *spi = &loader->chip->spi;

    for (size_t at = 0; at < n; at += 4) {
        uint32_t word;
        int rc = loader_read_reg(loader, spi->base + spi->w0 + (uint32_t)at, &word, error);
        if (rc < 0)
            return rc;
        for (size_t i = 0; i < 4 && at + i < n; i++)
            data[at + i] = (uint8_t)(word >> (8 * i));
    }
    return 0;
}

int spi_run(struct loader *loader, const struct spi_command *command, uint8_t *data,
            struct error *error)
{
    const struct chip_spi *spi = &loader->chip->spi;
    struct writes writes = {0};
    uint32_t usr, usr2;

    int rc = loader_read_reg(loader, spi->base + spi->usr, &usr, error);
    if (rc == 0)
        rc = loader_read_reg(loader, spi->base + spi->usr2, &usr2, error);
    if (rc < 0)
        return rc;

    set_up(spi, command, &writes);
    rc = flush(loader, &writes, error);
    if (rc == 0)
        rc = wait_done(loader, error);
    if (rc == 0)
        rc = read_words(loader, command->read_n, data, error);
    if (rc < 0)
        return rc;

    add(&writes, spi->base + spi->usr, usr);
    add(&writes, spi->base + spi->usr2, usr2);
    return flush(loader, &writes, error);
}

int spi_erase(struct loader *loader, uint8_t opcode, uint32_t address, int64_t timeout_ms,
              struct error *error)
{
    struct spi_command enable = {.opcode = WRITE_ENABLE};
    struct spi_command erase = {.opcode = opcode, .has_address = true, .address = address};
    struct spi_command status = {.opcode = READ_STATUS, .read_n = 1};
    int64_t deadline = clock_ms() + timeout_ms;
    uint8_t busy = STATUS_BUSY;

    int rc = spi_run(loader, &enable, NULL, error);
    if (rc == 0)
        rc = spi_run(loader, &erase, NULL, error);
    while (rc == 0) {
        rc = spi_run(loader, &status, &busy, error);
        if (rc < 0 || !(busy & STATUS_BUSY))
            break;
        if (clock_ms() > deadline)
            return error_set(error, ERR_NO_FLASH, "erasing at 0x%08x: the flash stays busy",
                             address);
        rc = link_sleep(loader->link, ERASE_POLL_MS);
        if (rc < 0)
            return command_link_error(loader, rc, error);
    }
    return rc;
}
