/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * How a failure becomes advice: evidence (the error, the boot log, what is known of the port) goes
 * in, at most one hint comes out. Rules are rows of one table, first match wins; a row speaks only
 * where its evidence is there.
 */
#ifndef ESPJIG_HINT_HINT_H
#define ESPJIG_HINT_HINT_H

#include "base/error.h"
#include "chip/chip.h"
#include "link/ports.h"

#include <stdbool.h>

struct evidence {
    const struct error *error;    /* what failed */
    const char *boot_log;         /* text from the chip; "" */
    const struct chip *chip;      /* NULL: not known */
    const struct port_info *port; /* NULL: no local port */
    bool has_lines;
    unsigned baud;
};

struct hint {
    char id[32]; /* "boot-mode", "port-group": a promise (espjig-events(5)) */
    char cause[200];
    char evidence[200]; /* what was seen, quoted */
    char fix[320];
    char
        action[32]; /* "" or what the front end can do about it: "retry", "no-stub", "lower-baud" */
};

/* Always fills *hint when error->code is not 0: the fall-back is the error table's advice. False
 * when there was no failure. */
bool hint_find(const struct evidence *evidence, struct hint *hint);

/* What the ROM said at start. */
struct boot_line {
    bool found;
    int reset_cause; /* rst:0x.. or "rst cause:N"; -1 */
    int boot_mode; /* boot:0x.. (strap word), or first digit of the ESP8266's "boot mode:(a,b)"; -1
                    */
    bool waiting;  /* "waiting for download", "wait uart download" */
    bool download; /* the mode's name says download */
    char text[96]; /* "boot:0x13 (SPI_FAST_FLASH_BOOT)" */
};

/* Reads the last boot line of a log. */
struct boot_line boot_line_find(const char *log);

#endif
