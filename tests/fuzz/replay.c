/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A fuzz target without a fuzzer: runs every file of the directories that are given as it is, cut
 * off at every so many bytes, and with seeded damage. So `make check` goes through each reader with
 * some thousand bad files on machines without libFuzzer, too. Built with clang and
 * `--enable-fuzzing`, libFuzzer takes the place of this file.
 */
#include "base/buffer.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { CUTS = 64, DAMAGES = 256 };

static size_t runs;

/* From a copy of exactly that size, so that a sanitizer sees what is read behind it. */
static void run(const uint8_t *data, size_t size)
{
    uint8_t *copy = xmalloc(size ? size : 1);

    memcpy(copy, data, size);
    LLVMFuzzerTestOneInput(copy, size);
    free(copy);
    runs++;
}

static uint32_t next_random(uint32_t *state)
{
    *state ^= *state << 13;
    *state ^= *state >> 17;
    *state ^= *state << 5;
    return *state;
}

/* One to four bytes changed: to anything, or to what is at the edge of some number. */
static void damage(struct buffer *copy, uint32_t *state)
{
    static const uint8_t edges[] = {0, 1, 0x7F, 0x80, 0xFF, '0', '"', '\n'};
    unsigned n = 1 + next_random(state) % 4;

    for (unsigned i = 0; i < n; i++) {
        size_t at = next_random(state) % copy->len;
        uint8_t byte = (uint8_t)next_random(state);
        copy->data[at] = byte & 1 ? edges[(byte >> 1) % sizeof edges] : byte;
    }
}

static void run_file(const char *path)
{
    struct buffer file = {0}, copy = {0};
    uint32_t state = 0x2545F491;
    FILE *stream = fopen(path, "rb");
    size_t got;

    if (stream == NULL) {
        perror(path);
        exit(1);
    }
    while ((got = fread(buffer_reserve(&file, 65536), 1, 65536, stream)) > 0)
        file.len += got;
    fclose(stream);
    run(file.data, file.len);
    for (size_t i = 0; i < CUTS && file.len > 0; i++)
        run(file.data, file.len * i / CUTS);
    for (size_t i = 0; i < DAMAGES && file.len > 0; i++) {
        buffer_clear(&copy);
        buffer_append(&copy, file.data, file.len);
        damage(&copy, &state);
        run(copy.data, copy.len);
    }
    buffer_done(&file);
    buffer_done(&copy);
}

int main(int argc, char **argv)
{
    size_t files = 0;

    for (int i = 1; i < argc; i++) {
        struct dirent **names;
        int n = scandir(argv[i], &names, NULL, alphasort);
        for (int k = 0; k < n; k++) {
            char path[4096];
            snprintf(path, sizeof path, "%s/%s", argv[i], names[k]->d_name);
            if (names[k]->d_name[0] != '.') {
                run_file(path);
                files++;
            }
            free(names[k]);
        }
        if (n >= 0)
            free(names);
    }
    printf("%zu files, %zu runs\n", files, runs);
    return files == 0; /* a corpus that was not found proves nothing */
}
