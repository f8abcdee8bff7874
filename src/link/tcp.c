/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * socket://host:port: bytes over TCP and nothing else. No lines and no rate: whoever set up the
 * other end has chosen the rate, and resets the chip by hand.
 */
#include "link/private.h"

#include "base/util.h"

#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum {
    CONNECT_MS = 5000,
    SILENCE_MS = 10000, /* a peer that acknowledges nothing for so long is gone */
};

struct target {
    char host[256];
    char port[8];
};

/* "host:1234", "[::1]:1234". */
static bool target_parse(const char *text, struct target *target)
{
    const char *colon = strrchr(text, ':');
    bool bracket = text[0] == '[';
    const char *from = bracket ? text + 1 : text;
    const char *to = bracket ? strchr(text, ']') : colon;
    uint64_t port;

    if (colon == NULL || to == NULL || to == from || (bracket && to + 1 != colon))
        return false;
    if (!bracket && memchr(from, ':', (size_t)(to - from)))
        return false; /* an IPv6 address without brackets is ambiguous */
    if ((size_t)(to - from) >= sizeof target->host ||
        !util_number_parse(colon + 1, false, 65535, &port) || port == 0)
        return false;
    memcpy(target->host, from, (size_t)(to - from));
    target->host[to - from] = '\0';
    snprintf(target->port, sizeof target->port, "%u", (unsigned)port);
    return true;
}

/* Small frames must go at once, and a peer that is gone must be noticed. */
static void tune(int fd)
{
    int yes = 1, idle_s = SILENCE_MS / 1000, every_s = 2, silence_ms = SILENCE_MS;

    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes);
    setsockopt(fd, SOL_SOCKET, SO_KEEPALIVE, &yes, sizeof yes);
    setsockopt(fd, IPPROTO_TCP, TCP_KEEPIDLE, &idle_s, sizeof idle_s);
    setsockopt(fd, IPPROTO_TCP, TCP_KEEPINTVL, &every_s, sizeof every_s);
    setsockopt(fd, IPPROTO_TCP, TCP_USER_TIMEOUT, &silence_ms, sizeof silence_ms);
}

/* The connected socket, -errno, or ERR_CANCELLED in *cancelled. */
static int connect_one(const struct link *link, const struct addrinfo *to, int64_t end,
                       bool *cancelled)
{
    int fd = socket(to->ai_family, to->ai_socktype | SOCK_NONBLOCK | SOCK_CLOEXEC, to->ai_protocol);
    int result = 0, rc;
    socklen_t size = sizeof result;

    if (fd < 0)
        return -errno;
    if (connect(fd, to->ai_addr, to->ai_addrlen) < 0 && errno != EINPROGRESS) {
        result = errno;
    } else {
        int64_t left = end - clock_ms();
        rc = clock_wait(link->cancel, fd, POLLOUT, left > 0 ? left : 0);
        *cancelled = rc < 0;
        if (rc <= 0)
            result = ETIMEDOUT;
        else if (getsockopt(fd, SOL_SOCKET, SO_ERROR, &result, &size) < 0)
            result = errno;
    }
    if (result != 0) {
        close(fd);
        return -result;
    }
    tune(fd);
    return fd;
}

static int connect_error(const char *host_port, int system_error, struct error *error)
{
    if (system_error == ECONNREFUSED)
        return error_set(error, ERR_PORT_MISSING, "nothing listens at %s", host_port);
    return error_set(error, ERR_PORT_OPEN, "%s can't be reached: %s", host_port,
                     strerror(system_error));
}

int link_tcp_connect(struct link *link, const char *host_port, struct error *error)
{
    struct addrinfo hints = {.ai_family = AF_UNSPEC, .ai_socktype = SOCK_STREAM}, *list;
    struct target target;
    bool cancelled = false;
    int fd = -ETIMEDOUT;

    if (!target_parse(host_port, &target))
        return error_set(error, ERR_USAGE, "\"%s\" is not of the form HOST:PORT or [IPV6]:PORT",
                         host_port);
    int rc = getaddrinfo(target.host, target.port, &hints, &list);
    if (rc != 0)
        return error_set(error, ERR_PORT_MISSING, "the host %s is not known: %s", target.host,
                         rc == EAI_SYSTEM ? strerror(errno) : gai_strerror(rc));

    int64_t end = clock_ms() + CONNECT_MS;
    for (const struct addrinfo *a = list; a && fd < 0 && !cancelled; a = a->ai_next)
        fd = connect_one(link, a, end, &cancelled);
    freeaddrinfo(list);
    if (cancelled)
        return error_set(error, ERR_CANCELLED, "stopped on request");
    return fd < 0 ? connect_error(host_port, -fd, error) : fd;
}

static int fd_of(const struct link *link)
{
    return (int)(intptr_t)link->impl;
}

static int tcp_open(struct link *link, const char *host_port, const struct link_options *options,
                    struct error *error)
{
    int fd = link_tcp_connect(link, host_port, error);

    (void)options;
    if (fd < 0)
        return fd;
    link->impl = (void *)(intptr_t)fd;
    return 0;
}

static void tcp_close(struct link *link)
{
    close(fd_of(link));
}

static ssize_t tcp_read(struct link *link, void *bytes, size_t n, int ms)
{
    return link_fd_read(link, fd_of(link), bytes, n, ms);
}

static ssize_t tcp_write(struct link *link, const void *bytes, size_t n, int ms)
{
    return link_fd_write(link, fd_of(link), bytes, n, ms);
}

/* Takes what is there. Bounded: a peer that never stops would keep us here. */
static int tcp_discard_input(struct link *link)
{
    char waste[4096];

    for (int i = 0; i < 256; i++) {
        ssize_t n = link_fd_get(link, fd_of(link), waste, sizeof waste);
        if (n <= 0)
            return (int)n;
    }
    return 0;
}

const struct link_ops link_ops_tcp = {
    .scheme = "socket",
    .open = tcp_open,
    .close = tcp_close,
    .read = tcp_read,
    .write = tcp_write,
    .discard_input = tcp_discard_input,
};
