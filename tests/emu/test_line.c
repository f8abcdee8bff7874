/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The adapter and the line: limits and damage, and what the stub hears of it. */
#include "bench.h"

#include "emu/wire.h"

#include <string.h>

/* ---- time ---- */

static size_t delivered;

static void count(void *context, const uint8_t *bytes, size_t n)
{
    (void)context;
    (void)bytes;
    delivered += n;
}

static void the_line_takes_its_time(void **state)
{
    struct wire w = {.pace = true, .host_baud = 115200, .deliver = count, .latency_us = 5000};
    uint8_t bytes[1152] = {0};

    (void)state;
    delivered = 0;
    wire_put(&w, 0, 115200, bytes, sizeof bytes); /* 100 ms */
    wire_deliver(&w, 4000);
    assert_int_equal(delivered, 0); /* latency */
    wire_deliver(&w, 55000);
    assert_in_range(delivered, 570, 580);
    wire_deliver(&w, 106000);
    assert_int_equal(delivered, sizeof bytes);
    assert_int_equal(wire_next(&w), -1);
    wire_put(&w, 110000, 115200, bytes, 576); /* 50 ms, the first half arrives */
    wire_purge(&w, 135000);
    wire_deliver(&w, 190000);
    assert_in_range(delivered, sizeof bytes + 280, sizeof bytes + 296);
    size_t before = delivered;
    wire_put(&w, 200000, 115200, bytes, 10);
    wire_cut(&w, 150000); /* a reset before it was sent */
    wire_deliver(&w, 900000);
    assert_int_equal(delivered, before);
    wire_done(&w);
}

/* However late the emulator is woken: a frame is served when its last bit has arrived. */
static void frames_are_served_at_their_end(void **state)
{
    static const uint8_t two[] = {0xc0, 0, 0x0a, 4, 0, 0, 0, 0, 0, 0, 0x10, 0, 0x40, 0xc0,
                                  0xc0, 0, 0x0a, 4, 0, 0, 0, 0, 0, 0, 0x10, 0, 0x40, 0xc0};
    struct wire w = {.pace = true, .host_baud = 115200};
    struct bench b;

    (void)state;
    bench_open(&b, "esp32c3", 4 << 20);
    bench_sync(&b, 0);
    b.chip.instant = false;
    w.chip = &b.chip;
    wire_from_host(&w, b.now, two, 9); /* in two pieces */
    wire_from_host(&w, b.now + 50, two + 9, sizeof two - 9);
    assert_in_range(wire_next(&w), b.now + 1216, b.now + 1218); /* 14 bytes of 86.8 us */
    wire_feed(&w, b.now + 1215);
    assert_int_equal(b.out.len, 0);
    wire_feed(&w, b.now + 1400);
    assert_in_range(b.last_put, b.now + 1216, b.now + 1218);
    assert_in_range(wire_next(&w), b.now + 2431, b.now + 2434);
    wire_feed(&w, b.now + 1000000);
    assert_in_range(b.last_put, b.now + 2431, b.now + 2434);
    assert_int_equal(wire_next(&w), -1);
    wire_done(&w);
    bench_close(&b);
}

static void requests_are_counted(void **state)
{
    struct buffer text = {0};
    struct bench b;

    (void)state;
    bench_open(&b, "esp32c3", 4 << 20);
    bench_sync(&b, 2);
    bench_read_reg(&b, 0x40001000);
    bench_read_reg(&b, 0x40001000);
    bench_frame(&b, (const uint8_t *)"\0\x99\0\0\0\0\0\0", 8); /* an error is an answer, too */
    bench_frame(&b, (const uint8_t *)"\0\xd3\0\0\0\0\0\0", 8); /* this one is not answered */
    bench_frame(&b, (const uint8_t *)"\0\x11\0\0\0\0\0\0", 8); /* flash data */
    stats_print(&b.chip.stats, &text);
    assert_non_null(strstr((char *)text.data, "round-trips 5\n")); /* with SYNC */
    assert_non_null(strstr((char *)text.data, "round-trips-other 4\n"));
    assert_non_null(strstr((char *)text.data, "rom SYNC 1\n"));
    assert_non_null(strstr((char *)text.data,
                           "stub READ_REG 2\nstub FLASH_DEFL_DATA 1\nstub 0x99 1\nstub RUN"));
    buffer_done(&text);
    bench_close(&b);
}

