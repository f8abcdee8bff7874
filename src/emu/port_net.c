/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "emu/port.h"

#include "base/buffer.h"
#include "emu/rfc2217.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum { PENDING_MAX = 1 << 20 };

struct port_net {
    struct port base;
    bool telnet; /* RFC 2217; else plain bytes */
    uint16_t tcp_port;
    bool given; /* the socket came from outside: its end is the end */
    int listener, client;
    bool held;
    struct buffer pending;
    struct rfc2217 rfc2217;
};

static struct port_net *self(struct port *p)
{
    return (struct port_net *)p;
}

static void watch(struct port_net *p)
{
    short events = 0;

    if (p->client < 0)
        return;
    if (!p->held)
        events |= POLLIN;
    if (p->pending.len > 0)
        events |= POLLOUT;
    loop_fd_events(p->base.loop, p->client, events);
}

static void drop_client(struct port_net *p)
{
    if (p->client < 0)
        return;
    loop_fd_remove(p->base.loop, p->client);
    close(p->client);
    p->client = -1;
    buffer_clear(&p->pending);
    /* As an adapter with HUPCL: both lines go at once. */
    if (p->telnet)
        p->base.events.lines(p->base.events.context, false, false);
    if (p->given)
        p->base.events.ended(p->base.events.context);
}

static void flush(struct port_net *p)
{
    if (p->telnet) {
        buffer_append(&p->pending, p->rfc2217.out.data, p->rfc2217.out.len);
        buffer_clear(&p->rfc2217.out);
    }
    while (p->pending.len > 0 && p->client >= 0) {
        ssize_t n = send(p->client, p->pending.data, p->pending.len, MSG_NOSIGNAL | MSG_DONTWAIT);
        if (n <= 0)
            break; /* if it is gone, reading will tell */
        buffer_drop_front(&p->pending, (size_t)n);
    }
    watch(p);
}

static void ready(void *context, int fd, short revents)
{
    struct port_net *p = context;
    uint8_t bytes[4096];

    if (revents & (POLLIN | POLLHUP | POLLERR)) {
        ssize_t n = recv(fd, bytes, sizeof bytes, MSG_DONTWAIT);
        if (n == 0 || (n < 0 && errno != EAGAIN && errno != EINTR)) {
            drop_client(p);
            return;
        }
        if (n > 0 && p->telnet)
            rfc2217_feed(&p->rfc2217, bytes, (size_t)n);
        else if (n > 0)
            p->base.events.data(p->base.events.context, bytes, (size_t)n);
    }
    if (p->client == fd)
        flush(p);
}

static void event_data(void *context, const uint8_t *bytes, size_t n)
{
    struct port_net *p = context;

    p->base.events.data(p->base.events.context, bytes, n);
}

static void event_lines(void *context, bool dtr, bool rts)
{
    struct port_net *p = context;

    p->base.events.lines(p->base.events.context, dtr, rts);
}

static void event_baud(void *context, unsigned baud)
{
    struct port_net *p = context;

    p->base.events.baud(p->base.events.context, baud);
}

static void event_purge(void *context)
{
    struct port_net *p = context;

    p->base.events.purge(p->base.events.context);
}

static void take_client(struct port_net *p, int fd)
{
    const struct rfc2217_events events = {event_data, event_lines, event_baud, event_purge, p};
    int on = 1;

    p->client = fd;
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on); /* fails on a socketpair: fine */
    loop_fd_set(p->base.loop, fd, POLLIN, ready, p);
    if (p->telnet)
        rfc2217_start(&p->rfc2217, &events);
    flush(p);
}

/* A second client is turned away, as a port that is in use. */
static void knock(void *context, int fd, short revents)
{
    struct port_net *p = context;
    int client = accept4(fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);

    (void)revents;
    if (client >= 0 && p->client >= 0)
        close(client);
    else if (client >= 0)
        take_client(p, client);
}

static int listen_on(struct port_net *p, struct error *e)
{
    struct sockaddr_in a = {.sin_family = AF_INET, .sin_port = htons(p->tcp_port)};
    socklen_t len = sizeof a;
    int on = 1;

    a.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    p->listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (p->listener < 0)
        return error_set(e, ERR_PORT_OPEN, "no socket can be made: %s", strerror(errno));
    setsockopt(p->listener, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    if (bind(p->listener, (struct sockaddr *)&a, sizeof a) != 0 || listen(p->listener, 4) != 0)
        return error_set(e, errno == EADDRINUSE ? ERR_PORT_BUSY : ERR_PORT_OPEN,
                         "TCP port %u of 127.0.0.1 can't be used: %s", p->tcp_port,
                         strerror(errno));
    getsockname(p->listener, (struct sockaddr *)&a, &len);
    p->tcp_port = ntohs(a.sin_port); /* the same again when plugged again */
    loop_fd_set(p->base.loop, p->listener, POLLIN, knock, p);
    return 0;
}

static int net_plug(struct port *port, char *line, size_t size, struct error *e)
{
    struct port_net *p = self(port);
    const char *kind = p->telnet ? "rfc2217" : "tcp";

    if (p->given) {
        int fd = p->client, type;
        socklen_t len = sizeof type;
        if (fd < 0 || getsockopt(fd, SOL_SOCKET, SO_TYPE, &type, &len) != 0) {
            p->client = -1;
            return error_set(e, ERR_PORT_OPEN, "descriptor %d is not an open socket", fd);
        }
        fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) | O_NONBLOCK);
        take_client(p, fd);
        snprintf(line, size, "ready %s fd:%d", kind, fd);
        return 0;
    }
    int result = listen_on(p, e);
    if (result == 0)
        snprintf(line, size, "ready %s 127.0.0.1:%u", kind, p->tcp_port);
    return result;
}

static void net_unplug(struct port *port)
{
    struct port_net *p = self(port);

    if (p->listener >= 0) {
        loop_fd_remove(port->loop, p->listener);
        close(p->listener);
        p->listener = -1;
    }
    drop_client(p);
}

static void net_send(struct port *port, const uint8_t *bytes, size_t n)
{
    struct port_net *p = self(port);

    if (p->client < 0 || p->pending.len + n > PENDING_MAX)
        return;
    if (p->telnet)
        rfc2217_send(&p->rfc2217, bytes, n);
    else
        buffer_append(&p->pending, bytes, n);
    flush(p);
}

static void net_hold(struct port *port, bool hold)
{
    self(port)->held = hold;
    watch(self(port));
}

static unsigned net_baud(struct port *port)
{
    return self(port)->telnet ? self(port)->rfc2217.baud : 0;
}

static void net_close(struct port *port)
{
    struct port_net *p = self(port);

    net_unplug(port);
    rfc2217_done(&p->rfc2217);
    buffer_done(&p->pending);
    free(p);
}

static const struct port_ops net_ops = {
    .plug = net_plug,
    .unplug = net_unplug,
    .send = net_send,
    .hold = net_hold,
    .host_baud = net_baud,
    .close = net_close,
};

struct port *port_net_new(struct loop *loop, const struct port_events *events, bool rfc2217,
                          uint16_t tcp_port, int fd, unsigned max_baud)
{
    struct port_net *p = xcalloc(1, sizeof *p);

    p->base = (struct port){.ops = &net_ops, .loop = loop, .events = *events};
    p->telnet = rfc2217;
    p->rfc2217.max_baud = max_baud;
    p->tcp_port = tcp_port;
    p->given = fd >= 0;
    p->client = fd;
    p->listener = -1;
    return &p->base;
}
