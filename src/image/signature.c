/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "image/signature.h"

#include "base/buffer.h"
#include "base/util.h"
#include "image/deflate.h"
#include "image/digest.h"

#include <mbedtls/ecdsa.h>
#include <mbedtls/ecp.h>
#include <mbedtls/md.h>
#include <mbedtls/pk.h>
#include <mbedtls/platform_util.h>
#include <mbedtls/rsa.h>
#include <mbedtls/version.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#define BLOCK          1216
#define BLOCK_MAGIC    0xE7
#define BLOCK_CRC      1196 /* where it is, and over how much */
#define BLOCK_DIGEST   4
#define VERSION_RSA    2
#define VERSION_ECDSA  3
#define SIGNATURE_V1   64
#define RSA_BYTES      384
#define RSA_KEY        776 /* n, e, R^2 mod n, -1/n mod 2^32: what the chip's RSA unit wants */
#define PUBLIC_DER_MAX 512
#define PEM_SIZE_MAX   65536
#define UNCOMPRESSED   4 /* first byte of a point: both coordinates follow */

/* What differs from scheme to scheme. Coordinates and numbers have `width` bytes, but stand in a
 * block in fields of `field` bytes each two. */
static const struct scheme {
    const char *name;
    uint8_t block_version, sha_version, curve_id;
    mbedtls_ecp_group_id group;
    mbedtls_md_type_t md;
    size_t digest, width;
    size_t key_at, key_size; /* in the block */
    size_t signature_at, signature_size;
    uint8_t oid[10]; /* of the curve, in DER with tag and length */
    size_t oid_size;
} schemes[SIGNATURE_SCHEMES] = {
    [SIGNATURE_UNKNOWN] = {.name = "unknown"},
    [SIGNATURE_RSA3072] = {.name = "RSA-3072",
                           .block_version = VERSION_RSA,
                           .md = MBEDTLS_MD_SHA256,
                           .digest = 32,
                           .width = RSA_BYTES,
                           .key_at = 36,
                           .key_size = RSA_KEY,
                           .signature_at = 812,
                           .signature_size = RSA_BYTES},
    [SIGNATURE_P192] = {.name = "ECDSA P-192",
                        .block_version = VERSION_ECDSA,
                        .curve_id = 1,
                        .group = MBEDTLS_ECP_DP_SECP192R1,
                        .md = MBEDTLS_MD_SHA256,
                        .digest = 32,
                        .width = 24,
                        .key_at = 36,
                        .key_size = 65,
                        .signature_at = 101,
                        .signature_size = 64,
                        .oid = {0x06, 0x08, 0x2A, 0x86, 0x48, 0xCE, 0x3D, 0x03, 0x01, 0x01},
                        .oid_size = 10},
    [SIGNATURE_P256] = {.name = "ECDSA P-256",
                        .block_version = VERSION_ECDSA,
                        .curve_id = 2,
                        .group = MBEDTLS_ECP_DP_SECP256R1,
                        .md = MBEDTLS_MD_SHA256,
                        .digest = 32,
                        .width = 32,
                        .key_at = 36,
                        .key_size = 65,
                        .signature_at = 101,
                        .signature_size = 64,
                        .oid = {0x06, 0x08, 0x2A, 0x86, 0x48, 0xCE, 0x3D, 0x03, 0x01, 0x07},
                        .oid_size = 10},
    [SIGNATURE_P384] = {.name = "ECDSA P-384",
                        .block_version = VERSION_ECDSA,
                        .sha_version = 1,
                        .curve_id = 3,
                        .group = MBEDTLS_ECP_DP_SECP384R1,
                        .md = MBEDTLS_MD_SHA384,
                        .digest = 48,
                        .width = 48,
                        .key_at = 52,
                        .key_size = 97,
                        .signature_at = 149,
                        .signature_size = 96,
                        .oid = {0x06, 0x05, 0x2B, 0x81, 0x04, 0x00, 0x22},
                        .oid_size = 7},
};

const char *signature_scheme_name(enum signature_scheme scheme)
{
    return schemes[scheme].name;
}

