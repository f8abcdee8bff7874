/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "station/client.h"

#include "base/clock.h"
#include "base/paths.h"
#include "base/util.h"
#include "station/process.h"
#include "station/proto.h"
#include "station/station.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

enum { START_MS = 5000, AGAIN_MS = 20, PATH_SIZE = 4096 };

/* ---- where it listens ---- */

/* A directory that others could write to would let them answer in the station's place. */
static int dir_check(const char *dir, struct error *error)
{
    struct stat st;

    if (mkdir(dir, 0700) != 0 && errno != EEXIST)
        return error_set(error, ERR_STATION, "%s: %s", dir, strerror(errno));
    if (lstat(dir, &st) != 0 || !S_ISDIR(st.st_mode))
        return error_set(error, ERR_STATION, "%s is no directory", dir);
    if (st.st_uid != geteuid() || (st.st_mode & 077) != 0)
        return error_set(error, ERR_STATION,
                         "%s must be yours alone (mode 0700); remove it or set ESPJIG_SOCKET", dir);
    return 0;
}

int station_socket_path(const char *name, char *path, size_t size, struct error *error)
{
    const char *whole = getenv("ESPJIG_SOCKET");
    const char *runtime = getenv("XDG_RUNTIME_DIR");
    char dir[PATH_SIZE];
    int n;

    if (whole && whole[0])
        return util_copy(path, size, whole)
                   ? 0
                   : error_set(error, ERR_STATION, "ESPJIG_SOCKET is too long for a path");
    if (runtime && runtime[0] == '/' && access(runtime, W_OK) == 0)
        n = snprintf(dir, sizeof dir, "%s/espjig", runtime);
    else
        n = snprintf(dir, sizeof dir, "/tmp/espjig-%u", (unsigned)geteuid());
    if (n >= (int)sizeof dir || snprintf(path, size, "%s/%s.sock", dir, name) >= (int)size)
        return error_set(error, ERR_STATION, "%s: the path is too long", dir);
    return dir_check(dir, error);
}

/* ---- getting to one ---- */

static void begin(struct client *client, int fd)
{
    *client = (struct client){.fd = fd};
    process_nonblocking(fd);
    proto_command_write(COMMAND_HELLO, NULL, NULL, &client->out);
}

static int socket_connect(const char *path)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

    if (fd >= 0 && util_copy(address.sun_path, sizeof address.sun_path, path) &&
        connect(fd, (const struct sockaddr *)&address, sizeof address) == 0)
        return fd;
    if (fd >= 0)
        close(fd);
    return -1;
}

/* False at the end of file. */
static bool receive(struct client *client)
{
    enum { PIECE = 65536 };
    ssize_t n;

    do {
        n = recv(client->fd, buffer_reserve(&client->in, PIECE), PIECE, MSG_DONTWAIT);
        if (n > 0) {
            client->in.len += (size_t)n;
            client->in.data[client->in.len] = 0;
        }
    } while (n == PIECE || (n < 0 && errno == EINTR));
    return n > 0 || (n < 0 && errno == EAGAIN);
}

static bool has_line(const struct client *client)
{
    return client->in.len > 0 && memchr(client->in.data, '\n', client->in.len) != NULL;
}

/* A station that is just ending still takes a connection, and then says nothing. */
static bool greeting_comes(struct client *client, int64_t end)
{
    bool open = true;

    while (!has_line(client) && open && clock_ms() < end) {
        if (clock_wait(NULL, client->fd, POLLIN, end - clock_ms()) == 1)
            open = receive(client);
    }
    return has_line(client);
}

static int greeting_check(const struct client *client, struct error *error)
{
    struct event event;
    char *line = strndup(
        (const char *)client->in.data,
        (size_t)((const uint8_t *)memchr(client->in.data, '\n', client->in.len) - client->in.data));
    bool hello = line && event_from_json(line, &event, NULL) == 0 && event.kind == EVENT_HELLO;

    free(line);
    if (!hello)
        return error_set(error, ERR_STATION, "what answers is no station");
    return proto_version_check(event.hello.version, "the running station", error);
}

static pid_t station_launch(char *const argv[], struct error *error)
{
    char log[PATH_SIZE];
    bool has_log = paths_state("station.log", log, sizeof log, NULL) == 0;
    pid_t pid = fork();

    if (pid < 0)
        error_set(error, ERR_STATION, "no station can be started: %s", strerror(errno));
    if (pid != 0)
        return pid;
    setsid();
    process_stdio_detach(has_log ? log : NULL);
    util_close_others(NULL, 0);
    process_signals_reset();
    if (chdir("/") == 0)
        execv("/proc/self/exe", argv);
    _exit(127);
}

/* One that finds another station there ends at once, and that other one will answer. */
static int launch_check(pid_t *pid, struct error *error)
{
    int status;

    if (*pid <= 0 || waitpid(*pid, &status, WNOHANG) != *pid)
        return 0;
    *pid = 0;
    if (WIFEXITED(status) && WEXITSTATUS(status) == 127)
        return error_set(error, ERR_STATION, "the station's program can't be started");
    return 0;
}

