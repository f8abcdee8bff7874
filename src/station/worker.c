/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "station/worker.h"

#include "base/util.h"
#include "station/process.h"
#include "station/proto.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

/* ---- in the child ---- */

static void pipe_put(void *context, const struct event *event)
{
    struct buffer line = {0};

    event_to_json(event, &line);
    util_write_all(*(const int *)context, line.data, line.len);
    buffer_done(&line);
}

static _Noreturn void child_main(const struct job *job, worker_run_fn *run, int events, int cancel)
{
    const int keep[] = {events, cancel};
    const struct sink sink = {.put = pipe_put, .context = &events};
    const struct cancel asked = {.fd = cancel};

    setsid(); /* a Ctrl-C at the station's terminal is not for the jobs */
    util_close_others(keep, ARRAY_LEN(keep));
    process_signals_reset();
    _exit(run(job, &sink, &asked));
}

/* ---- in the station ---- */

static void pair_close(int fds[2])
{
    for (int i = 0; i < 2; i++) {
        if (fds[i] >= 0)
            close(fds[i]);
    }
}

int worker_start(struct worker *worker, const struct job *job, worker_run_fn *run,
                 struct error *error)
{
    int events[2] = {-1, -1}, cancel[2] = {-1, -1};
    pid_t pid = -1;

    if (pipe2(events, O_CLOEXEC) == 0 && pipe2(cancel, O_CLOEXEC) == 0)
        pid = fork();
    if (pid == 0)
        child_main(job, run, events[1], cancel[0]);
    if (pid < 0) {
        int cause = errno;
        pair_close(events);
        pair_close(cancel);
        return error_set(error, ERR_STATION, "no worker can be started for %s: %s",
                         job->port ? job->port : "the job", strerror(cause));
    }
    close(events[1]);
    close(cancel[0]);
    process_nonblocking(events[0]);
    *worker = (struct worker){
        .pid = pid, .events = events[0], .cancel = cancel[1], .start_us = clock_us()};
    return 0;
}

static void fail(struct worker *worker, const char *what)
{
    error_set(&worker->failure, ERR_WORKER_DIED, "%s", what);
    worker_kill(worker);
}

static bool is_of_a_job(enum event_kind kind)
{
    return kind <= EVENT_DONE;
}

static bool done_makes_sense(const struct event *done)
{
    bool pass = strcmp(done->done.result, "pass") == 0;

    if (pass)
        return done->done.exit == 0 && done->done.error[0] == '\0';
    return done->done.exit != 0 &&
           (strcmp(done->done.result, "fail") == 0 || strcmp(done->done.result, "cancelled") == 0);
}

static void line_take(struct worker *worker, const char *line, size_t n, const struct sink *sink)
{
    struct event event;

    if (worker->failure.code != ERR_OK)
        return;
    if (strlen(line) != n || event_from_json(line, &event, NULL) != 0 || !is_of_a_job(event.kind))
        fail(worker, "the worker process said something that is no event");
    else if (worker->has_done)
        fail(worker, "the worker process went on after its result");
    else if (event.kind == EVENT_DONE && !done_makes_sense(&event))
        fail(worker, "the worker process gave a result that contradicts itself");
    else if (event.kind == EVENT_DONE) {
        worker->done = event;
        worker->has_done = true;
    } else if (event.kind == EVENT_STATE && event.state.state == STATE_FINISH) {
        worker->finish = event;
        worker->has_finish = true;
    } else if (event.kind != EVENT_HELLO)
        sink_put(sink, &event);
}

static void lines_take(struct worker *worker, const struct sink *sink)
{
    size_t next = 0, n;
    char *line;

    while ((line = proto_line_next(&worker->in, &next, &n)) != NULL)
        line_take(worker, line, n, sink);
    buffer_drop_front(&worker->in, next);
    if (worker->in.len > PROTO_LINE_MAX) {
        buffer_clear(&worker->in);
        fail(worker, "the worker process said something that is no event");
    }
}

/* At most this much at a time, so that one busy worker can't keep the station from the others. */
enum { READ_PIECE = 65536, READ_PIECES = 4 };

