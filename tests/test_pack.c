/* SPDX-License-Identifier: GPL-3.0-or-later */
/* image/cache, job/builder, job/pack: made once for all, never believed when damaged, never waited
 * for in vain. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "base/util.h"
#include "image/cache.h"
#include "image/deflate.h"
#include "image/digest.h"
#include "job/builder.h"
#include "job/pack.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define KEY "0123456789abcdef"

static char dir[] = "/tmp/espjig-test-pack-XXXXXX";
static char images[64], counted[64];

static int remove_one(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
    (void)st;
    (void)type;
    (void)ftw;
    return remove(path);
}

static int dir_make(void **state)
{
    (void)state;
    if (mkdtemp(dir) == NULL || setenv("XDG_CACHE_HOME", dir, 1) != 0)
        return -1;
    snprintf(images, sizeof images, "%s/espjig/images", dir);
    snprintf(counted, sizeof counted, "%s/count", dir);
    return 0;
}

static int dir_remove(void **state)
{
    (void)state;
    return nftw(dir, remove_one, 8, FTW_DEPTH | FTW_PHYS);
}

/* Before each test: nothing in the cache. */
static int cache_empty(void **state)
{
    (void)state;
    nftw(images, remove_one, 8, FTW_DEPTH | FTW_PHYS);
    unlink(counted);
    setenv("XDG_CACHE_HOME", dir, 1);
    return 0;
}

static char *path_of(const char *name)
{
    static char path[4][200];
    static unsigned next;

    next = (next + 1) % 4;
    snprintf(path[next], sizeof path[next], "%s/%s", images, name);
    return path[next];
}

/* ---- a build that leaves a mark ---- */

enum { CONTENT = 10000 };

static int mark_ms;      /* how long it takes */
static int mark_fd = -1; /* told when it has begun */

static void content_fill(struct buffer *content)
{
    for (size_t i = 0; i < CONTENT; i++)
        buffer_append_byte(content, (uint8_t)(i * 7 / 3));
}

static int mark_build(void *context, struct buffer *content)
{
    int fd = open(counted, O_WRONLY | O_CREAT | O_APPEND, 0600);

    (void)context;
    if (fd < 0 || write(fd, "x", 1) != 1 || close(fd) != 0)
        return ERR_INTERNAL;
    if (mark_fd >= 0 && write(mark_fd, "x", 1) != 1)
        return ERR_INTERNAL;
    clock_sleep(NULL, mark_ms);
    content_fill(content);
    return 0;
}

static long marks(void)
{
    struct stat st;

    return stat(counted, &st) == 0 ? (long)st.st_size : 0;
}

static bool fd_is_right(int fd)
{
    struct buffer want = {0};
    struct blob blob;

    if (fd < 0 || !blob_map(fd, &blob))
        return false;
    close(fd);
    content_fill(&want);
    bool right = blob.n == want.len && memcmp(blob.bytes, want.data, want.len) == 0 &&
                 (uintptr_t)blob.bytes % 16 == 0;
    buffer_done(&want);
    blob_done(&blob);
    assert_null(blob.bytes);
    return right;
}

/* Whether it had to be built; what comes must be right in any case. */
static bool get(void)
{
    bool built = false;
    int fd = cache_get(KEY, mark_build, NULL, &built);

    assert_true(fd_is_right(fd));
    return built;
}

static int get_in_child(void)
{
    bool built;
    int fd = cache_get(KEY, mark_build, NULL, &built);

    return fd_is_right(fd) ? 0 : 1;
}

static int status_of(pid_t pid)
{
    int status = -1;

    assert_int_equal(waitpid(pid, &status, 0), pid);
    return status;
}

/* ---- the cache ---- */

static void what_was_built_is_found(void **state)
{
    struct stat st;

    (void)state;
    assert_true(get());
    assert_false(get());
    assert_int_equal(marks(), 1);
    assert_int_equal(stat(path_of(KEY), &st), 0);
    assert_int_equal(st.st_mode & 07777, 0600);
    assert_int_equal(stat(images, &st), 0);
    assert_int_equal(st.st_mode & 07777, 0700);
}

static void file_alter(long offset, const void *bytes, size_t n)
{
    int fd = open(path_of(KEY), O_WRONLY);

    assert_true(fd >= 0);
    assert_int_equal(pwrite(fd, bytes, n, offset), n);
    close(fd);
}

