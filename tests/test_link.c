/* SPDX-License-Identifier: GPL-3.0-or-later */
/* link/: reset sequences, ptys, TCP, RFC 2217, trace, faults, and what goes wrong with ports. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "base/buffer.h"
#include "base/util.h"
#include "link/link.h"
#include "link/reset.h"
#include "link/telnet.h"

#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <pty.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>

enum { SOON = 10000 /* ms: a deadline that is only reached when something is broken */ };

static const struct link_options at_115200 = {.baud = 115200};

static void assert_has(const char *text, const char *part)
{
    if (strstr(text, part) == NULL)
        fail_msg("\"%s\" has no \"%s\"", text, part);
}

static int open_fails(const char *address, const struct link_options *options, char *text)
{
    struct link link = {.baud = 4711};
    struct error error = {0};
    int rc = link_open(&link, address, options, &error);

    if (rc == 0)
        fail_msg("%s could be opened", address);
    assert_int_equal(link.baud, 4711); /* untouched */
    assert_int_equal(error.code, rc);
    strcpy(text, error.text);
    return rc;
}

/* ---- a link that writes down what is done to it ---- */

static char record[512];

static void note(const char *format, ...)
{
    size_t n = strlen(record);
    va_list args;

    va_start(args, format);
    vsnprintf(record + n, sizeof record - n, format, args);
    va_end(args);
}

static int record_lines(struct link *link, bool dtr, bool rts)
{
    (void)link;
    note("%d%d ", dtr, rts);
    return 0;
}

static const struct link_ops record_ops = {.scheme = "record", .set_lines = record_lines};

static int64_t fake_us;

static int64_t fake_now(void)
{
    return fake_us;
}

static void fake_sleep(int64_t us)
{
    fake_us += us;
    note("w%d ", (int)(us / 1000));
}

static const struct clock_source fake_clock = {fake_now, fake_sleep};

static void run_is(struct link *link, const char *sequence, const char *expected)
{
    record[0] = '\0';
    clock_use(&fake_clock);
    int rc = reset_run(link, sequence);
    clock_use(NULL);
    assert_int_equal(rc, 0);
    assert_string_equal(record, expected);
}

/* ---- reset ---- */

static void reset_sequences_are_checked(void **state)
{
    static const struct {
        const char *sequence;
        int bad; /* number of the step, 0: good */
    } rows[] = {
        {reset_classic, 0},
        {reset_classic_long, 0},
        {reset_tight, 0},
        {reset_tight_long, 0},
        {reset_usb_jtag, 0},
        {reset_hard, 0},
        {"D0", 0},
        {"W.5|W5.|W60", 0},
        {"", 1},
        {"D0|", 2},
        {"|D0", 1},
        {"D0|X1", 2},
        {"d0", 1},
        {"D2", 1},
        {"D", 1},
        {"D01", 1},
        {"U1", 1},
        {"U1,", 1},
        {"U1,2", 1},
        {"U1,10", 1},
        {"W", 1},
        {"W.", 1},
        {"W-1", 1},
        {"W0,1", 1},
        {"W61", 1},
        {"W1e3", 1},
        {"D0|R1 |W0", 2},
        {"W0.1.1", 1},
        {"D0|R1|D0D0D0D0D0D0D0D0D0D0D0D0D0D0D0D0D0D0D0D0D0", 3},
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct error error = {0};
        char step[20];
        int rc = reset_check(rows[i].sequence, &error);
        if ((rc == 0) != (rows[i].bad == 0))
            fail_msg("\"%s\": %d %s", rows[i].sequence, rc, error.text);
        if (rc == 0)
            continue;
        assert_int_equal(rc, ERR_USAGE);
        snprintf(step, sizeof step, "step %d ", rows[i].bad);
        assert_has(error.text, step);
    }
}

