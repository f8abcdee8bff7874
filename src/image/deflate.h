/* SPDX-License-Identifier: GPL-3.0-or-later */
/* zlib streams. Sole user of zlib. */
#ifndef ESPJIG_IMAGE_DEFLATE_H
#define ESPJIG_IMAGE_DEFLATE_H

#include <stddef.h>
#include <stdint.h>

/* Compresses at level 9 into malloc'ed *out. 0 or ERR_INTERNAL. */
int deflate_all(const uint8_t *data, size_t n, uint8_t **out, size_t *out_n);

/* Follows a stream block by block, to know how many image bytes each compressed block stands for:
 * the loader needs that for time limits and for progress. */
struct inflater;
struct inflater *inflater_new(void);
void inflater_free(struct inflater *inflater);
/* Image bytes that come out of the next n bytes of the stream; ERR_FILE_FORMAT when it is no zlib
 * stream. */
long inflater_feed(struct inflater *inflater, const uint8_t *block, size_t n);

#endif
