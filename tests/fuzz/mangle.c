/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Whole commands on damaged files: mangle RUNS SEED ESPJIG FILE...
 *
 * Each run damages one of the files (in the current directory, which must be empty), gives it to
 * one command, and wants: a status that such a command can have, an error on stderr when it is not
 * 0, nothing for a terminal to obey on either, no file left behind that was not asked for, little
 * time and little memory. The same arguments give the same runs; what failed is kept as
 * failed.N.NAME.
 */
#include "base/buffer.h"
#include "base/util.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

enum { ARGS = 12, SECONDS_MAX = 10, KILOBYTES_MAX = 700 * 1024, INPUT_MAX = 1 << 20 };

#define OUTPUT "made"

static const struct row {
    const char *args[ARGS]; /* after the program; the file's name follows */
} rows[] = {
    {{"image-info"}},
    {{"image-info", "--json"}},
    {{"write-flash", "--dry-run"}},
    {{"write-flash", "--dry-run", "-c", "esp32c3", "--skip-gaps", "0x0"}},
    {{"write-flash", "--dry-run", "--json", "-c", "esp32", "-fs", "4MB", "0x1000"}},
    {{"write-flash", "--dry-run", "-c", "esp8266", "0x0"}},
    {{"write-flash", "--dry-run", "own"}},
    {{"partitions"}},
    {{"partitions", "--json"}},
    {{"partitions", "-o", OUTPUT ".csv"}},
    {{"split-bin", "-o", OUTPUT}},
    {{"merge-bin", "-c", "esp32", "-o", OUTPUT, "0x1000"}},
    {{"merge-bin", "-c", "esp32s3", "-f", "hex", "-o", OUTPUT, "0x0"}},
    {{"merge-bin", "-c", "esp32c3", "-f", "uf2", "-o", OUTPUT, "own"}},
    {{"elf2image", "-c", "esp32c6", "-o", OUTPUT}},
    {{"elf2image", "-c", "esp32", "--use-segments", "--secure-pad-v2", "-o", OUTPUT}},
    {{"elf2image", "-c", "esp8266", "-e", "2", "-o", OUTPUT}},
    {{"job", "check"}},
    {{"job", "show"}},
    {{"job", "show", "--json"}},
    {{"job", "import", "-o", OUTPUT ".job"}},
    {{"job", "export", "--to", "flash-args", "-o", OUTPUT}},
    {{"job", "export", "--to", "fdt", "-o", OUTPUT}},
};

static uint32_t state;

static uint32_t next_random(uint32_t below)
{
    state ^= state << 13;
    state ^= state >> 17;
    state ^= state << 5;
    return state % below;
}

/* ---- damage -------------------------------------------------------------------------------- */

static void bytes_change(struct buffer *file)
{
    static const uint8_t edges[] = {0, 1, 0x7F, 0x80, 0xFF, '0', '"', '\n', 0x1B, 0x9B};

    for (uint32_t i = next_random(6); i-- > 0;)
        file->data[next_random((uint32_t)file->len)] =
            next_random(2) ? edges[next_random(sizeof edges)] : (uint8_t)next_random(256);
}

/* A length or an address at the edge of what a number can say. */
static void word_change(struct buffer *file)
{
    static const uint32_t edges[] = {0,          1,          0xFFFF,     0xFFFFFF,  0x7FFFFFFF,
                                     0x80000000, 0xFFFFFFFC, 0xFFFFFFFF, 0x10000000};

    if (file->len >= 4)
        le32_put(file->data + next_random((uint32_t)file->len / 4) * 4,
                 edges[next_random(sizeof edges / sizeof edges[0])]);
}

static void cut(struct buffer *file)
{
    file->len = next_random((uint32_t)file->len + 1);
}

static void piece_remove(struct buffer *file)
{
    size_t at = next_random((uint32_t)file->len), n = next_random((uint32_t)(file->len - at)) % 64;

    memmove(file->data + at, file->data + at + n, file->len - at - n);
    file->len -= n;
}

static void piece_double(struct buffer *file)
{
    size_t from = next_random((uint32_t)file->len), n = next_random((uint32_t)(file->len - from));
    uint8_t *copy = xmalloc(n + 1);

    memcpy(copy, file->data + from, n);
    buffer_append(file, copy, n);
    free(copy);
}

/* What a terminal obeys, in text. */
static void control_put(struct buffer *file)
{
    static const char *const texts[] = {"\x1B[2J",
                                        "\xC2\x9B"
                                        "2J",
                                        "\\u001b[2J", "\x07", "\xFF\xFE"};
    const char *text = texts[next_random(sizeof texts / sizeof texts[0])];
    size_t n = strlen(text), at = next_random((uint32_t)file->len);

    memcpy(file->data + at, text, n < file->len - at ? n : file->len - at);
}

static void damage(struct buffer *file)
{
    static void (*const ways[])(struct buffer *) = {bytes_change, bytes_change, word_change, cut,
                                                    piece_remove, piece_double, control_put};

    for (uint32_t i = 1 + next_random(3); i-- > 0 && file->len > 0;)
        ways[next_random(sizeof ways / sizeof ways[0])](file);
}

/* ---- files --------------------------------------------------------------------------------- */

static void file_read(const char *path, struct buffer *file)
{
    FILE *stream = fopen(path, "rb");
    size_t got;

    buffer_clear(file);
    if (stream == NULL) {
        perror(path);
        exit(2);
    }
    while ((got = fread(buffer_reserve(file, 65536), 1, 65536, stream)) > 0 &&
           (file->len += got) < INPUT_MAX) {
    }
    fclose(stream);
}

