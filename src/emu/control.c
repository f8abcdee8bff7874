/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "emu/control.h"

#include "base/buffer.h"
#include "base/util.h"
#include "emu/machine.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

enum { CLIENTS_MAX = 8, LINE_MAX_BYTES = 256 };

struct client {
    struct control *control;
    int fd; /* -1: free */
    struct buffer line;
};

struct control {
    struct machine *machine;
    char *path;
    int listener;
    struct client clients[CLIENTS_MAX];
};

int control_run(struct machine *m, const char *line, struct buffer *to, struct error *e)
{
    unsigned a, b;
    char rest;

    if (sscanf(line, "dtr %1u %c", &a, &rest) == 1 && a <= 1)
        machine_lines(m, a, m->rts);
    else if (sscanf(line, "rts %1u %c", &a, &rest) == 1 && a <= 1)
        machine_lines(m, m->dtr, a);
    else if (sscanf(line, "lines %1u %1u %c", &a, &b, &rest) == 2 && a <= 1 && b <= 1)
        machine_lines(m, a, b);
    else if (sscanf(line, "baud %8u %c", &a, &rest) == 1)
        machine_baud(m, a);
    else if (strcmp(line, "plug") == 0)
        return machine_plug(m, e);
    else if (strcmp(line, "unplug") == 0)
        machine_unplug(m);
    else if (strcmp(line, "power-cycle") == 0)
        machine_power_cycle(m);
    else if (strcmp(line, "stats") == 0)
        stats_print(&m->chip.stats, to);
    else if (strcmp(line, "stats clear") == 0)
        m->chip.stats = (struct stats){0};
    else
        return error_set(e, ERR_USAGE, "unknown command: %s", line);
    return 0;
}

static void drop(struct client *c)
{
    loop_fd_remove(c->control->machine->loop, c->fd);
    close(c->fd);
    c->fd = -1;
    buffer_done(&c->line);
}

static void answer(struct client *c, const char *line)
{
    struct error e = {0};
    struct buffer text = {0};

    if (control_run(c->control->machine, line, &text, &e) == 0)
        buffer_printf(&text, "ok\n");
    else
        buffer_printf(&text, "error: %s\n", e.text);
    /* A client that does not read its answers goes without. */
    ssize_t sent = send(c->fd, text.data, text.len, MSG_NOSIGNAL | MSG_DONTWAIT);
    (void)sent;
    buffer_done(&text);
}

static void take(struct client *c, const char *bytes, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        if (bytes[i] == '\n') {
            answer(c, c->line.len ? (const char *)c->line.data : "");
            buffer_clear(&c->line);
        } else if (bytes[i] != '\r' && bytes[i] != '\0' && c->line.len < LINE_MAX_BYTES) {
            buffer_append_byte(&c->line, (uint8_t)bytes[i]);
        }
    }
}

static void ready(void *context, int fd, short revents)
{
    struct client *c = context;
    char bytes[512];
    ssize_t n = recv(fd, bytes, sizeof bytes, MSG_DONTWAIT);

    (void)revents;
    if (n > 0)
        take(c, bytes, (size_t)n);
    else if (n == 0 || errno != EAGAIN)
        drop(c);
}

static void knock(void *context, int fd, short revents)
{
    struct control *c = context;
    int client = accept4(fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);

    (void)revents;
    for (size_t i = 0; client >= 0 && i < CLIENTS_MAX; i++) {
        if (c->clients[i].fd < 0) {
            c->clients[i] = (struct client){.control = c, .fd = client};
            loop_fd_set(c->machine->loop, client, POLLIN, ready, &c->clients[i]);
            return;
        }
    }
    if (client >= 0)
        close(client);
}

int control_open(struct control **to, struct machine *m, const char *path, struct error *e)
{
    struct sockaddr_un a = {.sun_family = AF_UNIX};
    struct stat st;

    if (!util_copy(a.sun_path, sizeof a.sun_path, path))
        return error_set(e, ERR_USAGE, "%s is too long for a socket", path);
    if (lstat(path, &st) == 0 && S_ISSOCK(st.st_mode))
        unlink(path);
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd < 0 || bind(fd, (struct sockaddr *)&a, sizeof a) != 0 || listen(fd, 4) != 0) {
        error_set(e, ERR_PORT_OPEN, "the control socket %s can't be made: %s", path,
                  strerror(errno));
        if (fd >= 0)
            close(fd);
        return ERR_PORT_OPEN;
    }
    struct control *c = xcalloc(1, sizeof *c);
    c->machine = m;
    c->path = xstrdup(path);
    c->listener = fd;
    for (size_t i = 0; i < CLIENTS_MAX; i++)
        c->clients[i].fd = -1;
    loop_fd_set(m->loop, fd, POLLIN, knock, c);
    *to = c;
    return 0;
}

void control_close(struct control *c)
{
    if (c == NULL)
        return;
    for (size_t i = 0; i < CLIENTS_MAX; i++) {
        if (c->clients[i].fd >= 0)
            drop(&c->clients[i]);
    }
    loop_fd_remove(c->machine->loop, c->listener);
    close(c->listener);
    unlink(c->path);
    free(c->path);
    free(c);
}
