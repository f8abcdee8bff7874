/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "image/chunks.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* As pieces: every byte of a piece comes from the file, they ascend and do not touch. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct error error = {0};
    struct chunks chunks = {0};
    struct pieces pieces = {0};
    size_t total = 0;

    if (hex_read(&chunks, "fuzz", data, size, &error) == 0) {
        chunks_join(&chunks, &pieces);
        for (size_t i = 0; i < pieces.n; i++) {
            total += pieces.rows[i].size;
            if (i > 0 && pieces.rows[i].address <=
                             pieces.rows[i - 1].address + (pieces.rows[i - 1].size - 1) + 1)
                abort();
        }
        if (total != chunks.bytes.len || total == 0)
            abort();
    } else if (error.code == ERR_OK) {
        abort();
    }
    pieces_done(&pieces);
    chunks_done(&chunks);
    return 0;
}
