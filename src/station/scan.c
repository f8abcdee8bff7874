/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "station/station_private.h"

#include "base/util.h"
#include "station/replay.h"

#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum {
    SCAN_MS = 2000,         /* where hot-plug can't be watched */
    SCAN_WATCHED_MS = 5000, /* for who holds what */
    SETTLE_MS = 150, /* udev sets links and permissions after the kernel has told of a port */
    AWAY_MS = 3000   /* longer than a chip needs to come back on USB after a reset */
};

/* ---- facts of one port, as an event ---- */

/* "emu:esp32,flash=4MB" is "emu1", "socket://bench:5000" is "bench:5000". */
static void address_describe(struct event *event, const struct slot *slot)
{
    const char *host = strstr(slot->port, "://");
    const char *path = strncmp(slot->port, "pty:", 4) == 0 ? slot->port + 4 : slot->port;

    event->seen.emulated = true;
    snprintf(event->seen.slot_name, sizeof event->seen.slot_name, "%u", slot->number);
    if (strncmp(slot->port, "emu:", 4) == 0) {
        const char *chip = slot->port + 4;
        snprintf(event->seen.name, sizeof event->seen.name, "emu%u", slot->number);
        snprintf(event->seen.product, sizeof event->seen.product, "emulated %.*s",
                 (int)strcspn(chip, ","), chip);
    } else if (host)
        util_copy(event->seen.name, sizeof event->seen.name, host + 3);
    else
        util_copy(event->seen.name, sizeof event->seen.name,
                  strncmp(path, "/dev/", 5) == 0 ? path + 5 : path);
}

/* Not while a job runs: the holder would be our own worker. */
static void holder_describe(struct event *event, const struct slot *slot, const char *path)
{
    char command[40];
    pid_t pid =
        slot_busy(slot) || !event->seen.present ? 0 : port_holder(path, command, sizeof command);

    if (pid > 0)
        snprintf(event->seen.holder, sizeof event->seen.holder, "%s (pid %ld)", command, (long)pid);
}

static void begin(struct event *event, const struct slot *slot)
{
    const struct model_slot *known = model_find(&slot->station->model, slot->port);

    event_init(event, EVENT_PORT);
    util_copy(event->port, sizeof event->port, slot->port);
    event->seen.passed = known ? known->passed : 0;
    event->seen.failed = known ? known->failed : 0;
}

/* ---- what has changed ---- */

/* A board that was away for a while, or a port of that name in another socket, is another board. */
static bool is_new_board(const struct slot *slot, const struct event *event)
{
    const struct model_slot *known = model_find(&slot->station->model, slot->port);

    if (slot_busy(slot) || known == NULL || !known->has_result || !event->seen.present)
        return false;
    return (slot->gone_ms && clock_ms() - slot->gone_ms >= AWAY_MS) ||
           strcmp(slot->slot, event->seen.slot_name) != 0;
}

static void say_if_new(struct slot *slot, struct event *event)
{
    const struct model_slot *known = model_find(&slot->station->model, slot->port);
    struct event old;

    if (is_new_board(slot, event)) {
        slot_idle(slot);
        known = model_find(&slot->station->model, slot->port);
    }
    slot->gone_ms = event->seen.present ? 0 : slot->gone_ms ? slot->gone_ms : clock_ms();
    util_copy(slot->slot, sizeof slot->slot, event->seen.slot_name);
    util_copy(event->slot, sizeof event->slot, slot->slot);
    if (known) {
        replay_port(known, &old);
        if (memcmp(&old.seen, &event->seen, sizeof old.seen) == 0)
            return;
    }
    station_say(slot->station, event);
}

void scan_slot(struct slot *slot)
{
    const char *path = strncmp(slot->port, "pty:", 4) == 0 ? slot->port + 4 : slot->port;
    struct port_info info;
    struct event event;

    if (slot->number == 0)
        slot->number = ++slot->station->n_added;
    begin(&event, slot);
    event.seen.present = path[0] != '/' || access(path, F_OK) == 0;
    if (path == slot->port && path[0] == '/' && port_info_read(path, &info) && info.slot[0]) {
        event_port_describe(&event, &info);
        holder_describe(&event, slot, path);
    } else
        address_describe(&event, slot);
    say_if_new(slot, &event);
}

static void scan_gone(struct slot *slot)
{
    struct model_slot *known = model_find(&slot->station->model, slot->port);
    struct event event;

    if (known == NULL || !known->present)
        return;
    replay_port(known, &event);
    event.seen.present = false;
    event.seen.holder[0] = '\0';
    say_if_new(slot, &event);
}

static bool is_listed(const struct slot *slot, const struct port_info *ports, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        if (strcmp(ports[i].path, slot->port) == 0)
            return true;
    }
    return false;
}

/* Slots that the model has forgotten. */
static void slots_prune(struct station *station)
{
    size_t kept = 0;

    for (size_t i = 0; i < station->n_slots; i++) {
        struct slot *slot = station->slots[i];
        if (slot->local && !slot_busy(slot) && model_find(&station->model, slot->port) == NULL)
            free(slot);
        else
            station->slots[kept++] = slot;
    }
    station->n_slots = kept;
}

static void scan_local(struct station *station)
{
    struct port_info *ports = NULL;
    size_t n = 0;

    if (ports_list(&ports, &n, false, NULL) != 0)
        return; /* the next scan may do better */
    for (size_t i = 0; i < n; i++) {
        struct slot *slot = slot_get(station, ports[i].path);
        struct event event;
        if (slot->number > 0)
            continue; /* it was added by another name */
        slot->local = true;
        begin(&event, slot);
        event_port_describe(&event, &ports[i]);
        holder_describe(&event, slot, ports[i].path);
        say_if_new(slot, &event);
    }
    for (size_t i = 0; i < station->n_slots; i++) {
        if (station->slots[i]->local && !is_listed(station->slots[i], ports, n))
            scan_gone(station->slots[i]);
    }
    free(ports);
    slots_prune(station);
}

static void scan_ports(struct station *station)
{
    if (!station->options->no_local_ports)
        scan_local(station);
    for (size_t i = 0; i < station->n_slots; i++) {
        if (station->slots[i]->number > 0)
            scan_slot(station->slots[i]);
    }
}

/* ---- when to look ---- */

static void on_time(void *context)
{
    struct station *station = context;
    bool watched = station->watch && ports_watch_fd(station->watch) >= 0;

    scan_ports(station);
    loop_timer_add(&station->loop, watched ? SCAN_WATCHED_MS : SCAN_MS, on_time, station);
}

static void on_settled(void *context)
{
    struct station *station = context;

    station->scan_waits = false;
    scan_ports(station);
}

static void on_plug(void *context, int fd, short revents)
{
    struct station *station = context;

    (void)fd;
    (void)revents;
    ports_watch_drain(station->watch);
    if (!station->scan_waits)
        loop_timer_add(&station->loop, SETTLE_MS, on_settled, station);
    station->scan_waits = true;
}

void scan_begin(struct station *station)
{
    if (!station->options->no_local_ports) {
        station->watch = ports_watch_new();
        if (station->watch && ports_watch_fd(station->watch) >= 0)
            loop_fd_set(&station->loop, ports_watch_fd(station->watch), POLLIN, on_plug, station);
    }
    on_time(station);
}

void scan_done(struct station *station)
{
    if (station->watch)
        ports_watch_free(station->watch);
    station->watch = NULL;
}