/* ---- faults ---- */

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

/* ---- the stub's side of the line (esp-flasher-stub, esp-stub-lib) ---- */

static void change_baud_takes_a_while(void **state)
{
    static const uint32_t rate[] = {921600, 115200};
    struct bench b;

    (void)state;
    bench_open(&b, "esp32c3", 4 << 20);
    bench_sync(&b, 2);
    b.chip.instant = false;
    bench_command(&b, 0x0f, rate, 2);
    assert_int_equal(b.chip.baud, 115200);
    bench_pass(&b, 6);
    assert_int_equal(b.chip.baud, 921600);
    bench_close(&b);
}

/* Generation 1 scales its divider with the rate that the client says it had. */
static void the_old_stub_believes_the_old_rate(void **state)
{
    static const uint32_t good[] = {921600, 115200}, wrong[] = {921600, 460800};
    struct bench b;

    (void)state;
    bench_open(&b, "esp32", 4 << 20);
    bench_sync(&b, 1);
    bench_command(&b, 0x0f, good, 2);
    bench_pass(&b, 1);
    assert_int_equal(b.chip.baud, 921600);
    bench_command(&b, 0x0f, wrong, 2);
    bench_pass(&b, 1);
    assert_int_equal(b.chip.baud, 1843200);
    bench_close(&b);
}

/* One frame in work and one in the other buffer; a third one is lost. */
static void the_stub_has_two_buffers(void **state)
{
    static const uint32_t region[] = {0, 0x10000};
    uint8_t erase[16] = {0, 0xd1, 8}, read[12] = {0, 0x0a, 4, 0, 0, 0, 0, 0, 0, 0x10, 0, 0x40};
    struct bench b;

    (void)state;
    for (size_t i = 0; i < 2; i++)
        le32_put(erase + 8 + 4 * i, region[i]);
    bench_open(&b, "esp32c3", 4 << 20);
    bench_sync(&b, 2);
    b.chip.instant = false;
    bench_frame(&b, erase, sizeof erase);
    bench_pass(&b, 10);
    bench_frame(&b, read, sizeof read);
    bench_pass(&b, 10);
    bench_frame(&b, read, sizeof read);
    bench_pass(&b, 300);
    assert_int_equal(b.chip.stats.requests[STATS_STUB][0x0a], 1);
    bench_frame(&b, read, sizeof read);
    assert_int_equal(b.chip.stats.requests[STATS_STUB][0x0a], 2);
    bench_close(&b);
}

/* Frames without start and end, that is. */
static void a_stray_end_puts_the_stub_out_of_step(void **state)
{
    static const uint8_t request[] = {0xc0, 0, 0x0a, 4, 0, 0, 0, 0, 0, 0, 0x10, 0, 0x40, 0xc0};
    struct bench b;

    (void)state;
    for (int generation = 0; generation <= 2; generation += 2) {
        bench_open(&b, "esp32c3", 4 << 20);
        bench_sync(&b, generation);
        uint64_t before = b.chip.stats.replies;
        bench_raw(&b, (const uint8_t *)"\xc0", 1);
        bench_raw(&b, request, sizeof request);
        bench_raw(&b, request, sizeof request);
        assert_int_equal(b.chip.stats.replies - before, generation == 0 ? 2 : 0);
        bench_raw(&b, (const uint8_t *)"\x55\xc0\xc0", 3); /* in step again, wherever it was */
        bench_clear(&b);
        bench_raw(&b, request, sizeof request);
        assert_true(b.out.len > 0);
        bench_close(&b);
    }
}

static void the_stub_can_overwrite_itself(void **state)
{
    static const uint32_t begin[] = {4, 1, 4, 0x40380000};
    uint8_t data[28] = {0, 7, 20, 0, 0, 0, 0, 0, 4};
    struct bench b;

    (void)state;
    bench_open(&b, "esp32c3", 4 << 20);
    bench_sync(&b, 2);
    bench_command(&b, 0x05, begin, 4);
    bench_frame(&b, data, sizeof data);
    assert_int_equal(b.chip.mode, CHIP_DEAD);
    bench_close(&b);
}

