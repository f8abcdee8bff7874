/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "station/station_private.h"

#include "station/replay.h"

#include <dirent.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/signalfd.h>
#include <sys/stat.h>
#include <unistd.h>

enum {
    FIRST_CLIENT_MS = 10000, /* for the one who started it to come */
    KILLED_MS = 3000,        /* for killed workers to be gone */
    FAREWELL_MS = 1000       /* for clients to take the last events */
};

static const struct station_seams usual = {.run = job_run, .grace_ms = 10000, .conn_max = 4u << 20};

void station_say(struct station *station, const struct event *event)
{
    model_apply(&station->model, event);
    conns_put(station, event);
}

void station_end(struct station *station)
{
    bool again = station->ending;

    for (size_t i = 0; i < station->n_slots; i++) {
        struct slot *slot = station->slots[i];
        if (slot_busy(slot) && again)
            worker_kill(&slot->worker);
        else if (slot_busy(slot))
            slot_stop(slot);
    }
    if (!again)
        station->end_ms = clock_ms() + station->seams.grace_ms + KILLED_MS;
    station->ending = true;
}

/* ---- signals ---- */

struct signals_before {
    sigset_t mask;
    struct sigaction hup, pipe, chld;
};

static void on_signal(void *context, int fd, short revents)
{
    struct station *station = context;
    struct signalfd_siginfo info;

    (void)revents;
    while (read(fd, &info, sizeof info) == (ssize_t)sizeof info) {
        if (info.ssi_signo == SIGCHLD)
            slots_reap(station);
        else
            station_end(station);
    }
}

static int signals_take(struct station *station, struct signals_before *before)
{
    struct sigaction ignore = {.sa_handler = SIG_IGN}, usual_action = {.sa_handler = SIG_DFL};
    sigset_t set;

    sigaction(SIGHUP, &ignore, &before->hup);
    sigaction(SIGPIPE, &ignore, &before->pipe);
    sigaction(SIGCHLD, &usual_action, &before->chld); /* ignored, there would be no status */
    sigemptyset(&set);
    sigaddset(&set, SIGCHLD);
    sigaddset(&set, SIGTERM);
    sigaddset(&set, SIGINT);
    sigprocmask(SIG_BLOCK, &set, &before->mask);
    station->signals = signalfd(-1, &set, SFD_NONBLOCK | SFD_CLOEXEC);
    if (station->signals < 0)
        return -1;
    loop_fd_set(&station->loop, station->signals, POLLIN, on_signal, station);
    return 0;
}

static void signals_return(const struct station *station, const struct signals_before *before)
{
    if (station->signals >= 0)
        close(station->signals);
    sigprocmask(SIG_SETMASK, &before->mask, NULL);
    sigaction(SIGHUP, &before->hup, NULL);
    sigaction(SIGPIPE, &before->pipe, NULL);
    sigaction(SIGCHLD, &before->chld, NULL);
}

/* ---- from begin to end ---- */

static void bench_begin(struct station *station)
{
    struct event event;

    if (station->options->bench ? replay_bench(station->options->bench, &event)
                                : bench_load(&event))
        station_say(station, &event);
}

static int begin(struct station *station, struct error *error)
{
    const struct station_options *options = station->options;

    if (options->socket) {
        station->listen =
            socket_open(options->socket, &station->lock, &station->socket_inode, error);
        if (station->listen < 0)
            return error_set(error, ERR_STATION, "the station can't listen");
        conns_listen(station);
    }
    /* Opened now, so that jobs which a dead station left behind are marked in time. */
    if (options->records &&
        records_open(&station->records, options->records, &station->records_error) != 0)
        station->records_again_ms = clock_ms();
    bench_begin(station);
    for (size_t i = 0; i < options->n_ports; i++)
        scan_slot(slot_get(station, options->ports[i]));
    scan_begin(station);
    if (options->client_fd >= 0)
        conn_add(station, options->client_fd);
    return 0;
}

static bool results_unseen(const struct station *station)
{
    for (size_t i = 0; i < station->n_slots; i++) {
        if (station->slots[i]->unseen)
            return true;
    }
    return false;
}

static bool is_left_alone(const struct station *station)
{
    if (station->options->stay || station->n_conns > 0)
        return false;
    /* Someone may come to see how it went, unless the way in has been removed. */
    if (results_unseen(station) && socket_is_there(station->options->socket, station->socket_inode))
        return false;
    return station->had_client || clock_ms() - station->start_ms > FIRST_CLIENT_MS;
}

/* Whether to end, told after each round of the loop. */
static bool is_over(struct station *station)
{
    bool running = slots_running(station) > 0;

    if (!station->ending && station->options->socket == NULL && station->n_conns == 0)
        station_end(station); /* private: its one client has gone */
    if (station->ending)
        return !running || clock_ms() > station->end_ms;
    return !running && (station->quitting || is_left_alone(station));
}

static int rounds(struct station *station, struct error *error)
{
    enum { LOOK_MS = 500 }; /* for the ends that come by time alone */

    while (!is_over(station)) {
        int failure = loop_once(&station->loop, LOOK_MS);
        if (failure != 0)
            return error_set(error, ERR_STATION, "the station can't wait: %s", strerror(-failure));
        conns_sweep(station);
    }
    return 0;
}

static bool someone_waits(const struct station *station)
{
    for (size_t i = 0; i < station->n_conns; i++) {
        if (station->conns[i]->fd >= 0 && station->conns[i]->out.len > 0)
            return true;
    }
    return false;
}

static void farewell(struct station *station)
{
    int64_t end = clock_ms() + FAREWELL_MS;

    while (someone_waits(station) && clock_ms() < end) {
        loop_once(&station->loop, end - clock_ms());
        conns_sweep(station);
    }
}

/* Regular files and the directory itself, nothing else: what does not belong there stays. */
static void directory_remove(const char *path)
{
    int fd = open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    DIR *dir = fd >= 0 ? fdopendir(fd) : NULL;
    struct dirent *entry;
    struct stat st;

    if (dir == NULL) {
        if (fd >= 0)
            close(fd);
        return;
    }
    while ((entry = readdir(dir)) != NULL) {
        if (fstatat(fd, entry->d_name, &st, AT_SYMLINK_NOFOLLOW) == 0 && S_ISREG(st.st_mode))
            unlinkat(fd, entry->d_name, 0);
    }
    closedir(dir);
    rmdir(path);
}

static void end(struct station *station)
{
    farewell(station);
    if (station->options->socket)
        socket_close(station->options->socket, station->listen, station->lock,
                     station->socket_inode);
    conns_done(station);
    scan_done(station);
    book_done(station);
    slots_done(station);
    model_done(&station->model);
    loop_done(&station->loop);
    if (station->options->remove_dir)
        directory_remove(station->options->remove_dir);
}

int station_run_with(const struct station_options *options, const struct station_seams *seams,
                     struct error *error)
{
    struct station *station = xcalloc(1, sizeof *station);
    struct signals_before before;
    int result;

    station->options = options;
    station->seams = *seams;
    station->listen = station->lock = station->signals = -1;
    station->start_ms = clock_ms();
    loop_init(&station->loop);
    model_init(&station->model);
    if (signals_take(station, &before) != 0)
        result = error_set(error, ERR_STATION, "the station can't receive signals");
    else
        result = begin(station, error);
    if (result == 0)
        result = rounds(station, error);
    end(station);
    signals_return(station, &before);
    free(station);
    return result;
}

int station_run(const struct station_options *options, struct error *error)
{
    return station_run_with(options, &usual, error);
}
