/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What a running job says: turns plain calls into events for its sink, keeps progress down to some
 * ten lines a second, and gathers the chip's bytes into lines. For job/ only.
 */
#ifndef ESPJIG_JOB_REPORT_H
#define ESPJIG_JOB_REPORT_H

#include "base/log.h"
#include "hint/hint.h"
#include "job/event.h"
#include "loader/loader.h"

/* The progress of one file (or one erase): smoothed rate, time left. */
struct meter {
    char op[24], file[256];
    uint32_t address;
    uint64_t done, total, wire;
    uint64_t skipped;          /* of `done`: did not need to be moved */
    int64_t start_us, said_us; /* of the beginning; of the last event */
    uint64_t said_done;
    double rate;
};

struct report {
    const struct sink *sink;
    char port[256], slot[64];
    const unsigned *baud; /* NULL: the link has no rate */
    struct log log;       /* for the lower floors: comes back here */
    struct event rx;
    struct meter meter;
    struct loader_progress progress; /* for loader_flash_*(): drives the meter */
};

/* Progress of one piece as progress of the whole: what was done and sent before is added. */
struct report_piece {
    const struct report *report;
    uint64_t done, wire;
    struct loader_progress progress; /* for the loader */
};

/* `piece` must stay where it is afterwards, and so must the report. */
void report_piece_init(struct report_piece *piece, const struct report *report, uint64_t done,
                       uint64_t wire);

/* `report` must stay where it is afterwards. */
void report_init(struct report *report, const struct sink *sink, const char *port,
                 const char *slot);

/* Zeroed but for kind, time, port and slot. */
void report_event(struct report *report, enum event_kind kind, struct event *event);
/* Hands it on; bytes of the chip that were kept back go first. */
void report_put(struct report *report, const struct event *event);

void report_state(struct report *report, enum job_state state, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
void report_chip(struct report *report, const struct chip *chip, const struct chip_facts *facts);
void report_flash(struct report *report, const struct flash_facts *facts);
void report_hint(struct report *report, const struct hint *hint);
void report_done(struct report *report, const struct error *error, double elapsed);

/* The first event (nothing done) and the last (all done) of a file are always sent. `file` is ""
 * where there is none. */
void report_progress_begin(struct report *report, const char *op, const char *file,
                           uint32_t address, uint64_t total);
/* So many bytes are done, from now on, without having been moved. */
void report_progress_skip(struct report *report, uint64_t bytes);
void report_progress_end(struct report *report);
double report_progress_seconds(const struct report *report); /* since the beginning */

#endif
