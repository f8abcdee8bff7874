/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "emu/rfc2217.h"

#include "base/util.h"

#include <string.h>

/* RFC 854, 856, 858, 2217. */
enum { SE = 240, SB = 250, WILL = 251, WONT = 252, DO = 253, DONT = 254, IAC = 255 };
enum { OPT_BINARY = 0, OPT_ECHO = 1, OPT_SGA = 3, OPT_COM_PORT = 44 };

enum {
    SIGNATURE = 0,
    SET_BAUDRATE = 1,
    SET_DATASIZE = 2,
    SET_PARITY = 3,
    SET_STOPSIZE = 4,
    SET_CONTROL = 5,
    SET_LINESTATE_MASK = 10,
    SET_MODEMSTATE_MASK = 11,
    PURGE_DATA = 12,
    NOTIFY_MODEMSTATE = 107,
    ANSWER = 100, /* added to a command's number */
};

enum { MODEM_CTS_DSR_CD = 0xb0 };

static void send_option(struct rfc2217 *r, uint8_t verb, uint8_t option)
{
    const uint8_t bytes[] = {IAC, verb, option};

    buffer_append(&r->out, bytes, sizeof bytes);
}

void rfc2217_send(struct rfc2217 *r, const uint8_t *bytes, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        if (bytes[i] == IAC)
            buffer_append_byte(&r->out, IAC);
        buffer_append_byte(&r->out, bytes[i]);
    }
}

static void send_sub(struct rfc2217 *r, uint8_t command, const uint8_t *value, size_t n)
{
    const uint8_t head[] = {IAC, SB, OPT_COM_PORT, command};
    const uint8_t tail[] = {IAC, SE};

    buffer_append(&r->out, head, sizeof head);
    rfc2217_send(r, value, n);
    buffer_append(&r->out, tail, sizeof tail);
}

void rfc2217_start(struct rfc2217 *r, const struct rfc2217_events *events)
{
    unsigned baud = r->baud ? r->baud : 115200;

    buffer_done(&r->out);
    *r = (struct rfc2217){.events = *events, .baud = baud, .max_baud = r->max_baud};
    send_option(r, WILL, OPT_BINARY);
    send_option(r, DO, OPT_BINARY);
    send_option(r, WILL, OPT_SGA);
    send_option(r, DO, OPT_COM_PORT);
    r->us[OPT_BINARY] = r->they[OPT_BINARY] = true;
    r->us[OPT_SGA] = r->they[OPT_COM_PORT] = true;
}

void rfc2217_done(struct rfc2217 *r)
{
    buffer_done(&r->out);
}

static bool acceptable(uint8_t option)
{
    return option == OPT_BINARY || option == OPT_SGA || option == OPT_COM_PORT ||
           option == OPT_ECHO;
}

/* Answers only changes, so that nobody answers for ever. */
static void negotiate(struct rfc2217 *r, uint8_t verb, uint8_t option)
{
    bool ours = verb == DO || verb == DONT;
    bool on = verb == DO || verb == WILL;
    bool *state = ours ? &r->us[option] : &r->they[option];

    if (on && !acceptable(option)) {
        send_option(r, ours ? WONT : DONT, option);
        return;
    }
    if (*state != on)
        send_option(r, ours ? (on ? WILL : WONT) : (on ? DO : DONT), option);
    *state = on;
    if (on && !ours && option == OPT_COM_PORT) {
        static const uint8_t state_now = MODEM_CTS_DSR_CD;
        send_sub(r, NOTIFY_MODEMSTATE, &state_now, 1);
    }
}

/* Value 0 asks for the rate. */
static void set_baud(struct rfc2217 *r, const uint8_t *v, size_t n)
{
    uint8_t now[4];

    if (n < 4)
        return;
    unsigned baud = (unsigned)v[0] << 24 | (unsigned)v[1] << 16 | (unsigned)v[2] << 8 | v[3];
    if (baud != 0 && (r->max_baud == 0 || baud <= r->max_baud)) {
        r->baud = baud;
        r->events.baud(r->events.context, baud);
    }
    for (int i = 0; i < 4; i++)
        now[i] = (uint8_t)(r->baud >> (24 - 8 * i));
    send_sub(r, SET_BAUDRATE + ANSWER, now, sizeof now);
}

static uint8_t control_state(const struct rfc2217 *r, uint8_t value)
{
    switch (value) {
    case 0:
        return 1; /* no flow control */
    case 4:
        return 6; /* no break */
    case 7:
        return r->dtr ? 8 : 9;
    case 10:
        return r->rts ? 11 : 12;
    case 13:
        return 14; /* no flow control inbound */
    default:
        return value;
    }
}