static void reverse(uint8_t *to, const uint8_t *from, size_t n)
{
    for (size_t i = 0; i < n; i++)
        to[i] = from[n - 1 - i];
}

static void digest_of(const struct scheme *s, const uint8_t *data, size_t n, uint8_t digest[48])
{
    const mbedtls_md_info_t *info = mbedtls_md_info_from_type(s->md);

    memset(digest, 0, 48);
    if (info)
        mbedtls_md(info, data, n, digest);
}

/* ---- verifying ---- */

/* All three arguments big-endian; r and s follow each other. */
static enum signature_verdict ecdsa_verify(const struct scheme *s, const uint8_t *point,
                                           const uint8_t *digest, const uint8_t *signature)
{
    enum signature_verdict verdict = SIGNATURE_UNCHECKED;
    mbedtls_ecp_group group;
    mbedtls_ecp_point q;
    mbedtls_mpi r, t;

    mbedtls_ecp_group_init(&group);
    mbedtls_ecp_point_init(&q);
    mbedtls_mpi_init(&r);
    mbedtls_mpi_init(&t);
    if (mbedtls_ecp_group_load(&group, s->group) != 0)
        goto out;
    verdict = SIGNATURE_WRONG;
    if (mbedtls_ecp_point_read_binary(&group, &q, point, 1 + 2 * s->width) == 0 &&
        mbedtls_ecp_check_pubkey(&group, &q) == 0 &&
        mbedtls_mpi_read_binary(&r, signature, s->width) == 0 &&
        mbedtls_mpi_read_binary(&t, signature + s->width, s->width) == 0 &&
        mbedtls_ecdsa_verify(&group, digest, s->digest, &q, &r, &t) == 0)
        verdict = SIGNATURE_RIGHT;
out:
    mbedtls_mpi_free(&t);
    mbedtls_mpi_free(&r);
    mbedtls_ecp_point_free(&q);
    mbedtls_ecp_group_free(&group);
    return verdict;
}

/* The way through pk is the one that 2.28 and 3.x have in common. */
static enum signature_verdict rsa_verify(const struct scheme *s, const struct signature_key *key,
                                         const uint8_t *digest, const uint8_t *signature)
{
    const mbedtls_pk_rsassa_pss_options pss = {.mgf1_hash_id = s->md, .expected_salt_len = 32};
    const mbedtls_pk_info_t *info = mbedtls_pk_info_from_type(MBEDTLS_PK_RSA);
    enum signature_verdict verdict = SIGNATURE_UNCHECKED;
    uint8_t n[RSA_BYTES], e[4];
    mbedtls_pk_context pk;

    mbedtls_pk_init(&pk);
    if (info == NULL || mbedtls_pk_setup(&pk, info) != 0)
        goto out;
    reverse(n, key->bytes, sizeof n);
    reverse(e, key->bytes + RSA_BYTES, sizeof e);
    verdict = SIGNATURE_WRONG;
    mbedtls_rsa_context *rsa = mbedtls_pk_rsa(pk);
    if (mbedtls_rsa_import_raw(rsa, n, sizeof n, NULL, 0, NULL, 0, NULL, 0, e, sizeof e) == 0 &&
        mbedtls_rsa_complete(rsa) == 0 && mbedtls_rsa_check_pubkey(rsa) == 0 &&
        mbedtls_pk_verify_ext(MBEDTLS_PK_RSASSA_PSS, &pss, &pk, s->md, digest, s->digest, signature,
                              RSA_BYTES) == 0)
        verdict = SIGNATURE_RIGHT;
out:
    mbedtls_pk_free(&pk);
    return verdict;
}

/* Version 1 has its numbers big-endian already. */
static void signature_big_endian(const struct signature_block *block, const struct scheme *s,
                                 uint8_t out[RSA_BYTES])
{
    if (block->key.scheme == SIGNATURE_UNKNOWN) {
        memcpy(out, block->signature, block->signature_size);
    } else if (block->scheme == SIGNATURE_RSA3072) {
        reverse(out, block->signature, RSA_BYTES);
    } else {
        reverse(out, block->signature, s->width);
        reverse(out + s->width, block->signature + s->width, s->width);
    }
}

