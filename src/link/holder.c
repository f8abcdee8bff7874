/* SPDX-License-Identifier: GPL-3.0-or-later */
/* port_holder(): who has a device open, from /proc/PID/fd. */
#include "link/private.h"

#include "base/util.h"

#include <ctype.h>
#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

/* The index of the pty whose master an open /dev/ptmx is, or -1. */
static int master_index(const char *pid, const char *fd)
{
    char path[64], text[512], *at;
    int index = -1;

    snprintf(path, sizeof path, "/proc/%.16s/fdinfo/%.16s", pid, fd);
    FILE *file = fopen(path, "re");
    if (file == NULL)
        return -1;
    text[fread(text, 1, sizeof text - 1, file)] = '\0';
    fclose(file);
    at = strstr(text, "tty-index:");
    if (at)
        index = (int)strtol(at + strlen("tty-index:"), NULL, 10);
    return index;
}

/* The process behind a pty often has the terminal's side open as well, lest it vanish with its last
 * user. That is no second user. */
static bool holds(const char *pid, dev_t device)
{
    int index = -1;
    bool open_here = false, provides = false;
    char dir_name[32], path[320], target[32];
    const struct dirent *entry;

    if (link_tty_is_pty(device))
        index = (int)((major(device) - 136) * 256 + minor(device));
    snprintf(dir_name, sizeof dir_name, "/proc/%.16s/fd", pid);
    DIR *dir = opendir(dir_name);
    while (dir && (entry = readdir(dir))) {
        struct stat st;
        snprintf(path, sizeof path, "%s/%s", dir_name, entry->d_name);
        ssize_t n = readlink(path, target, sizeof target - 1);
        if (n < 5 || memcmp(target, "/dev/", 5) != 0) /* before stat(), which may hang on NFS */
            continue;
        target[n] = '\0';
        if (strstr(target, "ptmx"))
            provides |= index >= 0 && master_index(pid, entry->d_name) == index;
        else if (stat(path, &st) == 0 && S_ISCHR(st.st_mode) && st.st_rdev == device)
            open_here = true;
    }
    if (dir)
        closedir(dir);
    return open_here && !provides;
}

static void command_of(const char *pid, char *command, size_t size)
{
    char path[32], text[64] = "?";

    snprintf(path, sizeof path, "/proc/%.16s/comm", pid);
    FILE *file = fopen(path, "re");
    if (file) {
        if (fgets(text, sizeof text, file))
            text[strcspn(text, "\n")] = '\0';
        fclose(file);
    }
    for (char *c = text; *c; c++) { /* a process can call itself anything */
        if (!isprint((unsigned char)*c))
            *c = '?';
    }
    util_copy(command, size, text);
}

pid_t port_holder(const char *path, char *command, size_t size)
{
    const struct dirent *entry;
    struct stat st;
    pid_t found = 0;

    *command = '\0';
    if (stat(path, &st) < 0 || !S_ISCHR(st.st_mode))
        return 0;
    DIR *dir = opendir("/proc");
    while (dir && found == 0 && (entry = readdir(dir))) {
        pid_t pid = (pid_t)strtol(entry->d_name, NULL, 10);
        if (pid <= 0 || pid == getpid() || !holds(entry->d_name, st.st_rdev))
            continue;
        found = pid;
        command_of(entry->d_name, command, size);
    }
    if (dir)
        closedir(dir);
    return found;
}
