/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * emu:CHIP[,option[=value]...]: an emulated chip of its own for this link. Starts espjig-emu with
 * those options and speaks RFC 2217 with it over a socketpair. `\,` stands for a comma in a value.
 */
#include "link/private.h"

#include "base/buffer.h"
#include "base/util.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

enum {
    READY_MS = 5000,
    END_MS = 2000,   /* to write its files after we have hung up */
    CHILD_SOCKET = 3 /* the child's only descriptor besides the usual three */
};

struct emu {
    struct link inner; /* first: see wrap.c */
    pid_t pid;
    int out; /* its stdout: one line when it is ready; kept open, or it would die of SIGPIPE */
    int err; /* its stderr, a file in memory: never full, can be read at any time */
};

/* ---- what to run ---- */

static bool runnable(const char *path)
{
    return access(path, X_OK) == 0;
}

static bool beside_us(char *path, size_t size)
{
    ssize_t n = readlink("/proc/self/exe", path, size - 1);

    if (n <= 0)
        return false;
    path[n] = '\0';
    char *slash = strrchr(path, '/');
    if (slash == NULL || (size_t)(slash - path) + sizeof "/espjig-emu" > size)
        return false;
    strcpy(slash, "/espjig-emu");
    return runnable(path);
}

static bool in_path(char *path, size_t size)
{
    const char *dir = getenv("PATH");

    while (dir && *dir) {
        size_t n = strcspn(dir, ":");
        int len = snprintf(path, size, "%.*s/espjig-emu", (int)n, dir);
        if (n > 0 && len > 0 && (size_t)len < size && runnable(path))
            return true;
        dir += n + (dir[n] == ':');
    }
    return false;
}

static int find_program(char *path, size_t size, struct error *error)
{
    const char *named = getenv("ESPJIG_EMU");

    if (named && *named) {
        if (util_copy(path, size, named) && runnable(path))
            return 0;
        return error_set(error, ERR_PORT_OPEN,
                         "the emulated chip can't be started: ESPJIG_EMU "
                         "names %s, which is no program",
                         named);
    }
    if (beside_us(path, size))
        return 0;
    if (util_copy(path, size, BINDIR "/espjig-emu") && runnable(path))
        return 0;
    if (in_path(path, size))
        return 0;
    return error_set(error, ERR_PORT_OPEN,
                     "the emulated chip can't be started: the program espjig-emu is missing");
}

/* The next part of the address, up to a comma that is not escaped. */
static const char *part_take(const char *from, struct buffer *part)
{
    for (; *from && *from != ','; from++) {
        if (from[0] == '\\' && from[1] == ',')
            from++;
        buffer_append_byte(part, (uint8_t)*from);
    }
    return *from ? from + 1 : from;
}

struct args {
    char **list;
    size_t n;
};

static void args_add(struct args *args, const char *text)
{
    args->list = xrealloc(args->list, (args->n + 2) * sizeof *args->list);
    args->list[args->n++] = xstrdup(text);
    args->list[args->n] = NULL;
}

static void args_done(struct args *args)
{
    for (size_t i = 0; i < args->n; i++)
        free(args->list[i]);
    free(args->list);
}

/* "esp32c3,pace" to {program, "--chip=esp32c3", "--pace", "--rfc2217=fd:3"}. */
static void args_make(struct args *args, const char *program, const char *address)
{
    struct buffer part = {0};
    const char *prefix = "--chip=";

    args_add(args, program);
    while (*address) {
        buffer_clear(&part);
        buffer_printf(&part, "%s", prefix);
        address = part_take(address, &part);
        if (part.len > strlen(prefix))
            args_add(args, (const char *)part.data);
        prefix = "--";
    }
    buffer_clear(&part);
    buffer_printf(&part, "--rfc2217=fd:%d", CHILD_SOCKET);
    args_add(args, (const char *)part.data);
    buffer_done(&part);
}

/* ---- running it ---- */

/* After fork(): nothing but system calls. A group of its own, so that Ctrl-C in the terminal stops
 * the job and not the chip under it. */
static void child_run(char **args, int socket, int out, int err)
{
    static const char sorry[] = "it can't be executed";
    int null = open("/dev/null", O_RDONLY);
    sigset_t none;

    setpgid(0, 0);
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
    signal(SIGPIPE, SIG_DFL);
    signal(SIGINT, SIG_DFL);
    signal(SIGTERM, SIG_DFL);
    /* Out of the way of 0 to 3 first: any of ours may have such a number. */
    int in = fcntl(null, F_DUPFD, 10);
    socket = fcntl(socket, F_DUPFD, 10);
    out = fcntl(out, F_DUPFD, 10);
    err = fcntl(err, F_DUPFD, 10);
    dup2(in, STDIN_FILENO);
    dup2(out, STDOUT_FILENO);
    dup2(err, STDERR_FILENO);
    dup2(socket, CHILD_SOCKET);
    if (close_range(CHILD_SOCKET + 1, ~0U, 0) < 0) { /* an old kernel */
        for (int fd = CHILD_SOCKET + 1; fd < 1024; fd++)
            close(fd);
    }
    execv(args[0], args);
    if (write(STDERR_FILENO, sorry, sizeof sorry - 1) < 0)
        _exit(126);
    _exit(127);
}

static void close_all(int *fds, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        if (fds[i] >= 0)
            close(fds[i]);
    }
}

