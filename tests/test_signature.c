/* SPDX-License-Identifier: GPL-3.0-or-later */
/* image/signature: blocks of every scheme are read and verified, and damage to any part is found.
 *
 * Keys and signatures were made for this test, by openssl and espsecure (esptool 5.3.1): nothing is
 * verified here by what signed it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "base/error.h"
#include "base/util.h"
#include "image/deflate.h"
#include "image/digest.h"
#include "image/esp_image.h"
#include "image/signature.h"

#include <stdlib.h>
#include <string.h>

enum { IMAGE = 96, SECTOR = 4096, BLOCK = 1216, CRC = 1196 };

static const struct {
    const char *pem;             /* the public key */
    const char *key, *signature; /* as they stand in the block */
    const char *key_digest;      /* by espsecure digest-sbv2-public-key */
    size_t key_at, signature_at;
    uint8_t version, sha;
} vectors[SIGNATURE_SCHEMES] = {
    [SIGNATURE_RSA3072] =
        {.key_at = 36,
         .signature_at = 812,
         .version = 2,
         .sha = 0,
         .pem = "-----BEGIN PUBLIC KEY-----\n"
                "MIIBojANBgkqhkiG9w0BAQEFAAOCAY8AMIIBigKCAYEAuoWZm+WPSpPf2IK8gGFU\n"
                "SH5e3p9ly2MubdsoLsMmSAMxlKvv4pmid61tJ9auKYIvOLI+Llzb4izb3pJY2MGC\n"
                "HHkqaFLBLXjYkH5TLeKdBmBjEi3pB/kFi5HKgnbORrZizuki6DRve4r5Wmw5zemf\n"
                "kWi2SXLjcZfYD6DmTCcVojgQkt2e+erXzuEB4FO+QG6BDnob4j4HG0kaypam20t8\n"
                "RwDWnacRskIbsgIoCWLSZvC4daYB3dI2cI7d1opAqx/fkMUMpoNLH97KX1N0iUYr\n"
                "y1BlLbugEQcHMXLiQHQQLfn1z/h+KwII8/sLR4q0a5j3OM2KOOHWQ5iLns7d8p9g\n"
                "vsFTHtGGONNL+oAOKpzYLo9HRGPZeqUgADOryLPeksE7H/mi0Zc061v9v/0G3uHP\n"
                "clEfjzTsgStdaDt0pJZ/kTV6WE9Ud/8THH7LGUwflJHrbaFSvgOywnQ2NVUI8DWy\n"
                "nX4qJHtwvqTF8zjPXwaaG6SSOKEsA49VYrSSdoDKDyWBAgMBAAE=\n"
                "-----END PUBLIC KEY-----\n",
         .key = "81250fca807692b462558f032ca13892a41b9a065fcf38f3c5a4be707b242a7e9db235f008553536"
                "74c2b203be52a16deb91941f4c19cb7e1c13ff77544f587a35917f96a4743b685d2b81ec348f1f51"
                "72cfe1de06fdbffd5beb3497d1a2f91f3bc192deb3c8ab330020a57ad96344478f2ed89c2a0e80fa"
                "4bd33886d11e53c1be609ff2ddce9e8b9843d6e1388acd38f7986bb48a470bfbf308022b7ef8cff5"
                "f92d107440e27231070711a0bb2d6550cb2b468974535fcade1f4b83a60cc590df1fab408ad6dd8e"
                "7036d2dd01a675b8f066d262092802b21b42b211a79dd600477c4bdba696ca1a491b073ee21b7a0e"
                "816e40be53e001e1ced7eaf99edd921038a215274ce6a00fd89771e37249b668919fe9cd396c5af9"
                "8a7b6f34e822e9ce62b646ce7682ca918b05f907e92d126360069de22d537e90d8782dc152682a79"
                "1c82c1d85892dedb2ce2db5c2e3eb2382f8229aed6276dad77a299e2efab9431034826c32e28db6d"
                "2e63cb659fde5e7e48546180bc82d8df934a8fe59b9985ba010001005c223840f8cc140f45dab7d0"
                "407becb45c0025f83aa031bf0338672f154d02ca54379adf16db36c89fe69323db97c8efe24c99a8"
                "d293daf9911769d9a3bb8b21e34399bce08d8d0bbb0358ede7d0640546c69c369b356dc470e84739"
                "660014044b68ba19ff0b25b92e75e0cc25e2bca8710815982ae4eef6c49192aa6e5d628072c24956"
                "6e6eaa3ee3a04ff3a2b58e18f4c3ae5ce2b633cf95fe0a8ac7e3b4d590f6f1fc21b1eecbd96a5654"
                "ab2edff73e4899b324170c2683db738eb0b9fc57cc1c522e17ef9d40117e70daf32262e6102af2ea"
                "30139866de16225867fb028363057d0ad162b470b0a7f86fa8b172329a4be05fc0c29dd4cc800e15"
                "bb7d11f5178c24abf9d858672eb8751177d946349cac1ec820a5d5a54bfc06b764a8345e28a6bcfd"
                "ef6fd1ef44ce805f8b6ddfb7e9442701facaf6ce825b0ab9fe903eaa961c3dd1e9a05b5f37180868"
                "1e595a8f74a1c09460ae064ffad9ad3da4386d846f26701551408e9e9f86b0d349eac7b755e08e49"
                "a866c116167e67db51776d777fe5f08d",
         .signature =
             "eff06cbd6397c28984ab0c06df22bf38572816f8fd760de6e48974fa5ee67d325bb18d59bdd5137c"
             "bedf14239a4ef4f9ce8e495a34f515064041e188e8889970fc7de79bbe274be3f28652e82f823c94"
             "9a5f5b70204ff2e4210983b7211f34965cb1d70ee86828c4edd8c9c093f6e22cae7c40de1989a0cf"
             "b574887729bb83c23c0c90d1fe796229ca7f38ff46ed5b71a0c8d0646ce96532a21deadbdf7e77f1"
             "58087f36b24e4d00a807c24a4ef1ef7958b678bb593196b289722dab8691c0b982c6d1adc98416d5"
             "f793288fe9f9cc564be9c02fd2a90458ec51e3b84eb5d7ea73021c3a52b455408cacf4bdc314c4b8"
             "1eb7ed83790087bf36a12f4e2907dd4b68d0f7996e9eb624e468f1f6c7bd24bca8dde36d6921ff10"
             "218924ecffed012998eccc6a60455c37287eaff84df29aa91c26ab5a7a428128beb1c3ae5d002a64"
             "c911f1f4dbad03cf41d873930c0b00645bd4092c200fbc5bc599a4a88339f790a3f669d94ae903b3"
             "e16e0859f5335a6f4aeff26bf6f9addde6a80cedd7944781",
         .key_digest = "3f6de7d13331f93a3b6cdf6835e4c459c2cc2f4d1e8088eaab018c3514a7f3a9"},
    [SIGNATURE_P192] =
        {.key_at = 36,
         .signature_at = 101,
         .version = 3,
         .sha = 0,
         .pem = "-----BEGIN PUBLIC KEY-----\n"
                "MEkwEwYHKoZIzj0CAQYIKoZIzj0DAQEDMgAE9RAFy6zVPlYp8vxV3ze4xoolym5m\n"
                "eqNYruowTloNeAOCuNnae58cPrVMz44T2/aW\n"
                "-----END PUBLIC KEY-----\n",
         .key = "0158a37a666eca258ac6b837df55fcf229563ed5accb0510f596f6db138ecf4cb53e1c9f7bdad9b8"
                "8203780d5a4e30eaae00000000000000000000000000000000",
         .signature =
             "1e2bd7a4b05b8c2ddaf9ac10ecf59bd9c997da90fcc267ff2cadb8ceaffbeab8a21980590a27ef9d"
             "8045dbbc1b01469800000000000000000000000000000000",
         .key_digest = "614bbb80207eea85e0aea1656070f445709d54bb23197905f8e9958f902e5f2a"},
    [SIGNATURE_P256] =
        {.key_at = 36,
         .signature_at = 101,
         .version = 3,
         .sha = 0,
         .pem = "-----BEGIN PUBLIC KEY-----\n"
                "MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAE7ZZoICWITJWoLMgFJHguxsuwodQV\n"
                "d/qJRuF9HwTLNC+pN6vRvvBFhxMnDD1n+99p5heH4DQzPthqw4YfF2reog==\n"
                "-----END PUBLIC KEY-----\n",
         .key = "022f34cb041f7de14689fa7715d4a1b0cbc62e782405c82ca8954c8825206896eda2de6a171f86c3"
                "6ad83e3334e08717e669dffb673d0c27138745f0bed1ab37a9",
         .signature =
             "4390ea876be3b0bbe9ae1949f74e69c9bbcccac051156e908a0e9d07ad2009dd6a40195d24f979ab"
             "b62eb64e1915bbd389a9b5f7075b60aae4e39daf7716eb0d",
         .key_digest = "97871f843932f9d79ba5b102924d7f2f938e4f7f9cf99f6657edd69e0e0c91b3"},
    [SIGNATURE_P384] =
        {.key_at = 52,
         .signature_at = 149,
         .version = 3,
         .sha = 1,
         .pem = "-----BEGIN PUBLIC KEY-----\n"
                "MHYwEAYHKoZIzj0CAQYFK4EEACIDYgAEAFkzITlReG3DamXznTd8lDCKKOZksGq0\n"
                "WwVQY1in/ECUhXJGRjnEUyojt7heC8D6QLbVlqRJWgp5adZibtfdfd6pe42A/wbI\n"
                "Q9cplca786rSb09/WTiGxdCCZs7cK3HS\n"
                "-----END PUBLIC KEY-----\n",
         .key = "03fac00b5eb8b7232a53c439464672859440fca7586350055bb46ab064e6288a30947c379df3656a"
                "c36d78513921335900d2712bdcce6682d0c58638597f4f6fd2aaf3bbc69529d743c806ff808d7ba9"
                "de7dddd76e62d669790a5a49a496d5b640",
         .signature =
             "f97d2179a50d93b6e560acf4aec3bac1c810ed81db29bdb8fd49967830d3a4e05578f3a8968067b5"
             "171613f3262bb8dae098ded7461137c448f8e9612b0d9458918f611266b8634930cd0544b7fa4caa"
             "f07df8aa7d666a93e6cb4af98842b092",
         .key_digest = "a6a101c6c0e61f5b31c3126246362bfd3bfd4e9abc024650055702615577f6ef"},
};