static void reset_moves_the_lines_in_order(void **state)
{
    struct link link = {.ops = &record_ops, .has_lines = true, .address = "x"};

    (void)state;
    run_is(&link, reset_classic, "00 01 w100 11 10 w50 00 ");
    run_is(&link, reset_classic_long, "00 01 w100 11 10 w550 00 ");
    run_is(&link, reset_tight, "00 11 01 w100 10 w50 00 00 ");
    run_is(&link, reset_tight_long, "00 11 01 w100 10 w550 00 00 ");
    run_is(&link, reset_usb_jtag, "00 00 w100 10 10 w100 11 01 01 w100 01 00 ");
    run_is(&link, reset_hard, "01 w100 00 ");
    run_is(&link, reset_hard_usb, "01 w200 00 w200 ");
    run_is(&link, "U1,0|W0.0005|R1", "10 w1 11 ");

    /* CP2102C: flow control that can't be turned off. */
    link = (struct link){.ops = &record_ops, .has_lines = true, .port = {.vid = 0x10C4}};
    link.port.pid = 0xEA64;
    run_is(&link, reset_tight, "00 11 01 w100 10 w50 ");
    run_is(&link, reset_hard, "00 01 w100 11 w100 10 ");
    run_is(&link, "D0|R0", "00 00 ");
}

static void reset_needs_lines_and_sense(void **state)
{
    struct link link = {.ops = &record_ops, .address = "socket://here:1"};

    (void)state;
    assert_int_equal(reset_run(&link, reset_hard), ERR_NOT_POSSIBLE);
    assert_has(link.error.text, "socket://here:1");

    link = (struct link){.ops = &record_ops, .has_lines = true};
    record[0] = '\0';
    assert_int_equal(reset_run(&link, "D0|R1|oops"), ERR_USAGE);
    assert_string_equal(record, ""); /* nothing is done by halves */
}

static void reset_ends_on_cancel(void **state)
{
    int fds[2];

    (void)state;
    assert_int_equal(pipe(fds), 0);
    struct cancel cancel = {.fd = fds[0]};
    struct link link = {.ops = &record_ops, .has_lines = true, .cancel = &cancel};
    close(fds[1]);
    int64_t start = clock_ms();
    assert_int_equal(reset_run(&link, "R1|W20|R0"), ERR_CANCELLED);
    assert_true(clock_ms() - start < SOON);
    assert_int_equal(link.error.code, ERR_CANCELLED);
    close(fds[0]);
}

/* ---- pty ---- */

struct pty {
    int master;
    char path[64];
    struct link link;
};

static void pty_start(struct pty *pty, const struct link_options *options)
{
    struct error error = {0};
    int slave;

    *pty = (struct pty){0};
    assert_int_equal(openpty(&pty->master, &slave, pty->path, NULL, NULL), 0);
    if (link_open(&pty->link, pty->path, options, &error) < 0)
        fail_msg("%s", error.text);
    close(slave);
}

static void pty_end(struct pty *pty)
{
    link_close(&pty->link);
    if (pty->master >= 0)
        close(pty->master);
}

static void a_pty_carries_bytes_as_they_are(void **state)
{
    uint8_t all[256], back[512];
    struct pty pty;
    struct termios t;
    size_t n = 0;

    (void)state;
    pty_start(&pty, &at_115200);
    assert_string_equal(pty.link.ops->scheme, "pty");
    assert_false(pty.link.has_lines);
    for (int i = 0; i < 256; i++)
        all[i] = (uint8_t)i;
    assert_int_equal(link_write(&pty.link, all, 256, SOON), 256);
    while (n < 256) {
        ssize_t got = read(pty.master, back + n, sizeof back - n);
        assert_true(got > 0);
        n += (size_t)got;
    }
    assert_memory_equal(all, back, 256);

    assert_int_equal(write(pty.master, all, 256), 256);
    for (n = 0; n < 256;) {
        ssize_t got = link_read(&pty.link, back + n, sizeof back - n, SOON);
        assert_true(got > 0);
        n += (size_t)got;
    }
    assert_memory_equal(all, back, 256);

    assert_int_equal(tcgetattr(pty.master, &t), 0);
    assert_int_equal(cfgetospeed(&t), B115200);
    assert_int_equal(link_set_baud(&pty.link, 921600), 0);
    assert_int_equal(tcgetattr(pty.master, &t), 0);
    assert_int_equal(cfgetospeed(&t), B921600);
    assert_int_equal(link_set_baud(&pty.link, 74880), 0); /* no B74880 exists */
    assert_int_equal(pty.link.baud, 74880);
    assert_int_equal(link_set_lines(&pty.link, true, true), ERR_NOT_POSSIBLE);
    pty_end(&pty);
}

