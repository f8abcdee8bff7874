/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What bench.sh needs besides a shell:
 *
 *   meter run OUT SAMPLE_MS COMMAND...    run it with stdout and stderr in OUT; prints status, wall
 *                                         seconds, CPU seconds, peak RSS in KiB of the largest of
 *                                         its processes, and private KiB of all of them together at
 *                                         the worst moment (0 unless SAMPLE_MS > 0)
 *   meter image CHIP SIZE OUT             data that compresses as real firmware does, the same
 *                                         bytes everywhere
 *   meter old IN OUT                      other bytes of the same size: the firmware before
 *   meter change IN OUT N                 IN with one word changed in each of N scattered sectors
 *   meter limit IN BAUD DIGESTS [SECTORS] the least seconds that writing can take, see bench.sh
 */
#include "base/buffer.h"
#include "base/clock.h"
#include "base/util.h"
#include "chip/chip.h"
#include "image/deflate.h"
#include "image/sample.h"

#include <dirent.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

enum { SECTOR = 4096, BLOCK = 65536, HEADER = 24, PAGE = 256, BITS_PER_BYTE = 10 };

static void die(const char *what)
{
    fprintf(stderr, "meter: %s: ", what);
    perror(NULL);
    exit(2);
}

/* ---- files ---- */

static struct buffer load(const char *path)
{
    struct buffer b = {0};
    uint8_t bytes[65536];
    size_t n;
    FILE *f = fopen(path, "rb");

    if (f == NULL)
        die(path);
    while ((n = fread(bytes, 1, sizeof bytes, f)) > 0)
        buffer_append(&b, bytes, n);
    fclose(f);
    return b;
}

static int save(const char *path, struct buffer *b)
{
    FILE *f = fopen(path, "wb");

    if (f == NULL || fwrite(b->data, 1, b->len, f) != b->len || fclose(f) != 0)
        die(path);
    buffer_done(b);
    return 0;
}

/* ---- memory of a process and all that came from it ---- */

struct process {
    pid_t pid, parent;
    bool ours;
};

static pid_t parent_of(pid_t pid)
{
    char path[64], line[512];
    int parent = 0;

    snprintf(path, sizeof path, "/proc/%d/stat", (int)pid);
    FILE *f = fopen(path, "r");
    if (f && fgets(line, sizeof line, f) && strrchr(line, ')'))
        sscanf(strrchr(line, ')'), ") %*c %d", &parent);
    if (f)
        fclose(f);
    return parent;
}

static size_t list_processes(struct process *list, size_t max)
{
    DIR *dir = opendir("/proc");
    struct dirent *entry;
    size_t n = 0;

    while (dir && n < max && (entry = readdir(dir))) {
        pid_t pid = atoi(entry->d_name);
        if (pid > 0)
            list[n++] = (struct process){.pid = pid, .parent = parent_of(pid)};
    }
    if (dir)
        closedir(dir);
    return n;
}

static long private_kib(pid_t pid)
{
    char path[64], line[256];
    long kib, sum = 0;

    snprintf(path, sizeof path, "/proc/%d/smaps_rollup", (int)pid);
    FILE *f = fopen(path, "r");
    while (f && fgets(line, sizeof line, f)) {
        if (sscanf(line, "Private_Clean: %ld", &kib) == 1 ||
            sscanf(line, "Private_Dirty: %ld", &kib) == 1)
            sum += kib;
    }
    if (f)
        fclose(f);
    return sum;
}

/* Of all that came from this process, itself not counted. */
static long family_kib(void)
{
    static struct process list[4096];
    size_t n = list_processes(list, ARRAY_LEN(list));
    pid_t self = getpid();
    long sum = 0;

    for (bool found = true; found;) { /* children may be listed before their parents */
        found = false;
        for (size_t i = 0; i < n; i++) {
            bool ours = list[i].parent == self;
            for (size_t j = 0; j < n && !ours; j++)
                ours = list[j].ours && list[j].pid == list[i].parent;
            found |= ours && !list[i].ours;
            list[i].ours |= ours;
        }
    }
    for (size_t i = 0; i < n; i++)
        sum += list[i].ours ? private_kib(list[i].pid) : 0;
    return sum;
}

/* ---- run ---- */

static double seconds(struct timeval t)
{
    return (double)t.tv_sec + (double)t.tv_usec / 1e6;
}

static void child(const char *out, char **command)
{
    int fd = open(out, O_WRONLY | O_CREAT | O_TRUNC, 0666), null = open("/dev/null", O_RDONLY);

    setpgid(0, 0);
    if (fd < 0 || null < 0)
        die(out);
    dup2(null, STDIN_FILENO);
    dup2(fd, STDOUT_FILENO);
    dup2(fd, STDERR_FILENO);
    execvp(command[0], command);
    die(command[0]);
}

/* What the command left behind (a station that ends when nobody looks any more) is ours to wait
 * for, so that its CPU time is counted. False: something still runs after a while. */
static bool reap_the_rest(void)
{
    enum { WAIT_MS = 5000, STEP_MS = 10 };
    pid_t pid = 0;

    for (int ms = 0; ms < WAIT_MS && pid >= 0; ms += pid == 0 ? STEP_MS : 0) {
        pid = waitpid(-1, NULL, WNOHANG);
        if (pid == 0)
            usleep(STEP_MS * 1000);
    }
    return pid < 0;
}

