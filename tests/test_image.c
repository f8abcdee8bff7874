/* SPDX-License-Identifier: GPL-3.0-or-later */
/* image/: digests, zlib streams, image formats, plans, samples. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "base/buffer.h"
#include "base/error.h"
#include "base/util.h"
#include "image/deflate.h"
#include "image/digest.h"

#include <stdlib.h>
#include <string.h>

static void digests_are_the_published_ones(void **state)
{
    uint8_t md5[16], sha256[32];
    char hex[65];

    (void)state;
    digest_md5("abc", 3, md5); /* RFC 1321, A.5 */
    assert_string_equal(util_hex_format(hex, md5, 16), "900150983cd24fb0d6963f7d28e17f72");
    digest_md5("", 0, md5);
    assert_string_equal(util_hex_format(hex, md5, 16), "d41d8cd98f00b204e9800998ecf8427e");
    digest_sha256("abc", 3, sha256); /* FIPS 180-2, B.1 */
    assert_string_equal(util_hex_format(hex, sha256, 32),
                        "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
}

static void base64_is_decoded(void **state)
{
    static const struct {
        const char *text, *bytes;
    } rows[] = {
        {"", ""},     {"Zg==", "f"},  {"Zm8=", "fo"}, {" Zm9v\n Ym Fy\r\n", "foobar"},
        {"Zg", NULL}, {"Zm9*", NULL}, {"=", NULL},
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        uint8_t *data = NULL;
        size_t n = 77;
        int rc = base64_decode(rows[i].text, &data, &n);
        assert_int_equal(rc, rows[i].bytes ? 0 : ERR_FILE_FORMAT);
        assert_int_equal(n, rows[i].bytes ? strlen(rows[i].bytes) : 77);
        if (rows[i].bytes)
            assert_memory_equal(data, rows[i].bytes, n);
        free(data);
    }
}

/* Bytes that no compressor can shorten: a 64-bit xorshift. */
static void noise_fill(uint8_t *data, size_t n)
{
    uint64_t x = 88172645463325252u;

    for (size_t i = 0; i < n; i++) {
        x ^= x << 13;
        x ^= x >> 7;
        x ^= x << 17;
        data[i] = (uint8_t)(x >> 24);
    }
}

static void deflated_data_is_followed_block_by_block(void **state)
{
    enum { N = 200000, BLOCK = 1000 };
    uint8_t *data = xcalloc(1, N), *z;
    size_t z_n;
    long total = 0;

    (void)state;
    noise_fill(data, N / 4); /* the rest is zeros: one block then stands for a great many bytes */
    assert_int_equal(deflate_all(data, N, &z, &z_n), 0);
    assert_true(z_n < N / 3);
    assert_int_equal(z[0], 0x78);

    struct inflater *inflater = inflater_new();
    assert_int_equal(inflater_feed(inflater, z, 0), 0);
    for (size_t at = 0; at < z_n; at += BLOCK) {
        long out = inflater_feed(inflater, z + at, z_n - at < BLOCK ? z_n - at : BLOCK);
        assert_true(out >= 0);
        total += out;
    }
    assert_int_equal(total, N);
    assert_int_equal(inflater_feed(inflater, z, 0), 0);
    assert_int_equal(inflater_feed(inflater, z, 1), ERR_FILE_FORMAT); /* behind the end */
    inflater_free(inflater);

    inflater = inflater_new();
    z[z_n - 1] ^= 1; /* Adler-32 */
    assert_int_equal(inflater_feed(inflater, z, z_n), ERR_FILE_FORMAT);
    inflater_free(inflater);
    inflater = inflater_new();
    assert_int_equal(inflater_feed(inflater, data, 100), ERR_FILE_FORMAT);
    assert_int_equal(inflater_feed(inflater, data, 100), ERR_FILE_FORMAT);
    inflater_free(inflater);
    inflater_free(NULL);
    free(z);
    free(data);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(digests_are_the_published_ones),
        cmocka_unit_test(base64_is_decoded),
        cmocka_unit_test(deflated_data_is_followed_block_by_block),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