static void silence_is_no_error(void **state)
{
    struct pty pty;
    uint8_t byte;

    (void)state;
    pty_start(&pty, &at_115200);
    int64_t start = clock_ms();
    assert_int_equal(link_read(&pty.link, &byte, 1, 30), 0);
    assert_true(clock_ms() - start >= 29);
    assert_int_equal(link_read(&pty.link, &byte, 1, 0), 0);
    assert_int_equal(pty.link.error.code, 0);

    assert_int_equal(write(pty.master, "old", 3), 3);
    assert_int_equal(clock_wait(NULL, -1, 0, 20), 0);
    assert_int_equal(link_discard_input(&pty.link), 0);
    assert_int_equal(write(pty.master, "n", 1), 1);
    assert_int_equal(link_read(&pty.link, &byte, 1, SOON), 1);
    assert_int_equal(byte, 'n');
    pty_end(&pty);
}

static void nobody_reads_and_the_write_gives_up(void **state)
{
    static uint8_t much[1 << 20];
    struct pty pty;

    (void)state;
    pty_start(&pty, &at_115200);
    assert_int_equal(link_write(&pty.link, much, sizeof much, 50), ERR_NO_REPLY);
    assert_has(pty.link.error.text, pty.path);
    int64_t start = clock_ms();
    link_close(&pty.link); /* does not wait for the rest to leave */
    assert_true(clock_ms() - start < 1000);
    pty_end(&pty);
}

static void a_read_ends_on_cancel(void **state)
{
    int fds[2];
    uint8_t byte;
    struct cancel cancel;
    struct pty pty;

    (void)state;
    assert_int_equal(pipe(fds), 0);
    cancel.fd = fds[0];
    pty_start(&pty, &(struct link_options){.baud = 115200, .cancel = &cancel});
    pid_t child = fork();
    if (child == 0) {
        poll(NULL, 0, 30);
        _exit(write(fds[1], "x", 1) == 1 ? 0 : 1);
    }
    int64_t start = clock_ms();
    assert_int_equal(link_read(&pty.link, &byte, 1, 2 * SOON), ERR_CANCELLED);
    assert_true(clock_ms() - start < SOON);
    assert_int_equal(write(pty.master, "x", 1), 1);
    assert_int_equal(link_read(&pty.link, &byte, 1, 0), ERR_CANCELLED); /* also with bytes there */
    waitpid(child, NULL, 0);
    pty_end(&pty);
    close(fds[0]);
    close(fds[1]);
}

static void a_pulled_cable_is_noticed(void **state)
{
    struct pty pty;
    uint8_t bytes[8];

    (void)state;
    pty_start(&pty, &at_115200);
    pid_t child = fork();
    if (child == 0) {
        poll(NULL, 0, 30);
        _exit(0);
    }
    close(pty.master); /* the child has the last one */
    pty.master = -1;
    assert_int_equal(link_read(&pty.link, bytes, sizeof bytes, 2 * SOON), ERR_PORT_LOST);
    assert_has(pty.link.error.text, pty.path);
    assert_int_equal(link_write(&pty.link, "x", 1, SOON), ERR_PORT_LOST);
    waitpid(child, NULL, 0);
    pty_end(&pty);
}

/* ---- ports that can't be opened ---- */

