/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/buffer.h"

#include "base/util.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void *or_die(void *p)
{
    if (p == NULL) {
        fputs("espjig: out of memory\n", stderr);
        abort();
    }
    return p;
}

void *xmalloc(size_t n)
{
    return or_die(malloc(n ? n : 1));
}

void *xcalloc(size_t count, size_t n)
{
    return or_die(calloc(count ? count : 1, n ? n : 1));
}

void *xrealloc(void *p, size_t n)
{
    return or_die(realloc(p, n ? n : 1));
}

char *xstrdup(const char *s)
{
    return or_die(strdup(s));
}

void buffer_done(struct buffer *b)
{
    free(b->data);
    *b = (struct buffer){0};
}

void buffer_clear(struct buffer *b)
{
    b->len = 0;
}

uint8_t *buffer_reserve(struct buffer *b, size_t n)
{
    size_t need = b->len + n + 1;

    if (need > b->cap) {
        size_t cap = b->cap ? b->cap : 64;
        while (cap < need)
            cap *= 2;
        b->data = xrealloc(b->data, cap);
        b->cap = cap;
    }
    return b->data + b->len;
}

void buffer_append(struct buffer *b, const void *data, size_t n)
{
    uint8_t *p = buffer_reserve(b, n);

    if (n > 0)
        memcpy(p, data, n);
    b->len += n;
    b->data[b->len] = 0;
}

void buffer_append_byte(struct buffer *b, uint8_t byte)
{
    buffer_append(b, &byte, 1);
}

void buffer_append_fill(struct buffer *b, uint8_t byte, size_t n)
{
    memset(buffer_reserve(b, n), byte, n);
    b->len += n;
}

void buffer_append_le16(struct buffer *b, uint16_t v)
{
    uint8_t p[2];

    le16_put(p, v);
    buffer_append(b, p, sizeof p);
}

void buffer_append_le32(struct buffer *b, uint32_t v)
{
    uint8_t p[4];

    le32_put(p, v);
    buffer_append(b, p, sizeof p);
}

void buffer_printf(struct buffer *b, const char *format, ...)
{
    va_list args, again;

    va_start(args, format);
    va_copy(again, args);
    int n = vsnprintf(NULL, 0, format, args);
    va_end(args);
    if (n >= 0) { /* of nothing, too, a string is made */
        vsnprintf((char *)buffer_reserve(b, (size_t)n), (size_t)n + 1, format, again);
        b->len += (size_t)n;
    }
    va_end(again);
}

void buffer_drop_front(struct buffer *b, size_t n)
{
    if (n >= b->len) {
        b->len = 0;
        return;
    }
    memmove(b->data, b->data + n, b->len - n + 1);
    b->len -= n;
}
