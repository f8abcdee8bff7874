/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * rfc2217://host:port: a serial port behind Telnet, with rate and lines (RFC 2217). The other side
 * is ser2net, pyserial's example, esptool's esp_rfc2217_server or espjig-emu.
 *
 * Both lines at once: RFC 2217 has no request for that, so a change of both is two requests, sent
 * in one write so that only the server's own pace lies between them. Their order decides what the
 * chip sees in between. In the usual circuit EN is low only for (DTR 0, RTS 1) and the boot strap
 * only for (1, 0); (0, 0) and (1, 1) leave the chip alone. So
 *   - what is asserted goes before what is released: the state in between is (1, 1), never (0, 0).
 *     The chip's own USB peripheral wants this, which takes (0, 0) for the end of the sequence;
 *   - of two that are asserted DTR goes first, of two that are released RTS: the other way round
 *     the state in between were (0, 1), a reset that nobody asked for.
 * What remains is "out of reset and into download mode", (0, 1) to (1, 0): the strap falls a moment
 * after EN is let go. Here as with esptool the capacitor at EN has to cover that moment, so over a
 * slow network reset is best left to the server (esp_rfc2217_server).
 *
 * Requests for a line that does not change are left out. This is not thrift: esp_rfc2217_server
 * takes each of them for the beginning of a reset.
 */
#include "link/private.h"

#include "base/util.h"
#include "link/telnet.h"

#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum {
    NEGOTIATE_MS = 5000,
    CONFIRM_MS = 3000,    /* for a server that is known to confirm */
    FIRST_LINES_MS = 500, /* to find out whether it confirms line changes at all */
    CLOSE_TAKES = 64,
};

/* Commands of the COM-PORT-OPTION, RFC 2217 section 3; the server's answer is the number + 100. */
enum command {
    SET_BAUDRATE = 1,
    SET_DATASIZE = 2,
    SET_PARITY = 3,
    SET_STOPSIZE = 4,
    SET_CONTROL = 5,
    SUSPEND = 8,
    RESUME = 9,
    PURGE_DATA = 12,
    ANSWER = 100,
};

/* Values of SET-CONTROL. */
enum control { NO_FLOW_CONTROL = 1, DTR_ON = 8, DTR_OFF = 9, RTS_ON = 11, RTS_OFF = 12 };

enum { PURGE_RECEIVED = 1 };

enum confirms { CONFIRMS_UNKNOWN, CONFIRMS_YES, CONFIRMS_NO };

struct rfc2217 {
    int fd;
    struct telnet telnet;
    struct buffer out; /* encoded, to be sent */
    struct buffer in;  /* decoded, from in_at on still to be read */
    size_t in_at;
    bool we_will[256], they_do[256]; /* options that we have said WILL and DO to */
    bool accepted, refused;          /* the COM-PORT-OPTION */
    bool suspended;                  /* the server's buffer is full */
    unsigned answered;               /* bit n: command n was answered */
    uint32_t baud;                   /* as answered */
    uint8_t format[SET_STOPSIZE + 1];
    enum confirms confirms; /* line changes */
    int lines_open;         /* line changes not yet confirmed */
    bool lines_known;       /* the server's lines are as last set */
    bool purge_known;       /* it answers PURGE-DATA ... */
    bool purging;           /* ... so what comes before that answer is old */
};

/* ---- what comes in ---- */

static bool we_speak(uint8_t option)
{
    return option == TELNET_BINARY || option == TELNET_SGA || option == TELNET_COM_PORT;
}

static void request_option(struct rfc2217 *r, uint8_t verb, uint8_t option)
{
    bool *said = verb == TELNET_WILL ? &r->we_will[option] : &r->they_do[option];

    if (!*said)
        telnet_put_option(&r->out, verb, option);
    *said = true;
}

/* RFC 854: a request for a state that we are in already is not answered, or it would never end. */
static void on_option(void *context, uint8_t verb, uint8_t option)
{
    struct rfc2217 *r = context;
    bool ask = verb == TELNET_DO || verb == TELNET_WILL;

    if (option == TELNET_COM_PORT) {
        r->accepted |= ask;
        r->refused |= verb == TELNET_DONT;
    }
    if (ask && we_speak(option))
        request_option(r, verb == TELNET_DO ? TELNET_WILL : TELNET_DO, option);
    else if (ask)
        telnet_put_option(&r->out, verb == TELNET_DO ? TELNET_WONT : TELNET_DONT, option);
}