static void bad_addresses_are_named(void **state)
{
    static const struct {
        const char *address;
        int code;
        const char *part;
    } rows[] = {
        {"/dev/ttyNoSuchPort", ERR_PORT_MISSING, "/dev/ttyNoSuchPort"},
        {"/dev/null/x", ERR_PORT_MISSING, "/dev/null/x"},
        {"/dev/null", ERR_PORT_OPEN, "/dev/null"},
        {"/", ERR_PORT_OPEN, "a directory"},
        {"pty:/dev/null", ERR_PORT_OPEN, "pseudo terminal"},
        {"pty:/dev/pts/nothing", ERR_PORT_MISSING, "/dev/pts/nothing"},
        {"", ERR_USAGE, "address"},
        {"pty:", ERR_USAGE, "pty:"},
        {"gopher://x:1", ERR_USAGE, "gopher"},
        {"socket://", ERR_USAGE, "socket"},
        {"socket://localhost", ERR_USAGE, "HOST:PORT"},
        {"socket://localhost:", ERR_USAGE, "HOST:PORT"},
        {"socket://localhost:0", ERR_USAGE, "HOST:PORT"},
        {"socket://localhost:65536", ERR_USAGE, "HOST:PORT"},
        {"socket://::1:80", ERR_USAGE, "[IPV6]:PORT"},
        {"socket://[::1:80", ERR_USAGE, "[IPV6]:PORT"},
        {"rfc2217://localhost:x", ERR_USAGE, "HOST:PORT"},
        {"rfc2217://localhost:1?what", ERR_USAGE, "ign_set_control"},
        {"emu:,pace", ERR_USAGE, "chip"},
    };
    char text[1024], longer[400];

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        int rc = open_fails(rows[i].address, &at_115200, text);
        if (rc != rows[i].code)
            fail_msg("\"%s\": %s: %s", rows[i].address, error_id((enum err)rc), text);
        assert_has(text, rows[i].part);
    }
    memset(longer, 'x', sizeof longer - 1);
    longer[sizeof longer - 1] = '\0';
    assert_int_equal(open_fails(longer, &at_115200, text), ERR_USAGE);
    assert_int_equal(open_fails("/dev/null", &(struct link_options){0}, text), ERR_USAGE);
}

static void a_file_is_no_port(void **state)
{
    char path[] = "/tmp/espjig-test-XXXXXX", text[1024];

    (void)state;
    close(mkstemp(path));
    assert_int_equal(open_fails(path, &at_115200, text), ERR_PORT_OPEN);
    assert_has(text, path);
    assert_has(text, "a file");
    unlink(path);
}

/* Another process that has the port open, with a lock or without, and says when. */
static pid_t hold(const char *path, bool lock, int *stop)
{
    int ready[2], end[2];
    char c;

    assert_int_equal(pipe(ready), 0);
    assert_int_equal(pipe(end), 0);
    pid_t child = fork();
    if (child == 0) {
        for (int fd = 3; fd < 256; fd++) { /* it shall not own the master, too */
            if (fd != ready[1] && fd != end[0])
                close(fd);
        }
        int fd = open(path, O_RDWR | O_NOCTTY);
        if (fd < 0 || (lock && flock(fd, LOCK_EX | LOCK_NB) < 0) || write(ready[1], "r", 1) != 1)
            _exit(1);
        _exit(read(end[0], &c, 1) < 0);
    }
    close(ready[1]);
    close(end[0]);
    assert_int_equal(read(ready[0], &c, 1), 1);
    close(ready[0]);
    *stop = end[1];
    return child;
}

static void a_port_that_is_held_names_its_holder(void **state)
{
    char text[1024], pid[32];

    (void)state;
    for (int lock = 0; lock <= 1; lock++) {
        struct pty pty = {0};
        struct error error = {0};
        int slave, stop;
        struct link_options steal = {.baud = 115200, .steal = true};

        assert_int_equal(openpty(&pty.master, &slave, pty.path, NULL, NULL), 0);
        pid_t child = hold(pty.path, lock, &stop);
        assert_int_equal(open_fails(pty.path, &at_115200, text), ERR_PORT_BUSY);
        snprintf(pid, sizeof pid, "(pid %d)", (int)child);
        assert_has(text, pid);
        assert_has(text, pty.path);
        assert_has(text, "test_link");

        assert_int_equal(link_open(&pty.link, pty.path, &steal, &error), 0);
        link_close(&pty.link);
        close(stop);
        waitpid(child, NULL, 0);
        assert_int_equal(link_open(&pty.link, pty.path, &at_115200, &error), 0);
        close(slave);
        pty_end(&pty);
    }
}

