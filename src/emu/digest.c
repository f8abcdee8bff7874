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

/* Fields of block 0: ESP32-C3 TRM, eFuse controller (SPI_BOOT_CRYPT_CNT, KEY_PURPOSE_0 to 5,
 * SECURE_BOOT_EN); layout of the reply: esptool loader.py, get_security_info. */
void digest_security_info(const struct chip *chip, uint8_t info[20])
{
    uint32_t data1 = efuse_word(&chip->efuse, 2), data2 = efuse_word(&chip->efuse, 3);
    uint64_t purposes = (uint64_t)data2 << 8 | data1 >> 24;

    memset(info, 0, 20);
    le32_put(info, data2 >> 20 & 1);
    info[4] = (uint8_t)(data1 >> 18 & 7);
    for (int i = 0; i < 6; i++)
        info[5 + i] = (uint8_t)(purposes >> 4 * i & 0xf);
    info[11] = 0x0c;
    le32_put(info + 12, chip->persona->image_chip_id);
    le32_put(info + 16, 3);
}
