/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A pseudo terminal: an emulated chip, QEMU, socat. The other side can see the rate, but there are
 * no lines. libserialport does not open these (it wants an entry in sysfs, and TIOCMGET).
 */
#include "link/private.h"

#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <string.h>
#include <unistd.h>

/* The descriptor itself is all there is to keep. */
static int fd_of(const struct link *link)
{
    return (int)(intptr_t)link->impl;
}

static int pty_set_baud(struct link *link, unsigned baud)
{
    int rc = link_tty_baud_set(fd_of(link), baud);

    return rc < 0 ? link_lost(link, -rc) : 0;
}

static int pty_open(struct link *link, const char *path, const struct link_options *options,
                    struct error *error)
{
    dev_t device;
    int rc = link_tty_check(path, &device, error);

    if (rc < 0)
        return rc;
    if (!link_tty_is_pty(device))
        return error_set(error, ERR_PORT_OPEN, "%s is no pseudo terminal", path);
    rc = options->steal ? 0 : link_tty_unheld(path, error);
    if (rc < 0)
        return rc;
    int fd = open(path, O_RDWR | O_NOCTTY | O_NONBLOCK | O_CLOEXEC);
    if (fd < 0)
        return link_tty_open_error(path, errno == EIO ? ENODEV : errno, error);

    /* No TIOCEXCL: with a pty it outlives the close, as long as the other side is open, and after
     * that nobody but root could open it again [seen on Linux 6.18]. */
    rc = link_tty_lock(fd, path, options->steal, error);
    if (rc == 0) {
        int raw = link_tty_raw(fd);
        if (raw == 0)
            raw = link_tty_baud_set(fd, link->baud);
        if (raw < 0)
            rc = error_set(error, ERR_PORT_OPEN, "%s can't be set up: %s", path, strerror(-raw));
    }
    if (rc < 0) {
        close(fd);
        return rc;
    }
    link->impl = (void *)(intptr_t)fd;
    link->has_baud = true;
    return 0;
}

static void pty_close(struct link *link)
{
    link_tty_discard_output(fd_of(link));
    close(fd_of(link));
}

static ssize_t pty_read(struct link *link, void *bytes, size_t n, int ms)
{
    return link_fd_read(link, fd_of(link), bytes, n, ms);
}

static ssize_t pty_write(struct link *link, const void *bytes, size_t n, int ms)
{
    return link_fd_write(link, fd_of(link), bytes, n, ms);
}

static int pty_discard_input(struct link *link)
{
    link_tty_discard_input(fd_of(link));
    return 0;
}

const struct link_ops link_ops_pty = {
    .scheme = "pty",
    .open = pty_open,
    .close = pty_close,
    .read = pty_read,
    .write = pty_write,
    .set_baud = pty_set_baud,
    .discard_input = pty_discard_input,
};
