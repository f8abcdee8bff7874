/* SPDX-License-Identifier: GPL-3.0-or-later */
/* RFC 2217, the ports, the control socket, and the options. */
#include "bench.h"

#include "base/clock.h"
#include "emu/machine.h"
#include "emu/rfc2217.h"

#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <termios.h>
#include <unistd.h>

/* ---- RFC 2217, the protocol alone ---- */

struct heard {
    struct buffer data;
    bool dtr, rts;
    unsigned baud, purges;
};

static void hear_data(void *context, const uint8_t *bytes, size_t n)
{
    struct heard *h = context;

    buffer_append(&h->data, bytes, n);
}

static void hear_lines(void *context, bool dtr, bool rts)
{
    struct heard *h = context;

    h->dtr = dtr;
    h->rts = rts;
}

static void hear_baud(void *context, unsigned baud)
{
    struct heard *h = context;

    h->baud = baud;
}

static void hear_purge(void *context)
{
    struct heard *h = context;

    h->purges++;
}

static void say(struct rfc2217 *r, const char *bytes, size_t n, const char *answer, size_t m)
{
    buffer_clear(&r->out);
    rfc2217_feed(r, (const uint8_t *)bytes, n);
    assert_int_equal(r->out.len, m);
    if (m > 0)
        assert_memory_equal(r->out.data, answer, m);
}

#define SAY(r, bytes, answer) say(r, bytes, sizeof(bytes) - 1, answer, sizeof(answer) - 1)

static void rfc2217_start_for(struct rfc2217 *r, struct heard *h)
{
    const struct rfc2217_events events = {hear_data, hear_lines, hear_baud, hear_purge, h};

    rfc2217_start(r, &events);
}

static void rfc2217_negotiates(void **state)
{
    struct heard h = {0};
    struct rfc2217 r = {0};

    (void)state;
    rfc2217_start_for(&r, &h);
    assert_memory_equal(r.out.data, "\xff\xfb\x00\xff\xfd\x00\xff\xfb\x03\xff\xfd\x2c", 12);
    /* An answer to what was asked is not answered again. */
    SAY(&r, "\xff\xfd\x00\xff\xfb\x00", "");
    SAY(&r, "\xff\xfb\x2c", "\xff\xfa\x2c\x6b\xb0\xff\xf0"); /* modem lines are told */
    SAY(&r, "\xff\xfd\x2c", "\xff\xfb\x2c");
    SAY(&r, "\xff\xfd\x2c", "");
    SAY(&r, "\xff\xfb\x18", "\xff\xfe\x18"); /* terminal type: no */
    SAY(&r, "\xff\xfd\x18", "\xff\xfc\x18");
    rfc2217_done(&r);
}

static void rfc2217_sets_lines_and_rate(void **state)
{
    struct heard h = {0};
    struct rfc2217 r = {0};

    (void)state;
    rfc2217_start_for(&r, &h);
    SAY(&r, "\xff\xfa\x2c\x01\x00\x07\x08\x00\xff\xf0", "\xff\xfa\x2c\x65\x00\x07\x08\x00\xff\xf0");
    assert_int_equal(h.baud, 460800);
    SAY(&r, "\xff\xfa\x2c\x01\x00\x00\x00\x00\xff\xf0", "\xff\xfa\x2c\x65\x00\x07\x08\x00\xff\xf0");
    SAY(&r, "\xff\xfa\x2c\x05\x08\xff\xf0", "\xff\xfa\x2c\x69\x08\xff\xf0");
    assert_true(h.dtr && !h.rts);
    SAY(&r, "\xff\xfa\x2c\x05\x0b\xff\xf0", "\xff\xfa\x2c\x69\x0b\xff\xf0");
    assert_true(h.dtr && h.rts);
    SAY(&r, "\xff\xfa\x2c\x05\x07\xff\xf0", "\xff\xfa\x2c\x69\x08\xff\xf0"); /* asks for DTR */
    SAY(&r, "\xff\xfa\x2c\x05\x09\xff\xf0", "\xff\xfa\x2c\x69\x09\xff\xf0");
    assert_true(!h.dtr && h.rts);
    SAY(&r, "\xff\xfa\x2c\x02\x08\xff\xf0", "\xff\xfa\x2c\x66\x08\xff\xf0");
    SAY(&r, "\xff\xfa\x2c\x0c\x01\xff\xf0", "\xff\xfa\x2c\x70\x01\xff\xf0");
    assert_int_equal(h.purges, 1);
    /* 0xff inside a value is doubled: 0x0000ffff baud. */
    SAY(&r, "\xff\xfa\x2c\x01\x00\x00\xff\xff\xff\xff\xff\xf0",
        "\xff\xfa\x2c\x65\x00\x00\xff\xff\xff\xff\xff\xf0");
    assert_int_equal(h.baud, 65535);
    rfc2217_done(&r);
}

