/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * How a failure becomes advice: evidence (the error, the boot log, what is known of the port) goes
 * in, at most one hint comes out. Rules are rows of one table, first match wins; a row speaks only
 * where its evidence is there.
 */
#ifndef ESPJIG_HINT_HINT_H
#define ESPJIG_HINT_HINT_H

#include "base/error.h"
#include "chip/boot_line.h"
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

#endif