/* ways to spoil the file */
static void spoil_content(long at)
{
    uint8_t byte;
    int fd = open(path_of(KEY), O_RDONLY);

    assert_int_equal(pread(fd, &byte, 1, at), 1);
    close(fd);
    byte ^= 0x10;
    file_alter(at, &byte, 1);
}
static void spoil_length(long size)
{
    assert_int_equal(truncate(path_of(KEY), size), 0);
}
static void spoil_mode(long mode)
{
    assert_int_equal(chmod(path_of(KEY), (mode_t)mode), 0);
}
static void spoil_name(long unused)
{
    bool built;
    int fd = cache_get("another", mark_build, NULL, &built);

    (void)unused;
    close(fd);
    assert_int_equal(rename(path_of("another"), path_of(KEY)), 0);
}
static void spoil_link(long unused)
{
    (void)unused;
    assert_int_equal(rename(path_of(KEY), path_of("elsewhere")), 0);
    assert_int_equal(symlink("elsewhere", path_of(KEY)), 0);
}
static void spoil_pipe(long unused)
{
    (void)unused;
    assert_int_equal(unlink(path_of(KEY)), 0);
    assert_int_equal(mkfifo(path_of(KEY), 0600), 0);
}

static void what_is_damaged_is_built_anew(void **state)
{
    static const struct {
        void (*spoil)(long);
        long argument;
    } rows[] = {
        {spoil_content, 0},  /* magic */
        {spoil_content, 8},  /* length */
        {spoil_content, 16}, /* checksum */
        {spoil_content, 24}, /* key */
        {spoil_content, 80}, /* first and last byte, and one between */
        {spoil_content, 80 + CONTENT / 2},
        {spoil_content, 80 + CONTENT - 1},
        {spoil_length, 0},
        {spoil_length, 40},
        {spoil_length, 80},
        {spoil_length, 80 + CONTENT / 2},
        {spoil_length, 80 + CONTENT - 1},
        {spoil_length, 80 + CONTENT + 1},
        {spoil_mode, 0620}, /* others could have written */
        {spoil_mode, 0602},
        {spoil_name, 0},
        {spoil_link, 0},
        {spoil_pipe, 0},
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        cache_empty(NULL);
        assert_true(get());
        assert_false(get());
        rows[i].spoil(rows[i].argument);
        if (!get())
            fail_msg("row %zu: it was believed", i);
        if (get())
            fail_msg("row %zu: it was not repaired", i);
    }
}

static void mapped_content_outlives_its_file(void **state)
{
    bool built;
    int fd = cache_get(KEY, mark_build, NULL, &built);
    struct blob blob;

    (void)state;
    assert_true(blob_map(fd, &blob));
    close(fd);
    uint8_t byte = (uint8_t)~blob.bytes[5];
    file_alter(80 + 5, &byte, 1); /* so that it is built anew */
    byte = blob.bytes[5];
    assert_true(get());
    assert_int_equal(blob.bytes[5], byte); /* the new one is another file */
    blob_done(&blob);
}

static void without_a_place_it_stays_in_memory(void **state)
{
    char path[200];

    (void)state;
    snprintf(path, sizeof path, "%s/file", dir); /* root may write anywhere: not below a file */
    close(open(path, O_WRONLY | O_CREAT, 0600));
    setenv("XDG_CACHE_HOME", path, 1);
    assert_true(get());
    assert_true(get());
    assert_int_equal(marks(), 2);

    setenv("XDG_CACHE_HOME", "relative/is/ignored", 1);
    setenv("HOME", path, 1);
    assert_true(get());
    snprintf(path, sizeof path, "%s/home", dir);
    mkdir(path, 0700);
    setenv("HOME", path, 1);
    assert_true(get());
    assert_false(get());
    setenv("XDG_CACHE_HOME", dir, 1);

    /* A directory of that name can't be replaced. */
    get();
    unlink(path_of(KEY));
    assert_int_equal(mkdir(path_of(KEY), 0700), 0);
    assert_true(get());
    assert_true(get());
}

static void what_cannot_be_written_is_no_obstacle(void **state)
{
    char temp[100], other[100];

    (void)state;
    assert_true(get());
    assert_int_equal(unlink(path_of(KEY)), 0);
    snprintf(temp, sizeof temp, "%s/" KEY ".%ld.new", images, (long)getpid());
    assert_int_equal(mkdir(temp, 0700), 0);
    assert_true(get());
    assert_int_equal(rmdir(temp), 0);
    assert_int_equal(access(path_of(KEY), F_OK), -1);

    /* A link to something that is dear to us, from whoever guessed the name. */
    snprintf(other, sizeof other, "%s/dear", dir);
    for (int hard = 0; hard < 2; hard++) {
        unlink(path_of(KEY));
        int fd = open(other, O_WRONLY | O_CREAT | O_TRUNC, 0600);
        assert_int_equal(write(fd, "dear", 4), 4);
        close(fd);
        assert_int_equal(hard ? link(other, temp) : symlink(other, temp), 0);
        assert_true(get());
        struct stat st;
        assert_int_equal(stat(other, &st), 0);
        assert_int_equal(st.st_size, 4);
        unlink(temp);
    }
    unlink(other);
    assert_false(get());
    assert_false(get());
}

