/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Events as text for people: a bar that is rewritten in place on a terminal, plain lines everywhere
 * else and for several ports. Failures and hints go to stderr, the rest to stdout.
 */
#ifndef ESPJIG_CLI_TEXT_H
#define ESPJIG_CLI_TEXT_H

#include "base/buffer.h"
#include "cli/options.h"
#include "job/event.h"

#include <stdio.h>

struct text_port {
    const char *address, *label; /* label "": nothing stands in front of the lines */
    char said[300];              /* file and address of the progress that was last said */
    int percent;
    int64_t said_ms;
    bool connecting; /* was said */
    bool has_hint;   /* kept until the failure that it is about has been said */
    struct event hint;
};

struct text {
    bool verbose, quiet, bar, utf8;
    struct text_port *ports;
    size_t n_ports;
    bool bar_is_there; /* the cursor is behind a bar */
    bool broken;       /* nobody reads stdout any more */
};

/* For these addresses; their labels are made here. Several: every line begins with one. */
void text_init(struct text *text, const struct cli *cli, const char *const *addresses, size_t n);
void text_done(struct text *text);

/* Takes events, sink.put is text_put. */
void text_put(void *context, const struct event *event);

/* A line of JSON for each event, as it is; debug lines only with -v. context: const struct cli. */
void json_put(void *context, const struct event *event);
/* The first line, where no job says it. */
void json_hello_put(const struct cli *cli);

/* A line, with ? for what could steer the terminal: names of files, what chips, adapters and files
 * say. */
void text_say(FILE *to, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Both stop silently when nobody reads stdout. */
#endif
