/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "emu/wire.h"

#include "base/buffer.h"

#include <stdlib.h>
#include <string.h>

enum { TICK_US = 1000, CONGESTED = 32768, BITS_PER_BYTE = 10 };

struct wire_run {
    int64_t stamp_us; /* when the sender had it ready */
    int64_t start_us; /* when its first bit goes out */
    unsigned baud;
    uint8_t *bytes;
    size_t n, sent;
};

static void push(struct wire_queue *q, const struct wire *w, int64_t at_us, unsigned baud,
                 const uint8_t *bytes, size_t n)
{
    struct wire_run run = {.stamp_us = at_us, .start_us = at_us, .baud = baud, .n = n};

    run.bytes = xmalloc(n);
    memcpy(run.bytes, bytes, n);
    if (w->pace) {
        unsigned rate = baud ? baud : 115200;
        if (run.start_us < q->free_at)
            run.start_us = q->free_at;
        q->free_at = run.start_us + (int64_t)n * BITS_PER_BYTE * 1000000 / rate;
    }
    q->runs = xrealloc(q->runs, (q->n + 1) * sizeof *q->runs);
    q->runs[q->n++] = run;
}

static void drop(struct wire_queue *q, size_t i)
{
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
}

/* How many bytes of a run have arrived by `now`. */
static size_t arrived(const struct wire *w, const struct wire_run *run, int64_t now_us)
{
    int64_t elapsed = now_us - run->start_us;

    if (elapsed < 0)
        return 0;
    if (!w->pace)
        return run->n;
    uint64_t bytes =
        (uint64_t)elapsed * (run->baud ? run->baud : 115200) / (BITS_PER_BYTE * 1000000u);
    return bytes < run->n ? (size_t)bytes : run->n;
}

/* ---- chip to host ---- */

void wire_put(void *context, int64_t at_us, unsigned baud, const uint8_t *bytes, size_t n)
{
    struct wire *w = context;

    if (n > 0)
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
    /* What has reached the adapter; what is still on the line comes yet. */
    while (w->to_host.n > 0) {
        struct wire_run *run = &w->to_host.runs[0];
        size_t upto = arrived(w, run, now_us);
        run->sent = upto > run->sent ? upto : run->sent;
        if (run->sent < run->n)
            break;
        drop(&w->to_host, 0);
    }
}

static void deliver(struct wire *w, struct wire_run *run, size_t upto)
{
    size_t n = upto - run->sent;
    uint8_t *bytes = run->bytes + run->sent;

    run->sent = upto;
    if (!baud_matches(run->baud, w->host_baud))
        chip_noise(&w->noise, bytes, n);
    w->deliver(w->context, bytes, n);
}

/* ---- host to chip ---- */

void wire_from_host(struct wire *w, int64_t now_us, const uint8_t *bytes, size_t n)
{
    if (!w->pace)
        chip_feed(w->chip, now_us, w->host_baud, bytes, n);
    else
        push(&w->to_chip, w, now_us, w->host_baud, bytes, n);
}

bool wire_congested(const struct wire *w)
{
    size_t n = 0;

    for (size_t i = 0; i < w->to_chip.n; i++)
        n += w->to_chip.runs[i].n;
    return n > CONGESTED;
}

static bool feed_first(struct wire *w, int64_t now_us)
{
    struct wire_run *run = &w->to_chip.runs[0];
    size_t upto = arrived(w, run, now_us);
    size_t from = run->sent;

    if (upto > from) {
        run->sent = upto;
        chip_feed(w->chip, now_us, run->baud, run->bytes + from, upto - from);
    }
    if (upto < run->n)
        return false;
    drop(&w->to_chip, 0);
    return true;
}

void wire_run(struct wire *w, int64_t now_us)
{
    while (w->to_chip.n > 0 && feed_first(w, now_us))
        ;
    while (w->to_host.n > 0) {
        struct wire_run *run = &w->to_host.runs[0];
        size_t upto = arrived(w, run, now_us - w->latency_us);
        if (upto > run->sent)
            deliver(w, run, upto);
        if (run->sent < run->n)
            break;
        drop(&w->to_host, 0);
    }
}

static int64_t next_of(const struct wire *w, const struct wire_queue *q, int64_t now_us,
                       int64_t extra)
{
    if (q->n == 0)
        return -1;
    int64_t start = q->runs[0].start_us + extra;
    if (!w->pace)
        return start;
    return (start > now_us ? start : now_us) + TICK_US;
}

int64_t wire_next(const struct wire *w, int64_t now_us)
{
    int64_t a = next_of(w, &w->to_host, now_us, w->latency_us);
    int64_t b = next_of(w, &w->to_chip, now_us, 0);

    if (a < 0 || (b >= 0 && b < a))
        return b;
    return a;
}
