/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Flash encryption (ESP-IDF documentation, flash encryption; the chips' TRMs): what the eFuses make
 * of it. There is no key manager (ESP32-P4, C5, H4, S31): keys are in eFuses.
 */
#ifndef ESPJIG_EMU_ENCRYPTION_H
#define ESPJIG_EMU_ENCRYPTION_H

#include "base/error.h"
#include "emu/crypt.h"

struct chip;
struct efuse;

/* An odd number of bits of the count are set: what boots is decrypted. */
bool encryption_enabled(const struct chip *chip);

/* Whether the chip encrypts so many bytes for a flasher: that is not turned off by
 * DIS_DOWNLOAD_MANUAL_ENCRYPT, and both numbers are multiples of its rows, 32 bytes with the ESP32,
 * 16 with the others (ESP-IDF components/esp_rom/patches/esp_rom_spiflash.c; esp-stub-lib
 * src/flash.c). What silicon writes when it is turned off is documented nowhere; here it is
 * refused, as the stub does that waits for the cipher. */
bool encryption_serves(const struct chip *chip, uint32_t address, size_t n);

/* flash_program() of whole rows, encrypted with the key that is burned, or with zeros where there
 * is none (TRMs). */
void encryption_program(struct chip *chip, uint32_t address, const uint8_t *from, size_t n);

/* The flash as the boot code sees it: decrypted while encryption is enabled. */
void encryption_read(const struct chip *chip, uint32_t address, uint8_t *to, size_t n);

/* Burns a key as espsecure makes them: into its block or two, with purpose and read protection, and
 * FLASH_CRYPT_CONFIG. An error when the chip takes none of that length, or has another one. */
int encryption_burn_key(struct efuse *ef, const uint8_t *key, size_t len, struct error *e);
bool encryption_has_key(const struct efuse *ef);
/* Length of the shortest key that the chip takes, 0: it has no flash encryption. */
size_t encryption_key_length(const struct efuse *ef);

/* Enables it for development, or in release mode: for ever, and not through a flasher. */
void encryption_enable(struct efuse *ef, bool release);

#endif