enum signature_verdict signature_verify(const struct signature_block *block,
                                        const struct signature_key *key)
{
    const struct scheme *s = &schemes[block->scheme];
    uint8_t signature[RSA_BYTES], point[1 + 2 * 48];

    if (block->scheme == SIGNATURE_UNKNOWN)
        return SIGNATURE_UNCHECKED;
    if (key->scheme != block->scheme)
        return SIGNATURE_WRONG;
    signature_big_endian(block, s, signature);
    if (block->scheme == SIGNATURE_RSA3072)
        return rsa_verify(s, key, block->digest, signature);
    point[0] = UNCOMPRESSED;
    reverse(point + 1, key->bytes + 1, s->width);
    reverse(point + 1 + s->width, key->bytes + 1 + s->width, s->width);
    return ecdsa_verify(s, point, block->digest, signature);
}

/* ---- keys ---- */

/* The two numbers that follow from the modulus: R^2 mod n with R = 2^3072, and -1/n mod 2^32. False
 * for a modulus that is none. */
static bool rsa_key_complete(uint8_t key[RSA_KEY])
{
    uint32_t n0 = le32_get(key), inverse = 1;
    uint8_t big_endian[RSA_BYTES];
    mbedtls_mpi n, r;

    mbedtls_mpi_init(&n);
    mbedtls_mpi_init(&r);
    reverse(big_endian, key, RSA_BYTES);
    bool ok = (n0 & 1) && mbedtls_mpi_read_binary(&n, big_endian, RSA_BYTES) == 0 &&
              mbedtls_mpi_bitlen(&n) == 8 * RSA_BYTES && mbedtls_mpi_lset(&r, 1) == 0 &&
              mbedtls_mpi_shift_l(&r, 2 * 8 * RSA_BYTES) == 0 &&
              mbedtls_mpi_mod_mpi(&r, &r, &n) == 0 &&
              mbedtls_mpi_write_binary(&r, big_endian, RSA_BYTES) == 0;
    if (ok) {
        for (int i = 0; i < 5; i++) /* Newton: each step doubles the bits that are right */
            inverse *= 2 - n0 * inverse;
        reverse(key + RSA_BYTES + 4, big_endian, RSA_BYTES);
        le32_put(key + 2 * RSA_BYTES + 4, 0 - inverse);
    }
    mbedtls_mpi_free(&r);
    mbedtls_mpi_free(&n);
    return ok;
}

static void key_digest(struct signature_key *key)
{
    digest_sha256(key->bytes, key->size, key->digest);
}

static int rsa_key_read(struct signature_key *key, const char *name, mbedtls_pk_context *pk,
                        struct error *error)
{
    uint8_t n[RSA_BYTES], e[4];

    if (mbedtls_pk_get_bitlen(pk) != 8 * RSA_BYTES)
        return error_set(error, ERR_FILE_FORMAT,
                         "%s holds an RSA key of %zu bits, Secure Boot takes 3072", name,
                         mbedtls_pk_get_bitlen(pk));
    if (mbedtls_rsa_export_raw(mbedtls_pk_rsa(*pk), n, sizeof n, NULL, 0, NULL, 0, NULL, 0, e,
                               sizeof e) != 0)
        return error_set(error, ERR_FILE_FORMAT,
                         "%s holds an RSA key whose exponent has more than 32 bits", name);
    key->scheme = SIGNATURE_RSA3072;
    key->size = RSA_KEY;
    reverse(key->bytes, n, sizeof n);
    reverse(key->bytes + RSA_BYTES, e, sizeof e);
    if (!rsa_key_complete(key->bytes))
        return error_set(error, ERR_FILE_FORMAT, "%s holds an RSA key that is none", name);
    key_digest(key);
    return 0;
}

static void point_take(struct signature_key *key, enum signature_scheme scheme,
                       const uint8_t *big_endian)
{
    const struct scheme *s = &schemes[scheme];

    key->scheme = scheme;
    key->size = s->key_size;
    key->bytes[0] = s->curve_id;
    reverse(key->bytes + 1, big_endian, s->width);
    reverse(key->bytes + 1 + s->width, big_endian + s->width, s->width);
    key_digest(key);
}

