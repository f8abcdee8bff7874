/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What a ROM's boot line means: strap words pin by pin, reset causes by number, and which chip is
 * talking. Sources: esptool docs "Boot Mode Selection" of each chip, ESP-IDF rom/rtc.h, ESP8266
 * Arduino core docs (boards.rst).
 */
#ifndef ESPJIG_HINT_STRAPS_H
#define ESPJIG_HINT_STRAPS_H

#include "chip/chip.h"

#include <stdbool.h>
#include <stddef.h>

enum level { LEVEL_ANY, LEVEL_LOW, LEVEL_HIGH };

struct strap {
    unsigned bit;
    const char *pin;     /* "GPIO0" */
    enum level download; /* what the download mode needs */
};

struct straps {
    enum chip_id chip;
    struct strap pins[6]; /* the BOOT pin first; ended by bit 0 */
};

/* NULL for chips whose strap word is not known here. */
const struct straps *straps_of(const struct chip *chip);

/* "GPIO0 high, GPIO2 low". Returns `to`. */
const char *straps_format(const struct straps *straps, int word, char *to, size_t size);

/* The first pin whose level keeps the chip from the download mode, or NULL. */
const struct strap *straps_wrong(const struct straps *straps, int word);

/* "power-on", "brownout": by number, because the ROMs' texts differ. "" when unknown. */
const char *reset_cause_name(const struct chip *chip, int cause);

/* The chip that a log's banner names, or NULL. */
const struct chip *boot_log_chip(const char *log);

/* For the table's self-check. */
extern const struct straps straps_table[];
extern const size_t straps_count;

#endif
