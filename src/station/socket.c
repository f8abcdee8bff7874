/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "station/station_private.h"

#include "base/util.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

static int lock_take(const char *path, struct error *error)
{
    char name[sizeof((struct sockaddr_un *)0)->sun_path + 8];
    int fd;

    snprintf(name, sizeof name, "%s.lock", path);
    fd = open(name, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (fd < 0)
        return error_set(error, ERR_STATION, "%s: %s", name, strerror(errno));
    if (flock(fd, LOCK_EX | LOCK_NB) == 0)
        return fd;
    error_set(error, ERR_STATION, "another station is already running at %s", path);
    close(fd);
    return error ? error->code : ERR_STATION;
}

/* Someone may answer without holding our lock, when the lock file was removed. */
static bool someone_answers(const struct sockaddr_un *address)
{
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    bool yes = fd >= 0 && (connect(fd, (const struct sockaddr *)address, sizeof *address) == 0 ||
                           errno == EAGAIN);

    if (fd >= 0)
        close(fd);
    return yes;
}

static int socket_bind(const struct sockaddr_un *address, struct error *error)
{
    struct stat st;
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    mode_t mask = umask(0177);

    if (lstat(address->sun_path, &st) == 0 && S_ISSOCK(st.st_mode))
        unlink(address->sun_path); /* nobody answers there */
    if (fd < 0 || bind(fd, (const struct sockaddr *)address, sizeof *address) != 0 ||
        listen(fd, 16) != 0) {
        error_set(error, ERR_STATION, "the station can't listen at %s: %s", address->sun_path,
                  strerror(errno));
        if (fd >= 0)
            close(fd);
        fd = -1;
    }
    umask(mask);
    return fd;
}

int socket_open(const char *path, int *lock, ino_t *inode, struct error *error)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    struct stat st;
    int fd;

    *lock = -1;
    if (!util_copy(address.sun_path, sizeof address.sun_path, path))
        return error_set(error, ERR_STATION, "the path of a socket can't be as long as %s", path);
    *lock = lock_take(path, error);
    if (*lock < 0)
        return *lock;
    if (someone_answers(&address)) {
        error_set(error, ERR_STATION, "another station is already running at %s", path);
        fd = -1;
    } else
        fd = socket_bind(&address, error);
    if (fd < 0) {
        close(*lock);
        *lock = -1;
        return ERR_STATION;
    }
    *inode = stat(path, &st) == 0 ? st.st_ino : 0;
    return fd;
}

bool socket_is_there(const char *path, ino_t inode)
{
    struct stat st;

    return path && stat(path, &st) == 0 && st.st_ino == inode;
}

/* The lock file stays: removing it would let two stations lock two files of one name. */
void socket_close(const char *path, int fd, int lock, ino_t inode)
{
    if (fd >= 0 && socket_is_there(path, inode))
        unlink(path);
    if (fd >= 0)
        close(fd);
    if (lock >= 0)
        close(lock);
}