static int files_in_cache(void)
{
    DIR *open_dir = opendir(images);
    struct dirent *entry;
    int n = 0;

    while (open_dir && (entry = readdir(open_dir)) != NULL)
        n += entry->d_name[0] != '.' && strcmp(entry->d_name, "lock") != 0;
    if (open_dir)
        closedir(open_dir);
    return n;
}

/* As a full disk does, it fails half way; memory does so, too. */
static void half_a_file_is_not_left_behind(void **state)
{
    (void)state;
    pid_t pid = fork();
    if (pid == 0) {
        struct rlimit limit = {.rlim_cur = CONTENT / 2, .rlim_max = CONTENT / 2};
        bool built = true;
        signal(SIGXFSZ, SIG_IGN);
        setrlimit(RLIMIT_FSIZE, &limit);
        _exit(cache_get(KEY, mark_build, NULL, &built) == ERR_INTERNAL && !built ? 0 : 1);
    }
    assert_int_equal(status_of(pid), 0);
    assert_int_equal(marks(), 1);
    assert_int_equal(files_in_cache(), 0);
    assert_true(get());
    assert_int_equal(files_in_cache(), 1);
}

static int build_nothing(void *context, struct buffer *content)
{
    (void)context;
    buffer_append(content, "half", 4);
    return ERR_INTERNAL;
}

static void a_build_that_fails_leaves_nothing(void **state)
{
    bool built = true;

    (void)state;
    assert_int_equal(cache_get(KEY, build_nothing, NULL, &built), ERR_INTERNAL);
    assert_false(built);
    assert_int_equal(access(path_of(KEY), F_OK), -1);
    assert_true(get());
}

static void eight_processes_build_it_once(void **state)
{
    pid_t pids[8];
    int start[2];

    (void)state;
    assert_int_equal(pipe(start), 0);
    mark_ms = 100;
    for (size_t i = 0; i < ARRAY_LEN(pids); i++) {
        pids[i] = fork();
        if (pids[i] == 0) {
            struct pollfd fd = {.fd = start[0], .events = POLLIN};
            close(start[1]);
            poll(&fd, 1, -1); /* all at once */
            _exit(get_in_child());
        }
    }
    close(start[1]);
    for (size_t i = 0; i < ARRAY_LEN(pids); i++)
        assert_int_equal(status_of(pids[i]), 0);
    close(start[0]);
    mark_ms = 0;
    assert_int_equal(marks(), 1);
}

/* Starts a child that builds and does not come to an end; returns when it is at it. */
static pid_t stuck_builder(void)
{
    int begun[2];
    char byte;

    assert_int_equal(pipe(begun), 0);
    pid_t pid = fork();
    if (pid == 0) {
        mark_ms = 600000;
        mark_fd = begun[1];
        _exit(get_in_child());
    }
    close(begun[1]);
    assert_int_equal(read(begun[0], &byte, 1), 1);
    close(begun[0]);
    return pid;
}

static void who_waits_builds_when_the_builder_is_killed(void **state)
{
    pid_t stuck = stuck_builder();
    pid_t waiting = fork();

    (void)state;
    if (waiting == 0)
        _exit(get_in_child());
    clock_sleep(NULL, 50);
    assert_int_equal(waitpid(waiting, NULL, WNOHANG), 0);
    assert_int_equal(marks(), 1); /* it waits indeed */
    kill(stuck, SIGKILL);
    status_of(stuck);
    assert_int_equal(status_of(waiting), 0);
    assert_int_equal(marks(), 2);
    assert_false(get());
}

/* proc(5): SigCgt, the signals that are caught. */
static bool catches_alarm(pid_t pid)
{
    char path[64], line[256];
    unsigned long long caught = 0;

    snprintf(path, sizeof path, "/proc/%ld/status", (long)pid);
    FILE *f = fopen(path, "r");
    while (f && fgets(line, sizeof line, f)) {
        if (strncmp(line, "SigCgt:", 7) == 0)
            caught = strtoull(line + 7, NULL, 16);
    }
    if (f)
        fclose(f);
    return caught >> (SIGALRM - 1) & 1;
}

static void who_hangs_is_not_waited_for_for_ever(void **state)
{
    pid_t stuck = stuck_builder();
    pid_t waiting = fork();

    (void)state;
    if (waiting == 0)
        _exit(get_in_child());
    while (!catches_alarm(waiting))
        clock_sleep(NULL, 2);
    clock_sleep(NULL, 20);
    kill(waiting, SIGALRM); /* the time is up */
    assert_int_equal(status_of(waiting), 0);
    assert_int_equal(marks(), 2);
    assert_false(get()); /* and it is there for all */
    kill(stuck, SIGKILL);
    status_of(stuck);
}