int client_connect(struct client *client, const char *path, char *const argv[], struct error *error)
{
    int64_t end = clock_ms() + START_MS;
    pid_t pid = -1; /* not yet started */

    *client = (struct client){.fd = -1};
    for (;;) {
        int fd = socket_connect(path);
        if (fd >= 0) {
            begin(client, fd);
            if (greeting_comes(client, end)) {
                if (greeting_check(client, error) == 0)
                    return 0;
                error_context(error, "%s", path);
                client_close(client);
                return ERR_STATION;
            }
            client_close(client);
        } else if (argv == NULL)
            return error_set(error, ERR_STATION, "no station is running at %s", path);
        else if (pid == -1 && (pid = station_launch(argv, error)) < 0)
            return ERR_STATION;
        if (launch_check(&pid, error) != 0)
            return ERR_STATION;
        if (clock_ms() >= end)
            return error_set(error, ERR_STATION, "the station at %s does not answer%s", path,
                             pid == 0 ? "; what it said is in station.log" : "");
        clock_sleep(NULL, AGAIN_MS);
    }
}

static _Noreturn void private_main(int fd)
{
    char log[PATH_SIZE], records[PATH_SIZE];
    struct job nothing;
    struct station_options options = {.client_fd = fd, .no_local_ports = true, .bench = &nothing};

    setsid(); /* Ctrl-C is for the client, which then tells us */
    process_stdio_detach(paths_state("station.log", log, sizeof log, NULL) == 0 ? log
                                                                                       : NULL);
    util_close_others(&fd, 1);
    process_signals_reset();
    if (paths_state("records.db", records, sizeof records, NULL) == 0)
        options.records = records;
    job_init(&nothing);
    _exit(station_run(&options, NULL) == 0 ? 0 : 1);
}

int client_private(struct client *client, struct error *error)
{
    int fds[2];
    pid_t pid;

    *client = (struct client){.fd = -1};
    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds) != 0)
        return error_set(error, ERR_STATION, "no station can be started: %s", strerror(errno));
    pid = fork();
    if (pid == 0) { /* the station is init's child: nobody here waits for it */
        pid = fork();
        if (pid == 0)
            private_main(fds[1]);
        _exit(pid < 0);
    }
    close(fds[1]);
    int status = 1;
    while (pid > 0 && waitpid(pid, &status, 0) < 0 && errno == EINTR)
        ;
    if (status != 0) {
        close(fds[0]);
        return error_set(error, ERR_STATION, "no station can be started: no process is left");
    }
    begin(client, fds[0]);
    return 0;
}

void client_close(struct client *client)
{
    if (client->fd >= 0)
        close(client->fd);
    buffer_done(&client->in);
    buffer_done(&client->out);
    client->fd = -1;
}

/* ---- commands ---- */

void client_start(struct client *client, const char *port, const struct job *job)
{
    proto_command_write(COMMAND_START, port, job, &client->out);
}

void client_stop(struct client *client, const char *port)
{
    proto_command_write(COMMAND_STOP, port, NULL, &client->out);
}

void client_set_bench(struct client *client, const struct job *bench)
{
    proto_command_write(COMMAND_BENCH, NULL, bench, &client->out);
}

void client_forget(struct client *client, const char *port)
{
    proto_command_write(COMMAND_FORGET, port, NULL, &client->out);
}

void client_add_port(struct client *client, const char *port)
{
    proto_command_write(COMMAND_ADD_PORT, port, NULL, &client->out);
}

void client_quit(struct client *client)
{
    proto_command_write(COMMAND_QUIT, NULL, NULL, &client->out);
}

/* ---- moving bytes ---- */

bool client_wants_write(const struct client *client)
{
    return client->out.len > 0;
}

/* False when nobody is there to take it. */
static bool transmit(struct client *client)
{
    while (client->out.len > 0) {
        ssize_t n =
            send(client->fd, client->out.data, client->out.len, MSG_NOSIGNAL | MSG_DONTWAIT);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return errno == EAGAIN;
        buffer_drop_front(&client->out, (size_t)n);
    }
    return true;
}

/* What a newer station says beyond our words is passed over. */
static int lines_put(struct client *client, const struct sink *sink, struct error *error)
{
    size_t next = 0, n;
    char *line;
    int result = 0;

    while (result == 0 && (line = proto_line_next(&client->in, &next, &n)) != NULL) {
        struct event event;
        if (event_from_json(line, &event, NULL) != 0)
            continue;
        if (event.kind == EVENT_HELLO)
            result = proto_version_check(event.hello.version, "the running station", error);
        if (result == 0)
            sink_put(sink, &event);
    }
    buffer_drop_front(&client->in, next);
    if (result == 0 && client->in.len > PROTO_LINE_MAX)
        result = error_set(error, ERR_STATION, "what answers is no station");
    return result;
}

int client_pump(struct client *client, const struct sink *sink, struct error *error)
{
    bool sent, open;
    int result;

    if (client->fd < 0)
        return error_set(error, ERR_STATION, "there is no connection to a station");
    sent = transmit(client); /* what has come is read even when nothing can be sent any more */
    open = receive(client);
    result = lines_put(client, sink, error);
    if (result == 0 && (!sent || !open))
        result = error_set(error, ERR_STATION, "the station has ended");
    return result;
}
