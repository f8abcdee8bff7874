/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * ESP-IDF's build directory. flasher_args.json (components/esptool_py/flasher_args.json.in) says
 * all:
 *
 *   write_flash_args    [ option, value ... ]
 *   flash_settings      { flash_mode, flash_size, flash_freq }
 *   flash_files         { address: file }
 *   NAME                { offset, file, encrypted }       the same files by their names
 *   extra_esptool_args  { after, before, stub, chip }
 *
 * Directories of builds that wrote none (ESP8266_RTOS_SDK before 3.3) have flash_project_args or
 * flash_args.
 */
#include "base/util.h"
#include "source/private.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define ARGS_JSON "flasher_args.json"

static const char *const args_files[] = {"flash_project_args", "flash_args"};

bool source_idf_is(const struct source_look *look)
{
    if (!look->directory)
        return look->n > 0 && source_name_ends(look->path, ".json") &&
               strstr((const char *)look->head, "\"flash_files\"");
    if (source_has(look->path, ARGS_JSON) || source_has(look->path, "build/" ARGS_JSON))
        return true;
    for (size_t i = 0; i < ARRAY_LEN(args_files); i++) {
        if (source_has(look->path, args_files[i]))
            return true;
    }
    return false;
}

static int address_read(struct source *s, const char *where, const char *text, uint32_t *address)
{
    uint64_t v;

    if (!util_number_parse(text, false, UINT64_MAX, &v))
        return error_set(s->error, ERR_FILE_FORMAT, "%s: %s: \"%.40s\" is no flash address",
                         s->name, where, text);
    if (v >= JOB_ADDRESS_OWN)
        return error_set(s->error, ERR_FILE_FORMAT, "%s: %s: %.40s is past the end of 32 bits",
                         s->name, where, text);
    *address = (uint32_t)v;
    return 0;
}

static struct job_image *image_at(struct source *s, uint32_t address)
{
    for (size_t i = s->first; i < s->job->n_images; i++) {
        if (s->job->images[i].address == address)
            return &s->job->images[i];
    }
    return NULL;
}

static int files_read(struct source *s, json_t *files)
{
    const char *key;
    json_t *value;
    char where[128];

    json_object_foreach(files, key, value)
    {
        uint32_t address = 0;
        snprintf(where, sizeof where, "flash_files/%.100s", key);
        if (address_read(s, where, key, &address) != 0 ||
            source_json_get(s, value, JSON_STRING, true, where) == NULL ||
            source_image_add(s, where, json_string_value(value), address, ENCRYPT_NO) != 0)
            return s->error->code;
    }
    return 0;
}

/* A string; NULL when it is missing, or with the error set. */
static const char *text_of(struct source *s, json_t *object, const char *name, const char *member,
                           bool must)
{
    char where[192];

    snprintf(where, sizeof where, "%.100s/%s", name, member);
    return json_string_value(
        source_json_get(s, json_object_get(object, member), JSON_STRING, must, where));
}

/* "app", "bootloader", "otadata" ...: the same files again, and whether they are encrypted. What is
 * not among the flash_files is left out (`idf.py flash` leaves it out, too). */
static int entry_read(struct source *s, const char *name, json_t *entry)
{
    const char *file = text_of(s, entry, name, "file", true);
    const char *offset = file ? text_of(s, entry, name, "offset", true) : NULL;
    const char *encrypted = offset ? text_of(s, entry, name, "encrypted", false) : NULL;
    uint32_t address = 0;

    if (s->error->code != 0 || address_read(s, name, offset, &address) != 0)
        return s->error->code;
    struct job_image *image = image_at(s, address);
    if (image == NULL || strcmp(image->path, file) != 0) {
        source_note(s->notes, true,
                    "%s: %s (%s at 0x%x) is not among its flash_files: it is not written", s->name,
                    name, file, address);
        return 0;
    }
    if (strcmp(name, "partition-table") == 0 || strcmp(name, "partition_table") == 0)
        s->job->table_address = address;
    if (image->encrypted == ENCRYPT_NO && encrypted && strcmp(encrypted, "true") == 0)
        image->encrypted = ENCRYPT_IF_ON;
    return 0;
}

/* One of the members with settings: each of its strings is an option of esptool. */
static int settings_read(struct source *s, const char *name, json_t *object)
{
    const char *key;
    json_t *value;
    char where[192];

    json_object_foreach(object, key, value)
    {
        int result;
        snprintf(where, sizeof where, "%s/%.100s", name, key);
        if (strcmp(key, "stub") == 0 && json_is_boolean(value))
            result = json_is_true(value) ? 0 : source_option_set(s, where, "no-stub", NULL);
        else if (source_json_get(s, value, JSON_STRING, true, where) == NULL)
            result = s->error->code;
        else
            result = source_option_set(s, where, key, json_string_value(value));
        if (result != 0)
            return result;
    }
    return 0;
}

