/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "job/boot_check.h"

#include "base/clock.h"
#include "base/util.h"
#include "job/ops.h"

#include <stdio.h>
#include <string.h>

enum {
    LINE_MAX_BYTES = 256, /* of what is kept of a line; twice what can be looked for */
    LINES_KEPT = 4,       /* for the error */
    READ_MS = 100,
    WRITE_MS = 2000
};

/* What the board says, as lines without control characters. */
struct hearing {
    const char *expect;
    bool counts; /* what is said now is what is asked for */
    bool found;
    enum { PLAIN, ESCAPE, SEQUENCE } colour; /* ESP-IDF's log has colours: ESC [ 0 ; 3 2 m */
    char line[LINE_MAX_BYTES + 1];
    size_t n;
    char kept[LINES_KEPT][LINE_MAX_BYTES + 1];
    size_t n_kept; /* in all; the last ones are there */
};

bool boot_check_wanted(const struct job *job)
{
    for (size_t i = 0; i < job->n_ops && job->boot_check.enabled; i++) {
        if (job->ops[i].kind == OP_WRITE_FLASH)
            return true;
    }
    return false;
}

int boot_check_check(const struct job *job, struct error *error)
{
    if (!boot_check_wanted(job))
        return 0;
    if (job->boot_check.expect[0] == '\0')
        return error_set(error, ERR_USAGE, "the boot check does not say what text to expect");
    if (job->after != AFTER_HARD_RESET && job->after != AFTER_WATCHDOG_RESET)
        return error_set(error, ERR_USAGE,
                         "the boot check for \"%s\" needs a reset that starts the program, "
                         "hard-reset or watchdog-reset, but --after is %s",
                         job->boot_check.expect, loader_after_name(job->after));
    return 0;
}

/* ---- hearing ---- */

static void line_end(struct hearing *h)
{
    if (h->n == 0)
        return;
    memcpy(h->kept[h->n_kept++ % LINES_KEPT], h->line, h->n + 1);
    h->n = 0;
}

/* Whether the byte belongs to a colour. */
static bool is_colour(struct hearing *h, uint8_t byte)
{
    bool was = h->colour != PLAIN;

    if (byte == 0x1B)
        h->colour = ESCAPE;
    else if (h->colour == ESCAPE)
        h->colour = byte == '[' ? SEQUENCE : PLAIN;
    else if (h->colour == SEQUENCE && byte >= '@' && byte <= '~')
        h->colour = PLAIN;
    else if (byte < ' ')
        h->colour = PLAIN;
    return was || h->colour != PLAIN;
}

/* A prompt has no line end: what there is of a line is looked at after each byte. Of one that is
 * too long its end is kept. */
static void hear(struct hearing *h, uint8_t byte)
{
    if (byte == '\r' || byte == '\n') {
        h->colour = PLAIN;
        line_end(h);
        return;
    }
    if (is_colour(h, byte))
        return;
    if (h->n == LINE_MAX_BYTES) {
        h->n /= 2;
        memmove(h->line, h->line + LINE_MAX_BYTES - h->n, h->n);
    }
    h->line[h->n++] = byte ? (char)byte : '.';
    h->line[h->n] = '\0';
    h->found = h->found || (h->counts && strstr(h->line, h->expect));
}

static int link_trouble(struct run *run, int code)
{
    const struct error *why = &run->link.error;

    if (code == ERR_CANCELLED)
        return error_set(&run->error, ERR_CANCELLED, "stopped on request during the boot check");
    return error_set(&run->error, (enum err)code, "during the boot check: %s", why->text);
}

/* A chip's own USB goes away with the reset. */
static int come_back(struct run *run, int64_t end)
{
    int64_t left = end - clock_ms();
    int code = left > 0 ? link_reopen(&run->link, (int)left) : ERR_PORT_LOST;

    return code == 0 ? 0 : link_trouble(run, code);
}

