/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "image/pieces.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void one(const uint8_t *data, size_t size, enum chip_id chip)
{
    struct error error = {0};
    struct pieces pieces;

    pieces_read(&pieces, "fuzz", data, size, PIECES_OWN_ADDRESS, chip_get(chip), &error);
    pieces_done(&pieces);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (file_form(data, size) == FORM_ELF)
        return 0; /* has a target of its own */
    one(data, size, CHIP_AUTO);
    one(data, size, CHIP_ESP32C3);
    return 0;
}
