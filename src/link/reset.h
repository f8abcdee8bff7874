/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Reset sequences as data, in the mini-language that esptool and esp-idf-monitor share (esptool
 * docs, "Custom Reset Sequence"): steps joined by `|`: D0 D1 set DTR, R0 R1 set RTS, U<dtr>,<rts>
 * sets both in one go, W<seconds> waits. 1 = asserted = pin low through the usual two-transistor
 * circuit: DTR pulls the boot strap, RTS pulls EN.
 */
#ifndef ESPJIG_LINK_RESET_H
#define ESPJIG_LINK_RESET_H

#include "base/error.h"
#include "link/link.h"

/* The named sequences (sources: peers' reset.py; boot mode documents). */
extern const char reset_classic[];      /* 50 ms hold */
extern const char reset_classic_long[]; /* 550 ms hold */
extern const char reset_tight[];        /* both lines at once, 50 ms */
extern const char reset_tight_long[];
extern const char reset_usb_jtag[];
extern const char reset_hard[];
extern const char reset_hard_usb[]; /* longer, for native USB */

/* Checks the text only. ERR_USAGE names the step that is wrong. */
int reset_check(const char *sequence, struct error *error);

/* Runs it. ERR_NOT_POSSIBLE without lines, ERR_PORT_LOST, ERR_CANCELLED; link->error has the text.
 */
int reset_run(struct link *link, const char *sequence);

#endif
