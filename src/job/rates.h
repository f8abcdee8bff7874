/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What is remembered of each port's rates between jobs, in rates.json of the state directory. Many
 * jobs at once may read and write it. For job/ only.
 */
#ifndef ESPJIG_JOB_RATES_H
#define ESPJIG_JOB_RATES_H

#include "base/error.h"
#include "link/link.h"

#include <stddef.h>

/* After so many jobs that passed, a rate that has failed is tried again: the cable may be another
 * one by now. */
enum { RATES_FORGIVE_AFTER = 25 };

struct rates_entry {
    unsigned good;   /* the highest that held; 0: none is known */
    unsigned failed; /* the lowest that did not; 0 */
    unsigned since;  /* jobs that passed after that */
};

/* What a port is remembered by: USB path and kind of adapter, or the address of a remote port; ""
 * for a port that will be another one next time. */
void rates_key(const struct link *link, char *key, size_t size);

/* Zeroed where nothing is known. A file that can't be read or makes no sense is ERR_FILE_FORMAT or
 * ERR_FILE_UNREADABLE. */
int rates_read(const char *key, struct rates_entry *entry, struct error *error);

/* A job has ended: the highest rate that held (0: none) and the lowest that failed (0: none). A
 * damaged file is begun anew. */
int rates_note(const char *key, unsigned held, unsigned failed, struct error *error);

/* What an entry becomes by that; rates_note() without the file. */
void rates_learn(struct rates_entry *entry, unsigned held, unsigned failed);

#endif
