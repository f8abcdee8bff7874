/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/output.h"

#include "base/buffer.h"
#include "base/util.h"

#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static int fail(const struct output *output, int number, struct error *error)
{
    return error_set(error, ERR_FILE_WRITE, "%s can't be written: %s", output->path,
                     strerror(number));
}

/* mkstemp() makes files that only the owner may read; this one is to be like any other. */
static mode_t usual_mode(const struct stat *old)
{
    mode_t mask = umask(0);

    umask(mask);
    return old ? old->st_mode & 0777 : 0666 & ~mask;
}

static int temporary_open(struct output *output, const struct stat *old, struct error *error)
{
    struct buffer name = {0};
    char *copy = xstrdup(output->path);

    buffer_printf(&name, "%s/.%s.XXXXXX", dirname(copy), util_basename(output->path));
    free(copy);
    output->temporary = (char *)name.data;
    output->fd = mkstemp(output->temporary);
    if (output->fd < 0) {
        int number = errno;
        free(output->temporary);
        output->temporary = NULL;
        return fail(output, number, error);
    }
    fcntl(output->fd, F_SETFD, FD_CLOEXEC);
    if (fchmod(output->fd, usual_mode(old)) != 0)
        return fail(output, errno, error);
    return 0;
}

int output_open(struct output *output, const char *path, struct error *error)
{
    struct stat st;
    char *real = realpath(path, NULL); /* a symlink stays one; NULL: the file is new */

    *output = (struct output){.fd = -1, .path = real ? real : xstrdup(path)};
    bool exists = stat(output->path, &st) == 0;
    if (exists && S_ISDIR(st.st_mode))
        return fail(output, EISDIR, error);
    if (exists && access(output->path, W_OK) != 0)
        return fail(output, errno, error);
    if (!exists || S_ISREG(st.st_mode))
        return temporary_open(output, exists ? &st : NULL, error);
    output->fd = open(output->path, O_WRONLY | O_CLOEXEC | O_NOCTTY);
    return output->fd < 0 ? fail(output, errno, error) : 0;
}

int output_finish(struct output *output, const void *data, size_t n, struct error *error)
{
    int number = -util_write_all(output->fd, data, n);

    if (number == 0 && output->temporary && fsync(output->fd) != 0)
        number = errno;
    if (close(output->fd) != 0 && number == 0)
        number = errno;
    output->fd = -1;
    if (number == 0 && output->temporary) {
        if (rename(output->temporary, output->path) != 0)
            number = errno;
        else
            free(output->temporary), output->temporary = NULL;
    }
    return number ? fail(output, number, error) : 0;
}

void output_done(struct output *output)
{
    if (output->fd >= 0)
        close(output->fd);
    if (output->temporary)
        unlink(output->temporary);
    free(output->temporary);
    free(output->path);
    *output = (struct output){.fd = -1};
}

int output_write(const char *path, const void *data, size_t n, struct error *error)
{
    struct output output;
    int result = output_open(&output, path, error);

    if (result == 0)
        result = output_finish(&output, data, n, error);
    output_done(&output);
    return result;
}
