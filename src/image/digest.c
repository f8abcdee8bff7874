/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "image/digest.h"

#include "base/buffer.h"
#include "base/error.h"

#include <mbedtls/base64.h>
#include <mbedtls/md.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

/* The generic calls are the ones that mbedtls 2.28 and 3.x have in common. A library built without
 * this digest leaves zeros: a comparison then fails, which is the safe side. */
static void digest(mbedtls_md_type_t type, const void *data, size_t n, uint8_t *out, size_t size)
{
    const mbedtls_md_info_t *info = mbedtls_md_info_from_type(type);

    if (info == NULL || mbedtls_md(info, data, n, out) != 0)
        memset(out, 0, size);
}

void digest_md5(const void *data, size_t n, uint8_t md5[16])
{
    digest(MBEDTLS_MD_MD5, data, n, md5, 16);
}

/* Piece by piece: a flash can be larger than what memory there is for each of many boards. */
void digest_md5_blank(uint64_t n, uint8_t md5[16])
{
    const mbedtls_md_info_t *info = mbedtls_md_info_from_type(MBEDTLS_MD_MD5);
    mbedtls_md_context_t context;
    uint8_t blank[4096];

    memset(blank, 0xFF, sizeof blank);
    mbedtls_md_init(&context);
    bool ok = info && mbedtls_md_setup(&context, info, 0) == 0 && mbedtls_md_starts(&context) == 0;
    for (size_t part; ok && n > 0; n -= part) {
        part = n < sizeof blank ? (size_t)n : sizeof blank;
        ok = mbedtls_md_update(&context, blank, part) == 0;
    }
    if (!ok || mbedtls_md_finish(&context, md5) != 0)
        memset(md5, 0, 16);
    mbedtls_md_free(&context);
}

void digest_sha256(const void *data, size_t n, uint8_t sha256[32])
{
    digest(MBEDTLS_MD_SHA256, data, n, sha256, 32);
}

int base64_decode(const char *text, uint8_t **data, size_t *n)
{
    struct buffer clean = {0};
    size_t size = strlen(text) / 4 * 3 + 3, len;
    uint8_t *out = xmalloc(size);
    int rc = ERR_FILE_FORMAT;

    /* mbedtls takes white space in a few places only. */
    for (; *text; text++) {
        if (strchr(" \t\r\n", *text) == NULL)
            buffer_append_byte(&clean, (uint8_t)*text);
    }
    /* mbedtls lets an incomplete last group pass and drops it. */
    if (clean.len % 4 != 0)
        goto out;
    if (mbedtls_base64_decode(out, size, &len, clean.data, clean.len) != 0)
        goto out;
    *data = out;
    *n = len;
    out = NULL;
    rc = 0;
out:
    free(out);
    buffer_done(&clean);
    return rc;
}
