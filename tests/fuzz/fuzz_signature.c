/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A signed image, and a key. Few inputs have a digest and a CRC that fit, and behind an image comes
 * no sector of signature blocks by chance: the first byte chooses what is put right.
 *
 *   0  nothing: the bytes are image and key
 *   1  a key
 *   2  the rest is signature blocks, put behind an image of one sector, as they are
 *   3  the same with digest and CRC of the blocks put right
 */
#include "base/util.h"
#include "image/deflate.h"
#include "image/digest.h"
#include "image/signature.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { SECTOR = 4096, BLOCK = 1216, BLOCK_CRC = 1196, BLOCK_DIGEST = 4 };

static void image_try(const uint8_t *data, size_t size)
{
    struct esp_image image;
    struct signature signature;
    struct error error = {0};

    if (esp_image_parse(data, size, &image, &error) != 0)
        return;
    signature_read(data, size, &image, &signature);
    signature_check(&signature, &error);
    for (unsigned i = 0; i < signature.n; i++) {
        for (unsigned k = 0; k < signature.n; k++)
            signature_verify(&signature.blocks[i], &signature.blocks[k].key);
    }
}

static void key_try(const uint8_t *data, size_t size)
{
    struct signature_key key;
    struct error error = {0};

    if ((signature_key_read(&key, "fuzz", data, size, &error) == 0) != (error.code == 0))
        abort();
}

/* The smallest image: a header, a segment of no bytes, the checksum. */
static void signed_try(const uint8_t *blocks, size_t size, bool repair)
{
    static const uint8_t header[] = {0xE9, 1, 2, 0x20, 0, 0, 0x38, 0x40, 0xEE, 0, 0, 0, 5};
    size_t n = size < SECTOR ? size : SECTOR;
    uint8_t *data = calloc(2, SECTOR), digest[48];

    memcpy(data, header, sizeof header);
    data[47] = 0xEF; /* behind headers of 24 and 8 bytes, at the end of a row of 16 */
    memset(data + 48, 0xFF, SECTOR - 48);
    memcpy(data + SECTOR, blocks, n);
    digest_sha256(data, SECTOR, digest);
    for (size_t at = SECTOR; repair && at + BLOCK <= 2 * SECTOR; at += BLOCK) {
        data[at] = 0xE7;
        if (data[at + 2] == 0)
            memcpy(data + at + BLOCK_DIGEST, digest, 32);
        le32_put(data + at + BLOCK_CRC, deflate_crc32(data + at, BLOCK_CRC));
    }
    image_try(data, 2 * SECTOR);
    free(data);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    image_try(data, size);
    key_try(data, size);
    if (size > 1 && data[0] == 1)
        key_try(data + 1, size - 1);
    if (size > 1 && (data[0] == 2 || data[0] == 3))
        signed_try(data + 1, size - 1, data[0] == 3);
    return 0;
}
