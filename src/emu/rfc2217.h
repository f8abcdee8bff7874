/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The server's side of RFC 2217 (Telnet COM port control): takes the byte stream of a client apart
 * and makes the stream to it. Knows nothing of sockets.
 */
#ifndef ESPJIG_EMU_RFC2217_H
#define ESPJIG_EMU_RFC2217_H

#include "base/buffer.h"

#include <stdbool.h>

struct rfc2217_events {
    void (*data)(void *context, const uint8_t *bytes, size_t n);
    void (*lines)(void *context, bool dtr, bool rts);
    void (*baud)(void *context, unsigned baud);
    void (*purge)(void *context); /* what the client has not received yet */
    void *context;
};

enum rfc2217_state { TELNET_DATA, TELNET_IAC, TELNET_OPTION, TELNET_SUB, TELNET_SUB_IAC };

struct rfc2217 {
    struct rfc2217_events events;
    struct buffer out; /* to be sent; the caller drains it */
    enum rfc2217_state state;
    uint8_t verb;            /* WILL, WONT, DO, DONT, whose option comes next */
    bool us[256], they[256]; /* options that are on, or that we have asked for */
    uint8_t sub[64];
    size_t sub_len;
    bool dtr, rts;
    unsigned baud;
    unsigned max_baud; /* the adapter can't do more: it keeps its rate; 0: it can do all */
};

/* Starts a session and asks for what is needed. The rate stays what it was. */
void rfc2217_start(struct rfc2217 *r, const struct rfc2217_events *events);
void rfc2217_feed(struct rfc2217 *r, const uint8_t *bytes, size_t n);
void rfc2217_send(struct rfc2217 *r, const uint8_t *bytes, size_t n); /* data, into `out` */
void rfc2217_done(struct rfc2217 *r);

#endif
