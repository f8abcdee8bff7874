/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A growing run of bytes, owned by the caller: `struct buffer b = {0};` is ready for use,
 * buffer_done() frees it. There is always a zero byte behind `data[len - 1]` once anything was
 * appended, so text may be used as a string. Running out of memory ends the program : nothing can
 * be saved by going on.
 */
#ifndef ESPJIG_BASE_BUFFER_H
#define ESPJIG_BASE_BUFFER_H

#include <stddef.h>
#include <stdint.h>

struct buffer {
    uint8_t *data;
    size_t len;
    size_t cap;
};

void buffer_done(struct buffer *b);  /* frees; usable again afterwards */
void buffer_clear(struct buffer *b); /* len = 0, keeps the memory */
uint8_t *buffer_reserve(struct buffer *b,
                        size_t n); /* n writable bytes behind len; len unchanged */
void buffer_append(struct buffer *b, const void *data, size_t n);
void buffer_append_byte(struct buffer *b, uint8_t byte);
void buffer_append_le16(struct buffer *b, uint16_t v);
void buffer_append_le32(struct buffer *b, uint32_t v);
void buffer_append_fill(struct buffer *b, uint8_t byte, size_t n); /* n times */
void buffer_printf(struct buffer *b, const char *format, ...) __attribute__((format(printf, 2, 3)));
void buffer_drop_front(struct buffer *b, size_t n); /* forgets the first n bytes */

/* malloc, realloc and strdup that never return NULL. */
void *xmalloc(size_t n);
void *xcalloc(size_t count, size_t n);
void *xrealloc(void *p, size_t n);
char *xstrdup(const char *s);

#endif