static void file_of_age(const char *name, off_t size, time_t seconds)
{
    struct timespec times[2] = {{.tv_sec = time(NULL) - seconds}, {.tv_sec = time(NULL) - seconds}};
    int fd = open(path_of(name), O_WRONLY | O_CREAT, 0600);

    assert_true(fd >= 0);
    assert_int_equal(ftruncate(fd, size), 0);
    assert_int_equal(futimens(fd, times), 0);
    close(fd);
}

static void the_cache_does_not_grow_for_ever(void **state)
{
    enum { MIB = 1 << 20 };

    (void)state;
    assert_true(get()); /* makes the directory */
    file_of_age("a", 100 * MIB, 400);
    file_of_age("b", 100 * MIB, 100);
    file_of_age("c", 100 * MIB, 300);
    file_of_age("d", 50 * MIB, 200);
    file_of_age("now.2.new", 10, 50);
    struct timespec old[2] = {{.tv_sec = 1}, {.tv_sec = 1}};
    assert_int_equal(utimensat(AT_FDCWD, path_of(KEY), old, 0), 0);
    assert_false(get()); /* its use makes it young again */
    bool built;
    close(cache_get("other", mark_build, NULL, &built));
    assert_int_equal(access(path_of("a"), F_OK), -1);
    assert_int_equal(access(path_of("b"), F_OK), 0);
    assert_int_equal(access(path_of("c"), F_OK), 0);
    assert_int_equal(access(path_of("d"), F_OK), 0);
    assert_int_equal(access(path_of("now.2.new"), F_OK), 0);
    assert_false(get());

    unlink(path_of("b")); /* there is room again: only what was left behind goes */
    unlink(path_of("c"));
    file_of_age("cut.1.new", 10, 5000);
    file_of_age("e", 10, 5000);
    close(cache_get("third", mark_build, NULL, &built));
    assert_int_equal(access(path_of("cut.1.new"), F_OK), -1);
    assert_int_equal(access(path_of("now.2.new"), F_OK), 0);
    assert_int_equal(access(path_of("e"), F_OK), 0);
}

/* ---- builders ---- */

static int give_file(void *context, int *note)
{
    int fd = open("/dev/null", O_RDWR);

    *note = *(const int *)context;
    return fd;
}

static int give_nothing(void *context, int *note)
{
    (void)context;
    (void)note;
    return ERR_INTERNAL;
}

static int take_long(void *context, int *note)
{
    (void)context;
    (void)note;
    prctl(PR_SET_NAME, "at-work");
    clock_sleep(NULL, 600000);
    return ERR_INTERNAL;
}

static bool is_at_work(pid_t pid)
{
    char path[64], name[16] = "";

    snprintf(path, sizeof path, "/proc/%ld/comm", (long)pid);
    FILE *f = fopen(path, "r");
    bool is = f && fgets(name, sizeof name, f) && strcmp(name, "at-work\n") == 0;
    if (f)
        fclose(f);
    return is;
}

/* How many descriptors above 2 there are; the socket and the directory's own are two. */
static int count_open(void *context, int *note)
{
    DIR *open_dir = opendir("/proc/self/fd");
    struct dirent *entry;

    (void)context;
    while ((entry = readdir(open_dir)) != NULL)
        *note += atoi(entry->d_name) > 2;
    return dirfd(open_dir);
}

static bool is_gone(pid_t pid)
{
    return kill(pid, 0) != 0 && errno == ESRCH;
}

static void a_builder_hands_over_a_descriptor(void **state)
{
    struct builder builder;
    int number = 42, note = 0;

    (void)state;
    assert_int_equal(builder_start(&builder, give_file, &number), 0);
    pid_t pid = builder.pid;
    int fd = builder_wait(&builder, NULL, -1, &note);
    assert_true(fd >= 0);
    assert_int_equal(note, 42);
    assert_true(fcntl(fd, F_GETFD) & FD_CLOEXEC);
    close(fd);
    assert_true(is_gone(pid));
    assert_int_equal(builder_wait(&builder, NULL, -1, &note), ERR_INTERNAL);
    assert_false(builder_is_ready(&builder));
    builder_stop(&builder);
}

static void a_builder_that_fails_is_noticed(void **state)
{
    struct builder builder;
    int note, asked[2];

    (void)state;
    assert_int_equal(builder_start(&builder, give_nothing, NULL), 0);
    assert_int_equal(builder_wait(&builder, NULL, -1, &note), ERR_INTERNAL);

    assert_int_equal(builder_start(&builder, take_long, NULL), 0);
    assert_false(builder_is_ready(&builder));
    kill(builder.pid, SIGKILL);
    assert_int_equal(builder_wait(&builder, NULL, -1, &note), ERR_INTERNAL);

    assert_int_equal(builder_start(&builder, take_long, NULL), 0);
    pid_t pid = builder.pid;
    assert_int_equal(builder_wait(&builder, NULL, 10, &note), ERR_INTERNAL);
    assert_true(is_gone(pid));

    assert_int_equal(pipe(asked), 0);
    assert_int_equal(builder_start(&builder, take_long, NULL), 0);
    pid = builder.pid;
    struct cancel cancel = {.fd = asked[0]};
    assert_int_equal(write(asked[1], "x", 1), 1);
    assert_int_equal(builder_wait(&builder, &cancel, -1, &note), ERR_CANCELLED);
    assert_true(is_gone(pid));
    close(asked[0]);
    close(asked[1]);
}

