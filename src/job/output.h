/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The file that read-flash fills: a temporary one in the same directory until all bytes are on the
 * disk, then renamed, so that an existing file is lost neither to a failed read nor to a power cut.
 * What is no regular file (a pipe, /dev/stdout) is written to as it is. For job/ only.
 */
#ifndef ESPJIG_JOB_OUTPUT_H
#define ESPJIG_JOB_OUTPUT_H

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

#endif
