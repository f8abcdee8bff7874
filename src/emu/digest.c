/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "emu/digest.h"

#include "emu/chip.h"

#include <mbedtls/md.h>
#include <string.h>

void digest_md5(const uint8_t *bytes, size_t n, uint8_t sum[16])
{
    mbedtls_md(mbedtls_md_info_from_type(MBEDTLS_MD_MD5), bytes, n, sum);
}

void digest_sha256(const uint8_t *bytes, size_t n, uint8_t sum[32])
{
    mbedtls_md(mbedtls_md_info_from_type(MBEDTLS_MD_SHA256), bytes, n, sum);
}

void digest_flash_md5(const struct flash *f, uint32_t address, size_t n, uint8_t sum[16])
{
    mbedtls_md_context_t md;
    uint8_t page[FLASH_SECTOR];

    mbedtls_md_init(&md);
    mbedtls_md_setup(&md, mbedtls_md_info_from_type(MBEDTLS_MD_MD5), 0);
    mbedtls_md_starts(&md);
    /* The address wraps, so a request may name more than there is; a silly one is cut short. */
    n = n < 16 * f->store.size ? n : 16 * f->store.size;
    while (n > 0) {
        size_t run = n < sizeof page ? n : sizeof page;
        flash_read(f, address, page, run);
        mbedtls_md_update(&md, page, run);
        address += (uint32_t)run;
        n -= run;
    }
    mbedtls_md_finish(&md, sum);
    mbedtls_md_free(&md);
}

int64_t digest_time_us(size_t n)
{
    return (int64_t)n / 4; /* about 4 MB/s, I guess; nobody waits for less */
}

static uint32_t flags(const struct chip *chip)
{
    enum { SOFT_DIS_JTAG = 6 };
    const struct security_layout *l = &chip->persona->security;
    uint32_t set = 0;

    for (unsigned i = 0; i < sizeof l->flags; i++) {
        if (l->flags[i] != 0)
            set |= efuse_bits(&chip->efuse, 0, l->flags[i], 1) << i;
    }
    if (l->soft_jtag != 0) {
        uint32_t bits = efuse_bits(&chip->efuse, 0, l->soft_jtag, 3);
        set &= ~(UINT32_C(1) << SOFT_DIS_JTAG);
        set |= ((bits ^ bits >> 1 ^ bits >> 2) & 1) << SOFT_DIS_JTAG;
    }
    return set;
}

/* Layout: esptool loader.py, get_security_info. The seventh purpose is 12 on chips without a burned
 * eFuse (recording of the ESP32-C3; what users post of others). */
size_t digest_security_info(const struct chip *chip, uint8_t info[20])
{
    const struct security_layout *l = &chip->persona->security;
    const struct encryption_layout *n = &chip->persona->encryption;

    memset(info, 0, 20);
    le32_put(info, flags(chip));
    if (n->count != 0)
        info[4] = (uint8_t)efuse_bits(&chip->efuse, 0, n->count, n->count_width);
    for (unsigned i = 0; i < l->keys; i++)
        info[5 + i] = (uint8_t)efuse_bits(&chip->efuse, 0, l->purpose + i * l->purpose_width,
                                          l->purpose_width);
    info[11] = 12;
    le32_put(info + 12, chip->persona->image_chip_id);
    le32_put(info + 16, l->version);
    return l->size;
}