static const char private_pem[] = /* of P-256 */
    "-----BEGIN EC PRIVATE KEY-----\n"
    "MHcCAQEEIJvGPb9CvxLfDQCcwRDR2fAV68UVfmRR3/RrtJRd42uAoAoGCCqGSM49\n"
    "AwEHoUQDQgAE7ZZoICWITJWoLMgFJHguxsuwodQVd/qJRuF9HwTLNC+pN6vRvvBF\n"
    "hxMnDD1n+99p5heH4DQzPthqw4YfF2reog==\n"
    "-----END EC PRIVATE KEY-----\n";
static const char version_1[] = /* by that key: r and s */
    "8796b77c6943cff7d23a6e1791b5e39eacdb8c2be03295b4e412c9513b7a6cf5767d6581881d9132"
    "466934b79030da916b0138358c55cbb8ef900f43fe96cbfe";
static const char secp256k1_pem[] =
    "-----BEGIN PUBLIC KEY-----\n"
    "MFYwEAYHKoZIzj0CAQYFK4EEAAoDQgAE0WJzy8Az9AxTRoNsnMSPm8Yuz1DwBl7x\n"
    "hZ/0wiirM98XOFlEOaxTFHlMMV0VxIv7Zhxv3EiYiLBiZuK1ilpA/g==\n"
    "-----END PUBLIC KEY-----\n";