static bool piece_read(struct worker *worker)
{
    ssize_t n = read(worker->events, buffer_reserve(&worker->in, READ_PIECE), READ_PIECE);

    if (n > 0) {
        worker->in.len += (size_t)n;
        worker->in.data[worker->in.len] = 0;
    } else if (n == 0 || (errno != EAGAIN && errno != EINTR)) {
        close(worker->events);
        worker->events = -1;
    }
    return n > 0;
}

void worker_read(struct worker *worker, const struct sink *sink)
{
    for (int i = 0; i < READ_PIECES && worker->events >= 0 && piece_read(worker); i++)
        lines_take(worker, sink);
}

void worker_stop(struct worker *worker)
{
    if (worker->cancel >= 0)
        close(worker->cancel); /* its end of file is the message */
    worker->cancel = -1;
    worker->stopping = true;
}

void worker_kill(struct worker *worker)
{
    if (worker->pid <= 0)
        return;
    worker->killed = true;
    kill(-worker->pid, SIGKILL); /* fails while the child has not come to setsid() yet */
    kill(worker->pid, SIGKILL);
}

/* What has not yet come out of the pipe when the process is dead. A grandchild may still hold the
 * other end, so that there need not be an end of file. */
static void rest_read(struct worker *worker, const struct sink *sink)
{
    while (worker->events >= 0 && piece_read(worker))
        lines_take(worker, sink);
    if (worker->in.len > 0)
        error_set(&worker->failure, ERR_WORKER_DIED,
                  "the worker process ended in the middle of a line");
}

static void describe_end(struct worker *worker, int status)
{
    if (worker->killed && worker->stopping)
        error_set(&worker->failure, ERR_WORKER_DIED,
                  "the worker process did not stop when asked to and was killed");
    else if (WIFSIGNALED(status))
        error_set(&worker->failure, ERR_WORKER_DIED,
                  "the worker process was ended by signal %d (%s)", WTERMSIG(status),
                  strsignal(WTERMSIG(status)));
    else
        error_set(&worker->failure, ERR_WORKER_DIED,
                  "the worker process ended without a result, with status %d", WEXITSTATUS(status));
}

/* Whether `done` may be passed on. A pass also needs an end that fits, unless we were the ones who
 * ended a process that had said everything. */
static bool done_holds(const struct worker *worker, int status)
{
    bool pass = strcmp(worker->done.done.result, "pass") == 0;

    if (!worker->has_done || worker->failure.code != ERR_OK)
        return false;
    return !pass || worker->killed || (WIFEXITED(status) && WEXITSTATUS(status) == 0);
}

static void died_put(const struct worker *worker, const struct sink *sink)
{
    const struct error *why = &worker->failure;
    struct event event;

    event_init(&event, EVENT_STATE);
    event.state.state = STATE_ERROR;
    util_copy(event.state.detail, sizeof event.state.detail, error_id(why->code));
    sink_put(sink, &event);

    event_init(&event, EVENT_HINT);
    util_copy(event.hint.id, sizeof event.hint.id, error_id(why->code));
    util_copy(event.hint.cause, sizeof event.hint.cause, why->text);
    util_copy(event.hint.fix, sizeof event.hint.fix, error_advice(why->code));
    sink_put(sink, &event);

    event_init(&event, EVENT_DONE);
    event_done_describe(&event, why, (double)(clock_us() - worker->start_us) / 1e6);
    sink_put(sink, &event);
}

bool worker_reap(struct worker *worker, const struct sink *sink)
{
    int status;

    if (worker->pid <= 0 || waitpid(worker->pid, &status, WNOHANG) != worker->pid)
        return false;
    worker->pid = 0; /* from here on there is nothing to kill */
    rest_read(worker, sink);
    if (done_holds(worker, status)) {
        if (worker->has_finish && strcmp(worker->done.done.result, "pass") == 0)
            sink_put(sink, &worker->finish);
        sink_put(sink, &worker->done);
    } else {
        describe_end(worker, status);
        died_put(worker, sink);
    }
    if (worker->events >= 0)
        close(worker->events);
    if (worker->cancel >= 0)
        close(worker->cancel);
    buffer_done(&worker->in);
    *worker = (struct worker){.events = -1, .cancel = -1};
    return true;
}
