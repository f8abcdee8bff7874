/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "station/station_private.h"

#include "base/util.h"

#include <poll.h>
#include <stdlib.h>
#include <string.h>

/* Two addresses of one device: a symlink, or with the scheme in front. */
static bool same_device(const char *a, const char *b)
{
    static const char scheme[] = "pty:";
    char *real_a, *real_b;
    bool same;

    a += strncmp(a, scheme, strlen(scheme)) == 0 ? strlen(scheme) : 0;
    b += strncmp(b, scheme, strlen(scheme)) == 0 ? strlen(scheme) : 0;
    real_a = a[0] == '/' ? realpath(a, NULL) : NULL;
    real_b = b[0] == '/' ? realpath(b, NULL) : NULL;
    same = real_a && real_b && strcmp(real_a, real_b) == 0;
    free(real_a);
    free(real_b);
    return same;
}

struct slot *slot_find(struct station *station, const char *port)
{
    for (size_t i = 0; i < station->n_slots; i++) {
        if (strcmp(station->slots[i]->port, port) == 0)
            return station->slots[i];
    }
    for (size_t i = 0; i < station->n_slots; i++) {
        if (same_device(station->slots[i]->port, port))
            return station->slots[i];
    }
    return NULL;
}

struct slot *slot_get(struct station *station, const char *port)
{
    struct slot *slot = slot_find(station, port);

    if (slot)
        return slot;
    station->slots = xrealloc(station->slots, (station->n_slots + 1) * sizeof(struct slot *));
    slot = xcalloc(1, sizeof *slot);
    slot->station = station;
    slot->worker = (struct worker){.events = -1, .cancel = -1};
    util_copy(slot->port, sizeof slot->port, port);
    return station->slots[station->n_slots++] = slot;
}

bool slot_busy(const struct slot *slot)
{
    return slot->worker.pid > 0;
}

size_t slots_running(const struct station *station)
{
    size_t n = 0;

    for (size_t i = 0; i < station->n_slots; i++)
        n += slot_busy(station->slots[i]);
    return n;
}

/* ---- what a worker says ---- */

static void on_event(void *context, const struct event *said)
{
    struct slot *slot = context;
    struct event event = *said;

    util_copy(event.port, sizeof event.port, slot->port);
    util_copy(event.slot, sizeof event.slot, slot->slot);
    if (event.kind == EVENT_DONE)
        slot->unseen = true;
    book_event(slot, &event); /* first the record, then the good news */
    station_say(slot->station, &event);
}

static void on_grace_over(void *context)
{
    struct slot *slot = context;

    slot->grace_timer = 0;
    worker_kill(&slot->worker);
}

static void grace_begin(struct slot *slot)
{
    struct station *station = slot->station;

    if (slot->grace_timer == 0)
        slot->grace_timer =
            loop_timer_add(&station->loop, station->seams.grace_ms, on_grace_over, slot);
}

static void on_readable(void *context, int fd, short revents)
{
    struct slot *slot = context;
    const struct sink sink = {.put = on_event, .context = slot};

    (void)revents;
    worker_read(&slot->worker, &sink);
    if (slot->worker.events < 0)
        loop_fd_remove(&slot->station->loop, fd);
    if (slot->worker.events < 0 || slot->worker.has_done)
        grace_begin(slot); /* it has nothing more to say */
}

static void slot_reap(struct slot *slot)
{
    const struct sink sink = {.put = on_event, .context = slot};
    struct loop *loop = &slot->station->loop;
    int fd = slot->worker.events;

    if (!worker_reap(&slot->worker, &sink))
        return;
    if (fd >= 0)
        loop_fd_remove(loop, fd);
    loop_timer_remove(loop, slot->grace_timer);
    slot->grace_timer = 0;
}

void slots_reap(struct station *station)
{
    for (size_t i = 0; i < station->n_slots; i++)
        slot_reap(station->slots[i]);
}

/* ---- what is asked of a slot ---- */

static void say_state(struct slot *slot, enum job_state state)
{
    struct event event;

    event_init(&event, EVENT_STATE);
    util_copy(event.port, sizeof event.port, slot->port);
    util_copy(event.slot, sizeof event.slot, slot->slot);
    event.state.state = state;
    station_say(slot->station, &event);
}

static int launch(struct slot *slot, const struct job *asked, struct error *error)
{
    struct station *station = slot->station;
    struct job job;
    int result;

    job_copy(&job, asked);
    job_set_port(&job, slot->port);
    util_copy(job.slot, sizeof job.slot, slot->slot);
    result = worker_start(&slot->worker, &job, station->seams.run, error);
    if (result == 0) {
        slot->unseen = false;
        say_state(slot, STATE_SYNC);
        book_begin(slot, &job);
        loop_fd_set(&station->loop, slot->worker.events, POLLIN, on_readable, slot);
    }
    job_done(&job);
    return result;
}

int slot_start(struct station *station, const char *port, const struct job *job,
               struct error *error)
{
    struct slot *slot = slot_find(station, port);

    if (station->quitting || station->ending)
        return error_set(error, ERR_STATION, "%s: the station is about to end", port);
    if (slot && slot_busy(slot))
        return error_set(error, ERR_PORT_BUSY, "%s is busy: a job is running on it", port);
    if (job_check(job, error) != 0)
        return error->code;
    if (slot == NULL) {
        slot = slot_get(station, port);
        scan_slot(slot);
    }
    return launch(slot, job, error);
}

void slot_stop(struct slot *slot)
{
    worker_stop(&slot->worker);
    grace_begin(slot);
}

void slot_idle(struct slot *slot)
{
    slot->unseen = false;
    say_state(slot, STATE_IDLE);
}

void slots_done(struct station *station)
{
    for (size_t i = 0; i < station->n_slots; i++) {
        record_done(&station->slots[i]->record);
        buffer_done(&station->slots[i]->worker.in);
        free(station->slots[i]);
    }
    free(station->slots);
}
