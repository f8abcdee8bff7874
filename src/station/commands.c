/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "station/station_private.h"

#include "base/util.h"
#include "station/replay.h"

#include <string.h>

static void reply(struct conn *conn, const struct command *command, bool ok, const char *text)
{
    struct event event;

    event_init(&event, EVENT_REPLY);
    event.reply.ok = ok;
    util_copy(event.port, sizeof event.port, command->port);
    util_copy(event.reply.command, sizeof event.reply.command, proto_command_name(command->kind));
    util_copy(event.reply.text, sizeof event.reply.text, text);
    conn_put(conn, &event);
}

static void to_conn(void *context, const struct event *event)
{
    conn_put(context, event);
}

static int do_hello(struct conn *conn, const struct command *command, struct error *error)
{
    const struct sink sink = {.put = to_conn, .context = conn};

    if (proto_version_check(command->version, "the program that asks", error) != 0)
        return error->code;
    if (!conn->greeted)
        replay_model(&conn->station->model, &sink);
    conn->greeted = true;
    conn->station->had_client = true;
    return 0;
}

/* What START does when nothing is said: the bench's images are written. */
static int bench_job(const struct station *station, struct job *job, struct error *error)
{
    const struct job *bench = &station->model.bench;

    if (!station->model.has_bench)
        return error_set(error, ERR_USAGE, "no image is chosen yet");
    job_copy(job, bench);
    for (size_t i = 0; i < job->n_ops; i++)
        free(job->ops[i].path);
    job->n_ops = 0;
    job_add_op(job, OP_WRITE_FLASH);
    return 0;
}

static int do_start(struct conn *conn, const struct command *command, struct error *error)
{
    struct job job;
    int result;

    if (command->has_job)
        return slot_start(conn->station, command->port, &command->job, error);
    if (bench_job(conn->station, &job, error) != 0)
        return error->code;
    result = slot_start(conn->station, command->port, &job, error);
    job_done(&job);
    return result;
}

static int do_stop(struct conn *conn, const struct command *command, struct error *error)
{
    struct station *station = conn->station;
    struct slot *slot;

    if (command->port[0]) {
        slot = slot_find(station, command->port);
        if (slot == NULL || !slot_busy(slot))
            return error_set(error, ERR_USAGE, "%s: nothing is running there", command->port);
        slot_stop(slot);
        return 0;
    }
    if (slots_running(station) == 0)
        return error_set(error, ERR_USAGE, "nothing is running");
    for (size_t i = 0; i < station->n_slots; i++) {
        if (slot_busy(station->slots[i]))
            slot_stop(station->slots[i]);
    }
    return 0;
}

static int do_bench(struct conn *conn, const struct command *command, struct error *error)
{
    struct station *station = conn->station;
    struct event event;

    if (!replay_bench(&command->job, &event))
        return error_set(error, ERR_USAGE,
                         "the image list is too long: more than %zu characters with all its paths",
                         sizeof event.bench.json - 1);
    station_say(station, &event);
    return station->options->bench ? 0 : bench_save(&event, error);
}

static int do_forget(struct conn *conn, const struct command *command, struct error *error)
{
    struct slot *slot = slot_find(conn->station, command->port);

    if (slot == NULL)
        return error_set(error, ERR_PORT_MISSING, "%s: there is no such port", command->port);
    if (slot_busy(slot))
        return error_set(error, ERR_PORT_BUSY, "%s is busy: a job is running on it", command->port);
    slot_idle(slot);
    return 0;
}

/* One that is there already is fine: `espjig -p PORT` says so each time it attaches. */
static int do_add_port(struct conn *conn, const struct command *command, struct error *error)
{
    (void)error;
    if (slot_find(conn->station, command->port) == NULL)
        scan_slot(slot_get(conn->station, command->port));
    return 0;
}

static int do_quit(struct conn *conn, const struct command *command, struct error *error)
{
    size_t n = slots_running(conn->station);
    char text[80] = "the station ends";

    (void)error;
    conn->station->quitting = true;
    if (n > 0)
        snprintf(text, sizeof text, "the station ends after %zu running job%s", n,
                 n > 1 ? "s" : "");
    reply(conn, command, true, text);
    return 0;
}

static int (*const table[COMMAND_COUNT])(struct conn *, const struct command *, struct error *) = {
    [COMMAND_HELLO] = do_hello, [COMMAND_START] = do_start,   [COMMAND_STOP] = do_stop,
    [COMMAND_BENCH] = do_bench, [COMMAND_FORGET] = do_forget, [COMMAND_ADD_PORT] = do_add_port,
    [COMMAND_QUIT] = do_quit,
};

void conn_obey(struct conn *conn, const char *line, size_t n)
{
    struct command command;
    struct error error = {0};

    if (proto_command_read(line, n, &command, &error) == 0) {
        if (!conn->greeted && command.kind != COMMAND_HELLO)
            error_set(&error, ERR_FILE_FORMAT, "the first line must be hello");
        else
            table[command.kind](conn, &command, &error);
    }
    if (error.code != ERR_OK) {
        reply(conn, &command, false, error.text);
        conn->closing |= !conn->greeted;
    }
    proto_command_done(&command);
}
