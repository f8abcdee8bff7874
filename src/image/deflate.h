/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * zlib streams. Sole user of zlib and libdeflate.
 *
 * What comes out of here is unpacked by small decoders: miniz's tinfl in the stub, and in the ROMs
 * that know deflate. They take any stream with a zlib header (RFC 1950), a window of up to 32 KiB
 * and an Adler-32 at the end, from libdeflate as well as from zlib; neither writes a preset
 * dictionary.
 */
#ifndef ESPJIG_IMAGE_DEFLATE_H
#define ESPJIG_IMAGE_DEFLATE_H

#include <stddef.h>
#include <stdint.h>

/* Compresses into malloc'ed *out, as small as can be had here: libdeflate's level 12 (3 % smaller
 * than zlib's level 9, in less time), or zlib's 9 where it was built without. 0 or ERR_INTERNAL. */
int deflate_all(const uint8_t *data, size_t n, uint8_t **out, size_t *out_n);

/* Who compresses, with version and level: streams of different names may differ. */
const char *deflate_name(void);

/* CRC-32 (the one of zlib and gzip). */
uint32_t deflate_crc32(const void *data, size_t n);

/* Follows a stream block by block, to know how many image bytes each compressed block stands for:
 * the loader needs that for time limits and for progress. */
struct inflater;
struct inflater *inflater_new(void);
void inflater_free(struct inflater *inflater);
/* Image bytes that come out of the next n bytes of the stream; ERR_FILE_FORMAT when it is no zlib
 * stream. */
long inflater_feed(struct inflater *inflater, const uint8_t *block, size_t n);

#endif
