/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "loader/slip.h"

#include <string.h>

enum { END = 0xC0, ESC = 0xDB, ESC_END = 0xDC, ESC_ESC = 0xDD };

void slip_end(struct buffer *out)
{
    buffer_append_byte(out, END);
}

void slip_append(struct buffer *out, const uint8_t *bytes, size_t n)
{
    uint8_t *p = buffer_reserve(out, 2 * n);
    size_t len = 0;

    for (size_t i = 0; i < n; i++) {
        if (bytes[i] == END || bytes[i] == ESC) {
            p[len++] = ESC;
            p[len++] = bytes[i] == END ? ESC_END : ESC_ESC;
        } else {
            p[len++] = bytes[i];
        }
    }
    out->len += len;
}

void slip_encode(struct buffer *out, const uint8_t *bytes, size_t n)
{
    slip_end(out);
    slip_append(out, bytes, n);
    slip_end(out);
}

void slip_decoder_init(struct slip_decoder *slip)
{
    slip->len = 0;
    slip->inside = slip->escaped = slip->broken = false;
}

static void start(struct slip_decoder *slip)
{
    slip_decoder_init(slip);
    slip->inside = true;
}

static enum slip_event end(struct slip_decoder *slip)
{
    if (!slip->inside || (slip->len == 0 && !slip->broken)) {
        start(slip); /* the first END, or one more */
        return SLIP_NOTHING;
    }
    if (slip->broken || slip->escaped) {
        /* That END may as well be the first of the next frame: an END was lost or invented. */
        start(slip);
        return SLIP_BROKEN;
    }
    slip->inside = false;
    return SLIP_FRAME;
}

enum slip_event slip_decode(struct slip_decoder *slip, uint8_t byte)
{
    if (byte == END)
        return end(slip);
    if (!slip->inside)
        return SLIP_TEXT;

    if (slip->escaped) {
        slip->escaped = false;
        if (byte != ESC_END && byte != ESC_ESC)
            slip->broken = true;
        byte = byte == ESC_END ? END : ESC;
    } else if (byte == ESC) {
        slip->escaped = true;
        return SLIP_NOTHING;
    }

    if (slip->len == sizeof slip->frame)
        slip->broken = true;
    if (!slip->broken)
        slip->frame[slip->len++] = byte;
    return SLIP_NOTHING;
}