static const char rsa_2048_pem[] =
    "-----BEGIN PUBLIC KEY-----\n"
    "MIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8AMIIBCgKCAQEAzQ9vPHEasgx9cPtS+xiQ\n"
    "2QgzWCfrSNpalKyMVHAQAy1Mi+/I7InJ5nfY9czcWWk79MFEI2xOWINYMzWz4rxs\n"
    "DzW5B5WfCSJYQ4QYamf5DFw8pYuxv5/xMOgYMqIJAyYrd4IaS4T1iMW0+hC8pi5L\n"
    "m1X0LdOFrcWv0hEJogU520fjTEpuDQ4MQTb1oK8yX6k54xHR2LDtRnyJAEwOxHzO\n"
    "IogVqCbfsPzuc5uEISgv7D5ZBoTHD+RhDQReM1h+6K/n0jZ4dBa60+t0RpK7PtOm\n"
    "8TzSZRqex+uMA7SIFm8gjWdvQOEwWYuP4piYlG4yw2bSfXIUjpaLUrac80Yj4Czv\n"
    "FwIDAQAB\n"
    "-----END PUBLIC KEY-----\n";

static size_t unhex(uint8_t *to, const char *hex)
{
    size_t n = strlen(hex) / 2;

    for (size_t i = 0; i < n; i++) {
        char digits[3] = {hex[2 * i], hex[2 * i + 1], '\0'};
        to[i] = (uint8_t)strtoul(digits, NULL, 16);
    }
    return n;
}

