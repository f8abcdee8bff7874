/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Whether what is written can be encrypted by the chip on its way. What must be burned for that is
 * data (chip->encryption), judged as esptool 5.3.1 does (cmds.py: write_flash).
 */
#include "base/util.h"
#include "loader/flash.h"
#include "loader/identify.h"

#include <string.h>

/* Purposes of key blocks, the same numbers on all chips. */
enum { XTS_256_1 = 2, XTS_256_2 = 3, XTS_128 = 4 };

/* ---- by the eFuses ---- */

static bool purposes_have_key(const struct chip_encryption *encryption, unsigned seen)
{
    unsigned both = 1u << XTS_256_1 | 1u << XTS_256_2;

    return seen & 1u << XTS_128 || (encryption->xts_256 && (seen & both) == both);
}

static bool purposes_tell_key(struct words *words)
{
    const struct chip_encryption *encryption = &words->chip->encryption;
    unsigned seen = 0;

    for (size_t i = 0; i < ARRAY_LEN(encryption->purposes); i++) {
        if (encryption->purposes[i].bits)
            seen |= 1u << words_field(words, &encryption->purposes[i]);
    }
    return purposes_have_key(encryption, seen) || words_field(words, &encryption->key_manager) != 0;
}

/* A key that can be read is none while it is zero. */
static bool block_holds_key(struct words *words)
{
    const struct chip_encryption *encryption = &words->chip->encryption;
    bool is_long = words_field(words, &encryption->key_long) != 0;
    unsigned n = encryption->key_words * (is_long ? 2u : 1u);
    uint32_t at = words->chip->efuse_base + encryption->key_word;

    if (words_field(words, &encryption->key_hidden) == (is_long ? 3u : 1u))
        return true;
    for (unsigned i = 0; i < n; i++) {
        if (words_get(words, at + 4 * i) != 0)
            return true;
    }
    return false;
}

static bool config_is_right(struct words *words)
{
    const struct chip_encryption *encryption = &words->chip->encryption;

    return encryption->config.bits == 0 || words_field(words, &encryption->config_hidden) != 0 ||
           words_field(words, &encryption->config) == (1u << encryption->config.bits) - 1;
}

const char *encrypt_words_refuse(struct words *words)
{
    const struct chip_encryption *encryption = &words->chip->encryption;

    if (words_field(words, &encryption->manual_off) != 0)
        return "its eFuses forbid it in download mode (DIS_DOWNLOAD_MANUAL_ENCRYPT)";
    if (!config_is_right(words))
        return "its FLASH_CRYPT_CONFIG is not 0xF";
    if (!(encryption->key_words ? block_holds_key(words) : purposes_tell_key(words)))
        return "no flash encryption key is burned";
    return NULL;
}

/* ---- with a chip ---- */

/* In Secure Download Mode no eFuse can be read: this is all that it tells. */
static const char *purposes_refuse(const struct loader *loader)
{
    const struct chip_encryption *encryption = &loader->chip->encryption;
    const uint8_t *purposes = loader->security.key_purposes;
    unsigned seen = 0;

    if (encryption->key_words || encryption->key_manager.bits || !loader->security_known)
        return NULL;
    for (size_t i = 0; i < loader->chip->key_blocks; i++)
        seen |= purposes[i] < 32 ? 1u << purposes[i] : 0;
    return purposes_have_key(encryption, seen) ? NULL : "no flash encryption key is burned";
}

/* Version 1 before 1.10.0 knows nothing of the flag and refuses it (esptool-legacy-flasher-stub:
 * stub_flasher.c); nothing is erased for nothing. */
static int stub_ask(struct loader *loader, struct error *error)
{
    struct flash_begin begin = {.encrypted = true};
    struct error own = {0};
    uint8_t data[4];
    struct request end = {.op = OP_FLASH_END, .data = data, .n = WORDS(data, 1)};
    int rc = flash_begin(loader, &begin, &own);

    if (rc == 0)
        return command_run(loader, &end, NULL, error);
    if (rc != ERR_CHIP_REFUSED)
        return error_set(error, (enum err)rc, "%s", own.text);
    return error_set(error, ERR_NOT_POSSIBLE,
                     "the flasher stub that runs is too old to encrypt (version 1 can from 1.10.0 "
                     "on)");
}

bool loader_can_encrypt(const struct loader *loader)
{
    return loader->chip->encryption.align != 0 &&
           (loader->stage == STAGE_STUB || loader->chip->rom_begin_encrypt);
}

int loader_encrypt_check(struct loader *loader, struct error *error)
{
    const struct chip *chip = loader->chip;
    struct words words = loader_words(loader, error);

    if (chip->encryption.align == 0)
        return error_set(error, ERR_NOT_POSSIBLE, "the %s has no flash encryption", chip->name);
    if (!loader_can_encrypt(loader))
        return error_set(error, ERR_NOT_POSSIBLE,
                         "the ROM of the %s can't encrypt, only its flasher stub can", chip->name);
    const char *why =
        loader->secure_download ? purposes_refuse(loader) : encrypt_words_refuse(&words);
    if (words.rc < 0)
        return error_context(error, "looking for the flash encryption key");
    if (why)
        return error_set(error, ERR_SECURED, "the chip can't encrypt what is written: %s", why);
    return loader->stage == STAGE_STUB ? stub_ask(loader, error) : 0;
}

int loader_key_manager(struct loader *loader, bool *used, struct error *error)
{
    struct words words = loader_words(loader, error);

    *used = !loader->secure_download && words_field(&words, &loader->chip->encryption.key_manager);
    return words.rc;
}
