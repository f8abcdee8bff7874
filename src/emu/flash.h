/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The NOR flash chip: programming only clears bits, erasing sets whole sectors or blocks, and both
 * need the write enable latch when they come as SPI commands. Block protection, status registers
 * and SFDP are those of Winbond's W25Q series (W25Q32JV data sheet; above 16 MB W25Q256JV). Every
 * action says how long a real chip is busy with it (typical values there); the caller keeps the
 * time.
 */
#ifndef ESPJIG_EMU_FLASH_H
#define ESPJIG_EMU_FLASH_H

#include "emu/storage.h"

enum { FLASH_SECTOR = 0x1000, FLASH_BLOCK = 0x10000, FLASH_PAGE = 256 };

/* What three address bytes reach. */
#define FLASH_REACH_3 (UINT32_C(1) << 24)

/* Power-down. Ultra deep is XMC's; it takes an exit command before the usual one works. */
enum flash_sleep { FLASH_AWAKE, FLASH_DEEP, FLASH_ULTRA_DEEP, FLASH_LEAVING };

struct flash {
    struct storage store;
    uint8_t id[3];   /* manufacturer and device, as 9F tells them */
    bool stuck;      /* nothing drives MISO: all that is read is id[0] */
    bool unpowered;  /* it has a supply of its own, which is off */
    bool xmc;        /* needs XMC's start-up sequence, and did not have it yet */
    uint8_t now[3];  /* status registers without BUSY and WEL */
    uint8_t kept[3]; /* the same, as they are after power-on */
    uint32_t reach;  /* addresses wrap here: FLASH_REACH_3, or 0 for four bytes */
    bool four_bytes; /* command B7 */
    bool write_enabled, volatile_enabled;
    enum flash_sleep sleep;
    bool reset_armed; /* 66 came, 99 may follow */
    int64_t busy_us;  /* what the last action takes */
    int64_t ready_at; /* the time when it is done */
};

/* `id` NULL: that of a Winbond chip of this size. All ones or all zeros: there is no chip. */
int flash_open(struct flash *f, const char *path, size_t size, const uint8_t *id, struct error *e);
void flash_close(struct flash *f);
void flash_power_on(struct flash *f);

/* What the third byte of an id says (log2 of the bytes), 0: nothing known. */
uint32_t flash_id_size(const struct flash *f);

/* The array, as the ROM's and the stub's functions reach it. Addresses wrap at the size of the
 * chip, as its address counter does, or earlier at `reach`. Each sets busy_us. Protected pages and
 * sectors, and a chip that is asleep or not there, do not change. flash_erase() takes whole
 * sectors, and whole blocks where they are aligned. */
void flash_read(const struct flash *f, uint32_t address, uint8_t *to, size_t n);
void flash_program(struct flash *f, uint32_t address, const uint8_t *from, size_t n);
void flash_erase(struct flash *f, uint32_t address, size_t n);
void flash_erase_all(struct flash *f);
bool flash_blank(const struct flash *f, uint32_t address, size_t n);
bool flash_protected(const struct flash *f, uint32_t address, size_t n);
/* Clears the protection as the ROM's unlock function does, Quad Enable stays. */
void flash_unlock(struct flash *f);

struct flash_transfer {
    uint8_t command;
    uint32_t address;
    unsigned address_bits, dummy_bits;
    const uint8_t *out; /* what the controller sends behind address and dummy bits */
    size_t out_len;
    uint8_t *in; /* what it clocks in; filled with FF first by flash_command() */
    size_t in_len;
};

/* One SPI command, chip select low to high (flash_spi.c). `now_us` decides whether the chip is
 * still busy. */
void flash_command(struct flash *f, int64_t now_us, const struct flash_transfer *t);

#endif
