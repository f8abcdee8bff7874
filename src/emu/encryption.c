/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "emu/encryption.h"

#include "base/util.h"
#include "emu/chip.h"
#include "emu/digest.h"

#include <string.h>

/* Key purposes (ESP32-S3 TRM, eFuse controller). */
enum { PURPOSE_USER = 0, PURPOSE_256_1 = 2, PURPOSE_256_2 = 3, PURPOSE_128 = 4 };

/* ESP32 TRM, eFuse controller: FLASH_CRYPT_CONFIG, CODING_SCHEME (1: blocks hold 192 bits),
 * DISABLE_DL_DECRYPT and DISABLE_DL_CACHE. */
enum { ESP32_CONFIG = 188, ESP32_CODING = 192, ESP32_NO_DECRYPT = 200, ESP32_NO_CACHE = 201 };

/* ESP32-C2: the key's whole block is used, and not its lower half. */
enum { C2_KEY_256 = 42 };

enum { BLOCK = 32, NO_BLOCK = -1 };

static const struct encryption_layout *layout(const struct efuse *ef)
{
    return &ef->persona->encryption;
}

static uint32_t block0(const struct efuse *ef, unsigned bit, unsigned width)
{
    return efuse_bits(ef, 0, bit, width);
}

/* ---- the key ---- */

/* The first `n` bytes of a block, in reversed order, as the ciphers take them. */
static void block_read(const struct efuse *ef, int block, uint8_t *to, size_t n)
{
    size_t first = efuse_block_word(&ef->persona->efuse, (size_t)block);
    uint8_t bytes[BLOCK];

    for (size_t i = 0; i < BLOCK / 4; i++)
        le32_put(bytes + 4 * i, efuse_word(ef, first + i));
    for (size_t i = 0; i < n; i++)
        to[i] = bytes[n - 1 - i];
}

static uint32_t purpose(const struct efuse *ef, unsigned slot)
{
    const struct security_layout *s = &ef->persona->security;

    return block0(ef, s->purpose + slot * s->purpose_width, s->purpose_width);
}

static int key_block(const struct efuse *ef, unsigned slot)
{
    return ef->persona->efuse.protected_from + (int)slot;
}

static int block_of_purpose(const struct efuse *ef, uint32_t wanted)
{
    for (unsigned slot = 0; slot < ef->persona->security.keys; slot++) {
        if (purpose(ef, slot) == wanted)
            return key_block(ef, slot);
    }
    return NO_BLOCK;
}

static bool is_192(const struct efuse *ef)
{
    return layout(ef)->scheme == ENCRYPTION_ESP32 && block0(ef, ESP32_CODING, 2) == 1;
}

static void esp32_key(const struct efuse *ef, struct crypt_key *key)
{
    key->len = BLOCK;
    key->config = (uint8_t)block0(ef, ESP32_CONFIG, 4);
    block_read(ef, key_block(ef, 0), key->bytes, is_192(ef) ? 24 : BLOCK);
    if (is_192(ef))
        memcpy(key->bytes + 24, key->bytes + 8, 8); /* its middle once more */
}

/* One half of the long key may be missing: that half is zeros then (ESP32-S2 and S3 TRM). */
static void xts_key(const struct efuse *ef, struct crypt_key *key)
{
    int first = block_of_purpose(ef, PURPOSE_256_1), second = block_of_purpose(ef, PURPOSE_256_2);
    int single = block_of_purpose(ef, PURPOSE_128);

    key->xts = true;
    if (layout(ef)->two_keys && (first != NO_BLOCK || second != NO_BLOCK)) {
        key->len = 2 * BLOCK;
        if (first != NO_BLOCK)
            block_read(ef, first, key->bytes, BLOCK);
        if (second != NO_BLOCK)
            block_read(ef, second, key->bytes + BLOCK, BLOCK);
        return;
    }
    key->len = BLOCK;
    if (single != NO_BLOCK)
        block_read(ef, single, key->bytes, BLOCK);
}

/* ESP8684 TRM: half a block is made a whole key by SHA-256. */
static void c2_key(const struct efuse *ef, struct crypt_key *key)
{
    bool whole = block0(ef, C2_KEY_256, 1) != 0;

    key->xts = true;
    key->len = BLOCK;
    block_read(ef, key_block(ef, 0), key->bytes, whole ? BLOCK : BLOCK / 2);
    if (!whole)
        digest_sha256(key->bytes, BLOCK / 2, key->bytes);
}

