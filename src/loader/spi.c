/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A command to the flash is a list of register writes that ends with the one that starts the
 * controller. ROMs (seen in recordings of ESP32 and ESP32-C3) and both stubs take the whole list in
 * one WRITE_REG, and wait before each write as long as its fourth word says: in the stub's source,
 * and espefuse relies on it with the ROMs. Of the ESP8266's ROM nobody says so: one by one there.
 */
#include "loader/spi.h"

#include "base/clock.h"
#include "base/util.h"
#include "loader/command.h"

#include <string.h>

enum {
    ENTRY = 16, /* address, value, mask, microseconds to wait before it */
    ENTRIES_A_COMMAND = 8,
    ENTRIES_MAX = SPI_SEVERAL_MAX * ENTRIES_A_COMMAND + SPI_DATA_MAX / 4 + 2,
    CMD_USR = 1 << 18,
    USR_COMMAND = 1u << 31,
    USR_ADDRESS = 1 << 30,
    USR_DUMMY = 1 << 29,
    USR_MISO = 1 << 28,
    USR_MOSI = 1 << 27,
    COMMAND_BITS_SHIFT = 28,
    ADDRESS_BITS_SHIFT = 26,
    MOSI_BITS_SHIFT_8266 = 17,
    MISO_BITS_SHIFT_8266 = 8,
    RUN_US = 20, /* and one for each bit: no ROM clocks a flash below 1 MHz */
    STATUS_BUSY = 1,
    READY_POLL_MS = 10,
    READY_POLL_MAX_MS = 50
};

struct writes {
    uint8_t data[ENTRIES_MAX * ENTRY];
    size_t n;
    uint32_t pause_us; /* before the next one */
};

static void add(struct writes *writes, uint32_t address, uint32_t value)
{
    writes->n += WORDS(writes->data + writes->n, address, value, 0xFFFFFFFF, writes->pause_us);
    writes->pause_us = 0;
}

static int flush(struct loader *loader, struct writes *writes, struct error *error)
{
    bool single = loader->stage != STAGE_STUB && loader->chip->id == CHIP_ESP8266;
    size_t step = single ? ENTRY : writes->n;
    int rc = 0;

    for (size_t at = 0; at < writes->n && rc == 0; at += step) {
        struct request request = {.op = OP_WRITE_REG,
                                  .data = writes->data + at,
                                  .n = step,
                                  .address = le32_get(writes->data + at),
                                  .has_address = true};
        rc = command_run(loader, &request, NULL, error);
    }
    return rc;
}

static void add_data(const struct chip_spi *spi, const struct spi_command *command,
                     struct writes *writes)
{
    for (size_t at = 0; at < command->write_n; at += 4) {
        uint8_t word[4] = {0};
        size_t left = command->write_n - at;
        memcpy(word, command->write + at, left < 4 ? left : 4);
        add(writes, spi->base + spi->w0 + (uint32_t)at, le32_get(word));
    }
}

static void add_lengths(const struct chip_spi *spi, uint32_t mosi_bits, uint32_t miso_bits,
                        uint32_t *usr1, struct writes *writes)
{
    if (spi->mosi_dlen == 0) {
        *usr1 |= mosi_bits ? (mosi_bits - 1) << MOSI_BITS_SHIFT_8266 : 0;
        *usr1 |= miso_bits ? (miso_bits - 1) << MISO_BITS_SHIFT_8266 : 0;
        return;
    }
    if (mosi_bits > 0)
        add(writes, spi->base + spi->mosi_dlen, mosi_bits - 1);
    if (miso_bits > 0)
        add(writes, spi->base + spi->miso_dlen, miso_bits - 1);
}

static void add_command(const struct chip_spi *spi, const struct spi_command *command,
                        struct writes *writes)
{
    uint32_t usr = USR_COMMAND, usr1 = 0, bits = command->address_bits;
    uint32_t mosi_bits = (uint32_t)(8 * command->write_n);
    uint32_t miso_bits = (uint32_t)(8 * command->read_n);

