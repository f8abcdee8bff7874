/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "job/report.h"

#include "base/clock.h"
#include "base/util.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

enum { PROGRESS_EVERY_US = 100000 };

/* How much of the rate is as old as this: long enough for a calm figure, short enough to notice a
 * slow stretch. */
static const double rate_memory_s = 2.0;

void report_event(struct report *report, enum event_kind kind, struct event *event)
{
    event_init(event, kind);
    util_copy(event->port, sizeof event->port, report->port);
    util_copy(event->slot, sizeof event->slot, report->slot);
}

static void rx_flush(struct report *report)
{
    if (report->rx.rx.n == 0)
        return;
    sink_put(report->sink, &report->rx);
    report->rx.rx.n = 0;
}

void report_put(struct report *report, const struct event *event)
{
    rx_flush(report);
    sink_put(report->sink, event);
}

/* The loader hands over bytes as they come, sometimes one by one: a line of them is one event. */
static void on_rx(void *context, const uint8_t *bytes, size_t n)
{
    struct report *report = context;

    for (size_t i = 0; i < n; i++) {
        if (report->rx.rx.n == 0)
            report_event(report, EVENT_RX, &report->rx);
        report->rx.rx.bytes[report->rx.rx.n++] = bytes[i];
        if (bytes[i] == '\n' || report->rx.rx.n == sizeof report->rx.rx.bytes)
            rx_flush(report);
    }
}

static void on_line(void *context, enum log_level level, const char *text)
{
    struct report *report = context;
    struct event event;

    report_event(report, EVENT_LOG, &event);
    event.log.level = level;
    util_copy(event.log.text, sizeof event.log.text, text);
    report_put(report, &event);
}

static void progress_put(struct report *report, int64_t now)
{
    struct meter *m = &report->meter;
    struct event event;

    report_event(report, EVENT_PROGRESS, &event);
    memcpy(event.progress.op, m->op, sizeof m->op);
    memcpy(event.progress.file, m->file, sizeof m->file);
    event.progress.address = m->address;
    event.progress.done = m->done;
    event.progress.total = m->total;
    event.progress.wire = m->wire;
    event.progress.rate = m->rate;
    event.progress.baud = report->baud ? *report->baud : 0;
    event.progress.left = m->done >= m->total ? 0
                          : m->rate > 0       ? (double)(m->total - m->done) / m->rate
                                              : -1;
    m->said_us = now;
    m->said_done = m->done;
    report_put(report, &event);
}

/* Image bytes a second, older measurements fading out. */
static void rate_update(struct meter *m, int64_t now)
{
    double dt = (double)(now - m->said_us) / 1e6;

    if (dt <= 0 || m->done < m->said_done)
        return;
    double fresh = (double)(m->done - m->said_done) / dt;
    double keep = m->rate > 0 ? rate_memory_s / (rate_memory_s + dt) : 0;
    m->rate = keep * m->rate + (1 - keep) * fresh;
}

static void on_progress(void *context, uint64_t done, uint64_t total, uint64_t wire)
{
    struct report *report = context;
    struct meter *m = &report->meter;
    int64_t now = clock_us();

    if (total > 0)
        m->total = total;
    m->done = done < m->total ? done : m->total;
    m->wire = wire;
    if (m->done >= m->total || now - m->said_us < PROGRESS_EVERY_US)
        return; /* the last one is report_progress_end()'s */
    rate_update(m, now);
    progress_put(report, now);
}

void report_init(struct report *report, const struct sink *sink, const char *port, const char *slot)
{
    memset(report, 0, sizeof *report);
    report->sink = sink;
    util_copy(report->port, sizeof report->port, port);
    util_copy(report->slot, sizeof report->slot, slot);
    report->log = (struct log){.line = on_line, .rx = on_rx, .context = report};
    report->progress = (struct loader_progress){.put = on_progress, .context = report};
}

void report_progress_begin(struct report *report, const char *op, const char *file,
                           uint32_t address, uint64_t total)
{
    struct meter *m = &report->meter;

    *m = (struct meter){.address = address, .total = total, .start_us = clock_us()};
    util_copy(m->op, sizeof m->op, op);
    util_copy(m->file, sizeof m->file, file);
    progress_put(report, m->start_us);
}

