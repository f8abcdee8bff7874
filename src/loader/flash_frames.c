/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The blocks of a compressed image as they go over the wire: the same for every chip and port. */
#include "image/deflate.h"
#include "loader/command.h"

#include <stdlib.h>

int loader_frames_build(const uint8_t *deflated, size_t size, struct buffer *bytes,
                        struct wire_block **blocks, size_t *n, struct error *error)
{
    size_t count = (size + STUB_BLOCK - 1) / STUB_BLOCK;
    struct wire_block *all = xcalloc(count, sizeof *all);
    struct inflater *inflater = inflater_new();
    size_t start = bytes->len;
    int rc = 0;

    for (size_t i = 0; i < count; i++) {
        uint8_t fields[16];
        size_t at = i * STUB_BLOCK, part = size - at < STUB_BLOCK ? size - at : STUB_BLOCK;
        struct request request = {.op = OP_DEFL_DATA,
                                  .data = fields,
                                  .n = WORDS(fields, (uint32_t)part, (uint32_t)i, 0, 0),
                                  .payload = deflated + at,
                                  .payload_n = part};
        long out = inflater_feed(inflater, deflated + at, part);
        if (out < 0) {
            rc = error_set(error, ERR_INTERNAL, "a compressed image is damaged");
            goto out;
        }
        all[i].offset = (uint32_t)bytes->len;
        all[i].out = (uint32_t)out;
        command_encode(bytes, &request);
        all[i].length = (uint32_t)bytes->len - all[i].offset;
    }
    *blocks = all;
    *n = count;
    all = NULL;
out:
    if (rc < 0)
        bytes->len = start;
    free(all);
    inflater_free(inflater);
    return rc;
}