/* What was signed: the smallest image for an ESP32-C3. */
static void image_make(uint8_t *image)
{
    static const char text[] = "espjig signature";
    uint8_t checksum = ESP_IMAGE_CHECKSUM;

    memset(image, 0, IMAGE);
    image[0] = ESP_IMAGE_MAGIC;
    image[1] = 1;
    image[2] = 2; /* DIO */
    image[3] = 0x10;
    le32_put(image + 4, 0x40380000);
    image[8] = ESP_IMAGE_WP_NONE;
    image[12] = 5;
    image[23] = 1;
    le32_put(image + 24, 0x3FC90000);
    le32_put(image + 28, 16);
    memcpy(image + 32, text, 16);
    for (size_t i = 0; i < 16; i++)
        checksum ^= (uint8_t)text[i];
    image[63] = checksum;
    digest_sha256(image, 64, image + 64);
}

static void crc_put(uint8_t *block)
{
    le32_put(block + CRC, deflate_crc32(block, CRC));
}

static void block_make(uint8_t *block, const uint8_t *file, enum signature_scheme scheme)
{
    static const char *const sha384 = "4ddaee177cf7beb7cef018cfd692d2416aa90748b12189d0ee1b593b9158"
                                      "26d5ab871730102d5fd0b402a7e0527b1fbb";

    memset(block, 0, BLOCK);
    block[0] = 0xE7;
    block[1] = vectors[scheme].version;
    block[2] = vectors[scheme].sha;
    if (vectors[scheme].sha)
        unhex(block + 4, sha384);
    else
        digest_sha256(file, SECTOR, block + 4);
    unhex(block + vectors[scheme].key_at, vectors[scheme].key);
    unhex(block + vectors[scheme].signature_at, vectors[scheme].signature);
    crc_put(block);
}

static uint8_t file[2 * SECTOR];

static void file_make(enum signature_scheme scheme)
{
    memset(file, 0xFF, sizeof file);
    image_make(file);
    block_make(file + SECTOR, file, scheme);
}

static struct signature read_file(size_t size)
{
    struct esp_image image;
    struct signature signature;
    struct error error = {0};

    if (esp_image_parse(file, size, &image, &error) != 0)
        fail_msg("%s", error.text);
    signature_read(file, size, &image, &signature);
    return signature;
}

static struct signature_key key_of(enum signature_scheme scheme)
{
    struct signature_key key;
    struct error error = {0};
    const char *pem = vectors[scheme].pem;

    if (signature_key_read(&key, "test.pem", (const uint8_t *)pem, strlen(pem), &error) != 0)
        fail_msg("%s", error.text);
    return key;
}

