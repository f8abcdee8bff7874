/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What is shown: the sum of all events. The station keeps one to answer a dashboard that attaches;
 * each dashboard keeps its own by applying the same events. Pure data and one function that changes
 * it; knows no terminal and no socket.
 */
#ifndef ESPJIG_STATION_MODEL_H
#define ESPJIG_STATION_MODEL_H

#include "job/event.h"
#include "job/job.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define MODEL_LOG_LINES 200
#define MODEL_FILES     32

struct model_file {
    char path[256];
    uint32_t address;
    uint64_t done, total;
    double rate; /* bytes a second */
    double left; /* seconds; negative: not known */
    bool verified;
    uint64_t written, skipped; /* as the result says: sent, and found there already */
    char op[24];               /* which op the figures belong to */
};

struct model_log_line {
    double t;     /* of the event, monotonic */
    int64_t wall; /* seconds since 1970, when it was applied */
    enum log_level level;
    char text[160];
};

struct model_slot {
    char port[256]; /* the key */
    bool present;
    char name[64]; /* ttyUSB0 */
    char slot[64], product[96], serial[96], driver[32], by_path[192], holder[64];
    char adapter[32];
    unsigned vid, pid, max_baud;
    bool emulated;

    enum job_state state;
    char detail[96];
    bool running; /* a job is under way */
    bool known;   /* chip facts are there */
    char chip[16], chip_name[64], revision[16], mac[24], features[192], usb_mode[24], security[64];
    char eui64[32], mac_ap[24], mac_bt[24], mac_ethernet[24];
    unsigned crystal_mhz;
    bool flash_known;
    unsigned manufacturer, device;
    uint64_t flash_size;
    char vendor[32];

    struct model_file files[MODEL_FILES];
    size_t n_files;
    uint64_t done, total; /* over all files of the running op */
    double rate, left;
    unsigned baud; /* of the line now, bit/s; 0: not known, or it has no rate */

    struct model_log_line log[MODEL_LOG_LINES]; /* ring: oldest at log_first */
    size_t log_first, n_log;

    bool has_hint;
    char hint_id[32], hint_cause[200], hint_evidence[200], hint_fix[320], hint_action[32];

    bool has_result; /* a job has ended since the port came */
    char result[12], error[32], text[768];
    int exit;
    double elapsed;
    unsigned passed, failed; /* counters since the station started */
};

struct model {
    struct model_slot
        *slots; /* in the order ports were first seen, vanished ones without history are removed */
    size_t n;
    struct job bench; /* what START will do; owned */
    bool has_bench;
    bool changed; /* set by every apply; the view clears it */
};

void model_init(struct model *model);
void model_done(struct model *model);
void model_apply(struct model *model, const struct event *event);
struct model_slot *model_find(const struct model *model, const char *port); /* NULL when unknown */

/* The nth log line of a slot, 0 = oldest. */
const struct model_log_line *model_log_at(const struct model_slot *slot, size_t n);

#endif
