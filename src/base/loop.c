/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/loop.h"

#include "base/buffer.h"
#include "base/clock.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

struct loop_watch {
    int fd;
    unsigned serial; /* tells a descriptor number that was closed and given out again */
    short events;
    loop_fd_fn *fn;
    void *context;
};

struct loop_timer {
    int id;
    int64_t due_us;
    loop_timer_fn *fn;
    void *context;
};

void loop_init(struct loop *loop)
{
    *loop = (struct loop){.next_timer = 1};
}

void loop_done(struct loop *loop)
{
    free(loop->watches);
    free(loop->timers);
    *loop = (struct loop){0};
}

static struct loop_watch *watch_find(struct loop *loop, int fd)
{
    for (size_t i = 0; i < loop->n_watches; i++) {
        if (loop->watches[i].fd == fd)
            return &loop->watches[i];
    }
    return NULL;
}

void loop_fd_set(struct loop *loop, int fd, short events, loop_fd_fn *fn, void *context)
{
    struct loop_watch *w = watch_find(loop, fd);

    if (w == NULL) {
        loop->watches = xrealloc(loop->watches, (loop->n_watches + 1) * sizeof *loop->watches);
        w = &loop->watches[loop->n_watches++];
    }
    *w = (struct loop_watch){
        .fd = fd, .serial = loop->next_watch++, .events = events, .fn = fn, .context = context};
}

void loop_fd_events(struct loop *loop, int fd, short events)
{
    struct loop_watch *w = watch_find(loop, fd);

    if (w)
        w->events = events;
}

void loop_fd_remove(struct loop *loop, int fd)
{
    struct loop_watch *w = watch_find(loop, fd);

    if (w)
        *w = loop->watches[--loop->n_watches];
}

int loop_timer_at(struct loop *loop, int64_t us, loop_timer_fn *fn, void *context)
{
    loop->timers = xrealloc(loop->timers, (loop->n_timers + 1) * sizeof *loop->timers);
    loop->timers[loop->n_timers++] =
        (struct loop_timer){.id = loop->next_timer, .due_us = us, .fn = fn, .context = context};
    return loop->next_timer++;
}

int loop_timer_add(struct loop *loop, int64_t ms, loop_timer_fn *fn, void *context)
{
    return loop_timer_at(loop, clock_us() + 1000 * ms, fn, context);
}

void loop_timer_remove(struct loop *loop, int id)
{
    for (size_t i = 0; i < loop->n_timers; i++) {
        if (loop->timers[i].id == id) {
            loop->timers[i] = loop->timers[--loop->n_timers];
            return;
        }
    }
}

static const struct loop_timer *timer_next(const struct loop *loop)
{
    const struct loop_timer *next = NULL;

    for (size_t i = 0; i < loop->n_timers; i++) {
        if (next == NULL || loop->timers[i].due_us < next->due_us)
            next = &loop->timers[i];
    }
    return next;
}

/* Microseconds, or -1: for ever. */
static int64_t wait_time(const struct loop *loop, int64_t max_ms)
{
    const struct loop_timer *next = timer_next(loop);
    int64_t max_us = max_ms < 0 ? -1 : 1000 * max_ms;

    if (next == NULL)
        return max_us;
    int64_t left = next->due_us - clock_us();
    left = left > 0 ? left : 0;
    return max_us >= 0 && max_us < left ? max_us : left;
}

static int wait_ready(struct pollfd *fds, size_t n, int64_t us)
{
    struct timespec t = {.tv_sec = us / 1000000, .tv_nsec = us % 1000000 * 1000};

    return ppoll(fds, (nfds_t)n, us < 0 ? NULL : &t, NULL);
}

static void timers_run(struct loop *loop)
{
    int64_t now = clock_us();
    const struct loop_timer *next;

    while (!loop->stop && (next = timer_next(loop)) != NULL && next->due_us <= now) {
        struct loop_timer due = *next;
        loop_timer_remove(loop, due.id);
        due.fn(due.context);
    }
}

int loop_once(struct loop *loop, int64_t max_ms)
{
    size_t n = loop->n_watches;
    struct pollfd *fds = xcalloc(n, sizeof *fds);
    unsigned before = loop->next_watch;

    for (size_t i = 0; i < n; i++)
        fds[i] = (struct pollfd){.fd = loop->watches[i].fd, .events = loop->watches[i].events};
    int ready = wait_ready(fds, n, wait_time(loop, max_ms));
    if (ready < 0 && errno != EINTR) {
        int failure = -errno;
        free(fds);
        return failure;
    }
    for (size_t i = 0; ready > 0 && i < n && !loop->stop; i++) {
        struct loop_watch *w = fds[i].revents ? watch_find(loop, fds[i].fd) : NULL;
        if (w && w->serial < before)
            w->fn(w->context, w->fd, fds[i].revents);
    }
    free(fds);
    timers_run(loop);
    return 0;
}

int loop_run(struct loop *loop)
{
    int result = 0;

    while (!loop->stop && result == 0)
        result = loop_once(loop, -1);
    return result;
}

void loop_stop(struct loop *loop)
{
    loop->stop = true;
}