static void every_scheme_is_verified(void **state)
{
    char hex[65];

    (void)state;
    for (int s = SIGNATURE_RSA3072; s < SIGNATURE_SCHEMES; s++) {
        file_make((enum signature_scheme)s);
        struct signature signature = read_file(sizeof file);
        const struct signature_block *b = &signature.blocks[0];
        assert_int_equal(signature.version, 2);
        assert_int_equal(signature.n, 1);
        assert_int_equal(b->at, SECTOR);
        assert_int_equal(b->scheme, s);
        assert_true(b->crc_ok && b->digest_ok && b->key_ok);
        assert_int_equal(b->verdict, SIGNATURE_RIGHT);
        assert_int_equal(signature_check(&signature, NULL), 0);
        assert_string_equal(util_hex_format(hex, b->key.digest, 32), vectors[s].key_digest);
        for (int k = SIGNATURE_RSA3072; k < SIGNATURE_SCHEMES; k++) {
            struct signature_key key = key_of((enum signature_scheme)k);
            assert_int_equal(key.scheme, k);
            assert_string_equal(util_hex_format(hex, key.digest, 32), vectors[k].key_digest);
            assert_int_equal(signature_verify(b, &key), k == s ? SIGNATURE_RIGHT : SIGNATURE_WRONG);
        }
    }
}

/* One byte after the other of key and signature, with a CRC that fits: none may count for nothing.
 * Only what fills up fields does: the coordinates of P-192 leave some. */
static void any_damage_is_found(void **state)
{
    (void)state;
    for (int s = SIGNATURE_RSA3072; s < SIGNATURE_SCHEMES; s++) {
        size_t key_at = vectors[s].key_at, signature_at = vectors[s].signature_at;
        size_t width = s == SIGNATURE_RSA3072 ? 384
                       : s == SIGNATURE_P384  ? 96
                       : s == SIGNATURE_P256  ? 64
                                              : 48;
        size_t key_size = s == SIGNATURE_RSA3072 ? 776 : 1 + width;
        size_t end = signature_at + width;
        for (size_t at = 4; at < end; at += 7) {
            if ((at >= key_at + key_size && at < signature_at))
                continue;
            file_make((enum signature_scheme)s);
            file[SECTOR + at] ^= 0x10;
            struct signature signature = read_file(sizeof file);
            assert_false(signature.blocks[0].crc_ok);
            crc_put(file + SECTOR);
            struct error error = {0};
            signature = read_file(sizeof file);
            assert_true(signature.blocks[0].crc_ok);
            if (signature_check(&signature, &error) != ERR_BAD_SIGNATURE)
                fail_msg("scheme %d: byte %zu counts for nothing", s, at);
            assert_non_null(strstr(error.text, "0x1000"));
        }
    }
}

static void the_image_is_what_was_signed(void **state)
{
    struct error error = {0};

    (void)state;
    file_make(SIGNATURE_RSA3072);
    file[SECTOR - 1] = 0; /* behind the image, but signed */
    struct signature signature = read_file(sizeof file);
    assert_false(signature.blocks[0].digest_ok);
    assert_int_equal(signature_check(&signature, &error), ERR_BAD_SIGNATURE);
    assert_non_null(strstr(error.text, "digest"));
}

static void up_to_three_blocks_are_read(void **state)
{
    (void)state;
    file_make(SIGNATURE_P256);
    block_make(file + SECTOR + BLOCK, file, SIGNATURE_P384);
    struct signature signature = read_file(sizeof file);
    assert_int_equal(signature.n, 2);
    assert_int_equal(signature.blocks[1].scheme, SIGNATURE_P384);
    assert_int_equal(signature.blocks[1].verdict, SIGNATURE_RIGHT);
    block_make(file + SECTOR + 2 * BLOCK, file, SIGNATURE_RSA3072);
    assert_int_equal(read_file(sizeof file).n, 3);
    /* The file ends inside the third. */
    assert_int_equal(read_file(SECTOR + 3 * BLOCK - 1).n, 2);
    /* A scheme of some later year: said, not passed. */
    file[SECTOR + 2] = 7;
    crc_put(file + SECTOR);
    signature = read_file(sizeof file);
    assert_int_equal(signature.blocks[0].scheme, SIGNATURE_UNKNOWN);
    assert_int_equal(signature_check(&signature, NULL), ERR_BAD_SIGNATURE);
}