static int args_read(struct source *s, json_t *args)
{
    for (size_t i = 0; i < json_array_size(args); i++) {
        char where[64];
        snprintf(where, sizeof where, "write_flash_args/%zu", i);
        json_t *word = json_array_get(args, i), *next = json_array_get(args, i + 1);
        if (source_json_get(s, word, JSON_STRING, true, where) == NULL)
            return s->error->code;
        const char *text = json_string_value(word), *value = json_string_value(next);
        if (text[0] != '-')
            continue; /* the value before it has been taken */
        while (*text == '-')
            text++;
        if (value && value[0] == '-')
            value = NULL;
        if (source_option_set(s, where, text, value) != 0)
            return s->error->code;
    }
    return 0;
}

static int member_read(struct source *s, const char *key, json_t *value)
{
    static const char *const settings[] = {"flash_settings", "extra_esptool_args"};

    if (strcmp(key, "flash_files") == 0)
        return 0; /* was first */
    if (strcmp(key, "write_flash_args") == 0)
        return source_json_get(s, value, JSON_ARRAY, true, key) ? args_read(s, value)
                                                                : s->error->code;
    for (size_t i = 0; i < ARRAY_LEN(settings); i++) {
        if (strcmp(key, settings[i]) == 0)
            return source_json_get(s, value, JSON_OBJECT, true, key) ? settings_read(s, key, value)
                                                                     : s->error->code;
    }
    if (json_object_get(value, "file") || json_object_get(value, "offset"))
        return entry_read(s, key, value);
    source_note(s->notes, true, "%s: the member \"%.100s\" is not understood", s->name, key);
    return 0;
}

int source_idf_read(struct source *s, const char *text, size_t size)
{
    json_t *root = source_json_parse(s, text, size), *value;
    const char *key;
    int result = root ? 0 : s->error->code;

    if (root == NULL)
        return result;
    json_t *files =
        source_json_get(s, json_object_get(root, "flash_files"), JSON_OBJECT, true, "flash_files");
    result = files ? files_read(s, files) : s->error->code;
    json_object_foreach(root, key, value)
    {
        if (result == 0)
            result = member_read(s, key, value);
    }
    json_decref(root);
    return result;
}

/* The chip where the JSON does not tell, and what is good to know of what is missing. */
static int complete(struct source *s)
{
    const struct chip *chip = chip_get(s->job->chip);

    for (size_t i = s->first; chip == NULL && i < s->job->n_images; i++) {
        chip = source_chip_of(s->job->images[i].path);
        if (chip)
            source_note(s->notes, false, "%s names no chip: %s is for the %s", s->name,
                        s->job->images[i].path, chip->name);
    }
    if (source_chip_set(s, "it", chip) != 0)
        return s->error->code;
    if (chip && image_at(s, chip->bootloader_offset) == NULL)
        source_note(s->notes, false, "%s names no bootloader: the one in the flash stays", s->name);
    return 0;
}

/* A build may name files anywhere in its project, the folder above the build directory. */
static int json_load(struct source *s, const char *path)
{
    char *folder = source_folder(path);
    struct buffer text = {0}, root = {0};

    s->name = path;
    s->directory = folder;
    buffer_printf(&root, "%s..", folder);
    int result = source_text_read(path, &text, s->error);
    if (result == 0)
        result = source_idf_read(s, (const char *)text.data, text.len);
    if (result == 0)
        result = source_images_resolve(s, (const char *)root.data);
    if (result == 0)
        result = complete(s);
    buffer_done(&root);
    buffer_done(&text);
    free(folder);
    return result;
}

int source_idf_load(struct source *s)
{
    const char *directory = s->name;
    struct buffer path = {0};
    int result;

    if (source_has(directory, ARGS_JSON)) {
        buffer_printf(&path, "%s/%s", directory, ARGS_JSON);
        result = json_load(s, (const char *)path.data);
    } else if (source_has(directory, "build/" ARGS_JSON)) {
        source_note(s->notes, false, "%s is a project: its build directory is taken", directory);
        buffer_printf(&path, "%s/build/%s", directory, ARGS_JSON);
        result = json_load(s, (const char *)path.data);
    } else if (source_name_ends(directory, ".json")) {
        result = json_load(s, directory);
    } else {
        buffer_printf(&path, "%s/%s", directory,
                      args_files[source_has(directory, args_files[0]) ? 0 : 1]);
        s->name = (const char *)path.data;
        result = source_args_load(s);
    }
    buffer_done(&path);
    return result;
}
