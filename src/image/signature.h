/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Secure Boot signatures behind a firmware image, read and verified. One of the two users of
 * mbedtls. Takes hostile bytes; what is allocated is given back before return. Nothing blocks.
 *
 * Version 1 (ESP32): 68 bytes right behind the image: a word 0, then r and s of an ECDSA signature
 * (P-256) over the SHA-256 of the image. It does not carry its key.
 * Version 2: at the start of the next sector up to three blocks of 1216 bytes. Each has the digest
 * of all that is before the sector, a public key (RSA-3072, or ECDSA P-192, P-256, P-384), the
 * signature of the digest and a CRC; the eFuses hold the SHA-256 of the key as it stands in the
 * block. (ESP-IDF docs "Secure Boot v2", "Signature Block Format"; esptool's espsecure.)
 */
#ifndef ESPJIG_IMAGE_SIGNATURE_H
#define ESPJIG_IMAGE_SIGNATURE_H

#include "base/error.h"
#include "image/esp_image.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define SIGNATURE_BLOCKS_MAX 3

enum signature_scheme {
    SIGNATURE_UNKNOWN, /* a block of a version or curve that is not known here */
    SIGNATURE_RSA3072,
    SIGNATURE_P192,
    SIGNATURE_P256,
    SIGNATURE_P384,
    SIGNATURE_SCHEMES
};

enum signature_verdict {
    SIGNATURE_UNCHECKED, /* no key to check it with, or mbedtls was built without that curve */
    SIGNATURE_WRONG,
    SIGNATURE_RIGHT
};

struct signature_key {
    enum signature_scheme scheme;
    uint8_t bytes[776]; /* as in a block of version 2: little-endian numbers */
    size_t size;
    uint8_t digest[32]; /* SHA-256 of them, as in the eFuses */
};

struct signature_block {
    size_t at; /* from the start of the image */
    enum signature_scheme scheme;
    bool crc_ok;              /* the three are true in version 1, which has none of them */
    bool digest_ok;           /* its digest is that of the image */
    bool key_ok;              /* the key in it makes sense */
    struct signature_key key; /* scheme SIGNATURE_UNKNOWN: it has none (version 1) */
    uint8_t digest[48];       /* of the image, as it says; version 1: as it is */
    size_t digest_size;
    uint8_t signature[384]; /* as it stands there */
    size_t signature_size;
    enum signature_verdict verdict; /* by the key in it */
};

struct signature {
    unsigned version; /* 1 or 2; 0: it is not signed */
    struct signature_block blocks[SIGNATURE_BLOCKS_MAX];
    unsigned n;
};

const char *signature_scheme_name(enum signature_scheme scheme); /* "RSA-3072" */

/* Of a parsed image; checks all that can be checked without a key. */
void signature_read(const uint8_t *data, size_t size, const struct esp_image *image,
                    struct signature *signature);

/* 0, or ERR_BAD_SIGNATURE with the first thing that is wrong. An unsigned image is right. */
int signature_check(const struct signature *signature, struct error *error);

/* A public or private key, PEM (or, for version 1, the 64 bytes that `espsecure
 * extract-public-key` writes). ERR_FILE_FORMAT names the file. */
int signature_key_read(struct signature_key *key, const char *name, const uint8_t *data,
                       size_t size, struct error *error);

enum signature_verdict signature_verify(const struct signature_block *block,
                                        const struct signature_key *key);

#endif
