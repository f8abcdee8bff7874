/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What the import and the export of the Flash Download Tool's settings share. For source/ only. */
#ifndef ESPJIG_SOURCE_FDT_H
#define ESPJIG_SOURCE_FDT_H

#include "source/private.h"

#include <stddef.h>

enum { FDT_SPEEDS = 4, FDT_MODES = 5 };
extern const char *const fdt_speeds[FDT_SPEEDS]; /* SPI SPEED, by index: "40m" ... */
extern const char *const fdt_modes[FDT_MODES];   /* SPI MODE */

bool fdt_is_off(const char *value); /* nothing, 0, False ... */

/* The directories that a path of the tool may be relative to: that of the .conf file, then its
 * parents up to the one that holds configure/. */
struct fdt_places {
    char *rows[4];
    size_t n;
    char *bin; /* default_path as it is called there; "" */
};
void fdt_places_find(struct fdt_places *places, const char *directory);
void fdt_places_done(struct fdt_places *places);

/* Where the file that the tool calls `windows` is on this machine; caller frees. NULL with the
 * error set. Tells in a note what it takes instead, or where to put it. `where`: its key. */
char *fdt_file_find(struct source *s, const struct fdt_places *places, const char *where,
                    const char *windows);

/* From memory, for the fuzzer: `main` is a spi_download.conf or multi_download.conf, the others may
 * be NULL. Their names are what messages call them. */
struct fdt_text {
    const char *name, *text;
    size_t size;
};
int fdt_read(struct source *s, const struct fdt_text *main, const struct fdt_text *utility,
             const struct fdt_text *security, const struct fdt_places *places);

#endif