static void file_write(const char *path, const struct buffer *file)
{
    FILE *stream = fopen(path, "wb");

    if (stream == NULL || fwrite(file->data, 1, file->len, stream) != file->len ||
        fclose(stream) != 0) {
        perror(path);
        exit(2);
    }
}

/* Removes what a command may leave; false when there is something else. */
static bool directory_clear(const char *directory, const char *prefix, bool may)
{
    DIR *dir = opendir(directory);
    const struct dirent *entry;
    bool ok = true;

    while (dir && (entry = readdir(dir)) != NULL) {
        char path[1024];
        if (entry->d_name[0] == '.' && strspn(entry->d_name, ".") == strlen(entry->d_name))
            continue;
        if (strncmp(entry->d_name, "failed.", 7) == 0 || strcmp(entry->d_name, "keep") == 0 ||
            strcmp(entry->d_name, "out") == 0 || strcmp(entry->d_name, "err") == 0)
            continue;
        snprintf(path, sizeof path, "%s/%s", directory, entry->d_name);
        if (!may || strncmp(entry->d_name, prefix, strlen(prefix)) != 0) {
            printf("left behind: %s\n", path);
            ok = false;
        }
        if (unlink(path) != 0) {
            directory_clear(path, "", true);
            rmdir(path);
        }
    }
    if (dir)
        closedir(dir);
    return ok;
}

/* ---- one run ------------------------------------------------------------------------------- */

static int run(const char *espjig, const struct row *row, const char *name, struct rusage *usage)
{
    const char *args[ARGS + 3] = {espjig};
    int n = 1, status = 0;

    while (row->args[n - 1]) {
        args[n] = row->args[n - 1];
        n++;
    }
    args[n] = name;
    fflush(stdout);
    pid_t child = fork();
    if (child == 0) {
        int in = open("/dev/null", O_RDONLY), out = open("out", O_RDWR | O_CREAT | O_TRUNC, 0600),
            err = open("err", O_RDWR | O_CREAT | O_TRUNC, 0600);
        dup2(in, 0);
        dup2(out, 1);
        dup2(err, 2);
        alarm(SECONDS_MAX);
        execv(espjig, (char **)args);
        _exit(127);
    }
    if (child < 0 || wait4(child, &status, 0, usage) != child) {
        perror("run");
        exit(2);
    }
    return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
}

/* C0 but for line ends, DEL, and C1, as bytes that are no UTF-8 and as UTF-8. */
static const char *control_find(const struct buffer *text, size_t *at)
{
    for (size_t i = 0; i < text->len; i++) {
        const uint8_t *p = text->data + i;
        *at = i;
        if ((*p < 0x20 && *p != '\n') || *p == 0x7F)
            return "a control byte";
        if (*p == 0xC2 && i + 1 < text->len && p[1] >= 0x80 && p[1] < 0xA0)
            return "a C1 control";
        if (*p >= 0x80 && *p < 0xA0 && (i == 0 || p[-1] < 0x80))
            return "a byte of C1 that is no UTF-8";
    }
    return NULL;
}

static bool text_check(const char *name, bool wanted)
{
    struct buffer text = {0};
    size_t at = 0;

    file_read(name, &text);
    const char *found = control_find(&text, &at);
    bool ok = found == NULL && (!wanted || text.len > 0);
    if (found)
        printf("%s: %s at %zu\n", name, found, at);
    else if (!ok)
        printf("%s is empty\n", name);
    buffer_done(&text);
    return ok;
}

static bool run_check(const char *espjig, const struct row *row, const char *name)
{
    struct rusage usage = {0};
    int status = run(espjig, row, name, &usage);
    bool json = false, ok = status == 0 || status == 2 || status == 6;

    for (size_t i = 0; row->args[i]; i++)
        json |= strcmp(row->args[i], "--json") == 0;
    if (!ok)
        printf("status %d\n", status);
    if (usage.ru_maxrss > KILOBYTES_MAX) {
        printf("%ld KB of memory\n", usage.ru_maxrss);
        ok = false;
    }
    ok = text_check("out", false) && ok;
    ok = text_check("err", status != 0 && !json) && ok;
    unlink(name);
    return directory_clear(".", OUTPUT, status == 0) && ok;
}

int main(int argc, char **argv)
{
    struct buffer file = {0};
    unsigned failures = 0;

    if (argc < 5) {
        fprintf(stderr, "usage: %s RUNS SEED ESPJIG FILE...\n", argv[0]);
        return 2;
    }
    state = (uint32_t)strtoul(argv[2], NULL, 0) * 2654435761u + 1;
    unsigned runs = (unsigned)strtoul(argv[1], NULL, 0);
    for (unsigned i = 0; i < runs; i++) {
        const struct row *row = &rows[next_random(sizeof rows / sizeof rows[0])];
        const char *path = argv[4 + next_random((uint32_t)argc - 4)], *name = util_basename(path);
        file_read(path, &file);
        damage(&file);
        file_write(name, &file);
        if (!run_check(argv[3], row, name)) {
            char kept[300];
            snprintf(kept, sizeof kept, "failed.%u.%.200s", i, name);
            file_write(kept, &file);
            printf("  run %u: %s %s ... %s\n", i, row->args[0], row->args[1] ? row->args[1] : "",
                   kept);
            failures++;
        }
    }
    printf("%u runs, %u failures\n", runs, failures);
    buffer_done(&file);
    return failures > 0;
}