void report_progress_skip(struct report *report, uint64_t bytes)
{
    struct meter *m = &report->meter;

    m->skipped = bytes;
    m->done = m->said_done = bytes;
    progress_put(report, clock_us());
}

void report_progress_end(struct report *report)
{
    struct meter *m = &report->meter;
    double seconds = report_progress_seconds(report);

    m->done = m->total;
    m->rate = seconds > 0 ? (double)(m->total - m->skipped) / seconds : 0;
    progress_put(report, clock_us());
}

static void on_piece(void *context, uint64_t done, uint64_t total, uint64_t wire)
{
    const struct report_piece *piece = context;
    const struct loader_progress *whole = &piece->report->progress;

    (void)total;
    whole->put(whole->context, piece->done + done, piece->report->meter.total, piece->wire + wire);
}

void report_piece_init(struct report_piece *piece, const struct report *report, uint64_t done,
                       uint64_t wire)
{
    *piece = (struct report_piece){.report = report, .done = done, .wire = wire};
    piece->progress = (struct loader_progress){.put = on_piece, .context = piece};
}

double report_progress_seconds(const struct report *report)
{
    return (double)(clock_us() - report->meter.start_us) / 1e6;
}

void report_state(struct report *report, enum job_state state, const char *format, ...)
{
    struct event event;
    va_list args;

    report_event(report, EVENT_STATE, &event);
    event.state.state = state;
    va_start(args, format);
    vsnprintf(event.state.detail, sizeof event.state.detail, format, args);
    va_end(args);
    report_put(report, &event);
}

void report_chip(struct report *report, const struct chip *chip, const struct chip_facts *facts)
{
    struct event event;

    report_event(report, EVENT_CHIP, &event);
    util_copy(event.chip.chip, sizeof event.chip.chip, chip->key);
    util_copy(event.chip.name, sizeof event.chip.name, facts->name);
    util_copy(event.chip.revision, sizeof event.chip.revision, facts->revision);
    util_copy(event.chip.mac, sizeof event.chip.mac, facts->mac_text);
    util_copy(event.chip.eui64, sizeof event.chip.eui64, facts->eui64_text);
    util_copy(event.chip.mac_ap, sizeof event.chip.mac_ap, facts->mac_ap);
    util_copy(event.chip.mac_bt, sizeof event.chip.mac_bt, facts->mac_bt);
    util_copy(event.chip.mac_ethernet, sizeof event.chip.mac_ethernet, facts->mac_ethernet);
    util_copy(event.chip.features, sizeof event.chip.features, facts->features);
    util_copy(event.chip.usb_mode, sizeof event.chip.usb_mode, facts->usb_mode);
    util_copy(event.chip.security, sizeof event.chip.security, facts->security);
    event.chip.crystal_mhz = facts->crystal_mhz;
    report_put(report, &event);
}

void report_flash(struct report *report, const struct flash_facts *facts)
{
    struct event event;

    report_event(report, EVENT_FLASH, &event);
    event.flash.manufacturer = facts->manufacturer;
    event.flash.device = facts->device;
    event.flash.size = facts->fitted ? facts->fitted : facts->size;
    util_copy(event.flash.vendor, sizeof event.flash.vendor, facts->vendor);
    util_copy(event.flash.mode_limits, sizeof event.flash.mode_limits, facts->mode_limits);
    report_put(report, &event);
}

void report_hint(struct report *report, const struct hint *hint)
{
    struct event event;

    report_event(report, EVENT_HINT, &event);
    memcpy(event.hint.id, hint->id, sizeof hint->id);
    memcpy(event.hint.cause, hint->cause, sizeof hint->cause);
    memcpy(event.hint.evidence, hint->evidence, sizeof hint->evidence);
    memcpy(event.hint.fix, hint->fix, sizeof hint->fix);
    memcpy(event.hint.action, hint->action, sizeof hint->action);
    report_put(report, &event);
}

void report_done(struct report *report, const struct error *error, double elapsed)
{
    struct event event;

    report_event(report, EVENT_DONE, &event);
    event_done_describe(&event, error, elapsed);
    report_put(report, &event);
}
