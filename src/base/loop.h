/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * One poll(2) loop: descriptors and timers with callbacks, single thread. Callbacks may add and
 * remove anything, themselves included. For station/, ui/ and emu/; jobs do not use it (they block,
 * on purpose).
 */
#ifndef ESPJIG_BASE_LOOP_H
#define ESPJIG_BASE_LOOP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct loop_watch;
struct loop_timer;

struct loop {
    struct loop_watch *watches;
    size_t n_watches;
    struct loop_timer *timers;
    size_t n_timers;
    int next_timer;
    unsigned next_watch;
    bool stop;
};

typedef void loop_fd_fn(void *context, int fd, short revents);
typedef void loop_timer_fn(void *context);

void loop_init(struct loop *loop);
void loop_done(struct loop *loop); /* closes nothing */

/* One watch a descriptor; `events` as in poll(2), 0 = errors only. Adding one that is there
 * replaces it. */
void loop_fd_set(struct loop *loop, int fd, short events, loop_fd_fn *fn, void *context);
void loop_fd_events(struct loop *loop, int fd, short events);
void loop_fd_remove(struct loop *loop, int fd); /* before close(fd) */

/* Calls fn once after `ms`. Returns an id above 0. Removing an id that has fired does nothing. */
int loop_timer_add(struct loop *loop, int64_t ms, loop_timer_fn *fn, void *context);
/* The same when clock_us() has reached `us`: for what must not be rounded to milliseconds. */
int loop_timer_at(struct loop *loop, int64_t us, loop_timer_fn *fn, void *context);
void loop_timer_remove(struct loop *loop, int id);

/* Waits at most `max_ms` (negative: as long as it takes), runs what is due, returns. 0 or -errno of
 * poll. */
int loop_once(struct loop *loop, int64_t max_ms);
int loop_run(struct loop *loop); /* until loop_stop() */
void loop_stop(struct loop *loop);

#endif
