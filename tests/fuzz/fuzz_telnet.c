/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What an RFC 2217 server sends: in one piece or byte by byte, it is the same. */
#include "link/telnet.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void on_option(void *context, uint8_t verb, uint8_t option)
{
    if (verb < TELNET_WILL || verb > TELNET_DONT)
        abort();
    buffer_append_byte(context, verb);
    buffer_append_byte(context, option);
}

static void on_sub(void *context, const uint8_t *bytes, size_t n)
{
    if (n > sizeof(((struct telnet *)0)->bytes))
        abort();
    buffer_append(context, bytes, n);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct buffer text[2] = {0}, said[2] = {0};
    struct telnet whole = {.option = on_option, .sub = on_sub, .context = &said[0]};
    struct telnet bytes = {.option = on_option, .sub = on_sub, .context = &said[1]};

    telnet_feed(&whole, data, size, &text[0]);
    for (size_t i = 0; i < size; i++)
        telnet_feed(&bytes, data + i, 1, &text[1]);
    for (size_t i = 0; i < 2; i++) {
        const struct buffer *both = i ? said : text;
        if (both[0].len != both[1].len ||
            (both[0].len > 0 && memcmp(both[0].data, both[1].data, both[0].len) != 0))
            abort();
    }
    for (size_t i = 0; i < 2; i++) {
        buffer_done(&text[i]);
        buffer_done(&said[i]);
    }
    return 0;
}
