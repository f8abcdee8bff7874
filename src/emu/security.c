/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "emu/security.h"

#include "base/util.h"
#include "emu/chip.h"

#include <stdio.h>
#include <string.h>

/* Indices of struct security_layout's flags (esptool loader.py, SECURITY_INFO_FLAG_MAP). */
enum { FLAG_BOOT = 0, FLAG_DOWNLOAD = 2 };

/* The ESP32 has no such flags: FLASH_CRYPT_CNT and ABS_DONE_1 of its block 0 (ESP32 TRM, eFuse
 * controller). */
enum { ESP32_CRYPT_CNT = 20, ESP32_SECURE_BOOT_V2 = 197 };

/* Key purposes XTS_AES_128_KEY and SECURE_BOOT_DIGEST0 (ESP32-C3 TRM, eFuse controller). */
enum { PURPOSE_XTS_128 = 4, PURPOSE_DIGEST = 9 };

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

/* False when the block is shorter. */
static bool burn(struct efuse *ef, unsigned block, unsigned bit, uint32_t value)
{
    const struct efuse_layout *l = &ef->persona->efuse;
    size_t first = efuse_block_word(l, block);

    for (unsigned i = 0; i < 32; i++) {
        if (!(value >> i & 1))
            continue;
        if (block >= sizeof l->block_words || (bit + i) / 32 >= l->block_words[block])
            return false;
        efuse_burn(ef, first + (bit + i) / 32, UINT32_C(1) << (bit + i) % 32);
    }
    return true;
}

static void burn_purpose(struct efuse *ef, unsigned slot, uint32_t purpose)
{
    const struct security_layout *l = &ef->persona->security;

    if (slot < l->keys)
        burn(ef, 0, l->purpose + slot * l->purpose_width, purpose);
}

static unsigned crypt_cnt_bit(const struct persona *p)
{
    return p->style == BOOT_ESP32 ? ESP32_CRYPT_CNT : p->security.crypt_cnt;
}

static unsigned boot_bit(const struct persona *p)
{
    return p->style == BOOT_ESP32 ? ESP32_SECURE_BOOT_V2 : p->security.flags[FLAG_BOOT];
}

int security_burn(struct efuse *ef, const struct security_options *o, struct error *e)
{
    const struct persona *p = ef->persona;
    const struct {
        bool wanted;
        const char *option;
        unsigned bit;
    } switches[] = {
        {o->download, "secure-download", p->security.flags[FLAG_DOWNLOAD]},
        {o->boot, "secure-boot", boot_bit(p)},
        {o->encryption, "flash-encryption", crypt_cnt_bit(p)},
    };

    for (size_t i = 0; i < ARRAY_LEN(switches); i++) {
        if (switches[i].wanted && switches[i].bit == 0)
            return error_set(e, ERR_USAGE, "--%s: the %s has no such eFuse", switches[i].option,
                             p->title);
        if (switches[i].wanted)
            burn(ef, 0, switches[i].bit, 1);
    }
    if (o->encryption)
        burn_purpose(ef, 0, PURPOSE_XTS_128);
    if (o->boot)
        burn_purpose(ef, 1, PURPOSE_DIGEST);
    for (unsigned i = 0; i < o->n_burns; i++) {
        const struct security_burn *b = &o->burns[i];
        if (!burn(ef, b->block, b->bit, b->value))
            return error_set(e, ERR_USAGE, "--efuse %u.%u: the %s has no such eFuse", b->block,
                             b->bit, p->title);
    }
    return 0;
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
