/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The SPI controller's user commands (ESP32 TRM, SPI controller; esptool loader.py,
 * run_spiflash_command): software describes one transfer in registers and starts it with bit 18 of
 * the command register.
 */
#include "base/util.h"
#include "emu/chip.h"

enum { SPI_DATA_MAX = 64 };

enum { USER_COMMAND = 31, USER_ADDR = 30, USER_DUMMY = 29, USER_MISO = 28, USER_MOSI = 27 };

static uint32_t reg(const struct chip *chip, uint32_t offset)
{
    return regs_peek(&chip->regs, chip->persona->spi.base + offset);
}

/* Bits to bytes, for the length fields that hold bits - 1. */
static size_t length(uint32_t bits_less_one)
{
    size_t bytes = (bits_less_one + 8) / 8;

    return bytes < SPI_DATA_MAX ? bytes : SPI_DATA_MAX;
}

static size_t out_length(const struct chip *chip)
{
    const struct spi_layout *l = &chip->persona->spi;

    if (l->mosi_dlen)
        return length(reg(chip, l->mosi_dlen) & 0xfff);
    return length(reg(chip, l->user1) >> 17 & 0x1ff);
}

static size_t in_length(const struct chip *chip)
{
    const struct spi_layout *l = &chip->persona->spi;

    if (l->miso_dlen)
        return length(reg(chip, l->miso_dlen) & 0xfff);
    return length(reg(chip, l->user1) >> 8 & 0x1ff);
}

static uint32_t address(const struct chip *chip, unsigned bits)
{
    const struct spi_layout *l = &chip->persona->spi;
    uint32_t value = reg(chip, 4);

    return l->address_msb && bits < 32 ? value >> (32 - bits) : value;
}

void spi_run(struct chip *chip)
{
    const struct spi_layout *l = &chip->persona->spi;
    uint32_t user = reg(chip, l->user);
    uint8_t out[SPI_DATA_MAX], in[SPI_DATA_MAX];
    struct flash_transfer t = {.command = (uint8_t)reg(chip, l->user2), .out = out, .in = in};

    if (!(user >> USER_COMMAND & 1))
        return;
    if (user >> USER_ADDR & 1) {
        t.address_bits = (reg(chip, l->user1) >> 26) + 1;
        t.address = address(chip, t.address_bits);
    }
    if (user >> USER_DUMMY & 1)
        t.dummy_bits = (reg(chip, l->user1) & 0xff) + 1;
    if (user >> USER_MOSI & 1)
        t.out_len = out_length(chip);
    if (user >> USER_MISO & 1)
        t.in_len = in_length(chip);
    regs_fetch(&chip->regs, l->base + l->w0, out, t.out_len);
    flash_command(&chip->flash, chip->time_us, &t);
    if (chip->instant)
        chip->flash.ready_at = 0;
    regs_load(&chip->regs, l->base + l->w0, in, t.in_len);
}
