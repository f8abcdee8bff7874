/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "ui/files.h"

#include "base/util.h"
#include "chip/chip.h"
#include "image/image.h"
#include "job/job.h"

#include <dirent.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#define FILE_SIZE_MAX (256 << 20) /* bytes; the chips address at most 128 MB of flash */

const char *file_path_expand(char *to, size_t size, const char *path)
{
    const char *home = getenv("HOME");

    if (home && path[0] == '~' && (path[1] == '/' || path[1] == '\0'))
        snprintf(to, size, "%s%s", home, path + 1);
    else
        util_copy(to, size, path);
    return to;
}

int file_look(const char *path, struct file_facts *facts)
{
    struct error error = {0};
    uint8_t *data = NULL;
    size_t size = 0;

    struct stat st;

    *facts = (struct file_facts){0};
    if (strstr(path, JOB_PATH_CHIP)) { /* which one it is turns out when a job has found its chip */
        util_copy(facts->what, sizeof facts->what, "one for each chip");
        return 0;
    }
    if (stat(path, &st) == 0 && !S_ISDIR(st.st_mode) && !S_ISREG(st.st_mode)) /* would block */
        error_set(&error, ERR_FILE_UNREADABLE, "%s is no file but a device or a pipe", path);
    else if (stat(path, &st) == 0 && S_ISREG(st.st_mode) && st.st_size > FILE_SIZE_MAX)
        error_set(&error, ERR_TOO_BIG, "%s is larger than any flash", path);
    if (error.code || image_file_read(path, &data, &size, &error) < 0) {
        util_copy(facts->problem, sizeof facts->problem, error.text);
        return error.code;
    }
    facts->size = size;
    image_describe(data, size, facts->what, sizeof facts->what);
    free(data);
    return 0;
}

/* The chip whose name the description begins with: "ESP32-C3 bootloader". */
static const struct chip *chip_of(const char *what)
{
    for (int id = CHIP_AUTO + 1; id < CHIP_COUNT; id++) {
        const struct chip *chip = chip_get((enum chip_id)id);
        size_t n = chip ? strlen(chip->name) : 0;
        if (n && strncmp(what, chip->name, n) == 0 && what[n] == ' ')
            return chip;
    }
    return NULL;
}

const char *file_address_guess(char *to, size_t size, const char *what)
{
    const struct chip *chip = chip_of(what);

    to[0] = '\0';
    if (strstr(what, "bootloader") && chip)
        snprintf(to, size, "0x%x", (unsigned)chip->bootloader_offset);
    else if (strstr(what, "partition table")) /* ESP-IDF's default place */
        util_copy(to, size, "0x8000");
    else if (strstr(what, " app")) /* the first app partition of ESP-IDF's default tables */
        util_copy(to, size, "0x10000");
    return to;
}

static void directory_mark(char *name, size_t size, const char *directory)
{
    char path[1400];
    struct stat st;
    size_t n = strlen(name);

    snprintf(path, sizeof path, "%s%s", directory, name);
    if (n + 1 < size && stat(path, &st) == 0 && S_ISDIR(st.st_mode))
        strcpy(name + n, "/");
}

/* Keeps what both begin with, without cutting a character in half. */
static void common_part(char *a, const char *b)
{
    size_t n = 0;

    while (a[n] && a[n] == b[n])
        n++;
    while (n > 0 && ((unsigned char)a[n] & 0xc0) == 0x80)
        n--;
    a[n] = '\0';
}

static void list_name(char *names, size_t size, const char *name)
{
    size_t n = strlen(names);

    if (n + 3 < size)
        util_copy(names + n, size - n, n ? "  " : "");
    n = strlen(names);
    if (n + 1 < size)
        util_copy(names + n, size - n, name);
}

/* Hidden names only when they are asked for. */
static bool name_fits(const char *name, const char *start)
{
    return strncmp(name, start, strlen(start)) == 0 && (name[0] != '.' || start[0] == '.') &&
           strcmp(name, ".") != 0 && strcmp(name, "..") != 0;
}

size_t file_path_complete(char *path, size_t size, char *names, size_t names_size)
{
    char directory[1024], typed[1024], name[260], common[260] = "";
    struct dirent **entries;
    char *start = strrchr(path, '/');
    size_t n = 0, keep;

    names[0] = '\0';
    start = start ? start + 1 : path;
    keep = (size_t)(start - path);
    snprintf(typed, sizeof typed, "%.*s", (int)keep, path);
    file_path_expand(directory, sizeof directory, keep ? typed : "./");
    int found = scandir(directory, &entries, NULL, alphasort);
    for (int i = 0; i < found; i++) {
        if (name_fits(entries[i]->d_name, start)) {
            util_copy(name, sizeof name, entries[i]->d_name);
            directory_mark(name, sizeof name, directory);
            list_name(names, names_size, name);
            if (n++ == 0)
                util_copy(common, sizeof common, name);
            else
                common_part(common, name);
        }
        free(entries[i]);
    }
    if (found >= 0)
        free(entries);
    if (n > 0 && strlen(common) >= strlen(start))
        util_copy(start, size - keep, common);
    return n;
}
