/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "image/cache.h"

#include "base/error.h"
#include "base/util.h"
#include "image/deflate.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#define LIMIT        (256ull << 20) /* of all files together */
#define LOCK_FILE    "lock"
#define LOCK_SECONDS 60 /* then the other one hangs, and we build for ourselves */
#define TEMP_SUFFIX  ".new"
#define TEMP_SECONDS 3600 /* an older one was left behind by a process that was killed */

/* In the byte order of the machine: another machine's file is simply none. */
struct header {
    uint64_t magic;
    uint64_t n;   /* bytes of content, to the end of the file */
    uint32_t crc; /* of the content */
    uint32_t zero;
    char key[CACHE_KEY_MAX + 8]; /* filled up with zeros: a file that was renamed is none */
};
static const uint64_t magic = 0x31626f6c6267696a; /* "jigblob1" */

_Static_assert(sizeof(struct header) % 16 == 0, "the content is to be aligned");

/* ---- blobs ---- */

void blob_done(struct blob *blob)
{
    if (blob->map)
        munmap(blob->map, blob->map_n);
    *blob = (struct blob){0};
}

bool blob_map(int fd, struct blob *blob)
{
    struct header header;
    struct stat st;

    *blob = (struct blob){0};
    if (fstat(fd, &st) != 0 || !S_ISREG(st.st_mode) || st.st_uid != geteuid() ||
        (st.st_mode & (S_IWGRP | S_IWOTH)) != 0 ||
        pread(fd, &header, sizeof header, 0) != (ssize_t)sizeof header)
        return false;
    if (header.magic != magic || (uint64_t)st.st_size - sizeof header != header.n)
        return false;
    void *map = mmap(NULL, (size_t)st.st_size, PROT_READ, MAP_SHARED, fd, 0);
    if (map == MAP_FAILED)
        return false;
    *blob = (struct blob){.bytes = (const uint8_t *)map + sizeof header,
                          .n = header.n,
                          .map = map,
                          .map_n = (size_t)st.st_size};
    return true;
}

static struct header header_of(const char *key, const struct buffer *content)
{
    struct header header = {
        .magic = magic,
        .n = content->len,
        .crc = deflate_crc32(content->data, content->len),
    };

    util_copy(header.key, CACHE_KEY_MAX, key);
    return header;
}

static bool blob_write(int fd, const char *key, const struct buffer *content)
{
    struct header header = header_of(key, content);

    return util_write_all(fd, &header, sizeof header) == 0 &&
           util_write_all(fd, content->data, content->len) == 0;
}

/* Whether it is that blob, to the last bit. */
static bool blob_is_good(int fd, const char *key)
{
    struct blob blob;

    if (!blob_map(fd, &blob))
        return false;
    const struct header *header = blob.map;
    bool good = strncmp(header->key, key, sizeof header->key) == 0 &&
                deflate_crc32(blob.bytes, blob.n) == header->crc;
    blob_done(&blob);
    return good;
}

/* ---- the directory ---- */

static bool directory_open(int *dir)
{
    const char *cache = getenv("XDG_CACHE_HOME"), *home = getenv("HOME");
    char path[4096];
    int n = -1;

    if (cache && cache[0] == '/')
        n = snprintf(path, sizeof path, "%s/espjig/images", cache);
    else if (home && home[0] == '/')
        n = snprintf(path, sizeof path, "%s/.cache/espjig/images", home);
    if (n < 0 || (size_t)n >= sizeof path || util_mkdirs(path) != 0)
        return false;
    *dir = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    return *dir >= 0;
}

static int blob_find(int dir, const char *key)
{
    int fd = openat(dir, key, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);

    if (fd >= 0 && !blob_is_good(fd, key)) {
        close(fd);
        fd = -1;
    }
    if (fd >= 0)
        futimens(fd, NULL); /* the time of its last use, by which old ones go */
    return fd;
}

/* A temporary name that is no one else's: two may build the same where locks do not work. What lies
 * there already is not written to: where others can write to the directory it may be a link. */
