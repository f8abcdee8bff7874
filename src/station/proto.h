/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What goes over a station's socket, one JSON object a line. Down: events (job/event.h), the first
 * one `hello`. Up: commands, the first one `hello` too:
 *
 *   {"cmd":"hello","v":1,"program":"espjig 0.1.0"}
 *   {"cmd":"start","port":"/dev/ttyUSB0","job":{...}}     without job: write the bench's images
 *   {"cmd":"stop","port":"/dev/ttyUSB0"}                  without port: all
 *   {"cmd":"bench","job":{...}}  {"cmd":"forget","port":".."}  {"cmd":"add-port","port":".."}
 *   {"cmd":"quit"}
 *
 * Unknown members are ignored; a version other than ours is refused by both ends.
 */
#ifndef ESPJIG_STATION_PROTO_H
#define ESPJIG_STATION_PROTO_H

#include "base/buffer.h"
#include "base/error.h"
#include "job/event.h"
#include "job/job.h"

#include <stdbool.h>
#include <stddef.h>

#define PROTO_LINE_MAX (1u << 20) /* bytes; a longer line is no line of ours */

enum command_kind {
    COMMAND_HELLO,
    COMMAND_START,
    COMMAND_STOP,
    COMMAND_BENCH,
    COMMAND_FORGET,
    COMMAND_ADD_PORT,
    COMMAND_QUIT,
    COMMAND_COUNT
};

struct command {
    enum command_kind kind;
    int version;    /* hello */
    char port[256]; /* "" where there is none */
    bool has_job;
    struct job job; /* when has_job; owned */
};

const char *proto_command_name(enum command_kind kind); /* "add-port" */

/* Appends one line. `port` and `job` may be NULL. */
void proto_command_write(enum command_kind kind, const char *port, const struct job *job,
                         struct buffer *out);

/* Reads one line of n bytes without its newline. On error *command needs no proto_command_done(),
 * but its kind is right where that much could be read (else COMMAND_COUNT). ERR_FILE_FORMAT. */
int proto_command_read(const char *line, size_t n, struct command *command, struct error *error);
void proto_command_done(struct command *command);

/* ERR_STATION with a sentence for the user when the other end speaks another version. */
int proto_version_check(int version, const char *who, struct error *error);

/* The next whole line of `in`, its newline replaced by a zero byte, or NULL; *next is where to look
 * and is moved on (begin with 0, drop that many bytes of the buffer in the end). */
char *proto_line_next(struct buffer *in, size_t *next, size_t *length);

#endif