static void on_sub(void *context, const uint8_t *bytes, size_t n)
{
    struct rfc2217 *r = context;

    if (n < 2 || bytes[0] != TELNET_COM_PORT || bytes[1] < ANSWER)
        return;
    unsigned command = bytes[1] - ANSWER;
    if (command < 32)
        r->answered |= 1u << command;
    if (command == SET_BAUDRATE && n >= 6)
        r->baud = (uint32_t)bytes[2] << 24 | (uint32_t)bytes[3] << 16 | (uint32_t)bytes[4] << 8 |
                  bytes[5];
    else if (command >= SET_DATASIZE && command <= SET_STOPSIZE && n >= 3)
        r->format[command] = bytes[2];
    else if (command == SET_CONTROL && n >= 3 && bytes[2] >= DTR_ON && bytes[2] <= RTS_OFF)
        r->lines_open -= r->lines_open > 0;
    else if (command == SUSPEND || command == RESUME)
        r->suspended = command == SUSPEND;
    else if (command == PURGE_DATA)
        r->purging = false;
}

/* ---- the socket ---- */

/* Decodes what has arrived. 1, 0: nothing, or an error. */
static int take(struct link *link)
{
    struct rfc2217 *r = link->impl;
    uint8_t raw[8192];
    ssize_t n = link_fd_get(link, r->fd, raw, sizeof raw);

    if (n <= 0)
        return (int)n;
    if (r->in_at == r->in.len) {
        buffer_clear(&r->in);
        r->in_at = 0;
    }
    for (ssize_t i = 0; i < n;) { /* up to each command, because the end of a purge is one */
        const uint8_t *se = memchr(raw + i, TELNET_SE, (size_t)(n - i));
        ssize_t to = se ? se + 1 - raw : n;
        size_t before = r->in.len;
        bool old = r->purging;
        telnet_feed(&r->telnet, raw + i, (size_t)(to - i), &r->in);
        if (old)
            r->in.len = before;
        i = to;
    }
    return 1;
}

/* Sends what the socket accepts. 1, 0: nothing, or an error. */
static int give(struct link *link)
{
    struct rfc2217 *r = link->impl;

    if (r->out.len == 0)
        return 0;
    ssize_t n = link_fd_put(link, r->fd, r->out.data, r->out.len);
    if (n > 0)
        buffer_drop_front(&r->out, (size_t)n);
    return n > 0 ? 1 : (int)n;
}

/* Moves something either way; waits for the chance until `end`. Both ways always: a server that
 * can't get rid of its bytes may stop taking ours. 1, 0: the deadline passed, or an error. */
static int exchange(struct link *link, int64_t end)
{
    struct rfc2217 *r = link->impl;

    for (;;) {
        int gave = give(link), took = gave < 0 ? gave : take(link);
        if (took < 0 || gave > 0 || took > 0)
            return took < 0 ? took : 1;
        int64_t left = end - clock_ms();
        short events = r->out.len ? POLLIN | POLLOUT : POLLIN;
        int rc = clock_wait(link->cancel, r->fd, events, left > 0 ? left : 0);
        if (rc <= 0)
            return rc < 0 ? link_cancelled(link) : 0;
    }
}

/* ---- requests ---- */

static void request(struct rfc2217 *r, enum command command, const void *value, size_t n)
{
    r->answered &= ~(1u << command);
    telnet_put_sub(&r->out, TELNET_COM_PORT, (uint8_t)command, value, n);
}

static void request_byte(struct rfc2217 *r, enum command command, uint8_t value)
{
    request(r, command, &value, 1);
}

static void request_baud(struct rfc2217 *r, unsigned baud)
{
    const uint8_t value[] = {(uint8_t)(baud >> 24), (uint8_t)(baud >> 16), (uint8_t)(baud >> 8),
                             (uint8_t)baud};

    request(r, SET_BAUDRATE, value, sizeof value);
}

/* Waits until all commands in the mask are answered. 1, 0: not within the time, or an error. */
static int await_answers(struct link *link, unsigned mask)
{
    const struct rfc2217 *r = link->impl;
    int64_t end = clock_ms() + CONFIRM_MS;
    int rc = 1;

    while (rc > 0 && (r->answered & mask) != mask)
        rc = exchange(link, end);
    return rc;
}

static int baud_answer(struct link *link, unsigned baud)
{
    const struct rfc2217 *r = link->impl;

    if (link_baud_close(baud, r->baud))
        return 0;
    return link_fail(link, ERR_BAUD_REFUSED, "%s can't do %u baud: its server answers %u",
                     link->address, baud, (unsigned)r->baud);
}

