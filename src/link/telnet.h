/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Telnet's framing (RFC 854, 855): takes commands out of a stream of bytes and puts them in. No
 * I/O, no opinion about options.
 */
#ifndef ESPJIG_LINK_TELNET_H
#define ESPJIG_LINK_TELNET_H

#include "base/buffer.h"

#include <stddef.h>
#include <stdint.h>

enum telnet_byte {
    TELNET_SE = 240,
    TELNET_SB = 250,
    TELNET_WILL = 251,
    TELNET_WONT = 252,
    TELNET_DO = 253,
    TELNET_DONT = 254,
    TELNET_IAC = 255,
};

enum telnet_option {
    TELNET_BINARY = 0,
    TELNET_SGA = 3,       /* suppress go ahead */
    TELNET_COM_PORT = 44, /* RFC 2217 */
};

struct telnet {
    /* To be set by the caller. */
    void (*option)(void *context, uint8_t verb, uint8_t option); /* WILL WONT DO DONT */
    void (*sub)(void *context, const uint8_t *bytes, size_t n);  /* option, then its data */
    void *context;

    int state;
    uint8_t verb;
    uint8_t bytes[32]; /* of a subnegotiation; a longer one is cut */
    size_t n;
};

/* Appends the data among `bytes` to *data and calls back for the rest. */
void telnet_feed(struct telnet *telnet, const uint8_t *bytes, size_t n, struct buffer *data);

void telnet_put_data(struct buffer *out, const void *bytes, size_t n); /* 255 doubled */
void telnet_put_option(struct buffer *out, uint8_t verb, uint8_t option);
void telnet_put_sub(struct buffer *out, uint8_t option, uint8_t command, const void *value,
                    size_t n);

#endif
