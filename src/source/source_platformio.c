/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * PlatformIO's build directory of one environment, .pio/build/ENV (ESPHome: .pioenvs/NAME):
 * firmware.bin, bootloader.bin, partitions.bin, and littlefs.bin, spiffs.bin or fatfs.bin after a
 * `buildfs`. Where somebody asked for idedata.json, it names offsets and further images
 * (platformio-core, piointegration: extra.flash_images, extra.application_offset). With the
 * ESP-IDF framework there is a flasher_args.json, too, whose file names are not those of the files.
 */
#include "base/util.h"
#include "source/private.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define FIRMWARE "firmware.bin"
#define IDF_JSON "flasher_args.json"

/* firmware.bin alone could be anybody's, also an ESP-IDF project's of that name: its bootloader and
 * table lie elsewhere. */
bool source_platformio_is(const struct source_look *look)
{
    if (!look->directory || !source_has(look->path, FIRMWARE))
        return false;
    return source_has(look->path, "bootloader.bin") || source_has(look->path, "partitions.bin") ||
           strstr(look->path, ".pio") ||
           (source_has(look->path, "firmware.elf") && !source_has(look->path, IDF_JSON));
}

static char *file_path(const char *directory, const char *name)
{
    struct buffer path = {0};

    if (!source_has(directory, name))
        return NULL;
    buffer_printf(&path, "%s/%s", directory, name);
    return (char *)path.data;
}

static bool number_of(json_t *value, uint32_t *number)
{
    uint64_t v;

    if (!json_is_string(value) ||
        !util_number_parse(json_string_value(value), false, JOB_ADDRESS_OWN - 1, &v))
        return false;
    *number = (uint32_t)v;
    return true;
}

/* The last part of a path as Windows writes them, too. */
static const char *last_part(const char *path)
{
    const char *name = util_basename(path), *backslash = strrchr(name, '\\');

    return backslash ? backslash + 1 : name;
}

/* One of the images that idedata.json names: in this directory by its name, as the path may be
 * another machine's. The usual ones are known without. */
static int extra_add(struct source *s, json_t *image)
{
    static const char *const usual[] = {"bootloader.bin", "partitions.bin", "boot_app0.bin"};
    const char *path = json_string_value(json_object_get(image, "path"));
    uint32_t offset = 0;

    if (path == NULL || !number_of(json_object_get(image, "offset"), &offset)) {
        source_note(s->notes, true, "%s: one of idedata.json's flash_images has no path or offset",
                    s->name);
        return 0;
    }
    const char *name = last_part(path);
    for (size_t i = 0; i < ARRAY_LEN(usual); i++) {
        if (strcmp(name, usual[i]) == 0)
            return 0;
    }
    char *here = file_path(s->name, name);
    int result = 0;
    if (here)
        result = source_image_add(s, "idedata.json", here, offset, ENCRYPT_NO);
    else
        source_note(s->notes, true, "%s: idedata.json names %.120s for 0x%x: it is not here",
                    s->name, path, offset);
    free(here);
    return result;
}

static int idedata_read(struct source *s, json_t *root, struct source_parts *parts)
{
    json_t *extra = json_object_get(root, "extra");
    json_t *images = json_object_get(extra, "flash_images"), *image;
    size_t i;

    if (images == NULL) /* before PlatformIO 6 */
        images = json_object_get(root, "flash_extra_images");
    number_of(json_object_get(extra, "application_offset"), &parts->app_address);
    json_array_foreach(images, i, image)
    {
        if (extra_add(s, image) != 0)
            return s->error->code;
    }
    return 0;
}

/* One of the JSON files of the directory; NULL with the error set, or without when there is none.
 */
static json_t *json_load_here(struct source *s, const char *name)
{
    char *path = file_path(s->name, name);
    const char *directory = s->name;
    struct buffer text = {0};
    json_t *root = NULL;

    if (path && source_text_read(path, &text, s->error) == 0) {
        s->name = path; /* for messages */
        root = source_json_parse(s, (const char *)text.data, text.len);
        s->name = directory;
    }
    buffer_done(&text);
    free(path);
    return root;
}

static int idedata_load(struct source *s, struct source_parts *parts)
{
    json_t *root = json_load_here(s, "idedata.json");
    int result = root ? idedata_read(s, root, parts) : s->error->code;

    json_decref(root);
    return result;
}

/* Where a build with the ESP-IDF framework wants its table. */
static int table_address_load(struct source *s)
{
    json_t *root = json_load_here(s, IDF_JSON);

    number_of(json_object_get(json_object_get(root, "partition-table"), "offset"),
              &s->job->table_address);
    json_decref(root);
    return s->error->code;
}

int source_platformio_load(struct source *s)
{
    static const char *const file_systems[] = {"littlefs.bin", "spiffs.bin", "fatfs.bin"};
    struct source_parts parts = {
        .bootloader = file_path(s->name, "bootloader.bin"),
        .table = file_path(s->name, "partitions.bin"),
        .app = file_path(s->name, FIRMWARE),
        .boot_app0 = file_path(s->name, "boot_app0.bin"),
    };
    int result = 0;

    for (size_t i = 0; i < ARRAY_LEN(file_systems); i++) {
        char *path = file_path(s->name, file_systems[i]);
        if (path && parts.files)
            source_note(s->notes, true, "%s is not written: %s is", path, parts.files);
        else if (path)
            parts.files = xstrdup(path);
        free(path);
    }
    /* The ESP-IDF makes what belongs into otadata, Arduino's core has it. */
    if (parts.boot_app0 == NULL)
        parts.boot_app0 = file_path(s->name, "ota_data_initial.bin");
    if (parts.boot_app0 == NULL && parts.table && !source_has(s->name, IDF_JSON))
        parts.boot_app0 = source_boot_app0_find();
    if (parts.app == NULL)
        result = error_set(s->error, ERR_FILE_FORMAT, "%s has no %s any more", s->name, FIRMWARE);
    if (result == 0)
        result = table_address_load(s);
    if (result == 0)
        result = idedata_load(s, &parts);
    if (result == 0)
        result = source_parts_add(s, &parts);
    if (result == 0)
        result = source_images_resolve(s, NULL);
    source_parts_done(&parts);
    return result;
}
