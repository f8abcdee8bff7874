/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "link/private.h"

#include <errno.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

int link_lost(struct link *link, int system_error)
{
    if (system_error == 0)
        return link_fail(link, ERR_PORT_LOST, "%s vanished while it was in use", link->address);
    return link_fail(link, ERR_PORT_LOST, "%s vanished while it was in use (%s)", link->address,
                     strerror(system_error));
}

int link_cancelled(struct link *link)
{
    return link_fail(link, ERR_CANCELLED, "stopped on request");
}

static bool not_now(int system_error)
{
    return system_error == EAGAIN || system_error == EWOULDBLOCK || system_error == EINTR;
}

/* A raw tty may answer 0 when it merely has nothing (VMIN 0), and when it is gone. */
static bool hung_up(int fd)
{
    struct pollfd p = {.fd = fd, .events = POLLIN};

    return poll(&p, 1, 0) > 0 && p.revents & (POLLHUP | POLLERR | POLLNVAL);
}

/* Told from the ops, not tried out: that would be one more system call for each frame. */
static bool is_tty(const struct link *link)
{
    return link->ops == &link_ops_serial || link->ops == &link_ops_pty;
}

ssize_t link_fd_get(struct link *link, int fd, void *bytes, size_t n)
{
    bool tty = is_tty(link);
    ssize_t got = tty ? read(fd, bytes, n) : recv(fd, bytes, n, MSG_DONTWAIT);

    if (got > 0)
        return got;
    if (got < 0)
        return not_now(errno) ? 0 : link_lost(link, errno);
    return tty && !hung_up(fd) ? 0 : link_lost(link, 0);
}

ssize_t link_fd_put(struct link *link, int fd, const void *bytes, size_t n)
{
    ssize_t put =
        is_tty(link) ? write(fd, bytes, n) : send(fd, bytes, n, MSG_DONTWAIT | MSG_NOSIGNAL);

    if (put < 0)
        return not_now(errno) ? 0 : link_lost(link, errno);
    return put;
}

/* Waits until fd is ready, at most until `end`. 1, 0 at the deadline, ERR_CANCELLED. */
static int wait_until(struct link *link, int fd, short events, int64_t end)
{
    int64_t left = end - clock_ms();
    int rc = clock_wait(link->cancel, fd, events, left > 0 ? left : 0);

    return rc < 0 ? link_cancelled(link) : rc;
}

/* Waits before it reads: what is awaited is nearly never there yet, and waiting asks for cancel in
 * the same system call, so that data that streams in can't keep a cancelled job going. */
ssize_t link_fd_read(struct link *link, int fd, void *bytes, size_t n, int ms)
{
    int64_t end = clock_ms() + ms;

    for (;;) {
        int rc = wait_until(link, fd, POLLIN, end);
        if (rc <= 0)
            return rc;
        ssize_t got = link_fd_get(link, fd, bytes, n);
        if (got != 0)
            return got;
        if (clock_sleep(link->cancel, 1) < 0) /* said ready and was not: don't spin */
            return link_cancelled(link);
    }
}

ssize_t link_fd_write(struct link *link, int fd, const void *bytes, size_t n, int ms)
{
    int64_t end = clock_ms() + ms;
    size_t done = 0;

    while (done < n) {
        ssize_t put = link_fd_put(link, fd, (const char *)bytes + done, n - done);
        if (put < 0)
            return put;
        done += (size_t)put;
        if (done == n)
            break;
        int rc = wait_until(link, fd, POLLOUT, end);
        if (rc < 0)
            return rc;
        if (rc == 0)
            return link_fail(link, ERR_NO_REPLY, "%s took only %zu of %zu bytes within %d ms",
                             link->address, done, n, ms);
    }
    return (ssize_t)n;
}

bool link_decimal_parse(const char *text, double max, double *value)
{
    double v = 0, unit = 1;
    bool point = false, digit = false;

    for (; *text; text++) {
        if (*text == '.' && !point) {
            point = true;
        } else if (*text >= '0' && *text <= '9') {
            digit = true;
            v = v * 10 + (*text - '0');
            unit *= point ? 10 : 1;
        } else {
            return false;
        }
        if (v > 1e15) /* more digits than a double keeps */
            return false;
    }
    if (!digit || v / unit > max)
        return false;
    *value = v / unit;
    return true;
}
