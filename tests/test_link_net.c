/* SPDX-License-Identifier: GPL-3.0-or-later */
/* link/: TCP, Telnet and RFC 2217, against servers made here. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "link_helpers.h"
#include "link/reset.h"
#include "link/telnet.h"

#include <netinet/in.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>

/* ---- TCP ---- */

static int listen_here(unsigned *port)
{
    struct sockaddr_in here = {.sin_family = AF_INET, .sin_addr = {htonl(INADDR_LOOPBACK)}};
    socklen_t size = sizeof here;
    int fd = socket(AF_INET, SOCK_STREAM, 0);

    assert_int_equal(bind(fd, (struct sockaddr *)&here, size), 0);
    assert_int_equal(listen(fd, 1), 0);
    assert_int_equal(getsockname(fd, (struct sockaddr *)&here, &size), 0);
    *port = ntohs(here.sin_port);
    return fd;
}

static void tcp_carries_bytes_and_no_lines(void **state)
{
    struct link link;
    struct error error = {0};
    char address[64], bytes[16];
    unsigned port;
    int listener = listen_here(&port);

    (void)state;
    snprintf(address, sizeof address, "socket://localhost:%u", port);
    assert_int_equal(link_open(&link, address, &at_115200, &error), 0);
    int peer = accept(listener, NULL, NULL);
    assert_int_equal(link_write(&link, "ping", 4, SOON), 4);
    assert_int_equal(recv(peer, bytes, 4, MSG_WAITALL), 4);
    assert_memory_equal(bytes, "ping", 4);
    assert_int_equal(send(peer, "\xff\x00\x0d", 3, 0), 3);
    assert_int_equal(link_read(&link, bytes, sizeof bytes, SOON), 3);
    assert_memory_equal(bytes, "\xff\x00\x0d", 3);
    assert_int_equal(link_read(&link, bytes, sizeof bytes, 10), 0);
    assert_int_equal(link_set_baud(&link, 921600), 0); /* means nothing here */
    assert_int_equal(link_set_lines(&link, true, false), ERR_NOT_POSSIBLE);
    error_clear(&link.error);

    close(peer);
    assert_int_equal(link_read(&link, bytes, sizeof bytes, SOON), ERR_PORT_LOST);
    assert_has(link.error.text, address);
    link_close(&link);
    close(listener);

    char text[1024]; /* nobody listens there any more */
    assert_int_equal(open_fails(address, &at_115200, text), ERR_PORT_MISSING);
    assert_has(text, "localhost");
}

/* ---- RFC 2217 ---- */

static uint8_t got_options[64], got_subs[64];
static size_t n_options, n_subs;

static void keep_option(void *context, uint8_t verb, uint8_t option)
{
    (void)context;
    got_options[n_options++] = verb;
    got_options[n_options++] = option;
}

static void keep_sub(void *context, const uint8_t *bytes, size_t n)
{
    (void)context;
    assert_true(n <= 32);
    memcpy(got_subs, bytes, n);
    n_subs = n;
}

static void telnet_is_decoded_whatever_the_pieces(void **state)
{
    static const uint8_t stream[] = {
        'a', 255, 255, 'b', 255, 251, 44,  255, 241,                   /* NOP */
        240, 255, 250, 44,  101, 0,   255, 255, 0,   1, 255, 240, 'c', /* 255 inside */
        255, 250, 1,   255, 253, 0,   'd',                             /* no end: DO */
    };

    (void)state;
    for (size_t piece = 1; piece <= sizeof stream; piece++) {
        struct telnet t = {.option = keep_option, .sub = keep_sub};
        struct buffer data = {0};

        n_options = n_subs = 0;
        for (size_t at = 0; at < sizeof stream; at += piece)
            telnet_feed(&t, stream + at, at + piece < sizeof stream ? piece : sizeof stream - at,
                        &data);
        assert_int_equal(data.len, 6);
        assert_memory_equal(data.data,
                            "a\xff"
                            "b\xf0"
                            "cd",
                            6);
        assert_int_equal(n_options, 4);
        assert_memory_equal(got_options, ((uint8_t[]){251, 44, 253, 0}), 4);
        assert_int_equal(n_subs, 6);
        assert_memory_equal(got_subs, ((uint8_t[]){44, 101, 0, 255, 0, 1}), 6);
        buffer_done(&data);
    }

    struct buffer out = {0};
    telnet_put_data(&out, "\xff\x01\xff\xff\x02", 5);
    assert_int_equal(out.len, 8);
    assert_memory_equal(out.data, "\xff\xff\x01\xff\xff\xff\xff\x02", 8);
    telnet_put_sub(&out, 44, 1, "\x00\x00\xff\x00", 4);
    assert_int_equal(out.len, 8 + 11);
    assert_memory_equal(out.data + 8, "\xff\xfa\x2c\x01\x00\x00\xff\xff\x00\xff\xf0", 11);
    buffer_done(&out);
}