static void a_builder_holds_nothing_open(void **state)
{
    struct builder builder;
    int note = 0, spare[2];

    (void)state;
    assert_int_equal(pipe(spare), 0);
    assert_int_equal(builder_start(&builder, count_open, NULL), 0);
    close(builder_wait(&builder, NULL, -1, &note));
    assert_int_equal(note, 2);
    close(spare[0]);
    close(spare[1]);
}

/* The dead worker's builder becomes our child: then its end can be seen. */
static void a_builder_dies_with_its_worker(void **state)
{
    int told[2];
    pid_t builder = 0;

    (void)state;
    prctl(PR_SET_CHILD_SUBREAPER, 1);
    assert_int_equal(pipe(told), 0);
    pid_t worker = fork();
    if (worker == 0) {
        struct builder own;
        if (builder_start(&own, take_long, NULL) != 0 ||
            write(told[1], &own.pid, sizeof own.pid) != (ssize_t)sizeof own.pid)
            _exit(1);
        pause();
        _exit(0);
    }
    assert_int_equal(read(told[0], &builder, sizeof builder), sizeof builder);
    while (!is_at_work(builder))
        clock_sleep(NULL, 2);
    kill(worker, SIGKILL);
    status_of(worker);
    int status = 0;
    for (int i = 0; i < 1000 && waitpid(builder, &status, WNOHANG) == 0; i++)
        clock_sleep(NULL, 10);
    assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
    close(told[0]);
    close(told[1]);
}

/* ---- regions ---- */

struct bench {
    struct job job;
    struct run run;
    struct sink sink;
    int compressed, cached; /* what was said */
};

static void bench_put(void *context, const struct event *event)
{
    struct bench *bench = context;

    if (event->kind != EVENT_LOG)
        return;
    bench->compressed += strstr(event->log.text, "after compressing") != NULL;
    bench->cached += strstr(event->log.text, "from the cache") != NULL;
}

static const char *image_make(const char *name, size_t size, unsigned seed)
{
    char *path = path_of("");
    uint32_t random = seed;

    snprintf(path, 200, "%s/%s", dir, name);
    FILE *f = fopen(path, "wb");
    assert_non_null(f);
    for (size_t i = 0; i < size; i++) {
        random = random * 1664525u + 1013904223u;
        putc(seed == 0 ? 0xFF : (int)(random >> (i / 4096 % 2 ? 24 : 28)), f);
    }
    assert_int_equal(fclose(f), 0);
    return path;
}

/* A run as it is when its files are loaded. */
static void bench_load(struct bench *bench)
{
    struct image_spec specs[8];

    for (size_t i = 0; i < bench->job.n_images; i++)
        specs[i] = (struct image_spec){.address = bench->job.images[i].address,
                                       .path = bench->job.images[i].path};
    assert_int_equal(
        plan_load(&bench->run.plan, specs, bench->job.n_images, NULL, &bench->run.error), 0);
}

static void bench_init(struct bench *bench)
{
    *bench = (struct bench){0};
    job_init(&bench->job);
    job_add_op(&bench->job, OP_WRITE_FLASH);
    bench->run.job = &bench->job;
    bench->run.loader.chip = chip_get(CHIP_ESP8266);
    bench->run.loader.stage = STAGE_STUB;
    bench->sink = (struct sink){.put = bench_put, .context = bench};
    report_init(&bench->run.report, &bench->sink, "", "");
}

static void bench_done(struct bench *bench)
{
    pack_done(&bench->run);
    plan_done(&bench->run.plan);
    job_done(&bench->job);
}

static int builders_of(const struct bench *bench)
{
    int n = 0;

    for (size_t i = 0; bench->run.builders && i < bench->run.plan.n; i++)
        n += bench->run.builders[i].pid > 0;
    return n;
}

/* Those that are shared are the loader's own. */
static bool frames_are_right(const struct region *region)
{
    const struct wire_frames *frames = &region->frames;
    struct buffer bytes = {0};
    struct wire_block *blocks = NULL;
    size_t n = 0;

    if (region->blob.bytes == NULL)
        return frames->n == 0;
    bool right = loader_frames_build(region->deflated, region->deflated_size, &bytes, &blocks, &n,
                                     NULL) == 0 &&
                 n > 0 && n == frames->n && memcmp(frames->bytes, bytes.data, bytes.len) == 0 &&
                 memcmp(frames->blocks, blocks, n * sizeof *blocks) == 0;
    free(blocks);
    buffer_done(&bytes);
    return right;
}

