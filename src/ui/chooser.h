/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A directory to choose from: what is in it, and what each of that is. Directories can be builds
 * (source/source.h), and then they can be taken as well as entered. Looking at files takes time, so
 * it is done in small portions.
 */
#ifndef ESPJIG_UI_CHOOSER_H
#define ESPJIG_UI_CHOOSER_H

#include "source/source.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct chooser_row {
    char *name; /* as shown; "../", "./" for the directory itself */
    char *path;
    bool is_dir;
    bool looked;   /* the rest is known */
    bool usable;   /* a build, a job, an image */
    uint64_t size; /* bytes; directories: 0 */
    char what[80];
};

struct chooser {
    char dir[1024];
    char filter[64];
    bool hidden; /* names that begin with a dot are shown */
    bool recent; /* what was taken lately, instead of a directory */
    char problem[400];
    struct chooser_row *rows;
    size_t n;
    size_t *shown; /* indices of the rows that the filter lets through */
    size_t n_shown;
    size_t index, top; /* in `shown` */
};

/* Reads a directory; where that can't be read, `problem` says why and only ".." is there. The row
 * of that name is selected ("" = the first). */
void chooser_open(struct chooser *chooser, const char *dir, const char *select);
void chooser_open_recent(struct chooser *chooser);
void chooser_parent(struct chooser *chooser);
void chooser_done(struct chooser *chooser);

void chooser_filter(struct chooser *chooser, const char *filter);
void chooser_show_hidden(struct chooser *chooser, bool hidden);

/* NULL: the list is empty. */
const struct chooser_row *chooser_selected(const struct chooser *chooser);

/* Finds out what the rows are, those around the selected one first, for at most about `budget_ms`.
 * Returns whether anything has become known; false: nothing is left to be done. */
bool chooser_look(struct chooser *chooser, int budget_ms);

/* Paths that were taken, the last first; kept in the state directory. Returns how many. */
enum { RECENT_MAX = 20 };
size_t recent_load(char *paths[RECENT_MAX]); /* owned by the caller */
void recent_add(const char *path);           /* absolute */

#endif
