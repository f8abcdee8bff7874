/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "emu/crypt.h"

#include "base/util.h"

#include <mbedtls/aes.h>
#include <string.h>

enum { PAIR = 2 * CRYPT_ROW, UNIT = 8 * CRYPT_ROW, ESP32_KEY = 32 };

static void reverse_row(uint8_t to[CRYPT_ROW], const uint8_t *from)
{
    for (size_t i = 0; i < CRYPT_ROW; i++)
        to[i] = from[CRYPT_ROW - 1 - i];
}

/* ---- ESP32 ---- */

/* Bit `i` of the key, the first byte's highest one being 0, is XORed with one of the address bits
 * 23 to 5. FLASH_CRYPT_CONFIG turns on four ranges of bits; in each of them the address is repeated
 * from its highest bit down, and what does not fit a whole one is its lowest bits. */
static void tweak(uint8_t key[ESP32_KEY], uint8_t config, uint32_t address)
{
    static const unsigned starts[] = {0, 67, 132, 195, 256};
    enum { LOWEST = 5, BITS = 19 };

    for (unsigned range = 0; range < 4; range++) {
        unsigned start = starts[range], end = starts[range + 1];
        if (!(config >> range & 1))
            continue;
        for (unsigned i = start; i < end; i++) {
            unsigned run_end = i - (i - start) % BITS + BITS;
            unsigned bit = LOWEST + (run_end < end ? run_end : end) - 1 - i;
            key[i / 8] ^= (uint8_t)((address >> bit & 1) << (7 - i % 8));
        }
    }
}

static void esp32_run(const struct crypt_key *key, bool decrypt, uint32_t address, uint8_t *bytes,
                      size_t n)
{
    mbedtls_aes_context aes;
    uint8_t tweaked[ESP32_KEY], row[CRYPT_ROW];

    mbedtls_aes_init(&aes);
    for (size_t i = 0; i < n; i += CRYPT_ROW) {
        uint32_t at = address + (uint32_t)i;
        if (i == 0 || at % PAIR == 0) {
            memcpy(tweaked, key->bytes, sizeof tweaked);
            tweak(tweaked, key->config, at);
            if (decrypt)
                mbedtls_aes_setkey_enc(&aes, tweaked, 8 * sizeof tweaked);
            else
                mbedtls_aes_setkey_dec(&aes, tweaked, 8 * sizeof tweaked);
        }
        reverse_row(row, bytes + i);
        mbedtls_aes_crypt_ecb(&aes, decrypt ? MBEDTLS_AES_ENCRYPT : MBEDTLS_AES_DECRYPT, row, row);
        reverse_row(bytes + i, row);
    }
    mbedtls_aes_free(&aes);
}

/* ---- XTS ---- */

/* Times x in GF(2^128), little endian. */
static void times_x(uint8_t t[CRYPT_ROW])
{
    uint8_t carry = 0;

    for (size_t i = 0; i < CRYPT_ROW; i++) {
        uint8_t next = t[i] >> 7;
        t[i] = (uint8_t)(t[i] << 1 | carry);
        carry = next;
    }
    if (carry)
        t[0] ^= 0x87;
}

/* The masks of a unit's rows, in the order of their addresses: reversed as it is, the last row is
 * the first block of the unit. */
static void masks_make(mbedtls_aes_context *aes, uint32_t unit, uint8_t masks[8][CRYPT_ROW])
{
    uint8_t t[CRYPT_ROW] = {0};

    le32_put(t, unit);
    mbedtls_aes_crypt_ecb(aes, MBEDTLS_AES_ENCRYPT, t, t);
    for (size_t i = 8; i-- > 0; times_x(t))
        memcpy(masks[i], t, sizeof t);
}

static void xor_row(uint8_t *row, const uint8_t *mask)
{
    for (size_t i = 0; i < CRYPT_ROW; i++)
        row[i] ^= mask[i];
}

static void xts_run(const struct crypt_key *key, bool decrypt, uint32_t address, uint8_t *bytes,
                    size_t n)
{
    mbedtls_aes_context data, tweaks;
    uint8_t masks[8][CRYPT_ROW], row[CRYPT_ROW];
    unsigned bits = (unsigned)key->len * 4;

    mbedtls_aes_init(&data);
    mbedtls_aes_init(&tweaks);
    if (decrypt)
        mbedtls_aes_setkey_dec(&data, key->bytes, bits);
    else
        mbedtls_aes_setkey_enc(&data, key->bytes, bits);
    mbedtls_aes_setkey_enc(&tweaks, key->bytes + key->len / 2, bits);
    for (size_t i = 0; i < n; i += CRYPT_ROW) {
        uint32_t at = address + (uint32_t)i;
        const uint8_t *mask = masks[at % UNIT / CRYPT_ROW];
        if (i == 0 || at % UNIT == 0)
            masks_make(&tweaks, at - at % UNIT, masks);
        reverse_row(row, bytes + i);
        xor_row(row, mask);
        mbedtls_aes_crypt_ecb(&data, decrypt ? MBEDTLS_AES_DECRYPT : MBEDTLS_AES_ENCRYPT, row, row);
        xor_row(row, mask);
        reverse_row(bytes + i, row);
    }
    mbedtls_aes_free(&data);
    mbedtls_aes_free(&tweaks);
}

/* ---- both ---- */

static void run(const struct crypt_key *key, bool decrypt, uint32_t address, uint8_t *bytes,
                size_t n)
{
    if (key->xts)
        xts_run(key, decrypt, address, bytes, n);
    else
        esp32_run(key, decrypt, address, bytes, n);
}

void crypt_encrypt(const struct crypt_key *key, uint32_t address, uint8_t *bytes, size_t n)
{
    run(key, false, address, bytes, n);
}

void crypt_decrypt(const struct crypt_key *key, uint32_t address, uint8_t *bytes, size_t n)
{
    run(key, true, address, bytes, n);
}