/* What a zlib stream of it ends with (RFC 1950); that the stream itself agrees, inflating shows. */
static const uint8_t *adler_of(const struct region *region)
{
    static uint8_t adler[4];
    uint32_t a = 1, b = 0;

    for (size_t i = 0; i < region->size; i++) {
        a = (a + region->data[i]) % 65521;
        b = (b + a) % 65521;
    }
    for (int i = 0; i < 2; i++) {
        adler[i] = (uint8_t)(b >> (8 - 8 * i));
        adler[2 + i] = (uint8_t)(a >> (8 - 8 * i));
    }
    return adler;
}

/* The region is what its file is; so are stream and digest. False is for children. */
static bool region_is_right(const struct region *region)
{
    uint8_t md5[16], *file;
    size_t n;
    bool right;

    if (image_file_read(region->path, &file, &n, NULL) != 0 || n != region->file_size)
        return false;
    digest_md5(region->data, region->size, md5);
    right = memcmp(file, region->data, n) == 0 && memcmp(md5, region->md5, sizeof md5) == 0;
    free(file);
    if (region->deflated) {
        struct inflater *inflater = inflater_new();
        const uint8_t *end = region->deflated + region->deflated_size - 4;
        right =
            right && frames_are_right(region) && region->deflated_size < region->size &&
            memcmp(end, adler_of(region), 4) == 0 &&
            inflater_feed(inflater, region->deflated, region->deflated_size) == (long)region->size;
        inflater_free(inflater);
    }
    return right;
}

static int pack_all(struct bench *bench)
{
    pack_start(&bench->run);
    bench->run.plan_is_final = true;
    pack_start(&bench->run);
    pack_digest(&bench->run);
    for (size_t i = 0; i < bench->run.plan.n; i++) {
        if (pack_take(&bench->run, &bench->run.plan.regions[i]) != 0)
            return bench->run.error.code;
    }
    return 0;
}

static void regions_are_packed(void **state)
{
    static const struct {
        size_t size;
        unsigned seed; /* 0: all FF */
        bool shared;
    } rows[] = {
        {4, 1, false}, {8188, 2, false}, {8189, 3, true}, {300001, 4, true}, {16 << 20, 0, true},
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        for (int again = 0; again < 2; again++) {
            struct bench bench;
            bench_init(&bench);
            job_add_image(&bench.job, image_make("image.bin", rows[i].size, rows[i].seed), 0x10000);
            bench_load(&bench);
            const struct region *region = &bench.run.plan.regions[0];
            assert_int_equal(pack_all(&bench), 0);
            assert_true(region_is_right(region));
            assert_int_equal(region->deflated != NULL, rows[i].size > 4);
            assert_int_equal(region->blob.bytes != NULL, rows[i].shared);
            assert_int_equal(bench.compressed, rows[i].shared && !again);
            assert_int_equal(bench.cached, rows[i].shared && again);
            assert_int_equal(builders_of(&bench), 0);
            bench_done(&bench);
        }
    }
}

/* 20000 zero bytes, stored: a zlib stream that no version of any library changes (RFC 1950, 1951).
 */
static void stored_stream(struct buffer *stream)
{
    enum { N = 20000 };
    static const uint8_t zeros[N];

    buffer_append(stream, "\x78\x01\x01", 3);
    buffer_append_le16(stream, N);
    buffer_append_le16(stream, (uint16_t)~N);
    buffer_append(stream, zeros, N);
    uint32_t adler = (uint32_t)N << 16 | 1;
    for (int shift = 24; shift >= 0; shift -= 8)
        buffer_append_byte(stream, (uint8_t)(adler >> shift));
}

static void frames_of_the_cache_are_those_of_the_loader(void **state)
{
    struct buffer stream = {0}, bytes = {0};
    struct wire_block *blocks;
    uint8_t md5[16];
    char hex[33];
    size_t n;

    (void)state;
    stored_stream(&stream);
    assert_int_equal(loader_frames_build(stream.data, stream.len, &bytes, &blocks, &n, NULL), 0);
    assert_int_equal(n, 2);
    digest_md5(bytes.data, bytes.len, md5);
    if (strcmp(util_hex_format(hex, md5, sizeof md5), "18bb399eb21440eabdc2b8d20fed08e1") != 0)
        fail_msg("the frames are no longer what they were (%s): put the new digest here, and raise "
                 "FORMAT in job/pack.c, so that frames in people's caches are made anew",
                 hex);
    free(blocks);
    buffer_done(&stream);
    buffer_done(&bytes);
}

