/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The adapter and the line: limits and damage. */
#include "bench.h"

#include "emu/wire.h"

#include <string.h>

static struct buffer got;

static void collect(void *context, const uint8_t *bytes, size_t n)
{
    (void)context;
    buffer_append(&got, bytes, n);
}

/* 16 KiB of zeros from the chip; how many arrive as something else. */
static size_t damaged(struct wire *w, unsigned chip_baud, unsigned host_baud)
{
    static const uint8_t zeros[16384];
    size_t bad = 0;

    w->deliver = collect;
    w->host_baud = host_baud;
    buffer_clear(&got);
    wire_put(w, 0, chip_baud, zeros, sizeof zeros);
    wire_deliver(w, 0);
    assert_int_equal(got.len, sizeof zeros);
    for (size_t i = 0; i < got.len; i++)
        bad += got.data[i] != 0;
    buffer_done(&got);
    return bad;
}

static void a_bad_line_damages_fast_bytes(void **state)
{
    struct wire w = {.noise = 1, .fault = {.above = 460800, .odds = 2000, .to_host = true}};
    struct wire other = w;

    (void)state;
    assert_int_equal(damaged(&w, 460800, 460800), 0);
    assert_int_equal(w.fast_bytes, 0);
    size_t n = damaged(&w, 921600, 921600);
    assert_in_range(n, 2, 30);                            /* 8 are likely */
    assert_int_equal(damaged(&other, 921600, 921600), n); /* the same seed, the same damage */
    w.fault.to_host = false;
    assert_int_equal(damaged(&w, 921600, 921600), 0);
    wire_done(&w);
    wire_done(&other);
}

static void a_line_goes_bad_after_a_while(void **state)
{
    struct wire w = {.noise = 1,
                     .fault = {.above = 115200, .odds = 1, .after = 20000, .to_host = true}};

    (void)state;
    assert_int_equal(damaged(&w, 921600, 921600), 0);
    assert_int_equal(damaged(&w, 921600, 921600), 2 * 16384 - 20000);
    assert_int_equal(damaged(&w, 115200, 115200), 0);
    wire_done(&w);
}

static void damage_reaches_the_chip(void **state)
{
    struct wire w = {
        .noise = 1, .host_baud = 921600, .fault = {.above = 115200, .odds = 1, .to_chip = true}};
    static const uint8_t request[] = {0xc0, 0, 0x0a, 4, 0, 0, 0, 0, 0, 0, 0x10, 0, 0x40, 0xc0};
    struct bench b;

    (void)state;
    bench_open(&b, "esp32c3", 4 << 20);
    bench_sync(&b, 0);
    b.chip.baud = 921600;
    w.chip = &b.chip;
    wire_from_host(&w, b.now, request, sizeof request);
    wire_feed(&w, b.now);
    assert_int_equal(b.out.len, 0);
    w.fault.to_chip = false;
    wire_from_host(&w, b.now, request, sizeof request);
    wire_feed(&w, b.now);
    assert_true(b.out.len > 0);
    wire_done(&w);
    bench_close(&b);
}

static void an_adapter_has_its_limit(void **state)
{
    struct wire w = {.noise = 1, .max_baud = 921600};

    (void)state;
    assert_int_equal(damaged(&w, 921600, 921600), 0);
    assert_true(damaged(&w, 2000000, 2000000) > 16000);
    wire_done(&w);
}

int run_line_tests(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_bad_line_damages_fast_bytes),
        cmocka_unit_test(a_line_goes_bad_after_a_while),
        cmocka_unit_test(damage_reaches_the_chip),
        cmocka_unit_test(an_adapter_has_its_limit),
    };

    return cmocka_run_group_tests_name("emu: the line", tests, NULL, NULL);
}
