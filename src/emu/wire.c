/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "emu/wire.h"

#include <stdlib.h>
#include <string.h>

enum {
    BATCH_US = 20000, /* how long the host waits for the next part of what is long */
    CONGESTED = 32768,
    BITS_PER_BYTE = 10,
    SECOND_US = 1000000,
    END = 0xc0, /* of a SLIP frame */
};

struct wire_run {
    int64_t stamp_us; /* when the sender had it ready */
    int64_t start_us; /* when its first bit goes out */
    unsigned baud;
    uint8_t *bytes;
    size_t n, sent;
};

static uint64_t rate_of(const struct wire_run *run)
{
    return run->baud ? run->baud : 115200;
}

/* When the last bit of byte number `count` is there. */
static int64_t time_of(const struct wire *w, const struct wire_run *run, size_t count)
{
    uint64_t bits = (uint64_t)count * BITS_PER_BYTE * SECOND_US;

    return run->start_us + (w->pace ? (int64_t)((bits + rate_of(run) - 1) / rate_of(run)) : 0);
}

/* How many bytes of a run have arrived by `now`. */
static size_t arrived(const struct wire *w, const struct wire_run *run, int64_t now_us)
{
    int64_t elapsed = now_us - run->start_us;

    if (elapsed < 0)
        return 0;
    if (!w->pace)
        return run->n;
    uint64_t bytes = (uint64_t)elapsed * rate_of(run) / (BITS_PER_BYTE * SECOND_US);
    return bytes < run->n ? (size_t)bytes : run->n;
}

static void push(struct wire_queue *q, const struct wire *w, int64_t at_us, unsigned baud,
                 const uint8_t *bytes, size_t n)
{
    struct wire_run run = {.stamp_us = at_us, .start_us = at_us, .baud = baud, .n = n};

    if (n == 0)
        return;
    run.bytes = xmalloc(n);
    memcpy(run.bytes, bytes, n);
    if (w->pace && run.start_us < q->free_at)
        run.start_us = q->free_at;
    q->free_at = time_of(w, &run, n);
    q->runs = xrealloc(q->runs, (q->n + 1) * sizeof *q->runs);
    q->runs[q->n++] = run;
    q->bytes += n;
}

static void advance(struct wire_queue *q, size_t n)
{
    struct wire_run *run = &q->runs[0];

    run->sent += n;
    q->bytes -= n;
}

static void drop(struct wire_queue *q, size_t i)
{
    q->bytes -= q->runs[i].n - q->runs[i].sent;
    free(q->runs[i].bytes);
    q->n--;
    memmove(&q->runs[i], &q->runs[i + 1], (q->n - i) * sizeof *q->runs);
}

static void clear(struct wire_queue *q)
{
    while (q->n > 0)
        drop(q, q->n - 1);
    free(q->runs);
    *q = (struct wire_queue){0};
}

void wire_done(struct wire *w)
{
    clear(&w->to_host);
    clear(&w->to_chip);
    buffer_done(&w->out);
}

/* ---- a bad line ---- */

static void damage(struct wire *w, bool suffers, unsigned baud, uint8_t *bytes, size_t n)
{
    const struct wire_fault *fault = &w->fault;
    uint8_t dice[8];

    if (fault->above == 0 || baud <= fault->above)
        return;
    for (size_t i = 0; i < n; i++) {
        if (w->fast_bytes++ < fault->after || !suffers)
            continue;
        chip_noise(&w->noise, dice, sizeof dice);
        if (le32_get(dice) % fault->odds == 0)
            bytes[i] ^= (uint8_t)(1u << dice[4] % 8);
    }
}

/* ---- chip to host ---- */

void wire_put(void *context, int64_t at_us, unsigned baud, const uint8_t *bytes, size_t n)
{
    struct wire *w = context;

    push(&w->to_host, w, at_us, baud, bytes, n);
}

void wire_cut(void *context, int64_t now_us)
{
    struct wire *w = context;
    struct wire_queue *q = &w->to_host;

    while (q->n > 0 && q->runs[q->n - 1].stamp_us > now_us)
        drop(q, q->n - 1);
    if (q->free_at > now_us && q->n == 0)
        q->free_at = now_us;
}

void wire_purge(struct wire *w, int64_t now_us)
{
    struct wire_queue *q = &w->to_host;

    /* What has reached the adapter; what is still on the line comes yet. */
    while (q->n > 0) {
        size_t upto = arrived(w, &q->runs[0], now_us);
        if (upto > q->runs[0].sent)
            advance(q, upto - q->runs[0].sent);
        if (q->runs[0].sent < q->runs[0].n)
            break;
        drop(q, 0);
    }
}

