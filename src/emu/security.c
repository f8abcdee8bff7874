/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "emu/security.h"

#include "base/util.h"
#include "emu/chip.h"
#include "emu/encryption.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

/* Indices of struct security_layout's flags (esptool loader.py, SECURITY_INFO_FLAG_MAP). */
enum { FLAG_BOOT = 0, FLAG_DOWNLOAD = 2 };

/* The ESP32 has no such flags: ABS_DONE_1 of its block 0 (ESP32 TRM, eFuse controller). */
enum { ESP32_SECURE_BOOT_V2 = 197 };

/* Key purpose SECURE_BOOT_DIGEST0 (ESP32-C3 TRM, eFuse controller). */
enum { PURPOSE_DIGEST = 9 };

int security_burn_parse(struct security_options *o, const char *text, struct error *e)
{
    unsigned block, bit;
    uint64_t value;
    int n = 0;

    if (sscanf(text, "%2u.%3u=%n", &block, &bit, &n) != 2 || n == 0 || block > 10 || bit > 255 ||
        !util_number_parse(text + n, false, UINT32_MAX, &value))
        return error_set(e, ERR_USAGE, "--efuse %s: not BLOCK.BIT=VALUE, such as 0.133=1", text);
    if (o->n_burns == SECURITY_BURNS_MAX)
        return error_set(e, ERR_USAGE, "--efuse %s: more than %d of them", text,
                         SECURITY_BURNS_MAX);
    o->burns[o->n_burns++] = (struct security_burn){(uint8_t)block, (uint16_t)bit, (uint32_t)value};
    return 0;
}

int security_key_read(struct security_options *o, const char *path, struct error *e)
{
    uint8_t bytes[CRYPT_KEY_MAX + 1];
    FILE *f = fopen(path, "rb");

    if (f == NULL)
        return error_set(e, ERR_FILE_UNREADABLE, "%s can't be opened: %s", path, strerror(errno));
    size_t n = fread(bytes, 1, sizeof bytes, f);
    bool failed = ferror(f) != 0;
    fclose(f);
    if (failed)
        return error_set(e, ERR_FILE_UNREADABLE, "%s can't be read", path);
    if (n != 16 && n != 24 && n != 32 && n != 64)
        return error_set(
            e, ERR_FILE_FORMAT, "%s is no key: it has %s%zu bytes, not 16, 24, 32 or 64", path,
            n > CRYPT_KEY_MAX ? "more than " : "", n > CRYPT_KEY_MAX ? (size_t)CRYPT_KEY_MAX : n);
    memcpy(o->key, bytes, n);
    o->key_len = n;
    return 0;
}

/* The second slot, as ever, or the first one behind the keys of flash encryption. */
static void burn_digest_purpose(struct efuse *ef)
{
    const struct security_layout *l = &ef->persona->security;

    for (unsigned slot = 1; slot < l->keys; slot++) {
        unsigned bit = l->purpose + slot * l->purpose_width;
        if (efuse_bits(ef, 0, bit, l->purpose_width) != 0)
            continue;
        efuse_burn_bits(ef, 0, bit, PURPOSE_DIGEST);
        return;
    }
}

static unsigned boot_bit(const struct persona *p)
{
    return p->style == BOOT_ESP32 ? ESP32_SECURE_BOOT_V2 : p->security.flags[FLAG_BOOT];
}

/* What nobody knows: as random as the noise on the line. */
static int burn_some_key(struct efuse *ef, uint64_t seed, struct error *e)
{
    uint8_t key[CRYPT_KEY_MAX];
    uint64_t state = seed * 2 + 5;

    chip_noise(&state, key, sizeof key);
    return encryption_burn_key(ef, key, encryption_key_length(ef), e);
}

static int burn_encryption(struct efuse *ef, const struct security_options *o, struct error *e)
{
    bool enable = o->encryption || o->encryption_release;
    int result = 0;

    if (!enable && o->key_len == 0)
        return 0;
    if (encryption_key_length(ef) == 0)
        return error_set(e, ERR_USAGE, "--flash-encryption%s: the %s has no such eFuse",
                         o->encryption_release ? "-release"
                         : enable              ? ""
                                               : "-key",
                         ef->persona->title);
    if (o->key_len != 0)
        result = encryption_burn_key(ef, o->key, o->key_len, e);
    else if (!encryption_has_key(ef))
        result = burn_some_key(ef, o->seed, e);
    if (result == 0 && enable)
        encryption_enable(ef, o->encryption_release);
    return result;
}

static int burn_switches(struct efuse *ef, const struct security_options *o, struct error *e)
{
    const struct persona *p = ef->persona;
    const struct {
        bool wanted;
        const char *option;
        unsigned bit;
    } switches[] = {
        {o->download, "secure-download", p->security.flags[FLAG_DOWNLOAD]},
        {o->boot, "secure-boot", boot_bit(p)},
    };

    for (size_t i = 0; i < ARRAY_LEN(switches); i++) {
        if (switches[i].wanted && switches[i].bit == 0)
            return error_set(e, ERR_USAGE, "--%s: the %s has no such eFuse", switches[i].option,
                             p->title);
        if (switches[i].wanted)
            efuse_burn_bits(ef, 0, switches[i].bit, 1);
    }
    return 0;
}

int security_burn(struct efuse *ef, const struct security_options *o, struct error *e)
{
    int result = 0;

    /* First: they may say what the rest finds. */
    for (unsigned i = 0; i < o->n_burns; i++) {
        const struct security_burn *b = &o->burns[i];
        if (!efuse_burn_bits(ef, b->block, b->bit, b->value))
            return error_set(e, ERR_USAGE, "--efuse %u.%u: the %s has no such eFuse", b->block,
                             b->bit, ef->persona->title);
    }
    result = burn_switches(ef, o, e);
    if (result == 0)
        result = burn_encryption(ef, o, e);
    if (result == 0 && o->boot)
        burn_digest_purpose(ef);
    return result;
}

static bool block0(const struct chip *chip, unsigned bit)
{
    return bit != 0 && efuse_bits(&chip->efuse, 0, bit, 1) != 0;
}

bool security_download(const struct chip *chip)
{
    return block0(chip, chip->persona->security.flags[FLAG_DOWNLOAD]);
}

bool security_boot(const struct chip *chip)
{
    return block0(chip, boot_bit(chip->persona));
}

/* What touches no memory and reads no flash (ESP-IDF docs, secure boot, UART ROM Secure Download
 * Mode; esptool's commands in that mode get along with these). */
bool security_allows(uint8_t op)
{
    static const uint8_t allowed[] = {0x02, 0x03, 0x04, 0x08, 0x0b, 0x0d,
                                      0x0f, 0x10, 0x11, 0x12, 0x14};

    return memchr(allowed, op, sizeof allowed) != NULL;
}