static void an_open_port_is_locked(void **state)
{
    struct pty pty;

    (void)state;
    pty_start(&pty, &at_115200);
    pid_t child = fork();
    if (child == 0) { /* as esptool and pyserial look; root gets past TIOCEXCL */
        int fd = open(pty.path, O_RDWR | O_NOCTTY);
        _exit(fd < 0 ? errno != EBUSY : flock(fd, LOCK_EX | LOCK_NB) == 0);
    }
    int status;
    waitpid(child, &status, 0);
    assert_int_equal(status, 0);
    pty_end(&pty);
}

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

/* ---- trace ---- */

static void a_trace_has_all_that_passes(void **state)
{
    char path[] = "/tmp/espjig-test-XXXXXX", text[2048], byte;
    struct pty pty;

    (void)state;
    close(mkstemp(path));
    pty_start(&pty, &(struct link_options){.baud = 115200, .trace = path});
    assert_string_equal(pty.link.address, pty.path);
    assert_int_equal(link_write(&pty.link, "\xc0hello, world 1234", 18, SOON), 18);
    assert_int_equal(write(pty.master, "A", 1), 1);
    assert_int_equal(link_read(&pty.link, &byte, 1, SOON), 1);
    assert_int_equal(link_set_baud(&pty.link, 9600), 0);
    link_discard_input(&pty.link);
    assert_int_equal(link_set_lines(&pty.link, true, false), ERR_NOT_POSSIBLE);
    close(pty.master);
    pty.master = -1;
    assert_int_equal(link_read(&pty.link, &byte, 1, SOON), ERR_PORT_LOST);
    link_close(&pty.link);

    FILE *file = fopen(path, "r");
    text[fread(text, 1, sizeof text - 1, file)] = '\0';
    fclose(file);
    unlink(path);
    assert_has(text, pty.path);
    assert_has(text, "at 115200 baud");
    assert_has(text, " > c0 68 65 6c 6c 6f 2c 20  77 6f 72 6c 64 20 31 32  .hello, world 12\n");
    assert_has(text, " > 33 34 ");
    assert_has(text, " < 41 ");
    assert_has(text, " baud 9600\n");
    assert_has(text, " discard input\n");
    assert_has(text, " ! ");
    assert_has(text, " closed\n");

    assert_int_equal(open_fails("/dev/ptmx", &at_115200, text), ERR_PORT_OPEN);
}

static void a_trace_that_can_not_be_written_is_an_error(void **state)
{
    struct link_options options = {.baud = 115200, .trace = "/dev/null/trace"};
    char path[64], text[1024];
    int master, slave;

    (void)state;
    assert_int_equal(openpty(&master, &slave, path, NULL, NULL), 0);
    assert_int_equal(open_fails(path, &options, text), ERR_FILE_WRITE);
    assert_has(text, "/dev/null/trace");
    options = (struct link_options){.baud = 115200, .fault = "drop=2"};
    assert_int_equal(open_fails(path, &options, text), ERR_USAGE);
    assert_has(text, "drop=2");
    options.fault = "seed";
    assert_int_equal(open_fails(path, &options, text), ERR_USAGE);
    options.fault = "dir=up";
    assert_int_equal(open_fails(path, &options, text), ERR_USAGE);
    close(master);
    close(slave);
}

/* ---- faults ---- */

enum { SAMPLE = 2000 };