static void deliver(struct wire *w, const struct wire_run *run, size_t upto)
{
    size_t n = upto - run->sent;
    uint8_t *bytes = run->bytes + run->sent;

    if (!baud_matches(run->baud, w->host_baud) || (w->max_baud && w->host_baud > w->max_baud))
        chip_noise(&w->noise, bytes, n);
    else
        damage(w, w->fault.to_host, run->baud, bytes, n);
    buffer_append(&w->out, bytes, n);
}

void wire_deliver(struct wire *w, int64_t now_us)
{
    struct wire_queue *q = &w->to_host;

    buffer_clear(&w->out);
    while (q->n > 0) {
        struct wire_run *run = &q->runs[0];
        size_t upto = arrived(w, run, now_us - w->latency_us);
        if (upto > run->sent) {
            deliver(w, run, upto);
            advance(q, upto - run->sent);
        }
        if (run->sent < run->n)
            break;
        drop(q, 0);
    }
    if (w->out.len > 0)
        w->deliver(w->context, w->out.data, w->out.len);
}

/* ---- host to chip ---- */

void wire_from_host(struct wire *w, int64_t now_us, const uint8_t *bytes, size_t n)
{
    push(&w->to_chip, w, now_us, w->host_baud, bytes, n);
}

bool wire_congested(const struct wire *w)
{
    return w->to_chip.bytes > CONGESTED;
}

/* Behind the next byte that ends a frame, 0: there is none. An END behind another one only starts
 * the next frame. */
static size_t frame_end(const struct wire_run *run, bool inside)
{
    const uint8_t *at = run->bytes + run->sent, *end = run->bytes + run->n;

    for (const uint8_t *p = at; (p = memchr(p, END, (size_t)(end - p))) != NULL; p++) {
        if (p > at ? p[-1] != END : inside)
            return (size_t)(p - run->bytes) + 1;
    }
    return 0;
}

static void feed_piece(struct wire *w, struct wire_run *run, size_t upto)
{
    struct wire_queue *q = &w->to_chip;
    uint8_t *bytes = run->bytes + run->sent;
    size_t n = upto - run->sent;

    q->inside = bytes[n - 1] != END;
    advance(q, n);
    if (w->max_baud && run->baud > w->max_baud)
        chip_noise(&w->noise, bytes, n);
    else
        damage(w, w->fault.to_chip, run->baud, bytes, n);
    chip_feed(w->chip, time_of(w, run, upto), run->baud, bytes, n);
}

void wire_feed(struct wire *w, int64_t now_us)
{
    struct wire_queue *q = &w->to_chip;

    while (q->n > 0) {
        struct wire_run *run = &q->runs[0];
        size_t upto = arrived(w, run, now_us);
        size_t end = frame_end(run, q->inside);
        if (end > 0 && end <= upto)
            upto = end;
        if (upto > run->sent)
            feed_piece(w, run, upto);
        else if (run->sent < run->n)
            break;
        if (run->sent == run->n)
            drop(q, 0);
    }
}

/* ---- when ---- */

static int64_t next_for_chip(const struct wire *w)
{
    const struct wire_queue *q = &w->to_chip;
    bool inside = q->inside;

    if (q->n == 0)
        return -1;
    if (wire_congested(w)) /* makes room */
        return time_of(w, &q->runs[0], q->runs[0].n);
    for (size_t i = 0; i < q->n; i++) {
        size_t end = frame_end(&q->runs[i], inside);
        if (end > 0)
            return time_of(w, &q->runs[i], end);
        inside = q->runs[i].bytes[q->runs[i].n - 1] != END;
    }
    return time_of(w, &q->runs[q->n - 1], q->runs[q->n - 1].n);
}

static int64_t next_for_host(const struct wire *w)
{
    const struct wire_run *run = w->to_host.n > 0 ? &w->to_host.runs[0] : NULL;

    if (run == NULL)
        return -1;
    int64_t end = time_of(w, run, run->n), batch = time_of(w, run, run->sent) + BATCH_US;
    return (end < batch ? end : batch) + w->latency_us;
}

int64_t wire_next(const struct wire *w)
{
    int64_t a = next_for_host(w), b = next_for_chip(w);

    return a < 0 || (b >= 0 && b < a) ? b : a;
}
