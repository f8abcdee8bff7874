/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "job/builder.h"

#include "base/error.h"
#include "base/util.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

/* A killed process that is stuck in the kernel (a dead network file system) can't be waited for. */
enum { END_MS = 1000 };

/* ---- a descriptor over a socket: unix(7), SCM_RIGHTS ---- */

union control {
    struct cmsghdr align;
    char bytes[CMSG_SPACE(sizeof(int))];
};

static void fd_send(int to, int fd, int note)
{
    union control control = {0};
    struct iovec iov = {.iov_base = &note, .iov_len = sizeof note};
    struct msghdr message = {.msg_iov = &iov,
                             .msg_iovlen = 1,
                             .msg_control = control.bytes,
                             .msg_controllen = sizeof control.bytes};
    struct cmsghdr *header = CMSG_FIRSTHDR(&message);

    header->cmsg_level = SOL_SOCKET;
    header->cmsg_type = SCM_RIGHTS;
    header->cmsg_len = CMSG_LEN(sizeof fd);
    memcpy(CMSG_DATA(header), &fd, sizeof fd);
    while (sendmsg(to, &message, MSG_NOSIGNAL) < 0 && errno == EINTR)
        ;
}

static int fd_receive(int from, int *note)
{
    union control control = {0};
    struct iovec iov = {.iov_base = note, .iov_len = sizeof *note};
    struct msghdr message = {.msg_iov = &iov,
                             .msg_iovlen = 1,
                             .msg_control = control.bytes,
                             .msg_controllen = sizeof control.bytes};
    ssize_t n;
    int fd;

    do
        n = recvmsg(from, &message, MSG_CMSG_CLOEXEC);
    while (n < 0 && errno == EINTR);
    struct cmsghdr *header = n == (ssize_t)sizeof *note ? CMSG_FIRSTHDR(&message) : NULL;
    if (header == NULL || header->cmsg_type != SCM_RIGHTS)
        return ERR_INTERNAL; /* end of file: it died */
    memcpy(&fd, CMSG_DATA(header), sizeof fd);
    return fd;
}

/* ---- the child ---- */

static _Noreturn void child_main(pid_t parent, int to, builder_fn *work, void *context)
{
    int note = 0;

    prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (getppid() != parent)
        _exit(1); /* it died before it could be watched */
    util_close_others(&to, 1);
    int fd = work(context, &note);
    if (fd >= 0)
        fd_send(to, fd, note);
    _exit(fd >= 0 ? 0 : 1);
}

int builder_start(struct builder *builder, builder_fn *work, void *context)
{
    pid_t parent = getpid(), pid;
    int ends[2];

    *builder = (struct builder){.from = -1};
    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) != 0)
        return ERR_INTERNAL;
    pid = fork();
    if (pid == 0)
        child_main(parent, ends[1], work, context);
    close(ends[1]);
    if (pid < 0) {
        close(ends[0]);
        return ERR_INTERNAL;
    }
    *builder = (struct builder){.pid = pid, .from = ends[0]};
    return 0;
}

/* ---- and its parent ---- */

/* Its end of the socket closes when the child ends, and only then can it be waited for safely. A
 * descriptor that is still on its way goes with our end of the socket. */
void builder_stop(struct builder *builder)
{
    int64_t end = clock_ms() + END_MS;
    struct pollfd fd = {.fd = builder->from};

    if (builder->pid <= 0)
        return;
    kill(builder->pid, SIGKILL);
    while (clock_ms() < end && (poll(&fd, 1, END_MS) < 0 || !(fd.revents & POLLHUP)))
        ;
    if (fd.revents & POLLHUP) {
        while (waitpid(builder->pid, NULL, 0) < 0 && errno == EINTR)
            ;
    }
    close(builder->from);
    *builder = (struct builder){.from = -1};
}

bool builder_is_ready(const struct builder *builder)
{
    struct pollfd fd = {.fd = builder->from, .events = POLLIN};

    return builder->pid > 0 && poll(&fd, 1, 0) > 0;
}

int builder_wait(struct builder *builder, const struct cancel *cancel, int64_t ms, int *note)
{
    int result = ERR_INTERNAL;

    if (builder->pid <= 0)
        return ERR_INTERNAL;
    int ready = clock_wait(cancel, builder->from, POLLIN, ms);
    if (ready > 0)
        result = fd_receive(builder->from, note);
    else if (ready < 0)
        result = ready;
    builder_stop(builder);
    return result;
}
