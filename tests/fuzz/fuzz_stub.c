/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "loader/stub.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct error error = {0};
    struct stub stub;

    int rc = stub_read("fuzz.json", (const char *)data, size, &stub, &error);
    if ((rc == 0) != (error.code == 0) || (rc == 0) != (stub.n_segments > 0))
        abort();
    for (int id = CHIP_AUTO + 1; rc == 0 && id < CHIP_COUNT; id++)
        stub_check_ram(&stub, chip_get((enum chip_id)id), &error);
    stub_done(&stub);
    return 0;
}
