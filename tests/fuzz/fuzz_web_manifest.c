/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "source_target.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    source_target("manifest.json", size % 2 ? CHIP_ESP32 : CHIP_AUTO, source_web_read, data, size);
    return 0;
}
