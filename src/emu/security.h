/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Secure Download Mode, secure boot and flash encryption, as far as a flashing program sees them:
 * eFuses that options set, and what the ROM refuses then. Nothing is verified; what is encrypted is
 * encryption.h's matter.
 */
#ifndef ESPJIG_EMU_SECURITY_H
#define ESPJIG_EMU_SECURITY_H

#include "base/error.h"
#include "emu/crypt.h"

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
    bool encryption_release;    /* as `encryption`, not for development */
    uint8_t key[CRYPT_KEY_MAX]; /* of flash encryption */
    size_t key_len;             /* 0: one is made from `seed` when encryption is asked for */
    uint64_t seed;
    struct security_burn burns[SECURITY_BURNS_MAX];
    unsigned n_burns;
};

/* `text` is BLOCK.BIT=VALUE. */
int security_burn_parse(struct security_options *o, const char *text, struct error *e);

/* Reads a key from a file of 16 to 64 bytes. */
int security_key_read(struct security_options *o, const char *path, struct error *e);

/* Burns what is asked for; an error when the chip has no such eFuse. */
int security_burn(struct efuse *ef, const struct security_options *o, struct error *e);

/* What the eFuses say now. */
bool security_download(const struct chip *chip);
bool security_boot(const struct chip *chip);

/* Whether the ROM serves a command in Secure Download Mode. */
bool security_allows(uint8_t op);

#endif