static struct crypt_key key_of(const struct efuse *ef)
{
    struct crypt_key key = {0};

    switch (layout(ef)->scheme) {
    case ENCRYPTION_NONE:
        break;
    case ENCRYPTION_ESP32:
        esp32_key(ef, &key);
        break;
    case ENCRYPTION_XTS:
        xts_key(ef, &key);
        break;
    case ENCRYPTION_XTS_C2:
        c2_key(ef, &key);
        break;
    }
    return key;
}

/* ---- use ---- */

bool encryption_enabled(const struct chip *chip)
{
    const struct encryption_layout *l = layout(&chip->efuse);

    return l->scheme != ENCRYPTION_NONE &&
           __builtin_parity(block0(&chip->efuse, l->count, l->count_width));
}

bool encryption_serves(const struct chip *chip, uint32_t address, size_t n)
{
    const struct encryption_layout *l = layout(&chip->efuse);
    unsigned row = l->scheme == ENCRYPTION_ESP32 ? 2 * CRYPT_ROW : CRYPT_ROW;

    return l->scheme != ENCRYPTION_NONE && !block0(&chip->efuse, l->manual_off, 1) &&
           address % row == 0 && n % row == 0;
}

void encryption_program(struct chip *chip, uint32_t address, const uint8_t *from, size_t n)
{
    struct crypt_key key = key_of(&chip->efuse);
    uint8_t page[FLASH_PAGE];
    int64_t busy_us = 0;

    while (n > 0) {
        size_t room = sizeof page - address % sizeof page, run = n < room ? n : room;
        memcpy(page, from, run);
        crypt_encrypt(&key, address, page, run);
        flash_program(&chip->flash, address, page, run);
        busy_us += chip->flash.busy_us;
        from += run;
        address += (uint32_t)run;
        n -= run;
    }
    chip->flash.busy_us = busy_us;
}

void encryption_read(const struct chip *chip, uint32_t address, uint8_t *to, size_t n)
{
    uint8_t part[FLASH_SECTOR];

    if (!encryption_enabled(chip)) {
        flash_read(&chip->flash, address, to, n);
        return;
    }
    struct crypt_key key = key_of(&chip->efuse);
    while (n > 0) {
        uint32_t skip = address % FLASH_SECTOR;
        size_t run = n < sizeof part - skip ? n : sizeof part - skip;
        size_t rows = (skip + run + CRYPT_ROW - 1) / CRYPT_ROW - skip / CRYPT_ROW;
        uint32_t from = address - address % CRYPT_ROW;
        flash_read(&chip->flash, from, part, rows * CRYPT_ROW);
        crypt_decrypt(&key, from, part, rows * CRYPT_ROW);
        memcpy(to, part + address % CRYPT_ROW, run);
        to += run;
        address += (uint32_t)run;
        n -= run;
    }
}

/* ---- burning ---- */

size_t encryption_key_length(const struct efuse *ef)
{
    static const size_t lengths[] = {
        [ENCRYPTION_NONE] = 0,
        [ENCRYPTION_ESP32] = BLOCK,
        [ENCRYPTION_XTS] = BLOCK,
        [ENCRYPTION_XTS_C2] = BLOCK / 2,
    };

    return is_192(ef) ? 24 : lengths[layout(ef)->scheme];
}

bool encryption_has_key(const struct efuse *ef)
{
    uint8_t bytes[BLOCK], sum = 0;

    if (layout(ef)->scheme == ENCRYPTION_XTS)
        return block_of_purpose(ef, PURPOSE_256_1) != NO_BLOCK ||
               block_of_purpose(ef, PURPOSE_256_2) != NO_BLOCK ||
               block_of_purpose(ef, PURPOSE_128) != NO_BLOCK;
    block_read(ef, key_block(ef, 0), bytes, encryption_key_length(ef));
    for (size_t i = 0; i < encryption_key_length(ef); i++)
        sum |= bytes[i];
    return sum != 0;
}