static bool contains(const uint8_t *data, size_t n, const uint8_t *part, size_t part_n)
{
    return part_n > 0 && memmem(data, n, part, part_n) != NULL;
}

/* 2.28 and 3.x have no common way to a key's curve and point, but both write it as
 * SubjectPublicKeyInfo: the curve's OID, and the uncompressed point at the end. */
static int ec_key_read(struct signature_key *key, const char *name, mbedtls_pk_context *pk,
                       struct error *error)
{
    uint8_t der[PUBLIC_DER_MAX];
    int n = mbedtls_pk_write_pubkey_der(pk, der, sizeof der); /* at the end of the buffer */

    for (int i = SIGNATURE_P192; n > 0 && i < SIGNATURE_SCHEMES; i++) {
        const struct scheme *s = &schemes[i];
        size_t point = 1 + 2 * s->width, len = (size_t)n;
        const uint8_t *info = der + sizeof der - len;
        if (len < point || !contains(info, len - point, s->oid, s->oid_size) ||
            der[sizeof der - point] != UNCOMPRESSED)
            continue;
        point_take(key, (enum signature_scheme)i, der + sizeof der - 2 * s->width);
        return 0;
    }
    return error_set(error, ERR_FILE_FORMAT,
                     "%s holds an ECDSA key of another curve than NIST P-192, P-256 or P-384",
                     name);
}

/* 3.x wants random numbers, which blind the computation of a public key from a private one. */
#if MBEDTLS_VERSION_MAJOR >= 3
static int random_fill(void *context, unsigned char *to, size_t n)
{
    (void)context;
    return getrandom(to, n, 0) == (ssize_t)n ? 0 : -1;
}

static int private_parse(mbedtls_pk_context *pk, const uint8_t *pem, size_t size)
{
    return mbedtls_pk_parse_key(pk, pem, size, NULL, 0, random_fill, NULL);
}
#else
static int private_parse(mbedtls_pk_context *pk, const uint8_t *pem, size_t size)
{
    return mbedtls_pk_parse_key(pk, pem, size, NULL, 0);
}
#endif

/* `pem` ends in a zero, which `size` counts: mbedtls knows text by it. */
static int pem_read(struct signature_key *key, const char *name, const uint8_t *pem, size_t size,
                    struct error *error)
{
    mbedtls_pk_context pk;
    int result;

    mbedtls_pk_init(&pk);
    if (mbedtls_pk_parse_public_key(&pk, pem, size) != 0) {
        mbedtls_pk_free(&pk);
        mbedtls_pk_init(&pk);
        if (private_parse(&pk, pem, size) != 0) {
            result = error_set(error, ERR_FILE_FORMAT,
                               "%s holds no key that can be read: a public or private one in PEM, "
                               "without a password, is expected",
                               name);
            goto out;
        }
    }
    if (mbedtls_pk_can_do(&pk, MBEDTLS_PK_RSA))
        result = rsa_key_read(key, name, &pk, error);
    else if (mbedtls_pk_can_do(&pk, MBEDTLS_PK_ECKEY))
        result = ec_key_read(key, name, &pk, error);
    else
        result =
            error_set(error, ERR_FILE_FORMAT, "%s holds a key that is neither RSA nor ECDSA", name);
out:
    mbedtls_pk_free(&pk);
    return result;
}

int signature_key_read(struct signature_key *key, const char *name, const uint8_t *data,
                       size_t size, struct error *error)
{
    *key = (struct signature_key){0};
    if (size == SIGNATURE_V1) {
        point_take(key, SIGNATURE_P256, data);
        return 0;
    }
    if (size > PEM_SIZE_MAX)
        return error_set(error, ERR_FILE_FORMAT, "%s has %zu bytes: that is no key", name, size);
    uint8_t *text = xcalloc(1, size + 1);
    memcpy(text, data, size);
    int result = pem_read(key, name, text, size + 1, error);
    mbedtls_platform_zeroize(text, size); /* it may be a private one */
    free(text);
    if (result != 0)
        *key = (struct signature_key){0};
    return result;
}

/* ---- reading ---- */

