/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Small things every room needs: counting, little-endian access, numbers as people type them.
 * Nothing here blocks longer than a system call on local files does.
 */
#ifndef ESPJIG_BASE_UTIL_H
#define ESPJIG_BASE_UTIL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define ARRAY_LEN(a) (sizeof(a) / sizeof((a)[0]))

static inline uint16_t le16_get(const uint8_t *p)
{
    return (uint16_t)(p[0] | p[1] << 8);
}

static inline uint32_t le32_get(const uint8_t *p)
{
    return (uint32_t)p[0] | (uint32_t)p[1] << 8 | (uint32_t)p[2] << 16 | (uint32_t)p[3] << 24;
}

static inline void le16_put(uint8_t *p, uint16_t v)
{
    p[0] = (uint8_t)v;
    p[1] = (uint8_t)(v >> 8);
}

static inline void le32_put(uint8_t *p, uint32_t v)
{
    p[0] = (uint8_t)v;
    p[1] = (uint8_t)(v >> 8);
    p[2] = (uint8_t)(v >> 16);
    p[3] = (uint8_t)(v >> 24);
}

/* Of a hexadecimal digit in either case; -1: it is none. */
int util_hex_digit(char c);

/* Reads the whole of `text` as an unsigned number: decimal, 0x hexadecimal, 0b binary or 0o octal,
 * `_` allowed between digits; a trailing k or M (1024, 1024*1024) is accepted when `suffix` is
 * true. Returns false, with *value untouched, when anything is left over or the number exceeds
 * `max`. */
bool util_number_parse(const char *text, bool suffix, uint64_t max, uint64_t *value);

/* Seconds as people write them, "3" or "2.5", at most `max`, into milliseconds. Returns false, with
 * *ms untouched, when it is none, or finer than a millisecond. */
bool util_seconds_parse(const char *text, unsigned max, unsigned *ms);

/* Copies with truncation and always a terminating zero; a multi-byte UTF-8 character is never cut
 * in half. `size` counts the whole of `to` and must not be 0. Returns whether all of it fitted. */
bool util_copy(char *to, size_t size, const char *from);

/* Bytes of the UTF-8 character at `s`, which ends in a zero; 0: it is none (RFC 3629: no
 * surrogates, nothing overlong, nothing above U+10FFFF). */
size_t util_utf8_length(const char *s);

/* For what strangers wrote and a terminal or a log will show: control characters, those of Latin-1
 * as UTF-8 has them, too, and what is no UTF-8 become '?'. The length stays. Returns `text`. */
char *util_text_clean(char *text);

/* Last part of a path, inside `path`. */
const char *util_basename(const char *path);

/* "1.02 MB", "21 KB", "512 B": 1024-based, three significant digits. Returns `to`. */
const char *util_size_format(char *to, size_t size, uint64_t bytes);

/* n, but without the bytes `byte` at the end of data[0..n). */
size_t util_trimmed(const uint8_t *data, size_t n, uint8_t byte);

/* Lower-case hexadecimal of n bytes; `to` holds 2 * n + 1. Returns `to`. */
const char *util_hex_format(char *to, const uint8_t *bytes, size_t n);

/* Makes `path` and its parents as directories (mode 0700 for what is made). 0 or -errno. */
int util_mkdirs(const char *path);

/* Writes all of it, through EINTR and short writes. 0 or -errno. The descriptor must be blocking.
 */
int util_write_all(int fd, const void *data, size_t n);

/* For a process right after fork(2): closes all descriptors but 0, 1, 2 and the n ones to keep (-1
 * is skipped). */
void util_close_others(const int *keep, size_t n);

#endif
