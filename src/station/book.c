/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "station/station_private.h"

#include "base/util.h"

#include <stdlib.h>
#include <string.h>

/* After a failure the file is left alone for a while: each try may wait for a lock. */
enum { AGAIN_MS = 2000, WAITING_MAX = 1000 };

static void warn(struct slot *slot)
{
    struct event event;

    if (slot->warned)
        return;
    slot->warned = true;
    event_init(&event, EVENT_LOG);
    util_copy(event.port, sizeof event.port, slot->port);
    util_copy(event.slot, sizeof event.slot, slot->slot);
    event.log.level = LOG_WARNING;
    snprintf(event.log.text, sizeof event.log.text, "no record is kept: %.480s",
             slot->station->records_error.text);
    station_say(slot->station, &event);
}

static bool save(struct station *station, struct record *record)
{
    struct error error = {0};
    int result;

    if (clock_ms() < station->records_again_ms)
        return false;
    result =
        station->records ? 0 : records_open(&station->records, station->options->records, &error);
    if (result == 0)
        result = records_save(station->records, record, &error);
    if (result == 0)
        return true;
    station->records_error = error;
    station->records_again_ms = clock_ms() + AGAIN_MS;
    return false;
}

static void waiting_save(void *context)
{
    struct station *station = context;
    size_t n = 0;

    while (n < station->n_waiting && save(station, &station->waiting[n]))
        record_done(&station->waiting[n++]);
    station->n_waiting -= n;
    memmove(station->waiting, station->waiting + n, station->n_waiting * sizeof *station->waiting);
    if (station->n_waiting > 0)
        loop_timer_add(&station->loop, AGAIN_MS, waiting_save, station);
}

static void wait_add(struct station *station, const struct record *record)
{
    if (station->n_waiting == WAITING_MAX) {
        record_done(&station->waiting[0]);
        station->n_waiting--;
        memmove(station->waiting, station->waiting + 1,
                station->n_waiting * sizeof *station->waiting);
    }
    station->waiting =
        xrealloc(station->waiting, (station->n_waiting + 1) * sizeof *station->waiting);
    station->waiting[station->n_waiting++] = *record;
    if (station->n_waiting == 1)
        loop_timer_add(&station->loop, AGAIN_MS, waiting_save, station);
}

void book_begin(struct slot *slot, const struct job *job)
{
    slot->warned = false;
    if (slot->station->options->records == NULL)
        return;
    record_init(&slot->record, job, slot->port, slot->slot);
    if (!save(slot->station, &slot->record))
        warn(slot);
}

void book_event(struct slot *slot, const struct event *event)
{
    bool written = true;

    if (slot->station->options->records == NULL)
        return;
    if (record_apply(&slot->record, event))
        written = save(slot->station, &slot->record);
    if (!written)
        warn(slot);
    if (event->kind != EVENT_DONE)
        return;
    if (written)
        record_done(&slot->record);
    else
        wait_add(slot->station, &slot->record);
    slot->record = (struct record){0};
}

void book_done(struct station *station)
{
    station->records_again_ms = 0;
    for (size_t i = 0; i < station->n_waiting; i++) {
        save(station, &station->waiting[i]);
        record_done(&station->waiting[i]);
    }
    free(station->waiting);
    records_close(station->records);
    station->n_waiting = 0;
    station->waiting = NULL;
    station->records = NULL;
}
