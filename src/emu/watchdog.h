/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The watchdogs: the RTC one, which software may use to reset the chip, and behind USB-Serial/JTAG
 * also the super watchdog. A reset over USB leaves both running, so the loader is cut off after a
 * while unless they are seen to (esptool targets, disable_watchdogs).
 */
#ifndef ESPJIG_EMU_WATCHDOG_H
#define ESPJIG_EMU_WATCHDOG_H

#include <stdbool.h>
#include <stdint.h>

struct chip;

struct watchdog {
    int64_t rtc_at, super_at; /* when they bite, 0: never */
};

void watchdog_start(struct chip *chip); /* the ROM loader starts */
void watchdog_stop(struct chip *chip);  /* both */
/* A register was written; it may be one of theirs. */
void watchdog_written(struct chip *chip, uint32_t address, uint32_t value);
int64_t watchdog_next(const struct chip *chip); /* 0: never */

#endif
