/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What was made from an image once, for all processes and for the next time: blobs by key, as files
 * in $XDG_CACHE_HOME/espjig/images (else ~/.cache/espjig/images), mapped by whoever needs them.
 *
 * A file is put in place whole or not at all, and never written to again. It is believed only when
 * it is ours, complete and undamaged; anything else of that name is built anew. Where the directory
 * can't be used, or the disk is full, a blob lives in memory only, until its last user is gone.
 */
#ifndef ESPJIG_IMAGE_CACHE_H
#define ESPJIG_IMAGE_CACHE_H

#include "base/buffer.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { CACHE_KEY_MAX = 48 }; /* of a key with its terminating zero; it is the file's name */

struct blob {
    const uint8_t *bytes; /* read only, aligned to 16; NULL: none */
    size_t n;
    void *map; /* what is mapped: blob_done() needs it */
    size_t map_n;
};

void blob_done(struct blob *blob); /* also right for a zeroed struct */

/* Appends the blob to `content`. 0 or a negative enum err. */
typedef int cache_build_fn(void *context, struct buffer *content);

/* A descriptor of the blob `key`, for blob_map(); the caller closes it. It is looked for, or built:
 * by one process at a time, so that others that ask for it meanwhile wait and find it. May block as
 * long as building takes, so that it is for a process of its own; a signal handler that is to
 * end the wait has to end the process. *built says whether it was us. A negative enum err only when
 * `build` fails, or there is no memory left. */
int cache_get(const char *key, cache_build_fn *build, void *context, bool *built);

/* Maps what cache_get() gave, and checked. False when it is no blob or is cut short. */
bool blob_map(int fd, struct blob *blob);

#endif
