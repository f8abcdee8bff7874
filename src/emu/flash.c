/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "emu/flash.h"

#include "base/util.h"

#include <string.h>

/* Typical times of a W25Q32JV, data sheet section 9.6. */
enum {
    SECTOR_ERASE_US = 45000,
    BLOCK_ERASE_US = 150000,
    PAGE_PROGRAM_US = 400,
    STATUS_WRITE_US = 10000,
    CHIP_ERASE_PER_BLOCK_US = 150000,
};

enum { STATUS_BUSY = 1, STATUS_WEL = 2 };

int flash_open(struct flash *f, const char *path, size_t size, struct error *e)
{
    *f = (struct flash){0};
    return storage_open(&f->store, path, size, 0xff, e);
}

void flash_close(struct flash *f)
{
    storage_close(&f->store);
}

static size_t wrap(const struct flash *f, uint32_t address)
{
    return address & (f->store.size - 1);
}

void flash_read(const struct flash *f, uint32_t address, uint8_t *to, size_t n)
{
    while (n > 0) {
        size_t at = wrap(f, address);
        size_t run = n < f->store.size - at ? n : f->store.size - at;
        memcpy(to, f->store.bytes + at, run);
        to += run;
        address += (uint32_t)run;
        n -= run;
    }
}

void flash_program(struct flash *f, uint32_t address, const uint8_t *from, size_t n)
{
    for (size_t i = 0; i < n; i++)
        f->store.bytes[wrap(f, address + (uint32_t)i)] &= from[i];
    f->busy_us = (int64_t)((n + FLASH_PAGE - 1) / FLASH_PAGE) * PAGE_PROGRAM_US;
}

static uint32_t erase_one(struct flash *f, uint32_t address, uint32_t size, int64_t us)
{
    memset(f->store.bytes + wrap(f, address & ~(size - 1)), 0xff, size);
    f->busy_us += us;
    return size;
}

void flash_erase(struct flash *f, uint32_t address, size_t n)
{
    uint32_t at = address & ~(uint32_t)(FLASH_SECTOR - 1);
    uint64_t end = (uint64_t)address + n;

    f->busy_us = 0;
    /* More than the whole chip is the whole chip. */
    if (end - at > f->store.size)
        end = at + f->store.size;
    for (uint64_t left = end - at; n > 0 && at < end; left = end - at) {
        if (at % FLASH_BLOCK == 0 && left >= FLASH_BLOCK)
            at += erase_one(f, at, FLASH_BLOCK, BLOCK_ERASE_US);
        else
            at += erase_one(f, at, FLASH_SECTOR, SECTOR_ERASE_US);
    }
}

void flash_erase_all(struct flash *f)
{
    memset(f->store.bytes, 0xff, f->store.size);
    f->busy_us = (int64_t)(f->store.size / FLASH_BLOCK) * CHIP_ERASE_PER_BLOCK_US;
}

bool flash_blank(const struct flash *f, uint32_t address, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        if (f->store.bytes[wrap(f, address + (uint32_t)i)] != 0xff)
            return false;
    }
    return true;
}

/* log2 of the size is the third byte of the JEDEC id, for all sizes that are offered. */
static uint8_t size_code(size_t size)
{
    uint8_t code = 0;

    while (((size_t)1 << code) < size)
        code++;
    return code;
}

static void read_id(const struct flash *f, const struct flash_transfer *t)
{
    const uint8_t id[] = {0xef, 0x40, size_code(f->store.size)}; /* Winbond W25Q */

    for (size_t i = 0; i < t->in_len; i++)
        t->in[i] = id[i % sizeof id];
}

/* Signature and one parameter header (JESD216): enough for those who check that a flash chip is
 * there; the table itself only states the density. */
static void read_sfdp(const struct flash *f, const struct flash_transfer *t)
{
    uint8_t sfdp[0x90];

    memset(sfdp, 0xff, sizeof sfdp);
    memcpy(sfdp, "SFDP\x05\x01\x00\xff\x00\x05\x01\x10\x80\x00\x00\xff", 16);
    memset(sfdp + 0x80, 0, 16);
    le32_put(sfdp + 0x84, (uint32_t)(f->store.size * 8 - 1));
    for (size_t i = 0; i < t->in_len; i++) {
        uint32_t at = t->address + (uint32_t)i;
        t->in[i] = at < sizeof sfdp ? sfdp[at] : 0xff;
    }
}

