/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Digests and base64, by mbedtls. Nothing here blocks. */
#ifndef ESPJIG_IMAGE_DIGEST_H
#define ESPJIG_IMAGE_DIGEST_H

#include <stddef.h>
#include <stdint.h>

void digest_md5(const void *data, size_t n, uint8_t md5[16]);
void digest_md5_blank(uint64_t n, uint8_t md5[16]); /* of so many bytes 0xFF */
void digest_sha256(const void *data, size_t n, uint8_t sha256[32]);

/* Decodes base64 text (white space allowed) into malloc'ed *data. 0 or ERR_FILE_FORMAT. */
int base64_decode(const char *text, uint8_t **data, size_t *n);

#endif
