/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "job/rates.h"

#include "base/clock.h"
#include "base/paths.h"
#include "base/util.h"

#include <errno.h>
#include <fcntl.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

enum {
    PATH_SIZE = 4096,
    FILE_MAX = 1024 * 1024, /* more is not ours */
    BAUD_MAX = 12000000,
    LOCK_TRIES = 300, /* 3 s: one holds it for a millisecond, but many jobs may end at once */
    LOCK_PAUSE_MS = 10
};

void rates_key(const struct link *link, char *key, size_t size)
{
    const struct port_info *port = &link->port;

    key[0] = '\0';
    if (port->slot[0])
        snprintf(key, size, "%s %04x:%04x", port->slot, port->vid, port->pid);
    else if (strncmp(link->address, "rfc2217://", 10) == 0)
        util_copy(key, size, link->address);
}

/* ---- the file ---- */

/* NULL without an error: there is none. */
static json_t *file_load(const char *path, struct error *error)
{
    struct stat st;
    json_error_t where;
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);

    if (fd < 0) {
        if (errno != ENOENT)
            error_set(error, ERR_FILE_UNREADABLE, "%s: %s", path, strerror(errno));
        return NULL;
    }
    if (fstat(fd, &st) != 0 || !S_ISREG(st.st_mode) || st.st_size > FILE_MAX) {
        error_set(error, ERR_FILE_FORMAT, "%s is no list of rates: ignored", path);
        close(fd);
        return NULL;
    }
    json_t *root = json_loadfd(fd, 0, &where);
    close(fd);
    if (json_is_object(json_object_get(root, "ports")))
        return root;
    error_set(error, ERR_FILE_FORMAT, "%s is damaged: the rates in it are ignored", path);
    json_decref(root);
    return NULL;
}

/* The file as it was or as it shall be, never half of it: to another name first. */
static int file_save(const char *path, const json_t *root, struct error *error)
{
    char temporary[PATH_SIZE + 16];
    char *text = json_dumps(root, JSON_INDENT(1) | JSON_SORT_KEYS);
    int failure = 0;

    snprintf(temporary, sizeof temporary, "%s.new", path);
    int fd = open(temporary, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    if (fd < 0 || text == NULL)
        failure = fd < 0 ? -errno : -EINVAL;
    if (failure == 0)
        failure = util_write_all(fd, text, strlen(text));
    if (fd >= 0 && close(fd) != 0 && failure == 0)
        failure = -errno;
    if (failure == 0 && rename(temporary, path) != 0)
        failure = -errno;
    free(text);
    return failure == 0 ? 0
                        : error_set(error, ERR_FILE_WRITE, "%s: %s", temporary, strerror(-failure));
}

/* A descriptor that holds the lock, or -1. Does not wait for a process that never lets go. */
static int lock(const char *path, struct error *error)
{
    char name[PATH_SIZE + 16];

    snprintf(name, sizeof name, "%s.lock", path);
    int fd = open(name, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    if (fd < 0) {
        error_set(error, ERR_FILE_WRITE, "%s: %s", name, strerror(errno));
        return -1;
    }
    for (int i = 0; flock(fd, LOCK_EX | LOCK_NB) != 0; i++) {
        if (i == LOCK_TRIES) {
            error_set(error, ERR_FILE_WRITE, "%s is locked by another process", name);
            close(fd);
            return -1;
        }
        clock_sleep(NULL, LOCK_PAUSE_MS);
    }
    return fd;
}

/* ---- an entry ---- */

static unsigned number(const json_t *object, const char *name, unsigned max)
{
    json_int_t v = json_integer_value(json_object_get(object, name));

    return v > 0 && v <= max ? (unsigned)v : 0;
}

static struct rates_entry entry_read(const json_t *root, const char *key)
{
    const json_t *object = json_object_get(json_object_get(root, "ports"), key);

    return (struct rates_entry){.good = number(object, "good", BAUD_MAX),
                                .failed = number(object, "failed", BAUD_MAX),
                                .since = number(object, "since", RATES_FORGIVE_AFTER)};
}

static void entry_write(json_t *root, const char *key, const struct rates_entry *entry)
{
    json_object_set_new(json_object_get(root, "ports"), key,
                        json_pack("{s:i, s:i, s:i}", "good", (int)entry->good, "failed",
                                  (int)entry->failed, "since", (int)entry->since));
}

void rates_learn(struct rates_entry *entry, unsigned held, unsigned failed)
{
    if (held > entry->good)
        entry->good = held;
    if (failed) {
        if (entry->failed == 0 || failed < entry->failed)
            entry->failed = failed;
        entry->since = 0;
        if (entry->good >= failed)
            entry->good = held;
    } else if (entry->failed && (++entry->since >= RATES_FORGIVE_AFTER || held >= entry->failed)) {
        entry->failed = entry->since = 0;
    }
}

int rates_read(const char *key, struct rates_entry *entry, struct error *error)
{
    char path[PATH_SIZE];
    struct error own = {0};

    *entry = (struct rates_entry){0};
    if (key[0] == '\0' || paths_state("rates.json", path, sizeof path, NULL) != 0)
        return 0; /* nowhere to remember anything */
    json_t *root = file_load(path, &own);
    if (root)
        *entry = entry_read(root, key);
    json_decref(root);
    return own.code ? error_set(error, own.code, "%s", own.text) : 0;
}

int rates_note(const char *key, unsigned held, unsigned failed, struct error *error)
{
    char path[PATH_SIZE];
    int result = paths_state("rates.json", path, sizeof path, error);
    int fd = result == 0 ? lock(path, error) : -1;

    if (fd < 0)
        return error ? error->code : ERR_FILE_WRITE;
    json_t *root = file_load(path, NULL);
    if (root == NULL)
        root = json_pack("{s:i, s:{}}", "version", 1, "ports");
    struct rates_entry before = entry_read(root, key), after = before;
    rates_learn(&after, held, failed);
    if (memcmp(&before, &after, sizeof before) != 0) {
        entry_write(root, key, &after);
        result = file_save(path, root, error);
    }
    json_decref(root);
    close(fd);
    return result;
}
