/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A link around a link that writes all that passes to a file, one line for each thing:
 *
 *   # espjig trace of /dev/ttyUSB0 (serial) at 115200 baud, 2026-01-31T12:00:00Z
 *       0.000102 lines dtr=0 rts=1
 *       0.151020 > c0 00 08 24 00 00 00 00  00 07 07 12 20 55 55 55  ...$........ UUU
 *       0.155310 < ...
 *       0.160002 baud 921600
 *
 * Seconds since it was opened; > to the chip, < from it.
 */
#include "link/private.h"

#include "base/buffer.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

struct trace {
    struct link inner; /* first: see wrap.c */
    FILE *file;
    int64_t start_us;
};

static void note(struct trace *trace, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

static void note(struct trace *trace, const char *format, ...)
{
    int64_t us = clock_us() - trace->start_us;
    va_list args;

    fprintf(trace->file, "%6lld.%06lld ", (long long)(us / 1000000), (long long)(us % 1000000));
    va_start(args, format);
    vfprintf(trace->file, format, args);
    va_end(args);
    fputc('\n', trace->file);
}

static void note_bytes(struct trace *trace, char direction, const uint8_t *bytes, ssize_t n)
{
    enum { ROW = 16 };

    for (ssize_t at = 0; at < n; at += ROW) {
        char hex[3 * ROW + 2] = "", text[ROW + 1] = "", *h = hex;
        for (ssize_t i = 0; i < ROW && at + i < n; i++) {
            uint8_t c = bytes[at + i];
            h += sprintf(h, i == ROW / 2 ? " %02x " : "%02x ", c);
            text[i] = c >= 0x20 && c < 0x7f ? (char)c : '.';
        }
        note(trace, "%c %-49s %s", direction, hex, text);
    }
}

static ssize_t trace_read(struct link *link, void *bytes, size_t n, int ms)
{
    ssize_t got = link_wrap_read(link, bytes, n, ms);

    note_bytes(link->impl, '<', bytes, got);
    if (got < 0)
        note(link->impl, "! %s", link->error.text);
    return got;
}

static ssize_t trace_write(struct link *link, const void *bytes, size_t n, int ms)
{
    note_bytes(link->impl, '>', bytes, (ssize_t)n);
    ssize_t put = link_wrap_write(link, bytes, n, ms);
    if (put < 0)
        note(link->impl, "! %s", link->error.text);
    return put;
}

static int trace_set_baud(struct link *link, unsigned baud)
{
    int rc = link_wrap_set_baud(link, baud);

    note(link->impl, "baud %u%s", baud, rc < 0 ? " failed" : "");
    return rc;
}

static int trace_set_lines(struct link *link, bool dtr, bool rts)
{
    int rc = link_wrap_set_lines(link, dtr, rts);

    note(link->impl, "lines dtr=%d rts=%d%s", dtr, rts, rc < 0 ? " failed" : "");
    return rc;
}

static int trace_discard_input(struct link *link)
{
    note(link->impl, "discard input");
    return link_wrap_discard_input(link);
}

static void trace_close(struct link *link)
{
    struct trace *trace = link->impl;

    link_close(&trace->inner);
    note(trace, "closed");
    fclose(trace->file);
    free(trace);
}

static const struct link_ops trace_ops = {
    .scheme = "trace",
    .close = trace_close,
    .read = trace_read,
    .write = trace_write,
    .set_baud = trace_set_baud,
    .set_lines = trace_set_lines,
    .discard_input = trace_discard_input,
    .reopen = link_wrap_reopen,
};

int link_trace_wrap(struct link *link, const char *path, struct error *error)
{
    FILE *file = fopen(path, "we");
    time_t now = time(NULL);
    struct tm tm;
    char date[32];

    if (file == NULL)
        return error_set(error, ERR_FILE_WRITE, "the trace %s can't be written: %s", path,
                         strerror(errno));
    setvbuf(file, NULL, _IOLBF, 0); /* a line that is written is there after a crash */
    strftime(date, sizeof date, "%Y-%m-%dT%H:%M:%SZ", gmtime_r(&now, &tm));
    fprintf(file, "# espjig trace of %s (%s) at %u baud, %s\n", link->address, link->ops->scheme,
            link->baud, date);

    struct trace *trace = xcalloc(1, sizeof *trace);
    trace->inner = *link;
    trace->file = file;
    trace->start_us = clock_us();
    link->ops = &trace_ops;
    link->impl = trace;
    return 0;
}
