/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Espressif's flasher stubs: JSON files that are found at run time, never part of espjig.
 *
 * Looked for as NAME.json, 2/NAME.json and 1/NAME.json in: the directory that was asked for,
 * $ESPJIG_STUB_DIR, $XDG_DATA_HOME/espjig/stubs, PKGDATADIR/stubs, then in the esptool packages
 * that ESP-IDF, PlatformIO and pip leave behind.
 */
#ifndef ESPJIG_LOADER_STUB_H
#define ESPJIG_LOADER_STUB_H

#include "base/error.h"
#include "chip/chip.h"

#include <stddef.h>
#include <stdint.h>

struct stub_segment {
    uint32_t address;
    uint8_t *data;
    size_t size;
};

struct stub {
    char path[512];
    int version; /* 1: legacy, 2: esp-flasher-stub; told by directory or content; 0: not known */
    uint32_t entry;
    struct stub_segment segments[2]; /* text, data */
    size_t n_segments;
};

/* The nth best stub file of this base name, such as loader_stub_name() and chip->stub give it (0
 * first: version 2 before 1). `name` NULL: the chip has no stub. `dir` may be NULL. Returns 0 with
 * *stub filled (stub_done() it), ERR_FILE_UNREADABLE when there is none (text says where was
 * looked), ERR_STUB_FILE when the file is damaged. */
int stub_find(const char *name, const char *dir, int nth, struct stub *stub, struct error *error);
int stub_load(const char *path, struct stub *stub, struct error *error);
/* From memory; `path` is its name. */
int stub_read(const char *path, const char *text, size_t size, struct stub *stub,
              struct error *error);
/* Do its segments lie in this chip's RAM? ERR_STUB_FILE names the one that does not. */
int stub_check_ram(const struct stub *stub, const struct chip *chip, struct error *error);
void stub_done(struct stub *stub); /* also right for a zeroed struct */

#endif