static void rfc2217_refuses_what_the_adapter_can_not(void **state)
{
    struct heard h = {0};
    struct rfc2217 r = {.max_baud = 460800};

    (void)state;
    rfc2217_start_for(&r, &h);
    SAY(&r, "\xff\xfa\x2c\x01\x00\x0e\x10\x00\xff\xf0", "\xff\xfa\x2c\x65\x00\x01\xc2\x00\xff\xf0");
    assert_int_equal(h.baud, 0);
    SAY(&r, "\xff\xfa\x2c\x01\x00\x07\x08\x00\xff\xf0", "\xff\xfa\x2c\x65\x00\x07\x08\x00\xff\xf0");
    assert_int_equal(h.baud, 460800);
    rfc2217_done(&r);
}

static void rfc2217_passes_data(void **state)
{
    struct heard h = {0};
    struct rfc2217 r = {0};

    (void)state;
    rfc2217_start_for(&r, &h);
    SAY(&r,
        "a\xff\xff"
        "b\xff",
        "");
    SAY(&r, "\xff\xff\xfa\x2c\x05", ""); /* cut anywhere */
    SAY(&r,
        "\x08\xff\xf0"
        "c",
        "\xff\xfa\x2c\x69\x08\xff\xf0");
    assert_int_equal(h.data.len, 5);
    assert_memory_equal(h.data.data,
                        "a\xff"
                        "b\xff"
                        "c",
                        5);
    buffer_clear(&r.out);
    rfc2217_send(&r, (const uint8_t *)"x\xffy", 3);
    assert_int_equal(r.out.len, 4);
    assert_memory_equal(r.out.data, "x\xff\xffy", 4);
    buffer_done(&h.data);
    rfc2217_done(&r);
}

/* ---- the whole machine ---- */

static struct loop loop;
static struct machine machine;
static struct options options;

static void machine_start(char **argv)
{
    struct error e = {0};
    int argc = 0;

    while (argv[argc])
        argc++;
    assert_int_equal(options_parse(&options, argc, argv, &e), 0);
    loop_init(&loop);
    if (machine_init(&machine, &loop, &options, &e) != 0)
        fail_msg("%s", e.text);
}

static void machine_stop(void)
{
    machine_done(&machine);
    loop_done(&loop);
}

/* Runs the machine for a while, and says what arrived at `fd`. */
static size_t run(int64_t ms, int fd, uint8_t *bytes, size_t size)
{
    int64_t end = clock_ms() + ms;
    size_t n = 0;

    while (clock_ms() < end) {
        loop_once(&loop, 5);
        ssize_t got = fd >= 0 ? read(fd, bytes + n, size - n) : -1;
        if (got > 0)
            n += (size_t)got;
    }
    return n;
}

static int make_sync(uint8_t *to)
{
    uint8_t frame[44] = {0, 8, 36, 0, 0, 0, 0, 0, 7, 7, 0x12, 0x20};
    struct buffer wire = {0};

    memset(frame + 12, 0x55, 32);
    slip_encode(&wire, frame, sizeof frame);
    memcpy(to, wire.data, wire.len);
    int n = (int)wire.len;
    buffer_done(&wire);
    return n;
}

static int set_speed(int fd, speed_t speed)
{
    struct termios t;

    tcgetattr(fd, &t);
    cfmakeraw(&t);
    cfsetspeed(&t, speed);
    return tcsetattr(fd, TCSANOW, &t);
}

