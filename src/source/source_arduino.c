/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What the Arduino IDE and arduino-cli leave in a sketch's build directory (arduino-esp32
 * platform.txt; esp8266/Arduino platform.txt): NAME.ino.bin, NAME.ino.bootloader.bin,
 * NAME.ino.partitions.bin, in newer cores boot_app0.bin and NAME.ino.merged.bin.
 */
#include "base/util.h"
#include "source/private.h"

#include <dirent.h>
#include <stdlib.h>
#include <string.h>

#define SKETCH ".ino.bin"

/* Names of sketches in it: at most two are of interest. */
static size_t sketches_find(const char *directory, char names[2][256])
{
    DIR *dir = opendir(directory);
    struct dirent *entry;
    size_t n = 0;

    while (dir && n < 2 && (entry = readdir(dir)) != NULL) {
        size_t len = strlen(entry->d_name);
        if (len > strlen(SKETCH) && len < 256 && source_name_ends(entry->d_name, SKETCH) &&
            source_has(directory, entry->d_name)) {
            memcpy(names[n], entry->d_name, len + 1);
            names[n++][len - strlen(".bin")] = '\0';
        }
    }
    if (dir)
        closedir(dir);
    return n;
}

bool source_arduino_is(const struct source_look *look)
{
    char names[2][256];

    return look->directory && sketches_find(look->path, names) > 0;
}

static char *part_path(const char *directory, const char *sketch, const char *end)
{
    struct buffer name = {0}, path = {0};
    char *found = NULL;

    buffer_printf(&name, "%s%s", sketch, end);
    if (source_has(directory, (const char *)name.data)) {
        buffer_printf(&path, "%s/%s", directory, (const char *)name.data);
        found = (char *)path.data;
    }
    buffer_done(&name);
    return found;
}

int source_arduino_load(struct source *s)
{
    char names[2][256];
    size_t n = sketches_find(s->name, names);

    if (n > 1)
        return error_set(s->error, ERR_FILE_FORMAT,
                         "%s has more than one sketch: %s.bin and %s.bin", s->name, names[0],
                         names[1]);
    if (n == 0)
        return error_set(s->error, ERR_FILE_FORMAT, "%s has no sketch any more", s->name);
    struct source_parts parts = {
        .bootloader = part_path(s->name, names[0], ".bootloader.bin"),
        .table = part_path(s->name, names[0], ".partitions.bin"),
        .app = part_path(s->name, names[0], ".bin"),
        .boot_app0 = part_path(s->name, "boot_app0", ".bin"),
    };
    if (parts.boot_app0 == NULL && parts.table)
        parts.boot_app0 = source_boot_app0_find();
    int result = source_parts_add(s, &parts);
    if (result == 0)
        result = source_images_resolve(s, NULL);
    source_parts_done(&parts);
    return result;
}
