/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Files as a Windows program calls them, found on another machine. */
#include "base/util.h"
#include "source/fdt.h"
#include "source/job_path.h"

#include <ctype.h>
#include <dirent.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>

/* ---- places ---- */

/* How many directories lie above this one in the tool's own tree, TOOL/configure/CHIP. */
static int levels_above(const char *directory)
{
    char real[PATH_MAX];

    for (int levels = 1; realpath(directory, real) && levels <= 2; levels++) {
        for (int i = 1; i < levels && strrchr(real, '/'); i++)
            *strrchr(real, '/') = '\0';
        if (strcasecmp(util_basename(real), "configure") == 0)
            return levels;
    }
    return 0;
}

/* Without the last name where that is the directory's own, no link and no dots. */
static char *parent_of(const char *directory)
{
    size_t n = strlen(directory);
    char *path = xstrdup(directory), real[PATH_MAX];
    struct buffer up = {0};

    while (n > 1 && path[n - 1] == '/')
        path[--n] = '\0';
    if (realpath(path, real) && strcmp(util_basename(real), util_basename(path)) == 0 &&
        strcmp(path, "/") != 0) {
        char *parent = job_path_directory(path);
        free(path);
        return parent;
    }
    buffer_printf(&up, "%s/..", path);
    free(path);
    return (char *)up.data;
}

void fdt_places_find(struct fdt_places *places, const char *directory)
{
    const char *where = directory[0] ? directory : ".";
    int above = levels_above(where);

    *places = (struct fdt_places){.bin = xstrdup("")};
    places->rows[places->n++] = xstrdup(where);
    for (int i = 0; i < above; i++)
        places->rows[places->n++] = parent_of(places->rows[i]);
}

void fdt_places_done(struct fdt_places *places)
{
    for (size_t i = 0; i < places->n; i++)
        free(places->rows[i]);
    free(places->bin);
    *places = (struct fdt_places){0};
}

/* ---- names ---- */

static bool is_absolute(const char *path)
{
    return path[0] == '/' || (isalpha((unsigned char)path[0]) && path[1] == ':');
}

/* With slashes, and without what stays where it is. */
static char *with_slashes(const char *windows)
{
    struct buffer out = {0};

    for (const char *p = windows; *p; p++)
        buffer_append_byte(&out, *p == '\\' ? '/' : (uint8_t)*p);
    buffer_printf(&out, "%s", "");
    char *path = xstrdup(out.data ? (const char *)out.data : "");
    buffer_done(&out);
    while (strncmp(path, "./", 2) == 0)
        memmove(path, path + 2, strlen(path + 2) + 1);
    return path;
}

static bool is_file(const char *path)
{
    struct stat st;

    return stat(path, &st) == 0 && S_ISREG(st.st_mode);
}

static char *join(const char *a, const char *b)
{
    struct buffer out = {0};
    size_t n = strlen(a);

    buffer_printf(&out, "%s%s%s", a, n && a[n - 1] != '/' ? "/" : "", b);
    return (char *)out.data;
}

/* The file of that name in the directory; to Windows case does not matter. NULL: there is none. */
static char *in_directory(const char *directory, const char *name)
{
    char *path = join(directory, name);
    struct dirent *entry;
    DIR *dir;

    if (is_file(path))
        return path;
    free(path);
    path = NULL;
    dir = opendir(directory);
    while (dir && path == NULL && (entry = readdir(dir)) != NULL) {
        if (strcasecmp(entry->d_name, name) != 0)
            continue;
        path = join(directory, entry->d_name);
        if (!is_file(path)) {
            free(path);
            path = NULL;
        }
    }
    if (dir)
        closedir(dir);
    return path;
}

/* By its whole relative path. */
static char *by_path(const struct fdt_places *places, const char *path)
{
    char *directory = job_path_directory(path), *found = NULL;

    for (size_t i = 0; i < places->n && found == NULL; i++) {
        char *whole = strcmp(directory, ".") == 0 ? xstrdup(places->rows[i])
                                                  : join(places->rows[i], directory);
        found = in_directory(whole, util_basename(path));
        free(whole);
    }
    free(directory);
    return found;
}

static char *by_name(const struct fdt_places *places, const char *name)
{
    char *found = NULL;

    for (size_t i = 0; i < places->n && found == NULL; i++) {
        char *bin = join(places->rows[i], places->bin);
        found = in_directory(places->rows[i], name);
        if (found == NULL && places->bin[0] && !is_absolute(places->bin))
            found = in_directory(bin, name);
        free(bin);
    }
    return found;
}

/* A folder from a stranger has no business with files beside it. */
static int check_inside(struct source *s, const struct fdt_places *places, const char *where,
                        const char *path)
{
    char real[PATH_MAX], root[PATH_MAX];
    size_t n;

    if (s->options->allow_outside || realpath(path, real) == NULL ||
        realpath(places->rows[places->n - 1], root) == NULL)
        return 0;
    n = strcmp(root, "/") == 0 ? 0 : strlen(root);
    if (strncmp(real, root, n) == 0 && real[n] == '/')
        return 0;
    return error_set(s->error, ERR_FILE_FORMAT,
                     "%s: %s names %s, which lies outside of %s (--allow-outside takes it)",
                     s->name, where, path, root);
}

char *fdt_file_find(struct source *s, const struct fdt_places *places, const char *where,
                    const char *windows)
{
    char *path = with_slashes(windows), *found = NULL;
    const char *name = util_basename(path);

    if (name[0] == '\0' || strcmp(name, "..") == 0 || strlen(path) >= PATH_MAX ||
        strstr(path, JOB_PATH_CHIP)) {
        error_set(s->error, ERR_FILE_FORMAT, "%s: %s: \"%.200s\" is no name of a file", s->name,
                  where, windows);
        goto out;
    }
    if (!is_absolute(path))
        found = by_path(places, path);
    else if (path[0] == '/' && s->options->allow_outside && is_file(path))
        found = xstrdup(path);
    if (found == NULL && (found = by_name(places, name)) != NULL) {
        source_note(s->notes, false, "%s: %s: %.120s is not there, so %.120s is taken", s->name,
                    where, windows, found);
    } else if (found == NULL) {
        char *bin = join(places->rows[places->n - 1], is_absolute(places->bin) ? "" : places->bin);
        found = join(bin, name);
        free(bin);
        source_note(s->notes, true, "%s: %s: %.120s is not there: put the file at %.120s", s->name,
                    where, windows, found);
    }
    if (check_inside(s, places, where, found) != 0) {
        free(found);
        found = NULL;
    }
out:
    free(path);
    return found;
}
