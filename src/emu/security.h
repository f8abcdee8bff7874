/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Secure Download Mode, secure boot and flash encryption, as far as a flashing program sees them:
 * eFuses that options set, and what the ROM refuses then. Nothing is encrypted or verified.
 */
#ifndef ESPJIG_EMU_SECURITY_H
#define ESPJIG_EMU_SECURITY_H

#include "base/error.h"

#include <stdbool.h>
#include <stdint.h>

struct chip;
struct efuse;

enum { SECURITY_BURNS_MAX = 16 };

/* Bits from `bit` of a block on that are set besides those from the factory. */
struct security_burn {
    uint8_t block;
    uint16_t bit;
    uint32_t value;
};

struct security_options {
    bool download, boot, encryption;
    struct security_burn burns[SECURITY_BURNS_MAX];
    unsigned n_burns;
};

/* `text` is BLOCK.BIT=VALUE. */
int security_burn_parse(struct security_options *o, const char *text, struct error *e);

/* Burns what is asked for; an error when the chip has no such eFuse. */
int security_burn(struct efuse *ef, const struct security_options *o, struct error *e);

/* What the eFuses say now. */
bool security_download(const struct chip *chip);
bool security_boot(const struct chip *chip);

/* Whether the ROM serves a command in Secure Download Mode. */
bool security_allows(uint8_t op);

#endif