/* Who waits for each answer loses nothing, though the chip is busy most of the time. */
static void a_patient_client_loses_nothing(void **state)
{
    static const uint32_t begin[] = {8 * 0x4000, 8, 0x4000, 0};
    struct wire w = {.pace = true, .host_baud = 460800, .deliver = collect};
    uint8_t frame[24 + 0x4000] = {0, 3, 0x10, 0x40};
    struct buffer block = {0};
    struct bench b;

    (void)state;
    le32_put(frame + 4, 0xef);
    le32_put(frame + 8, 0x4000);
    slip_encode(&block, frame, sizeof frame);
    bench_open(&b, "esp32c3", 4 << 20);
    memset(b.chip.flash.store.bytes, 0x55, 0x20000);
    bench_sync(&b, 2);
    bench_command(&b, 0x02, begin, 4);
    b.chip.instant = false;
    b.chip.baud = 460800;
    b.chip.out = (struct chip_output){wire_put, wire_cut, &w};
    w.chip = &b.chip;
    for (int i = 0; i < 8; i++) {
        buffer_clear(&got);
        for (size_t at = 0; at < block.len; at += 4095)
            wire_from_host(&w, b.now, block.data + at,
                           block.len - at < 4095 ? block.len - at : 4095);
        while (got.len < 12) {
            assert_true(wire_next(&w) >= 0); /* else the block was lost */
            b.now = wire_next(&w);
            wire_feed(&w, b.now);
            wire_deliver(&w, b.now);
        }
        chip_busy(&b.chip, 500000); /* longer than the next block takes to arrive */
    }
    assert_int_equal(b.chip.stub.remaining, 0);
    buffer_done(&got);
    buffer_done(&block);
    wire_done(&w);
    bench_close(&b);
}

/* The ESP32's stub raises the UART's clock and keeps the rate; the divider shows it. */
static void the_stub_raises_the_clock(void **state)
{
    struct bench b;

    (void)state;
    bench_open(&b, "esp32", 4 << 20);
    bench_sync(&b, 2);
    assert_int_equal(b.chip.baud, 115200);
    assert_int_equal(bench_read_reg(&b, 0x3ff40014) & 0xfffff, 80000000 / 115200);
    bench_close(&b);
    bench_open(&b, "esp32s3", 4 << 20);
    bench_sync(&b, 2);
    assert_int_equal(bench_read_reg(&b, 0x60000014) & 0xfffff, 40000000 / 115200);
    bench_close(&b);
}

/* Nothing in the source forbids it. */
static void md5_is_answered_in_mid_write(void **state)
{
    static const uint32_t begin[] = {0x2000, 2, 0x1000, 0}, md5[] = {0, 0x1000, 0, 0};
    uint8_t frame[24] = {0, 0x13, 16}, reply[64];
    struct bench b;

    (void)state;
    for (size_t i = 0; i < 4; i++)
        le32_put(frame + 8 + 4 * i, md5[i]);
    bench_open(&b, "esp32c3", 4 << 20);
    bench_sync(&b, 2);
    bench_command(&b, 0x02, begin, 4);
    bench_frame(&b, frame, sizeof frame);
    assert_int_equal(bench_take(&b, reply, sizeof reply), 8 + 16 + 2);
    assert_int_equal(reply[24], 0);
    assert_true(b.chip.stub.writing);
    bench_close(&b);
}

int run_line_tests(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(requests_are_counted),
        cmocka_unit_test(frames_are_served_at_their_end),
        cmocka_unit_test(the_line_takes_its_time),
        cmocka_unit_test(a_bad_line_damages_fast_bytes),
        cmocka_unit_test(a_line_goes_bad_after_a_while),
        cmocka_unit_test(damage_reaches_the_chip),
        cmocka_unit_test(an_adapter_has_its_limit),
        cmocka_unit_test(change_baud_takes_a_while),
        cmocka_unit_test(the_old_stub_believes_the_old_rate),
        cmocka_unit_test(the_stub_has_two_buffers),
        cmocka_unit_test(a_patient_client_loses_nothing),
        cmocka_unit_test(a_stray_end_puts_the_stub_out_of_step),
        cmocka_unit_test(the_stub_can_overwrite_itself),
        cmocka_unit_test(the_stub_raises_the_clock),
        cmocka_unit_test(md5_is_answered_in_mid_write),
    };

    return cmocka_run_group_tests_name("emu: the line", tests, NULL, NULL);
}