static int rfc2217_set_baud(struct link *link, unsigned baud)
{
    request_baud(link->impl, baud);
    int rc = await_answers(link, 1u << SET_BAUDRATE);
    if (rc < 0)
        return rc;
    if (rc == 0)
        return link_fail(link, ERR_NO_REPLY, "%s does not confirm %u baud", link->address, baud);
    return baud_answer(link, baud);
}

/* Appends the requests for a change of lines, in the order that the head of this file explains.
 * Returns their number. */
static int request_lines(struct rfc2217 *r, const struct link *link, bool dtr, bool rts)
{
    bool change_dtr = !r->lines_known || dtr != link->dtr;
    bool change_rts = !r->lines_known || rts != link->rts;
    uint8_t dtr_value = dtr ? DTR_ON : DTR_OFF, rts_value = rts ? RTS_ON : RTS_OFF;

    if (change_dtr && dtr)
        request_byte(r, SET_CONTROL, dtr_value);
    if (change_rts)
        request_byte(r, SET_CONTROL, rts_value);
    if (change_dtr && !dtr)
        request_byte(r, SET_CONTROL, dtr_value);
    return change_dtr + change_rts;
}

/* Waits until the line changes have left and, where the server does that, are confirmed. */
static int await_lines(struct link *link)
{
    struct rfc2217 *r = link->impl;
    bool known = r->confirms != CONFIRMS_UNKNOWN;
    int64_t end = clock_ms() + (known ? CONFIRM_MS : FIRST_LINES_MS);
    int rc = 1;

    while (rc > 0 && (r->out.len > 0 || (r->confirms != CONFIRMS_NO && r->lines_open > 0)))
        rc = exchange(link, end);
    if (rc < 0)
        return rc;
    if (rc > 0) {
        r->confirms = r->confirms == CONFIRMS_NO ? CONFIRMS_NO : CONFIRMS_YES;
        return 0;
    }
    if (known)
        return link_fail(link, ERR_NO_REPLY, "%s does not confirm its DTR and RTS lines",
                         link->address);
    /* esp_rfc2217_server swallows these requests and does the reset itself. */
    log_line(link->log, LOG_DEBUG, "%s does not confirm its lines; not waiting for that any more",
             link->address);
    r->confirms = CONFIRMS_NO;
    return 0;
}

static int rfc2217_set_lines(struct link *link, bool dtr, bool rts)
{
    struct rfc2217 *r = link->impl;
    int n = request_lines(r, link, dtr, rts);

    r->lines_known = true;
    if (n == 0)
        return 0;
    r->lines_open = n;
    return await_lines(link);
}

/* Drops what is here now and, where the server answers PURGE-DATA, all that comes before that
 * answer: what was under way is old too. */
static int rfc2217_discard_input(struct link *link)
{
    struct rfc2217 *r = link->impl;
    int rc = 1;

    for (int i = 0; i < CLOSE_TAKES && rc > 0; i++) /* bounded: it may never end */
        rc = take(link);
    buffer_clear(&r->in);
    r->in_at = 0;
    if (rc < 0 || !r->purge_known)
        return rc < 0 ? rc : 0;
    request_byte(r, PURGE_DATA, PURGE_RECEIVED);
    r->purging = true;
    rc = give(link);
    return rc < 0 ? rc : 0;
}

static ssize_t rfc2217_read(struct link *link, void *bytes, size_t n, int ms)
{
    struct rfc2217 *r = link->impl;
    int64_t end = clock_ms() + ms;

    if (r->in_at == r->in.len && cancel_asked(link->cancel))
        return link_cancelled(link);
    while (r->in_at == r->in.len) {
        int rc = exchange(link, end);
        if (rc <= 0)
            return rc;
    }
    if (n > r->in.len - r->in_at)
        n = r->in.len - r->in_at;
    memcpy(bytes, r->in.data + r->in_at, n);
    r->in_at += n;
    return (ssize_t)n;
}

static ssize_t rfc2217_write(struct link *link, const void *bytes, size_t n, int ms)
{
    struct rfc2217 *r = link->impl;
    int64_t end = clock_ms() + ms;
    int rc = 1;

    while (rc > 0 && r->suspended)
        rc = exchange(link, end);
    if (rc > 0)
        telnet_put_data(&r->out, bytes, n);
    while (rc > 0 && r->out.len > 0)
        rc = exchange(link, end);
    if (rc == 0)
        return link_fail(link, ERR_NO_REPLY, "%s did not take %zu bytes within %d ms",
                         link->address, n, ms);
    return rc < 0 ? rc : (ssize_t)n;
}

/* ---- begin and end ---- */

