/* SPDX-License-Identifier: GPL-3.0-or-later */
/* <asm/termbits.h> has termios2, with rates as numbers; it excludes <termios.h>. */
#include "emu/port.h"

#include "base/buffer.h"

#include <asm/termbits.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <unistd.h>

enum {
    LOOK_MS = 10,        /* how often to look whether someone has opened it */
    PENDING_MAX = 65536, /* a UART does not wait for its reader either */
};

struct port_pty {
    struct port base;
    const char *link;
    unsigned baud;
    int fd;
    int timer;
    bool open; /* by a client */
    bool held;
    struct buffer pending;
};

static struct port_pty *self(struct port *p)
{
    return (struct port_pty *)p;
}

static void look(void *context);

static void watch(struct port_pty *p)
{
    short events = 0;

    if (!p->held)
        events |= POLLIN;
    if (p->pending.len > 0)
        events |= POLLOUT;
    loop_fd_events(p->base.loop, p->fd, events);
}

/* Without a client poll() reports a hang-up all the time, so the descriptor is looked at by timer
 * until somebody comes. */
static void left(struct port_pty *p)
{
    p->open = false;
    buffer_clear(&p->pending);
    ioctl(p->fd, TCFLSH, TCIOFLUSH);
    loop_fd_remove(p->base.loop, p->fd);
    p->timer = loop_timer_add(p->base.loop, LOOK_MS, look, p);
}

static void flush(struct port_pty *p)
{
    while (p->pending.len > 0) {
        ssize_t n = write(p->fd, p->pending.data, p->pending.len);
        if (n <= 0)
            break;
        buffer_drop_front(&p->pending, (size_t)n);
    }
}

static void ready(void *context, int fd, short revents)
{
    struct port_pty *p = context;
    uint8_t bytes[4096];

    if (revents & POLLIN) {
        ssize_t n = read(fd, bytes, sizeof bytes);
        if (n > 0)
            p->base.events.data(p->base.events.context, bytes, (size_t)n);
        if (p->fd != fd)
            return; /* unplugged meanwhile */
        if (n > 0 || (n < 0 && errno == EAGAIN))
            revents &= (short)~POLLHUP;
    }
    if (revents & (POLLHUP | POLLERR)) {
        left(p);
        return;
    }
    flush(p);
    watch(p);
}

static void look(void *context)
{
    struct port_pty *p = context;
    struct pollfd fd = {.fd = p->fd, .events = POLLIN};

    if (poll(&fd, 1, 0) >= 0 && (fd.revents & (POLLHUP | POLLIN)) != POLLHUP) {
        p->open = true;
        p->timer = 0;
        loop_fd_set(p->base.loop, p->fd, POLLIN, ready, p);
        watch(p);
    } else {
        p->timer = loop_timer_add(p->base.loop, LOOK_MS, look, p);
    }
}

/* Raw, with a rate that need not be one of the old B constants. */
static int set_raw(int fd, unsigned baud)
{
    struct termios2 t;

    if (ioctl(fd, TCGETS2, &t) != 0)
        return -1;
    t.c_iflag = 0;
    t.c_oflag = 0;
    t.c_lflag = 0;
    t.c_cflag = CS8 | CREAD | CLOCAL | BOTHER | BOTHER << IBSHIFT;
    t.c_ispeed = t.c_ospeed = baud;
    t.c_cc[VMIN] = 1;
    t.c_cc[VTIME] = 0;
    return ioctl(fd, TCSETS2, &t);
}

static int make_link(const struct port_pty *p, const char *name, struct error *e)
{
    struct stat st;

    if (p->link == NULL)
        return 0;
    if (lstat(p->link, &st) == 0) {
        if (!S_ISLNK(st.st_mode))
            return error_set(e, ERR_PORT_BUSY, "%s is there already and is not a symbolic link",
                             p->link);
        unlink(p->link);
    }
    if (symlink(name, p->link) != 0)
        return error_set(e, ERR_PORT_OPEN, "%s can't be made: %s", p->link, strerror(errno));
    return 0;
}

static int pty_plug(struct port *port, char *line, size_t size, struct error *e)
{
    struct port_pty *p = self(port);
    char name[64] = "";

    p->fd = posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC | O_NONBLOCK);
    if (p->fd < 0 || grantpt(p->fd) != 0 || unlockpt(p->fd) != 0 ||
        ptsname_r(p->fd, name, sizeof name) != 0 || set_raw(p->fd, p->baud) != 0)
        return error_set(e, ERR_PORT_OPEN, "no pseudo-terminal can be made: %s", strerror(errno));
    /* Opened and closed once: from then on poll() tells whether a client is there. */
    int slave = open(name, O_RDWR | O_NOCTTY | O_CLOEXEC);
    if (slave >= 0)
        close(slave);
    if (make_link(p, name, e) != 0)
        return e ? (int)e->code : -1;
    snprintf(line, size, "ready pty %s", name);
    p->timer = loop_timer_add(port->loop, LOOK_MS, look, p);
    return 0;
}

/* Removes the link only when it is still ours. */
static void remove_link(const struct port_pty *p)
{
    char name[64], target[64];
    ssize_t n = p->link ? readlink(p->link, target, sizeof target - 1) : -1;

    if (n < 0 || ptsname_r(p->fd, name, sizeof name) != 0)
        return;
    target[n] = '\0';
    if (strcmp(name, target) == 0)
        unlink(p->link);
}

static void pty_unplug(struct port *port)
{
    struct port_pty *p = self(port);

    if (p->fd < 0)
        return;
    remove_link(p);
    loop_timer_remove(port->loop, p->timer);
    loop_fd_remove(port->loop, p->fd);
    close(p->fd);
    p->fd = -1;
    p->open = false;
    buffer_clear(&p->pending);
}

static void pty_send(struct port *port, const uint8_t *bytes, size_t n)
{
    struct port_pty *p = self(port);

    if (!p->open || p->pending.len + n > PENDING_MAX)
        return;
    buffer_append(&p->pending, bytes, n);
    flush(p);
    watch(p);
}

static void pty_hold(struct port *port, bool hold)
{
    struct port_pty *p = self(port);

    p->held = hold;
    if (p->open)
        watch(p);
}

static unsigned pty_baud(struct port *port)
{
    struct termios2 t;

    if (ioctl(self(port)->fd, TCGETS2, &t) != 0)
        return 0;
    return t.c_ospeed;
}

static void pty_close(struct port *port)
{
    pty_unplug(port);
    buffer_done(&self(port)->pending);
    free(port);
}

static const struct port_ops pty_ops = {
    .plug = pty_plug,
    .unplug = pty_unplug,
    .send = pty_send,
    .hold = pty_hold,
    .host_baud = pty_baud,
    .close = pty_close,
};

struct port *port_pty_new(struct loop *loop, const struct port_events *events, const char *link,
                          unsigned baud)
{
    struct port_pty *p = xcalloc(1, sizeof *p);

    p->base = (struct port){.ops = &pty_ops, .loop = loop, .events = *events};
    p->link = link;
    p->baud = baud;
    p->fd = -1;
    return &p->base;
}
