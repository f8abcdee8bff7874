/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "station/station_private.h"

#include "station/process.h"
#include "station/replay.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum {
    CONNS_MAX = 64,
    SLOW = 64 * 1024, /* bytes waiting for a client that is told of no more progress until it has
                         caught up */
    ACCEPT_AGAIN_MS = 1000
};

/* Freed later: callers up the stack may still hold it. */
static void conn_close(struct conn *conn)
{
    if (conn->fd < 0)
        return;
    loop_fd_remove(&conn->station->loop, conn->fd);
    close(conn->fd);
    conn->fd = -1;
}

static void append(struct conn *conn, const struct buffer *line)
{
    if (conn->fd < 0)
        return;
    buffer_append(&conn->out, line->data, line->len);
    if (conn->out.len > conn->station->seams.conn_max)
        conn_close(conn);
    else
        loop_fd_events(&conn->station->loop, conn->fd, POLLIN | POLLOUT);
}

void conn_put(struct conn *conn, const struct event *event)
{
    struct buffer line = {0};

    event_to_json(event, &line);
    append(conn, &line);
    buffer_done(&line);
}

void conns_put(struct station *station, const struct event *event)
{
    struct buffer line = {0};

    event_to_json(event, &line);
    for (size_t i = 0; i < station->n_conns; i++) {
        struct conn *conn = station->conns[i];
        if (!conn->greeted)
            continue;
        if (event->kind == EVENT_PROGRESS && conn->out.len > SLOW)
            conn->stale = true;
        else
            append(conn, &line);
    }
    buffer_done(&line);
}

static void to_conn(void *context, const struct event *event)
{
    conn_put(context, event);
}

/* Everything that was said has been handed over. */
static void conn_drained(struct conn *conn)
{
    const struct sink sink = {.put = to_conn, .context = conn};
    struct station *station = conn->station;

    if (conn->closing) {
        conn_close(conn);
        return;
    }
    loop_fd_events(&station->loop, conn->fd, POLLIN);
    for (size_t i = 0; conn->greeted && i < station->n_slots; i++)
        station->slots[i]->unseen = false;
    if (conn->stale) {
        conn->stale = false;
        replay_progress(&station->model, &sink);
    }
}

static void conn_write(struct conn *conn)
{
    ssize_t n = send(conn->fd, conn->out.data, conn->out.len, MSG_NOSIGNAL | MSG_DONTWAIT);

    if (n < 0 && errno != EAGAIN && errno != EINTR) {
        conn_close(conn);
        return;
    }
    buffer_drop_front(&conn->out, n > 0 ? (size_t)n : 0);
    if (conn->out.len == 0)
        conn_drained(conn);
}

static void lines_run(struct conn *conn)
{
    size_t next = 0, n;
    char *line;

    while (conn->fd >= 0 && !conn->closing &&
           (line = proto_line_next(&conn->in, &next, &n)) != NULL)
        conn_obey(conn, line, n);
    buffer_drop_front(&conn->in, next);
    if (conn->in.len > PROTO_LINE_MAX)
        conn_close(conn);
}

static void conn_read(struct conn *conn)
{
    enum { PIECE = 65536 };
    ssize_t n = recv(conn->fd, buffer_reserve(&conn->in, PIECE), PIECE, MSG_DONTWAIT);

    if (n == 0 || (n < 0 && errno != EAGAIN && errno != EINTR)) {
        conn_close(conn);
        return;
    }
    if (n < 0)
        return;
    conn->in.len += (size_t)n;
    conn->in.data[conn->in.len] = 0;
    lines_run(conn);
}

static void on_ready(void *context, int fd, short revents)
{
    struct conn *conn = context;

    (void)fd;
    if (revents & (POLLIN | POLLHUP | POLLERR))
        conn_read(conn);
    if (conn->fd >= 0 && (revents & POLLOUT) && conn->out.len > 0)
        conn_write(conn);
}

struct conn *conn_add(struct station *station, int fd)
{
    struct conn *conn = xcalloc(1, sizeof *conn);
    struct event hello;

    conn->station = station;
    conn->fd = fd;
    process_nonblocking(fd);
    station->conns = xrealloc(station->conns, (station->n_conns + 1) * sizeof(struct conn *));
    station->conns[station->n_conns++] = conn;
    loop_fd_set(&station->loop, fd, POLLIN, on_ready, conn);
    event_init(&hello, EVENT_HELLO);
    event_hello_describe(&hello);
    conn_put(conn, &hello);
    return conn;
}

static void on_accept_again(void *context)
{
    struct station *station = context;

    loop_fd_events(&station->loop, station->listen, POLLIN);
}

static void on_accept(void *context, int listener, short revents)
{
    struct station *station = context;
    int fd = accept4(listener, NULL, NULL, SOCK_CLOEXEC);

    (void)revents;
    if (fd >= 0 && station->n_conns >= CONNS_MAX)
        close(fd);
    else if (fd >= 0)
        conn_add(station, fd);
    else if (errno != EAGAIN && errno != EINTR && errno != ECONNABORTED) {
        /* No descriptor left: it would be ready again at once. */
        loop_fd_events(&station->loop, listener, 0);
        loop_timer_add(&station->loop, ACCEPT_AGAIN_MS, on_accept_again, station);
    }
}

void conns_listen(struct station *station)
{
    loop_fd_set(&station->loop, station->listen, POLLIN, on_accept, station);
}

void conns_sweep(struct station *station)
{
    size_t kept = 0;

    for (size_t i = 0; i < station->n_conns; i++) {
        struct conn *conn = station->conns[i];
        if (conn->fd >= 0) {
            station->conns[kept++] = conn;
            continue;
        }
        buffer_done(&conn->in);
        buffer_done(&conn->out);
        free(conn);
    }
    station->n_conns = kept;
}

void conns_done(struct station *station)
{
    for (size_t i = 0; i < station->n_conns; i++)
        conn_close(station->conns[i]);
    conns_sweep(station);
    free(station->conns);
    station->conns = NULL;
}
