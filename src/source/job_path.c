/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "source/job_path.h"

#include "base/util.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
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

static int read_all(int fd, const char *path, size_t max, struct buffer *text, struct error *error)
{
    for (;;) {
        ssize_t got = read(fd, buffer_reserve(text, 65536), 65536);
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            return error_set(error, ERR_FILE_UNREADABLE, "%s: %s", path, strerror(errno));
        if (got == 0)
            return 0;
        text->len += (size_t)got;
        if (text->len > max)
            return error_set(error, ERR_FILE_FORMAT, "%s: more than %zu bytes are too many", path,
                             max);
    }
}

int job_path_read(const char *path, size_t max, struct buffer *text, struct error *error)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
    struct stat st;
    int result;

    if (fd < 0 || fstat(fd, &st) != 0)
        result = error_set(error, ERR_FILE_UNREADABLE, "%s: %s", path, strerror(errno));
    else if (!S_ISREG(st.st_mode))
        result = error_set(error, ERR_FILE_UNREADABLE, "%s: not a regular file", path);
    else
        result = read_all(fd, path, max, text, error);
    if (fd >= 0)
        close(fd);
    return result;
}

int job_path_write(const char *path, const struct buffer *text, struct error *error)
{
    char *real = realpath(path, NULL); /* a link stays one */
    char *directory = job_path_directory(real ? real : path);
    char *new = joined(directory, ".espjig-XXXXXX");
    mode_t mask = umask(0);
    int fd, failure = 0;

    umask(mask);
    fd = mkstemp(new);
    if (fd < 0) {
        failure = -errno;
        goto out;
    }
    failure = util_write_all(fd, text->data, text->len);
    if (failure == 0 && (fchmod(fd, 0666 & ~mask) != 0 || fsync(fd) != 0))
        failure = -errno;
    if (close(fd) != 0 && failure == 0)
        failure = -errno;
    if (failure == 0 && rename(new, real ? real : path) != 0)
        failure = -errno;
    if (failure != 0)
        unlink(new);
out:
    free(new);
    free(directory);
    free(real);
    return failure == 0 ? 0 : error_set(error, ERR_FILE_WRITE, "%s: %s", path, strerror(-failure));
}
