/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Who the chip is, from the words that tell it; private to loader/ and its tests. */
#ifndef ESPJIG_LOADER_IDENTIFY_H
#define ESPJIG_LOADER_IDENTIFY_H

#include "loader/loader.h"

/* Where the words come from: the chip itself, or a test's table. */
struct words {
    const struct chip *chip;
    int (*read)(void *context, uint32_t address, uint32_t *value, struct error *error);
    void *context;
    struct error *error;
    int rc; /* the first failure: from then on nothing is asked, and every word is 0 */
};

uint32_t words_get(struct words *words, uint32_t address);

uint32_t words_field(struct words *words, const struct chip_field *field); /* 0: there is none */

static inline unsigned words_bits(uint32_t word, unsigned shift, unsigned count)
{
    return word >> shift & ((1u << count) - 1);
}

/* Fills what the words tell: all of *facts (zeroed before) but usb_mode, secure_download and the
 * texts that are made of others. `baud` is the present rate. Where `security` is not NULL, it is
 * what tells of secure boot and flash encryption. *revision: 301 for v3.1, -1: has none. */
int identify_words(struct words *words, unsigned baud, const struct security_info *security,
                   struct chip_facts *facts, int *revision);

/* The two that are told by code instead of chip->identity (identify_old.c). */
void identify_esp8266(struct words *words, struct chip_facts *facts);
void identify_esp32(struct words *words, struct chip_facts *facts, int *revision);

/* Texts of all addresses, from facts->mac. */
void identify_macs(const struct chip *chip, struct chip_facts *facts);

void identify_feature(struct chip_facts *facts, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* Why the chip can't encrypt what is written to its flash in download mode; NULL: it can, or
 * words->rc (encrypt.c). */
const char *encrypt_words_refuse(struct words *words);

/* The chip itself as a source. */
struct words loader_words(struct loader *loader, struct error *error);

/* loader->revision, read where it is not known yet. Not in Secure Download Mode. */
int loader_revision(struct loader *loader, struct error *error);

/* What must be done right after connecting: watchdogs, power of the flash (after_connect.c). */
int loader_after_connect(struct loader *loader, struct error *error);

#endif