static void pty_serves_one_client_after_another(void **state)
{
    char link[] = "/tmp/espjig-emu-link";
    char *argv[] = {"emu", "--chip=esp32", "--link", link, "--boot", "download", NULL};
    uint8_t sync[64], got[512];
    int n = make_sync(sync);
    struct stat st;

    (void)state;
    unlink(link);
    assert_int_equal(symlink("/dev/pts/none", link), 0); /* a stale one is replaced */
    machine_start(argv);
    for (int client = 0; client < 2; client++) {
        int fd = open(link, O_RDWR | O_NOCTTY | O_NONBLOCK);
        assert_true(fd >= 0);
        set_speed(fd, B115200);
        run(30, fd, got, sizeof got);
        assert_int_equal(write(fd, sync, (size_t)n), n);
        assert_int_equal(run(60, fd, got, sizeof got), 8 * 14);
        /* At another rate there is noise, and no reply. */
        set_speed(fd, B57600);
        assert_int_equal(write(fd, sync, (size_t)n), n);
        assert_int_equal(run(60, fd, got, sizeof got), 0);
        close(fd);
        run(30, -1, NULL, 0);
    }
    machine_stop();
    assert_int_not_equal(lstat(link, &st), 0);
}

static int control(const char *path)
{
    struct sockaddr_un a = {.sun_family = AF_UNIX};
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0);

    strcpy(a.sun_path, path);
    assert_int_equal(connect(fd, (struct sockaddr *)&a, sizeof a), 0);
    return fd;
}

static void ask(int fd, const char *line, const char *answer)
{
    char got[1024];

    assert_int_equal(send(fd, line, strlen(line), 0), strlen(line));
    size_t n = run(20, fd, (uint8_t *)got, sizeof got - 1);
    got[n] = '\0';
    assert_string_equal(got, answer);
}

static void control_socket_moves_the_lines(void **state)
{
    char path[] = "/tmp/espjig-emu-control", link[] = "/tmp/espjig-emu-link2";
    char *argv[] = {"emu", "--chip=esp32c3", "--link", link, "--control", path, NULL};
    struct stat st;

    (void)state;
    machine_start(argv);
    int fd = control(path);
    ask(fd, "lines 0 1\n", "ok\n");
    assert_int_equal(machine.chip.mode, CHIP_OFF);
    ask(fd, "dtr 1\n", "ok\n");
    ask(fd, "rts 0\n", "ok\n");
    assert_int_equal(machine.chip.mode, CHIP_ROM);
    ask(fd, "baud 9600\nlines 0 0\n", "ok\nok\n");
    assert_int_equal(machine.wire.host_baud, 9600);
    ask(fd, "unplug\n", "ok\n");
    assert_int_not_equal(lstat(link, &st), 0);
    assert_int_equal(machine.chip.mode, CHIP_OFF);
    ask(fd, "plug\n", "ok\n");
    assert_int_equal(lstat(link, &st), 0);
    assert_int_equal(machine.chip.mode, CHIP_APP);
    ask(fd, "power-cycle\n", "ok\n");
    ask(fd, "lines 0\n", "error: unknown command: lines 0\n");
    ask(fd, "plug\n", "error: already plugged\n");
    ask(fd, "stats clear\n", "ok\n");
    ask(fd, "stats\n",
        "round-trips 0\nround-trips-flash-data 0\nround-trips-read-acks 0\nround-trips-other 0\n"
        "bytes-from-host 0\nbytes-to-host 0\npieces-from-host 0\nframes-to-host 0\nresets 0\n"
        "chip-baud-changes 0\nhost-baud-changes 0\nok\n");
    close(fd);
    machine_stop();
    assert_int_not_equal(lstat(path, &st), 0);
}

