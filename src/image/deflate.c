/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "image/deflate.h"

#include "base/buffer.h"
#include "base/error.h"

#include <limits.h>
#include <stdbool.h>
#include <stdlib.h>
#include <zlib.h>

#ifdef HAVE_LIBDEFLATE

#include <libdeflate.h>

int deflate_all(const uint8_t *data, size_t n, uint8_t **out, size_t *out_n)
{
    struct libdeflate_compressor *compressor = libdeflate_alloc_compressor(12);

    if (compressor == NULL)
        abort(); /* out of memory */
    size_t len = libdeflate_zlib_compress_bound(compressor, n);
    uint8_t *p = xmalloc(len);
    len = libdeflate_zlib_compress(compressor, data, n, p, len);
    libdeflate_free_compressor(compressor);
    if (len == 0) {
        free(p);
        return ERR_INTERNAL;
    }
    *out = xrealloc(p, len);
    *out_n = len;
    return 0;
}

const char *deflate_name(void)
{
    return "libdeflate " LIBDEFLATE_VERSION_STRING " level 12";
}

uint32_t deflate_crc32(const void *data, size_t n)
{
    return libdeflate_crc32(0, data, n);
}

#else

int deflate_all(const uint8_t *data, size_t n, uint8_t **out, size_t *out_n)
{
    uLongf len = compressBound((uLong)n);
    uint8_t *p = xmalloc(len);

    if (compress2(p, &len, data, (uLong)n, 9) != Z_OK) {
        free(p);
        return ERR_INTERNAL;
    }
    *out = xrealloc(p, len);
    *out_n = len;
    return 0;
}

const char *deflate_name(void)
{
    return "zlib " ZLIB_VERSION " level 9";
}

uint32_t deflate_crc32(const void *data, size_t n)
{
    return (uint32_t)crc32_z(0, data, n);
}

#endif

struct inflater {
    z_stream z;
    bool ended;
};

struct inflater *inflater_new(void)
{
    struct inflater *inflater = xcalloc(1, sizeof *inflater);

    if (inflateInit(&inflater->z) != Z_OK)
        abort(); /* out of memory, or another zlib than the one it was built with */
    return inflater;
}

void inflater_free(struct inflater *inflater)
{
    if (inflater == NULL)
        return;
    inflateEnd(&inflater->z);
    free(inflater);
}

long inflater_feed(struct inflater *inflater, const uint8_t *block, size_t n)
{
    z_stream *z = &inflater->z;
    uint8_t waste[16384];
    long total = 0;

    if (n > UINT_MAX || (inflater->ended && n > 0))
        return ERR_FILE_FORMAT;
    z->next_in = (Bytef *)(uintptr_t)block; /* zlib does not write to it */
    z->avail_in = (uInt)n;
    while (!inflater->ended) {
        z->next_out = waste;
        z->avail_out = sizeof waste;
        int rc = inflate(z, Z_NO_FLUSH);
        if (rc != Z_OK && rc != Z_STREAM_END && rc != Z_BUF_ERROR)
            return ERR_FILE_FORMAT;
        total += (long)(sizeof waste - z->avail_out);
        inflater->ended = rc == Z_STREAM_END;
        if (z->avail_in == 0 && z->avail_out > 0)
            break; /* more input is needed */
    }
    return z->avail_in > 0 ? ERR_FILE_FORMAT : total;
}
