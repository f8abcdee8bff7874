/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The eFuses: words that are read through registers and burned through registers, where a bit that
 * is set stays set. The file of --efuse-file is these words in register order, little endian.
 */
#ifndef ESPJIG_EMU_EFUSE_H
#define ESPJIG_EMU_EFUSE_H

#include "emu/persona.h"
#include "emu/storage.h"

struct efuse {
    const struct persona *persona;
    struct storage store;
};

/* A fresh file or memory gets the persona's factory contents. `mac` NULL: leave what is there, or
 * the persona's own when fresh. */
int efuse_open(struct efuse *ef, const struct persona *persona, const char *path,
               const uint8_t *mac, struct error *e);
void efuse_close(struct efuse *ef);

uint32_t efuse_word(const struct efuse *ef, size_t word);
void efuse_burn(struct efuse *ef, size_t word, uint32_t bits);
/* Burns `value` from `bit` of a block on; false when it is shorter than that. */
bool efuse_burn_bits(struct efuse *ef, size_t block, unsigned bit, uint32_t value);
/* What a program reads: zeros where that is forbidden. */
uint32_t efuse_word_shown(const struct efuse *ef, size_t word);

/* Number of the first word of a block. */
size_t efuse_block_word(const struct efuse_layout *l, size_t block);
/* `width` bits, 32 at most, from `bit` of a block on. */
uint32_t efuse_bits(const struct efuse *ef, size_t block, unsigned bit, unsigned width);

/* Whether `address` is one of the readable words; then *word is its number. */
bool efuse_at(const struct efuse *ef, uint32_t address, size_t *word);

#endif
