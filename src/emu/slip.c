/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "emu/slip.h"

enum { END = 0xc0, ESC = 0xdb, ESC_END = 0xdc, ESC_ESC = 0xdd };

void slip_reset(struct slip *slip, bool strict)
{
    slip->strict = strict;
    slip->in_frame = false;
    slip->escaping = false;
    slip->spoilt = false;
    slip->len = 0;
}

static void spoil(struct slip *slip)
{
    slip->spoilt = true;
    if (slip->strict)
        slip->in_frame = false;
}

static void put(struct slip *slip, uint8_t byte)
{
    if (slip->len < sizeof slip->frame)
        slip->frame[slip->len++] = byte;
    else
        spoil(slip);
}

static void unescape(struct slip *slip, uint8_t byte)
{
    slip->escaping = false;
    if (byte == ESC_END)
        put(slip, END);
    else if (byte == ESC_ESC)
        put(slip, ESC);
    else if (slip->strict)
        spoil(slip);
    else
        put(slip, byte);
}

bool slip_take(struct slip *slip, uint8_t byte)
{
    if (!slip->in_frame) {
        if (byte == END) {
            slip->in_frame = true;
            slip->spoilt = false;
            slip->len = 0;
        }
        return false;
    }
    if (slip->escaping) {
        unescape(slip, byte);
    } else if (byte == ESC) {
        slip->escaping = true;
    } else if (byte != END) {
        put(slip, byte);
    } else if (slip->len > 0) {
        slip->in_frame = false;
        return !slip->spoilt;
    } else if (slip->strict) {
        slip->in_frame = false;
    } /* else the second END of a pair starts the frame */
    return false;
}

void slip_encode(struct buffer *to, const uint8_t *frame, size_t len)
{
    buffer_append_byte(to, END);
    for (size_t i = 0; i < len; i++) {
        if (frame[i] == END || frame[i] == ESC) {
            buffer_append_byte(to, ESC);
            buffer_append_byte(to, frame[i] == END ? ESC_END : ESC_ESC);
        } else {
            buffer_append_byte(to, frame[i]);
        }
    }
    buffer_append_byte(to, END);
}