static void version_1_takes_a_key(void **state)
{
    struct signature_key key = key_of(SIGNATURE_P256), raw, from_private;
    uint8_t point[64];

    (void)state;
    memset(file, 0xFF, sizeof file);
    image_make(file);
    le32_put(file + IMAGE, 0);
    unhex(file + IMAGE + 4, version_1);
    struct signature signature = read_file(IMAGE + 68);
    assert_int_equal(signature.version, 1);
    assert_int_equal(signature.n, 1);
    assert_int_equal(signature.blocks[0].at, IMAGE);
    assert_int_equal(signature.blocks[0].verdict, SIGNATURE_UNCHECKED);
    assert_int_equal(signature_check(&signature, NULL), 0);
    assert_int_equal(signature_verify(&signature.blocks[0], &key), SIGNATURE_RIGHT);
    assert_int_equal(read_file(sizeof file).version, 1); /* in a flash that is blank behind it */

    assert_int_equal(signature_key_read(&from_private, "k", (const uint8_t *)private_pem,
                                        strlen(private_pem), NULL),
                     0);
    assert_memory_equal(from_private.digest, key.digest, sizeof key.digest);
    for (size_t i = 0; i < 32; i++) { /* espsecure extract-public-key -v 1: big-endian */
        point[i] = key.bytes[32 - i];
        point[32 + i] = key.bytes[64 - i];
    }
    assert_int_equal(signature_key_read(&raw, "k", point, sizeof point, NULL), 0);
    assert_int_equal(signature_verify(&signature.blocks[0], &raw), SIGNATURE_RIGHT);

    struct signature_key other = key_of(SIGNATURE_P384);
    assert_int_equal(signature_verify(&signature.blocks[0], &other), SIGNATURE_WRONG);
    file[40] ^= 1;
    signature = read_file(IMAGE + 68);
    assert_int_equal(signature_verify(&signature.blocks[0], &key), SIGNATURE_WRONG);
}

static void what_is_not_signed_has_no_signature(void **state)
{
    (void)state;
    memset(file, 0xFF, sizeof file);
    image_make(file);
    assert_int_equal(read_file(IMAGE).version, 0);
    assert_int_equal(read_file(sizeof file).version, 0);
    memset(file + IMAGE, 0, sizeof file - IMAGE);
    assert_int_equal(read_file(IMAGE + 68).version, 0); /* zeros are no signature */
    assert_int_equal(read_file(sizeof file).version, 0);
}

static void keys_that_are_none_are_named(void **state)
{
    static const struct {
        const char *text, *says;
    } rows[] = {
        {"", "no key"},
        {"-----BEGIN PUBLIC KEY-----\n!!\n-----END PUBLIC KEY-----\n", "no key"},
        {secp256k1_pem, "another curve"},
        {rsa_2048_pem, "2048 bits"},
    };
    struct signature_key key;

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct error error = {0};
        assert_int_equal(signature_key_read(&key, "some.pem", (const uint8_t *)rows[i].text,
                                            strlen(rows[i].text), &error),
                         ERR_FILE_FORMAT);
        assert_non_null(strstr(error.text, "some.pem"));
        assert_non_null(strstr(error.text, rows[i].says));
        assert_int_equal(key.scheme, SIGNATURE_UNKNOWN);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_scheme_is_verified),
        cmocka_unit_test(any_damage_is_found),
        cmocka_unit_test(the_image_is_what_was_signed),
        cmocka_unit_test(up_to_three_blocks_are_read),
        cmocka_unit_test(version_1_takes_a_key),
        cmocka_unit_test(what_is_not_signed_has_no_signature),
        cmocka_unit_test(keys_that_are_none_are_named),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
