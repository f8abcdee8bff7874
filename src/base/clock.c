/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/clock.h"

#include "base/error.h"

#include <errno.h>
#include <poll.h>
#include <stddef.h>
#include <time.h>

static const struct clock_source *fake;

int64_t clock_us(void)
{
    if (fake)
        return fake->now_us();

    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (int64_t)t.tv_sec * 1000000 + t.tv_nsec / 1000;
}

int64_t clock_ms(void)
{
    return clock_us() / 1000;
}

void clock_use(const struct clock_source *source)
{
    fake = source;
}

static struct timespec span(int64_t us)
{
    return (struct timespec){.tv_sec = us / 1000000, .tv_nsec = us % 1000000 * 1000};
}

int clock_wait(const struct cancel *cancel, int fd, short events, int64_t ms)
{
    int64_t end = clock_us() + ms * 1000;

    for (;;) {
        struct pollfd fds[] = {
            {.fd = fd, .events = events},
            {.fd = cancel ? cancel->fd : -1, .events = POLLIN},
        };
        int64_t left = end - clock_us();
        struct timespec timeout = span(left > 0 ? left : 0);
        int n = ppoll(fds, 2, ms < 0 ? NULL : &timeout, NULL);
        if (n < 0 && errno == EINTR)
            continue;
        if (fds[1].revents)
            return ERR_CANCELLED;
        if (n > 0)
            return 1;
        if (ms >= 0 && clock_us() >= end)
            return 0;
    }
}

int clock_sleep(const struct cancel *cancel, int64_t ms)
{
    if (fake && fake->sleep_us) {
        fake->sleep_us(ms * 1000);
        return cancel_asked(cancel) ? ERR_CANCELLED : 0;
    }
    return clock_wait(cancel, -1, 0, ms > 0 ? ms : 0);
}

bool cancel_asked(const struct cancel *cancel)
{
    if (cancel == NULL || cancel->fd < 0)
        return false;

    struct pollfd fd = {.fd = cancel->fd, .events = POLLIN};
    return poll(&fd, 1, 0) > 0;
}
