/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "link/telnet.h"

#include <string.h>

enum state { DATA, IAC, VERB, SUB, SUB_IAC };

static enum state after_iac(struct telnet *t, uint8_t c, struct buffer *data)
{
    switch (c) {
    case TELNET_IAC:
        buffer_append_byte(data, c);
        return DATA;
    case TELNET_SB:
        t->n = 0;
        return SUB;
    case TELNET_WILL:
    case TELNET_WONT:
    case TELNET_DO:
    case TELNET_DONT:
        t->verb = c;
        return VERB;
    default: /* NOP, DM, GA ...: nothing to us */
        return DATA;
    }
}

static void keep(struct telnet *t, uint8_t c)
{
    if (t->n < sizeof t->bytes)
        t->bytes[t->n++] = c;
}

static enum state step(struct telnet *t, uint8_t c, struct buffer *data)
{
    switch ((enum state)t->state) {
    case DATA:
        if (c == TELNET_IAC)
            return IAC;
        buffer_append_byte(data, c);
        return DATA;
    case IAC:
        return after_iac(t, c, data);
    case VERB:
        t->option(t->context, t->verb, c);
        return DATA;
    case SUB:
        if (c == TELNET_IAC)
            return SUB_IAC;
        keep(t, c);
        return SUB;
    case SUB_IAC:
        if (c == TELNET_IAC) {
            keep(t, c);
            return SUB;
        }
        if (c != TELNET_SE) /* a command inside: the end was lost */
            return after_iac(t, c, data);
        t->sub(t->context, t->bytes, t->n);
        return DATA;
    }
    return DATA;
}

void telnet_feed(struct telnet *t, const uint8_t *bytes, size_t n, struct buffer *data)
{
    const uint8_t *end = bytes + n;

    while (bytes < end) {
        const uint8_t *special = bytes;
        if (t->state == DATA) { /* the bulk */
            special = memchr(bytes, TELNET_IAC, (size_t)(end - bytes));
            special = special ? special : end;
            buffer_append(data, bytes, (size_t)(special - bytes));
        }
        if (special < end)
            t->state = step(t, *special++, data);
        bytes = special;
    }
}

void telnet_put_data(struct buffer *out, const void *bytes, size_t n)
{
    const uint8_t *from = bytes, *end = from + n;

    while (from < end) {
        const uint8_t *special = memchr(from, TELNET_IAC, (size_t)(end - from));
        const uint8_t *to = special ? special + 1 : end;
        buffer_append(out, from, (size_t)(to - from));
        if (special)
            buffer_append_byte(out, TELNET_IAC);
        from = to;
    }
}

void telnet_put_option(struct buffer *out, uint8_t verb, uint8_t option)
{
    buffer_append(out, (const uint8_t[]){TELNET_IAC, verb, option}, 3);
}

void telnet_put_sub(struct buffer *out, uint8_t option, uint8_t command, const void *value,
                    size_t n)
{
    buffer_append(out, (const uint8_t[]){TELNET_IAC, TELNET_SB, option, command}, 4);
    telnet_put_data(out, value, n);
    buffer_append(out, (const uint8_t[]){TELNET_IAC, TELNET_SE}, 2);
}
