/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What the mask ROMs print when they start, read as facts. Pure: no I/O. */
#ifndef ESPJIG_CHIP_BOOT_LINE_H
#define ESPJIG_CHIP_BOOT_LINE_H

#include <stdbool.h>

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
