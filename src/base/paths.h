/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Where things are kept between runs (XDG Base Directory Specification). */
#ifndef ESPJIG_BASE_PATHS_H
#define ESPJIG_BASE_PATHS_H

#include "base/error.h"

#include <stddef.h>

/* $XDG_STATE_HOME/espjig/NAME (else ~/.local/state/espjig/NAME); the directory is made. Where the
 * bench ("bench.json"), the records ("records.db"), "station.log" and "rates.json" are.
 * ERR_FILE_WRITE. */
int paths_state(const char *name, char *path, size_t size, struct error *error);

#endif
