/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "emu/regs.h"

#include "base/buffer.h"
#include "emu/chip.h"

#include <stdlib.h>
#include <string.h>

enum { PAGE = 4096, PAGES_MAX = 4096 };

struct regs_page {
    uint32_t number;
    uint8_t *bytes;
};

static uint8_t *page_find(const struct regs *r, uint32_t number)
{
    for (size_t i = 0; i < r->n_pages; i++) {
        if (r->pages[i].number == number)
            return r->pages[i].bytes;
    }
    return NULL;
}

/* NULL when a client has written all over the place and the limit is reached. */
static uint8_t *page_make(struct regs *r, uint32_t number)
{
    uint8_t *page = page_find(r, number);

    if (page == NULL && r->n_pages < PAGES_MAX) {
        page = xcalloc(1, PAGE);
        r->pages = xrealloc(r->pages, (r->n_pages + 1) * sizeof *r->pages);
        r->pages[r->n_pages++] = (struct regs_page){.number = number, .bytes = page};
    }
    return page;
}

void regs_done(struct regs *r)
{
    for (size_t i = 0; i < r->n_pages; i++)
        free(r->pages[i].bytes);
    free(r->pages);
    *r = (struct regs){0};
}

void regs_reset(struct chip *chip)
{
    const struct persona *p = chip->persona;

    regs_done(&chip->regs);
    for (const struct reg_value *v = p->regs; v->address != 0; v++)
        regs_poke(&chip->regs, v->address, v->value);
    if (p->strap_reg != 0)
        regs_poke(&chip->regs, p->strap_reg,
                  chip->strap_download ? p->strap_download : p->strap_flash);
}

/* As much as lies in one page. */
static size_t run_in_page(uint32_t address, size_t n)
{
    size_t room = PAGE - address % PAGE;

    return n < room ? n : room;
}

void regs_load(struct regs *r, uint32_t address, const uint8_t *bytes, size_t n)
{
    while (n > 0) {
        size_t run = run_in_page(address, n);
        uint8_t *page = page_make(r, address / PAGE);
        if (page)
            memcpy(page + address % PAGE, bytes, run);
        bytes += run;
        address += (uint32_t)run;
        n -= run;
    }
}

void regs_fetch(const struct regs *r, uint32_t address, uint8_t *bytes, size_t n)
{
    while (n > 0) {
        size_t run = run_in_page(address, n);
        const uint8_t *page = page_find(r, address / PAGE);
        if (page)
            memcpy(bytes, page + address % PAGE, run);
        else
            memset(bytes, 0, run);
        bytes += run;
        address += (uint32_t)run;
        n -= run;
    }
}

uint32_t regs_peek(const struct regs *r, uint32_t address)
{
    uint8_t b[4];

    regs_fetch(r, address, b, sizeof b);
    return le32_get(b);
}

void regs_poke(struct regs *r, uint32_t address, uint32_t value)
{
    uint8_t b[4];

    le32_put(b, value);
    regs_load(r, address, b, sizeof b);
}

/* Integer part in bits 0..19, sixteenths in bits 20..23 (ESP32 TRM, UART_CLKDIV_REG). The ESP8266
 * has no fraction. */
static uint32_t clkdiv(const struct chip *chip)
{
    const struct persona *p = chip->persona;
    unsigned baud = chip->baud ? chip->baud : chip_boot_baud(chip);
    uint64_t clock_hz = (uint64_t)p->uart_clock_hz * chip->crystal_hz / p->crystal_hz;
    if (chip->mode == CHIP_STUB && chip->stub.generation >= 2 && p->stub_uart_clock_hz != 0)
        clock_hz = p->stub_uart_clock_hz;
    uint64_t sixteenths = clock_hz * 16 / baud;

    if (p->style == BOOT_ESP8266)
        return (uint32_t)((sixteenths + 8) / 16);
    return (uint32_t)(sixteenths / 16 % 0x100000 | sixteenths % 16 << 20);
}

uint32_t regs_read(struct chip *chip, uint32_t address)
{
    size_t word;

    if (address % 4 != 0) /* a real core traps; see chip.h, what is not modelled */
        return 0;
    if (address == 0x40001000)
        return chip->persona->magic;
    if (efuse_at(&chip->efuse, address, &word))
        return efuse_word_shown(&chip->efuse, word);
    if (address == chip->persona->uart_clkdiv)
        return clkdiv(chip);
    return regs_peek(&chip->regs, address);
}

/* ---- eFuse programming (ESP32 and ESP32-C3 TRM, eFuse controller) ---- */

/* One block from the words at `program`, which are used up. */
static void burn_block(struct chip *chip, size_t block, uint32_t program)
{
    const struct efuse_layout *l = &chip->persona->efuse;
    size_t first = efuse_block_word(l, block);

    for (uint32_t i = 0; i < l->block_words[block]; i++) {
        efuse_burn(&chip->efuse, first + i, regs_peek(&chip->regs, program + 4 * i));
        regs_poke(&chip->regs, program + 4 * i, 0);
    }
}

static void efuse_command(struct chip *chip, uint32_t value)
{
    const struct efuse_layout *l = &chip->persona->efuse;

    if (!(value & 2) || regs_peek(&chip->regs, l->conf) != 0x5a5a)
        return;
    if (l->block_select) {
        size_t block = value >> 2 & 0xf;
        if (block < sizeof l->block_words && l->block_words[block] > 0)
            burn_block(chip, block, l->base);
        return;
    }
    for (size_t block = 0; block < 4; block++)
        burn_block(chip, block, l->program[block]);
}

void regs_write(struct chip *chip, uint32_t address, uint32_t value)
{
    const struct persona *p = chip->persona;
    size_t word;

    if (address % 4 != 0 || address == 0x40001000)
        return;
    if (efuse_at(&chip->efuse, address, &word))
        return;
    regs_poke(&chip->regs, address, value);
    if (p->efuse.cmd != 0 && address == p->efuse.cmd) {
        efuse_command(chip, value);
        regs_poke(&chip->regs, address, 0);
    } else if (address == p->spi.base && (value & UINT32_C(1) << 18)) {
        spi_run(chip);
        regs_poke(&chip->regs, address, 0); /* done at once: SPI is much faster than a request */
    } else if (p->flash_power_reg != 0 && address == p->flash_power_reg) {
        chip->flash.unpowered = chip->flash.unpowered && (value & 3) != 3;
    } else {
        watchdog_written(chip, address, value);
    }
}
