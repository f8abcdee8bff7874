/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Paths that were taken lately: a line each, the last first. Losing them is no misfortune, so
 * whatever fails is not told. */
#include "ui/chooser.h"

#include "base/buffer.h"
#include "base/paths.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static FILE *recent_open(const char *suffix, const char *mode)
{
    char path[1100];
    char name[32];

    snprintf(name, sizeof name, "recent%s", suffix);
    return paths_state(name, path, sizeof path, NULL) == 0 ? fopen(path, mode) : NULL;
}

size_t recent_load(char *paths[RECENT_MAX])
{
    FILE *f = recent_open("", "r");
    char line[1100];
    size_t n = 0;

    while (f && n < RECENT_MAX && fgets(line, sizeof line, f)) {
        line[strcspn(line, "\n")] = '\0';
        if (line[0] == '/')
            paths[n++] = xstrdup(line);
    }
    if (f)
        fclose(f);
    return n;
}

static void recent_rename(void)
{
    char from[1100], to[1100];

    if (paths_state("recent.new", from, sizeof from, NULL) == 0 &&
        paths_state("recent", to, sizeof to, NULL) == 0)
        (void)!rename(from, to);
}

void recent_add(const char *path)
{
    char *paths[RECENT_MAX];

    if (path[0] != '/' || strchr(path, '\n') || strlen(path) > 1000)
        return;
    size_t n = recent_load(paths);
    FILE *f = recent_open(".new", "w");
    if (f) {
        fprintf(f, "%s\n", path);
        for (size_t i = 0; i < n && i < RECENT_MAX - 1; i++) {
            if (strcmp(paths[i], path) != 0)
                fprintf(f, "%s\n", paths[i]);
        }
        if (fclose(f) == 0)
            recent_rename();
    }
    for (size_t i = 0; i < n; i++)
        free(paths[i]);
}
