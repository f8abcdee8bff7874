/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A job while it runs. For job/ only. */
#ifndef ESPJIG_JOB_RUN_H
#define ESPJIG_JOB_RUN_H

#include "image/image.h"
#include "image/partition.h"
#include "job/builder.h"
#include "job/job.h"
#include "job/rate.h"
#include "job/report.h"
#include "link/link.h"
#include "loader/loader.h"

/* The partition table that the chip holds. */
struct chip_table {
    bool was_read;
    uint8_t bytes[PARTITION_SECTOR]; /* what the flash holds at job->table_address */
    struct partition_table table;    /* n is 0: it is none, see `why` */
    struct error why;
};

struct run {
    const struct job *job;
    const struct cancel *cancel;
    struct report report;
    struct error error; /* first cause wins; decides about everything that is said at the end */

    struct link link;
    bool link_is_open;
    struct loader loader;
    struct rate rate;
    char rate_key[320]; /* what the port's rate is remembered by; "" */
    struct chip_facts chip;
    struct flash_facts flash;
    bool flash_attached;
    struct chip_table table;  /* see partitions.h */
    double question_s;        /* what a round trip to this chip takes; 0: not measured yet */
    struct plan plan;         /* n is 0 as long as nothing is loaded */
    bool plan_is_final;       /* nothing in it will be patched any more */
    struct builder *builders; /* NULL, or one for each region; see pack.h */
    struct output *outputs;   /* one for each op; see output.h */
    bool started;             /* an op has started a program, which is left alone */
};

static inline const struct log *run_log(const struct run *run)
{
    return &run->report.log;
}

/* One row per enum op_kind. */
struct op_row {
    int (*function)(struct run *run, size_t index); /* of the op in job->ops; fills run->error */
    bool flash;                                     /* needs the flash attached */
    bool fast;      /* moves much data or waits long: worth a stub and a higher rate */
    bool rom;       /* no stub: it could not do it, or would overwrite what is asked for */
    bool changes;   /* alters the flash: refused on a secured chip */
    bool registers; /* not possible in Secure Download Mode */
};

const struct op_row *op_row(enum op_kind kind);

/* Whether an op of the job has the given bool member of struct op_row set. */
#define RUN_ANY_OP(run, member) run_any_op((run), offsetof(struct op_row, member))
bool run_any_op(const struct run *run, size_t member);

#endif
