/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Bytes from the wire: frames keep their limit, and are the same after they were encoded again. */
#include "loader/slip.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void frame_check(const struct slip_decoder *slip)
{
    struct slip_decoder *again = malloc(sizeof *again);
    struct buffer wire = {0};
    enum slip_event event = SLIP_NOTHING;

    slip_encode(&wire, slip->frame, slip->len);
    slip_decoder_init(again);
    for (size_t i = 0; i < wire.len; i++)
        event = slip_decode(again, wire.data[i]);
    if (event != SLIP_FRAME || again->len != slip->len ||
        memcmp(again->frame, slip->frame, slip->len) != 0)
        abort();
    buffer_done(&wire);
    free(again);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct slip_decoder *slip = malloc(sizeof *slip);

    slip_decoder_init(slip);
    for (size_t i = 0; i < size; i++) {
        if (slip_decode(slip, data[i]) != SLIP_FRAME)
            continue;
        if (slip->len == 0 || slip->len > SLIP_FRAME_MAX)
            abort();
        frame_check(slip);
    }
    free(slip);
    return 0;
}
