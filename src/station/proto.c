/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "station/proto.h"

#include "base/util.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>

static const struct command_row {
    const char *name;
    bool needs_port, needs_job;
} rows[COMMAND_COUNT] = {
    [COMMAND_HELLO] = {.name = "hello"},
    [COMMAND_START] = {.name = "start", .needs_port = true},
    [COMMAND_STOP] = {.name = "stop"},
    [COMMAND_BENCH] = {.name = "bench", .needs_job = true},
    [COMMAND_FORGET] = {.name = "forget", .needs_port = true},
    [COMMAND_ADD_PORT] = {.name = "add-port", .needs_port = true},
    [COMMAND_QUIT] = {.name = "quit"},
};

const char *proto_command_name(enum command_kind kind)
{
    return (unsigned)kind < COMMAND_COUNT ? rows[kind].name : "";
}

void proto_command_write(enum command_kind kind, const char *port, const struct job *job,
                         struct buffer *out)
{
    json_t *json = json_object();

    json_object_set_new(json, "cmd", json_string(proto_command_name(kind)));
    if (kind == COMMAND_HELLO) {
        json_object_set_new(json, "v", json_integer(EVENT_VERSION));
        json_object_set_new(json, "program", json_string(PACKAGE_STRING));
    }
    if (port && port[0])
        json_object_set_new(json, "port", json_string(port));
    if (job)
        json_object_set_new(json, "job", job_to_json(job));
    char *text = json_dumps(json, JSON_COMPACT);
    if (text)
        buffer_printf(out, "%s\n", text);
    free(text);
    json_decref(json);
}

static enum command_kind kind_find(const char *name)
{
    int kind = 0;

    while (kind < COMMAND_COUNT && strcmp(rows[kind].name, name) != 0)
        kind++;
    return (enum command_kind)kind;
}

static int members_read(const json_t *json, struct command *command, struct error *error)
{
    const struct command_row *row = &rows[command->kind];
    const json_t *port = json_object_get(json, "port");
    const json_t *job = json_object_get(json, "job");
    const json_t *version = json_object_get(json, "v");

    if (port && !json_is_string(port))
        return error_set(error, ERR_FILE_FORMAT, "%s: \"port\" is no string", row->name);
    if (port && !util_copy(command->port, sizeof command->port, json_string_value(port)))
        return error_set(error, ERR_FILE_FORMAT, "%s: \"port\" is longer than %zu bytes", row->name,
                         sizeof command->port - 1);
    if (row->needs_port && command->port[0] == '\0')
        return error_set(error, ERR_FILE_FORMAT, "%s: \"port\" is missing", row->name);
    if (row->needs_job && job == NULL)
        return error_set(error, ERR_FILE_FORMAT, "%s: \"job\" is missing", row->name);
    if (command->kind == COMMAND_HELLO && !json_is_integer(version))
        return error_set(error, ERR_FILE_FORMAT, "hello: \"v\" is missing");
    json_int_t v = json_integer_value(version);
    command->version = v >= 0 && v <= INT32_MAX ? (int)v : -1;
    if (job && job_from_json(job, &command->job, error) != 0)
        return error_context(error, "%s", row->name);
    command->has_job = job != NULL;
    return 0;
}

int proto_command_read(const char *line, size_t n, struct command *command, struct error *error)
{
    json_error_t where;
    json_t *json = json_loadb(line, n, 0, &where);
    const char *name = json_string_value(json_object_get(json, "cmd"));
    int result;

    *command = (struct command){.kind = name ? kind_find(name) : COMMAND_COUNT};
    if (json == NULL)
        result = error_set(error, ERR_FILE_FORMAT, "the line is no JSON: %s", where.text);
    else if (name == NULL)
        result = error_set(error, ERR_FILE_FORMAT, "the line has no member \"cmd\"");
    else if (command->kind == COMMAND_COUNT)
        result = error_set(error, ERR_FILE_FORMAT, "\"%.40s\" is no command", name);
    else
        result = members_read(json, command, error);
    json_decref(json);
    return result;
}

void proto_command_done(struct command *command)
{
    if (command->has_job)
        job_done(&command->job);
    command->has_job = false;
}

int proto_version_check(int version, const char *who, struct error *error)
{
    if (version == EVENT_VERSION)
        return 0;
    return error_set(error, ERR_STATION,
                     "%s speaks version %d of the station's language, this is " PACKAGE_STRING
                     " with version %d: end the older of the two and start it again",
                     who, version, EVENT_VERSION);
}

char *proto_line_next(struct buffer *in, size_t *next, size_t *length)
{
    char *line = (char *)in->data + *next;
    char *end = in->len > *next ? memchr(line, '\n', in->len - *next) : NULL;

    if (end == NULL)
        return NULL;
    *end = '\0';
    *length = (size_t)(end - line);
    *next += *length + 1;
    return line;
}
