/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * All slots of one machine and the process that runs their jobs: starts a worker process per busy
 * port, reads its events, keeps the records, watches the hot-plug. Single thread; never opens a
 * serial port, never touches a terminal.
 */
#ifndef ESPJIG_STATION_STATION_H
#define ESPJIG_STATION_STATION_H

#include "base/error.h"
#include "job/job.h"

#include <stdbool.h>
#include <stddef.h>

struct station_options {
    const char *socket;       /* path to listen on; NULL: only `client_fd` */
    int client_fd;            /* -1, or one connected client to begin with (private station) */
    const char *const *ports; /* addresses to show besides the local ports */
    size_t n_ports;
    bool no_local_ports;     /* the demo: only `ports` */
    const struct job *bench; /* NULL: what was remembered; else this, and nothing is remembered */
    const char *records;     /* path of the SQLite file; NULL: none are kept */
    const char *remove_dir; /* NULL, or a directory to remove at the end (the demo's flash files) */
    bool stay; /* true: runs until told to quit; false: ends when no client is there, nothing runs
                * and every result has been seen by one */
};

/* Blocks until it ends. 0 or ERR_STATION. Signals: SIGTERM and SIGINT cancel the running jobs and
 * end it; SIGHUP is ignored. */
int station_run(const struct station_options *options, struct error *error);

#endif