static void set_control(struct rfc2217 *r, uint8_t value)
{
    if (value == 8 || value == 9)
        r->dtr = value == 8;
    if (value == 11 || value == 12)
        r->rts = value == 11;
    if (value == 8 || value == 9 || value == 11 || value == 12)
        r->events.lines(r->events.context, r->dtr, r->rts);
    uint8_t answer = control_state(r, value);
    send_sub(r, SET_CONTROL + ANSWER, &answer, 1);
}

static void sub_done(struct rfc2217 *r)
{
    const uint8_t *v = r->sub + 2;
    size_t n = r->sub_len >= 2 ? r->sub_len - 2 : 0;

    if (r->sub_len < 2 || r->sub[0] != OPT_COM_PORT)
        return;
    uint8_t command = r->sub[1];
    if (command == SIGNATURE) {
        send_sub(r, SIGNATURE + ANSWER, (const uint8_t *)"espjig-emu", 10);
    } else if (command == SET_BAUDRATE) {
        set_baud(r, v, n);
    } else if (n == 0) {
        return;
    } else if (command == SET_CONTROL) {
        set_control(r, v[0]);
    } else if (command == SET_DATASIZE || command == SET_PARITY || command == SET_STOPSIZE) {
        /* 8N1 is what a chip speaks; 0 asks. */
        uint8_t value = v[0] ? v[0] : command == SET_DATASIZE ? 8 : 1;
        send_sub(r, (uint8_t)(command + ANSWER), &value, 1);
    } else if (command == PURGE_DATA) {
        if (v[0] & 1)
            r->events.purge(r->events.context);
        send_sub(r, PURGE_DATA + ANSWER, v, 1);
    } else if (command == SET_LINESTATE_MASK || command == SET_MODEMSTATE_MASK) {
        send_sub(r, (uint8_t)(command + ANSWER), v, 1);
    }
}

static void take_sub(struct rfc2217 *r, uint8_t byte)
{
    if (r->sub_len < sizeof r->sub)
        r->sub[r->sub_len++] = byte;
}

static void take_command(struct rfc2217 *r, uint8_t byte)
{
    r->state = TELNET_DATA;
    if (byte >= WILL && byte <= DONT) {
        r->verb = byte;
        r->state = TELNET_OPTION;
    } else if (byte == SB) {
        r->sub_len = 0;
        r->state = TELNET_SUB;
    }
}

static void take(struct rfc2217 *r, uint8_t byte)
{
    switch (r->state) {
    case TELNET_DATA:
        r->state = TELNET_IAC; /* data is taken by rfc2217_feed() */
        break;
    case TELNET_IAC:
        take_command(r, byte);
        break;
    case TELNET_OPTION:
        negotiate(r, r->verb, byte);
        r->state = TELNET_DATA;
        break;
    case TELNET_SUB:
        if (byte == IAC)
            r->state = TELNET_SUB_IAC;
        else
            take_sub(r, byte);
        break;
    case TELNET_SUB_IAC:
        r->state = TELNET_SUB;
        if (byte == IAC) {
            take_sub(r, byte);
        } else {
            r->state = TELNET_DATA;
            if (byte == SE)
                sub_done(r);
        }
        break;
    }
}

void rfc2217_feed(struct rfc2217 *r, const uint8_t *bytes, size_t n)
{
    struct buffer data = {0};

    for (size_t i = 0; i < n; i++) {
        const uint8_t *iac = r->state == TELNET_DATA ? memchr(bytes + i, IAC, n - i) : bytes + i;
        size_t plain = (iac ? (size_t)(iac - bytes) : n) - i;
        buffer_append(&data, bytes + i, plain);
        i += plain;
        if (i == n)
            break;
        bool doubled = r->state == TELNET_IAC && bytes[i] == IAC;
        if (doubled || (r->state == TELNET_DATA && bytes[i] != IAC)) {
            buffer_append_byte(&data, bytes[i]);
            r->state = TELNET_DATA;
            continue;
        }
        /* What came before a command was sent before it. */
        if (r->state == TELNET_SUB_IAC && data.len > 0) {
            r->events.data(r->events.context, data.data, data.len);
            buffer_clear(&data);
        }
        take(r, bytes[i]);
    }
    if (data.len > 0)
        r->events.data(r->events.context, data.data, data.len);
    buffer_done(&data);
}
