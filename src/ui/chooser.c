/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "ui/chooser.h"

#include "base/buffer.h"
#include "base/clock.h"
#include "base/util.h"
#include "ui/files.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>

#define ROWS_MAX 20000 /* a directory with more is none of a person's */
#define LOOK_SIZE_MAX                                                           \
    (16 << 20) /* bytes; more would take too long, it can be taken all the same \
                */

/* ---- rows ------------------------------------------------------------------------------------ */

static void rows_free(struct chooser *chooser)
{
    for (size_t i = 0; i < chooser->n; i++) {
        free(chooser->rows[i].name);
        free(chooser->rows[i].path);
    }
    free(chooser->rows);
    free(chooser->shown);
    chooser->rows = NULL;
    chooser->shown = NULL;
    chooser->n = chooser->n_shown = 0;
    chooser->index = chooser->top = 0;
}

void chooser_done(struct chooser *chooser)
{
    rows_free(chooser);
    *chooser = (struct chooser){0};
}

static struct chooser_row *row_add(struct chooser *chooser, const char *name, const char *path)
{
    struct stat st;

    chooser->rows = xrealloc(chooser->rows, (chooser->n + 1) * sizeof *chooser->rows);
    struct chooser_row *row = &chooser->rows[chooser->n++];
    *row = (struct chooser_row){.path = xstrdup(path)};
    if (stat(path, &st) == 0) {
        row->is_dir = S_ISDIR(st.st_mode);
        row->size = S_ISREG(st.st_mode) ? (uint64_t)st.st_size : 0;
        row->looked = !row->is_dir && row->size == 0;
        util_copy(row->what, sizeof row->what,
                  !row->looked          ? ""
                  : S_ISREG(st.st_mode) ? "empty"
                                        : "a device or a pipe");
    } else {
        row->looked = true;
        util_copy(row->what, sizeof row->what, "is not there any more");
    }
    size_t n = strlen(name);
    row->name = xmalloc(n + 2);
    memcpy(row->name, name, n + 1);
    if (row->is_dir && n && name[n - 1] != '/')
        strcpy(row->name + n, "/");
    return row;
}

static bool row_fits(const struct chooser *chooser, const struct chooser_row *row)
{
    return chooser->filter[0] == '\0' || strcmp(row->name, "../") == 0 ||
           strcasestr(row->name, chooser->filter);
}

static void rows_show(struct chooser *chooser)
{
    free(chooser->shown);
    chooser->shown = xcalloc(chooser->n + 1, sizeof *chooser->shown);
    chooser->n_shown = 0;
    for (size_t i = 0; i < chooser->n; i++) {
        if (row_fits(chooser, &chooser->rows[i]))
            chooser->shown[chooser->n_shown++] = i;
    }
    if (chooser->index >= chooser->n_shown)
        chooser->index = chooser->n_shown ? chooser->n_shown - 1 : 0;
}

const struct chooser_row *chooser_selected(const struct chooser *chooser)
{
    return chooser->index < chooser->n_shown ? &chooser->rows[chooser->shown[chooser->index]]
                                             : NULL;
}

/* The first that the filter was typed for, not the way back. */
void chooser_filter(struct chooser *chooser, const char *filter)
{
    util_copy(chooser->filter, sizeof chooser->filter, filter);
    rows_show(chooser);
    chooser->index = 0;
    if (filter[0] && chooser->n_shown > 1 &&
        strcmp(chooser->rows[chooser->shown[0]].name, "../") == 0)
        chooser->index = 1;
}

/* ---- a directory ----------------------------------------------------------------------------- */

/* Directories first, then by name. */
static int row_order(const void *a, const void *b)
{
    const struct chooser_row *x = a, *y = b;

    if (x->is_dir != y->is_dir)
        return x->is_dir ? -1 : 1;
    return strcasecmp(x->name, y->name) ? strcasecmp(x->name, y->name) : strcmp(x->name, y->name);
}

static void join(char *to, size_t size, const char *dir, const char *name)
{
    snprintf(to, size, "%s%s%s", dir, dir[0] && dir[strlen(dir) - 1] == '/' ? "" : "/", name);
}

static void entries_read(struct chooser *chooser, DIR *dir)
{
    struct dirent *entry;
    char path[1300];

    while ((entry = readdir(dir)) && chooser->n < ROWS_MAX) {
        if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0 ||
            (entry->d_name[0] == '.' && !chooser->hidden))
            continue;
        join(path, sizeof path, chooser->dir, entry->d_name);
        row_add(chooser, entry->d_name, path);
    }
}

static void parent_of(char *to, size_t size, const char *dir)
{
    const char *slash = strrchr(dir, '/');

    if (slash == NULL || slash == dir)
        util_copy(to, size, "/");
    else
        snprintf(to, size, "%.*s", (int)(slash - dir), dir);
}

