/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "station/process.h"

#include "base/util.h"

#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

void process_signals_reset(void)
{
    static const int changed[] = {SIGHUP, SIGINT, SIGTERM, SIGCHLD, SIGQUIT, SIGTSTP, SIGWINCH};
    struct sigaction act = {.sa_handler = SIG_DFL};
    sigset_t none;

    for (size_t i = 0; i < ARRAY_LEN(changed); i++)
        sigaction(changed[i], &act, NULL);
    act.sa_handler = SIG_IGN;
    sigaction(SIGPIPE, &act, NULL);
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
}

enum { LOG_FILE_MAX = 1 << 20 };

static int log_open(const char *path)
{
    struct stat st;
    bool big = stat(path, &st) == 0 && st.st_size > LOG_FILE_MAX;

    return open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC | (big ? O_TRUNC : 0), 0600);
}

void process_stdio_detach(const char *log)
{
    int null = open("/dev/null", O_RDWR | O_CLOEXEC);
    int out = log ? log_open(log) : -1;

    dup2(null, STDIN_FILENO);
    dup2(out >= 0 ? out : null, STDOUT_FILENO);
    dup2(out >= 0 ? out : null, STDERR_FILENO);
    if (out > STDERR_FILENO)
        close(out);
    if (null > STDERR_FILENO)
        close(null);
}

void process_nonblocking(int fd)
{
    fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) | O_NONBLOCK);
}

static bool file_read(const char *path, char *text, size_t size)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    ssize_t n = fd < 0 ? -1 : read(fd, text, size - 1);

    if (fd >= 0)
        close(fd);
    text[n > 0 ? n : 0] = '\0';
    return n > 0;
}

void process_identity(pid_t pid, char *text, size_t size)
{
    char path[64], stat_text[1024], boot[64];
    char *field;

    text[0] = '\0';
    snprintf(path, sizeof path, "/proc/%ld/stat", (long)pid);
    if (!file_read(path, stat_text, sizeof stat_text) ||
        !file_read("/proc/sys/kernel/random/boot_id", boot, sizeof boot))
        return;
    boot[strcspn(boot, "\n")] = '\0';
    /* proc(5): the name is in parentheses and may hold anything; starttime is field 22, the 20th
     * behind it. */
    field = strrchr(stat_text, ')');
    for (int i = 0; field && i < 20; i++)
        field = strchr(field + 1, ' ');
    if (field)
        snprintf(text, size, "%s/%ld/%lu", boot, (long)pid, strtoul(field, NULL, 10));
}
