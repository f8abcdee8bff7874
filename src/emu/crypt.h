/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The two ciphers of flash encryption, without eFuses: key, address and bytes.
 *
 * ESP32 (ESP-IDF documentation, flash encryption algorithm): AES-256, run backwards, on rows of 16
 * bytes in reversed order; each pair of rows has a key of its own, the key XORed with its address.
 * All others (the chips' TRMs, external memory encryption and decryption; IEEE 1619): XTS-AES in
 * units of 128 bytes that are numbered by their address and reversed as a whole.
 */
#ifndef ESPJIG_EMU_CRYPT_H
#define ESPJIG_EMU_CRYPT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { CRYPT_ROW = 16, CRYPT_KEY_MAX = 64 };

struct crypt_key {
    bool xts;
    uint8_t config;               /* not XTS: which quarters of the key the address is XORed to */
    uint8_t bytes[CRYPT_KEY_MAX]; /* as espsecure has them in its files */
    size_t len;                   /* 32, with XTS also 64 */
};

/* In place; `address` and `n` are multiples of CRYPT_ROW. */
void crypt_encrypt(const struct crypt_key *key, uint32_t address, uint8_t *bytes, size_t n);
void crypt_decrypt(const struct crypt_key *key, uint32_t address, uint8_t *bytes, size_t n);

#endif
