/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "base/error.h"
#include "base/loop.h"
#include "emu/machine.h"
#include "emu/options.h"

#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <unistd.h>

static void on_signal(void *context, int fd, short revents)
{
    (void)fd;
    (void)revents;
    loop_stop(context);
}

/* SIGTERM, SIGINT and SIGHUP become an event of the loop, so that the end is always a clean one. */
static int watch_signals(struct loop *loop)
{
    sigset_t set;

    sigemptyset(&set);
    sigaddset(&set, SIGTERM);
    sigaddset(&set, SIGINT);
    sigaddset(&set, SIGHUP);
    sigprocmask(SIG_BLOCK, &set, NULL);
    signal(SIGPIPE, SIG_IGN);
    int fd = signalfd(-1, &set, SFD_CLOEXEC);
    if (fd >= 0)
        loop_fd_set(loop, fd, POLLIN, on_signal, loop);
    return fd;
}

static int fail(const struct error *e)
{
    fprintf(stderr, "espjig-emu: %s\n", e->text);
    /* A file or socket that can't be used is a matter of configuration here. */
    return error_exit_status(e->code) == 3 ? 3 : 2;
}

static int run(const struct options *o)
{
    struct machine machine;
    struct error e = {0};
    struct loop loop;
    int status = 0;

    /* The times of a line at 921600 baud are finer than the 50 microseconds that timers may be late
     * otherwise. */
    prctl(PR_SET_TIMERSLACK, 1000ul);
    loop_init(&loop);
    int signals = watch_signals(&loop);
    if (machine_init(&machine, &loop, o, &e) != 0)
        status = fail(&e);
    else
        loop_run(&loop);
    machine_done(&machine);
    if (signals >= 0)
        close(signals);
    loop_done(&loop);
    return status;
}

int main(int argc, char **argv)
{
    struct options options;
    struct error e = {0};

    if (options_parse(&options, argc, argv, &e) != 0)
        return fail(&e);
    if (options.help) {
        fputs(options_help(), stdout);
        return 0;
    }
    if (options.version) {
        puts("espjig-emu " PACKAGE_VERSION);
        return 0;
    }
    return run(&options);
}