/* Starts it; *socket is our end. 0 or -errno. */
static int start(struct emu *emu, char **args, int *socket)
{
    enum { OURS, THEIRS, OUT, OUT_THEIRS, ERR, N };
    int fds[N] = {-1, -1, -1, -1, -1}, rc;

    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds + OURS) < 0 ||
        pipe2(fds + OUT, O_CLOEXEC) < 0 || (fds[ERR] = memfd_create("stderr", MFD_CLOEXEC)) < 0 ||
        (emu->pid = fork()) < 0) {
        rc = -errno;
        close_all(fds, N);
        return rc;
    }
    if (emu->pid == 0)
        child_run(args, fds[THEIRS], fds[OUT_THEIRS], fds[ERR]);
    close(fds[THEIRS]);
    close(fds[OUT_THEIRS]);
    emu->out = fds[OUT];
    emu->err = fds[ERR];
    *socket = fds[OURS];
    return 0;
}

/* 1: ready; 0: it ended, or the deadline passed; ERR_CANCELLED. */
static int await_ready(const struct emu *emu, const struct cancel *cancel)
{
    int64_t end = clock_ms() + READY_MS;
    char text[256];
    size_t n = 0;

    while (n < sizeof text - 1) {
        int64_t left = end - clock_ms();
        int rc = clock_wait(cancel, emu->out, POLLIN, left > 0 ? left : 0);
        if (rc <= 0)
            return rc;
        ssize_t got = read(emu->out, text + n, sizeof text - 1 - n);
        if (got <= 0)
            return 0;
        n += (size_t)got;
        text[n] = '\0';
        const char *ready = strstr(text, "ready");
        if (ready && strchr(ready, '\n'))
            return 1;
    }
    return 0;
}

/* The last line that it has written to stderr, without its name in front; "" if none. */
static void last_words(const struct emu *emu, char *text, size_t size)
{
    char all[1024];
    off_t length = lseek(emu->err, 0, SEEK_END);
    off_t from = length > (off_t)sizeof all - 1 ? length - (off_t)sizeof all + 1 : 0;
    ssize_t n = pread(emu->err, all, sizeof all - 1, from);

    all[n > 0 ? n : 0] = '\0';
    for (n--; n >= 0 && (all[n] == '\n' || all[n] == ' '); n--)
        all[n] = '\0';
    const char *line = strrchr(all, '\n');
    line = line ? line + 1 : all;
    if (strncmp(line, "espjig-emu: ", 12) == 0)
        line += 12;
    util_copy(text, size, line);
}

static bool reap(pid_t pid, int ms)
{
    int64_t end = clock_ms() + ms;

    while (waitpid(pid, NULL, WNOHANG) == 0) {
        if (clock_ms() >= end)
            return false;
        poll(NULL, 0, 5);
    }
    return true;
}

/* With its connection closed it writes its files and ends; one that does not is made to. */
static void finish(struct emu *emu)
{
    if (!reap(emu->pid, END_MS)) {
        kill(emu->pid, SIGTERM);
        if (!reap(emu->pid, END_MS / 2)) {
            kill(emu->pid, SIGKILL);
            reap(emu->pid, END_MS / 2);
        }
    }
    close(emu->out);
    close(emu->err);
}

/* ---- the link ---- */

static int died_error(const struct emu *emu, struct error *error)
{
    char words[256];

    last_words(emu, words, sizeof words);
    return error_set(error, ERR_PORT_OPEN, "the emulated chip did not start: %s",
                     *words ? words : "espjig-emu ended, or is not ready in time, without a word");
}

/* With the program running and our end of its socket: to the first answer. */
static int meet(struct link *link, struct emu *emu, int socket, struct error *error)
{
    int rc = await_ready(emu, link->cancel);

    if (rc > 0) {
        struct error why = {0};
        emu->inner = *link;
        emu->inner.ops = &link_ops_rfc2217;
        rc = link_rfc2217_start(&emu->inner, socket, &why);
        if (rc != ERR_PORT_LOST)
            return rc < 0 ? error_set(error, why.code, "%s", why.text) : 0;
    } else {
        close(socket);
    }
    if (rc == ERR_CANCELLED)
        return error_set(error, ERR_CANCELLED, "stopped on request");
    kill(emu->pid, SIGTERM);
    reap(emu->pid, END_MS); /* its last words are complete then */
    return died_error(emu, error);
}

static int emu_open(struct link *link, const char *address, const struct link_options *options,
                    struct error *error)
{
    char program[PATH_MAX];
    struct args args = {0};
    int socket = -1;
    int rc;

    (void)options;
    if (address[0] == ',')
        return error_set(error, ERR_USAGE, "%s names no chip: emu:esp32 for example",
                         link->address);
    rc = find_program(program, sizeof program, error);
    if (rc < 0)
        return rc;
    args_make(&args, program, address);
    struct emu *emu = xcalloc(1, sizeof *emu);
    rc = start(emu, args.list, &socket);
    args_done(&args);
    if (rc < 0) {
        free(emu);
        return error_set(error, ERR_PORT_OPEN, "the emulated chip can't be started: %s",
                         strerror(-rc));
    }
    rc = meet(link, emu, socket, error);
    if (rc < 0) {
        finish(emu);
        free(emu);
        return rc;
    }
    link->impl = emu;
    link->has_lines = true;
    link->has_baud = true;
    return 0;
}

static void emu_close(struct link *link)
{
    struct emu *emu = link->impl;

    link_close(&emu->inner);
    finish(emu);
    free(emu);
}

const struct link_ops link_ops_emu = {
    .scheme = "emu",
    .open = emu_open,
    .close = emu_close,
    .read = link_wrap_read,
    .write = link_wrap_write,
    .set_baud = link_wrap_set_baud,
    .set_lines = link_wrap_set_lines,
    .discard_input = link_wrap_discard_input,
};
