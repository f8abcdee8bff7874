/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * One clock for all, and waiting that can be cancelled. Monotonic; a test puts a fake one in its
 * place.
 */
#ifndef ESPJIG_BASE_CLOCK_H
#define ESPJIG_BASE_CLOCK_H

#include <stdbool.h>
#include <stdint.h>

/* Asks a job to end early. `fd` becomes readable when that is wanted (a pipe's read end; its end of
 * file counts too); -1: can't be cancelled. Nobody reads from it, so it stays readable. */
struct cancel {
    int fd;
};

struct clock_source {
    int64_t (*now_us)(void);
    void (*sleep_us)(int64_t us); /* NULL: the real thing */
};

int64_t clock_us(void); /* microseconds since some point in the past */
int64_t clock_ms(void);

/* Replaces the clock for the whole process; NULL restores the real one. For tests. */
void clock_use(const struct clock_source *source);

/* Waits until `fd` has one of the poll(2) `events`, at most `ms` milliseconds (negative: for ever),
 * or until cancelled. fd -1 just sleeps. Returns 1 when ready (POLLHUP and POLLERR count: the read
 * will tell), 0 at the deadline, ERR_CANCELLED (base/error.h) when cancelled. `cancel` may be NULL.
 * Signals do not end the wait. */
int clock_wait(const struct cancel *cancel, int fd, short events, int64_t ms);

/* Sleeps on whatever clock is in use. Returns 0 or ERR_CANCELLED. */
int clock_sleep(const struct cancel *cancel, int64_t ms);

bool cancel_asked(const struct cancel *cancel);

#endif
