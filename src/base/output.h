/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A file that is written as a whole or not at all: a temporary one in the same directory until all
 * bytes are on the disk, then renamed, so that an existing file is lost neither to a failure nor to
 * a power cut. A link stays one. What is no regular file (a pipe, /dev/stdout) is written to as it
 * is.
 */
#ifndef ESPJIG_BASE_OUTPUT_H
#define ESPJIG_BASE_OUTPUT_H

#include "base/error.h"

#include <stddef.h>

struct output {
    int fd; /* -1: not open */
    char *path, *temporary;
};

/* ERR_FILE_WRITE when it can't be written, before anything else is tried. */
int output_open(struct output *output, const char *path, struct error *error);
int output_finish(struct output *output, const void *data, size_t n, struct error *error);
void output_done(struct output *output); /* removes what was not finished */

/* All three at once. ERR_FILE_WRITE. */
int output_write(const char *path, const void *data, size_t n, struct error *error);

#endif
