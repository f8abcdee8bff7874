/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "cli/run.h"

#include "base/clock.h"
#include "base/util.h"
#include "cli/text.h"
#include "station/client.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* ---- being asked to stop ---- */

static int stop_pipe[2] = {-1, -1};

static void on_signal(int number)
{
    int saved = errno;

    (void)number;
    if (write(stop_pipe[1], "", 1) < 0) {
        /* full: it was asked already */
    }
    errno = saved;
}

static void catch_signals(void)
{
    /* SA_RESETHAND: the second one does what it does to any program. */
    struct sigaction stop = {.sa_handler = on_signal, .sa_flags = (int)SA_RESETHAND};
    struct sigaction ignore = {.sa_handler = SIG_IGN};

    if (pipe2(stop_pipe, O_CLOEXEC | O_NONBLOCK) != 0)
        return;
    sigaction(SIGINT, &stop, NULL);
    sigaction(SIGTERM, &stop, NULL);
    struct sigaction hangup;
    if (sigaction(SIGHUP, NULL, &hangup) == 0 && hangup.sa_handler != SIG_IGN)
        sigaction(SIGHUP, &stop, NULL); /* nohup(1) is respected */
    sigaction(SIGPIPE, &ignore, NULL);  /* who closes our stdout does not break the flashing */
}

/* ---- saying ---- */

struct output_to {
    struct cli *cli;
    struct text text;
    struct sink sink;
};

static void output_put(void *context, const struct event *event)
{
    struct output_to *out = context;

    if (event->kind == EVENT_PARTITIONS && out->cli->table)
        *out->cli->table = *event;
    if (out->cli->json)
        json_put(out->cli, event);
    else
        text_put(&out->text, event);
}

static void output_init(struct output_to *out, struct cli *cli, const char *const *addresses,
                        size_t n)
{
    out->cli = cli;
    text_init(&out->text, cli, addresses, n);
    out->sink = (struct sink){.put = output_put, .context = out};
}

int run_report_failure(struct cli *cli, const struct error *error)
{
    struct event event;

    if (!cli->json) {
        text_say(stderr, "espjig: %s", error->text);
        fprintf(stderr, "hint: %s\n", error_advice(error->code));
        return error_exit_status(error->code);
    }
    json_hello_put(cli);
    event_init(&event, EVENT_DONE);
    event_done_describe(&event, error, 0);
    json_put(cli, &event);
    return event.done.exit;
}

/* ---- several ports ---- */

struct many {
    const char *const *addresses;
    size_t n, left;
    int *status; /* -1: still running */
    const struct sink *sink;
};

/* From the gravest to the mildest; one number has to speak for many boards. */
static int worst_status(const struct many *many)
{
    static const int order[] = {130, 6, 5, 1, 4, 3, 2};

    for (size_t o = 0; o < ARRAY_LEN(order); o++) {
        for (size_t i = 0; i < many->n; i++) {
            if (many->status[i] == order[o])
                return order[o];
        }
    }
    for (size_t i = 0; i < many->n; i++) {
        if (many->status[i] != 0)
            return error_exit_status(ERR_INTERNAL);
    }
    return 0;
}

static void many_end(struct many *many, const char *address, int status)
{
    for (size_t i = 0; i < many->n; i++) {
        if (many->status[i] < 0 && (address == NULL || strcmp(many->addresses[i], address) == 0)) {
            many->status[i] = status;
            many->left--;
        }
    }
}

/* Of what a station says only the jobs' own words are passed on; a command that it refused ends the
 * job that it was for. */
static void many_put(void *context, const struct event *event)
{
    struct many *many = context;

    if (event->kind <= EVENT_DONE)
        sink_put(many->sink, event);
    if (event->kind == EVENT_DONE)
        many_end(many, event->port, event->done.exit);
    if (event->kind == EVENT_REPLY && !event->reply.ok) {
        struct error why = {0};
        struct event done;
        error_set(&why, ERR_STATION, "%s", event->reply.text);
        event_init(&done, EVENT_DONE);
        util_copy(done.port, sizeof done.port, event->port);
        util_copy(done.slot, sizeof done.slot, event->slot);
        event_done_describe(&done, &why, 0);
        sink_put(many->sink, &done);
        many_end(many, event->port[0] ? event->port : NULL, done.done.exit);
    }
}

static int many_wait(struct many *many, struct client *client, struct error *error)
{
    const struct sink sink = {.put = many_put, .context = many};
    bool stopped = false;

    while (many->left > 0) {
        struct pollfd fds[] = {
            {.fd = client->fd,
             .events = (short)(POLLIN | (client_wants_write(client) ? POLLOUT : 0))},
            {.fd = stopped ? -1 : stop_pipe[0], .events = POLLIN},
        };
        if (poll(fds, ARRAY_LEN(fds), -1) < 0 && errno != EINTR)
            return error_set(error, ERR_INTERNAL, "poll: %s", strerror(errno));
        if (fds[1].revents && !stopped) {
            client_stop(client, "");
            stopped = true;
        }
        int result = client_pump(client, &sink, error);
        if (result != 0 && many->left > 0)
            return result;
    }
    return 0;
}

static int check_different(const char *const *addresses, size_t n, struct error *error)
{
    for (size_t i = 0; i < n; i++) {
        for (size_t j = 0; j < i; j++) {
            if (strcmp(addresses[i], addresses[j]) == 0)
                return error_set(error, ERR_USAGE, "port %s is given twice", addresses[i]);
        }
    }
    return 0;
}

static int run_many(struct cli *cli, const char *const *addresses, size_t n,
                    const struct sink *sink, struct error *error)
{
    struct many many = {.addresses = addresses, .n = n, .left = n, .sink = sink};
    struct client client;

    int result = check_different(addresses, n, error);
    if (result == 0)
        result = client_private(&client, error);
    if (result != 0)
        return result;
    many.status = xmalloc(n * sizeof *many.status);
    for (size_t i = 0; i < n; i++) {
        many.status[i] = -1;
        client_start(&client, addresses[i], &cli->job);
    }
    result = many_wait(&many, &client, error);
    client_close(&client);
    if (result == 0)
        result = worst_status(&many);
    free(many.status);
    return result;
}

int run_jobs(struct cli *cli, const char *const *addresses, size_t n, struct error *error)
{
    struct cancel cancel;
    struct output_to out;
    int status;

    catch_signals();
    cancel.fd = stop_pipe[0];

    output_init(&out, cli, addresses, n);
    if (n == 1) {
        job_set_port(&cli->job, addresses[0]);
        status = job_run(&cli->job, &out.sink, &cancel);
    } else {
        status = run_many(cli, addresses, n, &out.sink, error);
    }
    text_done(&out.text);
    return status;
}