/* What 2000 bytes become on the way from the chip, read in pieces of `piece`. */
static size_t damaged(const char *fault, size_t piece, uint8_t *out, size_t size)
{
    struct pty pty;
    uint8_t sample[SAMPLE];
    size_t n = 0, fed = 0;
    ssize_t got;

    for (size_t i = 0; i < SAMPLE; i++)
        sample[i] = (uint8_t)(i * 7);
    pty_start(&pty, &(struct link_options){.baud = 115200, .fault = fault});
    do {
        size_t more = SAMPLE - fed < piece ? SAMPLE - fed : piece;
        assert_int_equal(write(pty.master, sample + fed, more), more);
        fed += more;
        got = link_read(&pty.link, out + n, piece < size - n ? piece : size - n, more ? 20 : 100);
        n += got > 0 ? (size_t)got : 0;
    } while (fed < SAMPLE || got > 0);
    pty_end(&pty);
    return n;
}

static void faults_depend_on_the_seed_alone(void **state)
{
    static const char dirt[] = "seed=7,drop=0.05,flip=0.05,dup=0.05,garbage=0.05";
    static uint8_t a[2 * SAMPLE], b[2 * SAMPLE];

    (void)state;
    size_t n = damaged(dirt, 100, a, sizeof a);
    assert_true(n > SAMPLE * 3 / 4 && n < SAMPLE * 5 / 4);
    assert_int_equal(damaged(dirt, 777, b, sizeof b), n);
    assert_memory_equal(a, b, n);
    damaged("seed=8,drop=0.05,flip=0.05,dup=0.05,garbage=0.05", 777, b, sizeof b);
    assert_memory_not_equal(a, b, n < SAMPLE ? n : SAMPLE);
    assert_int_equal(damaged("seed=7", 777, b, sizeof b), SAMPLE);
    assert_int_equal(damaged("drop=1", 777, b, sizeof b), 0);
    assert_int_equal(damaged("dup=1", 777, b, sizeof b), 2 * SAMPLE);
    assert_int_equal(damaged("dup=1,dir=tx", 777, b, sizeof b), SAMPLE);
    assert_int_equal(damaged("stall=50,dir=rx", 777, b, sizeof b), 50);
    damaged("flip=1", 777, b, sizeof b);
    for (size_t i = 0; i < SAMPLE; i++)
        assert_int_equal(__builtin_popcount((unsigned)(b[i] ^ (uint8_t)(i * 7))), 1);
}

static void a_fault_can_pull_the_cable(void **state)
{
    struct pty pty;
    uint8_t bytes[64];

    (void)state;
    pty_start(&pty, &(struct link_options){.baud = 115200, .fault = "cut=10"});
    assert_int_equal(link_write(&pty.link, "1234", 4, SOON), 4);
    assert_int_equal(write(pty.master, "abcdefghijk", 11), 11);
    assert_int_equal(link_read(&pty.link, bytes, sizeof bytes, SOON), 6);
    assert_int_equal(link_read(&pty.link, bytes, sizeof bytes, SOON), ERR_PORT_LOST);
    assert_has(pty.link.error.text, pty.path);
    assert_int_equal(link_write(&pty.link, "5", 1, SOON), ERR_PORT_LOST);
    assert_int_equal(link_set_baud(&pty.link, 9600), ERR_PORT_LOST);
    assert_int_equal(read(pty.master, bytes, sizeof bytes), 4);
    pty_end(&pty);
}

static void a_fault_can_be_late(void **state)
{
    struct pty pty;
    uint8_t byte;

    (void)state;
    pty_start(&pty, &(struct link_options){.baud = 115200, .fault = "late=40"});
    assert_int_equal(write(pty.master, "x", 1), 1);
    int64_t start = clock_ms();
    assert_int_equal(link_read(&pty.link, &byte, 1, SOON), 1);
    assert_true(clock_ms() - start >= 39);
    pty_end(&pty);
}

/* ---- ports ---- */

