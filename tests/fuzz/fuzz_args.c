/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "source_target.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    source_target("flash_args", CHIP_AUTO, source_args_read, data, size);
    return 0;
}
