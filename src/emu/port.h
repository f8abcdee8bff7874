/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * How a client reaches the chip: a pseudo-terminal, a TCP port, or a TCP port (or an open
 * descriptor) that speaks RFC 2217. One client at a time; the next may come when it has left.
 */
#ifndef ESPJIG_EMU_PORT_H
#define ESPJIG_EMU_PORT_H

#include "base/error.h"
#include "base/loop.h"

#include <stdint.h>

/* What the port tells its owner. */
struct port_events {
    void (*data)(void *context, const uint8_t *bytes, size_t n);
    void (*lines)(void *context, bool dtr, bool rts);
    void (*baud)(void *context, unsigned baud);
    void (*purge)(void *context);
    void (*ended)(void *context); /* nobody will ever come again */
    void *context;
};

struct port;

struct port_ops {
    /* Makes it reachable; `ready` is the line for standard output. */
    int (*plug)(struct port *p, char *ready, size_t size, struct error *e);
    void (*unplug)(struct port *p); /* as if the cable were pulled */
    void (*send)(struct port *p, const uint8_t *bytes, size_t n);
    void (*hold)(struct port *p, bool hold); /* stops reading from the client */
    unsigned (*host_baud)(struct port *p);   /* 0: not known */
    void (*close)(struct port *p);           /* frees */
};

struct port {
    const struct port_ops *ops;
    struct loop *loop;
    struct port_events events;
};

/* `link` is the symbolic link that leads to the pseudo-terminal, `baud` its rate at the start. */
struct port *port_pty_new(struct loop *loop, const struct port_events *events, const char *link,
                          unsigned baud);
/* `fd` 0 or above: an open socket instead of `tcp_port`. Rates above `max_baud` are refused, 0:
 * none. */
struct port *port_net_new(struct loop *loop, const struct port_events *events, bool rfc2217,
                          uint16_t tcp_port, int fd, unsigned max_baud);

#endif
