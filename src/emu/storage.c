/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "emu/storage.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

static int map(struct storage *s, int fd, int flags, const char *what, struct error *e)
{
    void *p = mmap(NULL, s->size, PROT_READ | PROT_WRITE, flags, fd, 0);

    if (p == MAP_FAILED)
        return error_set(e, ERR_FILE_UNREADABLE, "%s can't be mapped: %s", what, strerror(errno));
    s->bytes = p;
    return 0;
}

/* Says whether the file is new (empty) or has the right size. */
static int check_size(int fd, const char *path, size_t size, bool *fresh, struct error *e)
{
    struct stat st;

    if (fstat(fd, &st) != 0)
        return error_set(e, ERR_FILE_UNREADABLE, "%s: %s", path, strerror(errno));
    if (!S_ISREG(st.st_mode))
        return error_set(e, ERR_FILE_UNREADABLE, "%s is not a regular file", path);
    *fresh = st.st_size == 0;
    /* Really allocated, so that a full disk is noticed here and not as a SIGBUS later. */
    int failure = *fresh ? posix_fallocate(fd, 0, (off_t)size) : 0;
    if (failure != 0) {
        if (ftruncate(fd, 0) != 0)
            failure = errno;
        return error_set(e, ERR_FILE_WRITE, "%s can't be made %zu bytes long: %s", path, size,
                         strerror(failure));
    }
    if (!*fresh && (uintmax_t)st.st_size != size)
        return error_set(e, ERR_FILE_FORMAT, "%s has %jd bytes, but this chip needs %zu", path,
                         (intmax_t)st.st_size, size);
    return 0;
}

int storage_open(struct storage *s, const char *path, size_t size, uint8_t fill, struct error *e)
{
    int result;

    *s = (struct storage){.size = size, .fresh = true};
    if (path == NULL) {
        result = map(s, -1, MAP_PRIVATE | MAP_ANONYMOUS, "memory", e);
    } else {
        int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0666);
        if (fd < 0)
            return error_set(e, ERR_FILE_UNREADABLE,
                             "%s can't be opened for reading and writing: %s", path,
                             strerror(errno));
        result = check_size(fd, path, size, &s->fresh, e);
        if (result == 0)
            result = map(s, fd, MAP_SHARED, path, e);
        close(fd);
    }
    if (result == 0 && s->fresh)
        memset(s->bytes, fill, size);
    return result;
}

void storage_close(struct storage *s)
{
    if (s->bytes)
        munmap(s->bytes, s->size);
    *s = (struct storage){0};
}
