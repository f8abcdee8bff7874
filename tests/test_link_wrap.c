/* SPDX-License-Identifier: GPL-3.0-or-later */
/* link/: the trace and the fault link. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "link_helpers.h"

#include <fcntl.h>
#include <stdlib.h>

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

    int code = open_fails("/dev/ptmx", &at_115200, text); /* without sysfs nothing is known of it */
    assert_true(code == ERR_PORT_OPEN || code == ERR_PORT_MISSING);
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
        got = link_read(&pty.link, out + n, piece < size - n ? piece : size - n, more ? 20 : 300);
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

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_trace_has_all_that_passes),
        cmocka_unit_test(a_trace_that_can_not_be_written_is_an_error),
        cmocka_unit_test(faults_depend_on_the_seed_alone),
        cmocka_unit_test(a_fault_can_pull_the_cable),
        cmocka_unit_test(a_fault_can_be_late),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