/* The way up, and the directory itself where that is a build. */
static void heads_add(struct chooser *chooser)
{
    char parent[1024];
    enum source_kind kind = source_kind(chooser->dir);

    parent_of(parent, sizeof parent, chooser->dir);
    if (strcmp(chooser->dir, "/") != 0) {
        struct chooser_row *row = row_add(chooser, "..", parent);
        row->looked = true;
    }
    if (kind != SOURCE_NONE) {
        struct chooser_row *row = row_add(chooser, ".", chooser->dir);
        row->looked = row->usable = true;
        snprintf(row->what, sizeof row->what, "all of this: %s", source_kind_name(kind));
    }
}

static void select_name(struct chooser *chooser, const char *name)
{
    size_t n = strlen(name);

    for (size_t i = 0; n && i < chooser->n_shown; i++) {
        const char *row = chooser->rows[chooser->shown[i]].name;
        if (strncmp(row, name, n) == 0 && (row[n] == '\0' || strcmp(row + n, "/") == 0))
            chooser->index = i;
    }
}

void chooser_open(struct chooser *chooser, const char *dir, const char *select)
{
    char real[1024], keep[300];

    util_copy(keep, sizeof keep, select); /* it may be a part of what is about to go */
    util_copy(real, sizeof real, dir);
    rows_free(chooser);
    chooser->filter[0] = chooser->problem[0] = '\0';
    chooser->recent = false;
    util_copy(chooser->dir, sizeof chooser->dir, real);
    heads_add(chooser);
    size_t heads = chooser->n;
    DIR *open = opendir(real);
    if (open) {
        entries_read(chooser, open);
        if (chooser->n >= ROWS_MAX)
            snprintf(chooser->problem, sizeof chooser->problem,
                     "only %d names are shown; a takes the path of any other", ROWS_MAX);
        closedir(open);
        qsort(chooser->rows + heads, chooser->n - heads, sizeof *chooser->rows, row_order);
    } else {
        snprintf(chooser->problem, sizeof chooser->problem, "%.300s can't be read: %m", real);
    }
    rows_show(chooser);
    if (heads == 2) /* what one came for */
        chooser->index = 1;
    else if (heads == 1 && chooser->n > 1)
        chooser->index = 1;
    select_name(chooser, keep);
}

void chooser_parent(struct chooser *chooser)
{
    char parent[1024];

    if (chooser->recent) {
        chooser_open(chooser, chooser->dir, "");
        return;
    }
    parent_of(parent, sizeof parent, chooser->dir);
    chooser_open(chooser, parent, util_basename(chooser->dir));
}

void chooser_show_hidden(struct chooser *chooser, bool hidden)
{
    const struct chooser_row *row = chooser_selected(chooser);
    char name[300] = "";

    if (row)
        util_copy(name, sizeof name, row->name);
    name[strcspn(name, "/")] = '\0';
    chooser->hidden = hidden;
    chooser_open(chooser, chooser->dir, name);
}

void chooser_open_recent(struct chooser *chooser)
{
    char *paths[RECENT_MAX];
    size_t n = recent_load(paths);

    rows_free(chooser);
    chooser->filter[0] = chooser->problem[0] = '\0';
    chooser->recent = true;
    for (size_t i = 0; i < n; i++) {
        row_add(chooser, paths[i], paths[i]);
        free(paths[i]);
    }
    if (n == 0)
        util_copy(chooser->problem, sizeof chooser->problem, "nothing was taken yet");
    rows_show(chooser);
}

/* ---- what it is ------------------------------------------------------------------------------ */

static void row_look(struct chooser_row *row)
{
    struct file_facts facts;

    row->looked = true;
    if (!row->is_dir && row->size == 0) /* or one of the kernel's, that may block */
        return;
    enum source_kind kind = source_kind(row->path);
    if (kind != SOURCE_NONE) {
        row->usable = true;
        util_copy(row->what, sizeof row->what, source_kind_name(kind));
    }
    if (row->is_dir || (kind != SOURCE_NONE && kind != SOURCE_IMAGE) || row->size > LOOK_SIZE_MAX)
        return;
    if (file_look(row->path, NULL, &facts) < 0) {
        util_copy(row->what, sizeof row->what, "can't be used");
    } else if (strcmp(facts.what, "data") != 0) {
        row->usable = true;
        util_copy(row->what, sizeof row->what, facts.what);
    }
    file_facts_done(&facts);
}

bool chooser_look(struct chooser *chooser, int budget_ms)
{
    int64_t end = clock_ms() + budget_ms;
    bool any = false;

    for (size_t step = 0; step < 2 * chooser->n_shown; step++) { /* 0, +1, -1, +2, -2 ... */
        size_t by = (step + 1) / 2, at = step % 2 ? chooser->index + by : chooser->index - by;
        if (at >= chooser->n_shown || chooser->rows[chooser->shown[at]].looked)
            continue;
        row_look(&chooser->rows[chooser->shown[at]]);
        any = true;
        if (clock_ms() >= end)
            break;
    }
    return any;
}