static bool takes_length(const struct efuse *ef, size_t len)
{
    const struct encryption_layout *l = layout(ef);

    return len == encryption_key_length(ef) || (l->two_keys && len == 2 * BLOCK) ||
           (l->scheme == ENCRYPTION_XTS_C2 && len == BLOCK);
}

/* Reversed, as espefuse burns keys, and so that they read as zeros. */
static void burn_block(struct efuse *ef, int block, const uint8_t *key, size_t len)
{
    const struct efuse_layout *l = &ef->persona->efuse;
    size_t first = efuse_block_word(l, (size_t)block);
    unsigned protect = l->protect_bit + (unsigned)(block - l->protected_from);
    uint8_t bytes[BLOCK] = {0};

    for (size_t i = 0; i < len; i++)
        bytes[i] = key[len - 1 - i];
    for (size_t i = 0; i < BLOCK / 4; i++)
        efuse_burn(ef, first + i, le32_get(bytes + 4 * i));
    efuse_burn_bits(ef, 0, protect, 1);
    if (l->protects_halves && len == BLOCK)
        efuse_burn_bits(ef, 0, protect + 1, 1);
}

/* False when there is no free block. */
static bool burn_slot(struct efuse *ef, uint32_t wanted, const uint8_t *key)
{
    const struct security_layout *s = &ef->persona->security;

    for (unsigned slot = 0; slot < s->keys; slot++) {
        if (purpose(ef, slot) != PURPOSE_USER)
            continue;
        burn_block(ef, key_block(ef, slot), key, BLOCK);
        efuse_burn_bits(ef, 0, s->purpose + slot * s->purpose_width, wanted);
        return true;
    }
    return false;
}

static bool burn_anywhere(struct efuse *ef, const uint8_t *key, size_t len)
{
    switch (layout(ef)->scheme) {
    case ENCRYPTION_ESP32:
        efuse_burn_bits(ef, 0, ESP32_CONFIG, 0xf);
        break;
    case ENCRYPTION_XTS_C2:
        if (len == BLOCK)
            efuse_burn_bits(ef, 0, C2_KEY_256, 1);
        break;
    default:
        if (len == BLOCK)
            return burn_slot(ef, PURPOSE_128, key);
        return burn_slot(ef, PURPOSE_256_1, key) && burn_slot(ef, PURPOSE_256_2, key + BLOCK);
    }
    burn_block(ef, key_block(ef, 0), key, len);
    return true;
}

/* What the ciphers would make of a key that is burned. */
static bool is_burned(const struct efuse *ef, const uint8_t *key, size_t len)
{
    struct crypt_key now = key_of(ef);
    uint8_t extended[CRYPT_KEY_MAX];

    memcpy(extended, key, len);
    if (len == 24)
        memcpy(extended + 24, key + 8, 8);
    if (len == BLOCK / 2)
        digest_sha256(key, len, extended);
    return memcmp(now.bytes, extended, len < BLOCK ? BLOCK : len) == 0;
}

int encryption_burn_key(struct efuse *ef, const uint8_t *key, size_t len, struct error *e)
{
    if (!takes_length(ef, len))
        return error_set(e, ERR_USAGE, "a key of %zu bytes: the %s takes %zu%s", len,
                         ef->persona->title, encryption_key_length(ef),
                         layout(ef)->two_keys                     ? " or 64"
                         : encryption_key_length(ef) == BLOCK / 2 ? " or 32"
                                                                  : "");
    if (encryption_has_key(ef))
        return is_burned(ef, key, len)
                   ? 0
                   : error_set(e, ERR_USAGE, "the %s has another key already", ef->persona->title);
    if (!burn_anywhere(ef, key, len))
        return error_set(e, ERR_USAGE, "no key block of the %s is free", ef->persona->title);
    return 0;
}

void encryption_enable(struct efuse *ef, bool release)
{
    const struct encryption_layout *l = layout(ef);

    efuse_burn_bits(ef, 0, l->count, release ? (UINT32_C(1) << l->count_width) - 1 : 1);
    if (!release)
        return;
    efuse_burn_bits(ef, 0, l->manual_off, 1);
    if (l->scheme == ENCRYPTION_ESP32) {
        efuse_burn_bits(ef, 0, ESP32_NO_DECRYPT, 1);
        efuse_burn_bits(ef, 0, ESP32_NO_CACHE, 1);
    }
}
