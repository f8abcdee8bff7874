/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Shared by the files that make up the station process, and by its tests. */
#ifndef ESPJIG_STATION_STATION_PRIVATE_H
#define ESPJIG_STATION_STATION_PRIVATE_H

#include "base/loop.h"
#include "link/ports.h"
#include "station/model.h"
#include "station/proto.h"
#include "station/records.h"
#include "station/station.h"
#include "station/worker.h"

#include <sys/types.h>

/* What a test puts in another's place. */
struct station_seams {
    worker_run_fn *run; /* job_run */
    int grace_ms;       /* between asking a worker to end and killing it */
    size_t conn_max;    /* bytes that may wait for one client */
};

struct slot {
    struct station *station;
    char port[256];  /* the key, as in the model */
    char slot[64];   /* socket */
    bool local;      /* ports_list() told of it; else it was added by address */
    unsigned number; /* of an added one, from 1 */
    int64_t gone_ms; /* when it vanished; 0: it is there */
    struct worker worker;
    int grace_timer; /* 0: not armed */
    bool unseen;     /* has a result that no client has got yet */
    bool warned;     /* that no record is kept of this job */
    struct record record;
};

struct conn {
    struct station *station;
    int fd; /* -1: to be freed */
    struct buffer in, out;
    bool greeted; /* has said hello, gets events */
    bool stale;   /* some progress was left out */
    bool closing; /* once `out` is empty */
};

struct station {
    const struct station_options *options;
    struct station_seams seams;
    struct loop loop;
    struct model model;
    struct slot **slots;
    size_t n_slots;
    unsigned n_added;
    struct conn **conns;
    size_t n_conns;
    bool had_client;
    int64_t start_ms;

    int listen, lock, signals; /* -1: none */
    ino_t socket_inode;
    struct ports_watch *watch;
    bool scan_waits;

    struct records *records;
    struct record *waiting; /* could not be written yet */
    size_t n_waiting;
    int64_t records_again_ms; /* not tried before */
    struct error records_error;

    bool quitting; /* no new jobs */
    bool ending;   /* running jobs have been told to stop */
    int64_t end_ms;
};

/* station.c */
int station_run_with(const struct station_options *options, const struct station_seams *seams,
                     struct error *error);
void station_say(struct station *station, const struct event *event); /* to model and clients */
void station_end(struct station *station); /* stops all jobs, then the station */

/* slots.c */
struct slot *slot_get(struct station *station, const char *port); /* adds it where needed */
struct slot *slot_find(struct station *station, const char *port);
bool slot_busy(const struct slot *slot);
int slot_start(struct station *station, const char *port, const struct job *job,
               struct error *error);
void slot_stop(struct slot *slot);
void slot_idle(struct slot *slot); /* forgets the result */
size_t slots_running(const struct station *station);
void slots_reap(struct station *station);
void slots_done(struct station *station);

/* scan.c: which ports are there */
void scan_begin(struct station *station);
void scan_slot(struct slot *slot); /* one that was added by address */
void scan_done(struct station *station);

/* conns.c */
void conns_listen(struct station *station);
struct conn *conn_add(struct station *station, int fd);
void conn_put(struct conn *conn, const struct event *event);
void conns_put(struct station *station, const struct event *event); /* to all that have greeted */
void conns_sweep(struct station *station);                          /* frees those that have gone */
void conns_done(struct station *station);

/* commands.c */
void conn_obey(struct conn *conn, const char *line, size_t n);

/* socket.c: where a station listens. One process at a time: the lock is held as long as it lives.
 */
int socket_open(const char *path, int *lock, ino_t *inode, struct error *error); /* fd or error */
bool socket_is_there(const char *path, ino_t inode); /* still the one we listen at */
void socket_close(const char *path, int fd, int lock, ino_t inode);

/* book.c: records of running jobs. Nothing here keeps a job from running. */
void book_begin(struct slot *slot, const struct job *job);
void book_event(struct slot *slot, const struct event *event); /* `done` closes the record */
void book_done(struct station *station);

/* bench.c: what is remembered between runs */
bool bench_load(struct event *event);
int bench_save(const struct event *event, struct error *error);

#endif
