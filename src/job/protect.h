/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Ranges of the flash that a job leaves alone. Flash is erased by the sector, so that all sectors
 * that a range has a part in are protected. For job/ only. */
#ifndef ESPJIG_JOB_PROTECT_H
#define ESPJIG_JOB_PROTECT_H

#include "job/job.h"

/* ERR_USAGE for ranges that are none. */
int protect_check(const struct job *job, struct error *error);

/* Whether erasing `size` bytes at `address` would hit one: ERR_PROTECTED, about `what`. */
int protect_check_range(const struct job *job, const char *what, uint64_t address, uint64_t size,
                        struct error *error);

/* The next piece of what may be erased, from `address` to `end`: false when there is none. Both
 * numbers are of sectors. */
bool protect_next_free(const struct job *job, uint64_t address, uint64_t end, uint64_t *start,
                       uint64_t *stop);

#endif