/* Until `end`, or the text is found. */
static int listen_until(struct run *run, struct hearing *h, int64_t end)
{
    uint8_t bytes[256];

    while (!h->found && clock_ms() < end) {
        int64_t left = end - clock_ms();
        ssize_t n = link_read(&run->link, bytes, sizeof bytes,
                              left > READ_MS ? READ_MS
                              : left > 0     ? (int)left
                                             : 0);
        if (n == ERR_PORT_LOST && come_back(run, end) == 0)
            continue;
        if (n < 0)
            return link_trouble(run, (int)n);
        log_rx(run_log(run), bytes, (size_t)n);
        for (ssize_t i = 0; i < n && !h->found; i++)
            hear(h, bytes[i]);
    }
    return 0;
}

/* What was said before the question is no answer to it. */
static int ask(struct run *run, struct hearing *h)
{
    const char *send = run->job->boot_check.send;
    char line[sizeof run->job->boot_check.send + 2];
    int n = snprintf(line, sizeof line, "%s\r\n", send);

    line_end(h);
    h->counts = true;
    ssize_t sent = link_write(&run->link, line, (size_t)n, WRITE_MS);
    return sent < 0 ? link_trouble(run, (int)sent) : 0;
}

/* ---- the verdict ---- */

static void lines_format(struct hearing *h, struct buffer *out)
{
    size_t first;

    line_end(h);
    first = h->n_kept > LINES_KEPT ? h->n_kept - LINES_KEPT : 0;
    for (size_t i = first; i < h->n_kept; i++)
        buffer_printf(out, "%s\"%.120s\"", i > first ? ", " : "", h->kept[i % LINES_KEPT]);
    for (size_t i = 0; i < out->len; i++) {
        if (out->data[i] < ' ' || out->data[i] >= 0x7F)
            out->data[i] = '.';
    }
}

static int not_found(struct run *run, struct hearing *h)
{
    const struct job_boot_check *check = &run->job->boot_check;
    struct buffer lines = {0};

    lines_format(h, &lines);
    if (lines.len == 0)
        error_set(&run->error, ERR_BOOT_CHECK,
                  "the board did not say \"%s\" within %g s after %s: it said nothing at all at "
                  "%u baud",
                  check->expect, check->timeout_ms / 1000.0,
                  check->send[0] ? "it was asked" : "its reset", check->baud);
    else
        error_set(&run->error, ERR_BOOT_CHECK,
                  "the board did not say \"%s\" within %g s after %s; its last lines: %s",
                  check->expect, check->timeout_ms / 1000.0,
                  check->send[0] ? "it was asked" : "its reset", (const char *)lines.data);
    buffer_done(&lines);
    return run->error.code;
}

static void say_result(struct run *run, const struct hearing *h, double seconds)
{
    struct event event;

    report_event(&run->report, EVENT_RESULT, &event);
    util_copy(event.result.op, sizeof event.result.op, state_name(STATE_BOOT_CHECK));
    event.result.ok = h->found;
    event_result_add(&event, "expect", "%s", run->job->boot_check.expect);
    if (h->found)
        event_result_add(&event, "line", "%s", h->line);
    event_result_add(&event, "seconds", "%.2f", seconds);
    report_put(&run->report, &event);
    if (h->found)
        log_line(run_log(run), LOG_INFO, "the board said \"%s\" after %.1f s",
                 run->job->boot_check.expect, seconds);
}

int boot_check_run(struct run *run)
{
    const struct job_boot_check *check = &run->job->boot_check;
    struct hearing h = {.expect = check->expect, .counts = check->send[0] == '\0'};
    int64_t start = clock_ms(), asked = start + check->delay_ms;

    run->link.cancel = run->cancel;
    report_state(&run->report, STATE_BOOT_CHECK, "%.90s", check->expect);
    if (listen_until(run, &h, asked) != 0)
        return run->error.code;
    if (check->send[0]) {
        asked = clock_ms();
        if (ask(run, &h) != 0)
            return run->error.code;
    }
    if (!h.found && listen_until(run, &h, asked + check->timeout_ms) != 0)
        return run->error.code;
    say_result(run, &h, (double)(clock_ms() - start) / 1000);
    return h.found ? 0 : not_found(run, &h);
}