static int negotiate(struct link *link)
{
    static const uint8_t options[] = {TELNET_BINARY, TELNET_SGA};
    struct rfc2217 *r = link->impl;
    int64_t end = clock_ms() + NEGOTIATE_MS;
    int rc = 1;

    for (size_t i = 0; i < ARRAY_LEN(options); i++) {
        request_option(r, TELNET_WILL, options[i]);
        request_option(r, TELNET_DO, options[i]);
    }
    request_option(r, TELNET_WILL, TELNET_COM_PORT);
    while (rc > 0 && !r->accepted && !r->refused)
        rc = exchange(link, end);
    if (rc < 0)
        return rc;
    if (r->refused || rc == 0)
        return link_fail(link, ERR_PORT_OPEN,
                         "%s does not speak RFC 2217 (for plain TCP use socket://)", link->address);
    return 0;
}

/* 8N1 at the rate, no flow control. The purge comes first: by the time the rest is answered we know
 * whether the server answers that too. */
static int set_up(struct link *link)
{
    static const uint8_t format[] = {
        [SET_DATASIZE] = 8, [SET_PARITY] = 1 /* none */, [SET_STOPSIZE] = 1};
    struct rfc2217 *r = link->impl;

    request_byte(r, SET_CONTROL, NO_FLOW_CONTROL);
    request_byte(r, PURGE_DATA, PURGE_RECEIVED);
    request_baud(r, link->baud);
    for (unsigned c = SET_DATASIZE; c <= SET_STOPSIZE; c++)
        request_byte(r, (enum command)c, format[c]);
    int rc = await_answers(link, 1u << SET_BAUDRATE | 1u << SET_DATASIZE | 1u << SET_PARITY |
                                     1u << SET_STOPSIZE);
    if (rc < 0)
        return rc;
    if (rc == 0)
        return link_fail(link, ERR_PORT_OPEN,
                         "%s does not confirm the rate and format that we ask for", link->address);
    for (unsigned c = SET_DATASIZE; c <= SET_STOPSIZE; c++) {
        if (r->format[c] != format[c])
            return link_fail(link, ERR_PORT_OPEN, "%s can't do 8 data bits, no parity, 1 stop bit",
                             link->address);
    }
    r->purge_known = r->answered & 1u << PURGE_DATA;
    return baud_answer(link, link->baud);
}

static void rfc2217_close(struct link *link)
{
    struct rfc2217 *r = link->impl;

    if (r->lines_known && link->rts && !link->dtr) { /* the chip must not stay in reset */
        struct error waste = link->error;
        request_byte(r, SET_CONTROL, RTS_OFF);
        give(link);
        link->error = waste;
    }
    close(r->fd);
    buffer_done(&r->out);
    buffer_done(&r->in);
    free(r);
}

int link_rfc2217_start(struct link *link, int fd, struct error *error)
{
    struct rfc2217 *r = xcalloc(1, sizeof *r);

    *r = (struct rfc2217){.fd = fd, .telnet = {.option = on_option, .sub = on_sub, .context = r}};
    link->impl = r;
    link->has_lines = true;
    link->has_baud = true;
    int rc = negotiate(link);
    if (rc == 0)
        rc = set_up(link);
    if (rc < 0) {
        error_set(error, (enum err)rc, "%s", link->error.text);
        rfc2217_close(link);
        link->impl = NULL;
    }
    return rc;
}

/* host:port, or host:port?ign_set_control as esp_rfc2217_server says to call it: what pyserial has
 * to be told, that the lines are not confirmed, is found out here. */
static int rfc2217_open(struct link *link, const char *address, const struct link_options *options,
                        struct error *error)
{
    const char *query = strchr(address, '?');
    char host_port[sizeof link->address];

    (void)options;
    if (query && strcmp(query, "?ign_set_control") != 0)
        return error_set(error, ERR_USAGE, "%s: the only option known here is ?ign_set_control",
                         link->address);
    snprintf(host_port, sizeof host_port, "%.*s",
             (int)(query ? query - address : (ptrdiff_t)strlen(address)), address);
    int fd = link_tcp_connect(link, host_port, error);
    return fd < 0 ? fd : link_rfc2217_start(link, fd, error);
}

const struct link_ops link_ops_rfc2217 = {
    .scheme = "rfc2217",
    .open = rfc2217_open,
    .close = rfc2217_close,
    .read = rfc2217_read,
    .write = rfc2217_write,
    .set_baud = rfc2217_set_baud,
    .set_lines = rfc2217_set_lines,
    .discard_input = rfc2217_discard_input,
};
