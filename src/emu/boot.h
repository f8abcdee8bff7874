/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What the chip prints when it starts: the ROM's lines (boot.c), then those of the second-stage
 * bootloader and the app (boot2.c), as the contents of the flash have it. The whole text is made at
 * reset, as a script of lines with times.
 */
#ifndef ESPJIG_EMU_BOOT_H
#define ESPJIG_EMU_BOOT_H

#include "emu/chip.h"

/* Right after a reset: fills the script, and sees to it that a chip which can't boot resets again
 * after a while. */
void boot_start(struct chip *chip, enum reset_cause cause);

/* boot2.c: the second-stage bootloader, loaded from the image at `offset`. */
void boot2_start(struct chip *chip, uint32_t offset);
/* boot2.c: the app in the image at `offset`. */
void boot2_app(struct chip *chip, uint32_t offset);

/* ---- the script ---- */

void script_clear(struct script *s);
/* Text that appears `ms` after the previous one. */
void script_add(struct chip *chip, int64_t ms, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
/* A reset `ms` after the last line. */
void script_reset(struct chip *chip, int64_t ms, enum reset_cause cause);
/* Milliseconds from the chip's start to the last line. */
int64_t script_length_ms(const struct chip *chip);
void script_run(struct chip *chip, int64_t now_us);
int64_t script_next(const struct script *s);

#endif