    writes->pause_us += command->pause_us;
    if (bits > 0) {
        usr |= USR_ADDRESS;
        usr1 |= (bits - 1) << ADDRESS_BITS_SHIFT;
        add(writes, spi->base + 4,
            spi->address_in_msb ? command->address << (32 - bits) : command->address);
    }
    if (command->dummy_bits > 0) {
        usr |= USR_DUMMY;
        usr1 |= command->dummy_bits - 1u;
    }
    usr |= mosi_bits ? USR_MOSI : 0;
    usr |= miso_bits ? USR_MISO : 0;
    add_lengths(spi, mosi_bits, miso_bits, &usr1, writes);
    if (miso_bits > 0 && mosi_bits == 0)
        add(writes, spi->base + spi->w0, 0);
    add_data(spi, command, writes);
    if (usr1 != 0 || spi->mosi_dlen == 0)
        add(writes, spi->base + spi->usr1, usr1);
    add(writes, spi->base + spi->usr, usr);
    add(writes, spi->base + spi->usr2, 7u << COMMAND_BITS_SHIFT | command->opcode);
    add(writes, spi->base, CMD_USR);
    writes->pause_us = RUN_US + 8 + bits + command->dummy_bits + mosi_bits + miso_bits;
}

/* Who works on the flash next, ROM or stub, may count on these as they were (esptool puts back the
 * same two). They are read once: each command leaves them as they were found. */
static int save(struct loader *loader, struct error *error)
{
    const struct chip_spi *spi = &loader->chip->spi;

    if (loader->spi_saved)
        return 0;
    int rc = loader_read_reg(loader, spi->base + spi->usr, &loader->spi_usr, error);
    if (rc == 0)
        rc = loader_read_reg(loader, spi->base + spi->usr2, &loader->spi_usr2, error);
    loader->spi_saved = rc == 0;
    return rc;
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

int spi_run_several(struct loader *loader, const struct spi_command *commands, size_t n,
                    uint8_t *data, struct error *error)
{
    const struct chip_spi *spi = &loader->chip->spi;
    struct writes writes = {.n = 0};

    int rc = save(loader, error);
    if (rc < 0)
        return rc;
    for (size_t i = 0; i < n; i++)
        add_command(spi, &commands[i], &writes);
    /* The first of these waits until the controller has finished: no need to ask it. */
    add(&writes, spi->base + spi->usr, loader->spi_usr);
    add(&writes, spi->base + spi->usr2, loader->spi_usr2);
    rc = flush(loader, &writes, error);
    return rc < 0 ? rc : read_words(loader, commands[n - 1].read_n, data, error);
}

int spi_run(struct loader *loader, const struct spi_command *command, uint8_t *data,
            struct error *error)
{
    return spi_run_several(loader, command, 1, data, error);
}

int spi_wait_ready(struct loader *loader, uint32_t address, int64_t timeout_ms, struct error *error)
{
    struct spi_command status = {.opcode = SPI_READ_STATUS, .read_n = 1};
    int64_t deadline = clock_ms() + timeout_ms;

    for (int pause = READY_POLL_MS;;) {
        uint8_t busy;
        int rc = spi_run(loader, &status, &busy, error);
        if (rc < 0 || !(busy & STATUS_BUSY))
            return rc;
        if (clock_ms() > deadline)
            return error_set(error, ERR_NO_FLASH, "erasing at 0x%08x: the flash stays busy",
                             address);
        rc = link_sleep(loader->link, pause);
        if (rc < 0)
            return command_link_error(loader, rc, error);
        pause = 2 * pause < READY_POLL_MAX_MS ? 2 * pause : READY_POLL_MAX_MS;
    }
}

int spi_erase(struct loader *loader, uint8_t opcode, uint32_t address, int64_t timeout_ms,
              struct error *error)
{
    struct spi_command erase[] = {{.opcode = SPI_WRITE_ENABLE},
                                  {.opcode = opcode, .address_bits = 24, .address = address}};
    int rc = spi_run_several(loader, erase, ARRAY_LEN(erase), NULL, error);

    return rc < 0 ? rc : spi_wait_ready(loader, address, timeout_ms, error);
}
