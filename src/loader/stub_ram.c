/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Whether a stub file's segments lie in a chip's RAM. */
#include "loader/loader.h"
#include "loader/stub.h"

int stub_check_ram(const struct stub *stub, const struct chip *chip, struct error *error)
{
    if (chip->stub == NULL)
        return error_set(error, ERR_STUB_FILE, "%s: the %s takes no stub", stub->path, chip->name);
    for (size_t i = 0; i < stub->n_segments; i++) {
        const struct stub_segment *segment = &stub->segments[i];
        if (!loader_ram_holds(chip, segment->address, segment->size))
            return error_set(error, ERR_STUB_FILE,
                             "%s: %zu bytes at 0x%08x do not lie in the %s's RAM", stub->path,
                             segment->size, segment->address, chip->name);
    }
    return 0;
}