static int run(int argc, char **argv)
{
    if (argc < 3)
        return -1;
    int64_t sample_ms = atoi(argv[1]), begin = clock_us();
    struct timespec pause = {.tv_sec = sample_ms / 1000, .tv_nsec = sample_ms % 1000 * 1000000};
    struct rusage used;
    sigset_t ends, before;
    int status;
    long worst = 0;

    sigemptyset(&ends);
    sigaddset(&ends, SIGCHLD);
    sigprocmask(SIG_BLOCK, &ends, &before);
    prctl(PR_SET_CHILD_SUBREAPER, 1);
    pid_t pid = fork();
    if (pid == 0) {
        sigprocmask(SIG_SETMASK, &before, NULL);
        child(argv[0], argv + 2);
    }
    if (pid < 0)
        die("fork");
    while (sample_ms > 0 && waitpid(pid, &status, WNOHANG) == 0) {
        long kib = family_kib();
        worst = kib > worst ? kib : worst;
        sigtimedwait(&ends, NULL, &pause); /* an end does not wait for the next sample */
    }
    if (sample_ms <= 0 && waitpid(pid, &status, 0) < 0)
        die("waitpid");
    double wall = (double)(clock_us() - begin) / 1e6;
    if (!reap_the_rest())
        fprintf(stderr, "meter: %s left something running\n", argv[2]);
    getrusage(RUSAGE_CHILDREN, &used);
    printf("%d %.4f %.4f %ld %ld\n",
           WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status), wall,
           seconds(used.ru_utime) + seconds(used.ru_stime), used.ru_maxrss, worst);
    return 0;
}

/* ---- images ---- */

static int image(int argc, char **argv)
{
    const struct chip *chip = argc == 3 ? chip_by_name(argv[0]) : NULL;
    size_t size = chip ? strtoul(argv[1], NULL, 0) : 0;
    struct buffer b = {0};

    for (size_t ask = size; ask > 0 && (b.len == 0 || b.len > size); ask -= PAGE) {
        buffer_clear(&b);
        sample_app(chip, ask, &b);
        if (b.len == 0)
            return -1;
    }
    while (b.len < size)
        buffer_append_byte(&b, 0xFF);
    /* No app: what is changed in it would have to be signed for in its checksum. */
    if (b.len >= HEADER)
        memset(b.data, 0, HEADER);
    return b.len ? save(argv[2], &b) : -1;
}

static int old(int argc, char **argv)
{
    if (argc != 2)
        return -1;
    struct buffer b = load(argv[0]);
    for (size_t i = 0; i < b.len; i++)
        b.data[i] ^= 0x55;
    return save(argv[1], &b);
}

static int change(int argc, char **argv)
{
    if (argc != 3)
        return -1;
    struct buffer b = load(argv[0]);
    size_t n = strtoul(argv[2], NULL, 0), sectors = b.len / SECTOR;
    for (size_t i = 0; i < n && sectors > 0; i++) /* in the middle of each of n equal parts */
        b.data[((2 * i + 1) * sectors / (2 * n)) * SECTOR + SECTOR / 2] ^= 0x5A;
    return save(argv[1], &b);
}

/* ---- the lower limit ---- */

/* W25Q32 data sheet, typical values, which is what espjig-emu takes its time for. */
static double flash_seconds(size_t n, bool blocks)
{
    double erase = blocks ? (double)(n / BLOCK) * 0.150 + (double)(n % BLOCK / SECTOR) * 0.045
                          : (double)(n / SECTOR) * 0.045;

    return erase + (double)(n / PAGE) * 0.0004;
}

static double wire_seconds(const uint8_t *bytes, size_t n, double baud)
{
    uint8_t *out;
    size_t out_n;

    if (deflate_all(bytes, n, &out, &out_n) < 0)
        die("deflate");
    free(out);
    return (double)(out_n < n ? out_n : n) * BITS_PER_BYTE / baud;
}

static int limit(int argc, char **argv)
{
    if (argc < 3)
        return -1;
    struct buffer b = load(argv[0]);
    double baud = atof(argv[1]), md5 = (double)b.len / 4e6 * atof(argv[2]);
    size_t sectors = argc > 3 ? strtoul(argv[3], NULL, 0) : 0;
    size_t n = sectors ? sectors * SECTOR : b.len;
    double wire = wire_seconds(b.data, n, baud), flash = flash_seconds(n, sectors == 0);

    printf("%.3f\n", (wire > flash ? wire : flash) + md5);
    buffer_done(&b);
    return 0;
}

int main(int argc, char **argv)
{
    static const struct {
        const char *name;
        int (*run)(int argc, char **argv);
    } verbs[] = {
        {"run", run}, {"image", image}, {"old", old}, {"change", change}, {"limit", limit}};

    for (size_t i = 0; argc > 1 && i < ARRAY_LEN(verbs); i++) {
        if (strcmp(argv[1], verbs[i].name) == 0 && verbs[i].run(argc - 2, argv + 2) == 0)
            return 0;
    }
    fprintf(stderr, "meter: bad arguments; see the head of tests/bench/meter.c\n");
    return 2;
}
