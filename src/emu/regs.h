/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The address space as READ_REG, WRITE_REG and MEM_DATA see it: sparse memory, and in it the few
 * registers that do something: the eFuse controller, the SPI flash controller, the UART divider,
 * the RTC watchdog.
 */
#ifndef ESPJIG_EMU_REGS_H
#define ESPJIG_EMU_REGS_H

#include <stddef.h>
#include <stdint.h>

struct chip;
struct regs_page;

struct regs {
    struct regs_page *pages;
    size_t n_pages;
};

void regs_reset(struct chip *chip); /* RAM and registers as after power-on */
void regs_done(struct regs *regs);

uint32_t regs_read(struct chip *chip, uint32_t address);
void regs_write(struct chip *chip, uint32_t address, uint32_t value);

/* Plain memory, without the registers' effects. */
uint32_t regs_peek(const struct regs *regs, uint32_t address);
void regs_poke(struct regs *regs, uint32_t address, uint32_t value);
void regs_load(struct regs *regs, uint32_t address, const uint8_t *bytes, size_t n);
void regs_fetch(const struct regs *regs, uint32_t address, uint8_t *bytes, size_t n);

/* spi.c: runs the command that stands in the SPI controller's registers. */
void spi_run(struct chip *chip);

#endif
