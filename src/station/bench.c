/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "station/station_private.h"

#include "base/paths.h"
#include "base/util.h"

#include <errno.h>
#include <fcntl.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { PATH_SIZE = 4096 };

/* A job that another version has written may not read: then there is none. */
bool bench_load(struct event *event)
{
    char path[PATH_SIZE];
    struct job job;
    bool ok = false;

    if (paths_state("bench.json", path, sizeof path, NULL) != 0)
        return false;
    json_t *json = json_load_file(path, 0, NULL);
    if (json && job_from_json(json, &job, NULL) == 0) {
        char *text = json_dumps(json, JSON_COMPACT);
        event_init(event, EVENT_BENCH);
        ok = text && util_copy(event->bench.json, sizeof event->bench.json, text);
        free(text);
        job_done(&job);
    }
    json_decref(json);
    return ok;
}

/* The old file stays until the new one is whole and on the disk. */
int bench_save(const struct event *event, struct error *error)
{
    char path[PATH_SIZE], next[PATH_SIZE + 8];
    int fd, failure;

    if (paths_state("bench.json", path, sizeof path, error) != 0)
        return error->code;
    snprintf(next, sizeof next, "%s.new", path);
    fd = open(next, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    if (fd < 0)
        return error_set(error, ERR_FILE_WRITE, "%s: %s", next, strerror(errno));
    failure = util_write_all(fd, event->bench.json, strlen(event->bench.json));
    if (failure == 0 && fsync(fd) != 0)
        failure = -errno;
    close(fd);
    if (failure == 0 && rename(next, path) != 0)
        failure = -errno;
    if (failure == 0)
        return 0;
    unlink(next);
    return error_set(error, ERR_FILE_WRITE, "%s: %s", path, strerror(-failure));
}