/* A server, written anew from the RFC, that runs in a child. It answers as `manner` says, echoes
 * data, and answers a '?' in the data with what has been asked of it so far and forgets that. */
enum {
    SWALLOW_LINES = 1,
    OTHER_BAUD = 2,
    NO_COM_PORT = 4,
    MUTE = 8,
    SUSPENDS = 16,
    LATE_DATA = 32
};

struct server {
    int manner, fd, fed;
    struct buffer log, out;
};

static void server_option(void *context, uint8_t verb, uint8_t option)
{
    struct server *s = context;
    static const uint8_t answer[] = {[251 - 251] = 253, [252 - 251] = 254, [253 - 251] = 251};

    if (option == 44 && s->manner & NO_COM_PORT) {
        telnet_put_option(&s->out, verb == 251 ? 254 : 252, option);
        return;
    }
    if (verb == 251 || verb == 253) /* a careless server: confirms everything, even twice */
        telnet_put_option(&s->out, answer[verb - 251], option);
}

static void server_control(struct server *s, uint8_t value)
{
    static const char *const names[] = {
        [1] = "flow0", [8] = "D1", [9] = "D0", [11] = "R1", [12] = "R0", [13] = NULL};

    buffer_printf(&s->log, "%s ", value < 13 && names[value] ? names[value] : "?");
    if (value > 1 && s->manner & SWALLOW_LINES)
        return;
    telnet_put_sub(&s->out, 44, 105, &value, 1);
}

static void server_sub(void *context, const uint8_t *b, size_t n)
{
    static const uint8_t fixed[] = {0, 0, 0x25, 0x80};
    struct server *s = context;

    if (n < 2 || b[0] != 44)
        return;
    if (b[1] == 5)
        server_control(s, b[2]);
    else if (b[1] == 1 && n == 6 && s->manner & OTHER_BAUD)
        telnet_put_sub(&s->out, 44, 101, fixed, 4);
    else if (b[1] == 1 && n == 6) {
        buffer_printf(&s->log, "baud%u ", b[2] << 24 | b[3] << 16 | b[4] << 8 | b[5]);
        telnet_put_sub(&s->out, 44, 101, b + 2, 4);
    } else if (b[1] >= 2 && b[1] <= 4) {
        telnet_put_sub(&s->out, 44, (uint8_t)(b[1] + 100), b + 2, 1);
    } else if (b[1] == 12) {
        if (s->manner & LATE_DATA) /* was under way when the purge came */
            telnet_put_data(&s->out, "stale", 5);
        telnet_put_sub(&s->out, 44, 112, b + 2, 1);
    }
}

static void server_data(struct server *s, const struct buffer *data)
{
    for (size_t i = 0; i < data->len; i++) {
        if (data->data[i] == '?') {
            buffer_printf(&s->log, ".");
            telnet_put_data(&s->out, s->log.data, s->log.len);
            buffer_clear(&s->log);
            continue;
        }
        telnet_put_data(&s->out, data->data + i, 1);
    }
}

