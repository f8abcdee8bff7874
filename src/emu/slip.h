/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * SLIP as the chips take it apart. ROM and stub differ: the ROM keeps the byte behind a wrong
 * escape, the stub drops the whole frame (recordings rom/, "DB 41"; esp-flasher-stub src/slip.c).
 * The stub also takes END END for an empty frame, not for the end of one and the start of the next:
 * after a frame whose start or middle was lost, its END starts one, and from then on the stub is
 * out of step with a client that sends END before and behind each frame.
 */
#ifndef ESPJIG_EMU_SLIP_H
#define ESPJIG_EMU_SLIP_H

#include "base/buffer.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Header 8, data header 16, payload 0x4000 and the slack that esp-flasher-stub has
 * (src/frame_buffer.c). What is longer is thrown away. */
#define SLIP_FRAME_MAX (8 + 0x4000 + 0xff)

struct slip {
    bool strict; /* stub: a wrong escape spoils the frame, and END END is an empty one */
    bool in_frame;
    bool escaping;
    bool spoilt; /* strict: set at once, and the rest of the frame is none */
    size_t len;
    /* Not cleared between frames: the ROM reads leftovers when a request is too short. */
    uint8_t frame[SLIP_FRAME_MAX];
};

void slip_reset(struct slip *slip, bool strict);

/* Takes one byte from the wire. True when it ended a frame: frame[0..len). */
bool slip_take(struct slip *slip, uint8_t byte);

/* Appends a frame with END bytes around it. */
void slip_encode(struct buffer *to, const uint8_t *frame, size_t len);

#endif
