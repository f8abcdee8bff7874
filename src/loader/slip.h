/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SLIP framing (RFC 1055) as Espressif's loaders use it: each frame between two 0xC0. Pure: no I/O.
 */
#ifndef ESPJIG_LOADER_SLIP_H
#define ESPJIG_LOADER_SLIP_H

#include "base/buffer.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define SLIP_FRAME_MAX \
    0x5000 /* a longer frame is dropped as noise; data blocks have at most 0x4000 + 24 bytes */

/* Appends END, the escaped bytes, END. */
void slip_encode(struct buffer *out, const uint8_t *bytes, size_t n);
/* The same in pieces: slip_end before the first and after the last. */
void slip_end(struct buffer *out);
void slip_append(struct buffer *out, const uint8_t *bytes, size_t n);

enum slip_event {
    SLIP_NOTHING, /* more bytes are needed */
    SLIP_FRAME,   /* frame[0..len) is complete; valid until the next call */
    SLIP_TEXT,    /* `byte` came outside of a frame: boot log or noise */
    SLIP_BROKEN   /* a frame with a wrong escape or too long was dropped */
};

struct slip_decoder {
    uint8_t frame[SLIP_FRAME_MAX];
    size_t len;
    bool inside, escaped, broken;
};

void slip_decoder_init(struct slip_decoder *slip);
enum slip_event slip_decode(struct slip_decoder *slip, uint8_t byte);

#endif