static void server_run(struct server *s)
{
    struct telnet telnet = {.option = server_option, .sub = server_sub, .context = s};
    uint8_t raw[1000];
    ssize_t n;

    telnet_put_option(&s->out, TELNET_WILL, 1); /* ECHO, as pyserial offers */
    telnet_put_option(&s->out, TELNET_DO, TELNET_BINARY);
    if (s->manner & SUSPENDS) {
        telnet_put_sub(&s->out, 44, 108, NULL, 0);
        telnet_put_sub(&s->out, 44, 109, NULL, 0);
    }
    do {
        if (s->out.len && !(s->manner & MUTE))
            util_write_all(s->fd, s->out.data, s->out.len);
        buffer_clear(&s->out);
        struct buffer data = {0};
        n = read(s->fd, raw, sizeof raw);
        for (ssize_t i = 0; i < n; i++) { /* in order, commands and data */
            telnet_feed(&telnet, raw + i, 1, &data);
            server_data(s, &data);
            buffer_clear(&data);
        }
        buffer_done(&data);
    } while (n > 0);
}

static pid_t server_start(int manner, char *address, size_t size)
{
    unsigned port;
    int listener = listen_here(&port);

    snprintf(address, size, "rfc2217://localhost:%u", port);
    pid_t child = fork();
    if (child == 0) {
        struct server s = {.manner = manner};
        prctl(PR_SET_PDEATHSIG, SIGKILL); /* a test that fails does not stop it */
        signal(SIGPIPE, SIG_IGN);
        s.fd = accept(listener, NULL, NULL);
        close(listener);
        server_run(&s);
        buffer_done(&s.log);
        buffer_done(&s.out);
        _exit(0);
    }
    close(listener);
    return child;
}

static void server_end(pid_t child)
{
    int status;

    assert_int_equal(waitpid(child, &status, 0), child);
    assert_int_equal(status, 0);
}

static void read_until(struct link *link, char end, char *text, size_t size)
{
    size_t n = 0;

    do {
        ssize_t got = link_read(link, text + n, 1, SOON);
        if (got != 1)
            fail_msg("after \"%.*s\": %zd %s", (int)n, text, got, link->error.text);
        n++;
    } while (text[n - 1] != end && n < size - 1);
    text[n] = '\0';
}

static void asked_is(struct link *link, const char *expected)
{
    char text[256];

    assert_int_equal(link_write(link, "?", 1, SOON), 1);
    read_until(link, '.', text, sizeof text);
    assert_string_equal(text, expected);
}

static void rfc2217_sets_lines_in_a_safe_order(void **state)
{
    struct link link;
    struct error error = {0};
    char address[64];
    pid_t server = server_start(0, address, sizeof address);

    (void)state;
    if (link_open(&link, address, &at_115200, &error) < 0)
        fail_msg("%s", error.text);
    asked_is(&link, "flow0 baud115200 .");
    link_set_lines(&link, false, false); /* nothing is known about them: both */
    asked_is(&link, "R0 D0 .");
    link_set_lines(&link, false, true);
    asked_is(&link, "R1 .");
    link_set_lines(&link, true, false);
    asked_is(&link, "D1 R0 .");
    link_set_lines(&link, false, true);
    asked_is(&link, "R1 D0 .");
    link_set_lines(&link, true, true);
    link_set_lines(&link, false, false);
    asked_is(&link, "D1 R0 D0 .");
    link_set_lines(&link, true, true);
    link_set_lines(&link, true, true); /* no change, no request */
    asked_is(&link, "D1 R1 .");
    assert_int_equal(link_set_baud(&link, 0xff00ff), 0);
    asked_is(&link, "baud16711935 .");
    assert_int_equal(link.error.code, 0);
    link_close(&link);
    server_end(server);
}