static void ports_are_listed_without_harm(void **state)
{
    struct port_info *ports, port;
    struct error error = {0};
    size_t n, more;
    int slave, master;
    char path[64];

    (void)state;
    assert_int_equal(ports_list(&ports, &n, false, &error), 0);
    for (size_t i = 0; i < n; i++)
        assert_true(ports[i].path[0] == '/' && ports[i].slot[0]);
    free(ports);
    assert_int_equal(ports_list(&ports, &more, true, &error), 0);
    assert_true(more >= n);
    free(ports);

    assert_int_equal(openpty(&master, &slave, path, NULL, NULL), 0);
    assert_false(port_info_read(path, &port)); /* sysfs does not know ptys */
    assert_string_equal(port.path, path);
    assert_string_equal(port.slot, "");
    assert_false(port_info_read("/dev/null", &port));
    assert_false(port_info_read("/nowhere", &port));
    char command[16];
    assert_int_equal(port_holder(path, command, sizeof command), 0); /* ourselves don't count */
    close(master);
    close(slave);

    struct ports_watch *watch = ports_watch_new();
    ports_watch_drain(watch);
    ports_watch_free(watch);
    ports_watch_free(NULL);
}

/* ---- emu: ---- */

/* A program in the emulated chip's place. */
static void program_make(char *path, const char *script)
{
    strcpy(path, "/tmp/espjig-test-XXXXXX");
    int fd = mkstemp(path);
    assert_true(fd >= 0);
    dprintf(fd, "#!/bin/sh\n%s\n", script);
    fchmod(fd, 0700);
    close(fd);
    setenv("ESPJIG_EMU", path, 1);
}

static void an_emulated_chip_that_does_not_start_says_why(void **state)
{
    char path[64], text[1024];
    const char *was = getenv("ESPJIG_EMU");
    char *saved = was ? xstrdup(was) : NULL;

    (void)state;
    program_make(path, "echo first >&2; echo \"espjig-emu: no chip like $1\" >&2; exit 2");
    assert_int_equal(open_fails("emu:esp99", &at_115200, text), ERR_PORT_OPEN);
    assert_string_equal(text, "the emulated chip did not start: no chip like --chip=esp99");
    unlink(path);

    program_make(path, "echo \"$*\" >&2; ls /proc/$$/fd | tr '\\n' ' ' >&2; exit 1");
    assert_int_equal(open_fails("emu:esp32,flash-file=/tmp/a\\,b,pace", &at_115200, text),
                     ERR_PORT_OPEN);
    assert_has(text, "0 1 10 2 3"); /* 10 is the shell's own, the script */
    unlink(path);

    program_make(path, "echo \"$*\" >&2; exit 1");
    assert_int_equal(open_fails("emu:esp32,flash-file=/tmp/a\\,b,pace", &at_115200, text),
                     ERR_PORT_OPEN);
    assert_has(text, "--chip=esp32 --flash-file=/tmp/a,b --pace --rfc2217=fd:3");
    unlink(path);

    program_make(path, "echo ready; exec 3<&-; exit 0");
    assert_int_equal(open_fails("emu:esp32", &at_115200, text), ERR_PORT_LOST);
    unlink(path);
    assert_int_equal(open_fails("emu:esp32", &at_115200, text), ERR_PORT_OPEN);
    assert_has(text, path); /* the program is gone */

    if (saved)
        setenv("ESPJIG_EMU", saved, 1);
    else
        unsetenv("ESPJIG_EMU");
    free(saved);
}

/* SYNC as in the serial protocol document of esptool, and the first bytes of its answer. */
static const uint8_t sync_frame[] = {
    0xc0, 0x00, 0x08, 0x24, 0x00, 0x00, 0x00, 0x00, 0x00, 0x07, 0x07, 0x12, 0x20, 0x55, 0x55, 0x55,
    0x55, 0x55, 0x55, 0x55, 0x55, 0x55, 0x55, 0x55, 0x55, 0x55, 0x55, 0x55, 0x55, 0x55, 0x55, 0x55,
    0x55, 0x55, 0x55, 0x55, 0x55, 0x55, 0x55, 0x55, 0x55, 0x55, 0x55, 0x55, 0x55, 0xc0};

