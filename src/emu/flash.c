/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "emu/flash.h"

#include "base/util.h"

#include <string.h>

/* Typical times of a W25Q32JV, data sheet section 9.6. */
enum {
    SECTOR_ERASE_US = 45000,
    BLOCK_ERASE_US = 150000,
    PAGE_PROGRAM_US = 400,
    CHIP_ERASE_PER_BLOCK_US = 150000,
};

/* log2 of the size is the third byte of the JEDEC id, for all sizes that are offered. */
static uint8_t size_code(size_t size)
{
    uint8_t code = 0;

    while (((size_t)1 << code) < size)
        code++;
    return code;
}

int flash_open(struct flash *f, const char *path, size_t size, const uint8_t *id, struct error *e)
{
    const uint8_t winbond[] = {0xef, 0x40, size_code(size)};

    *f = (struct flash){.reach = FLASH_REACH_3};
    memcpy(f->id, id ? id : winbond, sizeof f->id);
    f->stuck = f->id[0] == f->id[1] && f->id[1] == f->id[2] && (f->id[0] == 0 || f->id[0] == 0xff);
    return storage_open(&f->store, path, size, 0xff, e);
}

void flash_close(struct flash *f)
{
    storage_close(&f->store);
}

void flash_power_on(struct flash *f)
{
    memcpy(f->now, f->kept, sizeof f->now);
    f->write_enabled = f->volatile_enabled = f->reset_armed = f->four_bytes = false;
    f->sleep = FLASH_AWAKE;
    f->ready_at = 0;
}

uint32_t flash_id_size(const struct flash *f)
{
    return f->id[2] >= 0x12 && f->id[2] <= 0x1c ? UINT32_C(1) << f->id[2] : 0;
}

/* ---- addresses ---- */

/* The array as far as the address bytes reach. */
static size_t span(const struct flash *f)
{
    return f->reach != 0 && f->reach < f->store.size ? f->reach : f->store.size;
}

static size_t wrap(const struct flash *f, uint32_t address)
{
    return address & (span(f) - 1);
}

/* The bytes from `address` up to where it wraps. */
static size_t run_at(const struct flash *f, uint32_t address, size_t n)
{
    size_t room = span(f) - wrap(f, address);

    return n < room ? n : room;
}

static bool deaf(const struct flash *f)
{
    return f->stuck || f->unpowered || f->sleep != FLASH_AWAKE;
}

/* ---- protection: W25Q32JV data sheet, section 7.1 (SEC, TB, BP2..BP0, and CMP of register 2) ----
 */

static void protected_range(const struct flash *f, size_t *start, size_t *end)
{
    unsigned bp = f->now[0] >> 2 & 7;
    bool bottom = f->now[0] >> 5 & 1, sectors = f->now[0] >> 6 & 1;
    size_t size = f->store.size, unit = size / 64 > FLASH_BLOCK ? size / 64 : FLASH_BLOCK, n;

    if (sectors) /* 4 KiB to 32 KiB */
        n = bp == 0 ? 0 : (size_t)FLASH_SECTOR << (bp < 4 ? bp - 1 : 3);
    else
        n = bp == 0 ? 0 : unit << (bp - 1);
    if (bp == 7 || n > size)
        n = size;
    *start = bottom ? 0 : size - n;
    *end = bottom ? n : size;
}

bool flash_protected(const struct flash *f, uint32_t address, size_t n)
{
    size_t start, end, at = wrap(f, address);
    bool complement = f->now[1] >> 6 & 1;

    protected_range(f, &start, &end);
    if (complement)
        return at < start || at + n > end;
    return at < end && at + n > start;
}

void flash_unlock(struct flash *f)
{
    f->now[0] = f->kept[0] = 0;
    f->now[1] &= 2;
    f->kept[1] &= 2;
}

/* ---- the array ---- */

void flash_read(const struct flash *f, uint32_t address, uint8_t *to, size_t n)
{
    if (deaf(f)) {
        memset(to, f->stuck ? f->id[0] : 0xff, n);
        return;
    }
    while (n > 0) {
        size_t run = run_at(f, address, n);
        memcpy(to, f->store.bytes + wrap(f, address), run);
        to += run;
        address += (uint32_t)run;
        n -= run;
    }
}

static void program_run(struct flash *f, uint32_t address, const uint8_t *from, size_t n)
{
    uint8_t *to = f->store.bytes + wrap(f, address);

    for (size_t i = 0; i < n; i++)
        to[i] &= from[i];
}

void flash_program(struct flash *f, uint32_t address, const uint8_t *from, size_t n)
{
    f->busy_us = 0;
    while (n > 0 && !deaf(f)) {
        size_t room = FLASH_PAGE - address % FLASH_PAGE, run = n < room ? n : room;
        if (!flash_protected(f, address, run)) {
            program_run(f, address, from, run);
            f->busy_us += PAGE_PROGRAM_US;
        }
        from += run;
        address += (uint32_t)run;
        n -= run;
    }
}

static uint32_t erase_one(struct flash *f, uint32_t address, uint32_t size, int64_t us)
{
    if (!deaf(f) && !flash_protected(f, address, size)) {
        memset(f->store.bytes + wrap(f, address), 0xff, size);
        f->busy_us += us;
    }
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
    size_t start, end;

    protected_range(f, &start, &end);
    f->busy_us = 0;
    /* It is ignored while anything is protected. */
    if (deaf(f) || start < end || f->now[1] >> 6 & 1)
        return;
    memset(f->store.bytes, 0xff, f->store.size);
    f->busy_us = (int64_t)(f->store.size / FLASH_BLOCK) * CHIP_ERASE_PER_BLOCK_US;
}

bool flash_blank(const struct flash *f, uint32_t address, size_t n)
{
    uint8_t part[FLASH_SECTOR];

    while (n > 0) {
        size_t run = n < sizeof part ? n : sizeof part;
        flash_read(f, address, part, run);
        if (part[0] != 0xff || memcmp(part, part + 1, run - 1) != 0)
            return false;
        address += (uint32_t)run;
        n -= run;
    }
    return true;
}