static int blob_store(int dir, const char *key, const struct buffer *content)
{
    char temp[CACHE_KEY_MAX + 32];

    snprintf(temp, sizeof temp, "%s.%ld" TEMP_SUFFIX, key, (long)getpid());
    unlinkat(dir, temp, 0); /* of one that was killed and had the same process id */
    int fd = openat(dir, temp, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    if (fd < 0)
        return -1;
    if (!blob_write(fd, key, content)) {
        unlinkat(dir, temp, 0);
        close(fd);
        return -1;
    }
    if (renameat(dir, temp, dir, key) != 0)
        unlinkat(dir, temp, 0); /* good for us all the same */
    return fd;
}

static int blob_store_in_memory(const char *key, const struct buffer *content)
{
    int fd = memfd_create("espjig-image", MFD_CLOEXEC);

    if (fd < 0 || fchmod(fd, 0600) != 0 || !blob_write(fd, key, content)) {
        if (fd >= 0)
            close(fd);
        return ERR_INTERNAL;
    }
    return fd;
}

/* ---- the lock ---- */

static volatile sig_atomic_t waited_enough;

static void on_alarm(int number)
{
    (void)number;
    waited_enough = 1;
}

/* One byte of one file for each key. The lock goes with its holder, however that ends. -1: there is
 * none to be had; then two may do the same work, which is all that can happen. */
static int lock_take(int dir, const char *key)
{
    struct sigaction act = {.sa_handler = on_alarm}, before;
    struct flock lock = {.l_type = F_WRLCK, .l_whence = SEEK_SET, .l_len = 1};
    int fd = openat(dir, LOCK_FILE, O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0600);
    int rc;

    if (fd < 0)
        return -1;
    lock.l_start = (off_t)deflate_crc32(key, strlen(key));
    waited_enough = 0;
    sigaction(SIGALRM, &act, &before); /* no SA_RESTART: it ends the wait */
    alarm(LOCK_SECONDS);
    do
        rc = fcntl(fd, F_OFD_SETLKW, &lock);
    while (rc != 0 && errno == EINTR && !waited_enough);
    alarm(0);
    sigaction(SIGALRM, &before, NULL);
    if (rc != 0) {
        close(fd);
        return -1;
    }
    return fd;
}

/* ---- the size ---- */

struct entry {
    char name[CACHE_KEY_MAX + 32];
    struct timespec used;
    uint64_t size;
};

static int newest_first(const void *a, const void *b)
{
    const struct timespec *x = &((const struct entry *)a)->used;
    const struct timespec *y = &((const struct entry *)b)->used;

    if (x->tv_sec != y->tv_sec)
        return x->tv_sec < y->tv_sec ? 1 : -1;
    return (x->tv_nsec < y->tv_nsec) - (x->tv_nsec > y->tv_nsec);
}

static bool is_left_behind(const struct entry *entry)
{
    size_t n = strlen(entry->name), suffix = strlen(TEMP_SUFFIX);

    return n > suffix && strcmp(entry->name + n - suffix, TEMP_SUFFIX) == 0 &&
           entry->used.tv_sec + TEMP_SECONDS < time(NULL);
}

static size_t entries_read(int dir, struct entry **entries)
{
    struct buffer list = {0};
    int copy = openat(dir, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    DIR *open_dir = copy < 0 ? NULL : fdopendir(copy);
    struct dirent *found;
    struct stat st;

    while (open_dir && (found = readdir(open_dir)) != NULL) {
        struct entry entry = {0};
        if (strcmp(found->d_name, LOCK_FILE) == 0 ||
            !util_copy(entry.name, sizeof entry.name, found->d_name) ||
            fstatat(dir, entry.name, &st, AT_SYMLINK_NOFOLLOW) != 0 || !S_ISREG(st.st_mode))
            continue;
        entry.used = st.st_mtim;
        entry.size = (uint64_t)st.st_size;
        buffer_append(&list, &entry, sizeof entry);
    }
    if (open_dir)
        closedir(open_dir);
    else if (copy >= 0)
        close(copy);
    *entries = (struct entry *)(void *)list.data;
    return list.len / sizeof **entries;
}

/* Those that have not been used for longest go until the rest fits. Whoever has one mapped keeps
 * it; whoever is about to open it builds it again. */
static void trim(int dir)
{
    struct entry *entries;
    size_t n = entries_read(dir, &entries);
    uint64_t sum = 0;

    if (n > 0)
        qsort(entries, n, sizeof *entries, newest_first);
    for (size_t i = 0; i < n; i++) {
        sum += entries[i].size;
        if ((i > 0 && sum > LIMIT) || is_left_behind(&entries[i]))
            unlinkat(dir, entries[i].name, 0);
    }
    free(entries);
}

/* ---- all together ---- */

static int build_and_store(int dir, const char *key, cache_build_fn *build, void *context)
{
    struct buffer content = {0};
    int fd = build(context, &content);

    if (fd == 0) {
        fd = dir < 0 ? -1 : blob_store(dir, key, &content);
        if (fd >= 0)
            trim(dir);
        else
            fd = blob_store_in_memory(key, &content);
    }
    buffer_done(&content);
    return fd;
}

int cache_get(const char *key, cache_build_fn *build, void *context, bool *built)
{
    int dir = -1, lock = -1, fd = -1;

    *built = false;
    if (directory_open(&dir)) {
        fd = blob_find(dir, key);
        if (fd >= 0)
            goto out;
        lock = lock_take(dir, key);
        if (lock >= 0)
            fd = blob_find(dir, key); /* another one may have been at it */
    }
    if (fd < 0) {
        fd = build_and_store(dir, key, build, context);
        *built = fd >= 0;
    }
out:
    if (lock >= 0)
        close(lock);
    if (dir >= 0)
        close(dir);
    return fd;
}
