/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * One child process that runs one job. Its events come over a pipe, one line each; the other pipe
 * asks it to stop. Whatever becomes of the child, exactly one `done` comes out of here, and it is a
 * pass only when the job said so, in whole lines, and the process then ended as one that passed.
 */
#ifndef ESPJIG_STATION_WORKER_H
#define ESPJIG_STATION_WORKER_H

#include "base/buffer.h"
#include "base/error.h"
#include "job/event.h"
#include "job/job.h"

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

typedef int worker_run_fn(const struct job *job, const struct sink *sink,
                          const struct cancel *cancel);

struct worker {
    pid_t pid;  /* 0: none */
    int events; /* read end, non-blocking; -1 once it has ended */
    int cancel; /* write end; -1: asked to stop */
    struct buffer in;
    int64_t start_us;
    bool stopping, killed;
    bool has_done, has_finish; /* held back until the process has ended */
    struct event done, finish;
    struct error failure; /* the first thing that was wrong with what it said */
};

/* ERR_STATION when there is no process or descriptor left for it. */
int worker_start(struct worker *worker, const struct job *job, worker_run_fn *run,
                 struct error *error);

/* Reads what has come and hands each event to the sink (`done` not yet). After the first line that
 * is no event the child is killed. Call when `events` is readable. */
void worker_read(struct worker *worker, const struct sink *sink);

/* Asks it to stop. */
void worker_stop(struct worker *worker);

/* SIGKILL, for it and what it has started. */
void worker_kill(struct worker *worker);

/* Whether the process has ended; if so, the rest of its events goes to the sink, then `done` with
 * what belongs to it, and the worker is as it was before worker_start(). */
bool worker_reap(struct worker *worker, const struct sink *sink);

#endif