static bool answers_sync(struct link *link)
{
    uint8_t bytes[4096];
    size_t n = 0;

    link_discard_input(link);
    assert_int_equal(link_write(link, sync_frame, sizeof sync_frame, SOON), sizeof sync_frame);
    int64_t end = clock_ms() + 1000; /* an empty flash makes the chip talk for ever */
    while (clock_ms() < end && n < sizeof bytes) {
        ssize_t got = link_read(link, bytes + n, sizeof bytes - n, 100);
        assert_true(got >= 0);
        n += (size_t)got;
        if (memmem(bytes, n, "\xc0\x01\x08", 3))
            return true;
    }
    return false;
}

static bool emulator_here(void)
{
    const char *dir = getenv("top_builddir");
    char path[1024];

    if (getenv("ESPJIG_EMU"))
        return true;
    snprintf(path, sizeof path, "%s/espjig-emu", dir ? dir : ".");
    return access(path, X_OK) == 0 && setenv("ESPJIG_EMU", path, 1) == 0;
}

static void an_emulated_chip_obeys_lines_and_rate(void **state)
{
    static const char *const sequences[] = {reset_classic, reset_tight};
    struct link link;
    struct error error = {0};

    (void)state;
    if (!emulator_here())
        skip();
    if (link_open(&link, "emu:esp32c3,mac=60:55:f9:00:00:01", &at_115200, &error) < 0)
        fail_msg("%s", error.text);
    assert_string_equal(link.ops->scheme, "emu");
    for (size_t i = 0; i < ARRAY_LEN(sequences); i++) {
        assert_int_equal(reset_run(&link, reset_hard), 0);
        assert_false(answers_sync(&link));
        assert_int_equal(reset_run(&link, sequences[i]), 0);
        assert_true(answers_sync(&link));
    }
    assert_int_equal(link_set_baud(&link, 921600), 0);
    assert_int_equal(link.error.code, 0);
    link_close(&link);
    assert_int_equal(waitpid(-1, NULL, WNOHANG), -1); /* its process is gone and reaped */
    assert_int_equal(errno, ECHILD);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reset_sequences_are_checked),
        cmocka_unit_test(reset_moves_the_lines_in_order),
        cmocka_unit_test(reset_needs_lines_and_sense),
        cmocka_unit_test(reset_ends_on_cancel),
        cmocka_unit_test(a_pty_carries_bytes_as_they_are),
        cmocka_unit_test(silence_is_no_error),
        cmocka_unit_test(nobody_reads_and_the_write_gives_up),
        cmocka_unit_test(a_read_ends_on_cancel),
        cmocka_unit_test(a_pulled_cable_is_noticed),
        cmocka_unit_test(bad_addresses_are_named),
        cmocka_unit_test(a_file_is_no_port),
        cmocka_unit_test(a_port_that_is_held_names_its_holder),
        cmocka_unit_test(an_open_port_is_locked),
        cmocka_unit_test(tcp_carries_bytes_and_no_lines),
        cmocka_unit_test(telnet_is_decoded_whatever_the_pieces),
        cmocka_unit_test(rfc2217_sets_lines_in_a_safe_order),
        cmocka_unit_test(rfc2217_escapes_both_ways),
        cmocka_unit_test(rfc2217_discards_what_is_under_way),
        cmocka_unit_test(rfc2217_lives_with_servers_that_keep_the_lines),
        cmocka_unit_test(rfc2217_says_what_a_server_can_not),
        cmocka_unit_test(rfc2217_waits_for_a_mute_server_until_cancelled),
        cmocka_unit_test(a_trace_has_all_that_passes),
        cmocka_unit_test(a_trace_that_can_not_be_written_is_an_error),
        cmocka_unit_test(faults_depend_on_the_seed_alone),
        cmocka_unit_test(a_fault_can_pull_the_cable),
        cmocka_unit_test(a_fault_can_be_late),
        cmocka_unit_test(ports_are_listed_without_harm),
        cmocka_unit_test(an_emulated_chip_that_does_not_start_says_why),
        cmocka_unit_test(an_emulated_chip_obeys_lines_and_rate),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