static void given_descriptor_speaks_rfc2217(void **state)
{
    char spec[24];
    char stats[] = "/tmp/espjig-emu-stats";
    char *argv[] = {"emu", "--chip=esp8266", "--rfc2217", spec, "--stats", stats, NULL};
    int pair[2];
    uint8_t got[1024], sync[64];
    int n = make_sync(sync);

    (void)state;
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, pair), 0);
    snprintf(spec, sizeof spec, "fd:%d", pair[1]);
    machine_start(argv);
    static const char reset[] = "\xff\xfa\x2c\x05\x0b\xff\xf0"; /* RTS on */
    static const char boot[] = "\xff\xfa\x2c\x05\x08\xff\xf0\xff\xfa\x2c\x05\x0c\xff\xf0";
    assert_int_equal(write(pair[0], reset, sizeof reset - 1), sizeof reset - 1);
    run(20, pair[0], got, sizeof got);
    assert_int_equal(machine.chip.mode, CHIP_OFF);
    assert_int_equal(write(pair[0], boot, sizeof boot - 1), sizeof boot - 1);
    run(20, pair[0], got, sizeof got);
    assert_int_equal(machine.chip.mode, CHIP_ROM);
    assert_int_equal(write(pair[0], sync, (size_t)n), n);
    assert_int_equal(run(20, pair[0], got, sizeof got), 8 * 12);
    close(pair[0]); /* its end ends the program */
    run(20, -1, NULL, 0);
    assert_true(loop.stop);
    machine_stop();
    FILE *f = fopen(stats, "r");
    assert_non_null(f);
    got[fread(got, 1, sizeof got - 1, f)] = '\0';
    fclose(f);
    unlink(stats);
    assert_non_null(strstr((char *)got, "bytes-to-host"));
    assert_non_null(strstr((char *)got, "\nrom SYNC 1\n"));
}

static void expect_refusal(char **argv, const char *part)
{
    struct options o;
    struct error e = {0};
    int argc = 0;

    while (argv[argc])
        argc++;
    assert_int_not_equal(options_parse(&o, argc, argv, &e), 0);
    assert_non_null(strstr(e.text, part));
}

static void bad_options_are_named(void **state)
{
    (void)state;
    expect_refusal((char *[]){"emu", "--chip", "esp9", NULL}, "esp9");
    for (size_t i = 0; persona_at(i); i++)
        expect_refusal((char *[]){"emu", "--chip", "esp9", NULL}, persona_at(i)->name);
    expect_refusal((char *[]){"emu", "--crystal=26", NULL}, "always 40");
    expect_refusal((char *[]){"emu", "--crystal=48", "--chip=esp32c2", NULL}, "26 or 40");
    expect_refusal((char *[]){"emu", "--flash=3MB", NULL}, "3MB");
    expect_refusal((char *[]){"emu", "--flash-id", "ef40", NULL}, "ef40");
    expect_refusal((char *[]){"emu", "--flash-quirk", "gd", NULL}, "gd");
    expect_refusal((char *[]){"emu", "--bad-rate", "2", NULL}, "2");
    expect_refusal((char *[]){"emu", "--bad-direction", "up", NULL}, "up");
    expect_refusal((char *[]){"emu", "--go-bad", "soon", NULL}, "soon");
    expect_refusal((char *[]){"emu", "--max-baud", "fast", NULL}, "fast");
    expect_refusal((char *[]){"emu", "--usb", "otg", NULL}, "otg");
    expect_refusal((char *[]){"emu", "--usb", "jtag", NULL}, "ESP32 has no");
    expect_refusal((char *[]){"emu", "--efuse", "one", NULL}, "one");
    expect_refusal((char *[]){"emu", "--mac", "1:2", NULL}, "1:2");
    expect_refusal((char *[]){"emu", "--tcp", "70000", NULL}, "70000");
    expect_refusal((char *[]){"emu", "--tcp", "0", "--link=x", NULL}, "exclude");
    expect_refusal((char *[]){"emu", "--boot", "fast", NULL}, "fast");
    expect_refusal((char *[]){"emu", "--chip", NULL}, "--chip");
    expect_refusal((char *[]){"emu", "--frobnicate", NULL}, "--frobnicate");
    expect_refusal((char *[]){"emu", "--pace=1", NULL}, "--pace");
    expect_refusal((char *[]){"emu", "esp32", NULL}, "esp32");
}

int run_port_tests(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(rfc2217_negotiates),
        cmocka_unit_test(rfc2217_sets_lines_and_rate),
        cmocka_unit_test(rfc2217_refuses_what_the_adapter_can_not),
        cmocka_unit_test(rfc2217_passes_data),
        cmocka_unit_test(pty_serves_one_client_after_another),
        cmocka_unit_test(control_socket_moves_the_lines),
        cmocka_unit_test(given_descriptor_speaks_rfc2217),
        cmocka_unit_test(bad_options_are_named),
    };

    return cmocka_run_group_tests_name("emu: ports", tests, NULL, NULL);
}
