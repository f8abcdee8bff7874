/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "emu/inflater.h"

#include "base/buffer.h"

#include <stdbool.h>
#include <stdlib.h>
#include <zlib.h>

struct inflater {
    z_stream z;
    enum inflater_state state;
    uint8_t window[32768];
    size_t fill;
};

struct inflater *inflater_new(void)
{
    struct inflater *in = xcalloc(1, sizeof *in);

    if (inflateInit(&in->z) != Z_OK)
        abort(); /* out of memory */
    return in;
}

void inflater_free(struct inflater *in)
{
    if (in == NULL)
        return;
    inflateEnd(&in->z);
    free(in);
}

void inflater_flush(struct inflater *in, inflater_sink *sink, void *context)
{
    if (in->fill > 0)
        sink(context, in->window, in->fill);
    in->fill = 0;
}

enum inflater_state inflater_run(struct inflater *in, const uint8_t *bytes, size_t n,
                                 inflater_sink *sink, void *context)
{
    /* zlib never writes through next_in, its type is older than const. */
    in->z.next_in = (Bytef *)(uintptr_t)bytes;
    in->z.avail_in = (uInt)n;
    while (in->state == INFLATER_MORE) {
        in->z.next_out = in->window + in->fill;
        in->z.avail_out = (uInt)(sizeof in->window - in->fill);
        int result = inflate(&in->z, Z_SYNC_FLUSH);
        in->fill = sizeof in->window - in->z.avail_out;
        if (result == Z_STREAM_END)
            in->state = INFLATER_END;
        else if (result != Z_OK && result != Z_BUF_ERROR)
            in->state = INFLATER_BAD;
        bool full = in->fill == sizeof in->window;
        if (full || in->state == INFLATER_END)
            inflater_flush(in, sink, context);
        if (!full && in->z.avail_in == 0)
            break;
    }
    return in->state;
}