static enum signature_scheme scheme_of(const uint8_t *block)
{
    if (block[1] == VERSION_RSA)
        return SIGNATURE_RSA3072;
    for (int i = SIGNATURE_P192; i < SIGNATURE_SCHEMES; i++) {
        const struct scheme *s = &schemes[i];
        if (block[1] == s->block_version && block[2] == s->sha_version &&
            block[s->key_at] == s->curve_id)
            return (enum signature_scheme)i;
    }
    return SIGNATURE_UNKNOWN;
}

/* What follows from the modulus is in the digest that the chip compares, too. */
static bool key_is_whole(const struct signature_key *key)
{
    uint8_t again[RSA_KEY];

    if (key->scheme != SIGNATURE_RSA3072)
        return true; /* whether the point is on the curve, verifying tells */
    memcpy(again, key->bytes, sizeof again);
    return rsa_key_complete(again) && memcmp(again, key->bytes, sizeof again) == 0;
}

static void block_read(const uint8_t *data, size_t at, size_t sector, struct signature_block *block)
{
    const uint8_t *p = data + at;
    uint8_t digest[48];

    *block = (struct signature_block){.at = at, .scheme = scheme_of(p)};
    const struct scheme *s = &schemes[block->scheme];
    block->crc_ok = deflate_crc32(p, BLOCK_CRC) == le32_get(p + BLOCK_CRC);
    if (block->scheme == SIGNATURE_UNKNOWN)
        return;
    block->digest_size = s->digest;
    memcpy(block->digest, p + BLOCK_DIGEST, s->digest);
    digest_of(s, data, sector, digest);
    block->digest_ok = memcmp(digest, block->digest, s->digest) == 0;
    block->key.scheme = block->scheme;
    block->key.size = s->key_size;
    memcpy(block->key.bytes, p + s->key_at, s->key_size);
    key_digest(&block->key);
    block->key_ok = key_is_whole(&block->key);
    block->signature_size = s->signature_size;
    memcpy(block->signature, p + s->signature_at, s->signature_size);
    block->verdict = signature_verify(block, &block->key);
}

static void version_1_read(const uint8_t *data, const struct esp_image *image,
                           struct signature_block *block)
{
    *block = (struct signature_block){.at = image->signature_at,
                                      .scheme = SIGNATURE_P256,
                                      .crc_ok = true,
                                      .digest_ok = true,
                                      .key_ok = true,
                                      .digest_size = 32,
                                      .signature_size = SIGNATURE_V1};
    digest_sha256(data, image->signature_at, block->digest);
    memcpy(block->signature, data + image->signature_at + 4, SIGNATURE_V1);
}

void signature_read(const uint8_t *data, size_t size, const struct esp_image *image,
                    struct signature *signature)
{
    *signature = (struct signature){0};
    if (!image->is_signed)
        return;
    signature->version = image->signature_version;
    if (image->signature_version == 1) {
        version_1_read(data, image, &signature->blocks[signature->n++]);
        return;
    }
    for (size_t at = image->signature_at;
         signature->n < SIGNATURE_BLOCKS_MAX && size - at >= BLOCK && data[at] == BLOCK_MAGIC;
         at += BLOCK)
        block_read(data, at, image->signature_at, &signature->blocks[signature->n++]);
}

static int block_check(const struct signature_block *b, unsigned number, struct error *error)
{
    const char *wrong = !b->crc_ok                       ? "its CRC does not fit"
                        : b->scheme == SIGNATURE_UNKNOWN ? "its scheme is not known"
                        : !b->digest_ok                  ? "its digest is not that of the image"
                        : !b->key_ok                     ? "the key in it is damaged"
                        : b->verdict == SIGNATURE_WRONG ? "the signature does not fit the key in it"
                                                        : NULL;

    if (wrong == NULL)
        return 0;
    return error_set(error, ERR_BAD_SIGNATURE, "signature block %u at offset 0x%zx: %s", number,
                     b->at, wrong);
}

int signature_check(const struct signature *signature, struct error *error)
{
    int result = 0;

    for (unsigned i = 0; i < signature->n && result == 0; i++)
        result = block_check(&signature->blocks[i], i, error);
    return result;
}
