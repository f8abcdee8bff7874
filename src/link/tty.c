/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "link/private.h"

#include "base/util.h"

/* termios2 (any rate as a plain number) lives in the kernel's headers, which can't be included
 * together with <termios.h>. */
#include <asm/ioctls.h>
#include <asm/termbits.h>

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

bool link_tty_is_pty(dev_t device)
{
    /* Unix98 pty slaves, Linux Documentation/admin-guide/devices.txt */
    return major(device) >= 136 && major(device) <= 143;
}

static int busy_error(const char *path, struct error *error)
{
    char command[64];
    pid_t pid = port_holder(path, command, sizeof command);

    if (pid > 0)
        return error_set(error, ERR_PORT_BUSY, "%s is held by %s (pid %d)", path, command,
                         (int)pid);
    return error_set(error, ERR_PORT_BUSY,
                     "%s is held by another program (of another user: root can see which)", path);
}

/* "user root and group dialout", as far as the mode lets them in. */
static int forbidden_error(const char *path, struct error *error)
{
    struct stat st;
    const struct passwd *user;
    const struct group *group;

    if (stat(path, &st) < 0)
        return error_set(error, ERR_PORT_FORBIDDEN, "%s may not be looked at by this user", path);
    user = getpwuid(st.st_uid);
    group = getgrgid(st.st_gid);
    if ((st.st_mode & 060) == 060 && group)
        return error_set(error, ERR_PORT_FORBIDDEN, "%s may only be opened by members of group %s",
                         path, group->gr_name);
    if ((st.st_mode & 060) == 060)
        return error_set(error, ERR_PORT_FORBIDDEN, "%s may only be opened by members of group %u",
                         path, (unsigned)st.st_gid);
    return error_set(error, ERR_PORT_FORBIDDEN, "%s may only be opened by user %s", path,
                     user ? user->pw_name : "root");
}

int link_tty_open_error(const char *path, int system_error, struct error *error)
{
    switch (system_error) {
    case ENOENT:
    case ENOTDIR:
    case ELOOP:
        return error_set(error, ERR_PORT_MISSING, "there is no port %s", path);
    case ENODEV:
    case ENXIO:
        return error_set(error, ERR_PORT_MISSING, "nothing is behind %s any more", path);
    case EBUSY:
    case EWOULDBLOCK:
        return busy_error(path, error);
    case EACCES:
    case EPERM:
        return forbidden_error(path, error);
    default:
        return error_set(error, ERR_PORT_OPEN, "%s can't be opened: %s", path,
                         strerror(system_error));
    }
}

static const char *kind_of(mode_t mode)
{
    switch (mode & S_IFMT) {
    case S_IFREG:
        return "a file";
    case S_IFDIR:
        return "a directory";
    case S_IFBLK:
        return "a disk";
    default:
        return "something else";
    }
}

int link_tty_check(const char *path, dev_t *device, struct error *error)
{
    struct stat st;

    if (stat(path, &st) < 0)
        return link_tty_open_error(path, errno, error);
    if (!S_ISCHR(st.st_mode))
        return error_set(error, ERR_PORT_MISSING, "%s is %s, not a serial port", path,
                         kind_of(st.st_mode));
    *device = st.st_rdev;
    return 0;
}

int link_tty_unheld(const char *path, struct error *error)
{
    char command[64];

    return port_holder(path, command, sizeof command) > 0 ? busy_error(path, error) : 0;
}

int link_tty_lock(int fd, const char *path, bool steal, struct error *error)
{
    if (flock(fd, LOCK_EX | LOCK_NB) < 0 && errno == EWOULDBLOCK && !steal)
        return busy_error(path, error);
    return 0;
}

int link_tty_raw(int fd)
{
    struct termios2 t;

    if (ioctl(fd, TCGETS2, &t) < 0)
        return -errno;
    t.c_iflag = 0;
    t.c_oflag = 0;
    t.c_lflag = 0;
    t.c_cflag &= ~(CSIZE | PARENB | CSTOPB | CRTSCTS | HUPCL);
    t.c_cflag |= CS8 | CREAD | CLOCAL;
    t.c_cc[VMIN] = 1;
    t.c_cc[VTIME] = 0;
    return ioctl(fd, TCSETS2, &t) < 0 ? -errno : 0;
}

int link_tty_keep_lines(int fd)
{
    struct termios2 t;

    if (ioctl(fd, TCGETS2, &t) < 0)
        return -errno;
    t.c_cflag &= ~(unsigned)HUPCL;
    return ioctl(fd, TCSETS2, &t) < 0 ? -errno : 0;
}

/* The rates that have a name. A plain number (BOTHER) does for all, but the one who looks at a pty
 * from the other side may only know names. */
static const struct {
    unsigned baud, name;
} names[] = {
    {1200, B1200},       {2400, B2400},       {4800, B4800},       {9600, B9600},
    {19200, B19200},     {38400, B38400},     {57600, B57600},     {115200, B115200},
    {230400, B230400},   {460800, B460800},   {500000, B500000},   {576000, B576000},
    {921600, B921600},   {1000000, B1000000}, {1152000, B1152000}, {1500000, B1500000},
    {2000000, B2000000}, {2500000, B2500000}, {3000000, B3000000}, {3500000, B3500000},
    {4000000, B4000000},
};

static unsigned baud_name(unsigned baud)
{
    for (size_t i = 0; i < ARRAY_LEN(names); i++) {
        if (names[i].baud == baud)
            return names[i].name;
    }
    return BOTHER;
}

int link_tty_baud_set(int fd, unsigned baud)
{
    struct termios2 t;

    if (ioctl(fd, TCGETS2, &t) < 0)
        return -errno;
    t.c_cflag &= ~(CBAUD | (unsigned)CBAUD << IBSHIFT);
    t.c_cflag |= baud_name(baud) | baud_name(baud) << IBSHIFT;
    t.c_ispeed = baud;
    t.c_ospeed = baud;
    return ioctl(fd, TCSETS2, &t) < 0 ? -errno : 0;
}

unsigned link_tty_baud(int fd)
{
    struct termios2 t;

    return ioctl(fd, TCGETS2, &t) < 0 ? 0 : t.c_ospeed;
}

bool link_baud_close(unsigned wanted, unsigned actual)
{
    unsigned off = wanted > actual ? wanted - actual : actual - wanted;

    return off <= wanted / 33; /* 3 %: the edge of the tenth bit is still in its own bit */
}

void link_tty_discard_output(int fd)
{
    ioctl(fd, TCFLSH, TCOFLUSH);
}

void link_tty_discard_input(int fd)
{
    ioctl(fd, TCFLSH, TCIFLUSH);
}
