/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The NOR flash chip: programming only clears bits, erasing sets whole sectors or blocks, and both
 * need the write enable latch when they come as SPI commands. Every action says how long a real
 * chip is busy with it (Winbond W25Q32 data sheet, typical values); the caller keeps the time.
 */
#ifndef ESPJIG_EMU_FLASH_H
#define ESPJIG_EMU_FLASH_H

#include "emu/storage.h"

enum { FLASH_SECTOR = 0x1000, FLASH_BLOCK = 0x10000, FLASH_PAGE = 256 };

struct flash {
    struct storage store;
    uint16_t status;
    bool write_enabled;
    bool asleep;      /* deep power-down: only a wake-up is understood */
    bool reset_armed; /* 66 came, 99 may follow */
    int64_t busy_us;  /* what the last action takes */
    int64_t ready_at; /* SPI commands: the time when it is done */
};

int flash_open(struct flash *f, const char *path, size_t size, struct error *e);
void flash_close(struct flash *f);

/* Addresses wrap at the size of the chip, as its address counter does. Each of these sets
 * busy_us. flash_erase() takes whole sectors, and whole blocks where they are aligned. */
void flash_read(const struct flash *f, uint32_t address, uint8_t *to, size_t n);
void flash_program(struct flash *f, uint32_t address, const uint8_t *from, size_t n);
void flash_erase(struct flash *f, uint32_t address, size_t n);
void flash_erase_all(struct flash *f);
bool flash_blank(const struct flash *f, uint32_t address, size_t n);

struct flash_transfer {
    uint8_t command;
    uint32_t address;
    const uint8_t *out; /* what the controller sends behind address and dummy bits */
    size_t out_len;
    uint8_t *in; /* what it clocks in; filled with FF first by flash_command() */
    size_t in_len;
};

/* One SPI command, chip select low to high. `now_us` decides whether the chip is still busy. */
void flash_command(struct flash *f, int64_t now_us, const struct flash_transfer *t);

#endif
