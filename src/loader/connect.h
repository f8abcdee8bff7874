/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The second half of loader_connect; private to loader/. */
#ifndef ESPJIG_LOADER_CONNECT_H
#define ESPJIG_LOADER_CONNECT_H

#include "loader/loader.h"

/* Which chip is it? Fills loader->chip and secure_download. Errors as loader_connect's. */
int loader_detect(struct loader *loader, enum chip_id wanted, struct error *error);

/* One SYNC and its answers, waiting `timeout_ms` for the first: sets loader->stage. */
int loader_sync(struct loader *loader, int64_t timeout_ms, struct error *error);

#endif
