/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Bytes that live as long as the chip: anonymous memory, or a file mapped shared, so that other
 * processes see every change at once and a SIGKILL loses nothing.
 */
#ifndef ESPJIG_EMU_STORAGE_H
#define ESPJIG_EMU_STORAGE_H

#include "base/error.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct storage {
    uint8_t *bytes;
    size_t size;
    bool fresh; /* nothing was kept from an earlier run */
};

/* `path` NULL: memory only. A missing file is made and filled with `fill`; an existing one must
 * have exactly `size` bytes. On an error nothing is mapped. */
int storage_open(struct storage *s, const char *path, size_t size, uint8_t fill, struct error *e);
void storage_close(struct storage *s);

#endif