static void rfc2217_escapes_both_ways(void **state)
{
    enum { N = 300000 };
    struct link link;
    struct error error = {0};
    char address[64];
    uint8_t *sent = malloc(N), *back = malloc(N);
    size_t n = 0;
    pid_t server = server_start(SUSPENDS, address, sizeof address);

    (void)state;
    for (int i = 0; i < N; i++)
        sent[i] = (uint8_t)(i % 3 == 0 ? 255 : i % 7 == 0 ? 240 : ((i / 256) ^ i) | 0x40);
    assert_int_equal(link_open(&link, address, &at_115200, &error), 0);
    assert_int_equal(link_write(&link, sent, N, SOON), N); /* more than the sockets hold */
    while (n < N) {
        ssize_t got = link_read(&link, back + n, N - n, SOON);
        assert_true(got > 0);
        n += (size_t)got;
    }
    assert_memory_equal(sent, back, N);
    link_close(&link);
    server_end(server);
    free(sent);
    free(back);
}

static void rfc2217_discards_what_is_under_way(void **state)
{
    struct link link;
    struct error error = {0};
    char address[64], text[64];
    pid_t server = server_start(LATE_DATA, address, sizeof address);

    (void)state;
    assert_int_equal(link_open(&link, address, &at_115200, &error), 0);
    assert_int_equal(link_write(&link, "old", 3, SOON), 3);
    assert_int_equal(link_discard_input(&link), 0);
    assert_int_equal(link_write(&link, "new.", 4, SOON), 4);
    read_until(&link, '.', text, sizeof text);
    assert_string_equal(text, "new.");
    link_close(&link);
    server_end(server);
}

static void rfc2217_lives_with_servers_that_keep_the_lines(void **state)
{
    struct link link;
    struct error error = {0};
    char address[64];
    pid_t server = server_start(SWALLOW_LINES, address, sizeof address);

    (void)state;
    strcat(address, "?ign_set_control"); /* what esp_rfc2217_server asks for */
    if (link_open(&link, address, &at_115200, &error) < 0)
        fail_msg("%s", error.text);
    assert_int_equal(reset_run(&link, "D0|R1|W0.01|D1|R0|W0.01|D0"), 0);
    asked_is(&link, "flow0 baud115200 R0 D0 R1 D1 R0 D0 .");
    link_close(&link);
    server_end(server);
}

static void rfc2217_says_what_a_server_can_not(void **state)
{
    static const struct {
        int manner, code;
        const char *part;
    } rows[] = {
        {OTHER_BAUD, ERR_BAUD_REFUSED, "9600"},
        {NO_COM_PORT, ERR_PORT_OPEN, "does not speak RFC 2217"},
    };
    char address[64], text[1024];

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        pid_t server = server_start(rows[i].manner, address, sizeof address);
        assert_int_equal(open_fails(address, &at_115200, text), rows[i].code);
        assert_has(text, rows[i].part);
        assert_has(text, address);
        server_end(server);
    }
}

static void rfc2217_waits_for_a_mute_server_until_cancelled(void **state)
{
    char address[64], text[1024];
    int fds[2];
    struct cancel cancel;
    struct link_options options = {.baud = 115200, .cancel = &cancel};
    pid_t server = server_start(MUTE, address, sizeof address);

    (void)state;
    assert_int_equal(pipe(fds), 0);
    cancel.fd = fds[0];
    pid_t child = fork();
    if (child == 0) {
        poll(NULL, 0, 50);
        _exit(0); /* the pipe's end of file */
    }
    close(fds[1]);
    int rc = open_fails(address, &options, text);
    assert_int_equal(rc, ERR_CANCELLED);
    waitpid(child, NULL, 0);
    close(fds[0]);
    server_end(server);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(tcp_carries_bytes_and_no_lines),
        cmocka_unit_test(telnet_is_decoded_whatever_the_pieces),
        cmocka_unit_test(rfc2217_sets_lines_in_a_safe_order),
        cmocka_unit_test(rfc2217_escapes_both_ways),
        cmocka_unit_test(rfc2217_discards_what_is_under_way),
        cmocka_unit_test(rfc2217_lives_with_servers_that_keep_the_lines),
        cmocka_unit_test(rfc2217_says_what_a_server_can_not),
        cmocka_unit_test(rfc2217_waits_for_a_mute_server_until_cancelled),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