static uint8_t status_low(const struct flash *f, int64_t now)
{
    uint8_t low = (uint8_t)(f->status & 0xfc);

    if (now < f->ready_at)
        low |= STATUS_BUSY;
    if (f->write_enabled)
        low |= STATUS_WEL;
    return low;
}

/* A page program stays inside its page: the low eight address bits wrap. */
static void program_page(struct flash *f, const struct flash_transfer *t)
{
    for (size_t i = 0; i < t->out_len; i++) {
        uint32_t at = (t->address & ~0xffu) | ((t->address + (uint32_t)i) & 0xff);
        flash_program(f, at, &t->out[i], 1);
    }
    f->busy_us = PAGE_PROGRAM_US;
}

static void write_status(struct flash *f, const struct flash_transfer *t)
{
    if (t->out_len >= 1)
        f->status = (uint16_t)((f->status & 0xff00) | t->out[0]);
    if (t->out_len >= 2)
        f->status = (uint16_t)((f->status & 0x00ff) | t->out[1] << 8);
    f->busy_us = STATUS_WRITE_US;
}

/* What changes the chip and so needs the latch, which it uses up. */
static void command_changing(struct flash *f, int64_t now, const struct flash_transfer *t)
{
    if (!f->write_enabled)
        return;
    f->busy_us = 0;
    switch (t->command) {
    case 0x01:
        write_status(f, t);
        break;
    case 0x02:
        program_page(f, t);
        break;
    case 0x20:
        flash_erase(f, t->address & ~(uint32_t)(FLASH_SECTOR - 1), FLASH_SECTOR);
        break;
    case 0x52:
        flash_erase(f, t->address & ~0x7fffu, 0x8000);
        break;
    case 0xd8:
        flash_erase(f, t->address & ~(uint32_t)(FLASH_BLOCK - 1), FLASH_BLOCK);
        break;
    default: /* 60, C7 */
        flash_erase_all(f);
        break;
    }
    f->write_enabled = false;
    f->ready_at = now + f->busy_us;
}

static void command_reading(const struct flash *f, const struct flash_transfer *t)
{
    switch (t->command) {
    case 0x03:
    case 0x0b:
    case 0x3b:
    case 0x6b:
        flash_read(f, t->address, t->in, t->in_len);
        break;
    case 0x5a:
        read_sfdp(f, t);
        break;
    case 0x9f:
        read_id(f, t);
        break;
    case 0x4b: /* unique id: any eight bytes that stay the same */
        memset(t->in, 0xe5, t->in_len);
        break;
    default:
        break;
    }
}

static void wake(struct flash *f, const struct flash_transfer *t)
{
    f->asleep = false;
    if (t->in_len > 0)
        t->in[0] = (uint8_t)(size_code(f->store.size) - 1);
}

void flash_command(struct flash *f, int64_t now_us, const struct flash_transfer *t)
{
    bool armed = f->reset_armed;

    if (t->in_len > 0)
        memset(t->in, 0xff, t->in_len);
    f->reset_armed = t->command == 0x66;
    if (t->command == 0xab) {
        wake(f, t);
    } else if (f->asleep) {
        return;
    } else if (t->command == 0x05 || t->command == 0x35 || t->command == 0x15) {
        uint8_t value = t->command == 0x05   ? status_low(f, now_us)
                        : t->command == 0x35 ? (uint8_t)(f->status >> 8)
                                             : 0;
        memset(t->in, value, t->in_len);
    } else if (now_us < f->ready_at) {
        return; /* busy: all else is ignored */
    } else if (t->command == 0x06 || t->command == 0x04) {
        f->write_enabled = t->command == 0x06;
    } else if (t->command == 0xb9) {
        f->asleep = true;
    } else if (t->command == 0x99 && armed) {
        f->write_enabled = false;
    } else if (t->command == 0x01 || t->command == 0x02 || t->command == 0x20 ||
               t->command == 0x52 || t->command == 0xd8 || t->command == 0xc7 ||
               t->command == 0x60) {
        command_changing(f, now_us, t);
    } else {
        command_reading(f, t);
    }
}
