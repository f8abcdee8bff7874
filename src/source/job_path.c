/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "source/job_path.h"

#include "base/buffer.h"
#include "base/util.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

char *job_path_directory(const char *path)
{
    size_t n = (size_t)(util_basename(path) - path);
    char *directory;

    if (n == 0)
        return xstrdup(".");
    n -= n > 1; /* without the slash, but for the root's */
    directory = xmalloc(n + 1);
    memcpy(directory, path, n);
    directory[n] = '\0';
    return directory;
}

static char *joined(const char *directory, const char *path)
{
    struct buffer out = {0};
    size_t n = strlen(directory);

    buffer_printf(&out, "%s%s%s", directory, n && directory[n - 1] == '/' ? "" : "/", path);
    return (char *)out.data;
}

/* Goes up from a directory by its real path, so that what is left has no dots in it. */
char *job_path_join(const char *directory, const char *path)
{
    char *real, *whole;

    if (path[0] == '/')
        return xstrdup(path);
    while (strncmp(path, "./", 2) == 0)
        path += 2;
    if (strcmp(directory, ".") == 0 && strncmp(path, "../", 3) != 0)
        return xstrdup(path);
    if (strncmp(path, "../", 3) != 0 || (real = realpath(directory, NULL)) == NULL)
        return joined(directory, path);
    while (strncmp(path, "../", 3) == 0) {
        path += 3;
        char *slash = strrchr(real, '/');
        slash[slash == real] = '\0';
    }
    whole = joined(real, path);
    free(real);
    return whole;
}

/* The real path of the directory, with the name behind it; a directory that is not there stays as
 * it is called. */
static char *real_of(const char *path)
{
    char *directory = job_path_directory(path), *real = realpath(directory, NULL);
    char *cwd = real || path[0] == '/' ? NULL : getcwd(NULL, 0);
    char *whole = real ? joined(real, util_basename(path)) : joined(cwd ? cwd : "", path);

    free(cwd);
    free(real);
    free(directory);
    return whole;
}

/* Length of the directories that both begin with, the slash behind them included. */
static size_t common(const char *a, const char *b)
{
    size_t n = 0;

    for (size_t i = 0; a[i] && a[i] == b[i]; i++)
        n = a[i] == '/' ? i + 1 : n;
    return n;
}

char *job_path_relative(const char *directory, const char *path)
{
    char *real = realpath(directory, NULL);
    struct buffer out = {0};

    if (real == NULL)
        return xstrdup(path);
    char *from = joined(real, ""), *to = real_of(path);
    size_t n = common(from, to);
    if (n <= 1) {
        buffer_printf(&out, "%s", to);
    } else {
        for (const char *p = from + n; *p; p++)
            buffer_printf(&out, "%s", *p == '/' ? "../" : "");
        buffer_printf(&out, "%s", to + n);
    }
    free(to);
    free(from);
    free(real);
    return (char *)out.data;
}