static void noise_is_sent_as_it_is(void **state)
{
    struct bench bench;
    char path[200];
    uint8_t noise[65536];
    uint32_t random = 1;

    (void)state;
    snprintf(path, sizeof path, "%s/noise.bin", dir);
    FILE *f = fopen(path, "wb");
    for (size_t i = 0; i < sizeof noise; i++)
        noise[i] = (uint8_t)((random = random * 1664525u + 1013904223u) >> 24);
    assert_int_equal(fwrite(noise, 1, sizeof noise, f), sizeof noise);
    fclose(f);
    bench_init(&bench);
    job_add_image(&bench.job, path, 0x10000);
    bench_load(&bench);
    assert_int_equal(pack_all(&bench), 0);
    assert_non_null(bench.run.plan.regions[0].blob.bytes);
    assert_null(bench.run.plan.regions[0].deflated);
    assert_true(region_is_right(&bench.run.plan.regions[0]));
    bench_done(&bench);
}

/* What needs no stream gets none: nothing is started for it. */
static void only_what_is_sent_compressed_is_compressed(void **state)
{
    static const struct {
        enum op_kind op;
        bool compress;
        enum loader_stage stage; /* of an ESP8266, whose ROM can't inflate */
        int builders;
        bool deflated;
    } rows[] = {
        {OP_WRITE_FLASH, true, STAGE_STUB, 1, true},
        {OP_WRITE_FLASH, true, STAGE_ROM, 1, false},
        {OP_WRITE_FLASH, false, STAGE_STUB, 0, false},
        {OP_VERIFY_FLASH, true, STAGE_STUB, 0, false},
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct bench bench;
        bench_init(&bench);
        bench.job.compress = rows[i].compress;
        bench.job.ops[0].kind = rows[i].op;
        bench.run.loader.stage = rows[i].stage;
        job_add_image(&bench.job, image_make("image.bin", 100000, 7), 0x10000);
        bench_load(&bench);
        pack_start(&bench.run);
        assert_int_equal(builders_of(&bench), rows[i].builders);
        if (rows[i].op == OP_WRITE_FLASH)
            assert_int_equal(pack_all(&bench), 0);
        else
            pack_digest(&bench.run);
        assert_true(region_is_right(&bench.run.plan.regions[0]));
        if (rows[i].stage == STAGE_STUB)
            assert_int_equal(bench.run.plan.regions[0].deflated != NULL, rows[i].deflated);
        bench_done(&bench);
    }
}

/* Before the chip is known nothing is begun that its settings may yet change. */
static void what_may_be_patched_waits(void **state)
{
    static const struct {
        enum flash_mode mode;
        const char *freq, *size;
        uint32_t address;
        int early;
    } rows[] = {
        {FLASH_MODE_KEEP, "keep", "keep", 0x0, 1},
        {FLASH_MODE_KEEP, "keep", "keep", 0x1000, 1},
        {FLASH_DIO, "keep", "keep", 0x0, 0},
        {FLASH_MODE_KEEP, "40m", "keep", 0x1000, 0},
        {FLASH_MODE_KEEP, "keep", "detect", 0x1000, 0},
        {FLASH_DIO, "40m", "detect", 0x10000, 1},
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct bench bench;
        bench_init(&bench);
        bench.job.flash_mode = rows[i].mode;
        util_copy(bench.job.flash_freq, sizeof bench.job.flash_freq, rows[i].freq);
        util_copy(bench.job.flash_size, sizeof bench.job.flash_size, rows[i].size);
        job_add_image(&bench.job, image_make("image.bin", 80000, 9), rows[i].address);
        bench_load(&bench);
        pack_start(&bench.run);
        if (builders_of(&bench) != rows[i].early)
            fail_msg("row %zu: %d builders", i, builders_of(&bench));
        bench.run.plan.regions[0].data[2] ^= (uint8_t)!rows[i].early; /* it is patched */
        bench.run.plan_is_final = true;
        pack_start(&bench.run);
        assert_int_equal(builders_of(&bench), 1);
        assert_int_equal(pack_take(&bench.run, bench.run.plan.regions), 0);
        assert_non_null(bench.run.plan.regions[0].blob.bytes);
        bench_done(&bench);
    }
}

