/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "job/event.h"

#include "base/clock.h"
#include "base/util.h"
#include "link/adapters.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

static const char *const kind_names[] = {
    [EVENT_HELLO] = "hello",
    [EVENT_STATE] = "state",
    [EVENT_CHIP] = "chip",
    [EVENT_FLASH] = "flash",
    [EVENT_PROGRESS] = "progress",
    [EVENT_LOG] = "log",
    [EVENT_RX] = "rx",
    [EVENT_HINT] = "hint",
    [EVENT_CHECK] = "check",
    [EVENT_RESULT] = "result",
    [EVENT_PARTITIONS] = "partitions",
    [EVENT_DONE] = "done",
    [EVENT_PORT] = "port",
    [EVENT_BENCH] = "bench",
    [EVENT_REPLY] = "reply",
};

static const struct {
    const char *name; /* for programs */
    const char *word; /* for operators: the Flash Download Tool's words where it has them */
} states[STATE_COUNT] = {
    [STATE_IDLE] = {"idle", "IDLE"},
    [STATE_SYNC] = {"sync", "SYNC"},
    [STATE_CONNECT] = {"connect", "CONNECT"},
    [STATE_STUB] = {"stub", "STUB"},
    [STATE_ERASE] = {"erase", "ERASE"},
    [STATE_WRITE] = {"write", "DOWNLOAD"},
    [STATE_VERIFY] = {"verify", "VERIFY"},
    [STATE_READ] = {"read", "READ"},
    [STATE_RESET] = {"reset", "RESET"},
    [STATE_BOOT_CHECK] = {"boot-check", "BOOT CHECK"},
    [STATE_FINISH] = {"finish", "FINISH"},
    [STATE_ERROR] = {"error", "ERROR"},
    [STATE_COM_FAIL] = {"com-fail", "COM FAIL"},
    [STATE_REMOVE] = {"remove", "REMOVE"},
};

const char *state_name(enum job_state state)
{
    return (unsigned)state < STATE_COUNT ? states[state].name : "";
}

const char *state_word(enum job_state state)
{
    return (unsigned)state < STATE_COUNT ? states[state].word : "";
}

bool state_parse(const char *name, enum job_state *state)
{
    for (unsigned i = 0; i < STATE_COUNT; i++) {
        if (strcmp(states[i].name, name) == 0) {
            *state = (enum job_state)i;
            return true;
        }
    }
    return false;
}

void sink_put(const struct sink *sink, const struct event *event)
{
    if (sink && sink->put)
        sink->put(sink->context, event);
}

void event_init(struct event *event, enum event_kind kind)
{
    memset(event, 0, sizeof *event);
    event->kind = kind;
    event->t = (double)clock_us() / 1e6;
}

const char *event_kind_name(enum event_kind kind)
{
    return (size_t)kind < ARRAY_LEN(kind_names) ? kind_names[kind] : "";
}

void event_result_add(struct event *event, const char *key, const char *format, ...)
{
    if (event->result.n >= ARRAY_LEN(event->result.data))
        return;

    struct event_pair *pair = &event->result.data[event->result.n++];
    va_list args;
    util_copy(pair->key, sizeof pair->key, key);
    va_start(args, format);
    vsnprintf(pair->value, sizeof pair->value, format, args);
    va_end(args);
}

void event_hello_describe(struct event *event)
{
    event->hello.version = EVENT_VERSION;
    util_copy(event->hello.program, sizeof event->hello.program, PACKAGE_STRING);
}

void event_port_describe(struct event *event, const struct port_info *port)
{
    event->seen.present = true;
    event->seen.vid = port->vid;
    event->seen.pid = port->pid;
    util_copy(event->seen.name, sizeof event->seen.name, util_basename(port->path));
    util_copy(event->seen.slot_name, sizeof event->seen.slot_name, port->slot);
    util_copy(event->seen.product, sizeof event->seen.product, port->product);
    util_copy(event->seen.serial, sizeof event->seen.serial, port->serial);
    util_copy(event->seen.driver, sizeof event->seen.driver, port->driver);
    util_copy(event->seen.by_path, sizeof event->seen.by_path, port->by_path);
    util_copy(event->seen.adapter, sizeof event->seen.adapter, adapter_name(port));
    event->seen.max_baud = adapter_max_baud(port);
}

void event_done_describe(struct event *event, const struct error *error, double elapsed)
{
    const char *result = error->code == ERR_OK          ? "pass"
                         : error->code == ERR_CANCELLED ? "cancelled"
                                                        : "fail";

    util_copy(event->done.result, sizeof event->done.result, result);
    if (error->code != ERR_OK)
        util_copy(event->done.error, sizeof event->done.error, error_id(error->code));
    util_copy(event->done.text, sizeof event->done.text, error->text);
    event->done.exit = error_exit_status(error->code);
    event->done.elapsed = elapsed;
}
