/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "script_link.h"

#include "base/util.h"
#include "loader/loader.h"

#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

/* ---- time ---- */

static int64_t now;

static int64_t fake_now(void)
{
    return now;
}

static void fake_sleep(int64_t us)
{
    now += us;
}

int64_t script_clock_us(void)
{
    return now;
}

unsigned script_status_bytes(const struct loader *loader)
{
    return loader->stage == STAGE_STUB || loader->chip->id == CHIP_ESP8266 ? 2 : 4;
}

/* ---- the script ---- */

static struct script *of(struct link *link)
{
    return link->impl;
}

static void hex_append(struct buffer *to, const char *hex)
{
    int high = -1;

    for (; *hex; hex++) {
        const char *digits = "0123456789abcdef", *p = strchr(digits, *hex);
        if (*hex == ' ')
            continue;
        assert_non_null(p);
        if (high < 0) {
            high = (int)(p - digits);
            continue;
        }
        buffer_append_byte(to, (uint8_t)(high << 4 | (int)(p - digits)));
        high = -1;
    }
    assert_int_equal(high, -1);
}

static struct script_step *add(struct script *script, int kind)
{
    script->steps = xrealloc(script->steps, (script->n + 1) * sizeof *script->steps);
    struct script_step *step = &script->steps[script->n++];
    memset(step, 0, sizeof *step);
    step->kind = kind;
    return step;
}

static void add_frame(struct script *script, int kind, const char *hex)
{
    struct buffer plain = {0};

    hex_append(&plain, hex);
    slip_encode(&add(script, kind)->bytes, plain.data, plain.len);
    buffer_done(&plain);
}

void script_expect(struct script *script, const char *hex)
{
    add_frame(script, STEP_EXPECT, hex);
}

void script_reply(struct script *script, const char *hex)
{
    add_frame(script, STEP_SEND, hex);
}

void script_expect_op(struct script *script, int op)
{
    add(script, STEP_EXPECT_OP)->code = op;
}

void script_expect_request(struct script *script, int op, const uint8_t *fields, size_t n,
                           const uint8_t *payload, size_t payload_n)
{
    struct buffer plain = {0};
    uint8_t sum = 0xEF;

    for (size_t i = 0; i < payload_n; i++)
        sum ^= payload[i];
    buffer_append_byte(&plain, 0);
    buffer_append_byte(&plain, (uint8_t)op);
    buffer_append_le16(&plain, (uint16_t)(n + payload_n));
    buffer_append_le32(&plain, payload_n ? sum : 0);
    buffer_append(&plain, fields, n);
    buffer_append(&plain, payload, payload_n);
    slip_encode(&add(script, STEP_EXPECT)->bytes, plain.data, plain.len);
    buffer_done(&plain);
}

void script_raw(struct script *script, const void *bytes, size_t n)
{
    buffer_append(&add(script, STEP_SEND)->bytes, bytes, n);
}

void script_text(struct script *script, const char *text)
{
    script_raw(script, text, strlen(text));
}

void script_fail(struct script *script, int code)
{
    add(script, STEP_FAIL)->code = code;
}

void script_answer(struct script *script, const uint8_t *frame, size_t n)
{
    slip_encode(&script->incoming, frame, n);
}

void script_answer_reply(struct script *script, int op, uint32_t value, const void *data, size_t n,
                         unsigned status, unsigned status_bytes)
{
    struct buffer frame = {0};

    buffer_append_byte(&frame, 1);
    buffer_append_byte(&frame, (uint8_t)op);
    buffer_append_le16(&frame, (uint16_t)(n + status_bytes));
    buffer_append_le32(&frame, value);
    buffer_append(&frame, data, n);
    buffer_append_byte(&frame, (uint8_t)(status >> 8));
    buffer_append_byte(&frame, (uint8_t)status);
    for (unsigned i = 2; i < status_bytes; i++)
        buffer_append_byte(&frame, 0);
    script_answer(script, frame.data, frame.len);
    buffer_done(&frame);
}

/* What the chip sends up to the next thing that it waits for. */
static void run(struct script *script)
{
    while (script->at < script->n && script->steps[script->at].kind == STEP_SEND) {
        struct buffer *bytes = &script->steps[script->at++].bytes;
        buffer_append(&script->incoming, bytes->data, bytes->len);
    }
}

/* ---- the link ---- */

void script_cancel(struct script *script)
{
    assert_int_equal(write(script->cancel_pipe[1], "x", 1), 1);
}

static bool cancelled(struct script *script)
{
    if (script->cancel_at_us && now >= script->cancel_at_us) {
        script->cancel_at_us = 0;
        script_cancel(script);
    }
    return cancel_asked(&script->cancel);
}

