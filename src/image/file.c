/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "image/image.h"

#include "base/buffer.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum {
    RAW_MAX = 256 << 20, /* twice the largest flash that has a name */
    FORM_MAX = 1 << 30   /* the same as text, or with what debuggers want */
};

static int unreadable(struct error *error, const char *path, const char *reason)
{
    return error_set(error, ERR_FILE_UNREADABLE, "can't read %s: %s", path, reason);
}

/* Only plain files: a pipe or a device could block for ever or never end. */
static int file_size(int fd, const char *path, size_t *size, struct error *error)
{
    struct stat st;

    if (fstat(fd, &st) != 0)
        return unreadable(error, path, strerror(errno));
    if (S_ISDIR(st.st_mode))
        return unreadable(error, path, "it is a directory");
    if (!S_ISREG(st.st_mode))
        return unreadable(error, path, "it is no regular file");
    if (st.st_size == 0)
        return error_set(error, ERR_FILE_EMPTY, "%s is empty", path);
    if ((uint64_t)st.st_size > UINT32_MAX)
        return error_set(error, ERR_TOO_BIG,
                         "%s has %lld bytes, more than 32-bit flash addresses can reach", path,
                         (long long)st.st_size);
    *size = (size_t)st.st_size;
    return 0;
}

/* Before there is memory for it: a file of gaps can promise much. */
static int file_judge(int fd, const char *path, size_t size, struct error *error)
{
    uint8_t head[16];
    ssize_t n = size > RAW_MAX ? pread(fd, head, sizeof head, 0) : 0;
    bool raw = n > 0 && file_form(head, (size_t)n) == FORM_RAW;

    if (n < 0)
        return unreadable(error, path, strerror(errno));
    if (size <= (raw ? RAW_MAX : FORM_MAX))
        return 0;
    return error_set(error, ERR_TOO_BIG, "%s has %zu bytes, %s more than %d", path, size,
                     raw ? "no flash holds" : "no file of this form can have",
                     raw ? RAW_MAX : FORM_MAX);
}

/* A descriptor, or an error. */
static int file_open(const char *path, size_t *size, struct error *error)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK); /* no wait for a pipe's writer */

    if (fd < 0)
        return unreadable(error, path, strerror(errno));
    int rc = file_size(fd, path, size, error);
    if (rc == 0)
        return fd;
    close(fd);
    return rc;
}

int image_file_look(const char *path, size_t *size, struct error *error)
{
    int fd = file_open(path, size, error);

    if (fd < 0)
        return fd;
    close(fd);
    return 0;
}

int image_file_read(const char *path, uint8_t **data, size_t *size, struct error *error)
{
    size_t n = 0, done = 0;
    int fd = file_open(path, &n, error);
    uint8_t *bytes = NULL;
    int rc = 0;

    if (fd < 0)
        return fd;
    rc = file_judge(fd, path, n, error);
    if (rc != 0)
        goto out;
    bytes = malloc(n);
    if (bytes == NULL) {
        rc = unreadable(error, path, "there is not enough memory for it");
        goto out;
    }
    while (done < n) {
        ssize_t got = read(fd, bytes + done, n - done);
        if (got < 0 && errno == EINTR)
            continue;
        if (got <= 0) {
            rc = unreadable(error, path, got < 0 ? strerror(errno) : "it became shorter meanwhile");
            goto out;
        }
        done += (size_t)got;
    }
    *data = bytes;
    *size = n;
    bytes = NULL;
out:
    free(bytes);
    close(fd);
    return rc;
}

int image_file_form(const char *path, enum file_form *form, size_t *size, struct error *error)
{
    uint8_t head[16];
    int fd = file_open(path, size, error);
    ssize_t got;

    if (fd < 0)
        return fd;
    do
        got = pread(fd, head, sizeof head, 0);
    while (got < 0 && errno == EINTR);
    if (got < 0)
        unreadable(error, path, strerror(errno));
    else
        *form = file_form(head, (size_t)got);
    close(fd);
    return got < 0 ? ERR_FILE_UNREADABLE : 0;
}
