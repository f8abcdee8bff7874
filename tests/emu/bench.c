/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "bench.h"

#include <string.h>

static void put(void *context, int64_t at_us, unsigned baud, const uint8_t *bytes, size_t n)
{
    struct bench *b = context;

    buffer_append(&b->out, bytes, n);
    b->last_put = at_us;
    b->last_baud = baud;
}

static void cut(void *context, int64_t now_us)
{
    (void)context;
    (void)now_us;
}

void bench_open(struct bench *b, const char *chip, size_t flash_size)
{
    const struct persona *persona = persona_find(chip);
    const struct chip_output out = {put, cut, b};
    struct error e = {0};

    *b = (struct bench){.now = 1000000};
    assert_non_null(persona);
    chip_init(&b->chip, persona, &out);
    b->chip.instant = true;
    assert_int_equal(flash_open(&b->chip.flash, NULL, flash_size, NULL, &e), 0);
    assert_int_equal(efuse_open(&b->chip.efuse, persona, NULL, NULL, &e), 0);
}

void bench_close(struct bench *b)
{
    chip_done(&b->chip);
    buffer_done(&b->out);
}

void bench_clear(struct bench *b)
{
    buffer_clear(&b->out);
}

void bench_pass(struct bench *b, int64_t ms)
{
    int64_t end = b->now + 1000 * ms, next;

    while ((next = chip_next(&b->chip)) >= 0 && next <= end) {
        b->now = next > b->now ? next : b->now;
        chip_run(&b->chip, b->now);
    }
    b->now = end;
}

void bench_start(struct bench *b, bool download)
{
    chip_power_off(&b->chip, b->now);
    chip_power_on(&b->chip, b->now, download);
    bench_pass(b, 0);
}

void bench_raw(struct bench *b, const uint8_t *bytes, size_t n)
{
    chip_feed(&b->chip, b->now, 0, bytes, n); /* at whatever rate */
    bench_pass(b, 1);
}

void bench_frame(struct bench *b, const uint8_t *frame, size_t n)
{
    struct buffer wire = {0};

    slip_encode(&wire, frame, n);
    bench_raw(b, wire.data, wire.len);
    buffer_done(&wire);
}

void bench_sync(struct bench *b, int generation)
{
    uint8_t frame[44] = {0, 8, 36, 0, 0, 0, 0, 0, 7, 7, 0x12, 0x20};

    memset(frame + 12, 0x55, 32);
    bench_start(b, true);
    bench_frame(b, frame, sizeof frame);
    assert_int_equal(b->chip.mode, CHIP_ROM);
    assert_int_equal(b->chip.baud, 115200);
    if (generation > 0)
        chip_enter_stub(&b->chip, generation);
    bench_clear(b);
}

void bench_lines(struct bench *b, bool dtr, bool rts)
{
    chip_lines(&b->chip, b->now, dtr, rts, 30000);
}

const char *bench_text(struct bench *b)
{
    return b->out.len > 0 ? (const char *)b->out.data : "";
}

int bench_take(struct bench *b, uint8_t *frame, size_t size)
{
    struct slip slip = {.strict = true};

    for (size_t i = 0; i < b->out.len; i++) {
        if (slip_take(&slip, b->out.data[i])) {
            assert_true(slip.len <= size);
            memcpy(frame, slip.frame, slip.len);
            buffer_drop_front(&b->out, i + 1);
            return (int)slip.len;
        }
    }
    return -1;
}

uint32_t bench_command(struct bench *b, uint8_t op, const uint32_t *words, size_t n)
{
    uint8_t frame[8 + 16 * 4] = {0, op, (uint8_t)(4 * n)};
    uint8_t reply[SLIP_FRAME_MAX];

    for (size_t i = 0; i < n; i++)
        le32_put(frame + 8 + 4 * i, words[i]);
    bench_frame(b, frame, 8 + 4 * n);
    int len = bench_take(b, reply, sizeof reply);
    assert_true(len >= 10);
    assert_int_equal(reply[1], op);
    /* The status follows the data; all of these have no data. */
    assert_int_equal(reply[8], 0);
    return le32_get(reply + 4);
}

uint32_t bench_read_reg(struct bench *b, uint32_t address)
{
    return bench_command(b, 0x0a, &address, 1);
}

void bench_write_reg(struct bench *b, uint32_t address, uint32_t value)
{
    const uint32_t words[] = {address, value, UINT32_MAX, 0};

    bench_command(b, 0x09, words, 4);
}