static ssize_t script_read(struct link *link, void *bytes, size_t n, int ms)
{
    struct script *script = of(link);
    size_t have;

    run(script);
    if (cancelled(script))
        return ERR_CANCELLED;
    have = script->incoming.len < n ? script->incoming.len : n;
    if (have > 0) {
        memcpy(bytes, script->incoming.data, have);
        buffer_drop_front(&script->incoming, have);
        now += (int64_t)have * 10;
        return (ssize_t)have;
    }
    if (script->at < script->n && script->steps[script->at].kind == STEP_FAIL)
        return link_fail(link, (enum err)script->steps[script->at++].code, "script: it is gone");
    assert_true(ms >= 0);
    if (script->cancel_at_us && now + ms * 1000 >= script->cancel_at_us) {
        now = script->cancel_at_us;
        return cancelled(script) ? ERR_CANCELLED : 0;
    }
    now += ms * 1000 + 1;
    return 0;
}

/* The frames in what was written, one call for each. */
static void each_frame(struct script *script, const uint8_t *bytes, size_t n)
{
    static struct slip_decoder slip;

    slip_decoder_init(&slip);
    for (size_t i = 0; i < n; i++) {
        if (slip_decode(&slip, bytes[i]) == SLIP_FRAME)
            script->answer(script, slip.frame, slip.len);
    }
}

static void fail_bytes(const char *what, const uint8_t *bytes, size_t n)
{
    char *hex = xmalloc(2 * n + 1);

    print_error("%s: %s\n", what, util_hex_format(hex, bytes, n));
    free(hex);
}

static ssize_t script_write(struct link *link, const void *bytes, size_t n, int ms)
{
    struct script *script = of(link);

    (void)ms;
    run(script);
    if (cancelled(script))
        return ERR_CANCELLED;
    script->frames++;
    if (script->at == script->n) {
        if (script->answer == NULL) {
            fail_bytes("written past the script's end", bytes, n);
            fail();
        }
        each_frame(script, bytes, n);
        return (ssize_t)n;
    }
    struct script_step *step = &script->steps[script->at++];
    if (step->kind == STEP_FAIL)
        return link_fail(link, (enum err)step->code, "script: it is gone");
    if (step->kind == STEP_EXPECT_OP) {
        assert_int_equal(((const uint8_t *)bytes)[2], step->code);
    } else if (step->bytes.len != n || memcmp(step->bytes.data, bytes, n) != 0) {
        print_error("step %zu\n", script->at - 1);
        fail_bytes("expected", step->bytes.data, step->bytes.len);
        fail_bytes("written ", bytes, n);
        fail();
    }
    run(script);
    return (ssize_t)n;
}

static int script_set_baud(struct link *link, unsigned baud)
{
    struct script *script = of(link);

    if (script->baud_max && baud > script->baud_max)
        return link_fail(link, ERR_BAUD_REFUSED, "script: %u baud is too fast", baud);
    assert_true(script->n_bauds < ARRAY_LEN(script->bauds));
    script->bauds[script->n_bauds++] = baud;
    return 0;
}

static int script_set_lines(struct link *link, bool dtr, bool rts)
{
    buffer_printf(&of(link)->lines, "%d%d ", dtr, rts);
    return 0;
}

/* Tests put there what is to be found: nothing is forgotten. */
static int script_discard(struct link *link)
{
    (void)link;
    return 0;
}

static int script_reopen(struct link *link, int ms)
{
    struct script *script = of(link);

    assert_true(ms >= 1000);
    script->reopens++;
    return script->comes_back ? 0 : link_fail(link, ERR_PORT_LOST, "script: it is gone");
}

static void script_close_link(struct link *link)
{
    (void)link;
}

static const struct link_ops ops = {.scheme = "script",
                                    .close = script_close_link,
                                    .read = script_read,
                                    .write = script_write,
                                    .set_baud = script_set_baud,
                                    .set_lines = script_set_lines,
                                    .discard_input = script_discard,
                                    .reopen = script_reopen};

void script_open(struct script *script)
{
    static const struct clock_source fake = {fake_now, fake_sleep};

    memset(script, 0, sizeof *script);
    now = 1000000;
    clock_use(&fake);
    assert_int_equal(pipe(script->cancel_pipe), 0);
    script->cancel.fd = script->cancel_pipe[0];
    script->link.ops = &ops;
    script->link.impl = script;
    script->link.cancel = &script->cancel;
    script->link.baud = 115200;
    script->link.has_lines = script->link.has_baud = true;
    util_copy(script->link.address, sizeof script->link.address, "/dev/script");
}

void script_close(struct script *script)
{
    for (size_t i = 0; i < script->n; i++)
        buffer_done(&script->steps[i].bytes);
    free(script->steps);
    buffer_done(&script->incoming);
    buffer_done(&script->lines);
    close(script->cancel_pipe[0]);
    close(script->cancel_pipe[1]);
    clock_use(NULL);
}

void script_done(struct script *script)
{
    if (script->at != script->n)
        print_error("only %zu of %zu steps were reached\n", script->at, script->n);
    assert_int_equal(script->at, script->n);
    assert_int_equal(script->incoming.len, 0);
    script_close(script);
}