/* Whatever becomes of the builder, the right bytes are sent. */
static void a_lost_builder_is_made_up_for(void **state)
{
    struct bench bench;

    (void)state;
    bench_init(&bench);
    job_add_image(&bench.job, image_make("image.bin", 500000, 11), 0x10000);
    bench_load(&bench);
    struct region *region = &bench.run.plan.regions[0];
    pack_start(&bench.run);
    kill(bench.run.builders[0].pid, SIGKILL);
    assert_int_equal(pack_take(&bench.run, bench.run.plan.regions), 0);
    pack_digest(&bench.run);
    assert_null(region->blob.bytes);
    assert_non_null(region->deflated);
    assert_true(region_is_right(region));
    bench_done(&bench);

    /* What comes is not what was asked for: the data was changed behind the builder's back. */
    bench_init(&bench);
    job_add_image(&bench.job, image_make("image.bin", 500000, 12), 0x10000);
    bench_load(&bench);
    region = &bench.run.plan.regions[0];
    pack_start(&bench.run);
    region->data[499999] ^= 1;
    assert_int_equal(pack_take(&bench.run, bench.run.plan.regions), 0);
    assert_null(region->blob.bytes);
    region->data[499999] ^= 1;
    bench_done(&bench);
}

static void waiting_for_a_builder_can_be_cancelled(void **state)
{
    struct bench bench;
    int ends[2];

    (void)state;
    assert_int_equal(pipe(ends), 0);
    struct cancel cancel = {.fd = ends[0]};
    bench_init(&bench);
    bench.run.cancel = &cancel;
    job_add_image(&bench.job, image_make("image.bin", 500000, 13), 0x10000);
    bench_load(&bench);
    pack_start(&bench.run);
    kill(bench.run.builders[0].pid, SIGSTOP);
    assert_int_equal(write(ends[1], "x", 1), 1); /* the child may hold it, too: no end of file */
    assert_int_equal(pack_take(&bench.run, bench.run.plan.regions), ERR_CANCELLED);
    assert_int_equal(builders_of(&bench), 0);
    bench_done(&bench);
    close(ends[0]);
    close(ends[1]);
}

static int worker(const char *path)
{
    struct bench bench;

    bench_init(&bench);
    job_add_image(&bench.job, path, 0x10000);
    bench_load(&bench);
    bool right = pack_all(&bench) == 0 && bench.run.plan.regions[0].blob.bytes &&
                 region_is_right(&bench.run.plan.regions[0]) &&
                 bench.compressed + bench.cached == 1;
    int compressed = bench.compressed;
    bench_done(&bench);
    return right ? compressed : 100;
}

static void eight_workers_compress_once(void **state)
{
    pid_t pids[8];
    int compressed = 0;
    char path[200];

    (void)state;
    util_copy(path, sizeof path, image_make("image.bin", 1 << 20, 21));
    for (size_t i = 0; i < ARRAY_LEN(pids); i++) {
        pids[i] = fork();
        if (pids[i] == 0)
            _exit(worker(path));
    }
    for (size_t i = 0; i < ARRAY_LEN(pids); i++) {
        int status = status_of(pids[i]);
        assert_true(WIFEXITED(status));
        assert_in_range(WEXITSTATUS(status), 0, 1);
        compressed += WEXITSTATUS(status);
    }
    assert_int_equal(compressed, 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(what_was_built_is_found, cache_empty),
        cmocka_unit_test_setup(what_is_damaged_is_built_anew, cache_empty),
        cmocka_unit_test_setup(mapped_content_outlives_its_file, cache_empty),
        cmocka_unit_test_setup(without_a_place_it_stays_in_memory, cache_empty),
        cmocka_unit_test_setup(what_cannot_be_written_is_no_obstacle, cache_empty),
        cmocka_unit_test_setup(half_a_file_is_not_left_behind, cache_empty),
        cmocka_unit_test_setup(a_build_that_fails_leaves_nothing, cache_empty),
        cmocka_unit_test_setup(eight_processes_build_it_once, cache_empty),
        cmocka_unit_test_setup(who_waits_builds_when_the_builder_is_killed, cache_empty),
        cmocka_unit_test_setup(who_hangs_is_not_waited_for_for_ever, cache_empty),
        cmocka_unit_test_setup(the_cache_does_not_grow_for_ever, cache_empty),
        cmocka_unit_test(a_builder_hands_over_a_descriptor),
        cmocka_unit_test(a_builder_that_fails_is_noticed),
        cmocka_unit_test(a_builder_holds_nothing_open),
        cmocka_unit_test(a_builder_dies_with_its_worker),
        cmocka_unit_test_setup(regions_are_packed, cache_empty),
        cmocka_unit_test(frames_of_the_cache_are_those_of_the_loader),
        cmocka_unit_test_setup(noise_is_sent_as_it_is, cache_empty),
        cmocka_unit_test_setup(only_what_is_sent_compressed_is_compressed, cache_empty),
        cmocka_unit_test_setup(what_may_be_patched_waits, cache_empty),
        cmocka_unit_test_setup(a_lost_builder_is_made_up_for, cache_empty),
        cmocka_unit_test_setup(waiting_for_a_builder_can_be_cancelled, cache_empty),
        cmocka_unit_test_setup(eight_workers_compress_once, cache_empty),
    };

    return cmocka_run_group_tests(tests, dir_make, dir_remove);
}
